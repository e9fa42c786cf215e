"""Checks that are nothing but a file with a good value: pure data, one row each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from hwtune.checks.common import absent, chosen, file_target, integer
from hwtune.facts import Facts
from hwtune.model import Answer, Boot, Change, check, good, judge


@dataclass(frozen=True)
class Knob:
    """`accept` judges the text read; `want` is what to write when it is bad. `cmdline` is the boot twin, if any.

    `absent_good` names why the missing file is itself the good state.
    """

    id: str
    path: str
    accept: Callable[[str], bool]
    want: str
    cmdline: tuple[str, str | None] | None = None
    absent_good: str = ""
    may_refuse: bool = False
    rank: int = 50


def exactly(*values: str) -> Callable[[str], bool]:
    """Accepts these values; of `a [b] c` the bracketed one counts."""
    return lambda text: chosen(text) in values


def at_least(bound: int) -> Callable[[str], bool]:
    """Accepts numbers from `bound` on."""
    return lambda text: integer(text, "value") >= bound


def between(low: int, high: int) -> Callable[[str], bool]:
    """Accepts numbers from `low` to `high`, both included."""
    return lambda text: low <= integer(text, "value") <= high


def sysctl_boot(path: str, value: str) -> tuple[Boot, ...]:
    """The sysctl.d line of a /proc/sys file; other files have none."""
    stem = "/proc/sys/"
    return (Boot("sysctl", path.removeprefix(stem).replace("/", "."), value),) if path.startswith(stem) else ()


THP = "/sys/kernel/mm/transparent_hugepage"

KNOBS = (
    Knob("cpu.split_lock", "/proc/sys/kernel/split_lock_mitigate", exactly("0"), "0", ("split_lock_detect", "off")),
    Knob("sched.timer_migration", "/proc/sys/kernel/timer_migration", exactly("0"), "0"),
    Knob(
        "sched.autogroup",
        "/proc/sys/kernel/sched_autogroup_enabled",
        exactly("0"),
        "0",
        ("noautogroup", None),
        absent_good="kernel without autogroup",
    ),
    Knob(
        "sched.numa_balancing",
        "/proc/sys/kernel/numa_balancing",
        exactly("0"),
        "0",
        ("numa_balancing", "disable"),
        absent_good="kernel without NUMA balancing",
    ),
    Knob(
        "sched.nmi_watchdog", "/proc/sys/kernel/nmi_watchdog", exactly("0"), "0", ("nmi_watchdog", "0"), may_refuse=True
    ),
    Knob("sched.stat_interval", "/proc/sys/vm/stat_interval", at_least(10), "10"),
    Knob(
        "sched.hung_task",
        "/proc/sys/kernel/hung_task_timeout_secs",
        lambda t: integer(t, "value") == 0 or integer(t, "value") >= 600,
        "600",
        absent_good="kernel without the scanner",
    ),
    Knob("sched.rcu_normal", "/sys/kernel/rcu_normal", exactly("1"), "1", ("rcupdate.rcu_normal_after_boot", "1")),
    Knob(
        "mem.thp",
        f"{THP}/enabled",
        exactly("never", "madvise"),
        "madvise",
        ("transparent_hugepage", "madvise"),
        absent_good="kernel without transparent huge pages",
    ),
    Knob(
        "mem.thp_defrag",
        f"{THP}/defrag",
        exactly("never", "defer", "madvise", "defer+madvise"),
        "madvise",
        absent_good="kernel without transparent huge pages",
    ),
    Knob("mem.ksm", "/sys/kernel/mm/ksm/run", exactly("0"), "0", absent_good="kernel without page merging"),
    Knob(
        "mem.compaction",
        "/proc/sys/vm/compaction_proactiveness",
        exactly("0"),
        "0",
        absent_good="kernel without proactive compaction",
    ),
    Knob("mem.zone_reclaim", "/proc/sys/vm/zone_reclaim_mode", exactly("0"), "0", absent_good="kernel without NUMA"),
    Knob(
        "kernel.io_uring",
        "/proc/sys/kernel/io_uring_disabled",
        exactly("0"),
        "0",
        absent_good="kernel without the switch: always allowed",
    ),
    Knob("kernel.bpf_jit", "/proc/sys/net/core/bpf_jit_enable", exactly("1", "2"), "1"),
    Knob("net.busy_poll", "/proc/sys/net/core/busy_poll", at_least(1), "50"),
    Knob("net.rmem", "/proc/sys/net/core/rmem_max", at_least(16 << 20), str(16 << 20)),
    Knob("net.backlog", "/proc/sys/net/core/netdev_max_backlog", at_least(1000), "2000"),
    Knob("net.rfs", "/proc/sys/net/core/rps_sock_flow_entries", exactly("0"), "0"),
    Knob("net.tcp_idle", "/proc/sys/net/ipv4/tcp_slow_start_after_idle", exactly("0"), "0"),
    Knob("net.igmp_limits", "/proc/sys/net/ipv4/igmp_max_memberships", at_least(20), "128"),
    Knob(
        "power.platform_profile",
        "/sys/firmware/acpi/platform_profile",
        exactly("performance"),
        "performance",
        may_refuse=True,
    ),
    Knob(
        "nic.aspm",
        "/sys/module/pcie_aspm/parameters/policy",
        exactly("performance"),
        "performance",
        ("pcie_aspm", "off"),
        may_refuse=True,
    ),
)


def probe(knob: Knob) -> Callable[[Facts], Answer]:
    """The probe of a knob: reads, judges, proposes the write and its boot twins."""

    def ask(facts: Facts) -> Answer:
        text = facts.host.get(knob.path)
        if text is None:
            answer = absent(facts, knob.path)
            missing_dir = knob.path.startswith(THP) and facts.host.listdir("/sys/kernel/mm")
            if knob.absent_good and (missing_dir or answer.why.startswith("this kernel")):
                return good(knob.absent_good)
            return answer
        boot = sysctl_boot(knob.path, knob.want) + ((Boot("cmdline", *knob.cmdline),) if knob.cmdline else ())
        change = Change(file_target(knob.path), knob.want, knob.rank, knob.may_refuse)
        return judge(knob.accept(text), f"{knob.path} = {text}", change, boot=boot)

    return ask


for _knob in KNOBS:
    check(_knob.id)(probe(_knob))
