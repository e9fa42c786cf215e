"""Joins the bid with a post-only order, moves it when the market leaves, and sells at a profit or a loss: limit orders.

bot3 run --strategy examples/passive_entry.py:PassiveEntry:profit=5,loss=15
"""

from bot3.strategy import Bar, Book, Fill, Order, Strategy


class PassiveEntry(Strategy):
    """profit, loss: quote currency per unit at which to leave. size: base asset."""

    def __init__(self, profit: float = 5.0, loss: float = 15.0, size: str | float = "0.01") -> None:
        self.profit = profit
        self.loss = loss
        self.size = size
        self.bid = 0.0
        self.entry: Order | None = None
        self.exit: Order | None = None
        self.paid = 0.0

    def on_book(self, book: Book) -> None:
        """Remembers the best bid; nan while there is none."""
        self.bid = book.bid

    def on_bar(self, bar: Bar) -> None:
        """Once a bar: leave if it is time, else see to the entry."""
        if self.exit and self.exit.open:
            return
        if self.position > 0:
            if not -self.loss < bar.close - self.paid < self.profit:
                self.exit = self.sell(self.position)
        elif self.entry is None or not self.entry.open:
            if self.bid > 0:
                self.entry = self.buy(self.round_qty(self.size), self.round_price(self.bid), "post_only")
        elif self.entry.state == "working" and float(self.entry.price or 0) < self.bid - self.profit:
            self.cancel(self.entry)

    def on_fill(self, fill: Fill) -> None:
        """What was paid decides when to leave."""
        if fill.side == "buy":
            self.paid = float(fill.price)
