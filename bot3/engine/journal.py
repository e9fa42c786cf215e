"""The journal on disk: written while a run goes on, read back, replayed and compared byte for byte."""

from __future__ import annotations

import bisect
import contextlib
import os
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bot3.engine.core import Engine
from bot3.engine.plan import RunPlan
from bot3.errors import Bot3Error, JournalError, RecordingError
from bot3.ffi import lib
from bot3.recording import RecordingFile

__all__ = ["Comparison", "Journal", "JournalWriter", "compare"]

_CHUNK = 1 << 20


class JournalWriter:
    """Copies an engine's journal to a file from a thread of its own, until close()."""

    def __init__(self, engine: Engine, path: Path) -> None:
        self._engine = engine
        self._path = path
        self._error: Bot3Error | None = None
        try:
            self._file = path.open("wb")
        except OSError as error:
            raise JournalError(f"cannot be written: {error.strerror}", where=str(path)) from error
        self._thread = threading.Thread(target=self._drain, name="bot3-journal")
        self._thread.start()

    def _drain(self) -> None:
        try:
            self._engine.drain_journal(self._file.fileno())
        except Bot3Error as error:
            self._error = error

    def close(self) -> None:
        """Ends the journal, waits until it is on disk. Raises JournalError if any of it could not be written."""
        try:
            self._engine.finish()
        finally:
            self._thread.join()
            with self._file:
                os.fsync(self._file.fileno())
        if self._error is not None:
            raise JournalError(self._error.what, where=str(self._path), hint="It is incomplete.") from self._error


class Journal(RecordingFile):
    """A journal file being read: the recording that a replay runs on."""

    def __init__(self, path: Path) -> None:
        """Raises JournalError."""
        with _as_journal():
            super().__init__(path, lib.B3_CONTENT_JOURNAL)

    def plan(self) -> RunPlan:
        """What the journal's run was set up with. Raises JournalError."""
        with _as_journal():
            for record in self.records():
                if record.type == lib.B3_REC_CONFIG:
                    text = bytes(self.payload(record)).decode(errors="replace")
                    return RunPlan.from_json(text, str(self.path))
        raise JournalError("holds no configuration", where=str(self.path))


def _journal_error(error: RecordingError, where: str, hint: str) -> JournalError:
    value, status, position = error.value, error.status, error.position
    return JournalError(error.what, where=where, value=value, hint=hint, status=status, position=position)


@contextlib.contextmanager
def _as_journal() -> Iterator[None]:
    try:
        yield
    except RecordingError as error:
        raise _journal_error(error, error.where, error.hint) from error


@dataclass(frozen=True, slots=True)
class Comparison:
    """A journal against what its replay wrote. records: how many agree, LAYOUT (number 0) and END included.

    differs: number of the first record that differs, None if none does. damage: why the journal could not be read on.
    """

    records: int
    differs: int | None
    damage: JournalError | None


def compare(journal: Journal, other: Path) -> Comparison:
    """Compares a journal with another file, byte for byte, as far as the journal can be read."""
    lib.b3_recording_rewind(journal.pointer)
    ends = [int(lib.b3_recording_position(journal.pointer))]  # of LAYOUT, then of each record that follows
    damage: JournalError | None = None
    try:
        with _as_journal():
            for _ in journal.records():
                ends.append(int(lib.b3_recording_position(journal.pointer)))
    except JournalError as error:
        damage = error
    end = journal.size if damage is None else ends[-1]
    differs_at = _differs_at(journal.path, other, end, whole=damage is None)
    if differs_at is None:
        return Comparison(len(ends) + (damage is None), None, damage)
    record = bisect.bisect_right(ends, differs_at)
    return Comparison(record, record, damage)


def _differs_at(one: Path, other: Path, end: int, *, whole: bool) -> int | None:
    """First byte below end at which the files differ; whole: the other must end there too."""
    at = 0
    with one.open("rb") as a, other.open("rb") as b:
        while at < end:
            left, right = a.read(min(_CHUNK, end - at)), b.read(min(_CHUNK, end - at))
            if left != right:
                return at + next((i for i, (x, y) in enumerate(zip(left, right, strict=False)) if x != y), len(right))
            at += len(left)
        return at if whole and b.read(1) else None
