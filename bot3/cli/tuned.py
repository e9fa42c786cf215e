"""`bot3 run --tuned`: the host prepared while the engine runs, by the package hwtune, and put back after it."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol

from bot3.errors import ArgumentError

__all__ = ["LAST_CPU", "tuned"]

LAST_CPU = "last"


class _Ui(Protocol):
    def say(self, text: str) -> None: ...
    def warn(self, text: str) -> None: ...


def tuned(cpus: str, ui: _Ui) -> Callable[[], AbstractContextManager[None]]:
    """Return what holds the tuning: pinned to `cpus` ("3", "2-3", or LAST_CPU), memory locked, idle states and
    interrupts kept away. What the system refuses is warned about, and the rest is done. The scheduling policy stays: a
    spinning thread at real-time priority can starve what it waits for.

    Raises ArgumentError: no hwtune here, or CPUs that are not this process's.
    """
    if importlib.util.find_spec("hwtune") is None:
        raise ArgumentError("needs the package hwtune, which is not installed", where="--tuned")
    from hwtune import HwtuneError, Scope, scoped
    from hwtune.cpus import parse_list

    ours = os.sched_getaffinity(0)
    try:
        chosen = frozenset({max(ours)}) if cpus == LAST_CPU else frozenset(parse_list(cpus))
    except HwtuneError as error:
        raise ArgumentError(str(error), where="--tuned") from error
    if not chosen or not chosen <= ours:
        usable = ",".join(map(str, sorted(ours)))
        raise ArgumentError(f"{cpus!r} names no CPU, or one that is not ours", where="--tuned", hint=f"Ours: {usable}.")
    # Interrupts have to go somewhere: with all CPUs chosen they stay where they are.
    away = chosen if len(chosen) < (os.cpu_count() or 1) else frozenset()
    scope = Scope(cpus=chosen, lock_memory=True, dma_latency_us=0, move_irqs_from=away)

    @contextmanager
    def hold() -> Iterator[None]:
        with scoped(scope) as done:
            ui.say(f"tuned: {'; '.join(done.done) or 'nothing'}")
            for refused in done.refused:
                ui.warn(f"not tuned: {refused}")
            yield
        ui.say("tuned: all of it put back")

    return hold
