"""Settings, instruments and strategies resolved to a RunPlan: here people's units become raw integers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from bot3.config import BarSpec, SystemConfig
from bot3.config.model import FeeTier, PaperSection
from bot3.engine.builtin import find_builtin
from bot3.engine.decimals import MONEY_SCALE, to_raw
from bot3.engine.host import Member, kinds_of
from bot3.engine.loader import StrategyChoice, load_class, make
from bot3.engine.plan import BuiltinStrategy, ExternalStrategy, RunPlan
from bot3.errors import ArgumentError, ConfigError, InstrumentError
from bot3.ffi import lib
from bot3.instruments import Instrument, instruments_from
from bot3.recording import Recording, RecordingFile, first_prices, read_exchange_info

__all__ = ["Prepared", "choose_instruments", "choose_symbols", "prepare"]

_BAR_KINDS: Final = {
    "time": lib.B3_BAR_TIME,
    "tick": lib.B3_BAR_TICK,
    "volume": lib.B3_BAR_VOLUME,
    "notional": lib.B3_BAR_NOTIONAL,
}
_QUEUES: Final = {
    "none": lib.B3_QUEUE_NONE,
    "conservative": lib.B3_QUEUE_CONSERVATIVE,
    "proportional": lib.B3_QUEUE_PROPORTIONAL,
}
_FEE_ASSETS: Final = {"quote": lib.B3_FEE_QUOTE, "received": lib.B3_FEE_RECEIVED}


@dataclass(frozen=True, slots=True)
class Prepared:
    """A plan and the Python strategies that belong to it."""

    plan: RunPlan
    members: tuple[Member, ...]


def choose_symbols(
    asked: Sequence[str], configured: Sequence[str], recorded: Sequence[str]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The symbols to trade, and those of the configuration that the recording does not hold.

    asked (--symbols) must all be recorded; of configured those that are; with neither, all recorded. Raises
    ArgumentError listing what the recording holds.
    """
    hint = f"The recording holds {', '.join(recorded) or 'none'}."
    missing = [symbol for symbol in asked if symbol not in recorded]
    if missing:
        raise ArgumentError("not in the recording", where="--symbols", value=", ".join(missing), hint=hint)
    if asked:
        return tuple(dict.fromkeys(asked)), ()
    absent = tuple(symbol for symbol in configured if symbol not in recorded)
    chosen = tuple(symbol for symbol in configured if symbol in recorded) if configured else tuple(recorded)
    if not chosen:
        hint += " Name some of them with --symbols."
        raise ArgumentError("none is in the recording", where="market_data.symbols", value=", ".join(absent), hint=hint)
    return chosen, absent


def choose_instruments(
    symbols: Sequence[str], recording: Recording, file: RecordingFile, exchange_info: Path | None
) -> list[Instrument]:
    """The instruments of the symbols: of an exchangeInfo file, else of the recording, else inferred from its messages.

    Raises InstrumentError: a file that cannot be read, or does not have one of the symbols.
    """
    if exchange_info is not None:
        known = instruments_from(read_exchange_info(exchange_info), str(exchange_info), only=symbols)
        missing = [symbol for symbol in symbols if symbol not in known]
        if missing:
            hint = "Give the exchangeInfo of the venue and market that was recorded, or none."
            raise InstrumentError("does not have it", where=str(exchange_info), value=", ".join(missing), hint=hint)
    elif recording.exchange_info is not None:
        known = instruments_from(recording.exchange_info, "exchangeInfo of the recording", only=symbols)
    else:
        known = {}
    seen = first_prices(file, [symbol for symbol in symbols if symbol not in known])
    for symbol, first in seen.items():
        known[symbol] = Instrument.inferred(symbol, first.prices, first.qtys, recording.market)
    return [known[symbol] for symbol in symbols]


def prepare(
    config: SystemConfig, bars: BarSpec, instruments: Sequence[Instrument], choices: Sequence[StrategyChoice]
) -> Prepared:
    """The plan of a run. Raises ConfigError for limits that the scales cannot hold, StrategyError for strategies."""
    reporting = config.paper.currency or instruments[0].quote
    traded = [name for i in instruments for name in (i.quote, i.base)]
    fees_in = [] if config.paper.fee_asset in _FEE_ASSETS else [config.paper.fee_asset]
    names = tuple(dict.fromkeys([reporting, *traded, *fees_in]))
    indices = {name: index for index, name in enumerate(names)}
    start_raw = _raw(config.paper.starting_cash, MONEY_SCALE, "paper.starting_cash")
    fields = [instrument.core_fields(indices) for instrument in instruments]
    strategies: list[BuiltinStrategy | ExternalStrategy] = []
    members: list[Member] = []
    for choice in choices:
        kind = load_class(choice.file, choice.name) if choice.file is not None else None
        for index, instrument in enumerate(fields):
            if kind is None:
                builtin = find_builtin(choice.name)
                strategies.append(BuiltinStrategy(choice.name, index, builtin.resolve(choice.params)))
            else:
                strategies.append(ExternalStrategy(choice.name, index, kinds_of(kind)))
                assert choice.file is not None
                strategy = make(kind, choice.params, choice.file)
                members.append(Member(strategy, choice.file, instrument, index, len(strategies)))
    plan = RunPlan(
        engine=_engine_fields(config, bars, instruments, indices),
        currencies=tuple(
            {"name": name, "start_raw": start_raw if name == reporting else 0, "rate_raw": 0} for name in names
        ),
        instruments=tuple(fields),
        limits=tuple(_own_limits(config, instrument) for instrument in instruments),
        strategies=tuple(strategies),
    )
    return Prepared(plan, tuple(members))


def _raw(value: Decimal | None, scale: int, path: str) -> int:
    """A setting in raw units; 0, which is off, for None. Raises ConfigError."""
    if value is None:
        return 0
    try:
        return to_raw(value, scale, path)
    except ArgumentError as error:
        raise ConfigError(error.what, where=path, value=error.value, hint=error.hint) from error


def _own_limits(config: SystemConfig, instrument: Instrument) -> dict[str, Any]:
    scale = instrument.qty_scale
    return {
        "order_qty_max_raw": _raw(config.risk.max_order_size, scale, "risk.max_order_size"),
        "position_max_raw": _raw(config.risk.max_position_size, scale, "risk.max_position_size"),
    }


def _engine_fields(
    config: SystemConfig, bars: BarSpec, instruments: Sequence[Instrument], currencies: dict[str, int]
) -> dict[str, Any]:
    """The fields of b3_engine_config that decide something. The reporting currency is number 0."""
    risk, paper, engine = config.risk, config.paper, config.engine
    return {
        "limits": {
            "order_notional_max_raw": _raw(risk.max_order_notional, MONEY_SCALE, "risk.max_order_notional"),
            "exposure_max_raw": _raw(risk.max_notional_exposure, MONEY_SCALE, "risk.max_notional_exposure"),
            "stale_after_ns": risk.stale_after_ms * 10**6,
            "orders_per_second": config.execution.rate_limit_per_second,
            "open_orders_max": risk.max_open_orders,
            "allow_short": int(paper.allow_short),
        },
        "bars": {
            "kind": _BAR_KINDS[bars.kind],
            "size": _bar_size(bars, instruments),
            "grace_ns": config.bars.grace_ms * 10**6,
        },
        "paper": _paper_fields(paper, engine.order_capacity, currencies),
        "reporting_currency": 0,
        "currency_count": len(currencies),
        "dense_ticks": engine.dense_ticks,
        "sparse_levels": engine.sparse_levels,
        "order_capacity": engine.order_capacity,
    }


def _paper_fields(paper: PaperSection, order_capacity: int, currencies: dict[str, int]) -> dict[str, Any]:
    """The fields of b3_paper_config."""
    tiers: list[tuple[Decimal, PaperSection | FeeTier, str]] = [(Decimal(0), paper, "paper")]
    tiers += [(tier.volume, tier, "paper.fee_tiers") for tier in paper.fee_tiers]
    return {
        "fees": [
            {
                "volume_min_raw": _raw(volume, MONEY_SCALE, f"{path}.volume"),
                "maker_fee_rate_raw": _raw(rates.maker_fee_rate, MONEY_SCALE, f"{path}.maker_fee_rate"),
                "taker_fee_rate_raw": _raw(rates.taker_fee_rate, MONEY_SCALE, f"{path}.taker_fee_rate"),
            }
            for volume, rates, path in tiers
        ],
        "fee_tier_count": len(tiers),
        "order_capacity": order_capacity,
        "queue_model": _QUEUES[paper.queue_model],
        "fee_asset": _FEE_ASSETS.get(paper.fee_asset, lib.B3_FEE_THIRD),
        "fee_currency": currencies.get(paper.fee_asset, 0),
        "order_entry": _latency(paper.latency_us, paper.latency_spread_us),
        "market_data": _latency(paper.market_data_latency_us, paper.market_data_latency_spread_us),
        "seed": paper.seed,
    }


def _latency(constant_us: int, spread_us: int) -> dict[str, int]:
    return {"constant_ns": constant_us * 1000, "spread_ns": spread_us * 1000}


def _bar_size(bars: BarSpec, instruments: Sequence[Instrument]) -> int:
    if bars.kind == "time":
        return int(bars.size) * 10**6
    if bars.kind == "tick":
        return int(bars.size)
    if bars.kind == "notional":
        return _raw(bars.size, MONEY_SCALE, "bars")
    scales = {instrument.qty_scale for instrument in instruments}
    if len(scales) > 1:
        hint = "Choose other bars, or instruments of one quantity scale."
        raise ArgumentError(
            "volume bars need one quantity scale for all instruments", where="bars", value=bars.text, hint=hint
        )
    return _raw(bars.size, scales.pop(), "bars")
