"""What tests of bot3.ta share: bars made by us, calls in both forms, and how far forms may lie apart (docs/TA.md)."""

from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt

from bot3 import ta

Array = npt.NDArray[np.float64]

TALIB_NAMES = {"tr": "TRANGE"}

# How far vectors may lie from single updates, as docs/TA.md has it; tests/cross/indicators.c has the same figures.
BOUND = 1e-11  # of the largest output, but for:
OF_AVERAGES = 1e-13  # differences of averages are no more exact than these are: of a price, of `ad`, of 100 percent
IN_PERCENT = {"ppo", "trix", "cmo", "adx", "adxr"}
# Sums about one anchor a chunk; and, of a price that hardly moves, a mean of its size in single updates.
ANCHORED = {"var", "stddev", "zscore", "correl", "beta", "covariance", "ewma_covariance"}
ANCHORED_BOUND = 4e-10
STOCHRSI = 1e-7 * 100.0

# Outputs of these depend on a window alone. The others on it are made of a recursion.
WINDOWED = sorted(
    "sma sum wma trima hma vwma bbands donchian midpoint linearreg linearreg_slope tsf stoch stochf cci mfi aroon "
    "aroonosc willr ultosc stddev var cmf min max minmax zscore correl beta covariance".split()
)


def named(open_: Array, high: Array, low: Array, close: Array, volume: Array) -> dict[str, Array]:
    names = {"open": open_, "high": high, "low": low, "close": close, "volume": volume}
    return {**names, "real": close, "real0": high, "real1": low}


def columns(n: int, seed: int = 1) -> dict[str, Array]:
    """A random walk as bars."""
    rng = np.random.default_rng(seed)
    close = 1000.0 + rng.normal(size=n).cumsum()
    high, low = close + rng.random(n), close - rng.random(n)
    volume = rng.integers(0, 1000, n).astype(float)
    return named(low + (high - low) * rng.random(n), high, low, close, volume)


def arguments(name: str, data: dict[str, Array]) -> list[Array]:
    return [data[i] for i in ta.KERNELS[name].inputs]


def outputs(result: Any) -> list[Array]:
    return list(result) if isinstance(result, tuple) else [result]


def stepwise(name: str, series: list[Array], params: dict[str, Any]) -> list[Array]:
    """One update a value."""
    stream = getattr(ta.stream, name.upper())(**params)
    rows = [np.atleast_1d(stream.update(*values)) for values in zip(*series, strict=True)]
    return list(np.array(rows).reshape(len(rows), len(ta.KERNELS[name].outputs)).T)


def largest(array: Array) -> float:
    return float(np.abs(array[np.isfinite(array)]).max(initial=0.0))


def most_apart(name: str, series: list[Array], want: Array) -> float:
    """How far an output may lie from that of single updates."""
    if name == "macd":
        return OF_AVERAGES * largest(series[0])
    if name == "adosc":
        return OF_AVERAGES * largest(ta.ad(*series))
    if name in IN_PERCENT:
        return max(BOUND * largest(want), OF_AVERAGES * 100.0)
    if name == "stochrsi":
        return STOCHRSI
    return (ANCHORED_BOUND if name in ANCHORED else BOUND) * largest(want)


def forms_agree(name: str, series: list[Array], got: list[Array], want: list[Array], what: object) -> None:
    for have, model in zip(got, want, strict=True):
        np.testing.assert_array_equal(np.isnan(have), np.isnan(model), err_msg=f"{name} {what}")
        most = most_apart(name, series, model)
        np.testing.assert_allclose(have, model, rtol=0, atol=most, err_msg=f"{name} {what}")


def close_to(got: list[Array], want: list[Array], what: object, least: float = 0.0) -> None:
    """Equal but for rounding. least: absolute error that is always allowed."""
    for have, model in zip(got, want, strict=True):
        assert np.array_equal(np.isnan(have), np.isnan(model)), what
        bound = max(BOUND * largest(model), least)
        np.testing.assert_allclose(have, model, rtol=BOUND, atol=bound, equal_nan=True, err_msg=str(what))


def flat_index(close: Array, rsi: dict[str, Any], fastk: int = 5, fastd: int = 3) -> npt.NDArray[np.bool_]:
    """Where the index hardly moved in a window that stochrsi looks at: its place in that range is rounding."""
    index = np.nan_to_num(ta.rsi(close, **rsi), nan=-1.0)
    flat = ~(ta.max(index, fastk) - ta.min(index, fastk) > 1e-4)
    return np.logical_or.reduce([np.roll(flat, k) for k in range(fastd)])


def exact_var(window: list[Fraction]) -> Fraction:
    mean = sum(window, Fraction()) / len(window)
    return sum(((x - mean) ** 2 for x in window), Fraction()) / len(window)


def exact_slope(window: list[Fraction]) -> Fraction:
    n = len(window)
    middle = Fraction(n - 1, 2)
    return sum(((i - middle) * x for i, x in enumerate(window)), Fraction()) * 12 / (n * (n * n - 1))
