"""What an equity curve says: drawdown, and risk-adjusted return with its sampling stated."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np

from bot3.report.files import Floats, Times

__all__ = ["Performance", "drawdown", "performance_of", "sampled"]

_YEAR_S: Final = 365.25 * 86_400
_STEPS_S: Final = (86_400, 3_600, 600, 60, 10, 1)
_SAMPLES_MIN: Final = 50


@dataclass(frozen=True, slots=True)
class Performance:
    """Of one equity curve. Ratios are None where they are not defined: fewer than two samples, or no deviation.

    sharpe = mean(r) / std(r, ddof=1); sortino = mean(r) / sqrt(mean(min(r, 0)^2)); r: simple returns over step_s,
    target and risk-free rate 0 (Sharpe 1994; Sortino and van der Meer 1991). The annual ones are times
    sqrt(steps in 365.25 days), which a short run makes large and means little.
    """

    start: float
    end: float
    max_drawdown: float
    max_drawdown_rate: float
    step_s: int
    samples: int
    sharpe: float | None
    sortino: float | None
    sharpe_annual: float | None
    sortino_annual: float | None


def drawdown(equity: Floats) -> Floats:
    """Equity less its highest value so far: shape as equity, never above 0."""
    return equity - np.maximum.accumulate(equity)


def sampled(at: Times, equity: Floats, step_s: int) -> Floats:
    """The curve on a grid of step_s seconds from its first time on: at each point the last value known then."""
    elapsed_s = (at - at[0]).astype(np.int64) / 1e9
    grid_s = np.arange(0.0, elapsed_s[-1] + step_s / 2, step_s)
    return equity[np.searchsorted(elapsed_s, grid_s, side="right") - 1]


def performance_of(at: Times, equity: Floats) -> Performance:
    """at: rising times, shape (n,), n >= 1. equity: money, shape (n,), above 0.

    The step is the longest of a day, an hour, 10 min, 1 min, 10 s and 1 s that gives 50 samples, else 1 s.
    """
    duration_s = (at[-1] - at[0]).astype(np.int64) / 1e9
    step_s = next((step for step in _STEPS_S if duration_s >= step * _SAMPLES_MIN), _STEPS_S[-1])
    grid = sampled(at, equity, step_s)
    returns = np.diff(grid) / grid[:-1]
    below = drawdown(equity)
    worst = int(below.argmin())
    annual = math.sqrt(_YEAR_S / step_s)
    sharpe = _ratio(returns, float(returns.std(ddof=1)) if returns.size > 1 else 0.0)
    sortino = _ratio(returns, math.sqrt(float(np.mean(np.minimum(returns, 0.0) ** 2))) if returns.size > 1 else 0.0)
    return Performance(
        start=float(equity[0]),
        end=float(equity[-1]),
        max_drawdown=float(-below[worst]),
        max_drawdown_rate=float(-below[worst] / equity[: worst + 1].max()),
        step_s=step_s,
        samples=returns.size,
        sharpe=sharpe,
        sortino=sortino,
        sharpe_annual=None if sharpe is None else sharpe * annual,
        sortino_annual=None if sortino is None else sortino * annual,
    )


def _ratio(returns: Floats, deviation: float) -> float | None:
    return float(returns.mean()) / deviation if deviation > 0.0 else None
