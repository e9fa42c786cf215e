"""The tables that `bot3 run --out` left, read for a report."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from bot3.errors import StorageError

__all__ = ["Floats", "RunFiles", "Times", "floats", "names", "read_run", "times"]

Floats = npt.NDArray[np.float64]
Times = npt.NDArray[np.datetime64]

_TABLES: Final = {
    "book": ["instrument", "ts_recv_ns", "bid_px", "ask_px"],
    "equity": ["ts_recv_ns", "currency", "equity"],
    "fills": ["instrument", "order_id", "ts_recv_ns", "side", "px", "qty", "liquidity", "input_no"],
    "orders": ["instrument", "order_id", "side", "state", "rule", "arrival_bid", "arrival_ask"],
    "positions": ["instrument", "strategy", "ts_recv_ns", "qty", "realized", "fees", "mark_px", "input_no"],
}


@dataclass(frozen=True, slots=True)
class RunFiles:
    """summary: of summary.json. tables: by name, the columns that a report needs, account-level positions alone."""

    path: Path
    summary: dict[str, Any]
    tables: dict[str, pa.Table]

    @property
    def currency(self) -> str:
        """The reporting currency."""
        return str(self.summary["pnl"]["currency"])

    @property
    def symbols(self) -> list[str]:
        """The instruments of the run."""
        return list(self.summary["instruments"])

    def of(self, table: str, symbol: str) -> pa.Table:
        """The rows of one instrument."""
        rows = self.tables[table]
        return rows.filter(pc.equal(rows["instrument"].cast(pa.string()), symbol))


def read_run(path: Path) -> RunFiles:
    """Reads a directory that `bot3 run --out` wrote. Raises StorageError naming the file that is missing or damaged."""
    hint = "Give the directory that `bot3 run --out DIR` wrote."
    if not path.is_dir():
        raise StorageError("is not a directory", where=str(path), hint=hint)
    try:
        summary = json.loads((path / "summary.json").read_text(encoding="utf-8"))
        missing = {"pnl", "instruments", "latency_ns", "rejects", "strategies", "taker_fee_rate"} - set(summary)
        if missing:
            raise StorageError(
                "is not a run's summary", where=str(path / "summary.json"), value=", ".join(sorted(missing)), hint=hint
            )
        tables = {name: _table(path / f"{name}.parquet", columns) for name, columns in _TABLES.items()}
        positions = tables["positions"]
        tables["positions"] = positions.filter(pc.equal(positions["strategy"].cast(pa.string()), ""))
    except OSError as error:
        raise StorageError(f"cannot be read: {error.strerror}", where=str(error.filename or path), hint=hint) from error
    except (ValueError, TypeError) as error:
        raise StorageError(f"is damaged: {error}", where=str(path / "summary.json"), hint=hint) from error
    return RunFiles(path, summary, tables)


def _table(path: Path, columns: list[str]) -> pa.Table:
    try:
        table = pq.ParquetFile(path.open("rb")).read(columns)
    except pa.ArrowException as error:
        hint = "The run that wrote it may have been cut off: run it again."
        raise StorageError(f"is damaged: {error}", where=str(path), hint=hint) from error
    absent = [name for name in columns if name not in table.column_names]
    if absent:
        hint = "It was written by another version of bot3: run it again with this one."
        raise StorageError("lacks columns", where=str(path), value=", ".join(absent), hint=hint)
    return table


def floats(table: pa.Table, column: str) -> Floats:
    """A decimal column as float64, rounded to the nearest: for charts and ratios, not for money."""
    values: Floats = table[column].cast(pa.float64()).to_numpy()
    return values


def times(table: pa.Table, column: str = "ts_recv_ns") -> Times:
    """A time column as datetime64[ns], UTC."""
    values: Times = table[column].cast(pa.int64()).to_numpy().view("datetime64[ns]")
    return values


def names(table: pa.Table, column: str) -> npt.NDArray[np.object_]:
    """A column of names as str objects."""
    values: npt.NDArray[np.object_] = np.array(table[column].cast(pa.string()).to_pylist(), dtype=object)
    return values
