"""What bot3.ta calls without cffi in between: ta_batch.c and ta_updates.c."""

from collections.abc import Callable
from typing import Any

from bot3.ta.memory import Array

def function(
    general: Callable[..., Any],
    name: str,
    text: str,
    row: int,
    result: Callable[..., Any] | None,
    array_type: type,
    empty: Callable[..., Any],
    large: Callable[..., Any],
    large_least: int,
    /,
) -> Callable[..., Any]: ...

class StreamUpdates:
    def _bind(self, row: int, state: Array, out: Array, result: Callable[..., Any] | None, /) -> None: ...
    def update(self, *values: float) -> Any: ...
    def peek(self, *values: float) -> Any: ...

class GraphUpdates:
    def _bind(self, nodes: int, node_count: int, slots: Array, outputs: tuple[str, ...], /) -> None: ...
    def update(self, *values: float) -> dict[str, float]: ...
