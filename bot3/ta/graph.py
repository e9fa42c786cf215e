"""Many streams updated by one call a bar: a call from Python costs more than the indicator."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from bot3.ffi import ffi, lib
from bot3.ta.arrays import Array, as_series, pointer, pointers
from bot3.ta.batch import new_stream
from bot3.ta.kernels import KERNELS, IndicatorError

__all__ = ["Graph"]


class Graph:
    """Streams wired to named inputs, or to one another. One thread at a time.

    g = Graph("high", "low", "close")
    g.add("fast", "ema", "close", timeperiod=12)
    g.add("smooth", "sma", "fast", timeperiod=5)
    g.update(101.0, 99.0, 100.0)["smooth"]
    """

    def __init__(self, *inputs: str) -> None:
        if not inputs or len(set(inputs)) != len(inputs):
            raise IndicatorError("must be different names, at least one", where="inputs", value=inputs)
        self.inputs = inputs
        self._slots = {name: i for i, name in enumerate(inputs)}
        self._nodes: list[tuple[Any, Array, tuple[int, ...], int]] = []
        self._compiled: Any = None
        self._memory: Array = np.full(len(inputs), math.nan)

    @property
    def outputs(self) -> tuple[str, ...]:
        """Names of the outputs, in order: the node's, or "node.output" where a kernel has several."""
        return tuple(self._slots)[len(self.inputs) :]

    def add(self, name: str, kernel: str, *sources: str, **params: Any) -> None:
        """Adds a stream named `name` on sources that are there already (default: the kernel's own input names).

        Raises IndicatorError.
        """
        if kernel not in KERNELS:
            raise IndicatorError(
                "is no indicator", where="kernel", value=kernel, hint=f"There are: {', '.join(KERNELS)}."
            )
        row = KERNELS[kernel]
        sources = sources or row.inputs
        names = [name] if len(row.outputs) == 1 else [f"{name}.{output}" for output in row.outputs]
        if len(sources) != len(row.inputs):
            raise IndicatorError(f"needs {len(row.inputs)} sources: {', '.join(row.inputs)}", where=name, value=sources)
        for source in sources:
            if source not in self._slots:
                raise IndicatorError("is not known here", where=source, hint=f"There are: {', '.join(self._slots)}.")
        for output in names:
            if output in self._slots:
                raise IndicatorError("is there already", where=output)
        values = row.values((), params)
        stream = new_stream(row, values)
        row.row.init(ffi.cast("void *", stream.ctypes.data), values)
        self._nodes.append((row.row, stream, tuple(self._slots[s] for s in sources), len(self._slots)))
        for output in names:
            self._slots[output] = len(self._slots)
        self._memory = np.full(len(self._slots), math.nan)
        self._compiled = None

    def update(self, *values: float) -> dict[str, float]:
        """Takes one value of each input, gives all outputs by name. Raises IndicatorError."""
        if len(values) != len(self.inputs):
            raise IndicatorError(f"takes {', '.join(self.inputs)}", where="values", value=len(values))
        self._memory[: len(values)] = values
        nodes = self._compile()
        lib.b3_graph_update(nodes, len(self._nodes), pointer(self._memory))
        return dict(zip(self.outputs, self._memory[len(values) :].tolist(), strict=True))

    def update_many(self, *series: Any) -> dict[str, Array]:
        """Takes an array of each input, gives arrays of all outputs by name. Raises IndicatorError."""
        if len(series) != len(self.inputs):
            raise IndicatorError(f"takes {', '.join(self.inputs)}", where="series", value=len(series))
        ins = [as_series(value, name) for value, name in zip(series, self.inputs, strict=True)]
        for array, name in zip(ins, self.inputs, strict=True):
            if array.ndim != 1 or array.shape != ins[0].shape:
                raise IndicatorError(f"must have the length of {self.inputs[0]}", where=name, value=array.shape)
        outs = {name: np.empty(len(ins[0])) for name in self.outputs}
        lib.b3_graph_run_blocking(
            self._compile(),
            len(self._nodes),
            pointer(self._memory),
            len(ins),
            len(self._slots),
            pointers(ins),
            pointers(outs.values()),
            len(ins[0]),
        )
        return outs

    def _compile(self) -> Any:
        if self._compiled is None:
            nodes = ffi.new("b3_graph_node[]", max(1, len(self._nodes)))
            for node, (row, stream, sources, first) in zip(nodes, self._nodes, strict=False):
                node.indicator, node.stream, node.first_out = row, ffi.cast("void *", stream.ctypes.data), first
                for i, source in enumerate(sources):
                    getattr(node, "in")[i] = source
            self._compiled = nodes
        return self._compiled
