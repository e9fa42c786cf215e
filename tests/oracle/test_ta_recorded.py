"""Every indicator against TA-Lib on recorded bars and ticks, to 1e-9; where it must differ: why, and a proof."""

import itertools
import math
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from recorded_bars import RECORDED, Bars
from ta_kit import TALIB_NAMES, Array, flat_index, outputs

from bot3 import ta

PERIODS = (2, 5, 14, 50)

# TA-Lib subtracts running sums of products of the prices themselves and loses digits by it: ours are held to exact
# arithmetic in test_where_ta_lib_loses_digits_ours_are_exact.
LOST = {"linearreg_slope": 1e-5, "beta": 1e-5, "correl": 1e-7}
# The tick: in units of it prices are whole numbers, and two that are equal as decimals are equal.
TICK = {"euro future, minutes": 0.00005, "BTC, days": 0.01, "EURUSD, quotes": 0.00001}
# They ask whether two prices are equal, and do not depend on the price's unit.
ASK_WHETHER_EQUAL = {"mfi", "cci", "stochrsi"}


@pytest.fixture(scope="module", params=sorted(RECORDED))
def recorded(request: pytest.FixtureRequest, shared_data: Path) -> tuple[str, Bars]:
    return request.param, RECORDED[request.param](shared_data)


def in_ticks(data: Bars, tick: float) -> Bars:
    return {k: a if k == "volume" else np.rint(a / tick) for k, a in data.items()}


def close_enough(name: str, series: list[Array], want: Array) -> tuple[float, float]:
    """rtol and atol. A difference of two numbers cannot be more exact than they are: 1e-12 of them."""
    largest = float(np.nanmax(np.abs(want), initial=0.0))
    if name in LOST:
        return LOST[name], LOST[name] * 1e-3 * largest
    if name == "macd":
        return 1e-9, 1e-12 * float(np.abs(series[0]).max())
    if name == "cci":  # divided by 0.015 of deviations that may be a thousandth of the price
        return 1e-9, 1e-8
    if name == "mfi":  # TA-Lib's running sum keeps a rest of flows that have left the window
        return 1e-9, 1e-10 * 100.0
    if name in ("ppo", "trix"):
        return 1e-9, 1e-12 * 100.0
    return 1e-9, 1e-12 * largest


def test_as_ta_lib(recorded: tuple[str, Bars]) -> None:
    talib = pytest.importorskip("talib", reason="the independent oracle, TA-Lib from PyPI, is not installed")
    what, data = recorded
    checked = 0
    for name, kernel in ta.KERNELS.items():
        oracle = getattr(talib, TALIB_NAMES.get(name, name.upper()), None)
        if oracle is None or not set(kernel.inputs) <= set(data):
            continue
        source = in_ticks(data, TICK[what]) if name in ASK_WHETHER_EQUAL and what in TICK else data
        series = [source[i] for i in kernel.inputs]
        takes_period = any(p.name == "timeperiod" for p in kernel.params) and name != "vwap"
        for params in [{"timeperiod": p} for p in PERIODS] if takes_period else [{}]:
            got, want = outputs(getattr(ta, name)(*series, **params)), outputs(oracle(*series, **params))
            told = ~flat_index(series[0], params) if name == "stochrsi" else np.ones(len(series[0]), bool)
            for have, model in zip(got, want, strict=True):
                assert np.array_equal(np.isnan(have), np.isnan(model)), (name, params)
                rtol, atol = close_enough(name, series, model)
                np.testing.assert_allclose(
                    have[told], model[told], rtol=rtol, atol=atol, err_msg=f"{what} {name} {params}"
                )
            checked += 1
    assert checked > (40 if "close" in data else 20)


def exact_root(x: Fraction) -> Fraction:
    """To 2^-100 of it, at least."""
    shift = 200 + max(0, x.denominator.bit_length() - x.numerator.bit_length())
    return Fraction(math.isqrt((x.numerator << 2 * shift) // x.denominator), 1 << shift)


def exact_of(name: str, windows: list[list[Fraction]]) -> Fraction:
    """The indicator of one window by its definition."""
    x, y = windows[0], windows[-1]
    n = len(x)
    if name == "linearreg_slope":
        middle = Fraction(n - 1, 2)
        return sum(((i - middle) * v for i, v in enumerate(x)), Fraction()) * 12 / (n * (n * n - 1))
    if name == "beta":
        x, y = ([b / a - 1 for a, b in itertools.pairwise(w)] for w in (x, y))
        n -= 1
    mean_x, mean_y = sum(x, Fraction()) / n, sum(y, Fraction()) / n
    both = sum(((a - mean_x) * (b - mean_y) for a, b in zip(x, y, strict=True)), Fraction())
    square_x, square_y = (sum(((a - m) ** 2 for a in w), Fraction()) for w, m in ((x, mean_x), (y, mean_y)))
    if name == "beta":
        return both / square_x if square_x else Fraction()
    return both / exact_root(square_x * square_y) if square_x and square_y else Fraction()


@pytest.mark.parametrize("name", sorted(LOST))
def test_where_ta_lib_loses_digits_ours_are_exact(recorded: tuple[str, Bars], name: str) -> None:
    _, data = recorded
    series = [data[i] for i in ta.KERNELS[name].inputs]
    for period in (2, 5, 50):
        got = getattr(ta, name)(*series, period)
        scale = float(np.nanmax(np.abs(got)))
        length = period + (name == "beta")
        for i in np.linspace(period + 100, len(got) - 1, 40).astype(int).tolist():
            want = exact_of(name, [[Fraction(v) for v in a[i - length + 1 : i + 1].tolist()] for a in series])
            assert abs(Fraction(got[i]) - want) <= Fraction(1e-9) * abs(want) + Fraction(1e-12 * scale), (
                name,
                period,
                i,
            )
