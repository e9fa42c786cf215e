"""Random markets and orders against a slow venue written from venue/paper.h's words: the same answers, one by one.

Beside it, bounds that need no second venue: nothing on worse terms than the limit, nothing beyond what printed or is
displayed, and only updates that the order state machine allows.
"""

from collections import defaultdict
from dataclasses import dataclass, field, replace
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
    FEE_QUOTE,
    FEE_RECEIVED,
    FEE_THIRD,
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
    QUEUE_CONSERVATIVE,
    QUEUE_NONE,
    QUEUE_PROPORTIONAL,
    REJECTED,
    REPLACE,
    SELL,
    STOP,
    STOP_LIMIT,
    SYNCED,
    TRIGGERED,
    UNKNOWN,
    WORKING,
    Book,
    Core,
    Orders,
    Paper,
)

SCALES = {"price_scale": 4, "qty_scale": 5, "base_currency": 1}
QUOTE_CURRENCY, BASE_CURRENCY, THIRD_CURRENCY = 0, 1, 2
# From a volume of 0.00004 and of 0.0002 on: a few fills of the narrow market below.
TIERS = ((0, 12_345_678, 33_333_333), (4_000, -1_111_111, 20_000_000), (20_000, 0, 7_777_777))
CAPACITY = 6
SLACK_NS = 2_000_000
Told = tuple[int, int, int, int, int, int, int, int, int, int, int]  # see described()


@dataclass(frozen=True)
class Rules:
    """What a venue is set to. third_rate 0: not known."""

    queue: int = QUEUE_CONSERVATIVE
    fee_asset: int = FEE_QUOTE
    third_rate: int = 0


@dataclass
class NaiveOrder:
    order_id: int
    side: int
    order_type: int
    tif: int
    price: int
    stop: int
    qty: int
    venue_order_id: int = 0
    cum: int = 0
    ahead: int = 0
    arrived_ns: int = 0
    arrived_no: int = 0
    triggered: bool = False

    @property
    def waits(self) -> bool:
        return self.order_type in (STOP, STOP_LIMIT) and not self.triggered

    @property
    def has_limit(self) -> bool:
        return self.order_type in (LIMIT, STOP_LIMIT)


@dataclass
class NaiveQueue:
    """What venue/queue.h keeps of a price. reductions: [quantity, displayed before, seen at, seen as event number]."""

    shown: int
    shown_id: int
    traded: int = 0
    traded_ns: int = 0
    reductions: list[list[int]] = field(default_factory=list)

    def show(self, qty: int, update_id: int, depth_ns: int, now_ns: int, event_no: int) -> None:
        if update_id <= self.shown_id:
            return
        if depth_ns > self.traded_ns:
            self.traded = 0
        if qty < self.shown:
            explained = min(self.shown - qty, self.traded)
            self.traded -= explained
            left = self.shown - qty - explained
            if left:
                self.reductions.append([left, self.shown - explained, now_ns, event_no])
            if len(self.reductions) > 8:
                oldest, second = self.reductions[:2]
                both = oldest[0] + second[0]
                self.reductions[:2] = [[both, max(oldest[1], both), second[2], second[3]]]
        self.shown, self.shown_id = qty, update_id

    def trade(self, qty: int, depth_ns: int, traded_ns: int) -> None:
        if depth_ns > self.traded_ns:
            self.traded = 0
        for reduction in self.reductions:
            explained = min(qty, reduction[0])
            reduction[0] -= explained
            reduction[1] -= explained
            qty -= explained
        self.reductions = [reduction for reduction in self.reductions if reduction[0]]
        if qty and depth_ns <= traded_ns:
            self.traded += qty
            self.traded_ns = traded_ns

    @staticmethod
    def cancelled(ahead: int, reduction: list[int]) -> int:
        qty, before = reduction[0], reduction[1]
        return 0 if before <= qty else min(ahead - ahead * qty // before, before - qty)


@dataclass
class NaiveVenue:
    """Lists and loops; no order of anything but what the headers state."""

    rules: Any
    set_to: Rules = Rules()
    orders: list[NaiveOrder] = field(
        default_factory=list
    )  # here, in order of arrival (of a stop's limit: of its trigger)
    queues: dict[tuple[int, int], NaiveQueue] = field(
        default_factory=dict
    )  # (side, price) where something of ours rests
    taken: dict[int, dict[int, tuple[int, int]]] = field(
        default_factory=lambda: {BUY: {}, SELL: {}}
    )  # displayed side -> price
    venue_ids: int = 0
    exec_ids: int = 0
    volume: int = 0
    depth_id: int = 0
    depth_ns: int = 0
    now_ns: int = 0
    event_no: int = 0

    @property
    def resting(self) -> list[NaiveOrder]:
        return [order for order in self.orders if not order.waits]

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
        self,
        order: NaiveOrder,
        state: int,
        rule: int = 0,
        flags: int = 0,
        fill: tuple[int, int, int, int] = (0, 0, 0, 0),
    ) -> Told:
        price, qty, fee, currency = fill
        exec_id = 0
        if qty:
            self.exec_ids += 1
            exec_id = self.exec_ids
        return (order.order_id, state, rule, flags, order.venue_order_id, exec_id, price, qty, order.cum, fee, currency)

    def fee(self, order: NaiveOrder, notional: int, qty: int, maker: bool) -> tuple[int, int]:
        rate = [tier for tier in TIERS if tier[0] <= self.volume][-1][1 if maker else 2]
        if self.set_to.fee_asset == FEE_THIRD and self.set_to.third_rate:
            return round(Fraction(notional * rate, self.set_to.third_rate)), THIRD_CURRENCY
        if self.set_to.fee_asset != FEE_QUOTE and order.side == BUY:
            return round(Fraction(qty * rate, 10 ** SCALES["qty_scale"])), BASE_CURRENCY
        return round(Fraction(notional * rate, 10**8)), QUOTE_CURRENCY

    def fill(self, order: NaiveOrder, price: int, qty: int, maker: bool) -> Told:
        notional = round(Fraction(price * qty * 10**8, 10 ** (SCALES["price_scale"] + SCALES["qty_scale"])))
        fee, currency = self.fee(order, notional, qty, maker)
        self.volume += notional
        order.cum += qty
        state = FILLED if order.cum == order.qty else PARTIALLY_FILLED
        return self.say(order, state, fill=(price, qty, fee, currency))

    def leave(self, order: NaiveOrder) -> None:
        self.orders.remove(order)
        lane = (order.side, order.price)
        if not any((other.side, other.price) == lane for other in self.resting):
            self.queues.pop(lane, None)

    def displayed(self, book: Book, side: int, price: int, synced: bool) -> tuple[int, int]:
        """Quantity, and the update id that it is known from."""
        seen = self.touch(book, side)
        if seen is not None and not self.worse(side, price, seen[0]):
            return (seen[1] if price == seen[0] else 0), book.update_id
        depth = dict((book.bids if side == BUY else book.asks) if synced else ())
        return depth.get(price, 0), self.depth_id

    def rest(self, order: NaiveOrder, book: Book, synced: bool) -> None:
        if not order.waits and self.set_to.queue != QUEUE_NONE:
            order.ahead, update_id = self.displayed(book, order.side, order.price, synced)
            lane = (order.side, order.price)
            if any((other.side, other.price) == lane for other in self.resting):
                self.queues[lane].show(order.ahead, update_id, self.depth_ns, self.now_ns, self.event_no)
            else:
                self.queues[lane] = NaiveQueue(order.ahead, update_id)
        self.orders.append(order)

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
            if want == 0 or (order.has_limit and self.worse(side, price, order.price)):
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
        order.arrived_ns, order.arrived_no = self.now_ns, self.event_no
        if order.waits:
            if self.stop_reached(order, book):
                return [self.say(order, REJECTED, self.rules.B3_RULE_WOULD_TRIGGER)]
            if len(self.orders) == CAPACITY:
                return [self.say(order, REJECTED, self.rules.B3_RULE_OPEN_ORDERS)]
            self.venue_ids += 1
            order.venue_order_id = self.venue_ids
            self.rest(order, book, synced)
            return [self.say(order, WORKING)]
        return self.take(order, book, synced)

    def take(self, order: NaiveOrder, book: Book, synced: bool) -> list[Told]:
        """An order that is at the market: new, or a stop that was triggered just now."""
        side = SELL if order.side == BUY else BUY
        self.look_at_touch(book, side)
        seen = self.touch(book, side)
        reached = seen is not None and (not order.has_limit or not self.worse(side, seen[0], order.price))
        if order.tif == POST_ONLY and reached:
            return [self.say(order, REJECTED, self.rules.B3_RULE_POST_ONLY)]
        walked = self.walk(order, book, synced) if reached else []
        whole = sum(take for _, _, take in walked) == order.qty
        rests = order.has_limit and order.tif in (GTC, POST_ONLY)
        if rests and not whole and len(self.orders) == CAPACITY:
            return [self.say(order, REJECTED, self.rules.B3_RULE_OPEN_ORDERS)]
        if not order.triggered:
            self.venue_ids += 1
            order.venue_order_id = self.venue_ids
        if order.tif == FOK and not whole:
            return [self.say(order, EXPIRED, self.rules.B3_RULE_FOK)]
        self.keep(side, walked)
        out = [] if order.triggered else [self.say(order, WORKING)]
        out += [self.fill(order, price, take, maker=False) for price, _, take in walked if take]
        if whole:
            return out
        if rests:
            self.rest(order, book, synced)
            return out
        nothing = not order.has_limit or order.cum == 0
        return [*out, self.say(order, EXPIRED, self.rules.B3_RULE_NO_LIQUIDITY if nothing else 0)]

    def stop_reached(self, order: NaiveOrder, book: Book) -> bool:
        seen = self.touch(book, BUY if order.side == SELL else SELL)
        return seen is not None and (seen[0] <= order.stop if order.side == SELL else seen[0] >= order.stop)

    def trigger(self, book: Book) -> list[Told]:
        out = []
        for side in (SELL, BUY):  # those that wait for the bid, then those that wait for the ask
            waiting = [order for order in self.orders if order.waits and order.side == side]
            for order in sorted(waiting, key=lambda o: -o.stop if side == SELL else o.stop):
                if self.stop_reached(order, book):
                    self.orders.remove(order)
                    order.triggered, order.arrived_ns, order.arrived_no = True, self.now_ns, self.event_no
                    out += [self.say(order, WORKING, flags=TRIGGERED), *self.take(order, book, True)]
        return out

    def cancel(self, order_id: int) -> tuple[list[Told], bool]:
        for order in self.orders:
            if order.order_id == order_id:
                self.leave(order)
                return [self.say(order, CANCELED)], True
        return [(order_id, UNKNOWN, self.rules.B3_RULE_UNKNOWN_ORDER, CANCEL_REJECT, 0, 0, 0, 0, 0, 0, 0)], False

    def sweep(self, side: int, reached: Any, budget: int, before_ns: float = float("inf")) -> tuple[list[Told], int]:
        """Fills reached orders of a side, best price first, then by arrival; returns what is left of the budget."""
        out = []
        ranked = sorted(self.resting, key=lambda o: -o.price if side == BUY else o.price)  # stable: arrival stays
        for order in [o for o in ranked if o.side == side and reached(o.price) and o.arrived_ns < before_ns]:
            order.ahead = 0
            qty = min(order.qty - order.cum, budget)
            if qty:
                budget -= qty
                out.append(self.fill(order, order.price, qty, maker=True))
                if order.cum == order.qty:
                    self.leave(order)
        return out, budget

    def quote(self, book: Book) -> list[Told]:
        out = []
        for side in (BUY, SELL):
            self.look_at_touch(book, side)
        for side in (BUY, SELL):
            seen = self.touch(book, side)
            for (lane_side, price), queue in self.queues.items():
                if seen is not None and lane_side == side and not self.worse(side, price, seen[0]):
                    qty = seen[1] if price == seen[0] else 0
                    queue.show(qty, book.update_id, self.depth_ns, self.now_ns, self.event_no)
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
        return out + self.trigger(book)

    def levels(self, levels: list[tuple[int, int, int]], update_id: int, exchange_ns: int) -> None:
        for side, price, qty in levels:
            if (side, price) in self.queues:
                self.queues[side, price].show(qty, update_id, self.depth_ns, self.now_ns, self.event_no)
        self.depth_id, self.depth_ns = update_id, max(self.depth_ns, exchange_ns)

    def trade(self, price: int, qty: int, seller_takes: bool, exchange_ns: int, late_ns: int) -> list[Told]:
        happened = self.now_ns - late_ns - SLACK_NS if exchange_ns else float("inf")
        out, left = self.sweep(BUY, lambda p: p > price, qty, happened)
        if seller_takes:
            told, left = self.trade_at(BUY, price, qty, left, happened, exchange_ns)
            out += told
        told, left = self.sweep(SELL, lambda p: p < price, left, happened)
        out += told
        if not seller_takes:
            out += self.trade_at(SELL, price, qty, left, happened, exchange_ns)[0]
        return out

    def trade_at(
        self, side: int, price: int, printed: int, left: int, happened: float, exchange_ns: int
    ) -> tuple[list[Told], int]:
        """A trade at a price where orders of ours rest: those ahead eat, then we, in turn."""
        there = [o for o in self.resting if (o.side, o.price) == (side, price)]
        concerned = [o for o in there if o.arrived_ns < happened]
        if concerned and self.set_to.queue == QUEUE_PROPORTIONAL:
            queue = self.queues[side, price]
            while queue.reductions and queue.reductions[0][2] < happened:
                cancel = queue.reductions.pop(0)
                for order in there:
                    if order.arrived_no < cancel[3]:
                        order.ahead = queue.cancelled(order.ahead, cancel)
            bound = max(queue.shown - queue.traded, 0) + sum(reduction[0] for reduction in queue.reductions)
            for order in there:
                order.ahead = min(order.ahead, bound)
            queue.trade(printed, self.depth_ns, exchange_ns)
        out, eaten = [], 0
        for order in concerned:
            others = max(order.ahead - eaten, 0)
            eat = min(others, left)
            eaten, left, order.ahead = eaten + eat, left - eat, others - eat
            qty = 0 if order.ahead else min(order.qty - order.cum, left)
            if qty:
                left -= qty
                out.append(self.fill(order, price, qty, maker=True))
                if order.cum == order.qty:
                    self.leave(order)
        return out, left

    def ahead(self, order: NaiveOrder) -> int:
        position = order.ahead
        for reduction in (
            self.queues[order.side, order.price].reductions if self.set_to.queue == QUEUE_PROPORTIONAL else ()
        ):
            if order.arrived_no < reduction[3]:
                position = NaiveQueue.cancelled(position, reduction)
        return position


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
        update.fee_currency,
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
    st.sampled_from([LIMIT, LIMIT, LIMIT, MARKET, STOP, STOP_LIMIT]),
    st.sampled_from([GTC, GTC, GTC, IOC, FOK, POST_ONLY]),
    PRICES,
    PRICES,
    SIZES,
)
# Milliseconds around the slack of 2 ms and the lateness of trades.
PAUSES = st.integers(0, 5).map(lambda ms: ms * 1_000_000)
trades = st.tuples(PRICES, SIZES, st.booleans(), st.booleans(), PAUSES)
depth_messages = st.tuples(
    st.lists(st.tuples(st.sampled_from([BUY, SELL]), PRICES, st.integers(0, 9)), min_size=1, max_size=4), PAUSES
)
events = st.lists(
    st.tuples(
        st.one_of(
            st.tuples(st.just("quote"), books),
            st.tuples(st.just("levels"), depth_messages),
            st.tuples(st.just("trade"), trades),
            st.tuples(st.just("new"), orders_sent),
            st.tuples(st.just("new"), orders_sent),
            st.tuples(st.just("cancel"), st.integers(0, 5)),
            st.tuples(st.just("replace"), st.tuples(st.integers(0, 5), orders_sent)),
        ),
        PAUSES,
    ),
    min_size=5,
    max_size=50,
)
all_rules = st.builds(
    Rules,
    st.sampled_from([QUEUE_NONE, QUEUE_CONSERVATIVE, QUEUE_PROPORTIONAL]),
    st.sampled_from([FEE_QUOTE, FEE_RECEIVED, FEE_THIRD]),
    st.sampled_from([0, 51_234_567_890]),
)


class Watch:
    """What holds whatever the venue is: limits, displayed and printed quantities, and the order state machine."""

    def __init__(self, core: Core) -> None:
        self.orders = Orders(core, capacity=256)
        self.got: dict[tuple[int, int], int] = defaultdict(int)  # (displayed side, price) -> taken since the last quote

    def updates(
        self, updates: list[Any], sent: dict[int, tuple[int, int, int]], book: Book, printed: int | None, synced: bool
    ) -> None:
        makers: dict[int, int] = defaultdict(int)
        for update in updates:
            status = self.orders.on_update(update)
            assert status == 0 or (status == 1 and update.hdr.flags == CANCEL_REJECT), described(update)
            if not update.last_qty_raw:
                continue
            side, order_type, price = sent[update.order_id]
            if order_type in (LIMIT, STOP_LIMIT):
                assert update.last_price_raw <= price if side == BUY else update.last_price_raw >= price
            if update.liquidity == 1:
                makers[side] += update.last_qty_raw
            else:
                self.taker(side, update.last_price_raw, update.last_qty_raw, book, synced)
        if printed is not None:
            assert sum(makers.values()) <= printed
        else:
            assert makers[BUY] <= book.ask[1]
            assert makers[SELL] <= book.bid[1]

    def taker(self, side: int, price: int, qty: int, book: Book, synced: bool) -> None:
        displayed_side = SELL if side == BUY else BUY
        touch = book.ask if side == BUY else book.bid
        depth = dict((book.asks if side == BUY else book.bids) if synced else ())
        self.got[displayed_side, price] += qty
        assert self.got[displayed_side, price] <= (touch[1] if price == touch[0] else depth[price])


@dataclass
class Market:
    """Both venues side by side, and one event after another through them."""

    core: Core
    paper: Paper
    naive: NaiveVenue
    watch: Watch
    book: Book
    synced: bool
    update_id: int = 1
    sent: dict[int, tuple[int, int, int]] = field(default_factory=dict)

    def step(self, verb: str, what: Any, pause_ns: int) -> list[Any]:
        self.paper.now_ns += pause_ns
        self.naive.now_ns = self.paper.now_ns + 1  # the kit's own step
        self.naive.event_no += 1
        if verb == "levels":
            self.levels(*what)
            return []
        told = {"quote": self.quote, "trade": self.trade, "cancel": self.cancel}.get(verb, self.new)(verb, what)
        if told is None:
            return []
        answers, expected = told
        assert [described(u) for u in answers] == expected
        printed = what[1] if verb == "trade" else None
        self.watch.updates(answers, self.sent, self.book, printed, self.synced or verb == "quote")
        for order in self.naive.resting:
            assert self.paper.ahead(order.order_id) == self.naive.ahead(order)
        return answers

    def levels(self, levels: list[tuple[int, int, int]], late_ns: int) -> None:
        self.update_id += 1
        exchange_ns = self.naive.now_ns - late_ns
        self.naive.levels(levels, self.update_id, exchange_ns)
        self.paper.levels(levels, self.update_id, exchange_ns)

    def quote(self, _: str, book: Book) -> tuple[list[Any], list[Told]]:
        self.update_id += 1
        self.book = replace(book, update_id=self.update_id)
        self.watch.got.clear()
        return self.paper.quote(self.book), self.naive.quote(self.book)

    def trade(self, _: str, what: tuple[int, int, bool, bool, int]) -> tuple[list[Any], list[Told]]:
        price, qty, seller_takes, timed, late_ns = what
        exchange_ns = self.naive.now_ns - late_ns if timed else 0
        expected = self.naive.trade(price, qty, seller_takes, exchange_ns, late_ns)
        times = {"exchange_ns": exchange_ns, "late_ns": late_ns}
        return self.paper.trade(price, qty, seller_takes=seller_takes, **times), expected

    def cancel(self, _: str, back: int) -> tuple[list[Any], list[Told]]:
        meant = max(len(self.sent) - back, 1)
        request = self.core.request(action=CANCEL, orig_order_id=meant)
        self.watch.orders.on_request(request)  # of an order that is done already it is not registered
        return self.paper.arrive(request, self.book, self.flags), self.naive.cancel(meant)[0]

    def new(self, verb: str, what: Any) -> tuple[list[Any], list[Told]] | None:
        back, (side, order_type, tif, price, stop, qty) = what if verb == "replace" else (0, what)
        meant = max(len(self.sent) - back, 1)
        tif = IOC if order_type != LIMIT and tif == POST_ONLY else tif
        stop = stop if order_type in (STOP, STOP_LIMIT) else 0
        order_id = len(self.sent) + 1
        fields = {"side": side, "order_type": order_type, "tif": tif, "qty_raw": qty, "order_id": order_id}
        action = {"action": REPLACE, "orig_order_id": meant} if verb == "replace" else {"action": NEW}
        request = self.core.request(**fields, **action, price_raw=price, stop_price_raw=stop)
        if self.watch.orders.on_request(request) != 0:
            return None  # a replace of what is done: the order store does not let it out
        self.sent[order_id] = (side, order_type, price)
        order = NaiveOrder(order_id, side, order_type, tif, price, stop, qty)
        expected, found = self.naive.cancel(meant) if verb == "replace" else ([], True)
        unknown = [self.naive.say(order, REJECTED, self.core.lib.B3_RULE_UNKNOWN_ORDER)]
        expected = expected + (self.naive.arrive(order, self.book, self.synced) if found else unknown)
        return self.paper.arrive(request, self.book, self.flags), expected

    @property
    def flags(self) -> int:
        return SYNCED if self.synced else HALTED


def run(
    internals: tuple[Any, Any],
    book: Book,
    sequence: list[tuple[tuple[str, Any], int]],
    cap: int,
    synced: bool,
    set_to: Rules,
) -> int:
    """Feeds both venues; returns how many fills there were."""
    core = Core(*internals)
    paper = Paper(
        core,
        core.instruments(SCALES),
        tiers=TIERS,
        order_capacity=CAPACITY,
        cap=cap,
        queue_model=set_to.queue,
        fee_asset=set_to.fee_asset,
        fee_currency=THIRD_CURRENCY,
    )
    if set_to.third_rate:
        paper.rate(THIRD_CURRENCY, QUOTE_CURRENCY, set_to.third_rate)
    market = Market(core, paper, NaiveVenue(core.lib, set_to), Watch(core), book, synced)
    fills = 0
    for (verb, what), pause_ns in sequence:
        fills += sum(u.last_qty_raw > 0 for u in market.step(verb, what, pause_ns))
    assert market.watch.orders.open(0) == len(market.naive.orders)
    return fills


@settings(max_examples=200, deadline=None)
@given(books, events, st.integers(1, 8), st.booleans(), all_rules)
def test_the_venue_answers_as_its_header_says(
    internals: tuple[Any, Any],
    book: Book,
    sequence: list[tuple[tuple[str, Any], int]],
    cap: int,
    synced: bool,
    set_to: Rules,
) -> None:
    run(internals, book, sequence, cap, synced, set_to)


def made_order(random: Random) -> tuple[int, int, int, int, int, int]:
    """Mostly passive, so that several rest at one price."""
    side = random.choice([BUY, SELL])
    stop = random.randint(96, 99) + (0 if side == SELL else 5)
    if random.random() < 0.6:
        price = random.randint(97, 99) + (4 if side == SELL else 0)
        return side, LIMIT, random.choice([GTC, GTC, POST_ONLY]), price, stop, random.randint(1, 9)
    order_type = random.choice([LIMIT, MARKET, STOP, STOP_LIMIT])
    return side, order_type, random.choice([GTC, IOC, FOK]), random.randint(97, 103), stop, random.randint(1, 20)


def made_book(random: Random) -> Book:
    mid, sizes = random.choice([98, 100, 100, 100, 102]), (3, 5, 8)
    below = tuple((price, random.choice(sizes)) for price in range(mid, 94, -1) if random.random() < 0.6)
    above = tuple((price, random.choice(sizes)) for price in range(mid, 108) if random.random() < 0.6)
    return Book((mid, random.choice(sizes)), (mid + 1, random.choice(sizes)), below, above)


def made_event(random: Random) -> tuple[tuple[str, Any], int]:
    verb = random.choice(
        ["quote", "quote", "levels", "trade", "trade", "trade", "new", "new", "new", "cancel", "replace"]
    )

    def sides() -> bool:
        return random.random() < 0.5

    def late() -> int:
        return random.choice([0, 0, 1, 3, 8]) * 1_000_000

    made = {
        "quote": lambda: made_book(random),
        "levels": lambda: (
            [(random.choice([BUY, SELL]), random.randint(96, 104), random.randint(0, 9)) for _ in range(3)],
            late(),
        ),
        "trade": lambda: (random.randint(96, 104), random.randint(1, 12), sides(), random.random() < 0.8, late()),
        "new": lambda: made_order(random),
        "cancel": lambda: random.randint(0, 8),
        "replace": lambda: (random.randint(0, 8), made_order(random)),
    }
    return (verb, made[verb]()), random.choice([0, 0, 1, 2, 5]) * 1_000_000


@pytest.mark.parametrize("queue", [QUEUE_NONE, QUEUE_CONSERVATIVE, QUEUE_PROPORTIONAL])
@pytest.mark.parametrize("seed", range(6))
def test_long_sessions_agree(internals: tuple[Any, Any], seed: int, queue: int) -> None:
    """Made from a seed, with much resting and taking; hypothesis above finds the small cases."""
    random = Random(seed)
    sequence = [made_event(random) for _ in range(600)]
    set_to = Rules(queue, [FEE_QUOTE, FEE_RECEIVED, FEE_THIRD][seed % 3], 51_234_567_890 if seed % 2 else 0)
    assert run(internals, made_book(random), sequence, 1 + seed % 5, seed % 4 != 0, set_to) > 60
