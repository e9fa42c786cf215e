"""A recording being written."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self

from bot3.errors import ClosedError, RecordingError
from bot3.ffi import ffi, lib
from bot3.ffi.status import check, fault, new_error, text
from bot3.instruments import MARKETS
from bot3.recording.model import Source

if TYPE_CHECKING:
    from bot3.ffi._core import CData
    from bot3.recording.reader import RecordingFile

__all__ = ["Recorder"]

_NAME_BYTES: Final = 63


class Recorder:
    """b3_recorder. One thread. close(), or the end of `with`, makes the file whole, with what was written so far."""

    def __init__(self, path: Path) -> None:
        """Makes the file anew. Raises RecordingError."""
        self._path = path
        self._error = new_error()
        self._used = ffi.new("uint64_t *")
        self._sources = 0
        pointer = lib.b3_recorder_new_blocking(bytes(path), lib.B3_CONTENT_RECORDING, self._error)
        if pointer == ffi.NULL:
            raise fault(self._error, RecordingError, str(path))
        self._pointer: CData | None = pointer

    def add_source(self, source: Source, price_scale: int = 0, qty_scale: int = 0) -> int:
        """Declares a source, returns its index. The scales are those of parsed events. Raises RecordingError."""
        symbol = source.symbol.encode()
        if len(symbol) >= lib.B3_SYMBOL_MAX:
            hint = f"At most {lib.B3_SYMBOL_MAX - 1} bytes are possible."
            raise RecordingError("a symbol is too long", where=str(self._path), value=source.symbol, hint=hint)
        fields = {
            "name": source.name.encode(errors="replace")[:_NAME_BYTES],
            "symbol": symbol,
            "wire": lib.B3_WIRE_EVENTS if source.parsed else lib.B3_WIRE_BINANCE_JSON,
            "venue": MARKETS[source.market],
            "price_scale": price_scale,
            "qty_scale": qty_scale,
        }
        struct = ffi.new("b3_source *", fields)
        self._write({"type": lib.B3_REC_SOURCE, "source": self._sources}, bytes(ffi.buffer(struct)))
        self._sources += 1
        return self._sources - 1

    def add_config(self, data: bytes) -> None:
        """A CONFIG record. Raises RecordingError."""
        self._write({"type": lib.B3_REC_CONFIG}, data)

    def add_frame(self, source: int, recv_ns: int, data: bytes) -> None:
        """A message as it was received. Raises RecordingError."""
        record = {"type": lib.B3_REC_FRAME, "source": source, "stamp": lib.B3_STAMP_RECORDED, "recv_ns": recv_ns}
        self._write(record, data)

    def add_lines(self, block: bytes, source: int, snapshot_source: int, on_bad: Callable[[int, str], None]) -> None:
        """Whole lines "<recv_ns> <message>". A bad one is left out: on_bad(its first byte in block, why).

        Raises RecordingError.
        """
        data, start = ffi.from_buffer("char[]", block), 0
        while start < len(block):
            status = lib.b3_recorder_lines_blocking(
                self._open(), data + start, len(block) - start, source, snapshot_source, self._used, self._error
            )
            start += self._used[0]
            if status != lib.B3_ERR_FORMAT:
                check(status, self._error, RecordingError, str(self._path))
                return
            on_bad(start, text(self._error.what).removeprefix("line: "))
            start = block.index(b"\n", start) + 1

    def add_recording(self, recording: RecordingFile) -> None:
        """All of another recording but its CONFIG. Raises RecordingError, also for damage in it."""
        lib.b3_recording_rewind(recording.pointer)
        status = lib.b3_recorder_copy_blocking(self._open(), recording.pointer, self._sources, self._error)
        self._sources += lib.b3_recording_source_count(recording.pointer)
        check(status, self._error, RecordingError, str(recording.path))

    def add_parsed(self, recording: RecordingFile, instruments: CData, first_source: int) -> CData:
        """A recording of raw frames as events. instruments: b3_instrument[]; the one at i has source first_source + i.

        Returns b3_conversion *. Raises RecordingError, also for damage in the recording.
        """
        lib.b3_recording_rewind(recording.pointer)
        totals = ffi.new("b3_conversion *")
        status = lib.b3_recorder_parse_blocking(
            self._open(), recording.pointer, instruments, len(instruments), first_source, totals, self._error
        )
        check(status, self._error, RecordingError, str(recording.path))
        return totals

    def close(self) -> None:
        """Ends and syncs the file. Raises RecordingError when it could not be written. Again: nothing happens."""
        pointer, self._pointer = self._pointer, None
        if pointer is not None:
            check(lib.b3_recorder_close_blocking(pointer, self._error), self._error, RecordingError, str(self._path))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        try:
            self.close()
        except RecordingError:
            if kind is None:
                raise

    def _open(self) -> CData:
        if self._pointer is None:
            raise ClosedError("is closed", where="Recorder")
        return self._pointer

    def _write(self, record: dict[str, int], payload: bytes) -> None:
        head = ffi.new("b3_record *", record)
        status = lib.b3_recorder_write_blocking(self._open(), head, payload, len(payload), self._error)
        check(status, self._error, RecordingError, str(self._path))
