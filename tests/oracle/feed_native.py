"""The parser in C as the tests of this folder call it."""

from __future__ import annotations

import struct
from typing import Any

from feed_oracle import BAR, LEVEL, QUOTE, TRADE, Symbol

STATUS = {
    0: "B3_OK",
    1: "B3_EMPTY",
    -4: "B3_ERR_CAPACITY",
    -5: "B3_ERR_FORMAT",
    -7: "B3_ERR_TRUNCATED",
    -9: "B3_ERR_OVERFLOW",
    -10: "B3_ERR_PRECISION",
    -11: "B3_ERR_SYMBOL",
}
FORMS = {"general": -1, "avx2": 2, "avx512": 3}  # by instruction set; below AVX2 the general parser reads everything
STRUCTS = {LEVEL: "b3_level", TRADE: "b3_trade", QUOTE: "b3_quote", BAR: "b3_bar"}
PADDING = bytes(64)
_ROWS = dict.fromkeys((LEVEL, TRADE, QUOTE), struct.Struct("<10q")) | {BAR: struct.Struct("<14q2I")}


class Native:
    """One parser of one form, and the buffer it writes to."""

    def __init__(self, internals: tuple[Any, Any], symbols: dict[str, Symbol], form: str, room: int = 1 << 19) -> None:
        self.ffi, self.lib = internals
        ffi = self.ffi
        names = [ffi.new("char[]", name.encode()) for name in symbols]
        status = ffi.new("int32_t *")
        prices = ffi.new("uint8_t[]", [symbol.price_scale for symbol in symbols.values()])
        qtys = ffi.new("uint8_t[]", [symbol.qty_scale for symbol in symbols.values()])
        feed = self.lib.b3t_feed_new(ffi.new("char *[]", names), prices, qtys, len(names), FORMS[form], status)
        assert feed != ffi.NULL, STATUS[status[0]]
        self.feed = ffi.gc(feed, self.lib.b3t_feed_free)
        self.out = ffi.new("uint64_t[]", room // 8)
        self.room = room
        self.parsed = ffi.new("b3t_parsed *")
        self.error = ffi.new("b3_error *")
        self.sizes = {kind: ffi.sizeof(name) for kind, name in STRUCTS.items()}

    def parse(self, message: bytes, default: int = -1) -> str:
        """Status name; what was read is in parsed and out."""
        data = self.ffi.from_buffer("uint8_t[]", message + PADDING)
        outputs = (self.out, self.room, self.parsed, self.error)
        return STATUS[self.lib.b3t_feed_parse(self.feed, data, len(message), default, *outputs)]

    def parse_guarded(self, message: bytes, length: int, follow: bytes, default: int = -1, room: int = 1 << 14) -> str:
        """The first length bytes; behind them 64 bytes of follow, then a page that may not be read.

        Behind room bytes of output lies a page that may not be written. The process dies if the parser goes there.
        """
        data = self.ffi.from_buffer("uint8_t[]", message)
        outputs = (self.out, room, self.parsed, self.error)
        return STATUS[self.lib.b3t_feed_parse_guarded(self.feed, data, length, follow, default, *outputs)]

    def bytes_out(self) -> bytes:
        """The events as they lie in memory."""
        return bytes(self.ffi.buffer(self.out, self.parsed.count * self.sizes[self.parsed.kind]))

    def rows(self) -> list[tuple[int, ...]]:
        """The events as the oracle tells them. The header's other fields are checked here."""
        count, kind = self.parsed.count, self.parsed.kind
        fixed = kind | 1 << 16 | 3 << 32  # kind, version 1, flags, venue 3, account 0
        instrument = self.parsed.instrument | 4 << 48  # strategy 0, B3_STAMP_RECORDED
        rows = []
        for first, second, ts, recv_ns, input_no, *fields in _ROWS[kind].iter_unpack(self.bytes_out()):
            assert (first & ~(0xFF << 24), second, recv_ns, input_no) == (fixed, instrument, 7, 8)
            rows.append(((first >> 24) & 0xFF, ts, *fields))
        assert len(rows) == count
        return rows

    def stats(self) -> dict[str, int]:
        out = self.ffi.new("uint64_t[4]")
        self.lib.b3t_feed_stats(self.feed, out)
        return dict(zip(("messages", "general", "ignored", "bad"), out, strict=True))


def forms(internals: tuple[Any, Any]) -> list[str]:
    """Names of the forms that this machine can run."""
    best = internals[1].b3t_feed_isa()
    return [name for name, isa in FORMS.items() if isa <= best]
