"""The strategies built into the core: their names, parameters and bounds, read from the core's own table."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot3.errors import StrategyError
from bot3.ffi import ffi, lib
from bot3.ffi.status import text

if TYPE_CHECKING:
    from bot3.ffi._core import CData

__all__ = ["Builtin", "Param", "builtins", "find_builtin"]


@dataclass(frozen=True, slots=True)
class Param:
    """A parameter of a built-in strategy."""

    name: str
    default: float
    min: float
    max: float
    unit: str
    text: str


@dataclass(frozen=True, slots=True)
class Builtin:
    """A built-in strategy. pointer: its static const b3_strategy *."""

    name: str
    text: str
    params: tuple[Param, ...]
    signals: tuple[str, ...]
    kinds: int
    pointer: CData

    def resolve(self, given: Mapping[str, str]) -> tuple[float, ...]:
        """All parameters in order, defaults where none is given. Raises StrategyError naming parameter and bounds."""
        names = [param.name for param in self.params]
        for name in given:
            if name not in names:
                close = difflib.get_close_matches(name, names, n=1)
                hint = f"Meant {close[0]}?" if close else f"It has: {', '.join(names)}."
                raise StrategyError("has no such parameter", where=f"strategy {self.name}", value=name, hint=hint)
        return tuple(_value(self.name, param, given.get(param.name)) for param in self.params)


def _value(strategy: str, param: Param, given: str | None) -> float:
    if given is None:
        return param.default
    where = f"strategy {strategy}, {param.name}"
    unit = f" {param.unit}" if param.unit else ""
    hint = f"{param.text}: {param.min:g} to {param.max:g}{unit}, by default {param.default:g}."
    try:
        value = float(given)
    except ValueError as error:
        raise StrategyError("is no number", where=where, value=given, hint=hint) from error
    if not param.min <= value <= param.max:
        raise StrategyError("is out of bounds", where=where, value=given, hint=hint)
    return value


def builtins() -> dict[str, Builtin]:
    """All built-in strategies by name."""
    found: dict[str, Builtin] = {}
    while (pointer := lib.b3_strategy_at(len(found))) != ffi.NULL:
        params = (pointer.params[i] for i in range(pointer.param_count))
        builtin = Builtin(
            name=text(pointer.name),
            text=text(pointer.text),
            params=tuple(Param(text(p.name), p.value, p.min, p.max, text(p.unit), text(p.text)) for p in params),
            signals=tuple(text(pointer.signals[i]) for i in range(pointer.signal_count)),
            kinds=pointer.kinds,
            pointer=pointer,
        )
        found[builtin.name] = builtin
    return found


def find_builtin(name: str) -> Builtin:
    """The built-in strategy of that name. Raises StrategyError listing those there are."""
    known = builtins()
    if name not in known:
        hint = f"Built in are: {', '.join(known)}. A strategy of your own is FILE.py:CLASS."
        raise StrategyError("there is no such strategy", where="--strategy", value=name, hint=hint)
    return known[name]
