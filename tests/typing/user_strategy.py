"""Only type-checked: what a user writes against the public interface, and what the checker must refuse."""

from decimal import Decimal
from typing import assert_type

from bot3.strategy import Bar, Book, Fill, Order, Strategy, Trade


class Mine(Strategy):
    def __init__(self, window: int = 20) -> None:
        self.window = window
        self.order: Order | None = None

    def on_book(self, book: Book) -> None:
        assert_type(book.bid, float)

    def on_trade(self, trade: Trade) -> None:
        assert_type(trade.price, float)

    def on_bar(self, bar: Bar) -> None:
        assert_type(bar.close, float)
        assert_type(self.position, Decimal)
        self.order = self.buy("0.01", price=bar.close, tif="post_only")
        self.order = self.sell(Decimal("0.01"))
        self.buy(1, tif="day")  # type: ignore[arg-type]
        self.buy(None)  # type: ignore[arg-type]
        self.cancel(self.order)
        self.cancel("1")  # type: ignore[arg-type]
        bar.close = 3.0  # type: ignore[misc]

    def on_fill(self, fill: Fill) -> None:
        assert_type(fill.price, Decimal)
        assert_type(fill.qty * fill.price - fill.fee, Decimal)


class Wrong(Strategy):
    def on_bar(self, bar: Trade) -> None:  # type: ignore[override]
        pass
