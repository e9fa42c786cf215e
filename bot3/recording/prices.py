"""The first prices of a recording, for instruments of which the venue's exchangeInfo is not at hand."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from bot3.ffi import ffi, lib

if TYPE_CHECKING:
    from bot3.ffi._core import CData
    from bot3.recording.reader import RecordingFile

__all__ = ["Seen", "first_prices"]

_ENOUGH: Final = 500  # prices of a symbol
_RECORDS_MAX: Final = 50_000


@dataclass(slots=True)
class Seen:
    """Prices and quantities of a symbol, as published."""

    prices: list[str] = field(default_factory=list)
    qtys: list[str] = field(default_factory=list)

    def add(self, price: object, qty: object) -> None:
        """One level or trade; what is no text is passed over."""
        if isinstance(price, str) and isinstance(qty, str):
            self.prices.append(price)
            self.qtys.append(qty)


def first_prices(recording: RecordingFile, symbols: Collection[str]) -> dict[str, Seen]:
    """For each symbol what its first messages hold; nothing when it has none early on. The cursor ends at the start.

    Messages that cannot be read are passed over: the engine counts and names them. Raises RecordingError.
    """
    found = {symbol: Seen() for symbol in symbols}
    sources: list[CData] = []
    for number, record in enumerate(recording.records()):
        if record.type == lib.B3_REC_SOURCE:
            sources.append(ffi.cast("const b3_source *", record + 1))
        elif record.type == lib.B3_REC_FRAME:
            _from_message(bytes(recording.payload(record)), _symbol(sources[record.source]), found)
        elif record.type == lib.B3_REC_EVENTS:
            _from_events(recording, record, sources[record.source], found)
        if number > _RECORDS_MAX or all(len(seen.prices) >= _ENOUGH for seen in found.values()):
            break
    lib.b3_recording_rewind(recording.pointer)
    return found


def _symbol(source: CData) -> str:
    return ffi.string(source.symbol).decode(errors="replace")


def _from_message(data: bytes, default: str, found: dict[str, Seen]) -> None:
    try:
        tree: Any = json.loads(data)
    except (ValueError, RecursionError):
        return
    message = tree.get("data", tree) if isinstance(tree, dict) else None
    if not isinstance(message, dict) or message.get("s", default) not in found:
        return
    seen = found[message.get("s", default)]
    for side in ("b", "a", "bids", "asks"):
        levels = message.get(side)
        if isinstance(levels, list):
            for level in levels:
                if isinstance(level, list) and len(level) >= 2:
                    seen.add(level[0], level[1])
        else:
            seen.add(levels, message.get(side.upper()))
    seen.add(message.get("p"), message.get("q"))


def _from_events(recording: RecordingFile, record: CData, source: CData, found: dict[str, Seen]) -> None:
    if record.kind not in (lib.B3_LEVEL, lib.B3_TRADE) or _symbol(source) not in found:
        return
    slot = ffi.new("b3_slot *")
    event = ffi.cast("b3_level *" if record.kind == lib.B3_LEVEL else "b3_trade *", slot)
    index = 0
    while lib.b3_recording_event_at(recording.pointer, record, index, slot) == lib.B3_OK:
        price = Decimal(event.price_raw).scaleb(-source.price_scale)
        qty = Decimal(event.qty_raw).scaleb(-source.qty_scale)
        if price:
            found[_symbol(source)].add(f"{price:f}", f"{qty:f}")
        index += 1
