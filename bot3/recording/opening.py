"""Recorded sessions of any known format as one file of bot3's own."""

from __future__ import annotations

import json
import mmap
import os
import re
import tempfile
from collections.abc import Sequence
from dataclasses import astuple, dataclass
from itertools import chain
from pathlib import Path
from typing import Any, Final, Self

from bot3.errors import RecordingError
from bot3.ffi import lib
from bot3.instruments import Market
from bot3.recording.captures import add_capture
from bot3.recording.lines import add_lines
from bot3.recording.model import BadLine, Contents, Source
from bot3.recording.reader import RecordingFile
from bot3.recording.streams import OWN_MAGIC, ahead, line_blocks, magic_of
from bot3.recording.survey import Survey
from bot3.recording.writer import Recorder

__all__ = ["Recording", "open_recordings", "summary_of"]

# What a line of each text format starts with.
_LINE: Final = re.compile(rb"\d{1,19} \S")
_CAPTURE: Final = re.compile(rb'\{(?=.*"t": ?")')
_LINES_LOOKED_AT: Final = 100

_SUMMARY_FORMAT: Final = 1


@dataclass(slots=True)
class Recording:
    """Recorded sessions, ready for the engine.

    path: a file of bot3's own format, temporary unless the only input was one. symbols: in order of appearance.
    exchange_info: the answer found in the recording, if any. bad_lines: the first of bad_line_count lines that were
    left out. Close it after use.
    """

    path: Path
    sources: tuple[Source, ...]
    symbols: tuple[str, ...]
    market: Market
    exchange_info: dict[str, Any] | None
    bad_lines: tuple[BadLine, ...]
    bad_line_count: int
    temporary: bool

    def close(self) -> None:
        """Removes the temporary file. Again: nothing happens."""
        if self.temporary:
            self.path.unlink(missing_ok=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def open_recordings(paths: Sequence[str | os.PathLike[str]]) -> Recording:
    """Opens files that continue one another, in the order given: text lines, captures, bot3's own, compressed or not.

    What is not bot3's own is converted into a temporary file (in TMPDIR). A bad line costs that line alone and is named
    in the result. Raises RecordingError: nothing given, unreadable, empty or damaged files, an unknown format, spot and
    futures mixed.
    """
    files = [Path(path) for path in paths]
    if not files:
        raise RecordingError("no recording was given", hint="Name one file at least.")
    contents = Contents()
    if len(files) == 1 and magic_of(files[0]) == OWN_MAGIC:
        with RecordingFile(files[0]) as own:
            _read_summary(own, contents)
        return _result(files[0], contents, temporary=False)
    try:
        descriptor, name = tempfile.mkstemp(prefix="bot3-", suffix=".b3r")
    except OSError as error:
        raise RecordingError(f"no temporary file: {error}", hint="Set TMPDIR to a folder with room.") from error
    os.close(descriptor)
    converted = Path(name)
    try:
        with Recorder(converted) as recorder:
            for file in files:
                _add(file, recorder, contents)
        return _result(converted, contents, temporary=True)
    except BaseException:
        converted.unlink(missing_ok=True)
        raise


def summary_of(recording: Recording, sources: Sequence[Source]) -> bytes:
    """The CONFIG record that a converted recording starts with, so that opening it needs no look at its frames."""
    info = recording.exchange_info
    if info is not None:
        entries = [entry for entry in info.get("symbols", []) if isinstance(entry, dict)]
        info = {**info, "symbols": [entry for entry in entries if entry.get("symbol") in recording.symbols]}
    tree = {
        "format": _SUMMARY_FORMAT,
        "sources": [astuple(source) for source in sources],
        "symbols": recording.symbols,
        "market": recording.market,
        "exchange_info": info,
    }
    return json.dumps(tree, separators=(",", ":")).encode()


def _result(path: Path, contents: Contents, *, temporary: bool) -> Recording:
    if contents.market is None:
        raise RecordingError("holds nothing that tells which market it is of", where=str(path))
    return Recording(
        path,
        tuple(contents.sources),
        tuple(contents.symbols),
        contents.market,
        contents.exchange_info,
        tuple(contents.bad_lines),
        contents.bad_line_count,
        temporary,
    )


def _add(path: Path, recorder: Recorder, contents: Contents) -> None:
    if magic_of(path) == OWN_MAGIC:
        with RecordingFile(path) as own:
            _read_summary(own, contents)
            recorder.add_recording(own)
        return
    blocks = ahead(line_blocks(path))
    head = next(blocks, b"")
    for line in head.splitlines()[:_LINES_LOOKED_AT]:
        if _LINE.match(line):
            add_lines(path, chain([head], blocks), recorder, contents)
            return
        if _CAPTURE.match(line):
            add_capture(path, chain([head], blocks), recorder, contents)
            return
    hint = (
        'Known are lines "<receive time, ns> <message>", captures of cryptofeed (format 2), both also in gzip or zstd, '
        "and what `bot3 record convert` writes."
    )
    raise RecordingError("is of no known format; it starts with", where=str(path), value=head[:40], hint=hint)


def _read_summary(own: RecordingFile, contents: Contents) -> None:
    """Fills in contents from the summary that the file starts with, else from all its messages."""
    for record in own.records():
        if record.type == lib.B3_REC_CONFIG:
            _take_summary(bytes(own.payload(record)), own.path, contents)
            return
        if record.type != lib.B3_REC_SOURCE:
            break
    try:
        for record in own.records():
            if record.type == lib.B3_REC_SOURCE:
                source = own.source_of(record)
                contents.set_market(source.market, own.path)
                contents.sources.append(source)
                contents.symbols |= {source.symbol: None} if source.symbol else {}
    except RecordingError as error:
        if error.position is None:
            raise
        # Damaged further on: whoever reads the records is told where. What lies before can be used.
    with own.path.open("rb") as file, mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ) as text:
        survey = Survey(str(own.path))
        survey.add(text)
        contents.symbols |= survey.symbols


def _take_summary(data: bytes, path: Path, contents: Contents) -> None:
    try:
        tree = json.loads(data)
        if tree["format"] != _SUMMARY_FORMAT:
            what = f"its summary is of format {tree['format']}, not {_SUMMARY_FORMAT}"
            raise RecordingError(what, where=str(path), hint="Convert the original again.")
        contents.sources += [Source(*fields) for fields in tree["sources"]]
        contents.symbols |= dict.fromkeys(tree["symbols"])
        contents.set_market(tree["market"], path)
        contents.exchange_info = contents.exchange_info or tree["exchange_info"]
    except (ValueError, KeyError, TypeError) as error:
        raise RecordingError(f"its summary cannot be read: {error!r}", where=str(path)) from error
