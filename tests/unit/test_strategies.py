"""The built-in strategies through their ABI, against models in plain Python that must decide the same on real data."""

import itertools
import math
from pathlib import Path

import pytest
from strategy_kit import UNIT, Decision, Internals, Strategy, World, market_qty, same, session_steps

# ---------------------------------------------------------------- models


class EmaCross:
    def __init__(self, fast: int, slow: int, qty: float, allow_short: bool) -> None:
        self.periods, self.qty, self.allow_short = (fast, slow), round(qty * UNIT), allow_short
        self.closes: list[float] = []
        self.ema = [math.nan, math.nan]
        self.above = 0
        self.target = 0
        self.entry = False

    def average(self, i: int) -> float:
        period = self.periods[i]
        if len(self.closes) < period:
            return math.nan
        if len(self.closes) == period:
            total = 0.0
            for close in self.closes:
                total += close
            return total / period
        return self.ema[i] + 2.0 / (period + 1.0) * (self.closes[-1] - self.ema[i])

    def on_bar(self, close: int, world: World) -> Decision:
        self.closes.append(close / UNIT)
        self.ema = [self.average(0), self.average(1)]
        fast, slow = self.ema
        if math.isnan(slow):
            return []
        above = (fast > slow) - (fast < slow) or self.above
        if self.above and above != self.above:
            self.target = self.qty if above > 0 else -self.qty if self.allow_short else 0
            self.entry = self.target != 0
        self.above = above
        signals: Decision = [("ema_fast", fast), ("ema_slow", slow)]
        wrong = (world.position > 0 >= self.target) or (world.position < 0 <= self.target)
        if world.open_order or world.flags & 2 or not (wrong or self.entry):
            return signals
        missing = (self.target if self.entry else 0) - world.position
        self.entry = False
        qty = market_qty(world, abs(missing))
        return [("buy" if missing > 0 else "sell", qty), *signals] if qty else signals


class Obi:
    def __init__(self, params: dict[str, float]) -> None:
        self.p = params
        self.last: int | None = None
        self.imbalance = math.nan

    def on_quote(self, world: World, depth: bool) -> Decision:
        if not world.flags & 1:
            return []
        levels = int(self.p["levels"])
        if depth:
            bid = sum(q for _, q in world.bids[:levels])
            ask = sum(q for _, q in world.asks[:levels])
            self.imbalance = (bid - ask) / (bid + ask) if bid + ask else math.nan
        cooling = self.last is not None and world.now_ns - self.last < self.p["cool_down_ms"] * 1e6
        if world.open_order or world.flags & 6 or cooling:
            return []
        held, unit, room = world.position, round(self.p["qty"] * UNIT), round(self.p["max_position"] * UNIT)
        if (held > 0 and self.imbalance <= self.p["leave"]) or (held < 0 and self.imbalance >= -self.p["leave"]):
            wanted = -held
        elif abs(held) + unit > room:
            wanted = 0
        elif held >= 0 and self.imbalance >= self.p["enter"]:
            wanted = unit
        elif held <= 0 and self.p["allow_short"] and self.imbalance <= -self.p["enter"]:
            wanted = -unit
        else:
            wanted = 0
        qty = market_qty(world, abs(wanted))
        if not qty:
            return []
        self.last = world.now_ns
        return [("buy" if wanted > 0 else "sell", qty)]

    def on_bar(self, world: World) -> Decision:
        (bid, bid_qty), (ask, ask_qty) = world.bids[0], world.asks[0]
        micro = (bid * ask_qty + ask * bid_qty) / (bid_qty + ask_qty)
        middle = (bid + ask) / 2
        known: Decision = [] if math.isnan(self.imbalance) else [("imbalance", self.imbalance)]
        return [*known, ("microprice_deviation_bps", (micro - middle) / middle * 1e4)]


@pytest.mark.parametrize(("fast", "slow", "allow_short"), [(3, 8, False), (2, 5, True), (5, 13, False)])
def test_ema_cross_decides_as_its_model(
    internals: Internals, shared_data: Path, fast: int, slow: int, allow_short: bool
) -> None:
    ffi, lib = internals
    world = World(internals)
    params: dict[str, float] = {"fast": fast, "slow": slow, "qty": 0.0123456, "allow_short": allow_short}
    strategy = Strategy(internals, "ema_cross", world.instrument, **params)
    assert strategy.status == lib.B3_OK
    model = EmaCross(fast, slow, 0.0123456, allow_short)
    bar = ffi.new("b3_bar *")
    bar.hdr.kind = lib.B3_BAR
    orders = []
    for number, step in enumerate(s for s in session_steps(shared_data) if s.kind == "bar"):
        world.settle()
        world.at(step)
        world.flags = 3 if number % 17 == 0 else 1  # halted now and then
        bar.close_raw = step.close
        bar.hdr.flags = lib.B3_FLAG_VENUE  # the venue's own bar in between is none of its business
        assert strategy.on(bar, world.see()) == []
        bar.hdr.flags = lib.B3_FLAG_CLOSED
        decided = strategy.on(bar, world.see())
        same(decided, model.on_bar(step.close, world))
        for side, qty in decided:
            if side in ("buy", "sell"):
                assert world.open_order == 0 and qty % 1000 == 0
                world.open_order = qty if side == "buy" else -qty
                orders.append(side)
    assert {"buy", "sell"} == set(orders) and len(orders) >= 4


@pytest.mark.parametrize(
    "params",
    [
        {"enter": 0.5, "cool_down_ms": 500},
        {"levels": 20, "enter": 0.3, "leave": -0.1, "allow_short": 1, "max_position": 0.05, "cool_down_ms": 0},
        {"levels": 1, "enter": 0.9, "leave": 0.5, "allow_short": 1},
    ],
)
def test_obi_decides_as_its_model(internals: Internals, shared_data: Path, params: dict[str, float]) -> None:
    ffi, lib = internals
    world = World(internals)
    strategy = Strategy(internals, "obi", world.instrument, **params)
    assert strategy.status == lib.B3_OK
    full = {ffi.string(strategy.row.params[i].name).decode(): v for i, v in enumerate(strategy.params)}
    model = Obi(full)
    events = {"quote": ffi.new("b3_quote *"), "bar": ffi.new("b3_bar *")}
    events["quote"].hdr.kind, events["bar"].hdr.kind = lib.B3_QUOTE, lib.B3_BAR
    orders: list[tuple[int, str]] = []
    for number, step in enumerate(session_steps(shared_data)):
        world.settle()
        world.at(step)
        world.flags = 0 if number % 53 == 0 else 5 if number % 29 == 0 else 1  # out of step, or crossed, now and then
        depth = number % 3 != 0  # a ticker's quote changes no book
        events["quote"].hdr.flags = lib.B3_FLAG_DEPTH if depth else 0
        decided = strategy.on(events[step.kind], world.see())
        same(decided, model.on_quote(world, depth) if step.kind == "quote" else model.on_bar(world))
        for side, qty in decided:
            if side in ("buy", "sell"):
                assert world.open_order == 0
                world.open_order = qty if side == "buy" else -qty
                orders.append((step.now_ns, side))
        assert abs(world.position) <= round(full["max_position"] * UNIT)
    assert {"buy", "sell"} == {side for _, side in orders}
    gaps = [b - a for (a, _), (b, _) in itertools.pairwise(orders)]
    assert min(gaps) >= full["cool_down_ms"] * 1e6


# ---------------------------------------------------------------- edges


def test_orders_respect_lot_and_minimum(internals: Internals) -> None:
    ffi, lib = internals
    instrument, touch = ffi.new("b3_instrument *"), ffi.new("b3_touch *")
    instrument.qty_scale = instrument.price_scale = 8
    touch.bid_price_raw, touch.bid_qty_raw = 100 * UNIT, UNIT
    size = lib.b3_order_size_market
    assert size(instrument, touch, 12345) == 12345  # no filter at all
    instrument.lot_step_raw, instrument.lot_min_raw = 1000, 5000
    assert size(instrument, touch, 12999) == 12000
    assert size(instrument, touch, 4999) == 0
    assert size(instrument, touch, 5999) == 5000
    instrument.market_lot_step_raw, instrument.market_lot_min_raw = 4000, 8001
    assert size(instrument, touch, 12999) == 12000
    assert size(instrument, touch, 11999) == 0  # 8000 is under the market minimum
    instrument.market_lot_step_raw, instrument.market_lot_min_raw = 1500, 0
    assert size(instrument, touch, 12999) == 12000
    assert size(instrument, touch, 11500) == 0  # 10500 is a market step and no lot
    instrument.market_lot_step_raw = 0
    instrument.notional_min_raw, instrument.notional_min_on_market = 1_300_000, 1
    assert size(instrument, touch, 12999) == 0  # 0.012 of the quote currency, 0.013 is the least
    assert size(instrument, touch, 13000) == 13000
    out = ffi.new("int64_t *")
    assert lib.b3_order_size_raw(instrument, 0.01, out) == lib.B3_OK and out[0] == UNIT // 100
    for bad in (-1.0, math.nan, math.inf, 1e12):
        assert lib.b3_order_size_raw(instrument, bad, out) == lib.B3_ERR_ARGUMENT


@pytest.mark.parametrize(
    ("name", "params"),
    [
        ("ema_cross", {"fast": 26, "slow": 26}),
        ("ema_cross", {"fast": 2.5}),
        ("ema_cross", {"qty": math.nan}),
        ("ema_cross", {"qty": -1}),
        ("ema_cross", {"slow": 1e9}),
        ("obi", {"enter": 0.2, "leave": 0.2}),
        ("obi", {"levels": 0}),
        ("obi", {"levels": 51}),
        ("obi", {"levels": 1.5}),
        ("obi", {"cool_down_ms": math.inf}),
        ("obi", {"max_position": math.nan}),
    ],
)
def test_parameters_that_cannot_be_meant_are_refused(internals: Internals, name: str, params: dict[str, float]) -> None:
    instrument = internals[0].new("b3_instrument *")
    assert Strategy(internals, name, instrument, **params).status == internals[1].B3_ERR_ARGUMENT


def test_table_is_whole(internals: Internals) -> None:
    ffi, lib = internals
    rows = list(itertools.takewhile(lambda r: r != ffi.NULL, (lib.b3_strategy_at(i) for i in itertools.count())))
    names = "ema_cross rsi_reversion macd bollinger obi blend market_maker features"
    assert [ffi.string(r.name).decode() for r in rows] == names.split()
    for row in rows:
        assert lib.b3_strategy_find(row.name) == row and row.abi == lib.B3_STRATEGY_ABI
        strategy = Strategy(internals, ffi.string(row.name).decode(), ffi.new("b3_instrument *"))
        assert strategy.status == lib.B3_OK  # the defaults are valid
        assert list(ffi.cast("uint32_t *", strategy.state)[0:2]) == [row.state_size, 1]
        for param in row.params[0 : row.param_count]:
            assert param.min <= param.value <= param.max and ffi.string(param.text) and ffi.string(param.name)
    assert lib.b3_strategy_find(b"nothing") == ffi.NULL


def test_too_little_room_is_a_fault(internals: Internals) -> None:
    ffi, lib = internals
    world = World(internals, bids=[(UNIT, UNIT)], asks=[(2 * UNIT, UNIT)])
    strategy = Strategy(internals, "ema_cross", world.instrument)
    bar = ffi.new("b3_bar *")
    bar.hdr.kind = lib.B3_BAR
    assert strategy.row.on_event(strategy.state, ffi.cast("b3_header *", bar), world.see(), strategy.out, 2) == -4


def test_microprice_and_imbalance_by_hand(internals: Internals) -> None:
    ffi, lib = internals
    touch = ffi.new("b3_touch *")
    assert math.isnan(lib.b3t_microprice_deviation(touch))
    touch.bid_price_raw, touch.bid_qty_raw, touch.ask_price_raw, touch.ask_qty_raw = 99, 3, 101, 1
    assert lib.b3t_microprice_deviation(touch) == pytest.approx(50.0)  # microprice 100.5, middle 100
    bids, asks = ffi.new("b3_book_level[]", [(99, 3), (98, 1)]), ffi.new("b3_book_level[]", [(101, 1)])
    assert lib.b3t_imbalance(bids, 2, asks, 1) == 0.6
    assert lib.b3t_imbalance(bids, 0, asks, 1) == -1.0
    assert math.isnan(lib.b3t_imbalance(bids, 0, asks, 0))
