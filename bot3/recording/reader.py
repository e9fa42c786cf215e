"""A file of records being read: a recording or a journal."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from bot3.errors import RecordingError
from bot3.ffi import ffi, lib
from bot3.ffi.handles import Handle
from bot3.ffi.status import check, fault, new_error
from bot3.instruments import MARKETS
from bot3.recording.model import Source

if TYPE_CHECKING:
    from bot3.ffi._core import CData

__all__ = ["RecordingFile"]

_AHEAD_BYTES: Final = 1 << 20


class RecordingFile(Handle):
    """b3_recording. One thread. path: of the file."""

    def __init__(self, path: Path, content: int = lib.B3_CONTENT_RECORDING) -> None:
        """Maps it and checks its header. content: b3_content that it must have. Raises RecordingError."""
        self.path = path
        self._error = new_error()
        pointer = lib.b3_recording_open_blocking(bytes(path), content, self._error)
        if pointer == ffi.NULL:
            raise fault(self._error, RecordingError, str(path))
        super().__init__(pointer, lib.b3_recording_free)

    @property
    def size(self) -> int:
        """Bytes of the file."""
        return lib.b3_recording_size(self.pointer)

    def records(self) -> Iterator[CData]:
        """Every record from the first on, as `const b3_record *`: valid until close().

        After the last one before damage raises RecordingError; its position is the number of the bad record.
        """
        lib.b3_recording_rewind(self.pointer)
        slot = ffi.new("const b3_record **")
        while True:
            outcome = lib.b3_recording_next(self.pointer, slot)
            if outcome == lib.B3_OK:
                yield slot[0]
                continue
            checked = lib.b3_recording_check_blocking(self.pointer, _AHEAD_BYTES, self._error)
            if outcome == lib.B3_END:
                check(checked, self._error, RecordingError, str(self.path))
                return

    def payload(self, record: CData) -> Any:
        """A record's bytes, not copied: valid until close()."""
        return ffi.buffer(record + 1, record.len)

    def source_of(self, record: CData) -> Source:
        """What a SOURCE record says. Raises RecordingError for a venue or wire format of a later version."""
        struct = ffi.cast("const b3_source *", record + 1)
        markets = [market for market, venue in MARKETS.items() if venue == struct.venue]
        if not markets or struct.wire not in (lib.B3_WIRE_BINANCE_JSON, lib.B3_WIRE_EVENTS):
            what = f"source {record.source} is of venue {struct.venue}, wire format {struct.wire}: not known"
            raise RecordingError(what, where=str(self.path))
        name = ffi.string(struct.name).decode(errors="replace")
        symbol = ffi.string(struct.symbol).decode(errors="replace")
        return Source(name, symbol, markets[0], struct.wire == lib.B3_WIRE_EVENTS)
