"""The venue's matching of resting orders against the reference engine of tracebook-conformance (fifo-limit-v1).

The profile is an exchange's: orders of its traces trade with one another. Ours do not, they trade with the market; so
an order that crosses becomes what it would be to our resting ones, a trade of the market at its limit, for what they
give, and what is left of it comes to rest. That uses the venue as it is (queue model none, nothing displayed) for
price-time priority, partial fills, cancels, replaces, duplicate and unknown ids. Left out: `reduce`, which our venue
does not have (a replace loses its place), so those events are taken out of the traces. The suite's cases for self-
trade prevention and pro-rata are another profile's.
"""

from dataclasses import dataclass, field
from typing import Any

import pytest
from trading_kit import BUY, CANCEL, NEW, POST_ONLY, QUEUE_NONE, REJECTED, REPLACE, SELL, Book, Core, Paper

conformance = pytest.importorskip(
    "tracebook.conformance", reason="tracebook-conformance is not installed: pip install tracebook-conformance==0.6.0"
)
model = pytest.importorskip("tracebook.conformance.model")
campaign = pytest.importorskip("tracebook.conformance.campaign")

SCALE = 10**8
NO_MARKET = Book()
SCALES = {"price_scale": 8, "qty_scale": 8, "base_currency": 1}


def raw(value: float) -> int:
    return round(value * SCALE)


@dataclass
class Resting:
    """What the venue has told of an order: the mirror for snapshots."""

    source_id: int
    venue_id: int
    side: int
    price: int
    left: int
    owner: int


@dataclass
class OneBook:
    """A symbol: a venue of its own."""

    paper: Paper
    resting: dict[int, Resting] = field(default_factory=dict)  # by source id, in order of arrival
    last_id: int = 0


class VenueAdapter:
    """tracebook's EngineAdapter over b3_paper."""

    def __init__(self, internals: tuple[Any, Any], config: Any) -> None:
        self.config = config
        self.metadata = model.EngineMetadata("bot3-paper", "1", "C")
        self.core = Core(*internals)
        self.books: dict[str, OneBook] = {}

    def apply(self, event: Any, index: int) -> Any:
        reason, trades = None, []
        if event.symbol not in self.books and event.op not in ("cancel", "replace"):
            paper = Paper(self.core, self.core.instruments(SCALES), queue_model=QUEUE_NONE, order_capacity=1024)
            self.books[event.symbol] = OneBook(paper)
        book = self.books.get(event.symbol)
        if event.op == "clear":
            for order in list(book.resting.values()):
                self.cancel(book, order)
        elif event.op in ("cancel", "replace") and (book is None or event.order_id not in book.resting):
            reason = "ORDER_NOT_ACTIVE"
            if book is not None:
                assert book.paper.arrive(self.request(action=CANCEL, orig_order_id=10**6), NO_MARKET)[0].hdr.flags == 1
        elif event.op == "cancel":
            self.cancel(book, book.resting[event.order_id])
        elif event.op == "replace":
            trades = self.replace(event, book)
        elif event.order_id in book.resting:
            request = self.request(order_id=book.resting[event.order_id].venue_id, price_raw=1, qty_raw=1)
            (told,) = book.paper.arrive(request, NO_MARKET)
            assert (told.state, told.rule) == (REJECTED, self.core.lib.B3_RULE_DUPLICATE_ID)
            reason = "DUPLICATE_ORDER_ID"
        else:
            side = BUY if event.side.name == "BUY" else SELL
            trades = self.new(
                book, Resting(event.order_id, 0, side, raw(event.price), raw(event.quantity), event.owner), event.symbol
            )
        state = self.snapshot()
        outcome = model.Outcome("applied") if reason is None else model.Outcome("rejected", reason)
        return model.Observation(index, outcome, tuple(trades), state.digest(), state.order_count)

    def request(self, **fields: Any) -> Any:
        return self.core.request(**{"action": NEW, "tif": POST_ONLY, **fields})

    def cancel(self, book: OneBook, order: Resting) -> None:
        (told,) = book.paper.arrive(self.request(action=CANCEL, orig_order_id=order.venue_id), NO_MARKET)
        assert told.hdr.flags == 0
        del book.resting[order.source_id]

    def crosses(self, book: OneBook, order: Resting) -> bool:
        return any(
            other.side != order.side
            and (other.price <= order.price if order.side == BUY else other.price >= order.price)
            for other in book.resting.values()
        )

    def new(self, book: OneBook, order: Resting, symbol: str, original: Resting | None = None) -> list[Any]:
        trades = self.hit(book, order, symbol) if self.crosses(book, order) else []
        if original is not None and trades:
            self.cancel(book, original)
            original = None
        if order.left == 0:
            return trades
        book.last_id += 1
        order.venue_id = book.last_id
        leg = {} if original is None else {"action": REPLACE, "orig_order_id": original.venue_id}
        told = book.paper.arrive(
            self.request(order_id=order.venue_id, side=order.side, price_raw=order.price, qty_raw=order.left, **leg),
            NO_MARKET,
        )
        assert told[-1].state == 2
        if original is not None:
            del book.resting[original.source_id]
        book.resting[order.source_id] = order
        return trades

    def hit(self, book: OneBook, order: Resting, symbol: str) -> list[Any]:
        """The order as a trade of the market against what rests: who is filled, and in which order, the venue says."""
        trades = []
        for update in book.paper.trade(order.price, order.left, seller_takes=order.side == SELL):
            maker = next(other for other in book.resting.values() if other.venue_id == update.order_id)
            buy, sell = (order, maker) if order.side == BUY else (maker, order)
            trades.append(
                model.TradeFill(
                    symbol,
                    buy.source_id,
                    sell.source_id,
                    model.canonical_decimal(update.last_price_raw / SCALE),
                    model.canonical_decimal(update.last_qty_raw / SCALE, self.config.quantity_decimal_places),
                )
            )
            order.left -= update.last_qty_raw
            maker.left -= update.last_qty_raw
            if maker.left == 0:
                del book.resting[maker.source_id]
        return trades

    def replace(self, event: Any, book: OneBook) -> list[Any]:
        original = book.resting[event.order_id]
        price = original.price if event.price is None else raw(event.price)
        qty = original.left if event.quantity is None else raw(event.quantity)
        order = Resting(event.order_id, 0, original.side, price, qty, original.owner)
        return self.new(book, order, event.symbol, original)

    def snapshot(self) -> Any:
        return model.BookState(
            tuple(
                model.BookSnapshot(symbol, self.side(self.books[symbol], BUY), self.side(self.books[symbol], SELL))
                for symbol in sorted(self.books)
            )
        )

    def side(self, book: OneBook, side: int) -> tuple[Any, ...]:
        orders = [order for order in book.resting.values() if order.side == side]
        orders.sort(key=lambda order: -order.price if side == BUY else order.price)  # stable: time stays
        return tuple(
            model.RestingOrder(
                order_id=order.source_id,
                price=model.canonical_decimal(order.price / SCALE),
                remaining_quantity=model.canonical_decimal(order.left / SCALE, self.config.quantity_decimal_places),
                owner=order.owner,
                order_type="LIMIT",
            )
            for order in orders
        )

    def close(self) -> None:
        """Nothing to close."""


@pytest.mark.parametrize("profile", ["fifo-limit-v1", "fifo-partial-fill-v1"])
@pytest.mark.parametrize("seed", range(6))
def test_generated_traces_conform(internals: tuple[Any, Any], profile: str, seed: int) -> None:
    events = campaign.generate_campaign_trace(profile, seed, 300)
    events = [event for event in events if event.op != "reduce"]
    report = conformance.run_conformance(events, lambda config: VenueAdapter(internals, config))
    assert report.conformant, report.divergence
    assert report.compared_events == len(events) > 200
