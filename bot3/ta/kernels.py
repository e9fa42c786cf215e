"""The kernel table of the core as Python objects: what each indicator is called, takes, gives and means."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from bot3.errors import ArgumentError
from bot3.ffi import ffi, lib

if TYPE_CHECKING:
    from bot3.ffi._core import CData

__all__ = ["KERNELS", "IndicatorError", "Kernel", "Param", "isa"]


# Parameters that a kernel remembers, so that calls in a loop parse them once.
_KNOWN_MAX: Final = 256


class IndicatorError(ArgumentError, ValueError):
    """An argument of an indicator that cannot be meant. where: the argument's name. Also a ValueError."""


@dataclass(frozen=True)
class Param:
    """A parameter: whole numbers of bars, a real number, or one of named choices.

    A choice is given by its name, a yes or no also as a bool. Numbers name none, but in matype, as in TA-Lib: the same
    position means other things there (bbands' fifth argument), and among our own options.
    """

    name: str
    default: float
    low: float
    high: float
    unit: str
    text: str

    @property
    def choices(self) -> tuple[str, ...]:
        """The names of the choices; empty for a number."""
        return tuple(self.unit.split("|")) if "|" in self.unit else ()

    @property
    def shown(self) -> int | float | str:
        """The default as a caller would write it."""
        return self.written(self.default)

    def written(self, number: float) -> int | float | str:
        """What the core takes, as a caller would write it."""
        if self.choices:
            return self.choices[int(number)]
        return int(number) if self.unit == "bars" else number

    def number(self, value: object) -> float:
        """A caller's value as the core takes it. Raises IndicatorError, which names the parameter."""
        if self.choices:
            return self._choice(value)
        whole = "a whole number" if self.unit == "bars" else "a number"
        hint = f"Give {whole} from {self.low:g} to {self.high:g}."
        try:
            if isinstance(value, str | bytes | bool | np.bool_):  # float() would read "14", and True as 1
                raise TypeError
            number = float(value)  # type: ignore[arg-type]
        except (TypeError, ValueError):
            raise IndicatorError("is not a number", where=self.name, value=value, hint=hint) from None
        if not self.low <= number <= self.high:
            raise IndicatorError("is out of bounds", where=self.name, value=value, hint=hint)
        if self.unit == "bars" and number != int(number):
            raise IndicatorError("must be a whole number", where=self.name, value=value, hint=hint)
        return number

    @property
    def accepted(self) -> tuple[int | bool | str, ...]:
        """What may be given for a choice, index after index: the names, and what stands for them."""
        if self.name == "matype":
            return (*self.choices, *range(len(self.choices)))
        return (*self.choices, False, True) if self.choices == ("no", "yes") else self.choices

    def _choice(self, value: object) -> float:
        given = value.item() if isinstance(value, np.generic) else value
        for i, accepted in enumerate(self.accepted):
            kind = type(accepted)
            if isinstance(given, kind) and (kind is bool or not isinstance(given, bool)) and given == accepted:
                return float(i % len(self.choices))
        hint = f"Give one of {', '.join(map(repr, self.accepted))}."
        raise IndicatorError("is no choice", where=self.name, value=value, hint=hint)


def _text(pointer: CData) -> str:
    return ffi.string(pointer).decode()


@dataclass(frozen=True)
class Kernel:
    """One row of the core's table."""

    row: CData

    @cached_property
    def name(self) -> str:
        """As the field calls it, in lower case: "rsi"."""
        return _text(self.row.name)

    @cached_property
    def text(self) -> str:
        """What it is, in a line."""
        return _text(self.row.text)

    @cached_property
    def formula(self) -> str:
        """How it is defined."""
        return _text(self.row.formula)

    @cached_property
    def start(self) -> str:
        """Seed of a recursion, and rules where the field differs; "-" where there is nothing to say."""
        return _text(self.row.start)

    @cached_property
    def source(self) -> str:
        """Who defined it, where, when."""
        return _text(self.row.source)

    @cached_property
    def inputs(self) -> tuple[str, ...]:
        """Names of the series it takes, in order."""
        return tuple(_text(self.row.inputs).split())

    @cached_property
    def outputs(self) -> tuple[str, ...]:
        """Names of the series it gives, in order."""
        return tuple(_text(self.row.outputs).split())

    @cached_property
    def params(self) -> tuple[Param, ...]:
        """Its parameters, in order."""
        rows = (self.row.params[i] for i in range(self.row.param_count))
        return tuple(Param(_text(r.name), r.value, r.min, r.max, _text(r.unit), _text(r.text)) for r in rows)

    def values(self, positional: tuple[object, ...], named: Mapping[str, object]) -> CData:
        """Parameters as a caller gave them, as a C array that nobody may change. Raises IndicatorError."""
        key = (positional, tuple(named.items()), *map(type, positional), *map(type, named.values()))  # 1 == True
        try:
            return self._known[key]
        except (KeyError, TypeError):  # not met yet, or not hashable
            values = self._parsed(positional, named)
        if len(self._known) < _KNOWN_MAX:
            with contextlib.suppress(TypeError):
                self._known[key] = values
        return values

    @cached_property
    def _known(self) -> dict[object, CData]:
        return {}

    def _parsed(self, positional: tuple[object, ...], named: Mapping[str, object]) -> CData:
        if len(positional) > len(self.params):
            raise IndicatorError(f"takes {len(self.params)} parameters", where=self.name, value=len(positional))
        given: dict[str, object] = dict(zip((p.name for p in self.params), positional, strict=False))
        for name, value in named.items():
            if name in given:
                raise IndicatorError("was given twice", where=name)
            if name not in {p.name for p in self.params}:
                known = ", ".join(p.name for p in self.params) or "none"
                raise IndicatorError(f"is no parameter of {self.name}", where=name, hint=f"There are: {known}.")
            given[name] = value
        return ffi.new(
            "double[]", [p.number(given[p.name]) if p.name in given else p.default for p in self.params] + [0.0]
        )

    def lookback(self, *params: Any, **named: Any) -> int:
        """Values before the first that is not NaN."""
        return int(self.row.lookback(self.values(params, named)))


def _rows() -> dict[str, Kernel]:
    rows = itertools.takewhile(lambda row: row != ffi.NULL, (lib.b3_indicator_at(i) for i in itertools.count()))
    return {kernel.name: kernel for kernel in map(Kernel, rows)}


KERNELS: Final[Mapping[str, Kernel]] = MappingProxyType(_rows())


def isa() -> str:
    """The instruction set in use: "scalar", "avx2", "avx512", "neon"... BOT3_ISA lowers it, read at start; what
    it cannot be is warned of."""
    return _text(lib.b3_isa_name())
