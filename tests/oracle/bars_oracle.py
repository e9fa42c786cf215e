"""Bars that are slow and obvious: the trades of an interval in a list, sums as Python integers and fractions."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, NamedTuple

TIME, TICK, VOLUME, NOTIONAL = 1, 2, 3, 4
INT64_MAX, UINT32_MAX = 2**63 - 1, 2**32 - 1
YEAR_2200_NS = 7_258_118_400 * 10**9
LATE, BAD = 10, 8  # b3_system_code
ARGUMENT, OVERFLOW = -1, -9


class Trade(NamedTuple):
    ts: int
    price: int
    qty: int
    first_id: int = 1
    last_id: int = 1
    aggregate: bool = False

    @property
    def count(self) -> int:
        return self.last_id - self.first_id + 1 if self.aggregate else 1


def half_even(value: Fraction) -> int:
    return round(value)  # Python's round of a Fraction is half to even


@dataclass
class Bars:
    kind: int
    size: int
    grace: int
    price_scale: int
    qty_scale: int
    gap_max: int
    open_ts: int | None = None  # of time bars: start of the running interval
    trades: list[Trade] = field(default_factory=list)
    dropped: bool = False
    last: int = 0
    skipped: int = 0

    def money(self, trades: list[Trade]) -> Fraction:
        return (
            sum(
                (Fraction(t.price * t.qty, 10 ** (self.price_scale + self.qty_scale - 8 + 16)) for t in trades),
                Fraction(0),
            )
            * 10**16
        )

    def fits(self, trades: list[Trade]) -> bool:
        sums = sum(t.qty for t in trades), half_even(self.money(trades))
        return max(sums) <= INT64_MAX and sum(t.count for t in trades) <= UINT32_MAX

    def bar(self, open_ts: int, close_ts: int) -> tuple[Any, ...]:
        trades = self.trades
        if not trades:
            return ("bar", open_ts, close_ts, self.last, self.last, self.last, self.last, 0, 0, self.last, 0, True)
        prices = [t.price for t in trades]
        volume = sum(t.qty for t in trades)
        vwap = half_even(Fraction(sum(t.price * t.qty for t in trades), volume))
        ohlc = (prices[0], max(prices), min(prices), prices[-1])
        count = sum(t.count for t in trades)
        return ("bar", open_ts, close_ts, *ohlc, volume, half_even(self.money(trades)), vwap, count, False)

    def close_until(self, until: int) -> list[tuple[Any, ...]]:
        out = []
        assert self.open_ts is not None
        while self.open_ts + self.size <= until:
            if not self.dropped:
                out.append(self.bar(self.open_ts, self.open_ts + self.size))
            self.trades, self.dropped = [], False
            self.open_ts += self.size
            missing = (until - self.open_ts) // self.size
            if missing > self.gap_max:
                self.open_ts += missing * self.size
                self.skipped += missing
        return out

    def on_clock(self, ts: int) -> list[tuple[Any, ...]]:
        if self.kind != TIME or self.open_ts is None or not 0 < ts <= YEAR_2200_NS:
            return []
        return self.close_until(ts - self.grace)

    def on_trade(self, trade: Trade) -> list[tuple[Any, ...]]:
        bad_ids = trade.aggregate and not 0 <= trade.first_id <= trade.last_id
        bad_time = self.kind == TIME and not 0 < trade.ts <= YEAR_2200_NS
        if trade.price < 1 or trade.qty < 1 or bad_ids or bad_time:
            return [("system", BAD, ARGUMENT, 0)]
        out: list[tuple[Any, ...]] = []
        if self.kind == TIME:
            if self.open_ts is None:
                self.open_ts = trade.ts // self.size * self.size
            if trade.ts < self.open_ts:
                return [("system", LATE, trade.ts, self.open_ts)]
            out = self.close_until(trade.ts)
        self.last = trade.price
        if self.dropped:
            return out
        if not self.fits([*self.trades, trade]):
            self.trades, self.dropped = [], self.kind == TIME
            return [*out, ("system", BAD, OVERFLOW, 0)]
        self.trades.append(trade)
        reached = {
            TIME: 0,
            TICK: sum(t.count for t in self.trades),
            VOLUME: sum(t.qty for t in self.trades),
            NOTIONAL: self.money(self.trades),
        }[self.kind]
        if self.kind != TIME and reached >= self.size:
            out.append(self.bar(self.trades[0].ts, trade.ts))
            self.trades = []
        return out
