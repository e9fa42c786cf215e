"""Handles of the core as Python objects: closed once, explicitly, and never used after."""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING, Self

from bot3.errors import ClosedError
from bot3.ffi import ffi

if TYPE_CHECKING:
    from bot3.ffi._core import CData

__all__ = ["Handle"]


class Handle:
    """Owns one opaque pointer and frees it once: by close(), at the end of `with`, or at last by the garbage collector.

    One thread at a time uses a handle, unless the call in bot3.h says otherwise.
    """

    def __init__(self, pointer: CData, free: Callable[[CData], None]) -> None:
        self._pointer: CData | None = ffi.gc(pointer, free)

    @property
    def pointer(self) -> CData:
        """The pointer for a call into the core. Raises ClosedError after close()."""
        if self._pointer is None:
            raise ClosedError("is closed", where=type(self).__name__)
        return self._pointer

    @property
    def closed(self) -> bool:
        """Whether close() was called."""
        return self._pointer is None

    def close(self) -> None:
        """Frees it now. Again: nothing happens."""
        if self._pointer is not None:
            ffi.release(self._pointer)
            self._pointer = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
