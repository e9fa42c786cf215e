"""What a user implements: a class derived from Strategy, with only the methods it needs.

    class Mine(Strategy):
        def on_bar(self, bar: Bar) -> None:
            if bar.close > bar.open and self.position == 0:
                self.buy("0.01")

One object per instrument. Methods run between two inputs of the engine, in the control plane: what they ask for is the
next input, is judged by risk like any other order, and never fills at once. Market data (Bar, Book, Trade) holds
floats, made for indicators; what is owned or ordered (Fill, Order, position, cash) holds Decimals, exact. Times are UTC
nanoseconds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_FLOOR, ROUND_HALF_EVEN, Decimal
from typing import Literal, Protocol

from bot3.errors import StrategyError

__all__ = ["Bar", "Book", "Context", "Fill", "Number", "Order", "Strategy", "Trade"]

Number = Decimal | int | float | str
Side = Literal["buy", "sell"]
TimeInForce = Literal["gtc", "ioc", "fok", "post_only"]


@dataclass(frozen=True, slots=True)
class Bar:
    """A closed bar. empty: nothing traded, the prices repeat the last close."""

    open_ts_ns: int
    close_ts_ns: int
    open: float
    high: float
    low: float
    close: float
    volume: float
    notional: float
    vwap: float
    trade_count: int
    empty: bool


@dataclass(frozen=True, slots=True)
class Book:
    """The best prices of the depth book. nan: nothing on that side."""

    ts_ns: int
    bid: float
    bid_qty: float
    ask: float
    ask_qty: float
    update_id: int


@dataclass(frozen=True, slots=True)
class Trade:
    """A trade of the market. aggressor: the side that took."""

    ts_ns: int
    price: float
    qty: float
    aggressor: Side
    trade_id: int


@dataclass(frozen=True, slots=True)
class Fill:
    """An execution of one of this strategy's orders. fee: paid if positive, in fee_currency.

    A fee in the base asset makes the position smaller: it is what can be sold.
    """

    ts_ns: int
    order_id: int
    side: Side
    price: Decimal
    qty: Decimal
    fee: Decimal
    fee_currency: str
    maker: bool


@dataclass(slots=True, eq=False)
class Order:
    """An order of this strategy as it stands; the engine keeps it up to date.

    state: pending_new, working, partially_filled, filled, canceled, rejected, expired. rule: why, when rejected.
    stop: the price that it waits, or waited, for.
    """

    order_id: int
    side: Side
    qty: Decimal
    price: Decimal | None
    filled_qty: Decimal
    state: str
    rule: str
    stop: Decimal | None = None

    @property
    def open(self) -> bool:
        """Whether it may still fill."""
        return self.state not in ("filled", "canceled", "rejected", "expired")


class Context(Protocol):
    """What the engine gives a strategy; a strategy uses it through its own methods."""

    @property
    def symbol(self) -> str:
        """See Strategy.symbol."""

    @property
    def now_ns(self) -> int:
        """See Strategy.now_ns."""

    @property
    def position(self) -> Decimal:
        """See Strategy.position."""

    @property
    def cash(self) -> Decimal:
        """See Strategy.cash."""

    @property
    def orders(self) -> Mapping[int, Order]:
        """See Strategy.orders."""

    @property
    def price_step(self) -> Decimal:
        """The venue's price step."""

    @property
    def qty_step(self) -> Decimal:
        """The venue's lot step."""

    def submit(self, side: Side, qty: Decimal, price: Decimal | None, tif: TimeInForce, stop: Decimal | None) -> Order:
        """See Strategy.buy."""

    def cancel(self, order_id: int) -> None:
        """See Strategy.cancel."""


class Strategy:
    """Base of all Python strategies. `--strategy mine.py:Mine:window=20` calls Mine(window=20).

    Cash is the account's: several strategies share it.
    """

    _context: Context | None = None

    def on_start(self) -> None:
        """Before the first input."""

    def on_book(self, book: Book) -> None:
        """The depth book changed."""

    def on_trade(self, trade: Trade) -> None:
        """The market traded."""

    def on_bar(self, bar: Bar) -> None:
        """A bar closed."""

    def on_fill(self, fill: Fill) -> None:
        """One of this strategy's orders was filled, wholly or in part."""

    def on_stop(self) -> None:
        """After the last input: nothing can be ordered any more."""

    @property
    def _engine(self) -> Context:
        if self._context is None:
            raise StrategyError("is not running yet: this is available from on_start on", where=type(self).__name__)
        return self._context

    @property
    def symbol(self) -> str:
        """The instrument, "BTCUSDT"."""
        return self._engine.symbol

    @property
    def now_ns(self) -> int:
        """Receive time of the input being worked on."""
        return self._engine.now_ns

    @property
    def position(self) -> Decimal:
        """Base asset held through this strategy's own fills; negative is short."""
        return self._engine.position

    @property
    def cash(self) -> Decimal:
        """Quote currency not held by open orders."""
        return self._engine.cash

    @property
    def orders(self) -> Mapping[int, Order]:
        """This strategy's open orders by id."""
        return self._engine.orders

    def buy(
        self, qty: Number, price: Number | None = None, tif: TimeInForce = "gtc", *, stop: Number | None = None
    ) -> Order:
        """Asks for an order; without a price a market order. What becomes of it shows in the Order returned.

        qty in the base asset, price and stop in the quote currency; none may be finer than the instrument's scale, see
        round_qty and round_price. With stop the order waits at the venue until the ask is there (a sell: the bid), then
        it is a market order, or a limit order with price. Raises StrategyError for what is no quantity or price.
        """
        return self._ask("buy", qty, price, tif, stop)

    def sell(
        self, qty: Number, price: Number | None = None, tif: TimeInForce = "gtc", *, stop: Number | None = None
    ) -> Order:
        """As buy, the other way. Selling more than is held is refused unless paper.allow_short is set."""
        return self._ask("sell", qty, price, tif, stop)

    def cancel(self, order: Order | int) -> None:
        """Asks for the end of an open order. Raises StrategyError when this strategy has no such open order."""
        self._engine.cancel(order if isinstance(order, int) else order.order_id)

    def round_qty(self, qty: Number) -> Decimal:
        """Down to the venue's lot step."""
        step = self._engine.qty_step
        return (_decimal(qty, "qty") / step).to_integral_value(ROUND_FLOOR) * step

    def round_price(self, price: Number) -> Decimal:
        """To the nearest price step of the venue."""
        step = self._engine.price_step
        return (_decimal(price, "price") / step).to_integral_value(ROUND_HALF_EVEN) * step

    def _ask(self, side: Side, qty: Number, price: Number | None, tif: TimeInForce, stop: Number | None) -> Order:
        if tif not in ("gtc", "ioc", "fok", "post_only"):
            raise StrategyError("is no time in force", where="tif", value=tif, hint="Use gtc, ioc, fok or post_only.")
        limit = None if price is None else _decimal(price, "price")
        trigger = None if stop is None else _decimal(stop, "stop")
        return self._engine.submit(side, _decimal(qty, "qty"), limit, tif, trigger)


def _decimal(value: Number, name: str) -> Decimal:
    try:
        number = Decimal(str(value)) if isinstance(value, float) else Decimal(value)
    except (ArithmeticError, TypeError, ValueError) as error:
        raise StrategyError("is no number", where=name, value=value) from error
    if isinstance(value, bool) or not number.is_finite() or number <= 0:
        raise StrategyError("must be a number above 0", where=name, value=value)
    return number
