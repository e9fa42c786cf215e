"""Callers' series as arrays that the core reads, and results as the kind of thing that came in."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from bot3.ffi import ffi
from bot3.ta import memory
from bot3.ta.kernels import IndicatorError
from bot3.ta.memory import Array

if TYPE_CHECKING:
    from bot3.ffi._core import CData

__all__ = [
    "Array",
    "as_real",
    "as_series",
    "checked_series",
    "doubles",
    "like",
    "made_for",
    "of_dimensions",
    "output",
    "pointer",
    "pointers",
    "same_length",
]

_DOUBLES = ffi.typeof("double[]")


def pointer(array: Array) -> CData:
    """A `double *` to an array's memory, valid as long as the array."""
    return ffi.cast("double *", ffi.from_buffer("double[]", array))


def pointers(arrays: Iterable[Array]) -> CData:
    """A C array of pointers to the first element of each."""
    return ffi.new("double *[]", [pointer(array) for array in arrays])


def _module(value: object) -> str:
    return type(value).__module__.partition(".")[0]


def as_series(value: object, name: str) -> Array:
    """One series, or a panel of them in rows, as contiguous float64, not copied if it is. Raises IndicatorError."""
    array = as_real(value, name)
    if not 0 < array.ndim < 3:
        hint = "Pass one dimension (time), or two: a row for each symbol."
        raise IndicatorError("has the wrong number of dimensions", where=name, value=array.shape, hint=hint)
    return array


def as_real(value: object, name: str) -> Array:
    """Real numbers of any shape as contiguous float64, not copied if they are. Raises IndicatorError."""
    if type(value) is np.ndarray and value.dtype == np.float64 and value.flags.carray:
        return value
    if _module(value) in ("pandas", "polars") and hasattr(value, "columns"):
        hint = "Pass one column, or a panel as an array with a row for each symbol: frame.to_numpy().T"
        raise IndicatorError("is a table", where=name, value=type(value).__name__, hint=hint)
    try:
        array: npt.NDArray[Any] = np.asarray(value)
        if isinstance(value, np.ma.MaskedArray):  # masked is missing, as null is, whatever lies under the mask
            array = np.ma.filled(value.astype(np.float64), np.nan) if array.dtype.kind in "fiub" else array
        # What pandas holds with nulls comes as objects, though its own type is one of numbers.
        kind = getattr(getattr(value, "dtype", None), "kind", "O") if _module(value) == "pandas" else array.dtype.kind
        if kind not in "fiub":
            raise TypeError
        array = np.asarray(array, dtype=np.float64, order="C")
    except (TypeError, ValueError):
        found = str(getattr(value, "dtype", type(value).__name__))
        raise IndicatorError("must be real numbers", where=name, value=found, hint="Pass floats or integers.") from None
    return array


def checked_series(series: Sequence[object], names: Sequence[str], where: str) -> list[Array]:
    """One series for each name, all of one length. where: who takes them. Raises IndicatorError."""
    if len(series) != len(names):
        raise IndicatorError(f"takes {', '.join(names)}", where=where, value=len(series))
    arrays = [of_dimensions(value, name, 1) for value, name in zip(series, names, strict=True)]
    for array, name in zip(arrays, names, strict=True):
        if array.shape != arrays[0].shape:
            raise IndicatorError(f"must have the length of {names[0]}", where=name, value=array.shape)
    return arrays


def output(value: object, shape: tuple[int, ...], inputs: Sequence[Array], name: str) -> Array:
    """A caller's array to write to, checked. Raises IndicatorError."""
    if not isinstance(value, np.ndarray) or value.dtype != np.float64 or not value.flags.carray:
        hint = "Make it with numpy.empty(shape)."
        what = "must be a writable, contiguous float64 array"
        raise IndicatorError(what, where=name, value=type(value).__name__, hint=hint)
    if value.shape != shape:
        raise IndicatorError(f"must have the shape {shape}", where=name, value=value.shape)
    if any(np.may_share_memory(value, array) for array in inputs):
        raise IndicatorError("overlaps an input", where=name, hint="The inputs are read after outputs are written.")
    return value


def like(model: object, array: Array, name: str) -> Any:
    """The result as what the first input was: a pandas Series with its index, a polars Series, or the array itself."""
    kind = _module(model)
    if kind == "pandas" and hasattr(model, "index"):  # an Index, and the arrays that hold a Series' values, have none
        return sys.modules["pandas"].Series(array, index=model.index, name=name, copy=False)
    if kind == "polars" and "polars" in sys.modules:
        return sys.modules["polars"].Series(name, array, nan_to_null=False)
    return array


def doubles(array: Array) -> CData:
    """A `double[]` over an array's memory, of any shape, valid as long as the array."""
    return ffi.from_buffer(_DOUBLES, array)


def of_dimensions(value: object, name: str, count: int) -> Array:
    """As as_series, of exactly so many dimensions. Raises IndicatorError."""
    array = as_real(value, name)
    if array.ndim != count:
        what = "must have one dimension" if count == 1 else f"must have {count} dimensions"
        raise IndicatorError(what, where=name, value=array.shape)
    return array


def made_for(out: object, shape: tuple[int, ...], *inputs: Array) -> Array:
    """The caller's `out`, checked, or a new array. Raises IndicatorError."""
    return memory.empty(shape) if out is None else output(out, shape, inputs, "out")


def same_length(length: int, wanted: int, name: str, what: str) -> None:
    """Raises IndicatorError where two lengths that must be one differ."""
    if length != wanted:
        raise IndicatorError(f"must have {wanted} {what}", where=name, value=length)
