"""Indicators as streams: `RSI(14).update(x)`. One class a kernel, named as the kernel in upper case.

A stream's memory does not grow. It can be copied and pickled; a pickle is read by the same version alone.
"""

from __future__ import annotations

import inspect
import math
from typing import TYPE_CHECKING, Any, NoReturn, Self

import numpy as np

from bot3.ffi import ffi, lib
from bot3.ffi._ta import StreamUpdates
from bot3.ta.arrays import Array, checked_series, pointers
from bot3.ta.batch import all_like, new_stream, outputs_for, result_type
from bot3.ta.kernels import KERNELS, IndicatorError, Kernel
from bot3.ta.saved import Saved


class Stream(Saved, StreamUpdates):
    """One indicator, fed value by value. Arguments: the kernel's parameters. One thread at a time.

    update(*values) takes one value of each input and gives the output, or a named tuple of outputs: NaN until warm.
    peek(*values) tells what it would give, without the stream noticing (a bar still forming), at the cost of a copy of
    the state. Both raise IndicatorError for what is no number.
    """

    __slots__ = ("_out", "_pack", "_pointer", "_state", "_values")
    kernel: Kernel

    def __init__(self, *params: Any, **named: Any) -> None:
        self._begin(*params, **named)

    def _begin(self, *params: Any, **named: Any) -> None:
        self._values = self.kernel.values(params, named)
        self._state = new_stream(self.kernel, self._values)
        self._pointer = ffi.cast("void *", self._state.ctypes.data)
        self._out: Array = np.empty(len(self.kernel.outputs))
        self._pack = result_type(self.kernel)
        row = int(ffi.cast("uintptr_t", self.kernel.row))
        self._bind(row, self._state, self._out, self._pack if len(self._out) > 1 else None)
        self.reset()

    def reset(self) -> None:
        """Forgets everything."""
        self.kernel.row.init(self._pointer, self._values)
        self._out[:] = math.nan

    def update_many(self, *series: Any, out: Any = None) -> Any:
        """Takes a series of each input, gives those of the outputs, as bot3.ta's functions do, `out` too.

        Raises IndicatorError, and has noticed nothing then.
        """
        ins = checked_series(series, self.kernel.inputs, self.kernel.name)
        outs = outputs_for(self.kernel, out, ins[0].shape, ins)
        lib.b3_indicator_run_blocking(
            self.kernel.row,
            self._values,
            self._pointer,
            pointers(ins),
            pointers(outs),
            len(ins[0]),
        )
        if len(ins[0]):
            for i, array in enumerate(outs):
                self._out[i] = array[-1]
        return self._pack(*(outs if out is not None else all_like(series[0], outs, self.kernel)))

    def seed(self, *series: Any) -> Self:
        """Starts anew as if the arrays had just been seen; gives itself."""
        self.reset()
        self.update_many(*series)
        return self

    @property
    def value(self) -> Any:
        """The newest output, or named tuple of outputs."""
        return self._pack(*self._out.tolist())

    @property
    def ready(self) -> bool:
        """Whether the newest outputs are all numbers."""
        return not any(map(math.isnan, self._out.tolist()))

    @property
    def params(self) -> dict[str, Any]:
        """Its parameters by name, as one writes them: RSI(**stream.params) is another."""
        return {p.name: p.written(v) for p, v in zip(self.kernel.params, self._values, strict=False)}

    @property
    def lookback(self) -> int:
        """Values before the first output that is a number."""
        return int(self.kernel.row.lookback(self._values))

    def _arguments(self) -> tuple[Any, ...]:
        return tuple(self.params.values())

    def _arrays(self) -> list[Array]:
        return [self._state, self._out]

    def __repr__(self) -> str:
        params = ", ".join(f"{name}={value!r}" for name, value in self.params.items())
        return f"{type(self).__name__}({params})"

    def _refuse(self, position: int, value: object) -> NoReturn:
        if position < 0:
            raise IndicatorError(f"takes {', '.join(self.kernel.inputs)}", where=self.kernel.name, value=value)
        raise IndicatorError("must be a number", where=self.kernel.inputs[position], value=value)


def _class(kernel: Kernel) -> type[Stream]:
    name = kernel.name.upper()
    text = f"{kernel.text}. Stream of {', '.join(kernel.inputs)}; see bot3.ta.{kernel.name}."
    either = inspect.Parameter.POSITIONAL_OR_KEYWORD
    params = [inspect.Parameter(p.name, either, default=p.shown) for p in kernel.params]
    members = {"kernel": kernel, "__doc__": text, "__module__": __name__, "__signature__": inspect.Signature(params)}
    return type(name, (Stream,), members)


if TYPE_CHECKING:
    from bot3.ta._streams import *  # noqa: F403 - their names are the table's
else:

    def __getattr__(name: str) -> NoReturn:
        there = ", ".join(sorted(k.upper() for k in KERNELS))
        raise AttributeError(f"bot3.ta.stream has no {name!r}; there are {there}")


globals().update({kernel.name.upper(): _class(kernel) for kernel in KERNELS.values()})
__all__ = ["Stream", *(name.upper() for name in KERNELS)]  # noqa: PLE0604 - names of the table
