"""Captures: JSON lines of typed records (cryptofeed's format 2): t, conn, ts (seconds), data.

`header` names the exchange, `recv` is a message of a connection, `http` a request's answer: depth snapshots become
frames of a source with the symbol of the request, exchangeInfo is kept. `connect`, `send` and other records hold
nothing for us. The file is grouped by connection: all is read, then put in order of time.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any, Final, NamedTuple
from urllib.parse import parse_qs, urlsplit

from bot3.errors import RecordingError
from bot3.instruments import Market
from bot3.recording.model import Contents, Source
from bot3.recording.survey import Survey, market_of
from bot3.recording.writer import Recorder

__all__ = ["add_capture"]

_EXCHANGES: Final[dict[str, Market]] = {"BINANCE": "spot", "BINANCE_FUTURES": "usdm"}
_FORMAT: Final = 2
_TIME_END: Final = 2**63 // 1_000_000_000  # seconds


class _Message(NamedTuple):
    recv_ns: int
    source: str
    symbol: str
    data: bytes


class _RecordError(Exception):
    """A record that cannot be used; says why."""


def add_capture(path: Path, blocks: Iterator[bytes], recorder: Recorder, contents: Contents) -> None:
    """Adds a capture's messages in order of time, those of one time in the file's order. Holds all of it in memory.

    A bad line is left out and noted in contents. Raises RecordingError: another exchange, another format, no message.
    """
    capture = _Capture(path)
    number = 0
    for block in blocks:
        for line in block.splitlines():
            number += 1
            if line.strip():
                try:
                    capture.add(line)
                except _RecordError as error:
                    contents.add_bad_line(path, number, str(error))
    if not capture.messages:
        hint = f"First bad line: {contents.bad_lines[-1]}" if contents.bad_lines else ""
        raise RecordingError("holds no message", where=str(path), hint=hint)
    capture.messages.sort(key=lambda message: message.recv_ns)
    text = b"\n".join(message.data for message in capture.messages)
    market = capture.market or market_of(text) or "spot"
    contents.set_market(market, path)
    contents.exchange_info = contents.exchange_info or capture.exchange_info
    survey = Survey(str(path))
    survey.add(text)
    contents.symbols |= survey.symbols | dict.fromkeys(m.symbol for m in capture.messages if m.symbol)

    index: dict[tuple[str, str], int] = {}
    for message in capture.messages:
        key = (message.source, message.symbol)
        if key not in index:
            source = Source(message.source, message.symbol, market)
            index[key] = recorder.add_source(source)
            contents.sources.append(source)
        recorder.add_frame(index[key], message.recv_ns, message.data)


class _Capture:
    def __init__(self, path: Path) -> None:
        self._path = path
        self.market: Market | None = None
        self.exchange_info: dict[str, Any] | None = None
        self.messages: list[_Message] = []

    def add(self, line: bytes) -> None:
        """Takes one line. Raises _RecordError for what costs the line alone, RecordingError for the file's faults."""
        try:
            record = json.loads(line, parse_float=Decimal)
        except (ValueError, RecursionError) as error:
            raise _RecordError(f"not JSON: {error}") from error
        if not isinstance(record, dict) or not isinstance(record.get("t"), str):
            raise _RecordError('no object with a type "t"')
        match record["t"]:
            case "header":
                self._header(record)
            case "recv":
                self._message(record, str(record.get("conn", "")), "")
            case "http":
                self._answer(record)

    def _header(self, record: dict[str, Any]) -> None:
        exchange = record.get("exchange")
        if record.get("format") != _FORMAT:
            raise RecordingError(f"is a capture of format {record.get('format')}, not {_FORMAT}", where=str(self._path))
        if exchange not in _EXCHANGES:
            hint = f"Captures of {' and '.join(_EXCHANGES)} can be read."
            raise RecordingError(f"is a capture of {exchange}", where=str(self._path), hint=hint)
        self.market = _EXCHANGES[exchange]

    def _answer(self, record: dict[str, Any]) -> None:
        url = urlsplit(_text(record, "url"))
        endpoint = url.path.rsplit("/", 1)[-1]
        if endpoint == "depth":
            symbols = parse_qs(url.query).get("symbol", [])
            if len(symbols) != 1:
                raise _RecordError("a depth request that names no symbol")
            self._message(record, f"GET {url.path} {symbols[0]}", symbols[0])
        elif endpoint == "exchangeInfo":
            try:
                info = json.loads(_text(record, "data"))
            except (ValueError, RecursionError) as error:
                raise _RecordError(f"exchangeInfo is not JSON: {error}") from error
            if not isinstance(info, dict):
                raise _RecordError("exchangeInfo is not an object")
            self.exchange_info = self.exchange_info or info

    def _message(self, record: dict[str, Any], source: str, symbol: str) -> None:
        data = _text(record, "data").encode(errors="replace")
        if not data:
            raise _RecordError('"data" is empty')
        self.messages.append(_Message(_time_ns(record), source, symbol, data))


def _text(record: dict[str, Any], key: str) -> str:
    value = record.get(key)
    if not isinstance(value, str):
        raise _RecordError(f'"{key}" is no text')
    return value


def _time_ns(record: dict[str, Any]) -> int:
    """Exact: the seconds are taken as the decimal that is written, so no two times change places."""
    value = record.get("ts")
    if isinstance(value, Decimal | int) and not isinstance(value, bool) and 0 <= value < _TIME_END:
        return int(value * 1_000_000_000)
    raise _RecordError('"ts" is no time in seconds')
