"""What raw messages tell without being parsed: which symbols they name, and of which market they are."""

from __future__ import annotations

import re
from mmap import mmap
from typing import Final

from bot3.errors import RecordingError
from bot3.ffi import ffi, lib
from bot3.instruments import Market

__all__ = ["Survey", "market_of"]

_SYMBOLS_MAX: Final = 4096

# Fields that the messages of one market have and those of the other lack.
_USDM: Final = re.compile(rb'"pu":\d|"e":"bookTicker"|"X":"')
_SPOT: Final = re.compile(rb'"u":\d+,"b":\[|"data":\{"u":\d+,"s":|"M":(?:true|false)')


class Survey:
    """Symbols that messages name, each once, in order of appearance. where: the file, for errors."""

    def __init__(self, where: str) -> None:
        self._where = where
        self._symbols = ffi.new(f"char[][{lib.B3_SYMBOL_MAX}]", _SYMBOLS_MAX)
        self._count = ffi.new("uint32_t *")

    def add(self, text: bytes | mmap) -> None:
        """Looks through more messages. Raises RecordingError for more symbols than one run can have."""
        data = ffi.from_buffer("char[]", text)
        status = lib.b3_recording_symbols_blocking(data, len(text), self._symbols, _SYMBOLS_MAX, self._count)
        if status == lib.B3_FULL:
            raise RecordingError(f"names more than {_SYMBOLS_MAX} symbols", where=self._where)

    @property
    def count(self) -> int:
        """How many there are so far."""
        return int(self._count[0])

    @property
    def symbols(self) -> dict[str, None]:
        """Those found so far."""
        found = (ffi.string(self._symbols[index]) for index in range(self.count))
        return {symbol.decode(errors="replace"): None for symbol in found}


def market_of(text: bytes) -> Market | None:
    """The market of the first message in text that tells; None when none does."""
    usdm, spot = _USDM.search(text), _SPOT.search(text)
    if usdm and spot:
        return "usdm" if usdm.start() < spot.start() else "spot"
    return "usdm" if usdm else "spot" if spot else None
