"""Text recordings: one message a line, `<receive time, ns> <message>`."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Final

from bot3.errors import RecordingError
from bot3.recording.model import Contents, Source
from bot3.recording.streams import line_blocks
from bot3.recording.survey import Survey, market_of
from bot3.recording.writer import Recorder

__all__ = ["add_lines"]

_SNAPSHOT: Final = b' {"lastUpdateId"'
_LOOK_AHEAD_BYTES: Final = 64 << 20


def add_lines(path: Path, blocks: Iterator[bytes], recorder: Recorder, contents: Contents) -> None:
    """Adds a file's lines as frames of two sources: its stream, and the depth snapshots in it.

    A snapshot names no symbol: it is of the only one of the file. A bad line is left out and noted in contents.
    Raises RecordingError: no line is good, no message names a symbol, a snapshot among several symbols.
    """
    survey = Survey(str(path))
    head = _until_a_symbol(blocks, survey)
    if survey.count == 0:
        hint = 'Only messages of Binance ("s":"BTCUSDT") are known.'
        raise RecordingError("no message names a symbol", where=str(path), hint=hint)
    market = market_of(b"".join(head)) or "spot"
    contents.set_market(market, path)
    sources = [Source(path.name, "", market), Source(f"{path.name}: snapshots", next(iter(survey.symbols)), market)]
    stream, snapshots = [recorder.add_source(source) for source in sources]
    contents.sources += sources

    several, line, bad_before = False, 1, contents.bad_line_count
    for block in chain(head, blocks):
        survey.add(block)
        if survey.count > 1 and not several:
            several = True
            _refuse_snapshots(path, list(survey.symbols))

        def on_bad(position: int, why: str, block: bytes = block, first: int = line) -> None:
            contents.add_bad_line(path, first + block.count(b"\n", 0, position), why)

        recorder.add_lines(block, stream, snapshots, on_bad)
        line += block.count(b"\n")
    if contents.bad_line_count - bad_before == line - 1:
        raise RecordingError("no line of it can be used", where=str(contents.bad_lines[-1]))
    contents.symbols |= survey.symbols


def _until_a_symbol(blocks: Iterator[bytes], survey: Survey) -> list[bytes]:
    """Blocks from the start up to the first that names a symbol."""
    head: list[bytes] = []
    for block in blocks:
        head.append(block)
        survey.add(block)
        if survey.count or sum(map(len, head)) > _LOOK_AHEAD_BYTES:
            break
    return head


def _refuse_snapshots(path: Path, symbols: list[str]) -> None:
    """Raises RecordingError for the first line with a snapshot: among several symbols nobody knows whose it is."""
    line = 1
    for block in line_blocks(path):
        position = block.find(_SNAPSHOT)
        if position >= 0:
            what = f"a depth snapshot that names no symbol, in a file of several ({', '.join(symbols)})"
            hint = "Record each symbol into a file of its own, or use a capture that keeps the request of a snapshot."
            line += block.count(b"\n", 0, position)
            raise RecordingError(what, where=f"{path}, line {line}", hint=hint)
        line += block.count(b"\n")
