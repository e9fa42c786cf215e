"""What survives a restart (`bot3 run --state FILE`): the day's start, the peak, the breaker, the kill switch.

A small JSON file in people's units, replaced as a whole: it is the old one or the new one, never half of each. Whoever
uses it holds a lock on `FILE.lock` meanwhile: two engines never share one, and nobody resets it under a running one.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from types import TracebackType
from typing import Annotated, Final, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from bot3.errors import StateError

__all__ = ["BreakerState", "State", "StateFile", "ns_of", "time_of"]

_SIZE_MAX: Final = 65_536
_TIME: Final = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)\.(\d{9})Z", re.ASCII)
_HINT: Final = (
    "Correct it, or move the file away: the next run then starts without a memory, and with the kill switch off."
)


def time_of(time_ns: int) -> str:
    """UTC nanoseconds as text: 2024-08-09T00:00:00.000000000Z."""
    seconds, rest_ns = divmod(time_ns, 10**9)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{rest_ns:09d}Z"


def ns_of(text: str) -> int:
    """The opposite of time_of. Raises ValueError."""
    match = _TIME.fullmatch(text)
    if match is None:
        raise ValueError("must be a time like 2024-08-09T00:00:00.000000000Z")
    return int(datetime.fromisoformat(match[1] + "+00:00").timestamp()) * 10**9 + int(match[2])


def _time(text: str) -> str:
    ns_of(text)
    return text


def _day(text: str) -> str:
    date.fromisoformat(text)
    return text


Money = Annotated[Decimal, Field(strict=False, allow_inf_nan=False, decimal_places=8, le=90_000_000_000)]
Time = Annotated[str, AfterValidator(_time)]
Day = Annotated[str, Field(pattern=r"^\d{4}-\d\d-\d\d$"), AfterValidator(_day)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")


class BreakerState(_Part):
    """An open breaker. until: receive time at which it closes; None: a person resets it."""

    cause: str
    until: Time | None


class State(_Part):
    """Equity is in currency; None: not known. day: UTC, by exchange time."""

    format: Literal[1] = 1
    currency: str
    killed: bool = False
    day: Day | None = None
    day_start_equity: Money | None = None
    peak_equity: Money | None = None
    breaker: BreakerState | None = None


class StateFile:
    """The file, locked as long as this is open. Use it with `with`."""

    def __init__(self, path: Path) -> None:
        """Raises StateError: it cannot be locked, or is in use."""
        self.path = path
        self._lock_path = path.with_name(path.name + ".lock")
        try:
            self._lock = os.open(self._lock_path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise self._error(
                f"cannot be used: {error.strerror}", "Give --state a file in a folder of yours."
            ) from error
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(self._lock)
            hint = "To a running engine, say `bot3 reset` without --state; each engine needs a state file of its own."
            raise self._error("is in use by a running engine", hint) from error

    def load(self) -> State | None:
        """What the file holds; None when there is no file yet. Raises StateError naming each field that is wrong."""
        try:
            with self.path.open("rb") as file:
                data = file.read(_SIZE_MAX + 1)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise self._error(f"cannot be read: {error.strerror}", "") from error
        if len(data) > _SIZE_MAX:
            raise self._error("is larger than 64 KiB", "This is no state file.")
        try:
            return State.model_validate_json(data)
        except ValidationError as error:
            faults = [f"{'.'.join(map(str, e['loc'])) or 'the file'}: {e['msg']}" for e in error.errors()]
            raise self._error("is damaged: " + "; ".join(faults), _HINT) from error

    def save(self, state: State) -> None:
        """Replaces the file; it is on disk when this returns. Raises StateError."""
        text = state.model_dump_json(indent=2) + "\n"
        beside = self.path.with_name(self.path.name + ".new")
        try:
            with beside.open("w", encoding="utf-8") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            beside.replace(self.path)
            folder = os.open(self.path.parent, os.O_RDONLY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)
        except OSError as error:
            raise self._error(f"cannot be written: {error.strerror}", "The state of this run is not kept.") from error

    def close(self) -> None:
        """Gives the lock back. The lock's file stays: removing it would let two hold it at once."""
        with contextlib.suppress(OSError):
            os.close(self._lock)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _error(self, what: str, hint: str) -> StateError:
        return StateError(what, where=str(self.path), hint=hint)
