"""Runs users' Python strategies between two inputs of the engine."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from bot3.engine.core import Engine
from bot3.engine.decimals import MONEY_SCALE, from_raw, to_raw
from bot3.engine.loader import place_of
from bot3.errors import ArgumentError, Bot3Error, StrategyError
from bot3.ffi import ffi, lib
from bot3.ffi.status import text
from bot3.strategy import Bar, Book, Fill, Order, Side, Strategy, TimeInForce, Trade

if TYPE_CHECKING:
    from bot3.ffi._core import CData

__all__ = ["Host", "Member", "kinds_of"]

_STATES: Final = {
    lib.B3_PENDING_NEW: "pending_new",
    lib.B3_WORKING: "working",
    lib.B3_PARTIALLY_FILLED: "partially_filled",
    lib.B3_FILLED: "filled",
    lib.B3_PENDING_CANCEL: "pending_cancel",
    lib.B3_CANCELED: "canceled",
    lib.B3_REJECTED: "rejected",
    lib.B3_EXPIRED: "expired",
    lib.B3_UNKNOWN: "unknown",
}
# By whether there is a stop price, and a limit price.
_TYPES: Final = {
    (False, False): lib.B3_MARKET,
    (False, True): lib.B3_LIMIT,
    (True, False): lib.B3_STOP,
    (True, True): lib.B3_STOP_LIMIT,
}
_TIFS: Final = {"gtc": lib.B3_GTC, "ioc": lib.B3_IOC, "fok": lib.B3_FOK, "post_only": lib.B3_POST_ONLY}


def kinds_of(strategy: type[Strategy]) -> int:
    """The event kinds (bits 1 << b3_kind) of the methods that a strategy has: updates of its orders always."""
    methods = {"on_book": lib.B3_QUOTE, "on_trade": lib.B3_TRADE, "on_bar": lib.B3_BAR}
    wanted = [kind for name, kind in methods.items() if getattr(strategy, name) is not getattr(Strategy, name)]
    return sum(1 << kind for kind in [*wanted, lib.B3_UPDATE])


class Member:
    """One strategy object on one instrument: what bot3.strategy.Context asks for.

    instrument: b3_instrument fields by name. strategy_id: as the engine gave it. currencies: names by number.
    """

    def __init__(
        self,
        strategy: Strategy,
        file: Path,
        instrument: dict[str, Any],
        index: int,
        strategy_id: int,
        currencies: Sequence[str],
    ) -> None:
        self.strategy = strategy
        self.file = file
        self.index = index
        self.strategy_id = strategy_id
        self.symbol: str = instrument["symbol"]
        self.now_ns = 0
        self._price_scale: int = instrument["price_scale"]
        self._qty_scale: int = instrument["qty_scale"]
        self._price_unit: int = 10**self._price_scale
        self._qty_unit: int = 10**self._qty_scale
        self._base: int = instrument["base_currency"]
        self._quote: int = instrument["quote_currency"]
        self._currencies = currencies
        self._held_raw = 0
        self._orders: dict[int, Order] = {}
        self._engine: Engine | None = None
        self.price_step = from_raw(instrument["price_step_raw"] or 1, self._price_scale)
        self.qty_step = from_raw(instrument["lot_step_raw"] or 1, self._qty_scale)

    def attach(self, engine: Engine | None) -> None:
        """Gives the strategy its engine; None at the end takes it away."""
        self._engine = engine
        self.strategy._context = self

    @property
    def engine(self) -> Engine:
        """Raises StrategyError when the run is over."""
        if self._engine is None:
            raise StrategyError("the run is over: nothing can be read or ordered any more", where=self.symbol)
        return self._engine

    @property
    def position(self) -> Decimal:
        """See Strategy.position."""
        return from_raw(self._held_raw, self._qty_scale)

    @property
    def cash(self) -> Decimal:
        """See Strategy.cash."""
        balance = self.engine.balance(self._quote)
        return from_raw(balance.total_raw - balance.locked_raw, MONEY_SCALE)

    @property
    def orders(self) -> Mapping[int, Order]:
        """See Strategy.orders."""
        return MappingProxyType(self._orders)

    def submit(self, side: Side, qty: Decimal, price: Decimal | None, tif: TimeInForce, stop: Decimal | None) -> Order:
        """See Strategy.buy."""
        request = self._request(lib.B3_NEW)
        request.side = lib.B3_BUY if side == "buy" else lib.B3_SELL
        request.order_type = _TYPES[stop is not None, price is not None]
        request.tif = lib.B3_IOC if price is None and tif == "gtc" else _TIFS[tif]
        try:
            request.qty_raw = to_raw(qty, self._qty_scale, "qty")
            request.price_raw = 0 if price is None else to_raw(price, self._price_scale, "price")
            request.stop_price_raw = 0 if stop is None else to_raw(stop, self._price_scale, "stop")
        except ArgumentError as error:
            hint = "Use self.round_qty() and self.round_price()."
            raise StrategyError(
                error.what, where=f"{self.symbol} {error.where}", value=error.value, hint=hint
            ) from error
        order = Order(self.engine.submit(request), side, qty, price, Decimal(0), "pending_new", "", stop)
        self._orders[order.order_id] = order
        return order

    def cancel(self, order_id: int) -> None:
        """See Strategy.cancel."""
        order = self._orders.get(order_id)
        if order is None:
            raise StrategyError("has no such open order", where=self.symbol, value=order_id)
        request = self._request(lib.B3_CANCEL)
        request.orig_order_id = order_id
        self.engine.submit(request)

    def _request(self, action: int) -> CData:
        request = ffi.new("b3_request *")
        request.hdr.kind = lib.B3_REQUEST
        request.hdr.instrument = self.index
        request.hdr.strategy = self.strategy_id
        request.action = action
        return request

    def on_event(self, header: CData) -> None:
        """Shows the strategy one event (const b3_header *) in its own terms."""
        self.now_ns = header.ts_recv_ns
        if header.kind == lib.B3_BAR:
            bar = self._bar(ffi.cast("const b3_bar *", header))
            self.call("on_bar", bar, lambda: f"in the bar that closes at {_utc(bar.close_ts_ns)}")
        elif header.kind == lib.B3_UPDATE:
            self._update(ffi.cast("const b3_update *", header))
        elif header.kind == lib.B3_TRADE:
            trade = self._trade(ffi.cast("const b3_trade *", header))
            self.call("on_trade", trade, lambda: f"at trade {trade.trade_id}")
        elif header.kind == lib.B3_QUOTE:
            book = self._book(ffi.cast("const b3_quote *", header))
            self.call("on_book", book, lambda: f"at book update {book.update_id}")

    def call(self, method: str, argument: object, when: Callable[[], str]) -> None:
        """Calls a method of the strategy. What it raises becomes a StrategyError naming file, line and moment."""
        try:
            function = getattr(self.strategy, method)
            function() if argument is None else function(argument)
        except (Exception, SystemExit) as error:
            told = str(error) if isinstance(error, Bot3Error) else f"{type(error).__name__}: {error}"
            what = f"{type(self.strategy).__name__}.{method} failed {when()} on {self.symbol}: {told}"
            raise StrategyError(what, where=place_of(error, self.file)) from error

    def _update(self, update: CData) -> None:
        if update.hdr.flags & lib.B3_FLAG_CANCEL_REJECT:
            return
        order = self._orders.get(update.order_id)
        if order is not None:
            order.state = _STATES[update.state]
            order.filled_qty = from_raw(update.cum_qty_raw, self._qty_scale)
            order.rule = text(lib.b3_rule_name(update.rule)) if update.rule else ""
            if not order.open:
                del self._orders[order.order_id]
        # The order of a stop or of `bot3 flatten` is none of the strategy's, but what it sells is.
        if update.exec_id:
            self._fill(update)

    def _fill(self, update: CData) -> None:
        buys = update.side == lib.B3_BUY
        self._held_raw += update.last_qty_raw if buys else -update.last_qty_raw
        if update.fee_currency == self._base:
            self._held_raw -= update.fee_raw * self._qty_unit // 10**MONEY_SCALE
        fill = Fill(
            ts_ns=update.hdr.ts_recv_ns,
            order_id=update.order_id,
            side="buy" if buys else "sell",
            price=from_raw(update.last_price_raw, self._price_scale),
            qty=from_raw(update.last_qty_raw, self._qty_scale),
            fee=from_raw(update.fee_raw, MONEY_SCALE),
            fee_currency=self._currencies[update.fee_currency],
            maker=update.liquidity == lib.B3_MAKER,
        )
        self.call("on_fill", fill, lambda: f"at a fill of order {fill.order_id}")

    def _price(self, raw: int) -> float:
        return raw / self._price_unit  # int / int rounds once: the nearest float

    def _qty(self, raw: int) -> float:
        return raw / self._qty_unit

    def _bar(self, bar: CData) -> Bar:
        return Bar(
            open_ts_ns=bar.open_ts_ns,
            close_ts_ns=bar.close_ts_ns,
            open=self._price(bar.open_raw),
            high=self._price(bar.high_raw),
            low=self._price(bar.low_raw),
            close=self._price(bar.close_raw),
            volume=self._qty(bar.volume_raw),
            notional=bar.notional_raw / 10**MONEY_SCALE,
            vwap=self._price(bar.vwap_raw),
            trade_count=bar.trade_count,
            empty=bool(bar.hdr.flags & lib.B3_FLAG_EMPTY),
        )

    def _trade(self, trade: CData) -> Trade:
        return Trade(
            ts_ns=trade.hdr.ts_exchange_ns,
            price=self._price(trade.price_raw),
            qty=self._qty(trade.qty_raw),
            aggressor="sell" if trade.hdr.flags & lib.B3_FLAG_BUYER_MAKER else "buy",
            trade_id=trade.trade_id,
        )

    def _book(self, quote: CData) -> Book:
        nan = float("nan")
        return Book(
            ts_ns=quote.hdr.ts_exchange_ns,
            bid=self._price(quote.bid_price_raw) if quote.bid_qty_raw else nan,
            bid_qty=self._qty(quote.bid_qty_raw),
            ask=self._price(quote.ask_price_raw) if quote.ask_qty_raw else nan,
            ask_qty=self._qty(quote.ask_qty_raw),
            update_id=quote.update_id,
        )


class Host:
    """All Python strategies of a run. What they print goes to stderr, so that stdout stays the result's."""

    def __init__(self, members: list[Member]) -> None:
        self._by_id = {member.strategy_id: member for member in members}

    def start(self, engine: Engine) -> None:
        """Attaches the strategies and calls on_start. Raises StrategyError."""
        for member in self._by_id.values():
            member.attach(engine)
        with contextlib.redirect_stdout(sys.stderr):
            for member in self._by_id.values():
                member.call("on_start", None, lambda: "at the start")
        self.deliver(engine)

    def deliver(self, engine: Engine) -> None:
        """Shows the strategies what the inbox holds, until nothing is left. Raises StrategyError."""
        with contextlib.redirect_stdout(sys.stderr):
            while len(slots := engine.take_inbox()):
                first = ffi.cast("const b3_tap_slot *", ffi.from_buffer("uint8_t[]", slots))
                for index in range(len(slots)):
                    header = ffi.cast("const b3_header *", ffi.addressof(first[index], "event"))
                    self._by_id[header.strategy].on_event(header)

    def stop(self) -> None:
        """Calls on_stop and takes the engine away. Raises StrategyError."""
        with contextlib.redirect_stdout(sys.stderr):
            for member in self._by_id.values():
                member.call("on_stop", None, lambda: "at the end")
                member.attach(None)


def _utc(ts_ns: int) -> str:
    return datetime.fromtimestamp(ts_ns // 10**9, UTC).strftime("%Y-%m-%dT%H:%M:%S") + f".{ts_ns // 10**6 % 1000:03d}Z"
