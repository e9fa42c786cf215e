"""The shape of system.json: every key, its unit, its bounds and its default."""

from __future__ import annotations

import itertools
import re
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError

from bot3.config.barspec import parse_bars
from bot3.errors import ArgumentError

__all__ = [
    "AccountSection",
    "BarsSection",
    "BreakerSection",
    "EngineSection",
    "ExecutionSection",
    "FeeTier",
    "MarketDataSection",
    "PaperSection",
    "RiskSection",
    "SignalSection",
    "StrategyEntry",
    "SystemConfig",
]


def _number(value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        raise PydanticCustomError("number_type", "must be a number")
    return Decimal(str(value)) if isinstance(value, float) else Decimal(value)


def _tuple(value: Any) -> Any:
    if not isinstance(value, list | tuple):
        raise PydanticCustomError("list_type", "must be a list")
    return tuple(value)


def _setting(value: Any) -> Any:
    if not isinstance(value, bool | int | Decimal | str) or (isinstance(value, Decimal) and not value.is_finite()):
        raise PydanticCustomError("setting", "must be a number, a word, true or false")
    return value


def _symbols(value: tuple[str, ...]) -> tuple[str, ...]:
    for symbol in value:
        if not re.fullmatch(r"[A-Z0-9]{1,23}", symbol):
            raise PydanticCustomError(
                "symbol",
                "a symbol is 1 to 23 capital letters and digits, and {symbol} is not",
                {"symbol": repr(symbol)},
            )
    repeated = sorted({symbol for symbol in value if value.count(symbol) > 1})
    if repeated:
        raise PydanticCustomError("symbol", "named twice: {symbols}", {"symbols": ", ".join(repeated)})
    return value


def _url(*schemes: str) -> AfterValidator:
    def check(value: str) -> str:
        if not re.fullmatch(rf"({'|'.join(schemes)})://[^\s/:@]+(:\d{{1,5}})?(/[^\s@]*)?", value):
            raise PydanticCustomError(
                "url",
                "must be {schemes}://host[:port][/path], without user or password",
                {"schemes": " or ".join(schemes)},
            )
        return value

    return AfterValidator(check)


def _zmq(value: str) -> str:
    match = re.fullmatch(r"tcp://[^\s/:@]+:(\d{1,5})", value)
    if not (match and 0 < int(match[1]) < 65536) and not re.fullmatch(r"ipc://\S+", value):
        raise PydanticCustomError("zmq", "must be tcp://host:port or ipc://path")
    return value


def _power_of_two(value: int) -> int:
    if value & (value - 1):
        raise PydanticCustomError("power_of_two", "must be a power of two")
    return value


def _bars(value: str) -> str:
    try:
        return parse_bars(value).text
    except ArgumentError as error:
        raise PydanticCustomError("bars", "{what}. {hint}", {"what": error.what, "hint": error.hint}) from error


# Money and quantities have at most 8 decimals, and fit an int64 of 10^-8.
_Number = Annotated[
    Decimal, BeforeValidator(_number), Field(strict=False, allow_inf_nan=False, decimal_places=8, le=90_000_000_000)
]
Positive = Annotated[_Number, Field(gt=0)]
NotNegative = Annotated[_Number, Field(ge=0)]
Percent = Annotated[_Number, Field(gt=0, lt=100)]
Rate = Annotated[_Number, Field(ge=-1, le=1)]
Symbols = Annotated[tuple[str, ...], BeforeValidator(_tuple), AfterValidator(_symbols)]
ZmqAddress = Annotated[str, AfterValidator(_zmq)]
Currency = Annotated[str, Field(pattern=r"^[A-Z0-9]{1,15}$")]
Amounts = dict[Currency, NotNegative]
Rates = dict[Currency, Positive]


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, strict=True, extra="forbid", allow_inf_nan=False)


class MarketDataSection(_Section):
    """What is listened to, and where market data is published."""

    exchange: Literal["binance"] = Field(default="binance", description="the venue")
    symbols: Symbols = Field(default=(), description="instruments to trade; empty: all that the recording holds")
    websocket_url: Annotated[str, _url("ws", "wss")] = Field(
        default="wss://stream.binance.com:9443/ws", description="market-data stream of the venue"
    )
    zmq_publish_address: ZmqAddress = Field(
        default="tcp://127.0.0.1:5555", description="where market data is published"
    )


class RiskSection(_Section):
    """Limits before an order leaves, and stops after it filled."""

    max_position_size: Positive = Field(
        default=Decimal(1), description="base asset of each instrument; pending orders count"
    )
    max_notional_exposure: Positive = Field(
        default=Decimal(100_000), description="reporting currency, over all instruments"
    )
    max_open_positions: int = Field(
        default=5, ge=1, le=100_000, description="instruments held at once, or that open orders may open"
    )
    stop_loss_percent: Percent | None = Field(
        default=Decimal(2), description="percent below (above, if short) the average entry price; null: off"
    )
    trailing_stop_percent: Percent | None = Field(
        default=Decimal("1.5"), description="percent from the best price since entry; null: off"
    )
    max_daily_loss: Positive | None = Field(
        default=None,
        description="reporting currency lost since the UTC day began, at which only reductions pass; null: none",
    )
    max_drawdown_percent: Percent | None = Field(
        default=None, description="percent of the highest equity, at which only reductions pass; null: none"
    )
    max_order_size: Positive | None = Field(
        default=None, description="base asset, one order; null: only the position limit"
    )
    max_order_notional: Positive | None = Field(default=None, description="reporting currency, one order; null: none")
    max_open_orders: int = Field(default=64, ge=1, le=65_536, description="orders open at once, over all instruments")
    stale_after_ms: int = Field(
        default=5_000, ge=0, le=86_400_000, description="ms without market data before orders are refused; 0: off"
    )
    late_after_ms: int = Field(
        default=1_000,
        ge=0,
        le=86_400_000,
        description="ms that market data may be late, beyond the clocks' offset, before orders are refused; 0: off",
    )
    price_collar_percent: Percent | None = Field(
        default=Decimal(5), description="percent that a price may be through the opposite touch; null: no bound"
    )
    max_net_exposure: Positive | None = Field(
        default=None, description="reporting currency, longs less shorts over all instruments, either way; null: none"
    )


class BreakerSection(_Section):
    """The circuit breaker: what opens it. While it is open, only what makes a position smaller passes."""

    max_loss: Positive | None = Field(default=None, description="reporting currency lost within window_ms; null: off")
    max_drawdown_percent: Percent | None = Field(default=None, description="percent of the highest equity; null: off")
    max_reject_percent: Annotated[_Number, Field(gt=0, le=100)] | None = Field(
        default=None, description="percent of the last reject_count orders that were refused; null: off"
    )
    reject_count: int = Field(default=20, ge=1, le=1024, description="orders that max_reject_percent looks at")
    max_price_jump_percent: Percent | None = Field(
        default=None, description="percent that a mid moves within window_ms; null: off"
    )
    max_latency_ms: int = Field(
        default=0, ge=0, le=86_400_000, description="ms from a request to the venue's first answer; 0: off"
    )
    max_message_gap_ms: int = Field(
        default=0, ge=0, le=86_400_000, description="ms without a message of an instrument that is traded; 0: off"
    )
    window_ms: int = Field(default=60_000, ge=1, le=86_400_000, description="ms that max_loss and the jump look back")
    cool_down_ms: int = Field(
        default=300_000, ge=0, le=604_800_000, description="ms until it closes by itself; 0: a person resets it"
    )


class ExecutionSection(_Section):
    """How orders reach the venue."""

    exchange_api_url: Annotated[str, _url("http", "https")] = Field(
        default="https://api.binance.com", description="REST endpoint"
    )
    rate_limit_per_second: int = Field(
        default=10, ge=1, le=1_000_000, description="new orders a second, burst the same"
    )
    retry_attempts: int = Field(default=3, ge=0, le=100, description="tries after the first")
    paper_trading: bool = Field(default=True, description="orders go to the paper venue, none to the exchange")


class StrategyEntry(_Section):
    """A strategy of signal.strategies."""

    name: Annotated[str, Field(min_length=1, max_length=4096)] = Field(description="built in, or FILE.py:CLASS")
    params: dict[str, Annotated[Any, AfterValidator(_setting)]] = Field(
        default={}, description="its parameters by name, in their units; the others have their defaults"
    )
    symbols: Symbols = Field(default=(), description="instruments it trades; empty: all")


class SignalSection(_Section):
    """Where signals come from."""

    strategies: Annotated[tuple[StrategyEntry, ...], BeforeValidator(_tuple)] = Field(
        default=(),
        description="strategies to run when there is no --strategy, each {name, params, symbols}; empty: ema_cross",
    )

    model_path: Annotated[str, Field(min_length=1, max_length=4096)] = Field(
        default="models/ml_model.pkl",
        description="file of the model strategy (ONNX), from the working directory; absent: it is off",
    )
    update_interval_ms: int = Field(
        default=1000, ge=1, le=86_400_000, description="ms between two evaluations of the model"
    )
    zmq_subscribe_address: ZmqAddress = Field(
        default="tcp://127.0.0.1:5555", description="market data for signal processes"
    )
    zmq_publish_address: ZmqAddress = Field(
        default="tcp://127.0.0.1:5556", description="where the engine takes outside signals"
    )


def _tiers(value: tuple[FeeTier, ...]) -> tuple[FeeTier, ...]:
    volumes = [Decimal(0), *(tier.volume for tier in value)]
    if any(next_one <= one for one, next_one in itertools.pairwise(volumes)):
        raise PydanticCustomError("tiers", "each tier must start at a larger volume than the one before, and above 0")
    return value


class FeeTier(_Section):
    """Fees from a traded volume on."""

    volume: Positive = Field(description="traded in this run before the fill, quote currency")
    maker_fee_rate: Rate = Field(description="fraction of the notional")
    taker_fee_rate: Rate = Field(description="fraction of the notional")


class PaperSection(_Section):
    """The paper venue and its account."""

    currency: Currency | None = Field(
        default=None,
        description="of the starting cash, also the reporting currency; null: the first instrument's quote",
    )
    starting_cash: NotNegative = Field(
        default=Decimal(100_000), description="in that currency; not together with account.balances"
    )
    allow_short: bool = Field(default=False, description="a sell need not be covered by what is held")
    maker_fee_rate: Rate = Field(
        default=Decimal("0.001"), description="fraction of the notional: 0.001 is 0.1 %; < 0 is a rebate"
    )
    taker_fee_rate: Rate = Field(default=Decimal("0.001"), description="fraction of the notional")
    fee_tiers: Annotated[tuple[FeeTier, ...], BeforeValidator(_tuple), AfterValidator(_tiers)] = Field(
        default=(),
        max_length=7,
        description="volume, maker_fee_rate, taker_fee_rate each, volumes rising; below the first: the rates above",
    )
    fee_asset: Annotated[str, Field(pattern=r"^(quote|received|[A-Z0-9]{1,15})$")] = Field(
        default="quote",
        description="what fees are paid in: quote; received (base of a buy, quote of a sell); or a currency, as BNB, "
        "at the rate known then, and as received while none is",
    )
    queue_model: Literal["none", "conservative", "proportional"] = Field(
        default="conservative", description="how others ahead of a resting order go away ([PAPER.md](PAPER.md))"
    )
    latency_us: int = Field(
        default=1_000, ge=0, le=60_000_000, description="microseconds from decision to arrival at the venue"
    )
    latency_spread_us: int = Field(
        default=0,
        ge=0,
        le=60_000_000,
        description="microseconds, mean of an exponentially drawn part on top; 0: constant",
    )
    market_data_latency_us: int = Field(
        default=0, ge=0, le=60_000_000, description="microseconds by which market data is seen later than recorded"
    )
    market_data_latency_spread_us: int = Field(
        default=0, ge=0, le=60_000_000, description="microseconds, mean of an exponentially drawn part on top"
    )
    seed: int = Field(default=1, ge=0, lt=2**64, description="of the drawn latencies")


class AccountSection(_Section):
    """What the account holds at the start, and how its P&L is told."""

    balances: Amounts | None = Field(
        default=None,
        description="balance at the start of each currency, in its unit; null: paper.starting_cash alone",
    )
    rates: Rates = Field(
        default={},
        description="one unit of a currency in the reporting currency, until an instrument of the run tells it",
    )
    pnl_method: Literal["weighted_average", "fifo", "lifo"] = Field(
        default="weighted_average", description="cost of what is sold: of the average, the oldest or the newest lots"
    )


class BarsSection(_Section):
    """Bars that strategies see."""

    size: Annotated[str, AfterValidator(_bars)] = Field(default="1s", description="500ms, 1s, 1m; 100t; 2.5v; 10000n")
    grace_ms: int = Field(
        default=2_000, ge=0, le=60_000, description="ms after its end at which the clock alone closes a time bar"
    )


class EngineSection(_Section):
    """Capacities, all taken once at start."""

    dense_ticks: Annotated[int, AfterValidator(_power_of_two)] = Field(
        default=8_192, ge=4_096, le=262_144, description="ticks a side of the dense part of a book, a power of two"
    )
    sparse_levels: int = Field(
        default=16_384, ge=64, le=16_777_216, description="levels a side of a book beyond the dense part"
    )
    order_capacity: int = Field(
        default=1_024, ge=1, le=1_048_576, description="orders open at once that memory is taken for"
    )
    lot_capacity: int = Field(
        default=65_536,
        ge=4,
        le=16_777_216,
        description="lots remembered at once by account and strategies (fifo, lifo) that memory is taken for",
    )
    tap_capacity: int = Field(
        default=4_096, ge=256, le=1_048_576, description="events between two deliveries to storage"
    )
    journal_log_kib: int = Field(
        default=2_048, ge=1_024, le=1_048_576, description="KiB of journal between hot thread and disk"
    )
    sample_every: int = Field(
        default=64, ge=0, le=1_000_000, description="inputs between two timings of the stages; 0: none"
    )


class TuneSection(BaseModel):
    """Roles for `bot3 tune --config`: hwtune's own keys, which it checks. A run does not read them."""

    model_config = ConfigDict(frozen=True, extra="allow")


class SystemConfig(_Section):
    """system.json. Every section and key has a default."""

    market_data: MarketDataSection = MarketDataSection()
    risk: RiskSection = RiskSection()
    breaker: BreakerSection = BreakerSection()
    execution: ExecutionSection = ExecutionSection()
    signal: SignalSection = SignalSection()
    paper: PaperSection = PaperSection()
    account: AccountSection = AccountSection()
    bars: BarsSection = BarsSection()
    engine: EngineSection = EngineSection()
    tune: TuneSection = TuneSection()
