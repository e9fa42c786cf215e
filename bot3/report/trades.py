"""What fills say: where the P&L came from, round trips, turnover, and slippage against the touch at the decision."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

import numpy as np
import pyarrow as pa

from bot3.report.files import Floats, RunFiles, floats, names

__all__ = ["RoundTrips", "Sources", "order_slippage_bps", "reported", "round_trips", "sources_of", "turnover_of"]

_ZERO: Final = Decimal(0)


@dataclass(frozen=True, slots=True)
class Sources:
    """P&L by what it came from, in the reporting currency: price + spread - fees = total, to the last digit.

    spread: what fills were better than the mid at their time (negative for a taker). price: what the mid did while a
    position was held, so all that is left.
    """

    price: Decimal
    spread: Decimal
    fees: Decimal
    total: Decimal


@dataclass(frozen=True, slots=True)
class RoundTrips:
    """From flat to flat, after fees. hit_rate: share of winners, None without one."""

    count: int
    winners: int
    best: Decimal
    worst: Decimal

    @property
    def hit_rate(self) -> float | None:
        """Winners / count."""
        return self.winners / self.count if self.count else None


def sources_of(run: RunFiles) -> Sources:
    """Instruments quoted in another currency are not in it: their fills are in another money."""
    pnl = run.summary["pnl"]
    spread = _ZERO
    for symbol in reported(run):
        marks = _marks(run.of("positions", symbol))
        for fill in run.of("fills", symbol).to_pylist():
            sign = 1 if fill["side"] == "buy" else -1
            spread += sign * (marks[fill["input_no"]] - fill["px"]) * fill["qty"]
    gross = Decimal(pnl["realized"]) + Decimal(pnl["unrealized"])
    return Sources(price=gross - spread, spread=spread, fees=Decimal(pnl["fees"]), total=Decimal(pnl["total"]))


def _marks(positions: pa.Table) -> dict[int, Decimal]:
    """The mid at each fill: the engine marks a position before it books the fill, in the same input."""
    return dict(zip(positions["input_no"].to_pylist(), positions["mark_px"].to_pylist(), strict=True))


def reported(run: RunFiles) -> list[str]:
    """The instruments that are quoted in the reporting currency."""
    quoted = run.summary["instruments"]
    return [symbol for symbol in run.symbols if quoted[symbol]["quote"] == run.currency]


def round_trips(run: RunFiles) -> RoundTrips:
    """Over all instruments of the reporting currency; a flip through zero ends one and begins the next."""
    results: list[Decimal] = []
    for symbol in reported(run):
        held, since = _ZERO, _ZERO
        for row in run.of("positions", symbol).to_pylist():
            net, qty = row["realized"] - row["fees"], row["qty"]
            if held and (not qty or (qty > 0) != (held > 0)):
                results.append(net - since)
                since = net
            held = qty
    return RoundTrips(
        count=len(results),
        winners=sum(result > 0 for result in results),
        best=max(results, default=_ZERO),
        worst=min(results, default=_ZERO),
    )


def turnover_of(run: RunFiles) -> Decimal:
    """Sum of price x quantity of all fills, reporting currency."""
    return sum(
        (fill["px"] * fill["qty"] for symbol in reported(run) for fill in run.of("fills", symbol).to_pylist()), _ZERO
    )


def order_slippage_bps(run: RunFiles) -> Floats:
    """Per order that filled: its average price against the opposite touch when it was decided, basis points of the mid.

    Positive is worse: a buy above the ask, a sell below the bid. A resting order that fills at its own price earns the
    spread and is negative. Shape (orders,), in the order of the orders.
    """
    fills, orders = run.tables["fills"], run.tables["orders"]
    qty, notional = defaultdict[int, float](float), defaultdict[int, float](float)
    for order, px, size in zip(fills["order_id"].to_pylist(), floats(fills, "px"), floats(fills, "qty"), strict=True):
        qty[order] += size
        notional[order] += px * size
    bid, ask = floats(orders, "arrival_bid"), floats(orders, "arrival_ask")
    found = []
    for index, (order, side) in enumerate(zip(orders["order_id"].to_pylist(), names(orders, "side"), strict=True)):
        if qty[order] and bid[index] and ask[index]:
            average = notional[order] / qty[order]
            worse = average - ask[index] if side == "buy" else bid[index] - average
            found.append(1e4 * worse / (0.5 * (bid[index] + ask[index])))
    return np.array(found, np.float64)
