"""Ticks against the monotonic clock, exact conversion, and a recheck that finds a clock that runs wrong."""

import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

SHIFT = 44


def calibrated(internals: tuple[Any, Any], span_ns: int = 5_000_000) -> Any:
    ffi, lib = internals
    clock = ffi.new("b3_clock *")
    assert lib.b3_clock_calibrate(clock, span_ns) == lib.B3_OK
    return clock


def cpu_has_invariant_tsc() -> bool:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    flags = next((line for line in lines if line.startswith("flags")), "")
    return {"constant_tsc", "nonstop_tsc"} <= set(flags.split())


def test_the_tsc_is_used_where_it_is_invariant(internals: tuple[Any, Any]) -> None:
    _, lib = internals
    assert lib.B3_CLOCK_SHIFT == SHIFT
    clock = calibrated(internals)
    assert clock.source == (lib.B3_CLOCK_TSC if cpu_has_invariant_tsc() else lib.B3_CLOCK_MONOTONIC)
    if clock.source == lib.B3_CLOCK_MONOTONIC:
        assert clock.ns_per_tick == 1 << SHIFT


@pytest.mark.parametrize("span_ns", [99_999, 0, -1, -(2**63)])
def test_too_short_a_calibration_is_refused(internals: tuple[Any, Any], span_ns: int) -> None:
    ffi, lib = internals
    assert lib.b3_clock_calibrate(ffi.new("b3_clock *"), span_ns) == lib.B3_ERR_ARGUMENT


def test_ticks_measure_what_the_monotonic_clock_measures(internals: tuple[Any, Any]) -> None:
    _, lib = internals
    clock = calibrated(internals)
    outer_start = lib.b3t_clock_raw_ns()
    start = lib.b3t_clock_ticks(clock)
    inner_start = lib.b3t_clock_raw_ns()
    time.sleep(0.05)
    inner_end = lib.b3t_clock_raw_ns()
    end = lib.b3t_clock_ticks(clock)
    outer_end = lib.b3t_clock_raw_ns()
    elapsed_ns = lib.b3t_clock_elapsed_ns(clock, start, end)
    # The span lies between the two that enclose it and that it encloses, give or take the calibration's error.
    assert (inner_end - inner_start) * (1 - 1e-3) <= elapsed_ns <= (outer_end - outer_start) * (1 + 1e-3)


@settings(max_examples=200, deadline=None)
@given(
    ns_per_tick=st.integers(1, 1 << 54),
    start=st.integers(0, 2**64 - 1),
    delta=st.integers(-(2**52), 2**52),
)
def test_conversion_is_exact(internals: tuple[Any, Any], ns_per_tick: int, start: int, delta: int) -> None:
    ffi, lib = internals
    clock = ffi.new("b3_clock *", {"ns_per_tick": ns_per_tick})
    assert lib.b3t_clock_elapsed_ns(clock, start, (start + delta) % 2**64) == (delta * ns_per_tick) >> SHIFT


def test_a_good_clock_shows_little_drift(internals: tuple[Any, Any]) -> None:
    ffi, lib = internals
    clock = calibrated(internals)
    time.sleep(0.05)
    drift = ffi.new("b3_clock_drift *")
    lib.b3_clock_recheck(clock, drift)
    assert drift.span_ns >= 50_000_000
    assert abs(drift.drift_ppb) < 1_000_000
    assert drift.uncertainty_ns >= 0


@pytest.mark.parametrize("wrong_ppm", [-5000, 5000])
def test_a_wrong_clock_is_found(internals: tuple[Any, Any], wrong_ppm: int) -> None:
    ffi, lib = internals
    clock = calibrated(internals)
    clock.ns_per_tick = clock.ns_per_tick * (1_000_000 + wrong_ppm) // 1_000_000
    time.sleep(0.05)
    drift = ffi.new("b3_clock_drift *")
    lib.b3_clock_recheck(clock, drift)
    assert drift.drift_ppb == pytest.approx(wrong_ppm * 1000, rel=0.2)
    assert drift.error_ns * wrong_ppm > 0


def test_without_tsc_a_tick_is_a_nanosecond(internals: tuple[Any, Any]) -> None:
    ffi, lib = internals
    clock = ffi.new("b3_clock *", {"source": lib.B3_CLOCK_MONOTONIC, "ns_per_tick": 1 << SHIFT})
    before = lib.b3t_clock_raw_ns()
    ticks = lib.b3t_clock_ticks(clock)
    assert before <= ticks <= lib.b3t_clock_raw_ns()
    assert lib.b3t_clock_elapsed_ns(clock, before, ticks) == ticks - before


def test_wall_time_is_utc_nanoseconds(internals: tuple[Any, Any]) -> None:
    _, lib = internals
    before = time.time_ns()
    now = lib.b3t_clock_wall_ns()
    assert before <= now <= time.time_ns()
