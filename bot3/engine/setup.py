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
from bot3.errors import ArgumentError, ConfigError, InstrumentError, StrategyError
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
_METHODS: Final = {
    "weighted_average": lib.B3_PNL_WEIGHTED_AVERAGE,
    "fifo": lib.B3_PNL_FIFO,
    "lifo": lib.B3_PNL_LIFO,
}


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
    currencies = _currencies(config, instruments)
    indices = {currency["name"]: index for index, currency in enumerate(currencies)}
    fields = [instrument.core_fields(indices) for instrument in instruments]
    strategies: list[BuiltinStrategy | ExternalStrategy] = []
    members: list[Member] = []
    for choice in choices:
        kind = load_class(choice.file, choice.name) if choice.file is not None else None
        for index in _traded(choice, fields):
            instrument = fields[index]
            if kind is None:
                builtin = find_builtin(choice.name)
                strategies.append(BuiltinStrategy(choice.name, index, builtin.resolve(choice.params)))
            else:
                strategies.append(ExternalStrategy(choice.name, index, kinds_of(kind)))
                assert choice.file is not None
                strategy = make(kind, choice.params, choice.file)
                members.append(Member(strategy, choice.file, instrument, index, len(strategies), tuple(indices)))
    plan = RunPlan(
        engine=_engine_fields(config, bars, instruments, indices),
        currencies=currencies,
        instruments=tuple(fields),
        limits=tuple(_own_limits(config, instrument) for instrument in instruments),
        strategies=tuple(strategies),
    )
    return Prepared(plan, tuple(members))


def _traded(choice: StrategyChoice, instruments: Sequence[dict[str, Any]]) -> list[int]:
    """The instruments that a strategy runs on, by index. Raises StrategyError when that is none."""
    symbols = [instrument["symbol"] for instrument in instruments]
    found = [index for index, symbol in enumerate(symbols) if not choice.symbols or symbol in choice.symbols]
    if not found:
        where, hint = f"strategy {choice.text}, symbols", f"Traded are: {', '.join(symbols)}."
        raise StrategyError("none of them is traded", where=where, value=", ".join(choice.symbols), hint=hint)
    return found


def _raw(value: Decimal | None, scale: int, path: str) -> int:
    """A setting in raw units; 0, which is off, for None. Raises ConfigError."""
    if value is None:
        return 0
    try:
        return to_raw(value, scale, path)
    except ArgumentError as error:
        raise ConfigError(error.what, where=path, value=error.value, hint=error.hint) from error


def _currencies(config: SystemConfig, instruments: Sequence[Instrument]) -> tuple[dict[str, Any], ...]:
    """The fields of b3_currency of all that is traded, held or valued; the reporting currency is the first."""
    reporting = config.paper.currency or instruments[0].quote
    balances, rates = config.account.balances, config.account.rates
    if balances is None:
        balances = {reporting: config.paper.starting_cash}
    elif "starting_cash" in config.paper.model_fields_set:
        what = "says what there is at the start, and so does paper.starting_cash"
        raise ConfigError(what, where="account.balances", hint="Keep one of them.")
    if reporting in rates:
        what = "is the reporting currency, whose rate is 1"
        raise ConfigError(what, where=f"account.rates.{reporting}", hint="Leave it out, or set paper.currency.")
    traded = (name for instrument in instruments for name in (instrument.quote, instrument.base))
    fees_in = [] if config.paper.fee_asset in _FEE_ASSETS else [config.paper.fee_asset]
    names = dict.fromkeys([reporting, *traded, *balances, *rates, *fees_in])
    return tuple(
        {
            "name": name,
            "start_raw": _raw(balances.get(name), MONEY_SCALE, f"account.balances.{name}"),
            "rate_raw": _raw(rates.get(name), MONEY_SCALE, f"account.rates.{name}"),
        }
        for name in names
    )


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
            "open_positions_max": risk.max_open_positions,
            "net_exposure_max_raw": _raw(risk.max_net_exposure, MONEY_SCALE, "risk.max_net_exposure"),
            "price_collar_rate_raw": _percent(risk.price_collar_percent, "risk.price_collar_percent"),
            "late_after_ns": risk.late_after_ms * 10**6,
            "daily_loss_max_raw": _raw(risk.max_daily_loss, MONEY_SCALE, "risk.max_daily_loss"),
            "drawdown_max_rate_raw": _percent(risk.max_drawdown_percent, "risk.max_drawdown_percent"),
        },
        "guard": _guard_fields(config),
        "bars": {
            "kind": _BAR_KINDS[bars.kind],
            "size": _bar_size(bars, instruments),
            "grace_ns": config.bars.grace_ms * 10**6,
        },
        "paper": _paper_fields(paper, engine.order_capacity, currencies),
        "reporting_currency": 0,
        "pnl_method": _METHODS[config.account.pnl_method],
        "lot_capacity": engine.lot_capacity,
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


def _guard_fields(config: SystemConfig) -> dict[str, Any]:
    risk, breaker = config.risk, config.breaker
    return {
        "stop_loss_rate_raw": _percent(risk.stop_loss_percent, "risk.stop_loss_percent"),
        "trailing_stop_rate_raw": _percent(risk.trailing_stop_percent, "risk.trailing_stop_percent"),
        "breaker_loss_max_raw": _raw(breaker.max_loss, MONEY_SCALE, "breaker.max_loss"),
        "breaker_drawdown_rate_raw": _percent(breaker.max_drawdown_percent, "breaker.max_drawdown_percent"),
        "breaker_reject_rate_raw": _percent(breaker.max_reject_percent, "breaker.max_reject_percent"),
        "breaker_reject_count": 0 if breaker.max_reject_percent is None else breaker.reject_count,
        "breaker_jump_rate_raw": _percent(breaker.max_price_jump_percent, "breaker.max_price_jump_percent"),
        "breaker_latency_ns": breaker.max_latency_ms * 10**6,
        "breaker_gap_ns": breaker.max_message_gap_ms * 10**6,
        "breaker_window_ns": breaker.window_ms * 10**6,
        "cool_down_ns": breaker.cool_down_ms * 10**6,
    }


def _percent(value: Decimal | None, path: str) -> int:
    return _raw(value, MONEY_SCALE - 2, path)


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
