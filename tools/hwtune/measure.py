"""Measuring: runs hwtune-probe, samples the counters around it, and names the cause of what it saw."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class Gap:
    """Gaps of one spinning CPU."""

    cpu: int
    rate_per_s: float
    p50_us: float
    p99_us: float
    p999_us: float
    max_us: float
    ticks_per_s: float | None
    involuntary: int
    faults: int
    cause: str
