"""All that a run needs besides its inputs: what the journal's CONFIG record holds, and a replay starts from.

Everything is in the core's own terms (raw integers, indices): a replay does not depend on how settings were resolved.
What changes no decision (pace, tap, sizes of buffers) is RunOptions, and not in the journal.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any

from bot3._version import __version__
from bot3.engine.builtin import find_builtin
from bot3.engine.core import Engine
from bot3.errors import JournalError, StrategyError
from bot3.ffi import ffi
from bot3.ffi.structs import assign

__all__ = ["BuiltinStrategy", "ExternalStrategy", "RunOptions", "RunPlan", "build_engine"]

_FORMAT = 2


@dataclass(frozen=True, slots=True)
class BuiltinStrategy:
    """An instance of a built-in strategy. params: all of them, in the strategy's own order."""

    name: str
    instrument: int
    params: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class ExternalStrategy:
    """A strategy that lives in Python. kinds: bits 1 << b3_kind of what it sees."""

    name: str
    instrument: int
    kinds: int


@dataclass(frozen=True, slots=True)
class RunPlan:
    """engine, currencies, instruments, limits: fields of the structs b3_engine_config, b3_currency, ... by name."""

    engine: dict[str, Any]
    currencies: tuple[dict[str, Any], ...]
    instruments: tuple[dict[str, Any], ...]
    limits: tuple[dict[str, Any], ...]
    strategies: tuple[BuiltinStrategy | ExternalStrategy, ...]
    version: str = __version__

    @property
    def currency_names(self) -> tuple[str, ...]:
        """The currencies' names, by their number."""
        return tuple(currency["name"] for currency in self.currencies)

    @property
    def symbols(self) -> tuple[str, ...]:
        """The instruments' symbols, in the engine's order."""
        return tuple(instrument["symbol"] for instrument in self.instruments)

    def to_json(self) -> str:
        """The text of the CONFIG record: the same plan gives the same bytes."""
        tree = {"format": _FORMAT, **asdict(self)}
        return json.dumps(tree, separators=(",", ":"), allow_nan=False)

    @classmethod
    def from_json(cls, text: str, where: str) -> RunPlan:
        """The plan of a CONFIG record. Raises JournalError."""
        try:
            tree = json.loads(text)
            if tree.pop("format") != _FORMAT:
                hint = "Replay it with the bot3 that wrote it."
                raise JournalError("its configuration is of another format", where=where, hint=hint)
            for name in ("currencies", "instruments", "limits"):
                tree[name] = tuple(tree[name])
            tree["strategies"] = tuple(_strategy(item) for item in tree["strategies"])
            return cls(**tree)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise JournalError(f"its configuration cannot be read: {error!r}", where=where) from error


def _strategy(item: dict[str, Any]) -> BuiltinStrategy | ExternalStrategy:
    if "kinds" in item:
        return ExternalStrategy(**item)
    return BuiltinStrategy(item["name"], item["instrument"], tuple(item["params"]))


@dataclass(frozen=True, slots=True)
class RunOptions:
    """How a run is carried out. pace: times recorded speed, 0 as fast as it goes. tap_kinds: bits 1 << b3_kind."""

    pace: float = 0.0
    has_journal: bool = False
    journal_bytes: int = 2 << 20
    tap_kinds: int = 0
    tap_capacity: int = 4096
    sample_every: int = 64


def build_engine(plan: RunPlan, options: RunOptions) -> Engine:
    """The engine of a plan, strategies in its order, started. Raises EngineError, StrategyError, JournalError."""
    config = ffi.new("b3_engine_config *")
    currencies = ffi.new("b3_currency[]", len(plan.currencies))
    instruments = ffi.new("b3_instrument[]", len(plan.instruments))
    limits = ffi.new("b3_instrument_limits[]", len(plan.limits))
    try:
        assign(config, {**plan.engine, **asdict(options)})
        for index, fields in enumerate(plan.currencies):
            assign(currencies[index], fields)
        for index, fields in enumerate(plan.instruments):
            assign(instruments[index], fields)
        for index, fields in enumerate(plan.limits):
            assign(limits[index], fields)
    except (KeyError, TypeError, OverflowError) as error:
        raise JournalError(f"its configuration does not fit this version: {error!r}", where="CONFIG record") from error
    engine = Engine(config, currencies, instruments, limits, plan.to_json())
    try:
        for strategy in plan.strategies:
            if isinstance(strategy, ExternalStrategy):
                engine.add_external(strategy.kinds, strategy.instrument)
            else:
                engine.add_builtin(find_builtin(strategy.name).pointer, list(strategy.params), strategy.instrument)
        _start(engine, plan)
    except BaseException:
        engine.close()
        raise
    return engine


def _start(engine: Engine, plan: RunPlan) -> None:
    """Starts it; the core says a strategy's place only, people want its name."""
    try:
        engine.start()
    except StrategyError as error:
        strategy = plan.strategies[error.position or 0]
        if not isinstance(strategy, BuiltinStrategy):
            raise
        builtin = find_builtin(strategy.name)
        values = zip(builtin.params, strategy.params, strict=True)
        given = (f"{param.name}={param.shown(value)}" for param, value in values)
        hint = "; ".join(f"{param.name}: {param.text}" for param in builtin.params) + "."
        what = "its parameters contradict one another"
        raise StrategyError(what, where=f"strategy {builtin.name}", value=", ".join(given), hint=hint) from error
