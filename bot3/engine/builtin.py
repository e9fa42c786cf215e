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

__all__ = ["Builtin", "Feature", "Param", "builtins", "features", "find_builtin"]


_COUNTED = ("bars", "levels", "ticks", "samples")


@dataclass(frozen=True, slots=True)
class Param:
    """A parameter of a built-in strategy."""

    name: str
    default: float
    min: float
    max: float
    unit: str
    text: str

    @property
    def choices(self) -> tuple[str, ...]:
        """The words of a choice ("no|yes"), whose place is the value; empty for a number."""
        return tuple(self.unit.split("|")) if "|" in self.unit else ()

    @property
    def whole(self) -> bool:
        """Whether only whole numbers mean something."""
        return bool(self.choices) or self.unit in _COUNTED

    def shown(self, value: float) -> float | str:
        """A value as a person writes it: a choice by its word."""
        return self.choices[int(value)] if self.choices else value

    @property
    def default_text(self) -> str:
        """The default as text."""
        shown = self.shown(self.default)
        return shown if isinstance(shown, str) else f"{shown:.12g}"

    @property
    def bounds_text(self) -> str:
        """What it may be, with its unit."""
        if self.choices:
            return " or ".join(self.choices)
        return f"{self.min:.12g} to {self.max:.12g} {self.unit}".rstrip()

    def value(self, given: str) -> float | None:
        """The value of a text; None when it is no number or choice."""
        if given in self.choices:
            return float(self.choices.index(given))
        try:
            return float(given)
        except ValueError:
            return None


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
                known = "; ".join(f"{p.name} ({p.bounds_text}, by default {p.default_text})" for p in self.params)
                hint = (f"Meant {close[0]}? " if close else "") + (f"It has: {known}." if known else "It has none.")
                raise StrategyError("has no such parameter", where=f"strategy {self.name}", value=name, hint=hint)
        return tuple(_value(self.name, param, given.get(param.name)) for param in self.params)


def _value(strategy: str, param: Param, given: str | None) -> float:
    if given is None:
        return param.default
    where = f"strategy {strategy}, {param.name}"
    hint = f"{param.text}: {param.bounds_text}, by default {param.default_text}."
    value = param.value(given)
    if value is None:
        raise StrategyError("is no choice" if param.choices else "is no number", where=where, value=given, hint=hint)
    if not param.min <= value <= param.max:
        raise StrategyError("is out of bounds", where=where, value=given, hint=hint)
    if param.whole and not value.is_integer():
        raise StrategyError("must be a whole number", where=where, value=given, hint=hint)
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


@dataclass(frozen=True, slots=True)
class Feature:
    """A value of the feature vector. formula: x[-n] is of n bars before, functions are those of bot3.ta."""

    name: str
    unit: str
    formula: str
    text: str


def features() -> tuple[Feature, ...]:
    """The feature vector, in order: what the strategy `features` publishes."""
    found: list[Feature] = []
    while (row := lib.b3_feature_at(len(found))) != ffi.NULL:
        found.append(Feature(text(row.name), text(row.unit), text(row.formula), text(row.text)))
    return tuple(found)


def find_builtin(name: str) -> Builtin:
    """The built-in strategy of that name. Raises StrategyError listing those there are."""
    known = builtins()
    if name not in known:
        hint = (
            f"Built in are: {', '.join(known)} (bot3 strategies tells their parameters). "
            "A strategy of your own is FILE.py:CLASS."
        )
        raise StrategyError("there is no such strategy", where="--strategy", value=name, hint=hint)
    return known[name]
