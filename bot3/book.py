"""An L2 order book fed with arrays of levels: the same code that the engine trades on.

>>> with Book(tick_raw=1) as book:
...     quotes = book.apply(message([(100, 5), (99, 7)], [(101, 6)], update_id=1))
...     quotes["bid_price_raw"].tolist(), book.best("ask"), book.imbalance(1)
([100], (101, 6), -0.09090909090909091)
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np
import numpy.typing as npt

from bot3.errors import ArgumentError
from bot3.ffi import ffi, lib
from bot3.ffi.buffers import as_input, as_output
from bot3.ffi.handles import Handle
from bot3.ffi.layout import DTYPES, struct_dtype
from bot3.ffi.status import check, new_error

__all__ = ["LEVEL", "Book", "BookStats", "Side", "message"]

Side = Literal["bid", "ask"]

# One price of a side: price_raw and qty_raw, int64 each.
LEVEL: Final = struct_dtype("b3_book_level")

_SIDES: Final = {"bid": lib.B3_BUY, "ask": lib.B3_SELL}


@dataclass(frozen=True)
class BookStats:
    """Levels held per side; moves of the dense window; levels outside it; id of the last message."""

    bid_levels: int
    ask_levels: int
    moves: int
    sparse: int
    last_update_id: int


def message(
    bids: npt.ArrayLike, asks: npt.ArrayLike, update_id: int, *, snapshot: bool = False, ts_exchange_ns: int = 0
) -> npt.NDArray[np.void]:
    """The levels of one message, for Book.apply: bids and asks of shape (n, 2), raw price and raw quantity, int64.

    A quantity of 0 removes the level; a snapshot replaces the whole book. A message may be empty. Several are joined
    with numpy.concatenate(messages, dtype=messages[0].dtype): without dtype it would repack the fields.
    """
    sides = [_pairs(bids, "bids"), _pairs(asks, "asks")]
    count = sum(map(len, sides))
    levels = np.zeros(max(count, 1), DTYPES["level"])
    levels["kind"], levels["version"] = lib.B3_LEVEL, 1
    levels["last_update_id"], levels["ts_exchange_ns"] = update_id, ts_exchange_ns
    if count:
        levels["price_raw"], levels["qty_raw"] = np.concatenate(sides).T
    levels["flags"][len(sides[0]) :] = lib.B3_FLAG_ASK
    levels["flags"] |= (lib.B3_FLAG_SNAPSHOT if snapshot else 0) | (0 if count else lib.B3_FLAG_NO_LEVEL)
    levels["flags"][-1] |= lib.B3_FLAG_LAST
    return levels


def _pairs(values: npt.ArrayLike, name: str) -> npt.NDArray[np.int64]:
    array = np.asarray(values)
    if array.size == 0:
        return np.empty((0, 2), np.int64)
    if array.ndim != 2 or array.shape[1] != 2:
        raise ArgumentError("must have the shape (n, 2)", where=name, value=array.shape)
    if not np.can_cast(array.dtype, np.int64):
        raise ArgumentError(
            "must be int64", where=name, value=str(array.dtype), hint="Prices and sizes are raw integers."
        )
    return array.astype(np.int64)


class Book(Handle):
    """Price -> quantity of one instrument, exact for any prices. One thread at a time.

    tick_raw: the price step, 1 .. 2**44; prices off it are kept too. dense_ticks: a power of two, 4096 .. 262144, the
    prices per side that are O(1) around the touch; sparse_levels: how many others a side holds at most. Raises
    EngineError for an impossible size.
    """

    def __init__(self, tick_raw: int, dense_ticks: int = 32_768, sparse_levels: int = 16_384) -> None:
        error = new_error()
        tick = _number("tick_raw", tick_raw, 63)
        dense, sparse = _number("dense_ticks", dense_ticks, 32), _number("sparse_levels", sparse_levels, 32)
        pointer = lib.b3_book_new(tick, dense, sparse, error)
        if pointer == ffi.NULL:
            check(int(error.status), error)
        super().__init__(pointer, lib.b3_book_free)

    def apply(self, levels: npt.NDArray[np.void]) -> npt.NDArray[np.void]:
        """Applies whole messages, one after another (dtype DTYPES["level"], as Parser.parse and message() give them).

        Returns the best bid and ask after each message (dtype DTYPES["quote"]). Raises EngineError with position = the
        index of the level that cannot be; the levels before it are applied. Releases the GIL.
        """
        source = as_input("b3_level[]", levels, DTYPES["level"], name="levels")
        quotes = np.zeros(int(np.count_nonzero(levels["flags"] & lib.B3_FLAG_LAST)), DTYPES["quote"])
        target = as_output("b3_quote[]", quotes, DTYPES["quote"], name="quotes")
        error = new_error()
        check(lib.b3_book_apply_blocking(self.pointer, source, len(levels), target, len(quotes), error), error)
        return quotes

    def clear(self) -> None:
        """Empties both sides."""
        lib.b3_book_clear(self.pointer)

    def best(self, side: Side) -> tuple[int, int]:
        """Raw price and quantity of the best level; (0, 0) when the side is empty."""
        level = lib.b3_book_best(self.pointer, _side(side))
        return int(level.price_raw), int(level.qty_raw)

    def levels(self, side: Side, count: int) -> npt.NDArray[np.void]:
        """Up to count best levels, best first (dtype LEVEL)."""
        found = np.zeros(_number("count", count, 32), LEVEL)
        target = as_output("b3_book_level[]", found, LEVEL, name="levels")
        return found[: lib.b3_book_levels(self.pointer, _side(side), target, len(found))]

    def qty_at(self, side: Side, price_raw: int) -> int:
        """Raw quantity at a price; 0 when there is no such level."""
        return int(lib.b3_book_qty_at(self.pointer, _side(side), _number("price_raw", price_raw, 63)))

    def cum_qty(self, side: Side, price_raw: int) -> int:
        """Sum of raw quantities from the best level to price_raw, both included; at most 2**63 - 1."""
        return int(lib.b3_book_cum_qty(self.pointer, _side(side), _number("price_raw", price_raw, 63)))

    def microprice(self) -> float:
        """The mid weighted by the other side's size, in raw price units; NaN when a side is empty."""
        return float(lib.b3_book_microprice(self.pointer))

    def imbalance(self, levels: int) -> float:
        """(bids - asks) / (bids + asks) over so many best levels, -1 .. 1; NaN when both sides are empty."""
        return float(lib.b3_book_imbalance(self.pointer, _number("levels", levels, 32)))

    @property
    def stats(self) -> BookStats:
        """How much it holds, and where."""
        read = ffi.new("b3_book_stats *")
        lib.b3_book_read_stats(self.pointer, read)
        return BookStats(*(int(getattr(read, name)) for name in BookStats.__dataclass_fields__))


def _side(side: str) -> Any:
    if side not in _SIDES:
        raise ArgumentError("must be bid or ask", where="side", value=side)
    return _SIDES[side]


def _number(name: str, value: int, bits: int) -> int:
    if not 0 <= value < 1 << bits:
        raise ArgumentError(f"must be in 0 .. 2**{bits} - 1", where=name, value=value)
    return value
