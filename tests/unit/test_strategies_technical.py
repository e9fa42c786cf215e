"""rsi_reversion, macd, bollinger, blend against models in plain Python, on a real session and on drawn paths."""

import itertools
import math
import statistics
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategy_kit import UNIT, Decision, Internals, Step, Strategy, World, market_qty, same, session_steps

from bot3 import ta


class TieError(Exception):
    """A value so near a threshold that rounding decides: the path is not compared further."""


def above(value: float, threshold: float) -> bool:
    """value >= threshold, where that is beyond rounding."""
    if math.isclose(value, threshold, rel_tol=1e-9, abs_tol=1e-9) and value != threshold:
        raise TieError
    return value >= threshold


# ---------------------------------------------------------------- indicators, as their formulas read


def mean_start(values: Sequence[float], period: int, gain: float) -> float:
    """An exponential average that starts as the mean of the first period values; NaN before."""
    if len(values) < period:
        return math.nan
    average = math.fsum(values[:period]) / period
    for value in values[period:]:
        average += gain * (value - average)
    return average


def ema(values: Sequence[float], period: int) -> float:
    return mean_start(values, period, 2 / (period + 1))


def rsi(closes: Sequence[float], period: int) -> float:
    changes = [b - a for a, b in itertools.pairwise(closes)]
    rise = mean_start([max(change, 0.0) for change in changes], period, 1 / period)
    total = mean_start([abs(change) for change in changes], period, 1 / period)
    return 0.0 if total == 0 else 100 * rise / total


def macd(closes: Sequence[float], fast: int, slow: int, signal: int) -> tuple[float, float]:
    """The line and its signal line; both averages start on the same sample."""
    lines = [ema(closes[slow - fast : i], fast) - ema(closes[:i], slow) for i in range(slow, len(closes) + 1)]
    return (lines[-1], ema(lines, signal)) if lines else (math.nan, math.nan)


def zscore(values: Sequence[float], period: int) -> float:
    window = values[-period:]
    if len(window) < period:
        return math.nan
    deviation = statistics.pstdev([Fraction(value) for value in window])
    return (
        float((Fraction(window[-1]) - statistics.mean([Fraction(v) for v in window])) / Fraction(deviation))
        if deviation
        else math.nan
    )


def atr(bars: Sequence[tuple[float, float, float]], period: int) -> float:
    ranges = [
        max(high - low, abs(high - before), abs(low - before))
        for (_, _, before), (high, low, _) in itertools.pairwise(bars)
    ]
    return mean_start(ranges, period, 1 / period)


# ---------------------------------------------------------------- models


class Model:
    """Keeps the bars, and trades the side that its signal asks for: an entry once, an exit until it is done."""

    def __init__(self, params: dict[str, float]) -> None:
        self.p = params
        self.bars: list[tuple[float, float, float]] = []
        self.side = 0
        self.due = False

    @property
    def closes(self) -> list[float]:
        return [close for _, _, close in self.bars]

    def ask(self, side: int) -> None:
        self.side, self.due = side, side != 0

    def score(self, score: float, enter: float, leave: float) -> None:
        short = bool(self.p["allow_short"])
        kept = score if self.side >= 0 else -score
        if self.side and (kept == leave or not above(kept, leave)):
            self.ask(0)
        if self.side <= 0 and above(score, enter):
            self.ask(1)
        elif self.side >= 0 and short and above(-score, enter):
            self.ask(-1)

    def trade(self, world: World) -> Decision:
        held = world.position
        leaves = held > 0 >= self.side or held < 0 <= self.side
        if world.open_order or world.flags & 2 or not (leaves or self.due):
            return []
        missing = (self.side * round(self.p["qty"] * UNIT) if self.due else 0) - held
        self.due = False
        qty = market_qty(world, abs(missing))
        return [("buy" if missing > 0 else "sell", qty)] if qty else []

    def on_bar(self, step: Step, world: World) -> Decision:
        self.bars.append((step.high / UNIT, step.low / UNIT, step.close / UNIT))
        return self.decide(world)

    def decide(self, world: World) -> Decision:
        raise NotImplementedError


class RsiReversion(Model):
    def decide(self, world: World) -> Decision:
        value = rsi(self.closes, int(self.p["period"]))
        if math.isnan(value):
            return []
        self.score(50 - value, 50 - self.p["lower"], 50 - self.p["leave"])
        return [*self.trade(world), ("rsi", value)]


class Macd(Model):
    up = 0

    def decide(self, world: World) -> Decision:
        line, signal = macd(self.closes, *(int(self.p[name]) for name in ("fast", "slow", "signal")))
        if math.isnan(signal):
            return []
        if line != signal and math.isclose(line, signal, rel_tol=1e-9, abs_tol=1e-9):
            raise TieError
        up = (line > signal) - (line < signal) or self.up
        if self.up and up != self.up:
            self.ask(1 if up > 0 else -1 if self.p["allow_short"] else 0)
        self.up = up
        return [*self.trade(world), ("macd", line), ("macd_signal", signal), ("macd_hist", line - signal)]


class Bollinger(Model):
    def decide(self, world: World) -> Decision:
        z = zscore(self.closes, int(self.p["period"]))
        if math.isnan(z):
            return []
        self.score(z if self.p["mode"] else -z, self.p["width"], self.p["leave"])
        return [*self.trade(world), ("bollinger_z", z)]


def cut(value: float) -> float:
    return max(-1.0, min(1.0, value))


class Blend(Model):
    model = math.nan

    def scores(self, world: World) -> dict[str, float]:
        p = {name: int(value) for name, value in self.p.items()}
        average_range = atr(self.bars, p["atr_period"])
        line, signal = macd(self.closes, p["macd_fast"], p["macd_slow"], p["macd_signal"])
        z = zscore(self.closes, p["bollinger_period"])
        flat = math.isnan(z) and len(self.bars) >= p["bollinger_period"]
        bid = sum(qty for _, qty in world.bids[: p["levels"]])
        ask = sum(qty for _, qty in world.asks[: p["levels"]])

        def moved(difference: float) -> float:
            known = not math.isnan(difference + average_range)
            return math.nan if not known else cut(difference / average_range) if average_range else 0.0

        return {
            "ema": moved(ema(self.closes, p["ema_fast"]) - ema(self.closes, p["ema_slow"])),
            "rsi": (50 - rsi(self.closes, p["rsi_period"])) / 50,
            "macd": moved(line - signal),
            "bollinger": 0.0 if flat else math.nan if math.isnan(z) else cut(-z / self.p["bollinger_width"]),
            "obi": (bid - ask) / (bid + ask) if world.flags & 1 and bid + ask else math.nan,
            "model": self.model,
        }

    def decide(self, world: World) -> Decision:
        scores = self.scores(world)
        there = {
            name: score
            for name, score in scores.items()
            if self.p[f"w_{name}"] and not (math.isnan(score) and name in ("obi", "model"))
        }
        total = sum(abs(self.p[f"w_{name}"]) for name in there)
        blend = sum(self.p[f"w_{name}"] * score for name, score in there.items()) / total if total else math.nan
        if math.isnan(blend):
            return []
        self.score(blend, self.p["enter"], self.p["leave"])
        known: Decision = [(f"score_{name}", score) for name, score in scores.items() if not math.isnan(score)]
        return [*self.trade(world), *known, ("blend", blend)]


MODELS: dict[str, type[Model]] = {
    "rsi_reversion": RsiReversion,
    "macd": Macd,
    "bollinger": Bollinger,
    "blend": Blend,
}


def walk(internals: Internals, name: str, params: dict[str, float], steps: Sequence[Step]) -> list[str]:
    """Both over the same bars; the sides that were ordered."""
    ffi, lib = internals
    world = World(internals)
    strategy = Strategy(internals, name, world.instrument, **params)
    assert strategy.status == lib.B3_OK
    full = {ffi.string(strategy.row.params[i].name).decode(): v for i, v in enumerate(strategy.params)}
    model = MODELS[name](full)
    bar, signal = ffi.new("b3_bar *"), ffi.new("b3_signal *")
    bar.hdr.kind, signal.hdr.kind = lib.B3_BAR, lib.B3_SIGNAL
    orders: list[str] = []
    for number, step in enumerate(steps):
        world.settle()
        world.at(step)
        world.flags = 3 if number % 17 == 0 else 0 if number % 23 == 0 else 1  # halted, not whole, now and then
        if isinstance(model, Blend) and number % 40 >= 20:  # the model comes and goes, and says more than it may
            signal.value = math.nan if number % 40 == 39 else 1.2 * math.sin(number)
            model.model = signal.value if math.isnan(signal.value) else cut(signal.value)
            assert strategy.on(signal, world.see()) == []
        bar.high_raw, bar.low_raw, bar.close_raw = step.high, step.low, step.close
        bar.hdr.flags = lib.B3_FLAG_VENUE  # the venue's own bar in between is none of its business
        assert strategy.on(bar, world.see()) == []
        bar.hdr.flags = lib.B3_FLAG_CLOSED
        decided = strategy.on(bar, world.see())
        try:
            same(decided, model.on_bar(step, world))
        except TieError:
            return orders
        for side, qty in decided:
            if side in ("buy", "sell"):
                assert world.open_order == 0 and qty % 1000 == 0
                world.open_order = qty if side == "buy" else -qty
                orders.append(side)
        if not full["allow_short"]:
            assert world.position >= 0
    return orders


FAST_BLEND = {
    "ema_fast": 3, "ema_slow": 8, "rsi_period": 5, "macd_fast": 3, "macd_slow": 7, "macd_signal": 3,
    "bollinger_period": 6, "atr_period": 5, "enter": 0.15, "leave": 0.05,
}  # fmt: skip
CASES: list[tuple[str, dict[str, float]]] = [
    ("rsi_reversion", {"period": 5, "lower": 35}),
    ("rsi_reversion", {"period": 3, "lower": 20, "leave": 60, "allow_short": 1}),
    ("macd", {"fast": 3, "slow": 7, "signal": 3}),
    ("macd", {"fast": 2, "slow": 12, "signal": 5, "allow_short": 1}),
    ("bollinger", {"period": 10, "width": 1.5}),
    ("bollinger", {"period": 8, "width": 1.2, "leave": -0.3, "allow_short": 1}),
    ("bollinger", {"period": 12, "width": 1.5, "leave": 0.5, "mode": 1, "allow_short": 1}),
    ("blend", FAST_BLEND),
    ("blend", FAST_BLEND | {"w_rsi": -0.3, "w_obi": 0, "w_model": 0.1, "allow_short": 1}),
    ("blend", {"w_ema": 0, "w_rsi": 0, "w_macd": 0, "w_bollinger": 0, "w_model": 0, "levels": 3, "allow_short": 1}),
]


@pytest.mark.parametrize(("name", "params"), CASES)
def test_decides_as_its_model_on_a_session(
    internals: Internals, shared_data: Path, name: str, params: dict[str, float]
) -> None:
    bars = [step for step in session_steps(shared_data) if step.kind == "bar"]
    assert len(bars) > 100
    assert {"buy", "sell"} == set(walk(internals, name, params, bars))


paths = st.lists(st.tuples(st.integers(-50, 50), st.integers(0, 30), st.integers(0, 30)), min_size=1, max_size=60)
sizes = st.tuples(st.integers(1, 9), st.integers(1, 9))


@pytest.mark.parametrize(("name", "params"), CASES)
@settings(max_examples=40)
@given(path=paths, book=sizes, start=st.integers(2000, 10**7))
def test_decides_as_its_model_on_any_path(
    internals: Internals,
    name: str,
    params: dict[str, float],
    path: list[tuple[int, int, int]],
    book: tuple[int, int],
    start: int,
) -> None:
    """Prices in ticks of 0.01; repeated closes, gaps and flat stretches are all among what is drawn."""
    tick, close, steps = UNIT // 100, start, []
    for number, (change, up, down) in enumerate(path):
        close = max(close + change * (number % 5 != 0), 100)
        bids, asks = [(close * tick - tick, book[0] * UNIT)], [(close * tick + tick, book[1] * UNIT)]
        steps.append(Step("bar", number, (close + up) * tick, (close - down) * tick, close * tick, bids, asks))
    walk(internals, name, params, steps)


@pytest.mark.parametrize(
    ("name", "signals", "batch"),
    [
        ("rsi_reversion", ["rsi"], lambda close: [ta.rsi(close, 14)]),
        ("macd", ["macd", "macd_signal", "macd_hist"], lambda close: list(ta.macd(close, 12, 26, 9))),
        ("bollinger", ["bollinger_z"], lambda close: [ta.zscore(close, 20)]),
        ("ema_cross", ["ema_fast", "ema_slow"], lambda close: [ta.ema(close, 12), ta.ema(close, 26)]),
    ],
)
def test_signals_are_the_numbers_of_ta(internals: Internals, name: str, signals: list[str], batch: object) -> None:
    ffi, lib = internals
    world = World(internals, bids=[(UNIT, UNIT)], asks=[(2 * UNIT, UNIT)])
    strategy = Strategy(internals, name, world.instrument)
    bar = ffi.new("b3_bar *")
    bar.hdr.kind = lib.B3_BAR
    raws = 100 * UNIT + np.random.default_rng(3).integers(-UNIT // 100, UNIT // 100, 300).cumsum()
    rows = []
    for value in raws:
        bar.high_raw = bar.low_raw = bar.close_raw = int(value)
        said = dict(d for d in strategy.on(bar, world.see()) if d[0] in signals)
        rows.append([said.get(signal, math.nan) for signal in signals])
    wanted = np.column_stack(batch(raws / UNIT))  # type: ignore[operator]
    wanted[np.isnan(wanted).any(axis=1)] = np.nan
    np.testing.assert_allclose(np.array(rows), wanted, rtol=1e-11, atol=1e-11)


def test_bollinger_opens_where_the_price_passes_the_band(internals: Internals, shared_data: Path) -> None:
    """z <= -width is close <= lower band: the field's own way to say it."""
    closes = np.array([step.close / UNIT for step in session_steps(shared_data) if step.kind == "bar"])
    _, _, lower = ta.bbands(closes, 20, 2, 2)
    z = ta.zscore(closes, 20)
    known = ~np.isnan(z) & ~np.isclose(closes, lower, rtol=1e-12)
    assert ((z <= -2) == (closes <= lower))[known].all() and (z[known] <= -2).any()


def test_the_default_blend_is_half_technical_half_model(internals: Internals) -> None:
    ffi, _ = internals
    strategy = Strategy(internals, "blend", World(internals).instrument)
    weights = {
        name: value
        for i, value in enumerate(strategy.params)
        if (name := ffi.string(strategy.row.params[i].name).decode()).startswith("w_")
    }
    assert weights.pop("w_model") == 0.5 and sum(weights.values()) == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("name", "params"),
    [
        ("rsi_reversion", {"lower": 50, "leave": 50}),
        ("rsi_reversion", {"period": 1}),
        ("rsi_reversion", {"period": 2.5}),
        ("rsi_reversion", {"allow_short": 0.5}),
        ("macd", {"fast": 26, "slow": 26}),
        ("macd", {"signal": 0}),
        ("bollinger", {"leave": 2}),
        ("bollinger", {"mode": 2}),
        ("bollinger", {"period": 1001}),
        ("blend", {"enter": 0.1, "leave": 0.1}),
        ("blend", {f"w_{name}": 0 for name in ("ema", "rsi", "macd", "bollinger", "obi", "model")}),
        ("blend", {"ema_fast": 26}),
        ("blend", {"macd_slow": 12}),
        ("blend", {"w_ema": math.nan}),
        ("blend", {"sizing": 3}),
        ("blend", {"notional": math.inf}),
        ("blend", {"risk": -1}),
    ],
)
def test_parameters_that_cannot_be_meant_are_refused(internals: Internals, name: str, params: dict[str, float]) -> None:
    instrument = internals[0].new("b3_instrument *")
    assert Strategy(internals, name, instrument, **params).status == internals[1].B3_ERR_ARGUMENT
