"""Matrices that signals need: `bot3.ta.matrix.covariance(panel)`. docs/TA.md says how exact and how fast.

Arguments are real arrays (lists too), converted to contiguous float64; a panel has a row for each symbol.
out= takes a contiguous float64 array of the result's shape that overlaps no argument, and is returned. What cannot be
meant is an IndicatorError, also a ValueError, that names the argument.

Small sizes run in bot3's core, large ones in the BLAS that numpy brings, wherever benches/ta_matrix.py found it faster.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Self, TypeVar

import numpy as np

from bot3._version import __version__
from bot3.ffi import ffi, lib
from bot3.ta.arrays import Array, as_series, output
from bot3.ta.kernels import IndicatorError

if TYPE_CHECKING:
    from bot3.ffi._core import CData

__all__ = [
    "EWCovariance",
    "NotPositiveDefiniteError",
    "cholesky",
    "cholesky_solve",
    "correlation",
    "covariance",
    "dot",
    "ew_covariance",
    "gemm",
    "gemv",
]

# Up to so many multiplications, and rows, our loops beat numpy's call into its BLAS (benches/ta_matrix.py).
_GEMM_MAX: Final = 48**3
_COVARIANCE_MAX: Final = 256**2 * 1000
_CHOLESKY_MAX: Final = 64


class NotPositiveDefiniteError(IndicatorError):
    """A matrix has no Cholesky factor. pivot: index of the first row whose pivot is not a number above 0."""

    def __init__(self, pivot: int) -> None:
        self.pivot = pivot
        hint = "Is a symbol constant, or a combination of others? A small number added to the diagonal makes it so."
        super().__init__("is not positive definite", where="a", value=f"pivot {pivot}", hint=hint, position=pivot)


_DOUBLES: Final = ffi.typeof("double[]")


def _pointer(array: Array) -> CData:
    return ffi.from_buffer(_DOUBLES, array)


def _array(value: object, name: str, ndim: int) -> Array:
    array = as_series(value, name)
    if array.ndim != ndim:
        raise IndicatorError(f"must have {ndim} dimension{'s' * (ndim > 1)}", where=name, value=array.shape)
    return array


def _square(value: object, name: str) -> Array:
    array = _array(value, name, 2)
    if array.shape[0] != array.shape[1]:
        raise IndicatorError("must be square", where=name, value=array.shape)
    return array


def _out(out: object, shape: tuple[int, ...], *inputs: Array) -> Array:
    return np.empty(shape) if out is None else output(out, shape, inputs, "out")


def _same(length: int, wanted: int, name: str, what: str) -> None:
    if length != wanted:
        raise IndicatorError(f"must have {wanted} {what}", where=name, value=length)


def dot(x: Any, y: Any) -> float:
    """sum(x * y) of two arrays of the same length."""
    a, b = _array(x, "x", 1), _array(y, "y", 1)
    _same(len(b), len(a), "y", "values, as x")
    return lib.b3_matrix_dot(_pointer(a), _pointer(b), len(a))


def gemv(a: Any, x: Any, out: Any = None) -> Array:
    """a (rows, columns) times x (columns): an array (rows)."""
    matrix, vector = _array(a, "a", 2), _array(x, "x", 1)
    _same(len(vector), matrix.shape[1], "x", "values, as a has columns")
    result = _out(out, (matrix.shape[0],), matrix, vector)
    lib.b3_matrix_gemv_blocking(_pointer(matrix), len(result), len(vector), _pointer(vector), _pointer(result))
    return result


def gemm(a: Any, b: Any, out: Any = None) -> Array:
    """a (rows, inner) times b (inner, columns): an array (rows, columns)."""
    left, right = _array(a, "a", 2), _array(b, "b", 2)
    (rows, inner), columns = left.shape, right.shape[1]
    _same(len(right), inner, "b", "rows, as a has columns")
    result = _out(out, (rows, columns), left, right)
    if rows * inner * columns > _GEMM_MAX:
        return np.matmul(left, right, out=result)
    lib.b3_matrix_gemm_blocking(_pointer(left), _pointer(right), rows, inner, columns, _pointer(result))
    return result


def covariance(panel: Any, ddof: int = 1, out: Any = None) -> Array:
    """Covariance matrix (symbols, symbols) of a panel (symbols, time), as numpy.cov; NaN where time <= ddof.

    sum((x - mean x) * (y - mean y)) / (time - ddof), from differences: no digits are lost at large prices.
    ddof: 1 for a sample, 0 for the population.
    """
    if ddof not in (0, 1):
        raise IndicatorError("must be 0 or 1", where="ddof", value=ddof)
    rows = _array(panel, "panel", 2)
    symbols, length = rows.shape
    result, means = _out(out, (symbols, symbols), rows), np.empty(symbols)
    if symbols * symbols * length > _COVARIANCE_MAX and length > ddof:
        first = rows[:, :1]
        centred = rows - first
        centred -= centred.mean(axis=1, keepdims=True)
        np.matmul(centred, centred.T, out=result)
        result /= length - ddof
        return result
    lib.b3_matrix_covariance_blocking(_pointer(rows), symbols, length, ddof, _pointer(means), _pointer(result))
    return result


def correlation(panel: Any, out: Any = None) -> Array:
    """Correlation matrix (symbols, symbols) of a panel (symbols, time), within -1 .. 1.

    covariance / (deviation x * deviation y) (Pearson 1895); NaN for a symbol that is constant.
    """
    result = covariance(panel, 0, out)
    deviations = np.empty(len(result))
    lib.b3_matrix_correlation(_pointer(result), len(result), _pointer(deviations))
    return result


def cholesky(a: Any, out: Any = None) -> Array:
    """The lower factor L of a symmetric positive definite a = L L' (n, n), of which the lower triangle is read.

    Raises NotPositiveDefiniteError, which names the pivot.
    """
    matrix = _square(a, "a")
    n = len(matrix)
    result = _out(out, (n, n), matrix)
    if n > _CHOLESKY_MAX:
        try:
            result[...] = np.linalg.cholesky(matrix)
            if np.isfinite(result.diagonal()).all():
                return result
        except np.linalg.LinAlgError:  # it does not say which pivot: found below
            pass
    result[...] = matrix
    error = ffi.new("b3_error *")
    if lib.b3_matrix_cholesky_blocking(_pointer(result), n, error) < 0:
        raise NotPositiveDefiniteError(int(error.position))
    return result


def cholesky_solve(factor: Any, b: Any, out: Any = None) -> Array:
    """x of a x = b, factor = cholesky(a) (n, n): b is one right side (n), or one a row (systems, n); so is x."""
    lower, right = _square(factor, "factor"), as_series(b, "b")
    _same(right.shape[-1], len(lower), "b", "values a row, as factor has rows")
    result = _out(out, right.shape, lower, right)
    result[...] = right
    systems = right.size // len(lower) if len(lower) else 0
    lib.b3_matrix_cholesky_solve_blocking(_pointer(lower), len(lower), _pointer(result), systems)
    return result


def ew_covariance(
    panel: Any, decay: float = 0.94, *, adjust: bool = False, zero_mean: bool = False, out: Any = None
) -> Array:
    """Exponentially weighted covariance matrix (symbols, symbols) after a panel (symbols, time): EWCovariance of it."""
    rows = _array(panel, "panel", 2)
    state = EWCovariance(len(rows), decay, adjust=adjust, zero_mean=zero_mean)
    result = _out(out, (len(rows), len(rows)), rows)
    state.update_many(rows)
    return state.read(result)


class EWCovariance:
    """Exponentially weighted covariance matrix, sample by sample. One thread at a time; memory does not grow.

    d = x - mean; mean += gain * d; C = (1 - gain) * (C + gain * d d'), gain = 1 - decay, the first sample is the mean
    (Finch 2009). adjust: gain = 1 / sum(decay^k so far), which a short history needs (pandas' adjust=True, bias=True).
    zero_mean: C = decay * C + gain * x x' (RiskMetrics 1996), the first C is x x'.
    symbols: 1 .. 4096; decay: weight of the past, 0 <= decay < 1. Raises IndicatorError.
    """

    def __init__(self, symbols: int, decay: float = 0.94, *, adjust: bool = False, zero_mean: bool = False) -> None:
        if not isinstance(symbols, int) or not 1 <= symbols <= lib.B3_EW_SYMBOLS_MAX:
            hint = f"Give a whole number from 1 to {lib.B3_EW_SYMBOLS_MAX}."
            raise IndicatorError("is out of bounds", where="symbols", value=symbols, hint=hint)
        if not 0 <= decay < 1:
            raise IndicatorError("must be at least 0 and below 1", where="decay", value=decay)
        self.symbols = symbols
        self._arguments = (symbols, float(decay), adjust, zero_mean)
        self._state: Array = np.empty(lib.b3_ew_covariance_size(symbols) // 8)
        self._pointer = ffi.cast("void *", self._state.ctypes.data)
        flags = lib.B3_EW_ADJUST * adjust | lib.B3_EW_ZERO_MEAN * zero_mean
        lib.b3_ew_covariance_init(self._pointer, symbols, decay, flags)

    def update(self, x: Any) -> bool:
        """Takes one value of each symbol; False when one is not finite: the sample is left out."""
        values = _array(x, "x", 1)
        _same(len(values), self.symbols, "x", "values, one a symbol")
        return bool(lib.b3_ew_covariance_update(self._pointer, _pointer(values)))

    def update_many(self, panel: Any) -> int:
        """Takes a panel (symbols, time); returns how many samples were finite and so taken in."""
        rows = _array(panel, "panel", 2)
        _same(len(rows), self.symbols, "panel", "rows, one a symbol")
        return lib.b3_ew_covariance_run_blocking(self._pointer, _pointer(rows), rows.shape[1])

    def read(self, out: Any = None) -> Array:
        """The covariance matrix (symbols, symbols) now: NaN before the first sample."""
        result, means = _out(out, (self.symbols, self.symbols)), np.empty(self.symbols)
        lib.b3_ew_covariance_read(self._pointer, _pointer(means), _pointer(result))
        return result

    @property
    def value(self) -> Array:
        """The covariance matrix now, as read()."""
        return self.read()

    @property
    def mean(self) -> Array:
        """The exponentially weighted means (symbols) now; zeros with zero_mean."""
        matrix, means = np.empty((self.symbols, self.symbols)), np.empty(self.symbols)
        lib.b3_ew_covariance_read(self._pointer, _pointer(means), _pointer(matrix))
        return means

    @property
    def ready(self) -> bool:
        """Whether there was a sample."""
        return not bool(np.isnan(self.mean[0]))

    def copy(self) -> Self:
        """Another in the same state."""
        return _restore(type(self), self._arguments, self._state.tobytes(), __version__)

    __copy__ = copy

    def __deepcopy__(self, memo: object) -> Self:
        return self.copy()

    def __reduce__(self) -> tuple[Any, ...]:
        return _restore, (type(self), self._arguments, self._state.tobytes(), __version__)


_T = TypeVar("_T", bound=EWCovariance)


def _restore(kind: type[_T], arguments: tuple[int, float, bool, bool], state: bytes, version: str) -> _T:
    symbols, decay, adjust, zero_mean = arguments
    if version != __version__:
        what = f"was saved by bot3 {version}, this is {__version__}"
        raise IndicatorError(what, where=kind.__name__, hint="Feed it anew.")
    restored = kind(symbols, decay, adjust=adjust, zero_mean=zero_mean)
    saved: Array = np.frombuffer(state)
    if saved.shape != restored._state.shape:
        raise IndicatorError("is damaged: its size does not fit its symbols", where=kind.__name__, value=len(state))
    restored._state[:] = saved
    return restored
