"""The core's status codes as exceptions."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

from bot3.errors import Bot3Error, EngineError
from bot3.ffi import ffi, lib

if TYPE_CHECKING:
    from bot3.ffi._core import CData

__all__ = ["check", "fault", "new_error", "status_name", "text"]

# Advice that is true whichever call failed.
_HINTS: Final[dict[int, str]] = {
    lib.B3_ERR_MEMORY: "Free memory, or lower the capacities in the configuration.",
    lib.B3_ERR_CAPACITY: "Raise that capacity in the configuration.",
    lib.B3_ERR_CORRUPT: "The bytes were changed after they were written: use another copy, or what lies before.",
    lib.B3_ERR_TRUNCATED: "The writer did not finish: use another copy, or what lies before.",
    lib.B3_ERR_VERSION: "Read it with the bot3 that wrote it, or convert the original again.",
}


def new_error() -> CData:
    """An empty b3_error * for a call to fill in."""
    return ffi.new("b3_error *")


def text(pointer: CData) -> str:
    """A static C string of the core; empty for NULL."""
    return "" if pointer == ffi.NULL else ffi.string(pointer).decode()


def status_name(status: int) -> str:
    """The name of a status code, "B3_ERR_FORMAT"."""
    return text(lib.b3_status_name(status))


def fault(error: CData, kind: type[Bot3Error] = EngineError, where: str = "", hint: str = "") -> Bot3Error:
    """The exception of class kind for a filled b3_error. where: the file or thing the call was about.

    kind is called as Bot3Error is.
    """
    status = int(error.status)
    what = text(error.what) or "failed"
    if status == lib.B3_ERR_IO:
        return kind(f"{what}: {os.strerror(error.os_errno)}", where=where, hint=hint, status=status)
    position = int(error.position)
    return kind(
        f"{what}, at {position} [{status_name(status)}]",
        where=where,
        value=int(error.value) if error.value else None,
        hint=hint or _HINTS.get(status, ""),
        status=status,
        position=position,
    )


def check(result: int, error: CData, kind: type[Bot3Error] = EngineError, where: str = "", hint: str = "") -> int:
    """Passes on an outcome (>= 0); raises fault(...) for a fault."""
    if result < 0:
        if error.status == lib.B3_OK:
            error.status = result
        raise fault(error, kind, where, hint)
    return result
