"""Checks that are measurements: they judge what `bot3 tune measure` found, and say so when it was not run."""

from __future__ import annotations

from statistics import median

from hwtune.checks.common import absent, cpus, some
from hwtune.facts import Facts
from hwtune.model import Answer, check, good, judge, not_applicable, unknown

NOT_MEASURED = unknown("not measured: run `bot3 tune check --measure` (it keeps each hot CPU busy for a second)")
TICKS_MAX_PER_S = 10.0


@check("meas.tick")
def _tick(facts: Facts) -> Answer:
    if not facts.hot:
        return not_applicable("no hot CPUs are planned")
    if facts.measurement is not None and facts.measurement.gaps:
        rates = {g.cpu: g.ticks_per_s for g in facts.measurement.gaps if g.ticks_per_s is not None}
        return judge(
            all(r <= TICKS_MAX_PER_S for r in rates.values()),
            some([f"CPU {c} {r:.0f}/s under a spinner" for c, r in rates.items()]),
        )
    if "LOC" not in facts.window.interrupts:
        return absent(facts, "/proc/interrupts:LOC", "the architecture does not count ticks there")
    counts = facts.window.interrupts["LOC"].counts
    hot = [n for cpu, n in counts.items() if cpu in facts.hot]
    rest = [n for cpu, n in counts.items() if cpu not in facts.hot and cpu >= 0]
    if not hot or not rest:
        return unknown("absent: /proc/interrupts does not show hot and other CPUs")
    hot_median, rest_median = median(hot), median(rest)
    if facts.window.since_boot:
        saw = f"timer ticks since boot: median {hot_median:.0f} on {cpus(facts.hot)}, {rest_median:.0f} elsewhere"
        # A core whose tick is stopped counts orders of magnitude fewer; a half is no sign of that.
        return judge(hot_median * 2 < rest_median, saw)
    rate = max(hot) / facts.window.seconds
    return judge(rate <= TICKS_MAX_PER_S, f"at most {rate:.1f} ticks per second on {cpus(facts.hot)} (idle or not)")


@check("meas.gap")
def _gap(facts: Facts) -> Answer:
    if facts.measurement is None or not facts.measurement.gaps:
        return NOT_MEASURED
    worst = max(facts.measurement.gaps, key=lambda g: g.max_us)
    ok = worst.p999_us < 10 and worst.max_us < 50
    return judge(
        ok,
        f"worst CPU {worst.cpu}: {worst.rate_per_s:.0f} gaps/s, p99.9 {worst.p999_us:.1f} us, max {worst.max_us:.1f} us"
        + (f"; {worst.cause}" if worst.cause else ""),
    )


@check("meas.ctxsw")
def _ctxsw(facts: Facts) -> Answer:
    if facts.measurement is None or not facts.measurement.gaps:
        return NOT_MEASURED
    switched = {g.cpu: g.involuntary for g in facts.measurement.gaps if g.involuntary}
    return judge(not switched, some([f"CPU {c}: {n} switches" for c, n in switched.items()]) or "none")


@check("meas.wakeup")
def _wakeup(facts: Facts) -> Answer:
    if facts.measurement is None or not facts.measurement.wakeups:
        return NOT_MEASURED
    worst = max(facts.measurement.wakeups, key=lambda w: w.p999_us)
    return judge(worst.p999_us < 30, f"worst CPU {worst.cpu}: p50 {worst.p50_us:.1f} us, p99.9 {worst.p999_us:.1f} us")


@check("meas.udp_rtt")
def _udp_rtt(facts: Facts) -> Answer:
    if facts.measurement is None or not facts.measurement.rtt:
        return NOT_MEASURED
    return good(
        some([f"{r.protocol} {r.peer}: p50 {r.p50_us:.1f} us, p99 {r.p99_us:.1f} us" for r in facts.measurement.rtt])
    )


@check("clock.cost")
def _clock_cost(facts: Facts) -> Answer:
    if facts.measurement is None or facts.measurement.clocks is None:
        return NOT_MEASURED
    cost = facts.measurement.clocks.read_ns["realtime"]
    return judge(cost < 40, f"clock_gettime(CLOCK_REALTIME) {cost:.1f} ns")


@check("clock.tsc_sync")
def _tsc_sync(facts: Facts) -> Answer:
    if facts.measurement is None or facts.measurement.clocks is None:
        return NOT_MEASURED
    backward = facts.measurement.clocks.tsc_backward_pairs
    if backward is None:
        return not_applicable("one CPU only, or no TSC")
    return judge(backward == 0, f"{backward} pairs of CPUs saw the TSC run backward")


@check("mem.prefault")
def _prefault(facts: Facts) -> Answer:
    if facts.measurement is None or not facts.measurement.gaps:
        return NOT_MEASURED
    faults = sum(g.faults for g in facts.measurement.gaps)
    return judge(faults == 0, f"{faults} page faults in the spinning loops")
