"""numpy arrays handed to the core, checked: cffi alone checks neither dtype nor that an output may be written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from bot3.errors import ArgumentError
from bot3.ffi import ffi

if TYPE_CHECKING:
    from bot3.ffi._core import CData

__all__ = ["as_input", "as_output", "events_view"]


def as_input(
    ctype: str, array: npt.NDArray[Any], dtype: npt.DTypeLike, length: int | None = None, name: str = "array"
) -> CData:
    """A `const ctype *` to a one-dimensional array's own memory. Keep the array alive as long as the pointer.

    Raises ArgumentError unless the array is of exactly that dtype, C-contiguous, aligned and, if given, of that length.
    """
    return _pointer(ctype, array, np.dtype(dtype), length, name, writable=False)


def as_output(
    ctype: str, array: npt.NDArray[Any], dtype: npt.DTypeLike, length: int | None = None, name: str = "array"
) -> CData:
    """As as_input, for memory that the core writes: a read-only array is refused too."""
    return _pointer(ctype, array, np.dtype(dtype), length, name, writable=True)


def _pointer(
    ctype: str, array: npt.NDArray[Any], dtype: np.dtype[Any], length: int | None, name: str, *, writable: bool
) -> CData:
    if not isinstance(array, np.ndarray):
        raise ArgumentError(
            "must be a numpy array", where=name, value=type(array).__name__, hint=f"Make one of dtype {dtype}."
        )
    if array.dtype != dtype:
        raise ArgumentError(
            f"must be of dtype {dtype}", where=name, value=str(array.dtype), hint="Convert it with .astype()."
        )
    if array.ndim != 1:
        raise ArgumentError("must have one dimension", where=name, value=array.shape)
    if length is not None and array.shape[0] != length:
        raise ArgumentError(f"must have {length} elements", where=name, value=array.shape[0])
    if not (array.flags.c_contiguous and array.flags.aligned):
        hint = "Make a copy with numpy.ascontiguousarray()."
        raise ArgumentError("must be contiguous and aligned", where=name, value=array.strides, hint=hint)
    if writable and not array.flags.writeable:
        raise ArgumentError("is read-only, and would be written", where=name)
    return ffi.from_buffer(ctype, array, require_writable=writable)


def events_view(pointer: CData, count: int, dtype: np.dtype[Any]) -> npt.NDArray[Any]:
    """A read-only array over count structs in the core's own memory: valid until the next call on their handle."""
    view = np.empty(0, dtype) if count == 0 else np.frombuffer(ffi.buffer(pointer, count * dtype.itemsize), dtype)
    view.flags.writeable = False
    return view
