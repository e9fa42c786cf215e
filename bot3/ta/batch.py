"""Indicators over whole arrays, and over panels of them."""

from __future__ import annotations

import functools
import os
from collections import namedtuple
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from bot3.ffi import _ta, ffi, lib
from bot3.ta import memory

if TYPE_CHECKING:
    from bot3.ffi._core import CData
from bot3.ta.arrays import Array, as_series, like, output, pointer, pointers
from bot3.ta.kernels import KERNELS, IndicatorError, Kernel

__all__ = ["all_like", "batch_function", "new_stream", "outputs_for", "result_type"]

# Below so many values in all a panel is not worth a second thread: to wake one takes as long as a tenth of them.
_THREAD_VALUES = 500_000


def new_stream(kernel: Kernel, values: CData) -> Array:
    """Memory of a stream, not begun yet."""
    return np.empty(kernel.row.size(values) // 8 + 1)


@functools.cache
def result_type(kernel: Kernel) -> Callable[..., Any]:
    """Makes the result of a kernel's outputs: the only one, or a named tuple of them, of one type in every form."""
    if len(kernel.outputs) == 1:
        return lambda value: value
    fields = namedtuple(kernel.name, kernel.outputs)  # type: ignore[misc] # mypy wants literals
    # Its own way of pickling would look for the type by name, and no module has it: the name is the function's.
    members = {"__slots__": (), "__reduce__": lambda self: (_result, (kernel.name, *self))}
    return type(kernel.name, (fields,), members)


def _result(name: str, *outputs: Any) -> Any:
    return result_type(KERNELS[name])(*outputs)


def _run_panel(kernel: Kernel, values: CData, ins: Sequence[Array], outs: Sequence[Array]) -> None:
    """An array of one dimension is one row."""
    length = ins[0].shape[-1]
    rows = ins[0].size // length
    # The process may be kept to some of the machine's cores.
    cores = len(os.sched_getaffinity(0)) if ins[0].size >= _THREAD_VALUES else 1
    threads = min(cores, rows)
    scratch = np.empty((threads, (kernel.row.size(values) + lib.B3_PANEL_SCRATCH_GAP) // 8 + 1))
    lib.b3_indicator_panel_blocking(
        kernel.row, values, pointer(scratch), pointers(ins), pointers(outs), rows, length, length, length, threads
    )


def outputs_for(kernel: Kernel, out: object, shape: tuple[int, ...], ins: Sequence[Array]) -> list[Array]:
    """The caller's arrays to write to, checked, or new ones. Raises IndicatorError."""
    count = len(kernel.outputs)
    if out is None:
        return [memory.empty(shape) for _ in range(count)]
    given: Sequence[object] = [out] if count == 1 else out  # type: ignore[assignment]
    if not isinstance(given, list | tuple) or len(given) != count:
        raise IndicatorError(
            f"must be {count} arrays: {', '.join(kernel.outputs)}", where="out", value=type(out).__name__
        )
    names = ["out"] if count == 1 else [f"out.{name}" for name in kernel.outputs]
    arrays = [output(value, shape, ins, name) for value, name in zip(given, names, strict=True)]
    if any(np.may_share_memory(a, b) for i, a in enumerate(arrays) for b in arrays[:i]):
        raise IndicatorError("holds one array twice", where="out")
    return arrays


def all_like(model: object, outs: Sequence[Array], kernel: Kernel) -> list[Any]:
    """A kernel's outputs as what its first input was."""
    return [like(model, array, name) for array, name in zip(outs, kernel.outputs, strict=True)]


def batch_function(kernel: Kernel) -> Callable[..., Any]:
    """The function `bot3.ta.<name>` of a kernel.

    It is made of C for plain arrays and numbers (bot3/ffi/ta_batch.c), and hands over to `general` for all others.
    """
    pack = result_type(kernel)

    def general(*args: Any, out: Any = None, **named: Any) -> Any:
        series = list(args[: len(kernel.inputs)])
        for name in kernel.inputs[len(series) :]:
            if name not in named:
                raise IndicatorError("is missing", where=name, hint=f"{kernel.name} takes {', '.join(kernel.inputs)}.")
            series.append(named.pop(name))
        for name in kernel.inputs:
            if name in named:
                raise IndicatorError("was given twice", where=name)
        ins = [as_series(value, name) for value, name in zip(series, kernel.inputs, strict=True)]
        for array, name in zip(ins[1:], kernel.inputs[1:], strict=True):
            if array.shape != ins[0].shape:
                raise IndicatorError(
                    f"must have the shape of {kernel.inputs[0]}, {ins[0].shape}", where=name, value=array.shape
                )
        values = kernel.values(args[len(kernel.inputs) :], named)
        outs = outputs_for(kernel, out, ins[0].shape, ins)
        if ins[0].size:
            _run_panel(kernel, values, ins, outs)
        return pack(*(outs if out is not None else all_like(series[0], outs, kernel)))

    row = int(ffi.cast("uintptr_t", kernel.row))
    text = f"{kernel.name}{_signature(kernel)}\n--\n\n{_describe(kernel)}"
    result = pack if len(kernel.outputs) > 1 else None
    function: Callable[..., Any] = _ta.function(
        general, kernel.name, text, row, result, np.ndarray, np.empty, memory.empty, memory.KEPT_LEAST
    )
    return function


def _or(accepted: Sequence[object], default: object) -> str:
    others = [repr(value) for value in accepted if value != default]
    return f" (or {', '.join(others)})" if others else ""


def _signature(kernel: Kernel) -> str:
    params = [f"{p.name}={p.shown!r}" for p in kernel.params]
    return f"({', '.join(['$module', *kernel.inputs, *params])}, *, out=None)"


def _describe(kernel: Kernel) -> str:
    lines = [f"{kernel.text}.", "", f"{kernel.formula}", ""]
    lines += [f"{name}: float64 (time) or (symbols, time); others are converted." for name in kernel.inputs]
    lines += [f"{p.name} = {p.shown!r}{_or(p.accepted, p.shown)}: {p.text}." for p in kernel.params]
    lines.append("out: float64 array(s) of the inputs' shape to write to.")
    if kernel.start != "-":
        lines += ["", f"Start: {kernel.start}."]
    names = ", ".join(kernel.outputs)
    lines += ["", f"Returns {names}: NaN until warm. Raises ValueError, which names the argument."]
    return "\n".join(lines)
