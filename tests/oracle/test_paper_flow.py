"""Random markets and orders against a slow venue written from venue/paper.h's words: the same answers, one by one.

Beside it, bounds that need no second venue: nothing on worse terms than the limit, nothing beyond what printed or is
displayed, and only updates that the order state machine allows.
"""

from collections import defaultdict
from dataclasses import dataclass, field
from fractions import Fraction
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from trading_kit import (
    BUY,
    CANCEL,
    CANCEL_REJECT,
    CANCELED,
    EXPIRED,
    FILLED,
    FOK,
    GTC,
    HALTED,
    IOC,
    LIMIT,
    MARKET,
    NEW,
    PARTIALLY_FILLED,
    POST_ONLY,
    REJECTED,
    REPLACE,
    SELL,
    SYNCED,
    UNKNOWN,
    WORKING,
    Book,
    Core,
    Orders,
    Paper,
)

MAKER_FEE, TAKER_FEE, SCALES = 12_345_678, 33_333_333, {"price_scale": 4, "qty_scale": 5}
CAPACITY = 6
Told = tuple[int, int, int, int, int, int, int, int, int, int]  # see described()


@dataclass
class NaiveOrder:
    order_id: int
    side: int
    order_type: int
    tif: int
    price: int
    qty: int
    venue_order_id: int = 0
    cum: int = 0


@dataclass
class NaiveVenue:
    """Lists and loops; no order of anything but what the header states."""

    rules: Any
    resting: list[NaiveOrder] = field(default_factory=list)  # in order of arrival
    taken: dict[int, dict[int, tuple[int, int]]] = field(
        default_factory=lambda: {BUY: {}, SELL: {}}
    )  # displayed side -> price
    venue_ids: int = 0
    exec_ids: int = 0

    @staticmethod
    def worse(side: int, price: int, than: int) -> bool:
        """On the displayed side: bids are worse when lower, offers when higher."""
        return price < than if side == BUY else price > than

    @staticmethod
    def touch(book: Book, side: int) -> tuple[int, int] | None:
        price, qty = book.bid if side == BUY else book.ask
        return (price, qty) if price > 0 and qty > 0 else None

    def look_at_touch(self, book: Book, side: int) -> None:
        seen = self.touch(book, side)
        for price, (displayed, _) in list(self.taken[side].items()):
            behind = seen is None or self.worse(side, seen[0], price)
            if behind or (seen is not None and price == seen[0] and displayed != seen[1]):
                del self.taken[side][price]

    def say(
        self, order: NaiveOrder, state: int, rule: int = 0, flags: int = 0, fill: tuple[int, int, int] = (0, 0, 0)
    ) -> Told:
        price, qty, fee = fill
        exec_id = 0
        if qty:
            self.exec_ids += 1
            exec_id = self.exec_ids
        return (order.order_id, state, rule, flags, order.venue_order_id, exec_id, price, qty, order.cum, fee)

    def fill(self, order: NaiveOrder, price: int, qty: int, rate: int) -> Told:
        notional = round(Fraction(price * qty * 10**8, 10 ** (SCALES["price_scale"] + SCALES["qty_scale"])))
        fee = round(Fraction(notional * rate, 10**8))
        order.cum += qty
        return self.say(order, FILLED if order.cum == order.qty else PARTIALLY_FILLED, fill=(price, qty, fee))

    def walk(self, order: NaiveOrder, book: Book, synced: bool) -> list[tuple[int, int, int]]:
        """(price, displayed, what the order takes) of each level that it comes by."""
        side = SELL if order.side == BUY else BUY
        seen = self.touch(book, side)
        if seen is None:
            return []
        depth = (book.asks if side == SELL else book.bids) if synced else ()
        levels = [seen, *(level for level in depth if self.worse(side, level[0], seen[0]))]
        out, want = [], order.qty
        for price, displayed in levels:
            if want == 0 or (order.order_type == LIMIT and self.worse(side, price, order.price)):
                break
            known = self.taken[side].get(price, (displayed, 0))
            take = min(want, displayed - (known[1] if known[0] == displayed else 0))
            out.append((price, displayed, take))
            want -= take
        return out

    def keep(self, side: int, walked: list[tuple[int, int, int]]) -> None:
        before = dict(self.taken[side])
        for price in before:
            if walked and not self.worse(side, price, walked[-1][0]):
                del self.taken[side][price]
        for price, displayed, take in walked:
            known = before.get(price, (displayed, 0))
            total = (known[1] if known[0] == displayed else 0) + take
            if total:
                self.taken[side][price] = (displayed, total)

    def arrive(self, order: NaiveOrder, book: Book, synced: bool) -> list[Told]:
        side = SELL if order.side == BUY else BUY
        self.look_at_touch(book, side)
        seen = self.touch(book, side)
        reached = seen is not None and (order.order_type == MARKET or not self.worse(side, seen[0], order.price))
        if order.tif == POST_ONLY and reached:
            return [self.say(order, REJECTED, self.rules.B3_RULE_POST_ONLY)]
        walked = self.walk(order, book, synced) if reached and order.tif != POST_ONLY else []
        whole = sum(take for _, _, take in walked) == order.qty
        rests = order.order_type == LIMIT and order.tif in (GTC, POST_ONLY)
        if rests and not whole and len(self.resting) == CAPACITY:
            return [self.say(order, REJECTED, self.rules.B3_RULE_OPEN_ORDERS)]
        self.venue_ids += 1
        order.venue_order_id = self.venue_ids
        if order.tif == FOK and not whole:
            return [self.say(order, EXPIRED, self.rules.B3_RULE_FOK)]
        self.keep(side, walked)
        out = [self.say(order, WORKING)]
        out += [self.fill(order, price, take, TAKER_FEE) for price, _, take in walked if take]
        if whole:
            return out
        if rests:
            self.resting.append(order)
            return out
        nothing = order.order_type == MARKET or order.cum == 0
        return [*out, self.say(order, EXPIRED, self.rules.B3_RULE_NO_LIQUIDITY if nothing else 0)]

    def cancel(self, order_id: int) -> tuple[list[Told], bool]:
        for order in self.resting:
            if order.order_id == order_id:
                self.resting.remove(order)
                return [self.say(order, CANCELED)], True
        return [(order_id, UNKNOWN, self.rules.B3_RULE_UNKNOWN_ORDER, CANCEL_REJECT, 0, 0, 0, 0, 0, 0)], False

    def sweep(self, side: int, reached: Any, budget: int) -> tuple[list[Told], int]:
        """Fills resting orders of a side, best price first, then by arrival; returns what is left of the budget."""
        out = []
        ranked = sorted(self.resting, key=lambda o: -o.price if side == BUY else o.price)  # stable: arrival stays
        for order in [o for o in ranked if o.side == side and reached(o.price)]:
            qty = min(order.qty - order.cum, budget)
            if qty:
                budget -= qty
                out.append(self.fill(order, order.price, qty, MAKER_FEE))
                if order.cum == order.qty:
                    self.resting.remove(order)
        return out, budget

    def quote(self, book: Book) -> list[Told]:
        out = []
        for side in (BUY, SELL):
            self.look_at_touch(book, side)
        for side, opposite in ((BUY, SELL), (SELL, BUY)):
            seen = self.touch(book, opposite)
            if seen is None:
                continue
            price, displayed = seen
            known = self.taken[opposite].get(price, (displayed, 0))[1]
            told, left = self.sweep(
                side, lambda p, at=price, s=side: p >= at if s == BUY else p <= at, displayed - known
            )
            if left != displayed:
                self.taken[opposite][price] = (displayed, displayed - left)
            out += told
        return out

    def trade(self, price: int, qty: int) -> list[Told]:
        bought, left = self.sweep(BUY, lambda p: p > price, qty)
        return bought + self.sweep(SELL, lambda p: p < price, left)[0]


def described(update: Any) -> Told:
    return (
        update.order_id,
        update.state,
        update.rule,
        update.hdr.flags,
        update.venue_order_id,
        update.exec_id,
        update.last_price_raw,
        update.last_qty_raw,
        update.cum_qty_raw,
        update.fee_raw,
    )


# A narrow market and few sizes, so that orders share prices and the same quantity shows again.
PRICES = st.integers(97, 104)
SIZES = st.integers(1, 9)
levels = st.lists(st.tuples(PRICES, SIZES), max_size=6, unique_by=lambda level: level[0])
books = st.builds(
    lambda mid, gap, sizes, bids, asks, gone: Book(
        (0, 0) if gone == 1 else (mid, sizes[0]),
        (0, 0) if gone == 2 else (mid + gap, sizes[1]),
        tuple(sorted(bids, reverse=True)),
        tuple(sorted(asks)),
    ),
    st.integers(99, 101),
    st.integers(1, 2),
    st.tuples(st.integers(1, 6), st.integers(1, 6)),
    levels,
    levels,
    st.integers(0, 9),
)
orders_sent = st.tuples(
    st.sampled_from([BUY, SELL]),
    st.sampled_from([LIMIT, LIMIT, LIMIT, MARKET]),
    st.sampled_from([GTC, GTC, GTC, IOC, FOK, POST_ONLY]),
    PRICES,
    SIZES,
)
events = st.lists(
    st.one_of(
        st.tuples(st.just("quote"), books),
        st.tuples(st.just("trade"), st.tuples(PRICES, SIZES)),
        st.tuples(st.just("new"), orders_sent),
        st.tuples(st.just("new"), orders_sent),
        st.tuples(st.just("cancel"), st.integers(0, 5)),
        st.tuples(st.just("replace"), st.tuples(st.integers(0, 5), orders_sent)),
    ),
    min_size=5,
    max_size=50,
)


class Watch:
    """What holds whatever the venue is: limits, displayed and printed quantities, and the order state machine."""

    def __init__(self, core: Core) -> None:
        self.orders = Orders(core, capacity=256)
        self.got: dict[tuple[int, int], int] = defaultdict(int)  # (displayed side, price) -> taken since the last quote

    def updates(
        self, updates: list[Any], sent: dict[int, tuple[int, int, int]], book: Book, printed: int | None, synced: bool
    ) -> None:
        makers = 0
        for update in updates:
            status = self.orders.on_update(update)
            assert status == 0 or (status == 1 and update.hdr.flags == CANCEL_REJECT), described(update)
            if not update.last_qty_raw:
                continue
            side, order_type, price = sent[update.order_id]
            if order_type == LIMIT:
                assert update.last_price_raw <= price if side == BUY else update.last_price_raw >= price
            if update.liquidity == 1:
                makers += update.last_qty_raw
            else:
                self.taker(side, update.last_price_raw, update.last_qty_raw, book, synced)
        if printed is not None:
            assert makers <= printed

    def taker(self, side: int, price: int, qty: int, book: Book, synced: bool) -> None:
        displayed_side = SELL if side == BUY else BUY
        touch = book.ask if side == BUY else book.bid
        depth = dict((book.asks if side == BUY else book.bids) if synced else ())
        self.got[displayed_side, price] += qty
        assert self.got[displayed_side, price] <= (touch[1] if price == touch[0] else depth[price])


def run(internals: tuple[Any, Any], book: Book, sequence: list[tuple[str, Any]], cap: int, synced: bool) -> int:
    """Feeds both venues; returns how many fills there were."""
    core = Core(*internals)
    paper = Paper(
        core,
        core.instruments({**SCALES, "base_currency": 1}),
        maker=MAKER_FEE,
        taker=TAKER_FEE,
        order_capacity=CAPACITY,
        cap=cap,
    )
    naive, watch = NaiveVenue(core.lib), Watch(core)
    sent: dict[int, tuple[int, int, int]] = {}
    fills = 0
    flags = SYNCED if synced else HALTED
    for verb, what in sequence:
        printed = None
        if verb == "quote":
            book = what
            watch.got.clear()
            expected, answers = naive.quote(book), paper.quote(book)
            if answers:
                assert sum(u.last_qty_raw for u in answers if u.side == BUY) <= book.ask[1]
                assert sum(u.last_qty_raw for u in answers if u.side == SELL) <= book.bid[1]
        elif verb == "trade":
            printed = what[1]
            expected, answers = naive.trade(*what), paper.trade(*what)
        elif verb == "cancel":
            meant = max(len(sent) - what, 1)
            request = core.request(action=CANCEL, orig_order_id=meant)
            watch.orders.on_request(request)  # of an order that is done already it is not registered
            expected, answers = naive.cancel(meant)[0], paper.arrive(request, book, flags)
        else:
            back, (side, order_type, tif, price, qty) = what if verb == "replace" else (0, what)
            meant = max(len(sent) - back, 1)
            if order_type == MARKET and tif == POST_ONLY:
                tif = IOC
            order_id = len(sent) + 1
            fields = {
                "side": side,
                "order_type": order_type,
                "tif": tif,
                "price_raw": price,
                "qty_raw": qty,
                "order_id": order_id,
            }
            action = {"action": REPLACE, "orig_order_id": meant} if verb == "replace" else {"action": NEW}
            request = core.request(**fields, **action)
            if watch.orders.on_request(request) != 0:
                continue  # a replace of what is done: the order store does not let it out
            sent[order_id] = (side, order_type, price)
            order = NaiveOrder(order_id, side, order_type, tif, price, qty)
            expected, found = naive.cancel(meant) if verb == "replace" else ([], True)
            expected = expected + (
                naive.arrive(order, book, synced)
                if found
                else [naive.say(order, REJECTED, core.lib.B3_RULE_UNKNOWN_ORDER)]
            )
            answers = paper.arrive(request, book, flags)
        assert [described(u) for u in answers] == expected
        fills += sum(u.last_qty_raw > 0 for u in answers)
        watch.updates(answers, sent, book, printed, synced)
    assert watch.orders.open(0) == len(naive.resting)
    return fills


@settings(max_examples=100, deadline=None)
@given(books, events, st.integers(1, 8), st.booleans())
def test_the_venue_answers_as_its_header_says(
    internals: tuple[Any, Any], book: Book, sequence: list[tuple[str, Any]], cap: int, synced: bool
) -> None:
    run(internals, book, sequence, cap, synced)


def made_order(random: Random) -> tuple[int, int, int, int, int]:
    """Mostly passive, so that several rest at one price."""
    side = random.choice([BUY, SELL])
    if random.random() < 0.6:
        return (
            side,
            LIMIT,
            random.choice([GTC, GTC, POST_ONLY]),
            random.randint(97, 99) + (4 if side == SELL else 0),
            random.randint(1, 9),
        )
    order_type = random.choice([LIMIT, MARKET])
    return (side, order_type, random.choice([GTC, IOC, FOK]), random.randint(97, 103), random.randint(1, 20))


def made_book(random: Random) -> Book:
    mid, sizes = random.choice([98, 100, 100, 100, 102]), (3, 5, 8)
    below = tuple((price, random.choice(sizes)) for price in range(mid, 94, -1) if random.random() < 0.6)
    above = tuple((price, random.choice(sizes)) for price in range(mid, 108) if random.random() < 0.6)
    return Book((mid, random.choice(sizes)), (mid + 1, random.choice(sizes)), below, above)


def made_event(random: Random) -> tuple[str, Any]:
    verb = random.choice(["quote", "trade", "trade", "new", "new", "new", "cancel", "replace"])
    made = {
        "quote": lambda: made_book(random),
        "trade": lambda: (random.randint(96, 104), random.randint(1, 12)),
        "new": lambda: made_order(random),
        "cancel": lambda: random.randint(0, 8),
        "replace": lambda: (random.randint(0, 8), made_order(random)),
    }
    return verb, made[verb]()


@pytest.mark.parametrize("seed", range(12))
def test_long_sessions_agree(internals: tuple[Any, Any], seed: int) -> None:
    """Made from a seed, with much resting and taking; hypothesis above finds the small cases."""
    random = Random(seed)
    sequence = [made_event(random) for _ in range(400)]
    assert run(internals, made_book(random), sequence, cap=1 + seed % 5, synced=seed % 4 != 0) > 60
