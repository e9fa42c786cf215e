"""Structured logs on stderr: what happened on the way, as lines for people or as one JSON object a line.

structlog makes the lines; what is in them is decided where the events are told (bot3.engine.watch). Nothing that could
be a secret gets there: the configuration holds none, and no event carries what a user typed.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Literal

import structlog

from bot3.engine.watch import Level
from bot3.errors import Bot3Error

__all__ = ["EventLog", "JsonLines"]

Format = Literal["text", "json"]

_LEVELS = {"debug": 10, "info": 20, "warning": 30, "error": 40}


class EventLog:
    """Events from a level on, each rendered as one line and given to write. timestamp is the host's clock, UTC."""

    def __init__(self, write: Callable[[str], None], level: Level, form: Format) -> None:
        renderer: Any = structlog.processors.JSONRenderer()
        if form == "text":
            renderer = structlog.dev.ConsoleRenderer(colors=False, sort_keys=False)
        self._log = structlog.wrap_logger(
            _Lines(write),
            processors=[
                structlog.processors.add_log_level,
                structlog.processors.TimeStamper(fmt="iso", utc=True),
                renderer,
            ],
            wrapper_class=structlog.make_filtering_bound_logger(_LEVELS[level]),
        )

    def event(self, level: Level, name: str, **fields: object) -> None:
        """See bot3.engine.session.Ui."""
        getattr(self._log, level)(name, **fields)


class _Lines:
    """What structlog calls a logger: a method a level, each of which writes the rendered line."""

    def __init__(self, write: Callable[[str], None]) -> None:
        self.debug = self.info = self.warning = self.error = write


class JsonLines:
    """The user interface of a run for programs: every line on stderr is a JSON object; nothing else is shown."""

    def __init__(self, level: Level = "info") -> None:
        self._log = EventLog(self._write, level, "json")

    def _write(self, line: str) -> None:
        sys.stderr.write(line + "\n")
        sys.stderr.flush()

    def event(self, level: Level, name: str, **fields: object) -> None:
        """See Ui."""
        self._log.event(level, name, **fields)

    def say(self, text: str) -> None:
        """See Ui."""
        self.event("info", "note", text=text)

    def warn(self, text: str) -> None:
        """See Ui."""
        self.event("warning", "warning", text=text)

    def fail(self, error: Bot3Error) -> None:
        """The error that ended a run early."""
        self.event("error", "failed", kind=type(error).__name__, text=str(error))

    def rows(self, title: str, rows: Sequence[tuple[str, str]]) -> None:
        """See Ui."""
        self.event("info", title, **dict(rows))

    def working(self, text: str) -> contextlib.AbstractContextManager[None]:
        """See Ui."""
        return contextlib.nullcontext()

    @contextlib.contextmanager
    def progress(self, total_bytes: int) -> Iterator[Callable[[int], None]]:
        """See Ui."""
        yield lambda done: None
