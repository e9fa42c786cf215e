"""Events to Arrow columns: prices, quantities and money both as raw integers and as decimals, times zone-aware in UTC.

A table is a list of Column. A price, qty or money column `x` becomes two: `x`, a decimal, and `x_raw`, the integer it
is made of. All instruments of a table share one decimal scale, the largest of theirs; `x_raw` keeps the instrument's
own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from bot3.engine.decimals import MONEY_SCALE
from bot3.engine.plan import RunPlan

__all__ = ["Column", "Names", "Schema", "decimals", "timestamps"]

_UTC_NS = pa.timestamp("ns", tz="UTC")
_NAME = pa.dictionary(pa.int32(), pa.string())


@dataclass(frozen=True, slots=True)
class Column:
    """kind: symbol, name, price, qty, money, time, or a numpy type code.

    source: the field of the rows, if not called as the column. names: for kind name, the text of each code.
    """

    name: str
    kind: str
    source: str = ""
    names: tuple[str, ...] = ()

    @property
    def field(self) -> str:
        """The field of the rows that it is made from."""
        return self.source or self.name


@dataclass(frozen=True, slots=True)
class Names:
    """Symbols and scales of a run's instruments, by instrument index."""

    symbols: tuple[str, ...]
    price_scales: npt.NDArray[np.int64]
    qty_scales: npt.NDArray[np.int64]

    @classmethod
    def of(cls, plan: RunPlan) -> Names:
        """From the plan's instruments."""
        scales = [
            np.array([instrument[name] for instrument in plan.instruments], np.int64)
            for name in ("price_scale", "qty_scale")
        ]
        return cls(plan.symbols, scales[0], scales[1])

    def scales(self, kind: str, instrument: npt.NDArray[Any]) -> npt.NDArray[np.int64]:
        """The decimal scale of each row of a price or qty column."""
        found: npt.NDArray[np.int64] = (self.price_scales if kind == "price" else self.qty_scales)[instrument]
        return found

    def scale(self, kind: str) -> int:
        """The scale that a whole column of that kind has."""
        if kind == "money":
            return MONEY_SCALE
        return int((self.price_scales if kind == "price" else self.qty_scales).max())


class Schema:
    """The Arrow schema of a table, and how rows (a structured array, or columns by name) become its batches."""

    def __init__(self, columns: Sequence[Column], names: Names) -> None:
        self.columns = columns
        self.names = names
        fields: list[pa.Field] = []
        for column in columns:
            if column.kind in ("price", "qty", "money"):
                fields.append(pa.field(column.name, pa.decimal128(38, names.scale(column.kind))))
                fields.append(pa.field(f"{column.name}_raw", pa.int64()))
            else:
                fields.append(pa.field(column.name, _type_of(column)))
        self.arrow = pa.schema(fields)

    def batch(self, rows: Any) -> pa.RecordBatch:
        """rows: numpy arrays by field name, all of one length."""
        arrays: list[pa.Array] = []
        for column in self.columns:
            values = np.asarray(rows[column.field])
            if column.kind in ("price", "qty", "money"):
                raw = values.astype(np.int64)
                arrays.append(self._decimals(column.kind, raw, rows))
                arrays.append(pa.array(raw))
            elif column.kind == "time":
                arrays.append(timestamps(values))
            elif column.kind in ("symbol", "name"):
                words = self.names.symbols if column.kind == "symbol" else column.names
                codes = pa.array(values.astype(np.int32), mask=values >= len(words))
                arrays.append(pa.DictionaryArray.from_arrays(codes, pa.array(words, pa.string())))
            else:
                arrays.append(pa.array(values.astype(column.kind)))
        return pa.RecordBatch.from_arrays(arrays, schema=self.arrow)

    def _decimals(self, kind: str, raw: npt.NDArray[np.int64], rows: Any) -> pa.Array:
        scale = self.names.scale(kind)
        if kind == "money":
            return decimals(raw, scale)
        return decimals(raw, scale, scale - self.names.scales(kind, np.asarray(rows["instrument"])))


def _type_of(column: Column) -> pa.DataType:
    if column.kind == "time":
        return _UTC_NS
    if column.kind in ("symbol", "name"):
        return _NAME
    return pa.from_numpy_dtype(np.dtype(column.kind))


def decimals(raw: npt.NDArray[np.int64], scale: int, shift: npt.NDArray[np.int64] | None = None) -> pa.Array:
    """decimal128(38, scale) of raw x 10^(shift - scale). shift: per row, 0 to 10; none: 0."""
    if shift is None or not shift.any():
        return _integers(raw, pa.decimal128(38, scale))
    wide = pc.multiply(_integers(raw, pa.decimal128(19, 0)), _integers(10**shift, pa.decimal128(11, 0)))
    return pa.Array.from_buffers(pa.decimal128(38, scale), len(raw), [None, wide.buffers()[1]])


def _integers(values: npt.NDArray[np.int64], kind: pa.DataType) -> pa.Array:
    """The integers behind decimals of that kind."""
    words = np.empty((len(values), 2), np.int64)  # little-endian halves of a 128-bit integer
    words[:, 0] = values
    words[:, 1] = values >> 63
    return pa.Array.from_buffers(kind, len(values), [None, pa.py_buffer(words)])


def timestamps(ns: npt.NDArray[Any]) -> pa.Array:
    """timestamp[ns, UTC]; 0, which means unknown, is null."""
    return pa.array(ns.astype(np.int64), mask=ns == 0).cast(_UTC_NS)
