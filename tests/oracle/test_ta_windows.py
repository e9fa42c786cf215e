"""Windows of bot3.ta in batches: every window against exact arithmetic or a slow definition, whatever lies around it.

All series are made by us. They run in the widest vectors of the machine (BOT3_ISA lowers it); narrower ones are
compared below.
"""

import math
import os
import pickle
import subprocess
import sys
import warnings
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from ta_kit import BOUND, WINDOWED, Array, arguments, close_to, columns, exact_slope, exact_var, outputs, stepwise

from bot3 import ta

WITH_PERIOD = [name for name in WINDOWED if any(p.name == "timeperiod" for p in ta.KERNELS[name].params)]
# Around registers of 4 and 8, levels of 8, 32, 64, 256 and 512, longer chunks, and the longest window of vectors.
PERIODS = [2, 3, 4, 5, 7, 8, 9, 14, 15, 16, 17, 20, 23, 24, 31, 32, 33, 63, 64, 65, 100, 127, 128, 129]
LONG = [200, 256, 257, 511, 513, 1000, 1023, 1024, 1025, 1026, 3000]


def windows(x: Array, period: int) -> npt.NDArray[np.float64]:
    return np.lib.stride_tricks.sliding_window_view(x, period)


@pytest.mark.parametrize("name", WITH_PERIOD)
def test_every_rest_and_level_as_single_updates(name: str) -> None:
    data = columns(1400)
    for period in PERIODS:
        series = arguments(name, data)
        close_to(outputs(getattr(ta, name)(*series, period)), stepwise(name, series, {"timeperiod": period}), period)


@pytest.mark.parametrize("name", sorted(set(WITH_PERIOD) - {"cci", "stoch"}))
def test_long_windows_as_single_updates(name: str) -> None:
    data = columns(6000)
    for period in LONG:
        series = arguments(name, data)
        close_to(outputs(getattr(ta, name)(*series, period)), stepwise(name, series, {"timeperiod": period}), period)


@pytest.mark.parametrize("name", ["sum", "sma", "max", "min"])
@pytest.mark.parametrize("period", [1026, 1029, 2000, 3333])
def test_longest_windows(name: str, period: int) -> None:
    """Blocks of the period, whole and not, with holes, few different values, and single ones of 1e15."""
    x = rough(4 * period + 77, 11)
    x[[period // 2, 3 * period]] = math.nan
    have, want = getattr(ta, name)(x, period), stepwise(name, [x], {"timeperiod": period})[0]
    np.testing.assert_allclose(have, want, rtol=1e-13, atol=0, equal_nan=True)
    stream = getattr(ta.stream, name.upper())(period).seed(x)
    other = getattr(ta.stream, name.upper())(period)
    other.update_many(x[:100])
    other.update_many(x[100:])
    for value in (1.0, 2.0, -1.0):
        np.testing.assert_allclose(stream.update(value), other.update(value), rtol=1e-13)


@pytest.mark.parametrize("name", WINDOWED)
def test_every_length_around_the_chunks(name: str) -> None:
    """A chunk is 256, 512 or 2,048 windows; a register 4 or 8."""
    lookback = ta.KERNELS[name].lookback()
    whole = arguments(name, columns(2600))
    want = stepwise(name, whole, {})
    ends = [*range(60, 80), *(c + e for c in (256, 512, 768, 1024, 2048) for e in (-1, 0, 1, 7, 8, 9))]
    for end in ends:
        n = lookback + end
        close_to(outputs(getattr(ta, name)(*(a[:n] for a in whole))), [a[:n] for a in want], n)


@pytest.mark.parametrize("name", WINDOWED)
def test_alignment_does_not_matter(name: str) -> None:
    series = arguments(name, columns(1100))
    want = outputs(getattr(ta, name)(*series))
    for shift in range(1, 8):
        moved = [np.concatenate([np.zeros(shift), a])[shift:] for a in series]
        outs = [np.zeros(1100 + shift)[shift:] for _ in want]
        getattr(ta, name)(*moved, out=outs if len(outs) > 1 else outs[0])
        for have, model in zip(outs, want, strict=True):
            np.testing.assert_array_equal(have, model)


@pytest.mark.parametrize("name", WINDOWED)
def test_a_hole_is_in_its_windows_and_no_other(name: str) -> None:
    """NaNs alone and in runs, at borders of registers and chunks: as in single updates, and gone one lookback later."""
    lookback = ta.KERNELS[name].lookback()
    clean = arguments(name, columns(1700))
    holes = [300, 511, 512, 513, *range(1000, 1040), 1023 + lookback]
    for column in range(len(clean)):
        series = [a.copy() for a in clean]
        series[column][holes] = math.nan
        got = outputs(getattr(ta, name)(*series))
        close_to(got, stepwise(name, series, {}), column)
        far = np.ones(1700, dtype=bool)
        for hole in holes:
            far[hole : hole + lookback + 1] = False
        for array in got:
            assert not np.isnan(array[far][lookback:]).any()


@pytest.mark.parametrize("period", [1, 2, 7, 20, 130])
def test_extremes_and_their_ages_are_exact(period: int) -> None:
    """Few different values: of equal ones the newest counts."""
    rng = np.random.default_rng(8)
    x = rng.integers(-3, 4, 3000).astype(float)
    view = windows(x, period)
    for have, want in ((ta.max(x, period), view.max(axis=1)), (ta.min(x, period), view.min(axis=1))):
        np.testing.assert_array_equal(have[period - 1 :], want)
    low, high = ta.minmax(x, period)
    np.testing.assert_array_equal(low, ta.min(x, period))
    np.testing.assert_array_equal(high, ta.max(x, period))
    np.testing.assert_array_equal(ta.midpoint(x, period), (low + high) / 2)
    ages = windows(x, period + 1)[:, ::-1]
    down, up = ta.aroon(x, x, period)
    np.testing.assert_allclose(up[period:], 100 - 100 / period * ages.argmax(axis=1), rtol=1e-14)
    np.testing.assert_allclose(down[period:], 100 - 100 / period * ages.argmin(axis=1), rtol=1e-14)


def test_an_age_is_nan_where_the_window_holds_a_nan() -> None:
    x = np.arange(100.0)
    x[50] = math.nan
    for got in (*ta.aroon(x, x, 5), ta.aroonosc(x, x, 5), np.array(stepwise("aroonosc", [x, x], {"timeperiod": 5})[0])):
        assert np.flatnonzero(np.isnan(got[5:])).tolist() == list(range(45, 51))


# ---------------------------------------------------------------- exact arithmetic


def rough(n: int, seed: int) -> Array:
    """Levels from 1e-7 to 1e9 that move little or not at all, with single values of 1e15 among them."""
    rng = np.random.default_rng(seed)
    parts: list[Array] = []
    while sum(map(len, parts)) < n:
        level = float(rng.choice([1e-7, 1.0, 60000.0, 1e9]))
        move = level * float(rng.choice([0.0, 2e-7, 1e-3]))
        parts.append(level + move * rng.integers(-3, 4, int(rng.integers(20, 200))))
    x = np.concatenate(parts)[:n]
    x[rng.integers(0, n, n // 200)] = 1e15
    return x


def fractions(x: Array, period: int) -> list[list[Fraction]]:
    exact = [Fraction(v) for v in x.tolist()]
    return [exact[i - period + 1 : i + 1] for i in range(period - 1, len(exact))]


def off(got: float, want: Fraction) -> Fraction:
    """Relative error."""
    return abs(Fraction(got) / want - 1) if want else Fraction(int(got != 0.0))


@pytest.mark.parametrize("period", [3, 14, 33, 150])
def test_sums_are_of_their_own_window(period: int) -> None:
    """Within period / 2 units in the last place of the window's own sum of |x|: a 1e15 before it leaves nothing."""
    x = rough(2600, 1) * np.random.default_rng(2).choice([-1.0, 1.0], 2600)
    got, mean = ta.sum(x, period)[period - 1 :], ta.sma(x, period)[period - 1 :]
    for have, average, window in list(zip(got, mean, fractions(x, period), strict=True))[:: period // 2 + 1]:
        bound = Fraction(period, 2) * Fraction(2) ** -52 * sum(map(abs, window), Fraction())
        assert abs(Fraction(have) - sum(window, Fraction())) <= bound
        assert abs(Fraction(average) * period - sum(window, Fraction())) <= 2 * bound


@pytest.mark.parametrize("period", [5, 20, 130])
@pytest.mark.parametrize("seed", [3, 4])
def test_deviations_and_lines_among_outliers_and_standstills(period: int, seed: int) -> None:
    """1e-9 of the result against exact arithmetic on the same doubles, in every window."""
    x = rough(1500, seed)
    var, deviation = ta.var(x, period)[period - 1 :], ta.stddev(x, period)[period - 1 :]
    line, bands, mean = ta.linearreg(x, period), ta.bbands(x, period, 2.0, 2.0), ta.wma(x, period)
    weights = Fraction(period * (period + 1), 2)
    for i, window in list(enumerate(fractions(x, period)))[:: period // 5]:
        exact = exact_var(window)
        assert off(var[i], exact) < Fraction(1, 10**9), i
        assert abs(deviation[i] - math.sqrt(exact)) <= 1e-9 * math.sqrt(exact), i
        middle = sum(window, Fraction()) / period
        ahead = middle + exact_slope(window) * Fraction(period - 1, 2)
        scale = max(map(abs, window))
        assert abs(Fraction(line[i + period - 1]) - ahead) <= scale / 10**12, i
        assert off(bands.middleband[i + period - 1], middle) < Fraction(1, 10**14)
        weighted = sum(((k + 1) * v for k, v in enumerate(window)), Fraction()) / weights
        assert off(mean[i + period - 1], weighted) < Fraction(1, 10**13)


def exact_correlation(a: list[Fraction], b: list[Fraction]) -> float:
    n = len(a)
    mean_a, mean_b = sum(a, Fraction()) / n, sum(b, Fraction()) / n
    both = sum(((u - mean_a) * (v - mean_b) for u, v in zip(a, b, strict=True)), Fraction()) / n
    var_a, var_b = exact_var(a), exact_var(b)
    return math.sqrt(both**2 / var_a / var_b) * (1 if both > 0 else -1) if var_a and var_b else 0.0


@pytest.mark.parametrize("period", [5, 30, 140])
def test_correlations_among_outliers_and_standstills(period: int) -> None:
    x, y = rough(1500, 5), rough(1500, 6)
    got = ta.correl(x, y, period)[period - 1 :]
    pairs = zip(got, fractions(x, period), fractions(y, period), strict=True)
    for have, a, b in list(pairs)[:: period // 4]:
        assert abs(have - exact_correlation(a, b)) < 1e-9


@pytest.mark.parametrize(("price", "move"), [(60000.0, 0.01), (1e-7, 1e-14)])
def test_a_walk_far_from_where_it_began(price: float, move: float) -> None:
    """Inside a chunk a walk leaves its anchor by many times what a short window moves."""
    rng = np.random.default_rng(7)
    x = price + move * rng.integers(-3, 4, 4000).cumsum()
    y = price + move * rng.integers(-3, 4, 4000).cumsum()
    for period in (5, 20):
        var, correl = ta.var(x, period)[period - 1 :], ta.correl(x, y, period)[period - 1 :]
        for i, (a, b) in list(enumerate(zip(fractions(x, period), fractions(y, period), strict=True)))[::7]:
            assert off(var[i], exact_var(a)) < Fraction(1, 10**9)
            assert abs(correl[i] - exact_correlation(a, b)) < 1e-9


def test_standstill_is_exactly_nothing() -> None:
    x = np.full(1300, 0.1)
    walk = np.random.default_rng(1).normal(size=1300).cumsum()
    x[:400] = walk[:400]
    for period in (2, 14, 30, 129):
        still = slice(400 + period, None)
        for name in ("var", "stddev", "linearreg_slope", "covariance"):
            other = [walk] if name == "covariance" else []
            assert (getattr(ta, name)(x, *other, period)[still] == 0.0).all(), name
        assert (ta.correl(x, walk, period)[still] == 0.0).all()
        assert (ta.beta(x, walk, period)[still] == 0.0).all()
        assert np.isnan(ta.zscore(x, period)[still]).all()
        assert (ta.cci(x, x, x, period)[still] == 0.0).all()
        assert (ta.willr(x, x, x, period)[still] == 0.0).all()


def test_stochrsi_of_a_standstill_is_not_noise() -> None:
    """The index of a price that stands still moves by rounding alone: that is no range."""
    x = np.random.default_rng(1).normal(size=2000).cumsum() + 100.0
    x[300:900] = x[299]
    have, want = outputs(ta.stochrsi(x)), stepwise("stochrsi", [x], {})
    close_to(have, want, "stochrsi")
    for array in (*have, *want):
        assert (array[320:900] == 0.0).all()


@pytest.mark.parametrize("scale", [5e-324, 1e-310, 1e-300, 1e-150, 1e150, 1e300])
def test_tiny_and_huge_values(scale: float) -> None:
    """Denormals and values near the largest: as in single updates, in what does not square them."""
    data = {k: v * scale for k, v in columns(1200).items()}
    for name in ("sma", "sum", "wma", "max", "min", "midpoint", "donchian", "willr", "aroon", "linearreg", "trima"):
        series = arguments(name, data)
        for have, want in zip(outputs(getattr(ta, name)(*series)), stepwise(name, series, {}), strict=True):
            atol = max(BOUND * np.nanmax(np.abs(want)), 64 * 5e-324)
            np.testing.assert_allclose(have, want, rtol=0, atol=atol, err_msg=name)


def test_negative_zero_and_infinities() -> None:
    rng = np.random.default_rng(3)
    x = rng.choice([0.0, -0.0], 700)
    for name in ("max", "min", "sum", "sma"):
        have, want = getattr(ta, name)(x, 9), stepwise(name, [x], {"timeperiod": 9})[0]
        np.testing.assert_array_equal(have, want)
        if name in ("max", "min"):
            np.testing.assert_array_equal(np.signbit(have[8:]), np.signbit(want[8:]), name)
    y = rng.normal(size=700)
    y[[100, 350, 351, 600]] = [math.inf, -math.inf, math.inf, math.nan]
    for name in ("max", "min", "sum", "sma", "wma", "stddev", "linearreg", "midpoint", "zscore"):
        have, want = getattr(ta, name)(y, 20), stepwise(name, [y], {"timeperiod": 20})[0]
        np.testing.assert_array_equal(np.isfinite(have), np.isfinite(want), name)
        close_to([np.where(np.isfinite(have), have, np.nan)], [np.where(np.isfinite(want), want, np.nan)], name)


def test_ultosc_by_definition_for_any_periods() -> None:
    d = columns(900)
    high, low, close = d["high"], d["low"], d["close"]
    before = np.concatenate([[np.nan], close[:-1]])
    range_ = np.fmax(high, before) - np.fmin(low, before)
    bought = close - np.fmin(low, before)
    for periods in ((7, 14, 28), (1, 2, 4), (28, 7, 14), (3, 10, 33), (5, 5, 5), (200, 50, 100)):
        lookback = max(periods)
        want = np.zeros(900 - lookback)
        for weight, period in zip((4, 2, 1), sorted(periods), strict=True):
            sums: list[Array] = [windows(a[lookback - period + 1 :], period).sum(axis=1) for a in (bought, range_)]
            want += weight * sums[0] / sums[1]
        np.testing.assert_allclose(ta.ultosc(high, low, close, *periods)[lookback:], want * 100 / 7, rtol=1e-12)
    flat = np.full(300, 7.0)
    assert (ta.ultosc(flat, flat, flat)[28:] == 0.0).all()


# ---------------------------------------------------------------- instruction sets

_DIGEST = """
import sys, pickle, numpy as np
sys.path.insert(0, sys.argv[1])
from ta_kit import arguments, columns, outputs
from test_ta_windows import PERIODS, WITH_PERIOD, rough
from bot3 import ta
data = {k: v if k == "volume" else rough(1300, i) for i, (k, v) in enumerate(columns(1300).items())}
data["close"][700] = np.nan
out = {(n, p): outputs(getattr(ta, n)(*arguments(n, data), p)) for n in WITH_PERIOD for p in (*PERIODS, 400)}
sys.stdout.buffer.write(pickle.dumps((ta.isa(), out)))
"""


def results(isa: str) -> tuple[str, dict[Any, list[Array]]]:
    command = [sys.executable, "-c", _DIGEST, str(Path(__file__).parent)]
    done = subprocess.run(command, env={**os.environ, "BOT3_ISA": isa}, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    loaded: tuple[str, dict[Any, list[Array]]] = pickle.loads(done.stdout)
    return loaded


def test_instruction_sets_agree_on_rough_data() -> None:
    _, reference = results("scalar")
    for isa in ("avx2", "avx512"):
        found, vectors = results(isa)
        if found != isa:
            warnings.warn(f"{isa} is not checked: this machine has {found}", stacklevel=1)
            continue
        for key, want in reference.items():
            close_to(vectors[key], want, (isa, *key))
