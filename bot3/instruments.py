"""Instruments and the venue's filters on our orders, from what the venue publishes as exchangeInfo.

All numbers are exact decimals. A bound or step of 0 is off, and so is a filter that is not published; a bound need not
be a multiple of its step. Filters restrict our orders, never market data.
"""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Context, Decimal
from typing import Any, Final, Literal, Self

from bot3.errors import InstrumentError
from bot3.ffi import lib

__all__ = ["MARKETS", "Instrument", "Market", "TrailingDelta", "instruments_from"]

Market = Literal["spot", "usdm"]

# b3_venue by market.
MARKETS: Final[dict[Market, int]] = {"spot": lib.B3_VENUE_BINANCE_SPOT, "usdm": lib.B3_VENUE_BINANCE_USDM}

SCALE: Final = 8  # decimals that Binance publishes
SCALE_MAX: Final = 10  # decimals that the core can hold
MONEY_SCALE: Final = 8
_INT64_MAX: Final = 2**63 - 1

_OFF: Final = Decimal(0)
_EXACT: Final = Context(prec=100)
_DECIMAL: Final = re.compile(r"[0-9]{1,40}(\.[0-9]{1,40})?")
_QUOTES: Final = (
    "FDUSD",
    "USDT",
    "USDC",
    "TUSD",
    "BUSD",
    "DAI",
    "BTC",
    "ETH",
    "BNB",
    "EUR",
    "TRY",
    "BRL",
    "JPY",
    "USD",
)

# Published filter -> our field -> the key it is published under (spot, then futures).
_DECIMALS: Final[dict[str, dict[str, tuple[str, ...]]]] = {
    "PRICE_FILTER": {"price_min": ("minPrice",), "price_max": ("maxPrice",), "price_step": ("tickSize",)},
    "LOT_SIZE": {"lot_min": ("minQty",), "lot_max": ("maxQty",), "lot_step": ("stepSize",)},
    "MARKET_LOT_SIZE": {
        "market_lot_min": ("minQty",),
        "market_lot_max": ("maxQty",),
        "market_lot_step": ("stepSize",),
    },
    "MIN_NOTIONAL": {"notional_min": ("minNotional", "notional")},
    "NOTIONAL": {"notional_min": ("minNotional",), "notional_max": ("maxNotional",)},
    "MAX_POSITION": {"position_max": ("maxPosition",)},
    "PERCENT_PRICE": {
        "bid_multiplier_up": ("multiplierUp",),
        "bid_multiplier_down": ("multiplierDown",),
        "ask_multiplier_up": ("multiplierUp",),
        "ask_multiplier_down": ("multiplierDown",),
    },
    "PERCENT_PRICE_BY_SIDE": {
        "bid_multiplier_up": ("bidMultiplierUp",),
        "bid_multiplier_down": ("bidMultiplierDown",),
        "ask_multiplier_up": ("askMultiplierUp",),
        "ask_multiplier_down": ("askMultiplierDown",),
    },
}
_COUNTS: Final[dict[str, dict[str, tuple[str, ...]]]] = {
    "MAX_NUM_ORDERS": {"max_num_orders": ("maxNumOrders", "limit")},
    "MAX_NUM_ALGO_ORDERS": {"max_num_algo_orders": ("maxNumAlgoOrders", "limit")},
    "ICEBERG_PARTS": {"iceberg_parts": ("limit",)},
}
_FLAGS: Final[dict[str, dict[str, str]]] = {
    "MIN_NOTIONAL": {"notional_min_on_market": "applyToMarket"},
    "NOTIONAL": {"notional_min_on_market": "applyMinToMarket", "notional_max_on_market": "applyMaxToMarket"},
}


@dataclass(frozen=True, slots=True)
class TrailingDelta:
    """TRAILING_DELTA, in basis points. Kept; trailing stop orders are not sent to the venue yet."""

    above_min: int
    above_max: int
    below_min: int
    below_max: int


@dataclass(frozen=True, slots=True)
class Instrument:
    """An instrument. Prices in the quote currency, quantities in the base asset; 0 is off.

    tick: price step of the book; price_step: the filter's. *_on_market: whether a notional bound holds for market
    orders too. unknown_filters: types that this version does not know. warnings: for the user to read before a run.
    """

    symbol: str
    base: str
    quote: str
    market: Market
    tick: Decimal
    trading: bool = True
    price_scale: int = SCALE
    qty_scale: int = SCALE
    price_step: Decimal = _OFF
    price_min: Decimal = _OFF
    price_max: Decimal = _OFF
    lot_step: Decimal = _OFF
    lot_min: Decimal = _OFF
    lot_max: Decimal = _OFF
    market_lot_step: Decimal = _OFF
    market_lot_min: Decimal = _OFF
    market_lot_max: Decimal = _OFF
    notional_min: Decimal = _OFF
    notional_max: Decimal = _OFF
    notional_min_on_market: bool = False
    notional_max_on_market: bool = False
    position_max: Decimal = _OFF
    bid_multiplier_up: Decimal = _OFF
    bid_multiplier_down: Decimal = _OFF
    ask_multiplier_up: Decimal = _OFF
    ask_multiplier_down: Decimal = _OFF
    max_num_orders: int = 0
    max_num_algo_orders: int = 0
    iceberg_parts: int = 0
    trailing_delta: TrailingDelta | None = None
    unknown_filters: tuple[str, ...] = ()
    warnings: tuple[str, ...] = field(default=(), compare=False)

    @classmethod
    def inferred(cls, symbol: str, prices: Iterable[str], qtys: Iterable[str], market: Market = "spot") -> Self:
        """For a symbol without exchangeInfo: every filter off, the tick the greatest common divisor of the prices seen.

        prices, qtys: decimals as published, of a snapshot or the first messages. Raises InstrumentError when there is
        no price, or a decimal is finer than the core can hold.
        """
        seen = [_decimal(text, f"{symbol}, price") for text in prices]
        price_scale = _scale(seen, f"{symbol}, prices")
        qty_scale = _scale([_decimal(text, f"{symbol}, quantity") for text in qtys], f"{symbol}, quantities")
        step = math.gcd(*(_raw(price, price_scale, symbol) for price in seen))
        if step == 0:
            raise InstrumentError("no price to infer a tick from", where=symbol, hint="Give its exchangeInfo.")
        tick = Decimal(step).scaleb(-price_scale).normalize()
        warnings = [
            f"{symbol}: no exchangeInfo, so no filter of the venue is applied to orders; "
            f"tick {tick:f} inferred from {len(seen)} prices"
        ]
        quote = next((quote for quote in _QUOTES if symbol.endswith(quote) and symbol != quote), "")
        if not quote:
            warnings.append(f"{symbol}: its quote currency cannot be told from its name; it is called UNKNOWN")
        return cls(
            symbol,
            symbol.removesuffix(quote),
            quote or "UNKNOWN",
            market,
            tick,
            price_scale=price_scale,
            qty_scale=qty_scale,
            warnings=tuple(warnings),
        )

    def core_fields(self, currencies: Mapping[str, int]) -> dict[str, Any]:
        """The fields of b3_instrument by name. currencies: index by name. A bound beyond int64 becomes INT64_MAX.

        Raises InstrumentError for a symbol too long, a step beyond int64 or a multiplier finer than 8 decimals.
        """
        if len(self.symbol.encode()) >= lib.B3_SYMBOL_MAX:
            raise InstrumentError(f"a symbol has at most {lib.B3_SYMBOL_MAX - 1} bytes", where=self.symbol)
        scales = {
            "price": self.price_scale,
            "lot": self.qty_scale,
            "market_lot": self.qty_scale,
            "position": self.qty_scale,
        }
        fields: dict[str, Any] = {"tick_raw": self._step("tick", self.price_scale)}
        for prefix, scale in scales.items():
            if prefix != "position":
                fields[f"{prefix}_step_raw"] = self._step(f"{prefix}_step", scale)
                fields[f"{prefix}_min_raw"] = self._bound(f"{prefix}_min", scale)
            fields[f"{prefix}_max_raw"] = self._bound(f"{prefix}_max", scale)
        for name in ("notional_min", "notional_max"):
            fields[f"{name}_raw"] = self._bound(name, MONEY_SCALE)
        for side in ("bid", "ask"):
            for way in ("up", "down"):
                fields[f"{side}_multiplier_{way}_raw"] = self._step(f"{side}_multiplier_{way}", MONEY_SCALE)
        return fields | {
            "symbol": self.symbol,
            "venue": MARKETS[self.market],
            "price_scale": self.price_scale,
            "qty_scale": self.qty_scale,
            "trading": int(self.trading),
            "notional_min_on_market": int(self.notional_min_on_market),
            "notional_max_on_market": int(self.notional_max_on_market),
            "base_currency": currencies[self.base],
            "quote_currency": currencies[self.quote],
            "max_num_orders": min(self.max_num_orders, 2**32 - 1),
        }

    def _bound(self, name: str, scale: int) -> int:
        return min(_raw(getattr(self, name), scale, f"{self.symbol}, {name}"), _INT64_MAX)

    def _step(self, name: str, scale: int) -> int:
        raw = _raw(getattr(self, name), scale, f"{self.symbol}, {name}")
        if raw > _INT64_MAX:
            value = str(getattr(self, name))
            raise InstrumentError("is larger than the core can hold", where=f"{self.symbol}, {name}", value=value)
        return raw


def instruments_from(
    info: Mapping[str, Any], where: str = "exchangeInfo", only: Collection[str] | None = None
) -> dict[str, Instrument]:
    """The instruments of an exchangeInfo by symbol: all of them, or those of `only` that it has.

    Raises InstrumentError for what is missing, of a wrong type, negative, or finer than the core can hold; named by
    symbol, filter and key.
    """
    entries = info.get("symbols")
    if not isinstance(entries, list):
        raise InstrumentError('is not an exchangeInfo: it has no list "symbols"', where=where)
    found: dict[str, Instrument] = {}
    for index, entry in enumerate(entries):
        symbol = entry.get("symbol") if isinstance(entry, dict) else None
        if not isinstance(symbol, str) or not symbol:
            raise InstrumentError("is not a symbol's entry", where=f"{where}, symbols[{index}]")
        if only is not None and symbol not in only:
            continue
        if symbol in found:
            raise InstrumentError("is there twice", where=f"{where}, {symbol}")
        found[symbol] = _instrument(entry, f"{where}, {symbol}")
    return found


def _instrument(entry: dict[str, Any], where: str) -> Instrument:
    filters = entry.get("filters")
    if not isinstance(filters, list):
        raise InstrumentError('has no list "filters"', where=where)
    fields: dict[str, Any] = {}
    unknown: list[str] = []
    for published in filters:
        name = published.get("filterType") if isinstance(published, dict) else None
        if not isinstance(name, str):
            raise InstrumentError("has a filter without a type", where=where)
        if name == "TRAILING_DELTA":
            fields["trailing_delta"] = _trailing_delta(published, f"{where}, {name}")
        elif name in _DECIMALS or name in _COUNTS:
            _take(published, name, f"{where}, {name}", fields)
        else:
            unknown.append(name)
    prices = [fields.get(name, _OFF) for name in ("price_step", "price_min", "price_max")]
    lots = ("lot_step", "lot_min", "lot_max", "market_lot_step", "market_lot_min", "market_lot_max", "position_max")
    price_scale = _scale(prices, f"{where}, prices")
    warnings = [f"{entry['symbol']}: filter {name} is not known to this version and not applied" for name in unknown]
    return Instrument(
        symbol=entry["symbol"],
        base=_text(entry, "baseAsset", where),
        quote=_text(entry, "quoteAsset", where),
        market="usdm" if "contractType" in entry else "spot",
        tick=prices[0] or Decimal(1).scaleb(-price_scale),
        trading=_text(entry, "status", where) == "TRADING" and entry.get("isSpotTradingAllowed", True) is True,
        price_scale=price_scale,
        qty_scale=_scale([fields.get(name, _OFF) for name in lots], f"{where}, quantities"),
        unknown_filters=tuple(unknown),
        warnings=tuple(warnings),
        **fields,
    )


def _take(published: dict[str, Any], name: str, where: str, fields: dict[str, Any]) -> None:
    """Adds a filter's fields. Of two that set one (PERCENT_PRICE, PERCENT_PRICE_BY_SIDE) the tighter bound stays."""
    for target, keys in _DECIMALS.get(name, {}).items():
        value = _decimal(_get(published, keys, where), f"{where}, {keys[0]}")
        before = fields.get(target, _OFF)
        tighter = max if target.endswith(("_min", "_down", "_step")) else min
        fields[target] = tighter(value, before) if value and before else value or before
    for target, keys in _COUNTS.get(name, {}).items():
        fields[target] = _count(_get(published, keys, where), f"{where}, {keys[0]}")
    for target, key in _FLAGS.get(name, {}).items():
        flag = published.get(key, True)  # futures do not publish it: it holds there
        if not isinstance(flag, bool):
            raise InstrumentError("is neither true nor false", where=f"{where}, {key}", value=flag)
        fields[target] = fields.get(target, False) or flag


def _trailing_delta(published: dict[str, Any], where: str) -> TrailingDelta:
    keys = ("minTrailingAboveDelta", "maxTrailingAboveDelta", "minTrailingBelowDelta", "maxTrailingBelowDelta")
    return TrailingDelta(*(_count(_get(published, (key,), where), f"{where}, {key}") for key in keys))


def _get(published: dict[str, Any], keys: tuple[str, ...], where: str) -> Any:
    for key in keys:
        if key in published:
            return published[key]
    raise InstrumentError(f"lacks {' or '.join(keys)}", where=where)


def _text(entry: dict[str, Any], key: str, where: str) -> str:
    value = entry.get(key)
    if not isinstance(value, str) or not value:
        raise InstrumentError(f"lacks {key}", where=where)
    return value


def _count(value: Any, where: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise InstrumentError("is not a count", where=where, value=value)
    return value


def _decimal(value: Any, where: str) -> Decimal:
    text = str(value)
    if isinstance(value, bool) or not _DECIMAL.fullmatch(text):
        raise InstrumentError("is not a plain decimal of 0 or more", where=where, value=value)
    return Decimal(text)


def _scale(values: Iterable[Decimal], where: str) -> int:
    """The digits after the point that hold all values: 8, or more where they are needed. Raises InstrumentError."""
    finest = max((value.normalize(_EXACT) for value in values), key=_digits, default=_OFF)
    if _digits(finest) > SCALE_MAX:
        what = f"has more than {SCALE_MAX} digits after the point"
        raise InstrumentError(what, where=where, value=str(finest), hint="The core cannot hold it exactly.")
    return max(SCALE, _digits(finest))


def _digits(value: Decimal) -> int:
    return -int(value.as_tuple().exponent)


def _raw(value: Decimal, scale: int, where: str) -> int:
    scaled = value.scaleb(scale, _EXACT)
    raw = int(scaled)
    if raw != scaled:
        raise InstrumentError(f"has more than {scale} digits after the point", where=where, value=str(value))
    return raw
