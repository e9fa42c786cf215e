"""What is known of a recording: where its messages come from, and what could not be read."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from bot3.errors import RecordingError
from bot3.instruments import Market

__all__ = ["BadLine", "Contents", "Source"]

BAD_LINES_NAMED: Final = 20


@dataclass(frozen=True, slots=True)
class Source:
    """Where records come from. symbol: of messages that name none, else empty. parsed: events, not bytes."""

    name: str
    symbol: str
    market: Market
    parsed: bool = False


@dataclass(frozen=True, slots=True)
class BadLine:
    """A line that was left out, and why. line: its number in the file, from 1."""

    path: Path
    line: int
    what: str

    def __str__(self) -> str:
        return f"{self.path}, line {self.line}: {self.what}"


@dataclass(slots=True)
class Contents:
    """Collected while files are read. symbols: in the order they appear. bad_lines: the first few of bad_line_count."""

    sources: list[Source] = field(default_factory=list)
    symbols: dict[str, None] = field(default_factory=dict)
    market: Market | None = None
    exchange_info: dict[str, Any] | None = None
    bad_lines: list[BadLine] = field(default_factory=list)
    bad_line_count: int = 0

    def add_bad_line(self, path: Path, line: int, what: str) -> None:
        """Counts it, and names it unless there are many."""
        self.bad_line_count += 1
        if len(self.bad_lines) < BAD_LINES_NAMED:
            self.bad_lines.append(BadLine(path, line, what))

    def set_market(self, market: Market, path: Path) -> None:
        """Raises RecordingError when an earlier file was of the other market."""
        if self.market not in (None, market):
            hint = "The same symbol means two instruments there: run each market by itself."
            raise RecordingError(f"is of {market}, the files before it of {self.market}", where=str(path), hint=hint)
        self.market = market
