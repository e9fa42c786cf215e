"""The two-sided quoter of benches/peers/hftbacktest_fills.py as a bot3 strategy, to compare how often it fills."""

from bot3.strategy import Book, Order, Strategy


class Quoter(Strategy):
    """Joins the best bid and ask, at the first quote 100 ms after the last decision. size, most: base asset."""

    def __init__(self, size: str | float = "0.001", most: float = 0.05) -> None:
        self.size = size
        self.most = most
        self.live: dict[str, Order] = {}
        self.cancelled: set[int] = set()
        self.next_ns = 0

    def on_book(self, book: Book) -> None:
        """An order that is no longer at the best goes; one that is gone is followed by the next."""
        if self.now_ns < self.next_ns:
            return
        self.next_ns = self.now_ns + 100_000_000
        for side, price in (("buy", book.bid), ("sell", book.ask)):
            order = self.live.get(side)
            if order is not None and order.open:
                if order.price != self.round_price(price) and order.order_id not in self.cancelled:
                    self.cancel(order)
                    self.cancelled.add(order.order_id)
            elif side == "buy" and float(self.position) < self.most - 1e-9:
                self.live[side] = self.buy(self.size, self.round_price(price), "post_only")
            elif side == "sell" and float(self.position) > -self.most + 1e-9:
                self.live[side] = self.sell(self.size, self.round_price(price), "post_only")
