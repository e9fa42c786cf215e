"""Strategies as asked for: NAME[:k=v,...] of a built-in one, or FILE.py:CLASS[:k=v,...] of a user's own."""

from __future__ import annotations

import importlib.util
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot3.config import StrategyEntry
from bot3.errors import StrategyError
from bot3.strategy import Strategy

__all__ = ["StrategyChoice", "choose_strategies", "load_class", "make", "parse_choice", "place_of"]

DEFAULT = "ema_cross"

_CHOICE = re.compile(r"(?:(?P<file>.+\.py):)?(?P<name>[A-Za-z_]\w*)(?::(?P<params>.*))?")
_HINT = "Write NAME, NAME:k=v,k=v, FILE.py:CLASS or FILE.py:CLASS:k=v,k=v."


@dataclass(frozen=True, slots=True)
class StrategyChoice:
    """What was asked for. file: None for a built-in strategy. params: as written. symbols: empty for all."""

    text: str
    file: Path | None
    name: str
    params: dict[str, str]
    symbols: tuple[str, ...] = ()


def choose_strategies(asked: Sequence[str], configured: Sequence[StrategyEntry]) -> list[StrategyChoice]:
    """The strategies of a run: those of --strategy; without any, those of the configuration; else the default.

    Raises StrategyError.
    """
    if asked or not configured:
        return [parse_choice(text) for text in asked or (DEFAULT,)]
    return [_configured(entry) for entry in configured]


def _configured(entry: StrategyEntry) -> StrategyChoice:
    match = _CHOICE.fullmatch(entry.name)
    if match is None or match["params"] is not None:
        hint = "Write NAME or FILE.py:CLASS; parameters have a key of their own, params."
        raise StrategyError("cannot be understood", where="signal.strategies", value=entry.name, hint=hint)
    params = {name: str(int(value) if isinstance(value, bool) else value) for name, value in entry.params.items()}
    file = Path(match["file"]) if match["file"] else None
    return StrategyChoice(entry.name, file, match["name"], params, entry.symbols)


def parse_choice(text: str) -> StrategyChoice:
    """Reads one --strategy. Raises StrategyError."""
    match = _CHOICE.fullmatch(text.strip())
    if match is None:
        raise StrategyError("cannot be understood", where="--strategy", value=text, hint=_HINT)
    params: dict[str, str] = {}
    for item in match["params"].split(",") if match["params"] else []:
        key, equals, value = item.partition("=")
        if not equals or not re.fullmatch(r"[A-Za-z_]\w*", key.strip()) or key.strip() in params:
            raise StrategyError("is no parameter, or given twice", where=f"--strategy {text}", value=item, hint=_HINT)
        params[key.strip()] = value.strip()
    return StrategyChoice(text.strip(), Path(match["file"]) if match["file"] else None, match["name"], params)


def load_class(file: Path, name: str) -> type[Strategy]:
    """The strategy class of that name in a Python file, which is executed. Raises StrategyError."""
    if not file.is_file():
        raise StrategyError("there is no such file", where="--strategy", value=str(file), hint=_HINT)
    spec = importlib.util.spec_from_file_location(f"bot3_strategy_{file.stem}", file)
    if spec is None or spec.loader is None:
        raise StrategyError("is not a Python file", where=str(file))
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses and pickles in the file look themselves up there
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        raise StrategyError(
            f"cannot be loaded: {type(error).__name__}: {error}", where=place_of(error, file)
        ) from error
    found = getattr(module, name, None)
    if found is None:
        there = [key for key, value in vars(module).items() if _is_strategy(value)]
        hint = f"Strategies there: {', '.join(there)}." if there else "Derive a class from bot3.strategy.Strategy."
        raise StrategyError("has no such class", where=str(file), value=name, hint=hint)
    if not _is_strategy(found):
        raise StrategyError("is not derived from bot3.strategy.Strategy", where=str(file), value=name)
    if hasattr(found, "on_timer"):
        raise StrategyError(
            "has on_timer: a strategy in Python gets no timers", where=str(file), value=name, hint="Use on_bar."
        )
    return found  # type: ignore[no-any-return]


def make(kind: type[Strategy], params: dict[str, str], file: Path) -> Strategy:
    """An object of a strategy class; parameters that look like numbers are passed as numbers. Raises StrategyError."""
    try:
        return kind(**{key: _number(value) for key, value in params.items()})
    except Exception as error:
        raise StrategyError(
            f"{kind.__name__}(...) failed: {type(error).__name__}: {error}", where=place_of(error, file)
        ) from error


def _is_strategy(value: Any) -> bool:
    return isinstance(value, type) and issubclass(value, Strategy) and value is not Strategy


def _number(text: str) -> int | float | str:
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


def place_of(error: BaseException, file: Path) -> str:
    """FILE:LINE of the innermost frame of an exception that lies in that file; a syntax error's own line."""
    if isinstance(error, SyntaxError) and error.filename:
        return f"{error.filename}:{error.lineno}"
    line, trace = 0, error.__traceback__
    while trace is not None:
        if Path(trace.tb_frame.f_code.co_filename).resolve() == file.resolve():
            line = trace.tb_lineno
        trace = trace.tb_next
    return f"{file}:{line}" if line else str(file)
