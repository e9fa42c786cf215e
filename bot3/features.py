"""The feature vector of the core over a recording, as an Arrow table: a row a bar, a column a feature.

    computer = FeatureComputer(bars="1s")
    table = computer.compute("session.b3r")

The recording runs through the engine with the strategy `features` and no other, so that training data and a live run
are computed by the same code at the same moment, from what had been received by then.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Final, Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from bot3._version import __version__
from bot3.config import SystemConfig, parse_bars
from bot3.engine.builtin import Feature, features
from bot3.engine.core import Engine
from bot3.engine.loader import parse_choice
from bot3.engine.plan import RunOptions, build_engine
from bot3.engine.run import run_all
from bot3.engine.setup import choose_instruments, choose_symbols, prepare
from bot3.errors import ArgumentError
from bot3.ffi import lib
from bot3.ffi.layout import slot_events
from bot3.recording import RecordingFile, open_recordings

__all__ = ["FEATURES", "Feature", "FeatureComputer", "Width"]

Width = Literal["float64", "float32"]
PathLike = str | os.PathLike[str]

_TYPES: Final = {"float64": pa.float64(), "float32": pa.float32()}
_TIME: Final = pa.timestamp("ns", "UTC")


FEATURES: Final = features()
"""The vector, in order."""


class FeatureComputer:
    """Computes the vector for recordings.

    bars: as --bars, "1s", "100t", "2.5v". width: type of the feature columns; float32 is the nearest one of each
    float64 that the core computes. config: system.json, of which bars.grace_ms and the capacities matter. Raises
    ArgumentError.
    """

    def __init__(self, bars: str = "1s", width: Width = "float64", config: SystemConfig | None = None) -> None:
        if width not in _TYPES:
            raise ArgumentError("must be float64 or float32", where="width", value=width)
        self._bars = parse_bars(bars)
        self._width: Width = width
        self._config = config or SystemConfig()

    @property
    def schema(self) -> pa.Schema:
        """Of the tables: time and received (timestamp[ns, UTC]), instrument, then the features in order.

        time: the bar's close, in exchange time. received: receive time at which the row was known, the one to join
        labels by. Metadata "bot3.features": JSON of bars, width, version and names; each feature's field says its unit,
        formula and text.
        """
        told = {
            "bars": self._bars.text,
            "width": self._width,
            "version": __version__,
            "names": [feature.name for feature in FEATURES],
        }
        kind = _TYPES[self._width]
        fields = [
            pa.field("time", _TIME, nullable=False),
            pa.field("received", _TIME, nullable=False),
            pa.field("instrument", pa.dictionary(pa.int32(), pa.string()), nullable=False),
            *(pa.field(f.name, kind, nullable=False, metadata=asdict(f)) for f in FEATURES),
        ]
        return pa.schema(fields, metadata={"bot3.features": json.dumps(told)})

    def compute(
        self,
        recording: PathLike | Sequence[PathLike],
        *,
        symbols: Sequence[str] = (),
        instruments: PathLike | None = None,
    ) -> pa.Table:
        """The vectors of a recording (several files continue one another): a row a bar and instrument, as they closed.

        A value is NaN until it is warm, and what comes from the book while that is not whole. symbols: empty for all.
        instruments: exchangeInfo, as --instruments. Raises RecordingError, InstrumentError, ArgumentError, EngineError.
        """
        files = [recording] if isinstance(recording, str | os.PathLike) else list(recording)
        with open_recordings(files) as opened, RecordingFile(opened.path) as file:
            chosen, _ = choose_symbols(symbols, (), opened.symbols)
            facts = choose_instruments(chosen, opened, file, None if instruments is None else Path(instruments))
            plan = prepare(self._config, self._bars, facts, [parse_choice("features")]).plan
            options = RunOptions(tap_kinds=1 << lib.B3_SIGNAL, tap_capacity=self._config.engine.tap_capacity)
            rows = _Rows()
            with build_engine(plan, options) as engine:
                run_all(engine, file, sink=rows)
                rows.take(engine)
        return self._table(rows.signals(), plan.symbols)

    def _table(self, signals: npt.NDArray[np.void], symbols: Sequence[str]) -> pa.Table:
        grid = signals.reshape(-1, len(FEATURES))  # the strategy writes all values of a bar at once, in order
        first, values = grid[:, 0], grid["value"]
        instrument = pa.DictionaryArray.from_arrays(pa.array(first["instrument"].astype(np.int32)), list(symbols))
        columns = [
            pa.array(first["ts_exchange_ns"], _TIME),
            pa.array(first["ts_recv_ns"], _TIME),
            instrument,
            *(pa.array(values[:, i].astype(self._width)) for i in range(len(FEATURES))),
        ]
        return pa.Table.from_arrays(columns, schema=self.schema)


class _Rows:
    """Keeps what the tap holds (bot3.engine.run.Sink)."""

    def __init__(self) -> None:
        self._parts: list[npt.NDArray[np.void]] = []

    def take(self, engine: Engine) -> None:
        self._parts.append(slot_events(engine.tap(), "signal").copy())

    def signals(self) -> npt.NDArray[np.void]:
        return np.concatenate(self._parts)
