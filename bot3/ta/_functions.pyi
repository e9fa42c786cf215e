"""The functions of bot3.ta, for type checkers. Written by tools/ta_stubs.py from the kernel table."""

from typing import Any, Generic, Literal, NamedTuple, Protocol, TypeVar, overload

from numpy.typing import ArrayLike

from bot3.ta.memory import Array

_T = TypeVar("_T")

class _Series(Protocol):
    """A Series of pandas or polars, which comes back as one."""

    def to_numpy(self, *args: Any, **kwargs: Any) -> Any: ...
    def describe(self, *args: Any, **kwargs: Any) -> Any: ...

_S = TypeVar("_S", bound=_Series)

@overload
def sma(real: _S, timeperiod: int = 30, *, out: None = None) -> _S:
    """Simple moving average."""

@overload
def sma(real: ArrayLike, timeperiod: int = 30, *, out: Array | None = None) -> Array:
    """Simple moving average."""

@overload
def ema(
    real: _S,
    timeperiod: int = 30,
    seed: Literal["sma", "first"] = "sma",
    smoothing: Literal["plain", "wilder"] = "plain",
    *,
    out: None = None,
) -> _S:
    """Exponential moving average."""

@overload
def ema(
    real: ArrayLike,
    timeperiod: int = 30,
    seed: Literal["sma", "first"] = "sma",
    smoothing: Literal["plain", "wilder"] = "plain",
    *,
    out: Array | None = None,
) -> Array:
    """Exponential moving average."""

@overload
def wma(real: _S, timeperiod: int = 30, *, out: None = None) -> _S:
    """Weighted moving average, weights 1 (oldest) to timeperiod (newest)."""

@overload
def wma(real: ArrayLike, timeperiod: int = 30, *, out: Array | None = None) -> Array:
    """Weighted moving average, weights 1 (oldest) to timeperiod (newest)."""

@overload
def dema(real: _S, timeperiod: int = 30, seed: Literal["sma", "first"] = "sma", *, out: None = None) -> _S:
    """Double exponential moving average (Mulloy)."""

@overload
def dema(
    real: ArrayLike, timeperiod: int = 30, seed: Literal["sma", "first"] = "sma", *, out: Array | None = None
) -> Array:
    """Double exponential moving average (Mulloy)."""

@overload
def tema(real: _S, timeperiod: int = 30, seed: Literal["sma", "first"] = "sma", *, out: None = None) -> _S:
    """Triple exponential moving average (Mulloy)."""

@overload
def tema(
    real: ArrayLike, timeperiod: int = 30, seed: Literal["sma", "first"] = "sma", *, out: Array | None = None
) -> Array:
    """Triple exponential moving average (Mulloy)."""

@overload
def trima(real: _S, timeperiod: int = 30, *, out: None = None) -> _S:
    """Triangular moving average: weights rise to the middle of the window and fall again."""

@overload
def trima(real: ArrayLike, timeperiod: int = 30, *, out: Array | None = None) -> Array:
    """Triangular moving average: weights rise to the middle of the window and fall again."""

@overload
def kama(real: _S, timeperiod: int = 30, *, out: None = None) -> _S:
    """Kaufman adaptive moving average."""

@overload
def kama(real: ArrayLike, timeperiod: int = 30, *, out: Array | None = None) -> Array:
    """Kaufman adaptive moving average."""

@overload
def hma(real: _S, timeperiod: int = 20, *, out: None = None) -> _S:
    """Hull moving average."""

@overload
def hma(real: ArrayLike, timeperiod: int = 20, *, out: Array | None = None) -> Array:
    """Hull moving average."""

@overload
def vwma(real: _S, volume: ArrayLike, timeperiod: int = 30, *, out: None = None) -> _S:
    """Volume-weighted moving average."""

@overload
def vwma(real: ArrayLike, volume: ArrayLike, timeperiod: int = 30, *, out: Array | None = None) -> Array:
    """Volume-weighted moving average."""

@overload
def vwap(high: _S, low: ArrayLike, close: ArrayLike, volume: ArrayLike, timeperiod: int = 0, *, out: None = None) -> _S:
    """Volume-weighted average price."""

@overload
def vwap(
    high: ArrayLike,
    low: ArrayLike,
    close: ArrayLike,
    volume: ArrayLike,
    timeperiod: int = 0,
    *,
    out: Array | None = None,
) -> Array:
    """Volume-weighted average price."""

@overload
def ewma(real: _S, decay: float = 0.94, adjust: Literal["no", "yes", False, True] = "no", *, out: None = None) -> _S:
    """Exponentially weighted mean with a given decay."""

@overload
def ewma(
    real: ArrayLike, decay: float = 0.94, adjust: Literal["no", "yes", False, True] = "no", *, out: Array | None = None
) -> Array:
    """Exponentially weighted mean with a given decay."""

class BbandsOutputs(NamedTuple, Generic[_T]):
    """Outputs of bbands."""

    upperband: _T
    middleband: _T
    lowerband: _T

@overload
def bbands(
    real: _S,
    timeperiod: int = 20,
    nbdevup: float = 2.0,
    nbdevdn: float = 2.0,
    ddof: Literal["population", "sample"] = "population",
    *,
    out: None = None,
) -> BbandsOutputs[_S]:
    """Bollinger bands around the simple moving average."""

@overload
def bbands(
    real: ArrayLike,
    timeperiod: int = 20,
    nbdevup: float = 2.0,
    nbdevdn: float = 2.0,
    ddof: Literal["population", "sample"] = "population",
    *,
    out: tuple[Array, Array, Array] | list[Array] | None = None,
) -> BbandsOutputs[Array]:
    """Bollinger bands around the simple moving average."""

class DonchianOutputs(NamedTuple, Generic[_T]):
    """Outputs of donchian."""

    upperband: _T
    middleband: _T
    lowerband: _T

@overload
def donchian(high: _S, low: ArrayLike, timeperiod: int = 20, *, out: None = None) -> DonchianOutputs[_S]:
    """Donchian channel."""

@overload
def donchian(
    high: ArrayLike,
    low: ArrayLike,
    timeperiod: int = 20,
    *,
    out: tuple[Array, Array, Array] | list[Array] | None = None,
) -> DonchianOutputs[Array]:
    """Donchian channel."""

class KeltnerOutputs(NamedTuple, Generic[_T]):
    """Outputs of keltner."""

    upperband: _T
    middleband: _T
    lowerband: _T

@overload
def keltner(
    high: _S,
    low: ArrayLike,
    close: ArrayLike,
    timeperiod: int = 20,
    atrperiod: int = 10,
    multiplier: float = 2.0,
    seed: Literal["sma", "first"] = "sma",
    *,
    out: None = None,
) -> KeltnerOutputs[_S]:
    """Keltner channel (Raschke)."""

@overload
def keltner(
    high: ArrayLike,
    low: ArrayLike,
    close: ArrayLike,
    timeperiod: int = 20,
    atrperiod: int = 10,
    multiplier: float = 2.0,
    seed: Literal["sma", "first"] = "sma",
    *,
    out: tuple[Array, Array, Array] | list[Array] | None = None,
) -> KeltnerOutputs[Array]:
    """Keltner channel (Raschke)."""

@overload
def sar(high: _S, low: ArrayLike, acceleration: float = 0.02, maximum: float = 0.2, *, out: None = None) -> _S:
    """Parabolic stop and reverse (Wilder)."""

@overload
def sar(
    high: ArrayLike, low: ArrayLike, acceleration: float = 0.02, maximum: float = 0.2, *, out: Array | None = None
) -> Array:
    """Parabolic stop and reverse (Wilder)."""

@overload
def midpoint(real: _S, timeperiod: int = 14, *, out: None = None) -> _S:
    """Middle between the highest and the lowest value of a window."""

@overload
def midpoint(real: ArrayLike, timeperiod: int = 14, *, out: Array | None = None) -> Array:
    """Middle between the highest and the lowest value of a window."""

@overload
def linearreg(real: _S, timeperiod: int = 14, *, out: None = None) -> _S:
    """Least-squares line over a window, its value at the newest sample."""

@overload
def linearreg(real: ArrayLike, timeperiod: int = 14, *, out: Array | None = None) -> Array:
    """Least-squares line over a window, its value at the newest sample."""

@overload
def linearreg_slope(real: _S, timeperiod: int = 14, *, out: None = None) -> _S:
    """Least-squares line over a window, its slope."""

@overload
def linearreg_slope(real: ArrayLike, timeperiod: int = 14, *, out: Array | None = None) -> Array:
    """Least-squares line over a window, its slope."""

@overload
def tsf(real: _S, timeperiod: int = 14, *, out: None = None) -> _S:
    """Time series forecast: the least-squares line, one sample ahead."""

@overload
def tsf(real: ArrayLike, timeperiod: int = 14, *, out: Array | None = None) -> Array:
    """Time series forecast: the least-squares line, one sample ahead."""

@overload
def rsi(
    real: _S,
    timeperiod: int = 14,
    seed: Literal["sma", "first"] = "sma",
    smoothing: Literal["wilder", "plain"] = "wilder",
    *,
    out: None = None,
) -> _S:
    """Relative strength index (Wilder)."""

@overload
def rsi(
    real: ArrayLike,
    timeperiod: int = 14,
    seed: Literal["sma", "first"] = "sma",
    smoothing: Literal["wilder", "plain"] = "wilder",
    *,
    out: Array | None = None,
) -> Array:
    """Relative strength index (Wilder)."""

class MacdOutputs(NamedTuple, Generic[_T]):
    """Outputs of macd."""

    macd: _T
    macdsignal: _T
    macdhist: _T

@overload
def macd(
    real: _S,
    fastperiod: int = 12,
    slowperiod: int = 26,
    signalperiod: int = 9,
    seed: Literal["sma", "first"] = "sma",
    *,
    out: None = None,
) -> MacdOutputs[_S]:
    """Moving average convergence/divergence."""

@overload
def macd(
    real: ArrayLike,
    fastperiod: int = 12,
    slowperiod: int = 26,
    signalperiod: int = 9,
    seed: Literal["sma", "first"] = "sma",
    *,
    out: tuple[Array, Array, Array] | list[Array] | None = None,
) -> MacdOutputs[Array]:
    """Moving average convergence/divergence."""

@overload
def ppo(
    real: _S,
    fastperiod: int = 12,
    slowperiod: int = 26,
    matype: Literal["sma", "ema", 0, 1] = "ema",
    seed: Literal["sma", "first"] = "sma",
    *,
    out: None = None,
) -> _S:
    """Percentage price oscillator."""

@overload
def ppo(
    real: ArrayLike,
    fastperiod: int = 12,
    slowperiod: int = 26,
    matype: Literal["sma", "ema", 0, 1] = "ema",
    seed: Literal["sma", "first"] = "sma",
    *,
    out: Array | None = None,
) -> Array:
    """Percentage price oscillator."""

class StochOutputs(NamedTuple, Generic[_T]):
    """Outputs of stoch."""

    slowk: _T
    slowd: _T

@overload
def stoch(
    high: _S,
    low: ArrayLike,
    close: ArrayLike,
    fastk_period: int = 5,
    slowk_period: int = 3,
    slowd_period: int = 3,
    *,
    out: None = None,
) -> StochOutputs[_S]:
    """Stochastic oscillator, slow."""

@overload
def stoch(
    high: ArrayLike,
    low: ArrayLike,
    close: ArrayLike,
    fastk_period: int = 5,
    slowk_period: int = 3,
    slowd_period: int = 3,
    *,
    out: tuple[Array, Array] | list[Array] | None = None,
) -> StochOutputs[Array]:
    """Stochastic oscillator, slow."""

class StochfOutputs(NamedTuple, Generic[_T]):
    """Outputs of stochf."""

    fastk: _T
    fastd: _T

@overload
def stochf(
    high: _S, low: ArrayLike, close: ArrayLike, fastk_period: int = 5, fastd_period: int = 3, *, out: None = None
) -> StochfOutputs[_S]:
    """Stochastic oscillator, fast."""

@overload
def stochf(
    high: ArrayLike,
    low: ArrayLike,
    close: ArrayLike,
    fastk_period: int = 5,
    fastd_period: int = 3,
    *,
    out: tuple[Array, Array] | list[Array] | None = None,
) -> StochfOutputs[Array]:
    """Stochastic oscillator, fast."""

class StochrsiOutputs(NamedTuple, Generic[_T]):
    """Outputs of stochrsi."""

    fastk: _T
    fastd: _T

@overload
def stochrsi(
    real: _S,
    timeperiod: int = 14,
    fastk_period: int = 5,
    fastd_period: int = 3,
    seed: Literal["sma", "first"] = "sma",
    *,
    out: None = None,
) -> StochrsiOutputs[_S]:
    """Stochastic oscillator of the relative strength index."""

@overload
def stochrsi(
    real: ArrayLike,
    timeperiod: int = 14,
    fastk_period: int = 5,
    fastd_period: int = 3,
    seed: Literal["sma", "first"] = "sma",
    *,
    out: tuple[Array, Array] | list[Array] | None = None,
) -> StochrsiOutputs[Array]:
    """Stochastic oscillator of the relative strength index."""

@overload
def cci(high: _S, low: ArrayLike, close: ArrayLike, timeperiod: int = 14, *, out: None = None) -> _S:
    """Commodity channel index (Lambert)."""

@overload
def cci(high: ArrayLike, low: ArrayLike, close: ArrayLike, timeperiod: int = 14, *, out: Array | None = None) -> Array:
    """Commodity channel index (Lambert)."""

@overload
def mfi(high: _S, low: ArrayLike, close: ArrayLike, volume: ArrayLike, timeperiod: int = 14, *, out: None = None) -> _S:
    """Money flow index."""

@overload
def mfi(
    high: ArrayLike,
    low: ArrayLike,
    close: ArrayLike,
    volume: ArrayLike,
    timeperiod: int = 14,
    *,
    out: Array | None = None,
) -> Array:
    """Money flow index."""

@overload
def adx(
    high: _S,
    low: ArrayLike,
    close: ArrayLike,
    timeperiod: int = 14,
    smoothing: Literal["wilder", "plain"] = "wilder",
    *,
    out: None = None,
) -> _S:
    """Average directional movement index (Wilder)."""

@overload
def adx(
    high: ArrayLike,
    low: ArrayLike,
    close: ArrayLike,
    timeperiod: int = 14,
    smoothing: Literal["wilder", "plain"] = "wilder",
    *,
    out: Array | None = None,
) -> Array:
    """Average directional movement index (Wilder)."""

@overload
def adxr(
    high: _S,
    low: ArrayLike,
    close: ArrayLike,
    timeperiod: int = 14,
    smoothing: Literal["wilder", "plain"] = "wilder",
    *,
    out: None = None,
) -> _S:
    """Average directional movement index rating (Wilder)."""

@overload
def adxr(
    high: ArrayLike,
    low: ArrayLike,
    close: ArrayLike,
    timeperiod: int = 14,
    smoothing: Literal["wilder", "plain"] = "wilder",
    *,
    out: Array | None = None,
) -> Array:
    """Average directional movement index rating (Wilder)."""

@overload
def plus_di(
    high: _S,
    low: ArrayLike,
    close: ArrayLike,
    timeperiod: int = 14,
    smoothing: Literal["wilder", "plain"] = "wilder",
    *,
    out: None = None,
) -> _S:
    """Directional indicator, up (Wilder)."""

@overload
def plus_di(
    high: ArrayLike,
    low: ArrayLike,
    close: ArrayLike,
    timeperiod: int = 14,
    smoothing: Literal["wilder", "plain"] = "wilder",
    *,
    out: Array | None = None,
) -> Array:
    """Directional indicator, up (Wilder)."""

@overload
def minus_di(
    high: _S,
    low: ArrayLike,
    close: ArrayLike,
    timeperiod: int = 14,
    smoothing: Literal["wilder", "plain"] = "wilder",
    *,
    out: None = None,
) -> _S:
    """Directional indicator, down (Wilder)."""

@overload
def minus_di(
    high: ArrayLike,
    low: ArrayLike,
    close: ArrayLike,
    timeperiod: int = 14,
    smoothing: Literal["wilder", "plain"] = "wilder",
    *,
    out: Array | None = None,
) -> Array:
    """Directional indicator, down (Wilder)."""

class AroonOutputs(NamedTuple, Generic[_T]):
    """Outputs of aroon."""

    aroondown: _T
    aroonup: _T

@overload
def aroon(high: _S, low: ArrayLike, timeperiod: int = 14, *, out: None = None) -> AroonOutputs[_S]:
    """Aroon: how recent the lowest low and the highest high are."""

@overload
def aroon(
    high: ArrayLike, low: ArrayLike, timeperiod: int = 14, *, out: tuple[Array, Array] | list[Array] | None = None
) -> AroonOutputs[Array]:
    """Aroon: how recent the lowest low and the highest high are."""

@overload
def aroonosc(high: _S, low: ArrayLike, timeperiod: int = 14, *, out: None = None) -> _S:
    """Aroon oscillator."""

@overload
def aroonosc(high: ArrayLike, low: ArrayLike, timeperiod: int = 14, *, out: Array | None = None) -> Array:
    """Aroon oscillator."""

@overload
def roc(real: _S, timeperiod: int = 10, *, out: None = None) -> _S:
    """Rate of change, in percent."""

@overload
def roc(real: ArrayLike, timeperiod: int = 10, *, out: Array | None = None) -> Array:
    """Rate of change, in percent."""

@overload
def mom(real: _S, timeperiod: int = 10, *, out: None = None) -> _S:
    """Momentum."""

@overload
def mom(real: ArrayLike, timeperiod: int = 10, *, out: Array | None = None) -> Array:
    """Momentum."""

@overload
def willr(high: _S, low: ArrayLike, close: ArrayLike, timeperiod: int = 14, *, out: None = None) -> _S:
    """Williams' %R."""

@overload
def willr(
    high: ArrayLike, low: ArrayLike, close: ArrayLike, timeperiod: int = 14, *, out: Array | None = None
) -> Array:
    """Williams' %R."""

@overload
def trix(real: _S, timeperiod: int = 30, seed: Literal["sma", "first"] = "sma", *, out: None = None) -> _S:
    """Rate of change of a triple exponential moving average, in percent."""

@overload
def trix(
    real: ArrayLike, timeperiod: int = 30, seed: Literal["sma", "first"] = "sma", *, out: Array | None = None
) -> Array:
    """Rate of change of a triple exponential moving average, in percent."""

@overload
def ultosc(
    high: _S,
    low: ArrayLike,
    close: ArrayLike,
    timeperiod1: int = 7,
    timeperiod2: int = 14,
    timeperiod3: int = 28,
    *,
    out: None = None,
) -> _S:
    """Ultimate oscillator (Williams)."""

@overload
def ultosc(
    high: ArrayLike,
    low: ArrayLike,
    close: ArrayLike,
    timeperiod1: int = 7,
    timeperiod2: int = 14,
    timeperiod3: int = 28,
    *,
    out: Array | None = None,
) -> Array:
    """Ultimate oscillator (Williams)."""

@overload
def cmo(
    real: _S,
    timeperiod: int = 14,
    seed: Literal["sma", "first"] = "sma",
    smoothing: Literal["wilder", "plain"] = "wilder",
    *,
    out: None = None,
) -> _S:
    """Chande momentum oscillator."""

@overload
def cmo(
    real: ArrayLike,
    timeperiod: int = 14,
    seed: Literal["sma", "first"] = "sma",
    smoothing: Literal["wilder", "plain"] = "wilder",
    *,
    out: Array | None = None,
) -> Array:
    """Chande momentum oscillator."""

@overload
def bop(open: _S, high: ArrayLike, low: ArrayLike, close: ArrayLike, *, out: None = None) -> _S:
    """Balance of power."""

@overload
def bop(open: ArrayLike, high: ArrayLike, low: ArrayLike, close: ArrayLike, *, out: Array | None = None) -> Array:
    """Balance of power."""

@overload
def tr(high: _S, low: ArrayLike, close: ArrayLike, *, out: None = None) -> _S:
    """True range."""

@overload
def tr(high: ArrayLike, low: ArrayLike, close: ArrayLike, *, out: Array | None = None) -> Array:
    """True range."""

@overload
def atr(
    high: _S,
    low: ArrayLike,
    close: ArrayLike,
    timeperiod: int = 14,
    seed: Literal["sma", "first"] = "sma",
    smoothing: Literal["wilder", "plain"] = "wilder",
    *,
    out: None = None,
) -> _S:
    """Average true range (Wilder)."""

@overload
def atr(
    high: ArrayLike,
    low: ArrayLike,
    close: ArrayLike,
    timeperiod: int = 14,
    seed: Literal["sma", "first"] = "sma",
    smoothing: Literal["wilder", "plain"] = "wilder",
    *,
    out: Array | None = None,
) -> Array:
    """Average true range (Wilder)."""

@overload
def natr(
    high: _S,
    low: ArrayLike,
    close: ArrayLike,
    timeperiod: int = 14,
    seed: Literal["sma", "first"] = "sma",
    smoothing: Literal["wilder", "plain"] = "wilder",
    *,
    out: None = None,
) -> _S:
    """Normalised average true range, in percent of the close."""

@overload
def natr(
    high: ArrayLike,
    low: ArrayLike,
    close: ArrayLike,
    timeperiod: int = 14,
    seed: Literal["sma", "first"] = "sma",
    smoothing: Literal["wilder", "plain"] = "wilder",
    *,
    out: Array | None = None,
) -> Array:
    """Normalised average true range, in percent of the close."""

@overload
def stddev(
    real: _S,
    timeperiod: int = 5,
    nbdev: float = 1.0,
    ddof: Literal["population", "sample"] = "population",
    *,
    out: None = None,
) -> _S:
    """Standard deviation over a window."""

@overload
def stddev(
    real: ArrayLike,
    timeperiod: int = 5,
    nbdev: float = 1.0,
    ddof: Literal["population", "sample"] = "population",
    *,
    out: Array | None = None,
) -> Array:
    """Standard deviation over a window."""

@overload
def var(
    real: _S,
    timeperiod: int = 5,
    nbdev: float = 1.0,
    ddof: Literal["population", "sample"] = "population",
    *,
    out: None = None,
) -> _S:
    """Variance over a window."""

@overload
def var(
    real: ArrayLike,
    timeperiod: int = 5,
    nbdev: float = 1.0,
    ddof: Literal["population", "sample"] = "population",
    *,
    out: Array | None = None,
) -> Array:
    """Variance over a window."""

@overload
def obv(real: _S, volume: ArrayLike, *, out: None = None) -> _S:
    """On-balance volume."""

@overload
def obv(real: ArrayLike, volume: ArrayLike, *, out: Array | None = None) -> Array:
    """On-balance volume."""

@overload
def ad(high: _S, low: ArrayLike, close: ArrayLike, volume: ArrayLike, *, out: None = None) -> _S:
    """Chaikin accumulation/distribution line."""

@overload
def ad(high: ArrayLike, low: ArrayLike, close: ArrayLike, volume: ArrayLike, *, out: Array | None = None) -> Array:
    """Chaikin accumulation/distribution line."""

@overload
def adosc(
    high: _S,
    low: ArrayLike,
    close: ArrayLike,
    volume: ArrayLike,
    fastperiod: int = 3,
    slowperiod: int = 10,
    *,
    out: None = None,
) -> _S:
    """Chaikin accumulation/distribution oscillator."""

@overload
def adosc(
    high: ArrayLike,
    low: ArrayLike,
    close: ArrayLike,
    volume: ArrayLike,
    fastperiod: int = 3,
    slowperiod: int = 10,
    *,
    out: Array | None = None,
) -> Array:
    """Chaikin accumulation/distribution oscillator."""

@overload
def cmf(high: _S, low: ArrayLike, close: ArrayLike, volume: ArrayLike, timeperiod: int = 20, *, out: None = None) -> _S:
    """Chaikin money flow."""

@overload
def cmf(
    high: ArrayLike,
    low: ArrayLike,
    close: ArrayLike,
    volume: ArrayLike,
    timeperiod: int = 20,
    *,
    out: Array | None = None,
) -> Array:
    """Chaikin money flow."""

@overload
def min(real: _S, timeperiod: int = 30, *, out: None = None) -> _S:
    """Lowest value over a window."""

@overload
def min(real: ArrayLike, timeperiod: int = 30, *, out: Array | None = None) -> Array:
    """Lowest value over a window."""

@overload
def max(real: _S, timeperiod: int = 30, *, out: None = None) -> _S:
    """Highest value over a window."""

@overload
def max(real: ArrayLike, timeperiod: int = 30, *, out: Array | None = None) -> Array:
    """Highest value over a window."""

class MinmaxOutputs(NamedTuple, Generic[_T]):
    """Outputs of minmax."""

    min: _T
    max: _T

@overload
def minmax(real: _S, timeperiod: int = 30, *, out: None = None) -> MinmaxOutputs[_S]:
    """Lowest and highest value over a window."""

@overload
def minmax(
    real: ArrayLike, timeperiod: int = 30, *, out: tuple[Array, Array] | list[Array] | None = None
) -> MinmaxOutputs[Array]:
    """Lowest and highest value over a window."""

@overload
def sum(real: _S, timeperiod: int = 30, *, out: None = None) -> _S:
    """Sum over a window."""

@overload
def sum(real: ArrayLike, timeperiod: int = 30, *, out: Array | None = None) -> Array:
    """Sum over a window."""

@overload
def zscore(
    real: _S, timeperiod: int = 20, ddof: Literal["population", "sample"] = "population", *, out: None = None
) -> _S:
    """Distance from the mean of a window, in standard deviations."""

@overload
def zscore(
    real: ArrayLike,
    timeperiod: int = 20,
    ddof: Literal["population", "sample"] = "population",
    *,
    out: Array | None = None,
) -> Array:
    """Distance from the mean of a window, in standard deviations."""

@overload
def correl(real0: _S, real1: ArrayLike, timeperiod: int = 30, *, out: None = None) -> _S:
    """Pearson's correlation over a window."""

@overload
def correl(real0: ArrayLike, real1: ArrayLike, timeperiod: int = 30, *, out: Array | None = None) -> Array:
    """Pearson's correlation over a window."""

@overload
def beta(real0: _S, real1: ArrayLike, timeperiod: int = 5, *, out: None = None) -> _S:
    """Beta: slope of the returns of real1 on those of real0."""

@overload
def beta(real0: ArrayLike, real1: ArrayLike, timeperiod: int = 5, *, out: Array | None = None) -> Array:
    """Beta: slope of the returns of real1 on those of real0."""

@overload
def covariance(
    real0: _S,
    real1: ArrayLike,
    timeperiod: int = 30,
    ddof: Literal["population", "sample"] = "population",
    *,
    out: None = None,
) -> _S:
    """Covariance over a window."""

@overload
def covariance(
    real0: ArrayLike,
    real1: ArrayLike,
    timeperiod: int = 30,
    ddof: Literal["population", "sample"] = "population",
    *,
    out: Array | None = None,
) -> Array:
    """Covariance over a window."""

@overload
def ewma_covariance(
    real0: _S,
    real1: ArrayLike,
    decay: float = 0.94,
    adjust: Literal["no", "yes", False, True] = "no",
    mean: Literal["weighted", "zero"] = "weighted",
    *,
    out: None = None,
) -> _S:
    """Exponentially weighted covariance with a given decay."""

@overload
def ewma_covariance(
    real0: ArrayLike,
    real1: ArrayLike,
    decay: float = 0.94,
    adjust: Literal["no", "yes", False, True] = "no",
    mean: Literal["weighted", "zero"] = "weighted",
    *,
    out: Array | None = None,
) -> Array:
    """Exponentially weighted covariance with a given decay."""

@overload
def avgprice(open: _S, high: ArrayLike, low: ArrayLike, close: ArrayLike, *, out: None = None) -> _S:
    """Average price."""

@overload
def avgprice(open: ArrayLike, high: ArrayLike, low: ArrayLike, close: ArrayLike, *, out: Array | None = None) -> Array:
    """Average price."""

@overload
def medprice(high: _S, low: ArrayLike, *, out: None = None) -> _S:
    """Median price."""

@overload
def medprice(high: ArrayLike, low: ArrayLike, *, out: Array | None = None) -> Array:
    """Median price."""

@overload
def typprice(high: _S, low: ArrayLike, close: ArrayLike, *, out: None = None) -> _S:
    """Typical price."""

@overload
def typprice(high: ArrayLike, low: ArrayLike, close: ArrayLike, *, out: Array | None = None) -> Array:
    """Typical price."""

@overload
def wclprice(high: _S, low: ArrayLike, close: ArrayLike, *, out: None = None) -> _S:
    """Weighted close price."""

@overload
def wclprice(high: ArrayLike, low: ArrayLike, close: ArrayLike, *, out: Array | None = None) -> Array:
    """Weighted close price."""
