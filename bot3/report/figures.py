"""The numbers of a report, for the page, the terminal and --json alike."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from bot3.errors import StorageError
from bot3.report.files import Floats, RunFiles, Times, floats, names, times
from bot3.report.performance import Performance, performance_of
from bot3.report.trades import (
    RoundTrips,
    Sources,
    order_slippage_bps,
    reported,
    round_trips,
    sources_of,
    turnover_of,
)

__all__ = ["Curve", "Holding", "RunFigures", "figures_of"]


@dataclass(frozen=True, slots=True)
class Curve:
    """Money over time: at and value of one shape (n,), times rising."""

    at: Times
    value: Floats


@dataclass(frozen=True, slots=True)
class Holding:
    """Buy and hold: all of the starting equity spent at the first ask, taker fee included, valued at the mid.

    With several instruments each gets the same part. symbols: those it holds. pnl: at the end, the fee included.
    """

    symbols: tuple[str, ...]
    curve: Curve
    pnl: float


@dataclass(frozen=True, slots=True)
class RunFigures:
    """slippage_bps: see order_slippage_bps. outcomes, rejects: counts by name. holding: None without a price."""

    currency: str
    equity: Curve
    performance: Performance
    holding: Holding | None
    sources: Sources
    trips: RoundTrips
    turnover: Decimal
    slippage_bps: Floats
    outcomes: dict[str, int]
    rejects: dict[str, int]
    maker_fills: int
    taker_fills: int

    @property
    def turnover_times(self) -> float:
        """Turnover over the mean of start and end equity."""
        return float(self.turnover) / (0.5 * (self.performance.start + self.performance.end))


def figures_of(run: RunFiles) -> RunFigures:
    """Raises StorageError for a run too short to say anything: no bar closed and nothing traded."""
    equity = run.tables["equity"]
    equity = equity.filter(pc.equal(equity["currency"].cast(pa.string()), run.currency))
    if equity.num_rows == 0:
        hint = "Let it run until a bar closes, or choose smaller ones with --bars."
        raise StorageError("the run has no equity: no bar closed and nothing traded", where=str(run.path), hint=hint)
    curve = Curve(times(equity), floats(equity, "equity"))
    liquidity = Counter(names(run.tables["fills"], "liquidity"))
    return RunFigures(
        currency=run.currency,
        equity=curve,
        performance=performance_of(curve.at, curve.value),
        holding=_holding(run, curve),
        sources=sources_of(run),
        trips=round_trips(run),
        turnover=turnover_of(run),
        slippage_bps=order_slippage_bps(run),
        outcomes=dict(Counter(names(run.tables["orders"], "state")).most_common()),
        rejects={str(rule): int(count) for rule, count in run.summary["rejects"].items()},
        maker_fills=liquidity["maker"],
        taker_fills=liquidity["taker"],
    )


def _holding(run: RunFiles, equity: Curve) -> Holding | None:
    """On the equity's own times, so that both curves are sampled alike."""
    values, held = np.zeros_like(equity.value), []
    symbols = [symbol for symbol in reported(run) if run.of("book", symbol).num_rows]
    for symbol in symbols:
        book = run.of("book", symbol)
        bid, ask = floats(book, "bid_px"), floats(book, "ask_px")
        whole = (bid > 0) & (ask > 0)
        if not whole.any():
            continue
        at, mid = times(book)[whole], 0.5 * (bid + ask)[whole]
        spent = equity.value[0] / len(symbols)
        qty = spent / (ask[whole][0] * (1.0 + float(run.summary["taker_fee_rate"])))
        index = np.searchsorted(at, equity.at, side="right") - 1
        values += np.where(index < 0, spent, qty * mid[np.maximum(index, 0)])
        held.append(symbol)
    if not held:
        return None
    return Holding(tuple(held), Curve(equity.at, values), float(values[-1] - equity.value[0]))
