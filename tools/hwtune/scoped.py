"""Tuning for the time one engine runs: pin, policy, locked memory, idle states, interrupts. Restored when it ends.

    hot = frozenset({3})
    with scoped(Scope(cpus=hot, fifo=50, lock_memory=True, dma_latency_us=0, move_irqs_from=hot)) as done:
        run_the_engine()

What dies with the process (its affinity, its policy, its locks, the held /dev/cpu_dma_latency) needs no journal.
Interrupt masks outlive it: they go through the journal, so `bot3 tune undo` restores them after kill -9.
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field

from hwtune import apply as applying
from hwtune.cpus import CpuSet, format_list
from hwtune.errors import AccessError, PrivilegeError
from hwtune.facts import Facts
from hwtune.host import LiveHost, access_error
from hwtune.model import Change
from hwtune.roles import Roles

MCL_CURRENT, MCL_FUTURE = 1, 2
DMA_LATENCY = "/dev/cpu_dma_latency"


@dataclass(frozen=True)
class Scope:
    """What to hold while the block runs. `cpus` pins the calling thread (and threads it starts); `fifo` 0 keeps the
    policy; `dma_latency_us` None holds nothing; `move_irqs_from` are CPUs to clear of interrupts.

    `require`: raise if anything is refused; otherwise it is listed in `Done.refused` and the rest is still done.
    """

    cpus: CpuSet = frozenset()
    fifo: int = 0
    lock_memory: bool = False
    dma_latency_us: int | None = None
    move_irqs_from: CpuSet = frozenset()
    require: bool = False


@dataclass
class Done:
    """What is in force inside the block, in words, and what the system refused, with the reason."""

    done: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)


@contextmanager
def scoped(scope: Scope, host: LiveHost | None = None) -> Iterator[Done]:
    """Holds `scope` for the block and restores all of it after, also when the block raises.

    Raises AccessError (with `require`), LockedError if another hwtune is changing interrupts.
    """
    done = Done()
    steps = (_move_irqs, _pin, _policy, _lock, _hold)
    with ExitStack() as stack:
        for step in steps:
            try:
                text = step(scope, host or LiveHost(), stack)
                if text:
                    done.done.append(text)
            except (AccessError, PrivilegeError) as error:
                if scope.require:
                    raise
                done.refused.append(str(error))
        yield done


def _pin(scope: Scope, host: LiveHost, stack: ExitStack) -> str:
    if not scope.cpus:
        return ""
    before = os.sched_getaffinity(0)
    try:
        os.sched_setaffinity(0, scope.cpus)
    except OSError as error:
        raise access_error(error, f"pin to CPU {format_list(scope.cpus)}") from error
    stack.callback(os.sched_setaffinity, 0, before)
    return f"pinned to CPU {format_list(scope.cpus)}"


def _policy(scope: Scope, host: LiveHost, stack: ExitStack) -> str:
    if not scope.fifo:
        return ""
    policy, param = os.sched_getscheduler(0), os.sched_getparam(0)
    try:
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(scope.fifo))
    except OSError as error:
        # cgroup v1 groups start without real-time budget: then root is refused too
        raise access_error(error, f"SCHED_FIFO {scope.fifo} (see checks lim.rtprio, sched.rt_group)") from error
    stack.callback(os.sched_setscheduler, 0, policy, param)
    return f"SCHED_FIFO priority {scope.fifo}"


def _lock(scope: Scope, host: LiveHost, stack: ExitStack) -> str:
    if not scope.lock_memory:
        return ""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.mlockall(MCL_CURRENT | MCL_FUTURE) != 0:
        number = ctypes.get_errno()
        raise access_error(OSError(number, os.strerror(number)), "mlockall (see check lim.memlock)")
    stack.callback(libc.munlockall)
    return "memory is locked"


def _hold(scope: Scope, host: LiveHost, stack: ExitStack) -> str:
    if scope.dma_latency_us is None:
        return ""
    try:
        fd = os.open(host.root + DMA_LATENCY, os.O_WRONLY | os.O_CLOEXEC)
    except OSError as error:
        raise access_error(error, DMA_LATENCY) from error
    stack.callback(os.close, fd)
    try:
        # the request lasts as long as the descriptor: the kernel drops it also after kill -9
        os.write(fd, scope.dma_latency_us.to_bytes(4, "little", signed=True))
    except OSError as error:
        raise access_error(error, DMA_LATENCY) from error
    return f"{DMA_LATENCY} held at {scope.dma_latency_us} us"


def _move_irqs(scope: Scope, host: LiveHost, stack: ExitStack) -> str:
    if not scope.move_irqs_from:
        return ""
    facts = Facts(host, Roles(hot={"engine": scope.move_irqs_from}))
    home = facts.housekeeping
    changes = [
        (
            "irq.requested",
            Change(
                f"file:/proc/irq/{irq.number}/smp_affinity_list", format_list(irq.asked & home or home), may_refuse=True
            ),
        )
        for irq in facts.irqs
        if irq.name and irq.asked & scope.move_irqs_from
    ]
    before = applying.status(host)
    applied = applying.apply(host, changes, facts.roles.model_dump(mode="json"))
    if before is None:
        stack.callback(applying.undo, host)
        return f"{len(applied.changed)} interrupts moved, {len(applied.refused)} refused"
    # Applied already by `bot3 tune apply`: they belong to that, and its undo takes them back.
    return f"{len(applied.changed)} interrupts moved within what is applied already"
