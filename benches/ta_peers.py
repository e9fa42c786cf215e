"""What each peer has for a kernel of bot3.ta: the call, and where its results lie. Used by ta_kernels.py.

A peer's own definition may differ from TA-Lib's (tulipy: cci's start, macd's); such calls are left out here, as their
time would say nothing. Numba has no indicators: those are the running sums that people write with it.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
Call = Callable[[], Any]

PEERS = ("talib", "tulipy", "bottleneck", "polars", "numba")
TALIB_NAMES = {"tr": "TRANGE"}

# Our name: their name, order of our inputs, of our parameters (or values), which of their outputs ours are, a factor.
TULIP: dict[str, tuple[str, list[int], list[int | float | str], list[int], float]] = {
    "ad": ("ad", [0, 1, 2, 3], [], [0], 1),
    "adx": ("adx", [0, 1, 2], ["timeperiod"], [0], 1),
    "aroon": ("aroon", [0, 1], ["timeperiod"], [0, 1], 1),
    "aroonosc": ("aroonosc", [0, 1], ["timeperiod"], [0], 1),
    "atr": ("atr", [0, 1, 2], ["timeperiod"], [0], 1),
    "avgprice": ("avgprice", [0, 1, 2, 3], [], [0], 1),
    "bbands": ("bbands", [0], ["timeperiod", 2], [2, 1, 0], 1),
    "bop": ("bop", [0, 1, 2, 3], [], [0], 1),
    "dema": ("dema", [0], ["timeperiod"], [0], 1),
    "ema": ("ema", [0], ["timeperiod"], [0], 1),
    "hma": ("hma", [0], ["timeperiod"], [0], 1),
    "kama": ("kama", [0], ["timeperiod"], [0], 1),
    "linearreg": ("linreg", [0], ["timeperiod"], [0], 1),
    "linearreg_slope": ("linregslope", [0], ["timeperiod"], [0], 1),
    "max": ("max", [0], ["timeperiod"], [0], 1),
    "medprice": ("medprice", [0, 1], [], [0], 1),
    "mfi": ("mfi", [0, 1, 2, 3], ["timeperiod"], [0], 1),
    "min": ("min", [0], ["timeperiod"], [0], 1),
    "mom": ("mom", [0], ["timeperiod"], [0], 1),
    "natr": ("natr", [0, 1, 2], ["timeperiod"], [0], 1),
    "roc": ("roc", [0], ["timeperiod"], [0], 100),
    "rsi": ("rsi", [0], ["timeperiod"], [0], 1),
    "sma": ("sma", [0], ["timeperiod"], [0], 1),
    "stddev": ("stddev", [0], ["timeperiod"], [0], 1),
    "stoch": ("stoch", [0, 1, 2], ["fastk_period", "slowk_period", "slowd_period"], [0, 1], 1),
    "sum": ("sum", [0], ["timeperiod"], [0], 1),
    "tema": ("tema", [0], ["timeperiod"], [0], 1),
    "tr": ("tr", [0, 1, 2], [], [0], 1),
    "trima": ("trima", [0], ["timeperiod"], [0], 1),
    "trix": ("trix", [0], ["timeperiod"], [0], 1),
    "tsf": ("tsf", [0], ["timeperiod"], [0], 1),
    "typprice": ("typprice", [0, 1, 2], [], [0], 1),
    "ultosc": ("ultosc", [0, 1, 2], ["timeperiod1", "timeperiod2", "timeperiod3"], [0], 1),
    "var": ("var", [0], ["timeperiod"], [0], 1),
    "vwma": ("vwma", [0, 1], ["timeperiod"], [0], 1),
    "wclprice": ("wcprice", [0, 1, 2], [], [0], 1),
    "willr": ("willr", [0, 1, 2], ["timeperiod"], [0], 1),
    "wma": ("wma", [0], ["timeperiod"], [0], 1),
}
BOTTLENECK = {"sma": "mean", "max": "max", "min": "min", "sum": "sum", "stddev": "std", "var": "var"}
POLARS = {"sma": "mean", "max": "max", "min": "min", "sum": "sum", "stddev": "std", "var": "var"}


def installed(names: tuple[str, ...] = PEERS) -> dict[str, Any]:
    """The peers there are, by name; says which are not."""
    found = {}
    for name in names:
        try:
            found[name] = importlib.import_module(name)
        except ImportError as error:
            print(f"{name} is not measured: {error}")
    return found


def calls_of(name: str, series: list[Array], params: dict[str, float], peers: dict[str, Any]) -> dict[str, Call]:
    """The peers' calls for a kernel with all its parameters. Each gives an array, or a sequence in our order."""
    calls: dict[str, Call] = {}
    if "talib" in peers and (oracle := getattr(peers["talib"], TALIB_NAMES.get(name, name.upper()), None)):
        info = importlib.import_module("talib.abstract").Function(oracle.__name__).info
        given = [params.get(k, default) for k, default in info["parameters"].items()]
        calls["talib"] = lambda: oracle(*series, *given)
    if "tulipy" in peers and name in TULIP:
        their, inputs, order, outputs, factor = TULIP[name]
        function = getattr(peers["tulipy"], their)
        values = [params[p] if isinstance(p, str) else p for p in order]
        ordered = [series[i] for i in inputs]
        if factor == 1 and outputs == list(range(len(outputs))):
            calls["tulipy"] = lambda: function(*ordered, *values)
        else:
            calls["tulipy"] = lambda: _picked(function(*ordered, *values), outputs, factor)
    period = int(params.get("timeperiod", 0))
    if "bottleneck" in peers and name in BOTTLENECK:
        move = getattr(peers["bottleneck"], f"move_{BOTTLENECK[name]}")
        calls["bottleneck"] = lambda: move(series[0], period)
    if "polars" in peers:
        calls |= _polars(peers["polars"], name, series, period)
    if "numba" in peers and name in NUMBA:
        compiled = peers["numba"].njit(NUMBA[name])
        calls["numba"] = lambda: compiled(*series, period)
    return calls


def _picked(result: Any, outputs: list[int], factor: float) -> Any:
    parts = [(result if isinstance(result, tuple) else (result,))[i] for i in outputs]
    return [part * factor for part in parts] if factor != 1 else parts


def _polars(polars: Any, name: str, series: list[Array], period: int) -> dict[str, Call]:
    columns = [polars.Series(str(i), array) for i, array in enumerate(series)]
    first = columns[0]
    if name in POLARS:
        rolling = getattr(first, f"rolling_{POLARS[name]}")
        options = {"ddof": 0} if name in ("stddev", "var") else {}
        return {"polars": lambda: rolling(period, **options)}
    if name == "ema":
        return {"polars": lambda: first.ewm_mean(span=period, adjust=False)}
    if name == "mom":
        return {"polars": lambda: first.diff(period)}
    if name in ("correl", "covariance"):
        frame = polars.DataFrame(columns)
        of = polars.rolling_corr("0", "1", window_size=period)
        expression = of if name == "correl" else polars.rolling_cov("0", "1", window_size=period, ddof=0)
        return {"polars": lambda: frame.select(expression).to_series()}
    return {}


# What numba users write: one pass, running sums.


def _sum(x: Array, period: int) -> Array:
    out = np.full(x.size, np.nan)
    total = 0.0
    for i in range(x.size):
        total += x[i]
        if i >= period:
            total -= x[i - period]
        if i >= period - 1:
            out[i] = total
    return out


def _sma(x: Array, period: int) -> Array:
    out = np.full(x.size, np.nan)
    total = 0.0
    for i in range(x.size):
        total += x[i]
        if i >= period:
            total -= x[i - period]
        if i >= period - 1:
            out[i] = total / period
    return out


def _stddev(x: Array, period: int) -> Array:
    out = np.full(x.size, np.nan)
    total = 0.0
    squares = 0.0
    for i in range(x.size):
        total += x[i]
        squares += x[i] * x[i]
        if i >= period:
            total -= x[i - period]
            squares -= x[i - period] * x[i - period]
        if i >= period - 1:
            out[i] = np.sqrt(max(squares / period - (total / period) ** 2, 0.0))
    return out


def _wma(x: Array, period: int) -> Array:
    out = np.full(x.size, np.nan)
    total = 0.0
    weighted = 0.0
    for i in range(x.size):
        if i >= period:
            weighted += period * x[i] - total
            total += x[i] - x[i - period]
        else:
            total += x[i]
            weighted += (i + 1) * x[i]
        if i >= period - 1:
            out[i] = weighted / (period * (period + 1) / 2)
    return out


def _ema(x: Array, period: int) -> Array:
    out = np.full(x.size, np.nan)
    if x.size < period:
        return out
    y = x[:period].mean()
    out[period - 1] = y
    for i in range(period, x.size):
        y += 2.0 / (period + 1) * (x[i] - y)
        out[i] = y
    return out


def _rsi(x: Array, period: int) -> Array:
    out = np.full(x.size, np.nan)
    gain = 0.0
    loss = 0.0
    for i in range(1, x.size):
        change = x[i] - x[i - 1]
        up = max(change, 0.0)
        down = max(-change, 0.0)
        if i <= period:
            gain += up / period
            loss += down / period
        else:
            gain += (up - gain) / period
            loss += (down - loss) / period
        if i >= period:
            out[i] = 100.0 * gain / (gain + loss) if gain + loss > 0.0 else 0.0
    return out


def _atr(high: Array, low: Array, close: Array, period: int) -> Array:
    out = np.full(close.size, np.nan)
    y = 0.0
    for i in range(1, close.size):
        tr = max(high[i], close[i - 1]) - min(low[i], close[i - 1])
        y = y + tr / period if i <= period else y + (tr - y) / period
        if i >= period:
            out[i] = y
    return out


def _max(x: Array, period: int) -> Array:
    out = np.full(x.size, np.nan)
    queue = np.empty(x.size, np.int64)  # indices whose values fall
    first = 0
    last = 0
    for i in range(x.size):
        while last > first and x[queue[last - 1]] <= x[i]:
            last -= 1
        queue[last] = i
        last += 1
        if queue[first] <= i - period:
            first += 1
        if i >= period - 1:
            out[i] = x[queue[first]]
    return out


NUMBA: dict[str, Callable[..., Array]] = {
    "sum": _sum,
    "sma": _sma,
    "stddev": _stddev,
    "wma": _wma,
    "ema": _ema,
    "rsi": _rsi,
    "atr": _atr,
    "max": _max,
}
