"""Tapped events to Parquet files, batch by batch: memory does not grow with the length of a run."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from bot3.engine.core import Engine
from bot3.engine.plan import RunPlan
from bot3.errors import StorageError
from bot3.ffi import lib
from bot3.ffi.layout import KINDS, slot_events
from bot3.storage.columns import Names, Schema
from bot3.storage.facts import account_facts, instrument_facts
from bot3.storage.tables import OrderRows, signal_stride, tables_of

__all__ = ["TAPPED", "ParquetSink", "prepare_directory"]

# Event kinds that the tables are made of, as bits.
TAPPED: Final = sum(
    1 << KINDS[kind]
    for kind in (
        "quote", "trade", "bar", "signal", "request", "decision", "update", "position", "balance", "rate", "equity",
    )
)  # fmt: skip
_ROWS: Final = 65_536  # of a table, before they are written as a row group


def prepare_directory(path: Path) -> Callable[[], None]:
    """Makes the directory for a run's results; what it returns takes it away again, with all that lies in it by then.

    Raises StorageError unless it is new or empty.
    """
    made = [folder for folder in (path, *path.parents) if not folder.exists()]
    try:
        path.mkdir(parents=True, exist_ok=True)
        held = next(path.iterdir(), None)
    except OSError as error:
        raise StorageError(
            f"cannot be used: {error.strerror}", where=str(path), hint="Give --out a directory."
        ) from error
    if held is not None:
        hint = "Give --out a new or empty directory: nothing is overwritten."
        raise StorageError("is not empty", where=str(path), value=held.name, hint=hint)

    def undo() -> None:
        for file in path.iterdir():
            file.unlink()
        for folder in made:
            folder.rmdir()

    return undo


class ParquetSink:
    """Writes the tables of a run into a directory. Use it with `with`: the files are whole only after close().

    Raises StorageError when a file cannot be written.
    """

    def __init__(self, path: Path, plan: RunPlan) -> None:
        names = Names.of(plan)
        self._path = path
        self._stride = signal_stride(plan)
        self._orders = OrderRows()
        self._schemas = {name: Schema(columns, names) for name, columns in tables_of(plan).items()}
        self._waiting: dict[str, list[pa.RecordBatch]] = {name: [] for name in self._schemas}
        self._writers: dict[str, pq.ParquetWriter] = {}
        for name, schema in self._schemas.items():
            with _told(path / f"{name}.parquet"):
                self._writers[name] = pq.ParquetWriter(path / f"{name}.parquet", schema.arrow, compression="zstd")
        _write_json(path / "instruments.json", instrument_facts(plan))
        _write_json(path / "account.json", account_facts(plan))

    def take(self, engine: Engine) -> None:
        """Takes all that the engine's tap holds; the caller clears it."""
        slots = engine.tap()
        if len(slots) == 0:
            return
        quotes, trades, bars = (slot_events(slots, kind) for kind in ("quote", "trade", "bar"))
        bars = bars[bars["flags"] & lib.B3_FLAG_VENUE == 0]
        signals, updates, positions = (slot_events(slots, kind) for kind in ("signal", "update", "position"))
        balances, rates, equity = (slot_events(slots, kind) for kind in ("balance", "rate", "equity"))
        fills = updates[updates["exec_id"] != 0]
        self._add("book", quotes[quotes["flags"] & lib.B3_FLAG_DEPTH != 0])
        self._add("trades", _with(trades, buyer_maker=trades["flags"] & lib.B3_FLAG_BUYER_MAKER != 0))
        self._add("bars", _with(bars, empty=bars["flags"] & lib.B3_FLAG_EMPTY != 0))
        self._add(
            "signals", _with(signals, signal=signals["strategy"].astype(np.int64) * self._stride + signals["signal"])
        )
        self._add("fills", _with(fills, fee_rate_raw=_rates_of(fills, rates)))
        self._add("positions", _with(positions, incomplete=positions["flags"] & lib.B3_FLAG_INCOMPLETE != 0))
        self._add("balances", balances)
        self._add("rates", rates)
        self._add("equity", equity)
        self._take_orders(slots, updates)

    def _take_orders(self, slots: npt.NDArray[np.uint8], updates: npt.NDArray[np.void]) -> None:
        for request in slot_events(slots, "request"):
            self._orders.on_request(request)
        done = [self._orders.on_decision(decision) for decision in slot_events(slots, "decision")]
        done += [self._orders.on_update(update) for update in updates]
        self._add_rows("orders", [row for row in done if row is not None])

    def finish(self, engine: Engine, summary: dict[str, Any]) -> None:
        """The last rows, and summary.json."""
        self.take(engine)
        engine.clear_tap()
        self._add_rows("orders", list(self._orders.rest()))
        _write_json(self._path / "summary.json", summary)

    def close(self) -> None:
        """Writes what waits and ends the files."""
        for name, writer in self._writers.items():
            with _told(self._path / f"{name}.parquet"):
                self._flush(name)
                writer.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _add_rows(self, name: str, rows: list[dict[str, int]]) -> None:
        if rows:
            self._add(name, {key: np.array([row[key] for row in rows]) for key in rows[0]})

    def _add(self, name: str, rows: Any) -> None:
        batch = self._schemas[name].batch(rows)
        if batch.num_rows == 0:
            return
        self._waiting[name].append(batch)
        if sum(waiting.num_rows for waiting in self._waiting[name]) >= _ROWS:
            with _told(self._path / f"{name}.parquet"):
                self._flush(name)

    def _flush(self, name: str) -> None:
        batches, self._waiting[name] = self._waiting[name], []
        if batches:
            self._writers[name].write_table(pa.Table.from_batches(batches))


def _rates_of(fills: npt.NDArray[np.void], rates: npt.NDArray[np.void]) -> npt.NDArray[np.int64]:
    """The rate that each fill's fee was converted at, 0 for none: both stand in the input of the fill."""
    at = np.searchsorted(rates["input_no"], fills["input_no"])
    known = np.append(rates["input_no"], np.uint64(0))[at] == fills["input_no"]
    found: npt.NDArray[np.int64] = np.where(known, np.append(rates["rate_raw"], 0)[at], 0)
    return found


def _with(events: npt.NDArray[np.void], **columns: npt.NDArray[Any]) -> dict[str, npt.NDArray[Any]]:
    return {name: events[name] for name in events.dtype.names or ()} | columns


def _write_json(path: Path, tree: Any) -> None:
    with _told(path):
        path.write_text(json.dumps(tree, indent=2) + "\n", encoding="utf-8")


@contextlib.contextmanager
def _told(path: Path) -> Iterator[Path]:
    """Turns what the operating system says about a file into a StorageError."""
    try:
        yield path
    except OSError as error:
        what = f"cannot be written: {error.strerror or error}"
        raise StorageError(what, where=str(path), hint="The results are incomplete.") from error
