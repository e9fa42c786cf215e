"""bot3.ta: every indicator against TA-Lib on real bars, vectors against single updates, digits against fractions."""

import csv
import gzip
import importlib
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
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ta_kit import (
    TALIB_NAMES,
    WINDOWED,
    Array,
    arguments,
    close_to,
    columns,
    exact_slope,
    exact_var,
    flat_index,
    forms_agree,
    named,
    outputs,
    stepwise,
)

from bot3 import ta


@pytest.fixture(scope="module")
def bars(shared_data: Path) -> dict[str, Array]:
    """Daily bars of the S&P 500, 1999 to 2018."""
    with gzip.open(shared_data / "bars" / "arch_sp500_daily.csv.gz", "rt") as file:
        rows = list(csv.DictReader(file))
    return named(*(np.array([float(r[c]) for r in rows]) for c in ("Open", "High", "Low", "Close", "Volume")))


# Differences of averages: where they all but cancel, the averages' last digits remain. In units of the output, at
# prices up to 1e6.
DIFFERENCES = {"macd": 1e-8, "ppo": 1e-12, "trix": 1e-12}


# ---------------------------------------------------------------- TA-Lib

# Not in TA-Lib; tests by hand or in exact arithmetic are below.
OURS = {"hma", "vwma", "vwap", "ewma", "donchian", "keltner", "cmf", "zscore", "covariance", "ewma_covariance"}
# TA-Lib's own rounding is worse than 1e-9 there: shown against exact arithmetic in test_slope_and_beta_are_exact.
COARSE = {"linearreg_slope": 1e-6, "beta": 1e-6, "correl": 1e-8, "var": 1e-8, "stddev": 1e-8}


def test_names_and_defaults_of_parameters_are_ta_libs() -> None:
    talib = pytest.importorskip("talib", reason="the independent oracle, TA-Lib from PyPI, is not installed")
    if int(talib.__ta_version__.split(b".")[1]) < 8:
        pytest.skip("before 0.8 TA-Lib had no hma, and other defaults of bbands and ppo")
    abstract = importlib.import_module("talib.abstract")
    compared = set()
    for name, kernel in ta.KERNELS.items():
        theirs = TALIB_NAMES.get(name, name.upper())
        if not hasattr(talib, theirs):  # newer ones have some of OURS
            continue
        defaults = abstract.Function(theirs).parameters
        for param in kernel.params:
            if param.name in defaults and not param.choices:
                assert param.default == defaults[param.name], (name, param.name)
                compared.add(name)
    assert compared > {"rsi", "macd", "bbands", "stoch", "sar", "ultosc", "adosc"}


@pytest.mark.parametrize("name", sorted(set(ta.KERNELS) - OURS))
def test_real_bars_as_ta_lib(bars: dict[str, Array], name: str) -> None:
    talib = pytest.importorskip("talib", reason="the independent oracle, TA-Lib from PyPI, is not installed")
    kernel, oracle = ta.KERNELS[name], getattr(talib, TALIB_NAMES.get(name, name.upper()))
    periods: list[dict[str, Any]] = [{}]
    if any(p.name == "timeperiod" for p in kernel.params):
        periods = [{"timeperiod": p} for p in (2, 3, 5, 14, 16, 31, 100)]
    series = arguments(name, bars)
    for params in periods:
        got, want = outputs(getattr(ta, name)(*series, **params)), outputs(oracle(*series, **params))
        for have, model in zip(got, want, strict=True):
            assert np.array_equal(np.isnan(have), np.isnan(model)), params
            scale = np.nanmax(np.abs(model), initial=0.0)
            rtol = COARSE.get(name, 1e-9)
            np.testing.assert_allclose(have, model, rtol=rtol, atol=rtol * scale * 1e-3, err_msg=str(params))


@pytest.mark.parametrize("name", sorted(set(ta.KERNELS) - OURS))
def test_defaults_are_ta_libs(name: str) -> None:
    abstract = pytest.importorskip("talib.abstract", reason="TA-Lib from PyPI is not installed")
    theirs = dict(abstract.Function(TALIB_NAMES.get(name, name.upper())).parameters)
    ours = {p.name: p.default for p in ta.KERNELS[name].params}
    for param, value in theirs.items():
        if param in ours:
            assert ours[param] == value, param
        else:
            assert param.endswith("matype") and value == 0, param  # the plain average is all we have there


# ---------------------------------------------------------------- forms agree


@pytest.mark.parametrize("name", sorted(ta.KERNELS))
def test_batch_stream_and_pieces_agree(name: str) -> None:
    data = columns(1700)
    for period in (2, 3, 7, 16, 33, 250):
        params = {"timeperiod": period} if any(p.name == "timeperiod" for p in ta.KERNELS[name].params) else {}
        series = arguments(name, data)
        whole = outputs(getattr(ta, name)(*series, **params))
        close_to(whole, stepwise(name, series, params), (name, params))
        stream = getattr(ta.stream, name.upper())(**params)
        pieces = [outputs(stream.update_many(*(a[i:j] for a in series))) for i, j in ((0, 5), (5, 900), (900, 1700))]
        close_to([np.concatenate(p) for p in zip(*pieces, strict=True)], whole, (name, params))
        lookback = ta.KERNELS[name].lookback(**params)
        for array in whole:
            assert np.isnan(array[:lookback]).all() and not math.isnan(array[lookback])
        if not params:
            break


@pytest.mark.parametrize("name", sorted(ta.KERNELS))
def test_holes_are_local(name: str) -> None:
    """A NaN: the same in a batch as in single updates, and far behind it nothing is left of it."""
    data = columns(1700)
    clean = arguments(name, data)
    for column in range(len(clean)):
        series = [a.copy() for a in clean]
        series[column][[600, 601, 1100]] = math.nan
        got = outputs(getattr(ta, name)(*series))
        close_to(got, stepwise(name, series, {}), (name, column))
        lookback = ta.KERNELS[name].lookback()
        for array in got:
            assert not np.isnan(array[1101 + lookback :]).any(), (name, column)
            assert not np.isnan(array[lookback:600]).any(), (name, column)


@pytest.mark.parametrize("name", sorted(ta.KERNELS))
def test_short_and_odd_input(name: str) -> None:
    kernel = ta.KERNELS[name]
    data = columns(kernel.lookback() + 2)
    function = getattr(ta, name)
    for n in (0, 1, 2, kernel.lookback()):
        short = outputs(function(*(a[:n] for a in arguments(name, data))))
        assert all(len(a) == n and np.isnan(a[: kernel.lookback()]).all() for a in short)
    data = columns(300)
    want = outputs(function(*arguments(name, data)))
    wide = [np.repeat(a, 2)[::2] for a in arguments(name, data)]  # strided
    shifted = [np.concatenate([[0.0], a])[1:] for a in arguments(name, data)]  # 8 bytes off any vector's alignment
    panel = [np.stack([a, a + 1.0, a]) for a in arguments(name, data)]
    for other in (wide, shifted):
        for have, model in zip(outputs(function(*other)), want, strict=True):
            assert np.array_equal(have, model, equal_nan=True)
    for have, model in zip(outputs(function(*panel)), want, strict=True):
        assert np.array_equal(have[0], model, equal_nan=True) and np.array_equal(have[2], model, equal_nan=True)
    poison = [np.full(300, 7.0) for _ in kernel.outputs]
    function(*arguments(name, data), out=poison if len(poison) > 1 else poison[0])
    for have, model in zip(poison, want, strict=True):
        assert np.array_equal(have, model, equal_nan=True)


# Kernels without rounding, or with the same in every form: equal to the last bit.
EXACT = {"sar", "max", "min", "minmax", "mom", "roc", "tr", "bop", "avgprice", "medprice", "typprice", "wclprice"}


@pytest.mark.parametrize("name", sorted(ta.KERNELS))
def test_panels_agree_with_their_rows(name: str) -> None:
    """Eight rows go at once: rows that hold what is not finite, that are flat, and the last few go alone."""
    rows, lookback = 21, ta.KERNELS[name].lookback()
    data = [columns(1100, seed) for seed in range(rows)]
    for length in (max(lookback, 1), lookback + 1, lookback + 8, lookback + 9, lookback + 10, 64, 71, 1100):
        panel = [np.stack([arguments(name, d)[j][:length] for d in data]) for j in range(len(ta.KERNELS[name].inputs))]
        panel[0][3, length // 2 :] = math.nan
        panel[-1][4, length - 1] = math.inf
        panel[0][9, 0] = math.nan
        for array in panel:
            array[12] = 50.0
        wide = [np.repeat(a, 2, axis=1)[:, ::2] for a in panel]  # not contiguous
        got, other = outputs(getattr(ta, name)(*panel)), outputs(getattr(ta, name)(*wide))
        for row in range(rows):
            want = outputs(getattr(ta, name)(*(a[row] for a in panel)))
            close_to([a[row] for a in got], want, (name, length, row), DIFFERENCES.get(name, 0.0))
            for have, again, model in zip(got, other, want, strict=True):
                assert np.array_equal(have[row], again[row], equal_nan=True)
                assert name not in EXACT or np.array_equal(have[row], model, equal_nan=True), (length, row)


@pytest.mark.parametrize("name", sorted(ta.KERNELS))
def test_pieces_of_any_size_are_one_batch(name: str) -> None:
    data = columns(9000)
    data["volume"][5000] = math.nan
    series = arguments(name, data)
    whole = outputs(getattr(ta, name)(*series))
    rng = np.random.default_rng(5)
    for sizes in ((1, 7, 8, 9, 15, 16, 17, 1023, 1024, 1025), (4096, 511, 512, 513), (8191, 3)):
        stream, pieces, at = getattr(ta.stream, name.upper())(), [], 0
        while at < 9000:
            size = int(rng.choice(sizes))
            pieces.append(outputs(stream.update_many(*(a[at : at + size] for a in series))))
            at += size
        close_to([np.concatenate(p) for p in zip(*pieces, strict=True)], whole, (name, sizes))


@pytest.mark.parametrize(
    "shape",
    [
        pytest.param(lambda i: 100.0 + 0.01 * i, id="rises without end"),
        pytest.param(lambda i: 1e6 - i, id="falls without end"),
        pytest.param(lambda i: 100.0 + i % 2, id="to and fro"),
        pytest.param(lambda i: np.where(i < 15000, 1e9, 1.0) + np.sin(i), id="a fall from 1e9 to 1"),
        pytest.param(lambda i: 100.0 + np.where(i % 5000 < 2500, 0.0, np.sin(i * i)), id="flat half of the time"),
        pytest.param(lambda i: np.full(len(i), 7.0), id="flat"),
    ],
)
def test_long_series_of_odd_shapes(shape: Any) -> None:
    """Where segments that start in the middle cannot know how the series began, or can only just."""
    close = shape(np.arange(30000.0))
    data = named(close, close + 0.5, close - 0.5, close, np.full(30000, 3.0))
    for name in sorted(set(ta.KERNELS) - set(WINDOWED)):
        series = arguments(name, data)
        stream = getattr(ta.stream, name.upper())()
        pieces = [outputs(stream.update_many(*(a[i : i + 7] for a in series))) for i in range(0, 30000, 7)]
        want = [np.concatenate(p) for p in zip(*pieces, strict=True)]
        got = outputs(getattr(ta, name)(*series))
        told = ~flat_index(close, {}) if name == "stochrsi" else np.ones(30000, bool)
        forms_agree(name, series, [a[told] for a in got], [a[told] for a in want], shape)
        assert name not in EXACT or np.array_equal(got[0], want[0], equal_nan=True)


@pytest.mark.parametrize("name", sorted(ta.KERNELS))
def test_saved_and_copied_streams_go_on(name: str) -> None:
    data = columns(400)
    series = arguments(name, data)
    kind = getattr(ta.stream, name.upper())
    stream = kind().seed(*(a[:200] for a in series))
    whole = outputs(getattr(ta, name)(*series))
    saved, copied = pickle.loads(pickle.dumps(stream)), stream.copy()
    rows = []
    for i in range(200, 230):
        values = [a[i] for a in series]
        peeked = stream.peek(*values)
        got = stream.update(*values)
        np.testing.assert_array_equal(peeked, got)
        np.testing.assert_array_equal(saved.update(*values), got)
        np.testing.assert_array_equal(copied.update(*values), got)
        assert stream.ready == (not np.isnan(np.atleast_1d(got)).any())
        rows.append(np.atleast_1d(got))
    close_to(list(np.array(rows).T), [a[200:230] for a in whole], name)


def test_graph_is_its_streams() -> None:
    data = columns(500)
    graph = ta.Graph("open", "high", "low", "close", "volume")
    for name, kernel in ta.KERNELS.items():
        graph.add(name, name, *({"real": "close", "real0": "high", "real1": "low"}.get(i, i) for i in kernel.inputs))
    graph.add("smooth", "ema", "macd.macdsignal", timeperiod=3)
    many = graph.update_many(*(data[c][:400] for c in graph.inputs))
    for name in ta.KERNELS:
        parts = [v for k, v in many.items() if k == name or k.startswith(name + ".")]
        close_to(parts, stepwise(name, [a[:400] for a in arguments(name, data)], {}), name)
    rows = [graph.update(*(data[c][i] for c in graph.inputs)) for i in range(400, 500)]
    close_to([np.array([r["rsi"] for r in rows])], [stepwise("rsi", [data["close"]], {})[0][400:]], "rsi")
    smooth = ta.ema(ta.macd(data["close"]).macdsignal, 3)
    close_to([np.array([r["smooth"] for r in rows])], [smooth[400:]], "smooth")


# ---------------------------------------------------------------- instruction sets

_DIGEST = """
import sys, pickle, numpy as np
sys.path.insert(0, sys.argv[1])
from ta_kit import arguments, outputs
from test_ta import long_columns
from bot3 import ta
data = long_columns()
out = {n: outputs(getattr(ta, n)(*arguments(n, data))) for n in ta.KERNELS}
sys.stdout.buffer.write(pickle.dumps((ta.isa(), out)))
"""


def long_columns() -> dict[str, Array]:
    """Long enough for every way to run a kernel; with a hole, an infinity, a flat part and a jump."""
    data = columns(70000)
    for column in ("open", "high", "low", "close"):
        data[column][20000:24000] = 1000.0  # in place: the aliases see it
        data[column][50000:] += 1e6
    data["close"][1500] = np.nan
    data["high"][60000] = np.inf
    return data


def results(isa: str) -> tuple[str, dict[str, list[Array]]]:
    command = [sys.executable, "-c", _DIGEST, str(Path(__file__).parent)]
    done = subprocess.run(command, env={**os.environ, "BOT3_ISA": isa}, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    loaded: tuple[str, dict[str, list[Array]]] = pickle.loads(done.stdout)
    return loaded


def test_instruction_sets_agree() -> None:
    scalar, reference = results("scalar")
    assert scalar == "scalar"
    for name, got in reference.items():  # without vectors a batch is nothing but single updates
        series = [a[:3000] for a in arguments(name, long_columns())]
        for have, want in zip(got, stepwise(name, series, {}), strict=True):
            assert np.array_equal(have[:3000], want, equal_nan=True), name
    for isa in ("avx2", "avx512"):
        found, vectors = results(isa)
        if found != isa:
            warnings.warn(f"{isa} is not checked: this machine has {found}", stacklevel=1)
            continue
        for name in ta.KERNELS:
            # While nothing moves, and after a jump, rsi stays where it is but for rounding: its place in its own range
            # is anything.
            moving = [slice(0, 20000), slice(24100, 50000), slice(50500, None)]
            parts = moving if name == "stochrsi" else [slice(None)]
            for part in parts:
                close_to([a[part] for a in vectors[name]], [a[part] for a in reference[name]], (isa, name))


# ---------------------------------------------------------------- accuracy


@pytest.mark.parametrize(("price", "move"), [(60000.0, 0.01), (1e-7, 1e-14)])
@pytest.mark.parametrize("period", [5, 20, 100])
def test_digits_at_large_and_small_prices(price: float, move: float, period: int) -> None:
    rng = np.random.default_rng(9)
    x = price + move * rng.integers(-3, 4, 3000)
    y = price + move * rng.integers(-3, 4, 3000)
    var, slope, line = ta.var(x, period), ta.linearreg_slope(x, period), ta.linearreg(x, period)
    correl, bands = ta.correl(x, y, period), ta.bbands(x, period, 2.0, 2.0)
    for i in range(period + 500, 3000, 171):
        window = [Fraction(v) for v in x[i - period + 1 : i + 1].tolist()]
        other = [Fraction(v) for v in y[i - period + 1 : i + 1].tolist()]
        exact = exact_var(window)
        assert abs(Fraction(var[i]) / exact - 1) < 1e-12
        mean = sum(window, Fraction()) / period
        assert abs(bands.upperband[i] - float(mean) - 2 * math.sqrt(exact)) <= 2 * math.ulp(price)
        rise = exact_slope(window)
        assert abs(Fraction(slope[i]) - rise) < Fraction(move) / 10**12
        assert abs(Fraction(line[i]) / (mean + rise * Fraction(period - 1, 2)) - 1) < 1e-15
        mean_y = sum(other, Fraction()) / period
        both = sum(((a - mean) * (b - mean_y) for a, b in zip(window, other, strict=True)), Fraction()) / period
        assert abs(correl[i] - float(both / exact) * math.sqrt(exact / exact_var(other))) < 1e-12


def test_ten_million_values_do_not_drift() -> None:
    rng = np.random.default_rng(2)
    x = 60000.0 + 0.01 * rng.integers(-3, 4, 10_000_000).cumsum()
    for name in ("sma", "stddev", "ema", "rsi", "wma"):
        tail = getattr(ta, name)(x, 14)[-1]
        assert tail == pytest.approx(getattr(ta, name)(x[-5000:], 14)[-1], rel=1e-10)


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.one_of(st.floats(width=64), st.sampled_from([0.0, -0.0, 5e-324, 1e308, math.nan])), max_size=80),
    st.integers(2, 9),
)
def test_any_doubles_at_all(values: list[float], period: int) -> None:
    """No crash, the right length, and batch as single updates, whatever the input."""
    series = np.array(values * 3)
    with np.errstate(all="ignore"):
        for name in ("sma", "max", "min", "sum", "midpoint", "mom"):
            got = getattr(ta, name)(series, period)
            want = stepwise(name, [series], {"timeperiod": period})[0]
            assert len(got) == len(series)
            scale = np.abs(series[np.isfinite(series)]).max(initial=0.0)
            if scale < 1e300:
                np.testing.assert_allclose(got, want, rtol=1e-12, atol=1e-13 * scale, equal_nan=True, err_msg=name)
        for name in ("stddev", "ema", "rsi", "wma", "linearreg", "bbands", "macd", "kama", "trix", "cmo", "dema"):
            result = getattr(ta, name)(series) if name == "macd" else getattr(ta, name)(series, period)
            assert all(len(a) == len(series) for a in outputs(result))


@settings(max_examples=25, deadline=None)
@given(st.lists(st.floats(1.0, 1e4), min_size=60, max_size=200), st.sampled_from([2.0, 0.5, 1024.0]))
def test_scaling_by_a_power_of_two_scales_the_result(values: list[float], factor: float) -> None:
    x = np.array(values)
    for name in ("sma", "wma", "stddev", "bbands", "linearreg", "ema", "kama", "hma", "max", "mom"):
        for have, model in zip(outputs(getattr(ta, name)(x * factor)), outputs(getattr(ta, name)(x)), strict=True):
            np.testing.assert_array_equal(have, model * factor, err_msg=name)
    for name in ("rsi", "cmo", "roc", "ppo", "stochrsi", "zscore"):
        for have, model in zip(outputs(getattr(ta, name)(x * factor)), outputs(getattr(ta, name)(x)), strict=True):
            np.testing.assert_array_equal(have, model, err_msg=name)


# ---------------------------------------------------------------- those that TA-Lib has not


def test_ours_by_definition() -> None:
    d = columns(400, seed=4)
    x, high, low, close, volume = d["real"], d["high"], d["low"], d["close"], d["volume"]
    n = 20

    def rolling(a: Array, of: Any) -> Array:
        return np.array([math.nan] * (n - 1) + [of(a[i - n + 1 : i + 1]) for i in range(n - 1, len(a))])

    wma = ta.wma
    close_to([ta.hma(x, n)], [wma(2 * wma(x, 10) - wma(x, 20), 4)], "hma")
    close_to([ta.vwma(x, volume, n)], [rolling(x * volume, np.sum) / rolling(volume, np.sum)], "vwma")
    location = ((close - low) - (high - close)) / (high - low)
    close_to(
        [ta.cmf(high, low, close, volume, n)], [rolling(location * volume, np.sum) / rolling(volume, np.sum)], "cmf"
    )
    upper, lower = rolling(high, np.max), rolling(low, np.min)
    close_to(outputs(ta.donchian(high, low, n)), [upper, (upper + lower) / 2, lower], "donchian")
    for ddof, kind in ((0, "population"), (1, "sample")):
        std = rolling(x, lambda w, ddof=ddof: np.std(w, ddof=ddof))
        close_to([ta.zscore(x, n, kind)], [(x - rolling(x, np.mean)) / std], "zscore")
        close_to([ta.stddev(x, n, 1.0, kind)], [std], "stddev")
        middle = rolling(x, np.mean)
        close_to(outputs(ta.bbands(x, n, 2.0, 1.5, kind)), [middle + 2 * std, middle, middle - 1.5 * std], "bbands")
        both = [np.cov(high[i - n + 1 : i + 1], low[i - n + 1 : i + 1], ddof=ddof)[0, 1] for i in range(n - 1, 400)]
        close_to([ta.covariance(high, low, n, kind)], [np.array([math.nan] * (n - 1) + both)], "covariance")
    middle, width = ta.ema(close, n), 2 * ta.atr(high, low, close, 10)
    close_to(outputs(ta.keltner(high, low, close, n, 10, 2.0)), [middle + width, middle, middle - width], "keltner")
    weights = 0.9 ** np.arange(400)
    adjusted = [float((x[: i + 1][::-1] * weights[: i + 1]).sum() / weights[: i + 1].sum()) for i in range(400)]
    close_to([ta.ewma(x, 0.9, "yes")], [np.array(adjusted)], "ewma")
    plain = [x[0]]
    for value in x[1:]:
        plain.append(0.9 * plain[-1] + 0.1 * value)
    close_to([ta.ewma(x, 0.9)], [np.array(plain)], "ewma")
