"""What the end-to-end tests of runs share: a run without a terminal, and recordings cut and changed line by line."""

import contextlib
import gzip
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from bot3.engine.loader import parse_choice
from bot3.engine.session import Result, Settings, run_session
from bot3.sample import SAMPLE, SAMPLE_INSTRUMENTS


@dataclass
class Listener:
    """A user interface that keeps what it is told."""

    said: list[str] = field(default_factory=list)
    warned: list[str] = field(default_factory=list)
    tables: dict[str, list[tuple[str, str]]] = field(default_factory=dict)
    done: list[int] = field(default_factory=list)
    events: list[tuple[str, str, dict[str, object]]] = field(default_factory=list)

    def event(self, level: str, name: str, **fields: object) -> None:
        self.events.append((level, name, fields))

    def say(self, text: str) -> None:
        self.said.append(text)

    def warn(self, text: str) -> None:
        self.warned.append(text)

    def rows(self, title: str, rows: Sequence[tuple[str, str]]) -> None:
        self.tables[title] = list(rows)

    @contextlib.contextmanager
    def working(self, text: str) -> Iterator[None]:
        yield

    @contextlib.contextmanager
    def progress(self, total_bytes: int) -> Iterator[Callable[[int], None]]:
        yield self.done.append


def run(
    *recordings: Path,
    strategies: Iterable[str] = ("ema_cross",),
    listener: Listener | None = None,
    instruments: Path | None = SAMPLE_INSTRUMENTS,
    **settings: Any,
) -> Result:
    """A run in this process; by default of the sample."""
    choices = [parse_choice(text) for text in strategies]
    chosen = Settings(recordings or (SAMPLE,), choices, instruments=instruments, **settings)
    return run_session(chosen, listener or Listener())


def sample_lines() -> list[bytes]:
    return gzip.decompress(SAMPLE.read_bytes()).splitlines(keepends=True)


def written(path: Path, lines: Iterable[bytes]) -> Path:
    path.write_bytes(b"".join(lines))
    return path


def table(out: Path, name: str) -> pd.DataFrame:
    return pd.read_parquet(out / f"{name}.parquet")
