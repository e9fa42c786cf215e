"""Bars from arrays of trades: the same code that the engine uses. The rules are in csrc/bars/bars.h.

>>> with Bars("tick", size=2, price_scale=2, qty_scale=8) as bars:
...     made = bars.apply(trades([1, 2, 3], [6170000, 6170200, 6170100], [100, 300, 200]))
>>> made[["open_raw", "high_raw", "vwap_raw", "volume_raw", "trade_count"]].tolist()
[(6170000, 6170200, 6170150, 400, 2)]
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

from bot3.errors import ArgumentError
from bot3.ffi import ffi, lib
from bot3.ffi.buffers import as_input, as_output
from bot3.ffi.handles import Handle
from bot3.ffi.layout import DTYPES
from bot3.ffi.status import check, new_error

__all__ = ["BarKind", "Bars", "BarsStats", "trades"]

BarKind = Literal["time", "tick", "volume", "notional"]

_KINDS: Final = {
    "time": lib.B3_BAR_TIME,
    "tick": lib.B3_BAR_TICK,
    "volume": lib.B3_BAR_VOLUME,
    "notional": lib.B3_BAR_NOTIONAL,
}
_CHUNK: Final = 4_096


@dataclass(frozen=True)
class BarsStats:
    """Bars made, the empty of them, those left out of a long gap, late trades, bars that overflowed, bad trades."""

    bars: int
    empty: int
    skipped: int
    late_trades: int
    overflows: int
    bad_trades: int


def trades(ts_exchange_ns: npt.ArrayLike, price_raw: npt.ArrayLike, qty_raw: npt.ArrayLike) -> npt.NDArray[np.void]:
    """Trades for Bars.apply from three arrays of one length: UTC nanoseconds, raw prices, raw quantities, int64."""
    columns = {"ts_exchange_ns": ts_exchange_ns, "price_raw": price_raw, "qty_raw": qty_raw}
    arrays = {name: np.asarray(values) for name, values in columns.items()}
    length = arrays["price_raw"].size
    made = np.zeros(length, DTYPES["trade"])
    made["kind"], made["version"] = lib.B3_TRADE, 1
    for name, array in arrays.items():
        if array.shape != (length,):
            raise ArgumentError(f"must have {length} elements, as price_raw", where=name, value=array.shape)
        if length and not np.can_cast(array.dtype, np.int64):
            raise ArgumentError("must be int64", where=name, value=str(array.dtype))
        made[name] = array
    return made


class Bars(Handle):
    """Builds bars of one instrument from its trades, in order of arrival. One thread at a time.

    size: of time bars the interval in ns (whole ms), of tick bars trades, of volume bars raw quantity, of notional bars
    money of the quote currency with 8 digits. price_scale, qty_scale: digits of raw numbers, 0 .. 10. grace_ns: how
    long after its close advance() waits with a time bar. Raises EngineError for what cannot be.
    """

    def __init__(self, kind: BarKind, size: int, price_scale: int, qty_scale: int, grace_ns: int = 0) -> None:
        if kind not in _KINDS:
            raise ArgumentError(f"must be one of {', '.join(_KINDS)}", where="kind", value=kind)
        for name, value, top in (("size", size, 2**63), ("grace_ns", grace_ns, 2**63)):
            if not 0 <= value < top:
                raise ArgumentError("must be in 0 .. 2**63 - 1", where=name, value=value)
        for name, value in (("price_scale", price_scale), ("qty_scale", qty_scale)):
            if not 0 <= value <= 10:
                raise ArgumentError("must be in 0 .. 10", where=name, value=value)
        config = ffi.new("b3_bars_config *", {"kind": _KINDS[kind], "size": size, "grace_ns": grace_ns})
        error = new_error()
        pointer = lib.b3_bars_new(config, price_scale, qty_scale, error)
        if pointer == ffi.NULL:
            check(int(error.status), error)
        super().__init__(pointer, lib.b3_bars_free)

    def apply(self, trades: npt.NDArray[np.void]) -> npt.NDArray[np.void]:
        """Adds trades (dtype DTYPES["trade"]); returns the bars they complete (dtype DTYPES["bar"]). Releases the GIL.

        Late and bad trades are counted in stats. Raises EngineError for an event that is no trade.
        """
        start, parts, used = 0, [], ffi.new("uint32_t *")
        source = as_input("b3_trade[]", trades, DTYPES["trade"], name="trades")
        error = new_error()
        while True:
            out = np.zeros(_CHUNK, DTYPES["bar"])
            target = as_output("b3_bar[]", out, DTYPES["bar"], name="bars")
            left = len(trades) - start
            made = lib.b3_bars_apply_blocking(self.pointer, source + start, left, target, _CHUNK, used, error)
            check(made, error)
            start += used[0]
            parts.append(out[:made])
            if made < _CHUNK:
                return np.concatenate(parts, dtype=DTYPES["bar"])

    def advance(self, now_ns: int) -> npt.NDArray[np.void]:
        """Closes the time bars that are over at now_ns, exchange time in UTC ns; returns them (dtype DTYPES["bar"])."""
        if not 0 <= now_ns < 2**63:
            raise ArgumentError("must be in 0 .. 2**63 - 1", where="now_ns", value=now_ns)
        parts, error = [], new_error()
        while True:
            out = np.zeros(_CHUNK, DTYPES["bar"])
            target = as_output("b3_bar[]", out, DTYPES["bar"], name="bars")
            made = check(lib.b3_bars_advance_blocking(self.pointer, now_ns, target, _CHUNK, error), error)
            parts.append(out[:made])
            if made < _CHUNK:
                return np.concatenate(parts, dtype=DTYPES["bar"])

    @property
    def stats(self) -> BarsStats:
        """Counts since it was made."""
        read = ffi.new("b3_bars_stats *")
        lib.b3_bars_read_stats(self.pointer, read)
        return BarsStats(*(int(getattr(read, name)) for name in BarsStats.__dataclass_fields__))
