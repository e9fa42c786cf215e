"""All probes, one module a group. Importing this package registers them; `run` asks them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from fnmatch import fnmatchcase

from hwtune.checks import clock, cpu, irq, kernel, knobs, measured, memory, network, nic, power, sched, system
from hwtune.errors import AccessError, HwtuneError, ParseError
from hwtune.facts import Facts
from hwtune.model import PROBES, Answer, Result, Row, Severity, catalogue, unknown

__all__ = [
    "clock",
    "cpu",
    "irq",
    "kernel",
    "knobs",
    "measured",
    "memory",
    "network",
    "nic",
    "power",
    "run",
    "sched",
    "score",
    "select",
    "system",
]


def select(only: Iterable[str], skip: Iterable[str], severity: Severity = Severity.INFO) -> list[Row]:
    """Rows whose id or group matches `only` (all if empty) and not `skip`, at least of `severity`.

    Patterns may hold `*`; a group's name stands for all its rows. Raises HwtuneError for a pattern that fits nothing.
    """
    rows = list(catalogue().values())

    def fits(row: Row, pattern: str) -> bool:
        return row.group == pattern or fnmatchcase(row.id, pattern)

    only, skip = list(only), list(skip)
    for pattern in only + skip:
        if not any(fits(row, pattern) for row in rows):
            raise HwtuneError(f"no check or group is called {pattern!r}", do="see: bot3 tune check --list")
    return [
        row
        for row in rows
        if row.severity.rank <= severity.rank
        and (not only or any(fits(row, p) for p in only))
        and not any(fits(row, p) for p in skip)
    ]


def ask(row: Row, facts: Facts) -> Answer:
    """One probe's answer. What cannot be read makes it unknown, with the reason; nothing else is caught."""
    try:
        return PROBES[row.id](facts)
    except AccessError as error:
        return unknown(f"{error.problem.value}: {error.where}" + (f" ({error.detail})" if error.detail else ""))
    except ParseError as error:
        return unknown(f"cannot be understood: {error}")


def run(facts: Facts, rows: Iterable[Row], progress: Callable[[Row], None] = lambda row: None) -> list[Result]:
    """Asks each row's probe, in order."""
    results: list[Result] = []
    for row in rows:
        progress(row)
        results.append(Result(row, ask(row, facts)))
    return results


def score(results: Iterable[Result]) -> float | None:
    """Share of the weight that is good among what is good or bad, 0 to 100; None if nothing could be judged."""
    weights = {"good": 0, "bad": 0}
    for result in results:
        if result.answer.verdict.value in weights:
            weights[result.answer.verdict.value] += result.row.weight
    total = sum(weights.values())
    return 100.0 * weights["good"] / total if total else None
