"""Many streams updated by one call a bar: a call from Python costs more than the indicator."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NoReturn, Self

import numpy as np

from bot3.ffi import ffi, lib
from bot3.ffi._ta import GraphUpdates
from bot3.ta import memory
from bot3.ta.arrays import Array, checked_series, like, pointer, pointers
from bot3.ta.batch import new_stream
from bot3.ta.kernels import KERNELS, IndicatorError
from bot3.ta.saved import Saved

__all__ = ["Graph"]


# How a stream was added: its name, the kernel, its sources, the parameters.
_Added = tuple[str, str, tuple[str, ...], dict[str, Any]]


@dataclass(frozen=True)
class _Node:
    """A stream, how it was added, its state, and the slots that it reads and the first that it writes."""

    added: _Added
    values: Any
    state: Array
    sources: tuple[int, ...]
    first_out: int

    def reset(self) -> None:
        self.row.init(ffi.cast("void *", self.state.ctypes.data), self.values)

    @property
    def row(self) -> Any:
        return KERNELS[self.added[1]].row


def _check_name(name: object, where: str) -> None:
    if not isinstance(name, str) or not name:
        raise IndicatorError("must be a name", where=where, value=name, hint='Give text, such as "close".')


class Graph(Saved, GraphUpdates):
    """Streams wired to named inputs, or to one another. One thread at a time. Copied and pickled as streams are.

    update(*values) takes one value of each input and gives all outputs by name. Raises IndicatorError.

    g = Graph("high", "low", "close")
    g.add("fast", "ema", "close", timeperiod=12)
    g.add("smooth", "sma", "fast", timeperiod=5)
    g.update(101.0, 99.0, 100.0)["smooth"]
    """

    __slots__ = ("_compiled", "_memory", "_nodes", "_slots", "inputs")

    def __init__(self, *inputs: str) -> None:
        self._begin(inputs)

    def _begin(self, inputs: tuple[str, ...], added: Sequence[_Added] = ()) -> None:
        if not inputs or len(set(inputs)) != len(inputs):
            raise IndicatorError("must be different names, at least one", where="inputs", value=inputs)
        for name in inputs:
            _check_name(name, "inputs")
        self.inputs = inputs
        self._slots = {name: i for i, name in enumerate(inputs)}
        self._nodes: list[_Node] = []
        self._compile()
        for name, kernel, sources, params in added:
            Graph.add(self, name, kernel, *sources, **params)  # a subclass may add in another way

    @property
    def outputs(self) -> tuple[str, ...]:
        """Names of the outputs, in order: the node's, or "node.output" where a kernel has several."""
        return tuple(self._slots)[len(self.inputs) :]

    def add(self, name: str, kernel: str, *sources: str, **params: Any) -> None:
        """Adds a stream named `name` on sources that are there already (default: the kernel's own input names).

        Raises IndicatorError.
        """
        _check_name(name, "name")
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
        slots = tuple(self._slots[s] for s in sources)
        node = _Node((name, kernel, sources, params), values, new_stream(row, values), slots, len(self._slots))
        node.reset()
        self._nodes.append(node)
        for output in names:
            self._slots[output] = len(self._slots)
        self._compile()

    def peek(self, *values: float) -> dict[str, float]:
        """What update would give, without the streams noticing (a bar still forming). Costs two copies of all."""
        before = self._saved()
        try:
            return self.update(*values)
        finally:
            self._load(before)

    def update_many(self, *series: Any) -> dict[str, Any]:
        """Takes a series of each input, gives those of all outputs by name: Series where the first input is
        one. Raises IndicatorError.
        """
        ins = checked_series(series, self.inputs, "series")
        outs = {name: memory.empty(len(ins[0])) for name in self.outputs}
        lib.b3_graph_run_blocking(
            self._compiled,
            len(self._nodes),
            pointer(self._memory),
            len(ins),
            len(self._slots),
            pointers(ins),
            pointers(outs.values()),
            len(ins[0]),
        )
        return {name: like(series[0], array, name) for name, array in outs.items()}

    def seed(self, *series: Any) -> Self:
        """Starts anew as if the arrays had just been seen; gives itself."""
        self.reset()
        self.update_many(*series)
        return self

    def reset(self) -> None:
        """Forgets everything but what was added."""
        self._memory[:] = math.nan
        for node in self._nodes:
            node.reset()

    @property
    def value(self) -> dict[str, float]:
        """The newest outputs by name: NaN until warm."""
        return dict(zip(self.outputs, self._memory[len(self.inputs) :].tolist(), strict=True))

    @property
    def ready(self) -> bool:
        """Whether the newest outputs are all numbers."""
        return not bool(np.isnan(self._memory[len(self.inputs) :]).any())

    def _arguments(self) -> tuple[Any, ...]:
        return self.inputs, [node.added for node in self._nodes]

    def _arrays(self) -> list[Array]:
        return [self._memory, *(node.state for node in self._nodes)]

    def _refuse(self, position: int, value: object) -> NoReturn:
        if position < 0:
            raise IndicatorError(f"takes {', '.join(self.inputs)}", where="values", value=value)
        raise IndicatorError("must be a number", where=self.inputs[position], value=value)

    def _compile(self) -> None:
        """What was added so far, for the core; outputs begin as NaN."""
        self._memory: Array = np.full(len(self._slots), math.nan)
        self._compiled = ffi.new("b3_graph_node[]", max(1, len(self._nodes)))
        for compiled, node in zip(self._compiled, self._nodes, strict=False):
            compiled.indicator, compiled.params, compiled.first_out = node.row, node.values, node.first_out
            compiled.stream = ffi.cast("void *", node.state.ctypes.data)
            for i, source in enumerate(node.sources):
                getattr(compiled, "in")[i] = source
        nodes = int(ffi.cast("uintptr_t", self._compiled))
        self._bind(nodes, len(self._nodes), self._memory, self.outputs)
