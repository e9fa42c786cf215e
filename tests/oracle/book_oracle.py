"""A book that is slow and obvious: one dict a side."""

from __future__ import annotations

from fractions import Fraction
from math import isnan, nan

BUY, SELL = 1, 2
INT64_MAX = 2**63 - 1


class Book:
    def __init__(self) -> None:
        self.sides: dict[int, dict[int, int]] = {BUY: {}, SELL: {}}

    def set(self, side: int, price: int, qty: int) -> None:
        if qty:
            self.sides[side][price] = qty
        else:
            self.sides[side].pop(price, None)

    def levels(self, side: int) -> list[tuple[int, int]]:
        return sorted(self.sides[side].items(), reverse=side == BUY)

    def best(self, side: int) -> tuple[int, int]:
        prices = self.sides[side]
        if not prices:
            return 0, 0
        price = max(prices) if side == BUY else min(prices)
        return price, prices[price]

    def cum_qty(self, side: int, price: int) -> int:
        total = sum(q for p, q in self.sides[side].items() if (p >= price if side == BUY else p <= price))
        return min(total, INT64_MAX)

    def microprice(self) -> float:
        (bid, bid_qty), (ask, ask_qty) = self.best(BUY), self.best(SELL)
        if not bid_qty or not ask_qty:
            return nan
        return float(Fraction(bid_qty * ask + ask_qty * bid, bid_qty + ask_qty))

    def imbalance(self, count: int) -> float:
        bids = sum(q for _, q in self.levels(BUY)[:count])
        asks = sum(q for _, q in self.levels(SELL)[:count])
        return float(Fraction(bids - asks, bids + asks)) if bids + asks else nan


def near(found: float, expected: float) -> bool:
    """Equal but for the rounding of a few double operations."""
    return isnan(found) if isnan(expected) else abs(found - expected) <= 4e-16 * max(abs(expected), 1.0) * 4
