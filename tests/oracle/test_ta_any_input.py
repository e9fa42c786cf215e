"""Indicators on what hypothesis makes up: lengths, periods, NaNs, constants, magnitudes, on every instruction set."""

import math
import warnings
from collections.abc import Iterator
from contextlib import ExitStack
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ta_kit import Array, flat_index, forms_agree, outputs, stepwise
from ta_worker import Worker

from bot3 import ta
from bot3.ta import matrix

NAMES = sorted(ta.KERNELS)


@pytest.fixture(scope="module")
def workers() -> Iterator[dict[str, Worker]]:
    """One for each instruction set of this machine."""
    with ExitStack() as stack:
        found = {}
        for isa in ("scalar", "avx2", "avx512"):
            worker = stack.enter_context(Worker(isa))
            if worker.isa == isa:
                found[isa] = worker
            else:
                warnings.warn(f"{isa} is not checked: this machine has {worker.isa}", stacklevel=1)
        yield found


@st.composite
def parameters(draw: st.DrawFn, name: str) -> dict[str, Any]:
    """Periods that a short series can fill, and every choice."""
    params: dict[str, Any] = {}
    for p in ta.KERNELS[name].params:
        if p.choices:
            params[p.name] = draw(st.sampled_from(p.choices))
        elif p.unit == "bars":
            params[p.name] = draw(st.integers(int(p.low), 40))
    return params


@st.composite
def call_on_a_grid(draw: st.DrawFn) -> tuple[str, list[Array], dict[str, Any]]:
    """Series on a grid, where sums are exact and so is what is equal: flat stretches, holes, zeros of both signs."""
    name = draw(st.sampled_from(NAMES))
    length = draw(st.integers(0, 400))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    scale = 2.0 ** draw(st.sampled_from([-3, -130, 130]))
    series = []
    for _ in ta.KERNELS[name].inputs:
        x = rng.integers(0, draw(st.sampled_from([2, 50, 4000])), length).astype(float)
        for _ in range(draw(st.integers(0, 3))):
            if length:
                at, size = int(rng.integers(length)), int(rng.integers(1, 60))
                x[at : at + size] = draw(st.sampled_from([x[at], 0.0, -0.0, math.nan]))
        series.append(x * scale)
    return name, series, draw(parameters(name))


@settings(max_examples=400)
@given(call_on_a_grid())
def test_every_instruction_set_is_single_updates(
    workers: dict[str, Worker], call: tuple[str, list[Array], dict[str, Any]]
) -> None:
    name, series, params = call
    want = stepwise(name, series, params) if len(series[0]) else [np.empty(0)] * len(ta.KERNELS[name].outputs)
    told = np.ones(len(series[0]), bool)
    if name == "stochrsi" and len(told):
        of_index = {k: v for k, v in params.items() if k in ("timeperiod", "seed")}
        told = ~flat_index(series[0], of_index, params["fastk_period"], params["fastd_period"])
    for isa, worker in workers.items():
        got = worker.call(name, series, params)
        if isa == "scalar":
            for have, model in zip(got, want, strict=True):
                np.testing.assert_array_equal(have, model)
            continue
        forms_agree(name, series, [a[told] for a in got], [a[told] for a in want], (isa, params))


doubles = st.one_of(
    st.floats(width=64),
    st.sampled_from([0.0, -0.0, 5e-324, -5e-324, 2.2e-308, 1.7e308, -1.7e308, math.nan, math.inf, -math.inf]),
)


@settings(max_examples=300)
@given(st.data(), st.sampled_from(NAMES), st.integers(0, 130))
def test_any_doubles_at_all(workers: dict[str, Worker], data: st.DataObject, name: str, length: int) -> None:
    """No crash, the right length, nothing before the lookback."""
    pool = data.draw(st.lists(doubles, min_size=1, max_size=20))
    rng = np.random.default_rng(data.draw(st.integers(0, 2**32 - 1)))
    series = [rng.choice(np.array(pool), length) for _ in ta.KERNELS[name].inputs]
    params = data.draw(parameters(name))
    lookback = ta.KERNELS[name].lookback(**params)
    for isa, worker in workers.items():
        for have in worker.call(name, series, params):
            assert have.shape == (length,), isa
            assert np.isnan(have[:lookback]).all(), isa


# ---------------------------------------------------------------- laws

UNCHANGED_BY_A_SHIFT = """
    mom stddev var linearreg_slope rsi cmo macd zscore correl covariance tr atr stoch stochf willr aroon aroonosc
    """.split()
SHIFTED = """
    sma ema wma dema tema trima hma kama ewma max min minmax midpoint linearreg tsf bbands donchian keltner
    avgprice medprice typprice wclprice sar
    """.split()
DEGREE = {
    0: """
    rsi cmo roc ppo trix zscore correl beta stoch stochf stochrsi willr ultosc cci adx adxr plus_di minus_di aroon
    aroonosc bop natr
    """.split(),
    1: [*SHIFTED, "mom", "stddev", "linearreg_slope", "macd", "tr", "atr", "sum"],
    2: ["var", "covariance", "ewma_covariance"],
}
VOLUMES = {"volume"}


@st.composite
def prices(draw: st.DrawFn) -> dict[str, Array]:
    """Bars of a random walk on a grid of 1/8, high above low."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    n = draw(st.integers(150, 300))
    close = 4000.0 + rng.integers(-8, 9, n).cumsum() / 8
    high, low = close + rng.integers(0, 9, n) / 8, close - rng.integers(0, 9, n) / 8
    open_ = low + np.floor((high - low) * rng.random(n) * 8) / 8
    return {
        "open": open_,
        "high": high,
        "low": low,
        "close": close,
        "real": close,
        "real0": high,
        "real1": low,
        "volume": np.ones(n),
    }


def on(name: str, bars: dict[str, Array], change: Any) -> list[Array]:
    return outputs(getattr(ta, name)(*(bars[i] if i in VOLUMES else change(bars[i]) for i in ta.KERNELS[name].inputs)))


@settings(max_examples=40)
@given(prices(), st.integers(-3000, 3000))
def test_a_shift_of_prices(bars: dict[str, Array], shift: int) -> None:
    for names, by in ((UNCHANGED_BY_A_SHIFT, 0.0), (SHIFTED, float(shift))):
        for name in names:
            for have, model in zip(on(name, bars, lambda x: x + shift), on(name, bars, lambda x: x), strict=True):
                # A double near 4,000 is exact to 1e-12; what is divided by small deviations to 1e-9.
                np.testing.assert_allclose(have, model + by, rtol=1e-9, atol=1e-8, err_msg=name)


@settings(max_examples=40)
@given(prices(), st.sampled_from([2.0, 0.5, 2.0**40, 2.0**-40]))
def test_a_power_of_two_scales_without_rounding(bars: dict[str, Array], factor: float) -> None:
    for degree, names in DEGREE.items():
        for name in names:
            for have, model in zip(on(name, bars, lambda x: x * factor), on(name, bars, lambda x: x), strict=True):
                np.testing.assert_array_equal(have, model * factor**degree, err_msg=name)


# ---------------------------------------------------------------- options


def exact_smooth(values: list[float], period: int, gain: Fraction) -> list[float]:
    """Seeded with the mean of the first period values."""
    y = sum(map(Fraction, values[:period]), Fraction()) / period
    out = [y]
    for x in values[period:]:
        y += gain * (Fraction(x) - y)
        out.append(y)
    return [math.nan] * (period - 1) + list(map(float, out))


@pytest.mark.parametrize(("smoothing", "gain"), [("wilder", Fraction(1, 7)), ("plain", Fraction(2, 8))])
def test_smoothing_is_wilders_or_plain(smoothing: str, gain: Fraction) -> None:
    rng = np.random.default_rng(5)
    close = 100.0 + rng.normal(size=60).cumsum()
    high, low = close + rng.random(60), close - rng.random(60)
    near = {"rtol": 1e-12, "atol": 1e-12}
    np.testing.assert_allclose(ta.ema(close, 7, smoothing=smoothing), exact_smooth(close.tolist(), 7, gain), **near)
    ranges = exact_smooth(ta.tr(high, low, close)[1:].tolist(), 7, gain)
    np.testing.assert_allclose(ta.atr(high, low, close, 7, smoothing=smoothing)[1:], ranges, **near)
    np.testing.assert_allclose(
        ta.natr(high, low, close, 7, smoothing=smoothing)[1:], 100 * np.array(ranges) / close[1:], **near
    )
    changes = np.diff(close)
    gains, losses = (np.array(exact_smooth(x.tolist(), 7, gain)) for x in (changes.clip(0), -changes.clip(None, 0)))
    np.testing.assert_allclose(ta.rsi(close, 7, smoothing=smoothing)[1:], 100 * gains / (gains + losses), **near)
    cmo = 100 * (gains - losses) / (gains + losses)
    np.testing.assert_allclose(ta.cmo(close, 7, smoothing=smoothing)[1:], cmo, rtol=1e-12, atol=1e-11)


@pytest.mark.parametrize(("smoothing", "gain"), [("wilder", 1 / 7), ("plain", 2 / 8)])
def test_directional_movement_is_wilders_or_plain(smoothing: str, gain: float) -> None:
    """Long enough for every way there is to run it, also in a panel of nine rows."""
    rng = np.random.default_rng(6)
    close = 100.0 + rng.normal(size=4000).cumsum()
    high, low = close + rng.random(4000), close - rng.random(4000)
    up, down = np.diff(high), -np.diff(low)
    moves = np.where((up > down) & (up > 0), up, 0), np.where((down > up) & (down > 0), down, 0)
    plus, minus, ranges = (decaying(each, 7, 1 - gain) for each in (*moves, ta.tr(high, low, close)[1:]))
    index = 100 * np.abs(plus - minus) / (plus + minus)
    adx = np.array(exact_smooth(index[6:300].tolist(), 7, Fraction(gain)))
    bars, near = (high, low, close), {"rtol": 1e-11, "atol": 1e-11}
    np.testing.assert_allclose(ta.plus_di(*bars, 7, smoothing)[7:], (100 * plus / ranges)[6:], **near)
    np.testing.assert_allclose(ta.minus_di(*bars, 7, smoothing)[7:], (100 * minus / ranges)[6:], **near)
    np.testing.assert_allclose(ta.adx(*bars, 7, smoothing)[7:301], adx, **near)
    np.testing.assert_allclose(ta.adxr(*bars, 7, smoothing)[19:301], (adx[12:] + adx[6:-6]) / 2, **near)
    for function in (ta.plus_di, ta.minus_di, ta.adx, ta.adxr):
        rows = function(*(np.stack([x] * 9) for x in bars), 7, smoothing)
        np.testing.assert_allclose(rows, np.stack([function(*bars, 7, smoothing)] * 9), **near)


def decaying(values: npt.NDArray[np.float64], period: int, keep: float) -> npt.NDArray[np.float64]:
    """The first period - 1 values are summed, then the sum decays."""
    sums = [values[: period - 1].sum()]
    for value in values[period - 1 :]:
        sums.append(sums[-1] * keep + value)
    return np.array([math.nan] * (period - 2) + sums)


@pytest.mark.parametrize("adjust", [False, True])
@pytest.mark.parametrize("zero_mean", [False, True])
def test_ewma_covariance_is_the_matrix_s_element(adjust: bool, zero_mean: bool) -> None:
    rng = np.random.default_rng(6)
    x, y = rng.normal(size=(2, 200)) + 3.0
    got = ta.ewma_covariance(x, y, 0.9, ["no", "yes"][adjust], ["weighted", "zero"][zero_mean])
    state = matrix.EWCovariance(2, 0.9, adjust=adjust, zero_mean=zero_mean)
    for i, pair in enumerate(zip(x, y, strict=True)):
        state.update(pair)
        assert got[i] == pytest.approx(state.value[0, 1], rel=1e-12, abs=1e-13)


def divided(a: Array, b: Array) -> Array:
    """a / b as bop divides: (close - open) / (high - low)."""
    zero = np.zeros_like(a)
    return ta.bop(zero, b, zero, a)


def test_quotients_are_rounded_as_division_is() -> None:
    """Also where the vectors have another way to one: there a denormal numerator leaves 41 binary digits of them."""
    rng = np.random.default_rng(3)
    size = 200_000
    a, b = rng.normal(size=size), np.abs(rng.normal(size=size)) * 10.0 ** rng.integers(-9, 10, size)
    np.testing.assert_array_equal(divided(a, b), a / b)
    edges = [0.0, -0.0, 2.0**-1022, 1e-300, 1.0, 3.0, 1e300, 2.0**1023, math.inf, -math.inf, math.nan]
    above, below = (grid.ravel() for grid in np.meshgrid(edges, [5e-324, *(x for x in edges if x > 0)]))
    any_normal = rng.integers(1 << 52, 2046 << 52, size).view(np.float64)
    denormal = rng.integers(1, 1 << 52, size).view(np.float64)
    with np.errstate(over="ignore", invalid="ignore"):
        np.testing.assert_array_equal(divided(above, below), above / below)
        np.testing.assert_array_equal(divided(any_normal, denormal), any_normal / denormal)
        np.testing.assert_allclose(divided(denormal, any_normal), denormal / any_normal, rtol=2.0**-41, atol=5e-324)


@pytest.mark.parametrize("adjust", [False, True])
def test_long_ewma_covariance_at_a_large_price(adjust: bool) -> None:
    """Against the same recursion on the prices less 60,000, which loses no digits; a hole starts it anew."""
    rng = np.random.default_rng(8)
    moves = 0.01 * np.cumsum(rng.integers(-3, 4, (2, 9000)), axis=1)
    moves[0, 5000] = math.nan
    x, y = 60000.0 + moves
    got = ta.ewma_covariance(x, y, 0.94, ["no", "yes"][adjust])
    mean, value, weight = np.zeros(2), 0.0, 0.0
    want = np.empty(9000)
    for i, pair in enumerate(np.stack([x - 60000.0, y - 60000.0], axis=1)):
        if np.isnan(pair).any():
            want[i], weight = math.nan, 0.0
            continue
        if weight == 0.0:
            mean, value = pair.copy(), 0.0
        weight = 0.94 * weight + 1.0 if adjust else 1.0
        gain = 1.0 / weight if adjust else 1.0 - 0.94
        apart = pair - mean
        value = want[i] = (1.0 - gain) * (value + gain * apart[0] * apart[1])
        mean += gain * apart
    np.testing.assert_allclose(got, want, rtol=0, atol=1e-9 * np.nanmax(np.abs(want)))


def test_ten_million_values_do_not_drift() -> None:
    """test_ta.py has the others."""
    x = 60000.0 + 0.01 * np.random.default_rng(2).integers(-3, 4, 10_000_000)
    for name in ("var", "bbands", "linearreg", "macd", "kama", "trix", "zscore", "cmo", "ewma"):
        tails = zip(outputs(getattr(ta, name)(x)), outputs(getattr(ta, name)(x[-5000:])), strict=True)
        for whole, part in tails:
            assert whole[-1] == pytest.approx(part[-1], rel=1e-9, abs=1e-9), name
    for name in ("correl", "covariance", "beta"):
        got = getattr(ta, name)(x, x[::-1])[-1]
        assert got == pytest.approx(getattr(ta, name)(x[-5000:], x[:5000][::-1])[-1], rel=1e-9), name
