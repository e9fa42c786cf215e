"""Buys when the price is far below its average of the last bars, and sells when it is back: `--strategy` on a file.

bot3 run --strategy examples/mean_reversion.py:MeanReversion:window=30,width=2
"""

from collections import deque
from statistics import fmean, pstdev

from bot3.strategy import Bar, Fill, Order, Strategy


class MeanReversion(Strategy):
    """window: bars looked back on. width: standard deviations below their mean at which to buy. size: base asset."""

    def __init__(self, window: int = 30, width: float = 2.0, size: str | float = "0.01") -> None:
        self.closes: deque[float] = deque(maxlen=window)
        self.width = width
        self.size = size
        self.order: Order | None = None
        self.fills = 0

    def on_bar(self, bar: Bar) -> None:
        """Acts on closed bars, with one order at a time."""
        self.closes.append(bar.close)
        if len(self.closes) < (self.closes.maxlen or 0) or (self.order and self.order.open):
            return
        mean, deviation = fmean(self.closes), pstdev(self.closes)
        if self.position == 0 and bar.close < mean - self.width * deviation:
            self.order = self.buy(self.round_qty(self.size))
        elif self.position > 0 and bar.close >= mean:
            self.order = self.sell(self.position)

    def on_fill(self, fill: Fill) -> None:
        """Counts them, to say so at the end."""
        self.fills += 1

    def on_stop(self) -> None:
        """What a strategy prints goes to stderr: stdout is the result's."""
        print(f"{self.symbol}: {self.fills} fills, {self.position} left")
