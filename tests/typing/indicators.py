"""Only type-checked: indicators as a user writes them, and what the checker must refuse."""

from typing import Any, assert_type

import numpy as np

from bot3 import ta
from bot3.ta._functions import BbandsOutputs
from bot3.ta.memory import Array


class Series:
    """As pandas and polars have it."""

    def to_numpy(self, dtype: object = None) -> Any: ...
    def describe(self) -> Any: ...


close = np.arange(100.0)

assert_type(ta.rsi(close, 14), Array)
assert_type(ta.rsi([1, 2, 3], timeperiod=2, smoothing="plain", out=np.empty(3)), Array)
assert_type(ta.rsi(Series(), 14), Series)
assert_type(ta.bbands(close), BbandsOutputs[Array])
assert_type(ta.bbands(close, 20, 2.5, out=(close, close, close)).lowerband, Array)
assert_type(ta.bbands(Series()).upperband, Series)
assert_type(ta.atr(close, close, close), Array)
assert_type(ta.matrix.covariance(close), Array)
ta.rsi(close, period=14)  # type: ignore[call-overload]
ta.rsi(close, "14")  # type: ignore[call-overload]
ta.ema(close, seed="last")  # type: ignore[call-overload]
ta.atr(close)  # type: ignore[call-overload]
ta.rsj(close)  # type: ignore[attr-defined]

stream = ta.stream.RSI(14, seed="first").seed(close)
assert_type(stream, ta.stream.RSI)
assert_type(stream.update(1.0), float)
assert_type(stream.value, float)
assert_type(stream.update_many(close), Array)
assert_type(stream.copy(), ta.stream.RSI)
assert_type(ta.stream.BBANDS(20).update(1.0).lowerband, float)
assert_type(ta.stream.ATR().peek(1.0, 0.5, 0.7), float)
stream.update(1.0, 2.0)  # type: ignore[call-arg]
ta.stream.RSI(period=14)  # type: ignore[call-arg]
ta.stream.RSJ(14)  # type: ignore[attr-defined]

graph = ta.Graph("close")
assert_type(graph.update(1.0), dict[str, float])
