"""What a file of records holds, counted record by record; every checksum is checked on the way."""

from __future__ import annotations

import struct
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from bot3.errors import RecordingError
from bot3.ffi import lib
from bot3.ffi.status import text
from bot3.recording.model import Source
from bot3.recording.opening import open_recordings
from bot3.recording.reader import RecordingFile
from bot3.recording.streams import OWN_MAGIC, magic_of

__all__ = ["Info", "SourceCount", "describe"]

_TYPES: Final = {
    lib.B3_REC_CONFIG: "config",
    lib.B3_REC_SOURCE: "source",
    lib.B3_REC_FRAME: "frame",
    lib.B3_REC_EVENTS: "events",
    lib.B3_REC_COMMAND: "command",
    lib.B3_REC_OUTPUT: "output",
}
_EVENT_TYPES: Final = (lib.B3_REC_EVENTS, lib.B3_REC_COMMAND, lib.B3_REC_OUTPUT)
_CONTENT_AT: Final = 12  # of b3_file_header


@dataclass(slots=True)
class SourceCount:
    """A source, and what came from it."""

    source: Source
    records: int = 0
    bytes: int = 0


@dataclass(slots=True)
class Info:
    """content: recording or journal. records by type, events by kind. first_ns, last_ns: receive times, 0 when unknown.

    backwards: records received before the one before them. damage: what ended the reading early, None for a whole file.
    """

    content: str
    bytes: int
    records: Counter[str] = field(default_factory=Counter)
    events: Counter[str] = field(default_factory=Counter)
    sources: list[SourceCount] = field(default_factory=list)
    symbols: tuple[str, ...] = ()
    first_ns: int = 0
    last_ns: int = 0
    backwards: int = 0
    damage: RecordingError | None = None


def describe(path: Path) -> Info:
    """Reads a whole recording of any known format, or a journal. Raises RecordingError when it cannot be opened."""
    if magic_of(path) == OWN_MAGIC and _content(path) == lib.B3_CONTENT_JOURNAL:
        with RecordingFile(path, lib.B3_CONTENT_JOURNAL) as journal:
            info = Info("journal", journal.size)
            _count(journal, info)
            info.symbols = tuple(dict.fromkeys(c.source.symbol for c in info.sources if c.source.symbol))
            return info
    with open_recordings([path]) as recording, RecordingFile(recording.path) as file:
        info = Info("recording", path.stat().st_size, symbols=recording.symbols)
        _count(file, info)
        return info


def _content(path: Path) -> int:
    with path.open("rb") as file:
        head = file.read(_CONTENT_AT + 4)
    return int(struct.unpack_from("<I", head, _CONTENT_AT)[0]) if len(head) == _CONTENT_AT + 4 else 0


def _count(file: RecordingFile, info: Info) -> None:
    before = 0
    try:
        for record in file.records():
            info.records[_TYPES[record.type]] += 1
            if record.type == lib.B3_REC_SOURCE:
                info.sources.append(SourceCount(file.source_of(record)))
                continue
            if record.type in _EVENT_TYPES:
                size = lib.b3_recording_event_size(file.pointer, record.kind)
                info.events[text(lib.b3_kind_name(record.kind)) or f"kind {record.kind}"] += record.len // size
            if record.type in (lib.B3_REC_FRAME, lib.B3_REC_EVENTS):
                count = info.sources[record.source]
                count.records += 1
                count.bytes += record.len
                time_ns = record.recv_ns
                info.first_ns = info.first_ns or time_ns
                info.last_ns = max(info.last_ns, time_ns)
                info.backwards += time_ns < before
                before = time_ns
    except RecordingError as error:
        if error.position is None:
            raise
        info.damage = error
