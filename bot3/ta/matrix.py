"""Matrices that signals need: `bot3.ta.matrix.covariance(panel)`. docs/TA.md says how exact and how fast.

Arguments are real arrays (lists too), converted to contiguous float64; a panel has a row for each symbol. Right sides
of cholesky_solve are columns, as numpy's and SciPy's.
out= takes a contiguous float64 array of the result's shape that overlaps no argument, and is returned. What cannot be
meant is an IndicatorError, also a ValueError, that names the argument.

Small sizes run in bot3's core, large ones in the BLAS that numpy brings, wherever benches/ta_matrix.py found it faster.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from bot3.ffi import ffi, lib
from bot3.ta.arrays import Array, as_real, doubles, made_for, of_dimensions, same_length
from bot3.ta.ew_covariance import EWCovariance, ew_covariance
from bot3.ta.kernels import IndicatorError

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

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.pivot,)


def _square(value: object, name: str) -> Array:
    array = of_dimensions(value, name, 2)
    if array.shape[0] != array.shape[1]:
        raise IndicatorError("must be square", where=name, value=array.shape)
    return array


def dot(x: Any, y: Any) -> float:
    """sum(x * y) of two arrays of the same length."""
    a, b = of_dimensions(x, "x", 1), of_dimensions(y, "y", 1)
    same_length(len(b), len(a), "y", "values, as x")
    return lib.b3_matrix_dot(doubles(a), doubles(b), len(a))


def gemv(a: Any, x: Any, out: Any = None) -> Array:
    """a (rows, columns) times x (columns): an array (rows)."""
    matrix, vector = of_dimensions(a, "a", 2), of_dimensions(x, "x", 1)
    same_length(len(vector), matrix.shape[1], "x", "values, as a has columns")
    result = made_for(out, (matrix.shape[0],), matrix, vector)
    lib.b3_matrix_gemv_blocking(doubles(matrix), len(result), len(vector), doubles(vector), doubles(result))
    return result


def gemm(a: Any, b: Any, out: Any = None) -> Array:
    """a (rows, inner) times b (inner, columns): an array (rows, columns)."""
    left, right = of_dimensions(a, "a", 2), of_dimensions(b, "b", 2)
    (rows, inner), columns = left.shape, right.shape[1]
    same_length(len(right), inner, "b", "rows, as a has columns")
    result = made_for(out, (rows, columns), left, right)
    if rows * inner * columns > _GEMM_MAX:
        return np.matmul(left, right, out=result)
    lib.b3_matrix_gemm_blocking(doubles(left), doubles(right), rows, inner, columns, doubles(result))
    return result


def covariance(panel: Any, ddof: int = 1, out: Any = None) -> Array:
    """Covariance matrix (symbols, symbols) of a panel (symbols, time), as numpy.cov; NaN where time <= ddof.

    sum((x - mean x) * (y - mean y)) / (time - ddof), from differences: no digits are lost at large prices.
    ddof: 1 for a sample, 0 for the population.
    """
    if ddof not in (0, 1):
        hint = "Give a number, as to numpy: 1 for a sample, 0 for the population."
        raise IndicatorError("must be 0 or 1", where="ddof", value=ddof, hint=hint)
    rows = of_dimensions(panel, "panel", 2)
    symbols, length = rows.shape
    result, means = made_for(out, (symbols, symbols), rows), np.empty(symbols)
    if symbols * symbols * length > _COVARIANCE_MAX and length > ddof:
        first = rows[:, :1]
        centred = rows - first
        centred -= centred.mean(axis=1, keepdims=True)
        np.matmul(centred, centred.T, out=result)
        result /= length - ddof
        return result
    lib.b3_matrix_covariance_blocking(doubles(rows), symbols, length, ddof, doubles(means), doubles(result))
    return result


def correlation(panel: Any, out: Any = None) -> Array:
    """Correlation matrix (symbols, symbols) of a panel (symbols, time), within -1 .. 1.

    covariance / (deviation x * deviation y) (Pearson 1895); NaN for a symbol that is constant.
    """
    result = covariance(panel, 0, out)
    deviations = np.empty(len(result))
    lib.b3_matrix_correlation(doubles(result), len(result), doubles(deviations))
    return result


def cholesky(a: Any, out: Any = None) -> Array:
    """The lower factor L of a symmetric positive definite a = L L' (n, n), of which the lower triangle is read.

    Raises NotPositiveDefiniteError, which names the pivot.
    """
    matrix = _square(a, "a")
    n = len(matrix)
    result = made_for(out, (n, n), matrix)
    if n > _CHOLESKY_MAX:
        try:
            result[...] = np.linalg.cholesky(matrix)
            if np.isfinite(result.diagonal()).all():
                return result
        except np.linalg.LinAlgError:  # it does not say which pivot: found below
            pass
    result[...] = matrix
    error = ffi.new("b3_error *")
    if lib.b3_matrix_cholesky_blocking(doubles(result), n, error) < 0:
        raise NotPositiveDefiniteError(int(error.position))
    return result


def cholesky_solve(factor: Any, b: Any, out: Any = None) -> Array:
    """x of a x = b, factor = cholesky(a) (n, n): b is one right side (n), or one a column (n, systems); so is x.

    As numpy.linalg.solve(a, b). Raises IndicatorError where factor is not lower triangular with a positive diagonal.
    """
    lower, right = _square(factor, "factor"), as_real(b, "b")
    if right.ndim not in (1, 2):
        hint = "Pass one right side (n), or one a column (n, systems)."
        raise IndicatorError("must have one or two dimensions", where="b", value=right.shape, hint=hint)
    same_length(len(right), len(lower), "b", "rows, as factor has")
    result = made_for(out, right.shape, lower, right)
    rows = np.array(right.T, order="C")  # the core's systems are rows
    error = ffi.new("b3_error *")
    systems = rows.size // len(lower) if len(lower) else 0
    if lib.b3_matrix_cholesky_solve_blocking(doubles(lower), len(lower), doubles(rows), systems, error) < 0:
        hint = "Pass what cholesky() gives; an upper factor transposed; what SciPy's cho_factor gives by numpy.tril."
        what = "must be lower triangular, with a positive diagonal"
        position = int(error.position)
        raise IndicatorError(what, where="factor", value=f"row {position}", hint=hint, position=position)
    result[...] = rows.T
    return result
