"""Recordings of any known format into a lasting file of bot3's own."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from bot3.errors import RecordingError
from bot3.ffi import ffi
from bot3.ffi.status import text
from bot3.instruments import MARKETS
from bot3.recording.model import BadLine, Source
from bot3.recording.opening import Recording, open_recordings, summary_of
from bot3.recording.reader import RecordingFile
from bot3.recording.writer import Recorder

if TYPE_CHECKING:
    from bot3.ffi._core import CData

__all__ = ["Converted", "convert_recordings"]

_SCALE: Final = 8  # of parsed prices and quantities: the decimals that Binance publishes


@dataclass(frozen=True, slots=True)
class Converted:
    """What a conversion did. frames, events, bad_frames: if parsed, else 0. bad_lines: the first of bad_line_count."""

    symbols: tuple[str, ...]
    bytes: int
    bad_lines: tuple[BadLine, ...]
    bad_line_count: int
    frames: int = 0
    events: int = 0
    bad_frames: int = 0
    first_bad_frame: str = ""


def convert_recordings(paths: Sequence[str | os.PathLike[str]], out: Path, *, parsed: bool = False) -> Converted:
    """Writes files that continue one another into one file, raw or parsed into events.

    out appears when it is whole; an old file of that name is replaced. Raises RecordingError.
    """
    if out.exists() and not out.is_file():
        raise RecordingError("is there already, and is no regular file", where=str(out), hint="Name another file.")
    partial = out.with_name(f".{out.name}.partial")
    with open_recordings(paths) as recording:
        try:
            totals = _write(recording, partial, parsed=parsed)
            partial.replace(out)
            size = out.stat().st_size
        except OSError as error:
            raise RecordingError(f"cannot be written: {error.strerror}", where=str(out)) from error
        finally:
            partial.unlink(missing_ok=True)
    if totals is None:
        return Converted(recording.symbols, size, recording.bad_lines, recording.bad_line_count)
    bad = totals.first_bad
    return Converted(
        recording.symbols,
        size,
        recording.bad_lines,
        recording.bad_line_count,
        totals.frames,
        totals.events,
        totals.bad,
        f"record {totals.first_bad_record}: {text(bad.what)}, at byte {bad.position}" if totals.bad else "",
    )


def _write(recording: Recording, path: Path, *, parsed: bool) -> CData | None:
    with Recorder(path) as recorder, RecordingFile(recording.path) as raw:
        if not parsed:
            recorder.add_config(summary_of(recording, recording.sources))
            recorder.add_recording(raw)
            return None
        sources = [Source(f"{symbol}, parsed", symbol, recording.market, parsed=True) for symbol in recording.symbols]
        recorder.add_config(summary_of(recording, sources))
        instruments = ffi.new("b3_instrument[]", len(sources))
        for instrument, source in zip(instruments, sources, strict=True):
            recorder.add_source(source, _SCALE, _SCALE)
            instrument.symbol = source.symbol.encode()
            instrument.venue = MARKETS[source.market]
            instrument.price_scale = instrument.qty_scale = _SCALE
        return recorder.add_parsed(raw, instruments, 0)
