"""The market maker: prices against the paper's formula, orders against a venue that races, refuses and halts."""

import math
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategy_kit import UNIT, Internals, Level, Strategy, World, session_steps

TICK = UNIT // 100
LOT = 1000
SECOND = 10**9
SYNCED, HALTED, CROSSED = 1, 2, 4

finite = {"allow_nan": False, "allow_infinity": False}


@given(
    q=st.floats(-50, 50, **finite),
    gamma=st.floats(1e-6, 1e3, **finite),
    kappa=st.floats(1e-6, 1e6, **finite),
    sigma=st.floats(0, 100, **finite),
    horizon=st.floats(1e-3, 86400, **finite),
    mid=st.floats(1e-3, 1e6, **finite),
)
def test_prices_are_the_paper_s(
    internals: Internals, q: float, gamma: float, kappa: float, sigma: float, horizon: float, mid: float
) -> None:
    """In the quote currency, as printed there: sigma, gamma and kappa are turned into its units first."""
    ffi, lib = internals
    out = ffi.new("double[2]")
    lib.b3t_maker_quote(q, gamma, kappa, sigma**2 * horizon, out)
    unit = mid * 1e-4  # one basis point
    gamma_, kappa_, sigma_ = gamma / unit, kappa / unit, sigma * unit
    reservation = mid - q * gamma_ * sigma_**2 * horizon
    spread = gamma_ * sigma_**2 * horizon + 2 / gamma_ * math.log1p(gamma_ / kappa_)
    assert mid + out[0] * unit == pytest.approx(reservation, rel=1e-9)
    assert 2 * out[1] * unit == pytest.approx(spread, rel=1e-9)


@given(x=st.floats(0, 1e12, **finite), turn=st.floats(0, 1, **finite))
def test_plain_arithmetic_is_the_library_s_to_the_last_digits(internals: Internals, x: float, turn: float) -> None:
    ffi, lib = internals
    assert lib.b3t_plain_log1p(x) == pytest.approx(math.log1p(x), rel=2e-15, abs=1e-300)
    out = ffi.new("double[2]")
    lib.b3t_plain_turn(turn, out, out + 1)
    assert list(out) == pytest.approx([math.sin(2 * math.pi * turn), math.cos(2 * math.pi * turn)], abs=1e-15)


# ---------------------------------------------------------------- a venue that is ours


@dataclass
class Resting:
    """An order that the venue has. Test data made by us."""

    side: int
    price: int
    qty: int
    filled: int = 0


@dataclass
class Venue:
    """Requests arrive some events later; orders fill when it likes, also while a cancel is on its way."""

    world: World
    strategy: Strategy
    random: random.Random
    refuses: float = 0.05
    fills: float = 0.05
    orders: dict[int, Resting] = field(default_factory=dict)
    travelling: list[tuple[int, int, Any]] = field(default_factory=list)
    requests: list[tuple[int, Any]] = field(default_factory=list)
    check: Callable[[Any], None] = lambda _: None
    last_id: int = 0
    position: int = 0
    outcomes: set[str] = field(default_factory=set)
    refused_ns: dict[tuple[str, int], int] = field(default_factory=dict)

    def show(self, event: Any) -> None:
        """Shows the strategy an event, and takes what it asks for."""
        ffi, lib = self.world.internals
        self.world.position = self.position
        self.world.open_order = len(self.orders) + len(self.travelling)
        view = self.world.see()
        count = self.strategy.row.on_event(
            self.strategy.state, ffi.cast("b3_header *", event), view, self.strategy.out, 32
        )
        assert count >= 0
        for i in range(count):
            if ffi.cast("b3_header *", self.strategy.out + i).kind != lib.B3_REQUEST:
                continue
            request = ffi.new("b3_request *")
            ffi.buffer(request)[:] = ffi.buffer(self.strategy.out + i, ffi.sizeof("b3_request"))
            self.last_id += 1
            self.check(request)
            self.requests.append((self.world.now_ns, request))
            self.travelling.append((self.random.randint(1, 4), self.last_id, request))

    def tell(
        self,
        order_id: int,
        side: int,
        state: str,
        rule: str = "NONE",
        flags: int = 0,
        last: int = 0,
        kind: str = "LIMIT",
    ) -> None:
        ffi, lib = self.world.internals
        order = self.orders.get(order_id)
        update = ffi.new("b3_update *")
        update.hdr.kind, update.hdr.flags = lib.B3_UPDATE, flags
        update.state, update.rule = getattr(lib, f"B3_{state}"), getattr(lib, f"B3_RULE_{rule}")
        update.order_id, update.side, update.order_type = order_id, side, getattr(lib, f"B3_{kind}")
        if order is not None:
            update.price_raw, update.qty_raw, update.cum_qty_raw = order.price, order.qty, order.filled
            update.last_qty_raw, update.exec_id = last, int(last > 0)
            if state in ("FILLED", "CANCELED", "EXPIRED", "REJECTED"):
                del self.orders[order_id]
        self.outcomes.add(f"{state} {rule}")
        if state == "REJECTED":
            self.refused_ns["POST_ONLY" if rule == "POST_ONLY" else "other", side] = self.world.now_ns
        self.show(update)

    def move(self) -> None:
        """Time passes: arrivals, then fills."""
        arrived = [(i, r) for wait, i, r in self.travelling if wait == 0]
        self.travelling = [(wait - 1, i, r) for wait, i, r in self.travelling if wait > 0]
        for order_id, request in arrived:
            self.arrive(order_id, request)
        if self.position and not self.orders and not self.travelling and self.random.random() < 0.5:
            self.take_out()
        for order_id, order in list(self.orders.items()):
            if order_id in self.orders and self.random.random() < self.fills:
                self.fill(order_id, order)

    def take_out(self) -> None:
        """The engine itself closes the position, as a stop does: orders of this strategy that it did not ask for."""
        side, qty = 2 if self.position > 0 else 1, abs(self.position)
        self.last_id += 1
        exit_id = self.last_id
        self.position = 0  # already: what the strategy asks for meanwhile is risk's affair
        self.orders[exit_id] = Resting(side, 0, qty)
        self.tell(exit_id, side, "WORKING", kind="MARKET")
        self.orders[exit_id].filled = qty
        self.tell(exit_id, side, "FILLED", last=qty, kind="MARKET")

    def fill(self, order_id: int, order: Resting) -> None:
        _, lib = self.world.internals
        left = order.qty - order.filled
        part = left if self.random.random() < 0.5 else max(left // LOT * self.random.randint(1, 9) // 10 * LOT, LOT)
        order.filled += part
        self.position += part if order.side == lib.B3_BUY else -part
        self.tell(order_id, order.side, "FILLED" if order.filled == order.qty else "PARTIALLY_FILLED", last=part)

    def arrive(self, order_id: int, request: Any) -> None:
        _, lib = self.world.internals
        refused = self.random.random() < self.refuses
        if request.action == lib.B3_REPLACE and refused and self.random.random() < 0.5:
            self.tell(order_id, request.side, "REJECTED", "ORDER_RATE")  # by risk: the order that was meant stands
            return
        if request.action != lib.B3_NEW:
            if request.orig_order_id not in self.orders:
                side = request.side if self.random.random() < 0.5 else 0  # not every venue repeats the side
                self.tell(request.orig_order_id, side, "UNKNOWN", "UNKNOWN_ORDER", lib.B3_FLAG_CANCEL_REJECT)
                if request.action == lib.B3_REPLACE:
                    self.tell(order_id, request.side, "REJECTED", "UNKNOWN_ORDER")
                return
            self.tell(request.orig_order_id, request.side, "CANCELED")
        if request.action == lib.B3_CANCEL:
            return
        if refused:
            self.tell(order_id, request.side, "REJECTED", self.random.choice(["POST_ONLY", "ORDER_RATE", "CASH"]))
            return
        self.orders[order_id] = Resting(request.side, request.price_raw, request.qty_raw)
        self.tell(order_id, request.side, "WORKING")


# ---------------------------------------------------------------- the model


class Maker:
    """What must be asked for, from the paper's formula in floats, and what must never be."""

    def __init__(self, venue: Venue, params: dict[str, float]) -> None:
        self.venue, self.p = venue, params
        self.samples: list[float] = []
        self.sampled: tuple[float, int] | None = None
        self.last_new = {1: -(10**18), 2: -(10**18)}
        self.moves = 0

    @property
    def whole(self) -> bool:
        world = self.venue.world
        return world.flags == SYNCED and bool(world.bids) and bool(world.asks)

    @property
    def mid(self) -> float:
        world = self.venue.world
        return (world.bids[0][0] + world.asks[0][0]) / 2

    def sample(self) -> None:
        if not self.whole:
            return
        now = self.venue.world.now_ns
        if self.sampled is not None:
            before, then = self.sampled
            if now - then < self.p["sample_ms"] * 1e6:
                return
            self.samples.append(((self.mid / before - 1) * 1e4) ** 2 / ((now - then) * 1e-9))
        self.sampled = self.mid, now

    @property
    def variance(self) -> float:
        weights = [self.p["decay"] ** age for age in range(len(self.samples))][::-1]
        return math.fsum(w * x for w, x in zip(weights, self.samples, strict=True)) / math.fsum(weights)

    @property
    def warm(self) -> bool:
        return len(self.samples) >= self.p["warm_up"]

    def price(self, side: int) -> float:
        """Before it is rounded to the tick."""
        p = self.p
        q = self.venue.position / round(p["qty"] * UNIT)
        risk = p["gamma"] * self.variance * p["horizon_s"]
        half = max(risk / 2 + math.log(1 + p["gamma"] / p["kappa"]) / p["gamma"], p["min_spread_bps"] / 2)
        return self.mid * (1 + (-q * risk + (half if side == 2 else -half)) * 1e-4)

    def shown(self, side: int) -> float:
        """The price, kept from the opposite touch."""
        world = self.venue.world
        return min(self.price(1), world.asks[0][0]) if side == 1 else max(self.price(2), world.bids[0][0])

    def least(self, side: int) -> int:
        """The smallest quantity that is surely worth the venue's minimum."""
        return int(5.1 * UNIT * UNIT / self.shown(side)) + LOT

    def rested(self, side: int) -> bool:
        now, refused = self.venue.world.now_ns, self.venue.refused_ns
        interval, retry = self.p["interval_ms"] * 1e6, self.p["retry_ms"] * 1e6
        return (
            now - self.last_new[side] >= interval
            and now - refused.get(("POST_ONLY", side), -(10**18)) >= interval
            and now - refused.get(("other", side), -(10**18)) >= retry
        )

    def room(self, side: int) -> int:
        most = round(self.p["max_inventory"] * UNIT)
        held = self.venue.position
        return most - held if side == 1 else held + (most if self.p["allow_short"] else 0)

    def on_request(self, request: Any) -> None:
        _, lib = self.venue.world.internals
        side, world = request.side, self.venue.world
        own = {i: o for i, o in self.venue.orders.items() if o.side == side and o.price}
        for _, _, other in self.venue.travelling:  # one thing at a time, but for a cancel that comes too late
            assert other.side != side or (other.action == lib.B3_CANCEL and other.orig_order_id not in own)
        if request.action != lib.B3_NEW:
            assert request.orig_order_id in own
        if request.action == lib.B3_CANCEL:
            return
        assert (request.order_type, request.tif) == (lib.B3_LIMIT, lib.B3_POST_ONLY)
        assert request.action == lib.B3_REPLACE or not own
        assert self.whole and self.warm
        # never through the touch, on the tick, on the passive side of the formula's price and no more than a tick away
        wanted, got = self.price(side), request.price_raw
        assert got % TICK == 0
        if side == lib.B3_BUY:
            assert got < world.asks[0][0] and got <= wanted * (1 + 1e-12)
            assert got > wanted * (1 - 1e-12) - TICK or got >= world.asks[0][0] - TICK
        else:
            assert got > world.bids[0][0] and got >= wanted * (1 - 1e-12)
            assert got < wanted * (1 + 1e-12) + TICK or got <= world.bids[0][0] + TICK
        # on the lot, within the bound even if what it replaces fills as well, and worth the venue's minimum
        assert request.qty_raw % LOT == 0 and request.qty_raw > 0
        assert request.qty_raw * got >= 5 * UNIT * UNIT
        assert request.qty_raw + sum(o.qty - o.filled for o in own.values()) <= self.room(side)
        assert world.now_ns - self.last_new[side] >= self.p["interval_ms"] * 1e6
        if request.action == lib.B3_REPLACE:
            old = own[request.orig_order_id].price
            assert abs(got - old) >= self.p["requote_bps"] * 1e-4 * old * (1 - 1e-12)
        self.last_new[side] = world.now_ns
        self.moves += request.action == lib.B3_REPLACE

    def after(self) -> None:
        """What must be so once the strategy has seen a quote: all that can be done has been asked for."""
        venue = self.venue
        for side in (1, 2):
            orders = [o for o in venue.orders.values() if o.side == side]
            if [r for _, _, r in venue.travelling if r.side == side]:
                continue  # it waits for an answer
            assert self.whole or not orders
            if not self.whole or not self.warm:
                continue
            if not orders and self.rested(side) and self.room(side) >= self.least(side):
                pytest.fail(f"side {side} shows nothing, though nothing keeps it from it")
            for order in orders:
                off = abs(order.price - self.shown(side)) - 2 * TICK
                assert not self.rested(side) or off < self.p["requote_bps"] * 1e-4 * order.price * (1 + 1e-6)


def books(shared_data: Path) -> Iterator[tuple[int, list[Level], list[Level]]]:
    for step in session_steps(shared_data):
        if step.kind == "quote":
            yield step.now_ns, step.bids, step.asks


def play(
    internals: Internals, books: Iterator[tuple[int, list[Level], list[Level]]], seed: int, **params: float
) -> tuple[Venue, Maker]:
    """A session of quotes, with now and then a halt, a book that is not whole, crossed or one-sided, and bars."""
    ffi, lib = internals
    world = World(internals)
    world.instrument.tick_raw = TICK
    strategy = Strategy(internals, "market_maker", world.instrument, **params)
    assert strategy.status == lib.B3_OK
    full = {ffi.string(strategy.row.params[i].name).decode(): v for i, v in enumerate(strategy.params)}
    venue = Venue(world, strategy, random.Random(seed))
    maker = Maker(venue, full)
    venue.check = maker.on_request
    quote, system = ffi.new("b3_quote *"), ffi.new("b3_system *")
    quote.hdr.kind, system.hdr.kind, system.code = lib.B3_QUOTE, lib.B3_SYSTEM, lib.B3_SYS_HALT
    most = round(full["max_inventory"] * UNIT)
    for now_ns, bids, asks in books:
        world.now_ns, world.bids, world.asks = now_ns, bids, asks
        was = world.flags
        if venue.random.random() < 0.02:
            world.flags = venue.random.choice([SYNCED, HALTED, 0, SYNCED | CROSSED, SYNCED | HALTED])
        elif venue.random.random() < 0.3:
            world.flags = SYNCED
        if venue.random.random() < 0.01:
            world.asks = []
        if world.flags != was and world.flags & HALTED:
            venue.show(system)
        venue.move()
        maker.sample()
        venue.show(quote)
        maker.after()
        assert (-most if full["allow_short"] else 0) <= venue.position <= most
    return venue, maker


CASES: list[dict[str, float]] = [
    {},
    {"allow_short": 1, "max_inventory": 0.03, "gamma": 0.5},
    {"allow_short": 1, "requote_bps": 0, "interval_ms": 0, "retry_ms": 0, "min_spread_bps": 0, "kappa": 100},
    {"max_inventory": 0.0123456, "qty": 0.004, "decay": 0.5, "sample_ms": 250, "horizon_s": 5},
]


@pytest.mark.parametrize("params", CASES)
def test_on_a_session(internals: Internals, shared_data: Path, params: dict[str, float]) -> None:
    venue, maker = play(internals, books(shared_data), 5, **{"warm_up": 10, **params})
    sides = {request.side for _, request in venue.requests}
    assert sides == {1, 2} and maker.moves > 10
    expected = {"CANCELED NONE", "FILLED NONE", "PARTIALLY_FILLED NONE", "REJECTED ORDER_RATE", "UNKNOWN UNKNOWN_ORDER"}
    assert expected <= venue.outcomes


@settings(max_examples=60)
@given(
    seed=st.integers(0, 2**32),
    changes=st.lists(
        st.tuples(st.integers(-80, 80), st.integers(1, 60), st.integers(0, 900)), min_size=20, max_size=150
    ),
    params=st.sampled_from(CASES),
)
def test_on_any_path(
    internals: Internals, seed: int, changes: list[tuple[int, int, int]], params: dict[str, float]
) -> None:
    def path() -> Iterator[tuple[int, list[Level], list[Level]]]:
        now, bid = SECOND, 6_000_000
        for change, spread, passed in changes:
            now += passed * 10**6
            bid = max(bid + change, 100)
            yield now, [(bid * TICK, UNIT)], [((bid + spread) * TICK, UNIT)]

    play(internals, path(), seed, **{"warm_up": 3, "sample_ms": 100, **params})


def test_inventory_skews_both_quotes(internals: Internals) -> None:
    """Long: both prices lower than flat; short: both higher. A signal says by how much."""
    ffi, lib = internals
    prices: dict[float, dict[int, int]] = {}
    for held in (-0.02, 0.0, 0.02):
        world = World(internals, flags=SYNCED)
        world.instrument.tick_raw = TICK
        strategy = Strategy(internals, "market_maker", world.instrument, allow_short=1, warm_up=2, sample_ms=1)
        venue = Venue(world, strategy, random.Random(1), refuses=0, fills=0)
        venue.position = round(held * UNIT)
        quote, bar = ffi.new("b3_quote *"), ffi.new("b3_bar *")
        quote.hdr.kind, bar.hdr.kind = lib.B3_QUOTE, lib.B3_BAR
        for number, bid in enumerate([6_000_000, 6_000_500, 6_000_000, 6_000_500]):
            world.now_ns = (number + 1) * SECOND
            world.bids, world.asks = [(bid * TICK, UNIT)], [((bid + 1) * TICK, UNIT)]
            if venue.requests:
                break
            venue.show(quote)
        prices[held] = {request.side: request.price_raw for _, request in venue.requests}
        said = dict(strategy.on(bar, world.see()))
        assert (
            said["inventory"] == pytest.approx(held / 0.01) and math.copysign(1, -held) * said["reservation_bps"] >= 0
        )
        assert said["sigma_bps"] > 0 and said["half_spread_bps"] > 0.5
    for side in (lib.B3_BUY, lib.B3_SELL):
        assert prices[0.02][side] < prices[0.0][side] < prices[-0.02][side]


@pytest.mark.parametrize(
    "params",
    [
        {"gamma": 0}, {"kappa": 0}, {"horizon_s": 0}, {"horizon_s": math.inf}, {"warm_up": 0}, {"warm_up": 1.5},
        {"decay": 1}, {"sample_ms": 0}, {"max_inventory": math.nan}, {"min_spread_bps": -1}, {"allow_short": 0.5},
    ],
)  # fmt: skip
def test_parameters_that_cannot_be_meant_are_refused(internals: Internals, params: dict[str, float]) -> None:
    instrument = internals[0].new("b3_instrument *")
    assert Strategy(internals, "market_maker", instrument, **params).status == internals[1].B3_ERR_ARGUMENT
