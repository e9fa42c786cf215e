"""Market-data messages as the venue sends them, in batches, as arrays of events.

>>> with Parser({"BTCUSDT": (2, 8)}) as parser:
...     events = parser.parse(*joined([b'{"u":1,"s":"BTCUSDT","b":"1.50","B":"2","a":"1.51","A":"3"}']))
>>> events.quotes["bid_price_raw"].tolist(), events.quotes["ask_qty_raw"].tolist()
([150], [300000000])
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from bot3.errors import ArgumentError
from bot3.ffi import ffi, lib
from bot3.ffi.buffers import as_input, as_output
from bot3.ffi.handles import Handle
from bot3.ffi.layout import DTYPES
from bot3.ffi.status import check, new_error, status_name

__all__ = ["PADDING", "Events", "Parser", "joined", "line_places"]

PADDING: Final = int(lib.B3_INPUT_PADDING)  # bytes that must follow the last message
_KINDS: Final = ("level", "trade", "quote", "bar")

Places = tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint64], npt.NDArray[np.uint32]]


@dataclass(frozen=True)
class Events:
    """Events of a batch, one array a kind, dtypes of bot3.ffi.layout; instrument is an index into the parser's symbols.

    status: int32, one a message: 0 read, 1 nothing for us, negative a fault; position: uint32, the fault's byte in its
    message. input_no in the events is the number of their message, from 1 over the parser's life.
    """

    levels: npt.NDArray[np.void]
    trades: npt.NDArray[np.void]
    quotes: npt.NDArray[np.void]
    bars: npt.NDArray[np.void]
    status: npt.NDArray[np.int32]
    position: npt.NDArray[np.uint32]

    def faults(self) -> list[tuple[int, str, int]]:
        """Each bad message: its index in the batch, the status code's name, the byte."""
        bad = np.flatnonzero(self.status < 0).tolist()
        return [(i, status_name(int(self.status[i])), int(self.position[i])) for i in bad]


def joined(messages: Sequence[bytes]) -> Places:
    """Messages as Parser takes them: one buffer (uint8) with padding, starts (uint64) and lens (uint32)."""
    lens = np.fromiter(map(len, messages), np.uint32, len(messages))
    starts = np.zeros(len(messages), np.uint64)
    np.cumsum(lens[:-1], out=starts[1:], dtype=np.uint64)
    return np.frombuffer(b"".join(messages) + bytes(PADDING), np.uint8), starts, lens


def line_places(text: bytes) -> Places:
    """The same for text of one message a line; empty lines are left out, a last line without its end counts."""
    data = np.frombuffer(text + b"\n" + bytes(PADDING), np.uint8)
    ends = np.flatnonzero(data[: len(text) + 1] == ord("\n"))
    starts = np.concatenate(([0], ends[:-1] + 1))
    lens = ends - starts
    return data, starts[lens > 0].astype(np.uint64), lens[lens > 0].astype(np.uint32)


class Parser(Handle):
    """Reads Binance market-data JSON (depth, snapshots, trades, quotes, klines; spot and USD-M futures) into arrays.

    symbols: name -> (price_scale, qty_scale), digits 0 .. 10 behind the point that raw numbers carry. room: events of
    each kind that one batch holds. Raises EngineError for symbols that cannot be.
    """

    def __init__(self, symbols: Mapping[str, tuple[int, int]], room: int = 1 << 16) -> None:
        if not 1 <= room <= 1 << 30:
            raise ArgumentError("must be in 1 .. 2**30", where="room", value=room)
        instruments = ffi.new("b3_instrument[]", max(len(symbols), 1))
        for instrument, (name, scales) in zip(instruments, symbols.items(), strict=False):
            instrument.symbol = _symbol(name)
            instrument.price_scale, instrument.qty_scale = (_scale(name, scale) for scale in scales)
        error = new_error()
        pointer = lib.b3_parser_new(instruments, len(symbols), error)
        if pointer == ffi.NULL:
            check(int(error.status), error)
        super().__init__(pointer, lib.b3_parser_free)
        self.symbols = tuple(symbols)
        self._arrays = {kind: np.zeros(room, DTYPES[kind]) for kind in _KINDS}
        self._batch = ffi.new("b3_parsed_batch *")
        for kind, array in self._arrays.items():
            setattr(self._batch, f"{kind}s", as_output(f"b3_{kind}[]", array, DTYPES[kind]))
            setattr(self._batch, f"{kind}_cap", room)

    def batches(
        self,
        data: npt.NDArray[np.uint8],
        starts: npt.NDArray[np.uint64],
        lens: npt.NDArray[np.uint32],
        recv_ns: npt.NDArray[np.int64] | None = None,
        snapshot_symbol: str | None = None,
    ) -> Iterator[Events]:
        """Events of messages data[starts[i] : starts[i] + lens[i]], as many batches as the room makes necessary.

        The events lie in the parser's own memory: valid until the next batch is asked for. data must go on for PADDING
        bytes behind each message; see joined and line_places. recv_ns: receive times, UTC. snapshot_symbol: of depth
        snapshots, which name none. Raises ArgumentError for arrays that do not fit together, EngineError for places
        outside data.
        """
        snapshot = -1 if snapshot_symbol is None else self._index(snapshot_symbol)
        count = len(starts)
        bytes_in = as_input("uint8_t[]", data, np.uint8, name="data")
        places = as_input("uint64_t[]", starts, np.uint64, name="starts")
        sizes = as_input("uint32_t[]", lens, np.uint32, count, name="lens")
        times = ffi.NULL if recv_ns is None else as_input("int64_t[]", recv_ns, np.int64, count, name="recv_ns")
        status, position = np.empty(count, np.int32), np.empty(count, np.uint32)
        statuses = as_output("int32_t[]", status, np.int32)
        positions = as_output("uint32_t[]", position, np.uint32)
        batch, error, done = self._batch, new_error(), 0
        while done < count:
            batch.status, batch.position = statuses + done, positions + done
            times_left = times if recv_ns is None else times + done
            result = lib.b3_parser_batch_blocking(
                self.pointer,
                bytes_in,
                len(data),
                places + done,
                sizes + done,
                times_left,
                count - done,
                snapshot,
                batch,
                error,
            )
            check(result, error, where="messages")
            end = done + int(batch.messages)
            yield Events(**self._views(), status=status[done:end], position=position[done:end])
            done = end

    def parse(
        self,
        data: npt.NDArray[np.uint8],
        starts: npt.NDArray[np.uint64],
        lens: npt.NDArray[np.uint32],
        recv_ns: npt.NDArray[np.int64] | None = None,
        snapshot_symbol: str | None = None,
    ) -> Events:
        """As batches, all in one, in arrays of the caller's own."""
        parts: dict[str, list[npt.NDArray[Any]]] = {f"{kind}s": [array[:0]] for kind, array in self._arrays.items()}
        parts |= {"status": [np.empty(0, np.int32)], "position": [np.empty(0, np.uint32)]}
        for events in self.batches(data, starts, lens, recv_ns, snapshot_symbol):
            for name, arrays in parts.items():
                arrays.append(getattr(events, name).copy())
        return Events(**{name: np.concatenate(arrays) for name, arrays in parts.items()})

    def _views(self) -> dict[str, npt.NDArray[np.void]]:
        views = {f"{kind}s": array[: getattr(self._batch, f"{kind}_count")] for kind, array in self._arrays.items()}
        for view in views.values():
            view.flags.writeable = False
        return views

    def _index(self, symbol: str) -> int:
        if symbol not in self.symbols:
            raise ArgumentError("is none of the parser's symbols", where="snapshot_symbol", value=symbol)
        return self.symbols.index(symbol)


def _symbol(name: str) -> bytes:
    encoded = name.encode()
    if not 0 < len(encoded) < lib.B3_SYMBOL_MAX or b"\0" in encoded:
        raise ArgumentError(f"must be 1 .. {lib.B3_SYMBOL_MAX - 1} bytes", where="symbols", value=name)
    return encoded


def _scale(name: str, scale: int) -> int:
    if not 0 <= scale <= 255:
        raise ArgumentError("must be in 0 .. 10", where=f"scale of {name}", value=scale)
    return scale
