"""Streams of the indicators against slow definitions in exact arithmetic, on hypothesis' data and on real bars."""

import csv
import gzip
import math
from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

Array = npt.NDArray[np.float64]
Internals = tuple[Any, Any]

# Far enough from the limits of a double that squares of differences neither overflow nor underflow.
prices = st.floats(1e-9, 1e9, allow_nan=False, width=64)
holes = st.one_of(prices, prices, prices, prices, st.sampled_from([math.nan, math.inf, -math.inf]))


def stream(internals: Internals, name: str, inputs: Sequence[Array], **params: float) -> list[Array]:
    """Outputs of a stream fed one value at a time."""
    ffi, lib = internals
    row = lib.b3_indicator_find(name.encode())
    assert row != ffi.NULL, name
    names = [ffi.string(row.params[i].name).decode() for i in range(row.param_count)]
    assert set(params) <= set(names)
    values = ffi.new("double[]", [float(params.get(n, row.params[i].value)) for i, n in enumerate(names)])
    assert lib.b3_indicator_check(row, values, ffi.new("b3_error *")) == lib.B3_OK
    state = ffi.new("double[]", row.size(values) // 8 + 1)
    row.init(state, values)
    outputs = [np.full(len(inputs[0]), -1.0) for _ in range(row.output_count)]
    arrays = [np.ascontiguousarray(a, dtype=np.float64) for a in inputs]
    lib.b3t_indicator_updates(
        row,
        state,
        [ffi.from_buffer("double[]", a) for a in arrays],
        [ffi.from_buffer("double[]", a) for a in outputs],
        len(arrays[0]),
    )
    assert np.isnan(outputs[0][: row.lookback(values)]).all()
    return outputs


def windows(values: Sequence[float], period: int, of: Callable[[list[Fraction]], float]) -> Array:
    """of(each window) in exact arithmetic; NaN before there is one, and where the window holds what is not finite."""
    out = np.full(len(values), np.nan)
    for i in range(period - 1, len(values)):
        window = values[i - period + 1 : i + 1]
        if all(math.isfinite(x) for x in window):
            out[i] = of([Fraction(x) for x in window])
    return out


def root(x: Fraction) -> float:
    """Square root of an exact number to within 2 units in the last place, whatever its magnitude."""
    if x == 0:
        return 0.0
    shift = max(0, 64 - (x.numerator.bit_length() - x.denominator.bit_length()) // 2)
    return math.isqrt((x.numerator << 2 * shift) // x.denominator) / 2**shift


def variance(window: list[Fraction]) -> Fraction:
    mean = sum(window, Fraction()) / len(window)
    return sum(((x - mean) ** 2 for x in window), Fraction()) / len(window)


def weighted(window: list[Fraction]) -> float:
    return float(sum((i + 1) * x for i, x in enumerate(window)) / Fraction(len(window) * (len(window) + 1), 2))


EXACT: dict[str, Callable[[list[Fraction]], float]] = {
    "sma": lambda w: float(sum(w, Fraction()) / len(w)),
    "wma": weighted,
    "stddev": lambda w: root(variance(w)),
    "min": lambda w: float(min(w)),
    "max": lambda w: float(max(w)),
}


def agree(got: Array, want: Array, rtol: float) -> None:
    """Equal within rtol, and NaN in the same places."""
    np.testing.assert_allclose(got, want, rtol=rtol, atol=0.0, equal_nan=True)


@settings(max_examples=60, deadline=None)
@given(st.lists(prices, max_size=60), st.integers(1, 20), st.sampled_from(sorted(EXACT)))
def test_window_of_any_prices_is_exact(internals: Internals, values: list[float], period: int, name: str) -> None:
    got = stream(internals, name, [np.array(values)], timeperiod=period)[0]
    agree(got, windows(values, period, EXACT[name]), 1e-11)


@settings(max_examples=60, deadline=None)
@given(st.lists(holes, max_size=60), st.integers(1, 12), st.sampled_from(["sma", "wma", "stddev"]))
def test_what_is_not_finite_is_seen_by_its_windows_alone(
    internals: Internals, values: list[float], period: int, name: str
) -> None:
    got = stream(internals, name, [np.array(values)], timeperiod=period)[0]
    want = windows(values, period, EXACT[name])
    agree(np.where(np.isfinite(got), got, np.nan), want, 1e-11)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.one_of(prices, st.just(math.nan)), max_size=60), st.integers(1, 12))
def test_extremes_with_holes(internals: Internals, values: list[float], period: int) -> None:
    for name in ("min", "max"):
        agree(
            stream(internals, name, [np.array(values)], timeperiod=period)[0], windows(values, period, EXACT[name]), 0.0
        )


@pytest.mark.parametrize(("price", "move"), [(60000.0, 0.01), (1e-7, 1e-14), (1e15, 1.0)])
@pytest.mark.parametrize("period", [2, 5, 20, 200])
def test_deviation_keeps_its_digits_at_any_price(internals: Internals, price: float, move: float, period: int) -> None:
    values = (price + move * np.random.default_rng(7).integers(-3, 4, 1000)).tolist()
    start = len(values) - period - 50  # the oracle is slow
    deviation = windows(values[start:], period, EXACT["stddev"])[period:]
    mean = windows(values[start:], period, EXACT["sma"])[period:]
    agree(stream(internals, "stddev", [np.array(values)], timeperiod=period)[0][-50:], deviation, 1e-12)
    upper, middle, lower = (band[-50:] for band in stream(internals, "bbands", [np.array(values)], timeperiod=period))
    agree(middle, mean, 1e-15)
    agree(upper, mean + 2 * deviation, 1e-15)
    agree(lower, mean - 2 * deviation, 1e-15)


def test_spike_leaves_nothing_behind(internals: Internals) -> None:
    """One bad tick a billion times the price: windows after it are as exact as ever."""
    values = (100.0 + 0.01 * np.random.default_rng(3).integers(-5, 6, 300)).tolist()
    values[100] = 1e11
    for name in ("sma", "stddev", "wma"):
        agree(stream(internals, name, [np.array(values)], timeperiod=20)[0], windows(values, 20, EXACT[name]), 1e-11)


def test_a_million_samples_do_not_drift(internals: Internals) -> None:
    values = 60000.0 + 0.01 * np.random.default_rng(5).integers(-50, 51, 1_000_000).cumsum()
    for name in ("sma", "wma", "stddev"):
        got = stream(internals, name, [values], timeperiod=14)[0]
        agree(got[-40:], windows(values[-53:].tolist(), 14, EXACT[name])[13:], 1e-12)


# Recursions: the same definitions, in exact arithmetic.


def smooth(values: Sequence[Fraction | None], period: int, gain: Fraction) -> list[Fraction | None]:
    out: list[Fraction | None] = []
    seed: list[Fraction] = []
    y: Fraction | None = None
    for x in values:
        if x is None:
            seed, y = [], None
        elif y is not None:
            y += gain * (x - y)
        else:
            seed.append(x)
            if len(seed) == period:
                y = sum(seed, Fraction()) / period
        out.append(y)
    return out


def as_array(values: Sequence[Fraction | None]) -> Array:
    return np.array([math.nan if v is None else float(v) for v in values])


def fractions(values: Sequence[float]) -> list[Fraction | None]:
    return [Fraction(x) if math.isfinite(x) else None for x in values]


def minus(a: Sequence[Fraction | None], b: Sequence[Fraction | None]) -> list[Fraction | None]:
    return [None if x is None or y is None else x - y for x, y in zip(a, b, strict=True)]


@settings(max_examples=40, deadline=None)
@given(st.lists(holes, max_size=50), st.integers(1, 9))
def test_ema_restarts_after_a_hole(internals: Internals, values: list[float], period: int) -> None:
    got = stream(internals, "ema", [np.array(values)], timeperiod=period)[0]
    want = as_array(smooth(fractions(values), period, Fraction(2, period + 1)))
    largest = max(
        [0.0, *(abs(x) for x in values if math.isfinite(x))]
    )  # what a recursion forgets leaves its rounding behind
    np.testing.assert_allclose(got, want, rtol=1e-12, atol=1e-15 * largest, equal_nan=True)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.one_of(prices, st.just(math.nan)), max_size=50), st.integers(2, 9))
def test_rsi(internals: Internals, values: list[float], period: int) -> None:
    before = [None, *fractions(values)][: len(values)]
    change = minus(fractions(values), before)
    gain = smooth([None if c is None else max(c, Fraction()) for c in change], period, Fraction(1, period))
    total = smooth([None if c is None else abs(c) for c in change], period, Fraction(1, period))
    want = [
        None if g is None or t is None else (100 * g / t if t else Fraction()) for g, t in zip(gain, total, strict=True)
    ]
    got = stream(internals, "rsi", [np.array(values)], timeperiod=period)[0]
    np.testing.assert_allclose(got, as_array(want), rtol=1e-9, atol=1e-9, equal_nan=True)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.floats(1.0, 1e6), max_size=50), st.integers(2, 6), st.integers(2, 9), st.integers(1, 5))
def test_macd(internals: Internals, values: list[float], fast: int, slow: int, signal: int) -> None:
    exact = fractions(values)
    low, high = min(fast, slow), max(fast, slow)
    skip: list[Fraction | None] = [None] * min(high - low, len(values))
    quick = smooth(skip + exact[high - low :], low, Fraction(2, low + 1))
    macd = minus(quick, smooth(exact, high, Fraction(2, high + 1)))
    line = smooth(macd, signal, Fraction(2, signal + 1))
    got = stream(internals, "macd", [np.array(values)], fastperiod=fast, slowperiod=slow, signalperiod=signal)
    scale = 1e-12 * max([1.0, *values])
    shown = [None if s is None else m for m, s in zip(macd, line, strict=True)]
    for have, want in zip(got, (shown, line, minus(macd, line)), strict=True):
        np.testing.assert_allclose(have, as_array(want), rtol=0, atol=scale, equal_nan=True)


def test_atr_vwap_roc_by_hand(internals: Internals) -> None:
    high, low, close = np.array([10.0, 12, 11, 15]), np.array([8.0, 9, 10, 12]), np.array([9.0, 11, 10, 14])
    # True ranges from the second bar on: 3 (12 - 9), 1 (11 - 10), 5 (15 - 10). Wilder of 2: 2, then 2 + (5 - 2) / 2.
    agree(
        stream(internals, "atr", [high, low, close], timeperiod=2)[0], np.array([math.nan, math.nan, 2.0, 3.5]), 1e-15
    )
    volume = np.array([1.0, 0, 3, 2])
    typical = (high + low + close) / 3
    agree(
        stream(internals, "vwap", [high, low, close, volume])[0], (typical * volume).cumsum() / volume.cumsum(), 1e-15
    )
    window = np.array([math.nan, typical[0], typical[2], (typical[2] * 3 + typical[3] * 2) / 5])
    agree(stream(internals, "vwap", [high, low, close, volume], timeperiod=2)[0], window, 1e-15)
    agree(stream(internals, "roc", [close], timeperiod=3)[0], np.array([math.nan] * 3 + [100 * (14 / 9 - 1)]), 1e-15)
    agree(stream(internals, "roc", [np.array([0.0, 5])], timeperiod=1)[0], np.array([math.nan, 0.0]), 0.0)


def test_flat_price_leaves_averages_where_they_are(internals: Internals) -> None:
    for period in (2, 7, 12, 26, 200):
        got = stream(internals, "ema", [np.full(500, 0.1)], timeperiod=period)[0]
        assert len(set(got[period - 1 :])) == 1


def test_parameters_are_checked(internals: Internals) -> None:
    ffi, lib = internals
    row = lib.b3_indicator_find(b"macd")
    for index, value in ((0, 1.0), (1, 100001.0), (2, 2.5), (3, 2.0), (2, math.nan)):
        values = [12.0, 26.0, 9.0, 0.0]
        values[index] = value
        error = ffi.new("b3_error *")
        assert lib.b3_indicator_check(row, values, error) == lib.B3_ERR_ARGUMENT
        assert error.position == index
        assert ffi.string(error.what)
    assert lib.b3_indicator_find(b"no such thing") == ffi.NULL


@pytest.fixture(scope="module")
def bars(shared_data: Path) -> list[Array]:
    """Daily high, low, close, volume of the S&P 500."""
    with gzip.open(shared_data / "bars" / "arch_sp500_daily.csv.gz", "rt") as file:
        rows = list(csv.DictReader(file))
    return [np.array([float(r[c]) for r in rows]) for c in ("High", "Low", "Close", "Volume")]


@pytest.mark.parametrize("period", [2, 5, 14, 30, 200])
def test_real_bars_as_ta_lib(internals: Internals, bars: list[Array], period: int) -> None:
    talib = pytest.importorskip("talib", reason="the independent oracle, TA-Lib from PyPI, is not installed")
    high, low, close, _ = bars
    for name in ("sma", "ema", "wma", "rsi", "roc", "min", "max"):
        agree(
            stream(internals, name, [close], timeperiod=period)[0], getattr(talib, name.upper())(close, period), 1e-10
        )
    agree(
        stream(internals, "atr", [high, low, close], timeperiod=period)[0], talib.ATR(high, low, close, period), 1e-10
    )
    if period >= 5:  # TA-Lib's own error at period 2 is 5e-10, see the exact test above
        agree(stream(internals, "stddev", [close], timeperiod=period)[0], talib.STDDEV(close, period, 1.0), 1e-9)
    ours = stream(internals, "bbands", [close], timeperiod=period)
    for got, want in zip(ours, talib.BBANDS(close, period, 2.0, 2.0), strict=True):
        agree(got, want, 1e-10)
    for got, want in zip(stream(internals, "macd", [close]), talib.MACD(close), strict=True):
        np.testing.assert_allclose(got, want, rtol=1e-9, atol=1e-9, equal_nan=True)
