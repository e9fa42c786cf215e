"""Real changes on this machine, as root, each put back: the snapshot before equals the one after undo.

Everything is short and small, and nothing here moves a thread of another process. Where the machine lacks a knob the
test says which.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from hwtune_faults import killed_at

from hwtune import apply as applying
from hwtune import checks, journal
from hwtune.cpus import format_list, format_mask, parse_list
from hwtune.errors import AccessError
from hwtune.facts import Facts
from hwtune.host import LiveHost
from hwtune.model import Change, Verdict, catalogue
from hwtune.roles import Roles
from hwtune.targets import Targets

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="changing the host needs root")

HOST = LiveHost()
TARGETS = Targets(HOST)


@pytest.fixture(autouse=True)
def nothing_is_left() -> Iterator[None]:
    """Undoes also when a test fails; refuses to run over somebody's applied changes."""
    if journal.load(HOST) is not None:
        pytest.skip("bot3 tune has changes applied on this machine: undo them first")
    yield
    applying.undo(HOST)


@pytest.fixture(scope="module")
def veth() -> Iterator[str]:
    name = f"hwt{os.getpid() % 10000}"
    made = subprocess.run(
        [
            "ip",
            "link",
            "add",
            f"{name}a",
            "numrxqueues",
            "2",
            "numtxqueues",
            "2",
            "type",
            "veth",
            "peer",
            "name",
            f"{name}b",
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    if made.returncode != 0:
        pytest.skip(f"no veth pair can be made: {made.stderr.strip()}")
    yield f"{name}a"
    subprocess.run(["ip", "link", "del", f"{name}a"], check=True)


@pytest.fixture(scope="module")
def cgroups() -> Iterator[list[tuple[str, str]]]:
    """(file, another valid value) in groups of our own, for v1 and v2."""
    found: list[tuple[str, str]] = []
    made: list[Path] = []
    mounts = Path("/proc/mounts").read_text()
    v2 = re.search(r"^\S+ (\S+) cgroup2 ", mounts, re.MULTILINE)
    v1 = re.search(r"^\S+ (\S+) cgroup \S*\bcpu\b", mounts, re.MULTILINE)
    for match, knob, value in ((v1, "cpu.cfs_quota_us", "50000"), (v2, "cgroup.max.depth", "3")):
        if match is None:
            continue
        group = Path(match.group(1)) / f"hwtune-test-{os.getpid()}"
        group.mkdir()
        made.append(group)
        if (group / knob).exists():
            found.append((str(group / knob), value))
    yield found
    for group in made:
        group.rmdir()


def other(path: str, *values: str) -> list[tuple[str, Change]]:
    """A change of `path` to the first of `values` that it does not hold; none if the file is absent."""
    if not HOST.exists(path):
        return []
    now = TARGETS.read(f"file:{path}")
    value = next(v for v in values if v != now)
    return [("test", Change(f"file:{path}", value))]


def changes(veth: str, cgroups: list[tuple[str, str]]) -> list[tuple[str, Change]]:
    cpus = HOST.get("/sys/devices/system/cpu/online") or "0"
    first = format_list({min(parse_list(cpus))})
    mask_path = "/sys/devices/virtual/workqueue/cpumask"
    found = [
        *other("/proc/sys/vm/stat_interval", "10", "11"),
        *other("/proc/sys/kernel/timer_migration", "0", "1"),
        *other("/proc/sys/vm/dirty_background_bytes", "67108864", "67108865"),
        *other("/proc/sys/net/core/netdev_max_backlog", "2000", "2001"),
        *other("/proc/sys/vm/min_free_kbytes", "67600", "67700"),
        *other("/sys/kernel/mm/transparent_hugepage/enabled", "never", "madvise"),
        *other("/sys/kernel/mm/transparent_hugepage/khugepaged/defrag", "0", "1"),
        *other("/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages", "2", "3"),
        *other(mask_path, format_mask({0}, HOST.get(mask_path) or "0")),
        *other("/proc/irq/default_smp_affinity", format_mask({0}, HOST.get("/proc/irq/default_smp_affinity") or "0")),
    ]
    irqs = [p for p in HOST.glob("/proc/irq/*/smp_affinity_list") if HOST.get(p) != first]
    found += [("test", Change(f"file:{path}", first, may_refuse=True)) for path in irqs[:4]]
    found += [("test", Change(f"nic:{veth}:gro", str(1 - int(TARGETS.read(f"nic:{veth}:gro")))))]
    found += [("test", Change(f"nic:{veth}:tso", str(1 - int(TARGETS.read(f"nic:{veth}:tso")))))]
    found += other(f"/sys/class/net/{veth}/queues/rx-0/rps_cpus", "1", "2")
    found += other(f"/sys/class/net/{veth}/gro_flush_timeout", "20000", "30000")
    return found + [("test", Change(f"file:{path}", value)) for path, value in cgroups]


def snapshot(wanted: list[tuple[str, Change]]) -> dict[str, str]:
    targets = [change.target for _, change in wanted]
    twins = ["file:/proc/sys/vm/dirty_background_ratio", "file:/proc/sys/vm/min_free_kbytes"]
    return {target: TARGETS.read(target) for target in targets + twins}


def test_apply_verify_undo_of_every_kind_of_knob(veth: str, cgroups: list[tuple[str, str]]) -> None:
    wanted = changes(veth, cgroups)
    before = snapshot(wanted)
    assert len(wanted) >= 10
    done = applying.apply(HOST, wanted, {})
    assert len(done.changed) + len(done.refused) == len(wanted)
    assert all("/proc/irq/" in text or "irq" in text for text in done.refused)
    assert applying.verify(HOST) == []
    assert snapshot(wanted) != before
    undone = applying.undo(HOST)
    assert not undone.failed and not undone.gone
    assert snapshot(wanted) == before


def test_killed_before_each_single_write_undo_restores_all(veth: str, cgroups: list[tuple[str, str]]) -> None:
    wanted = changes(veth, cgroups)
    before = snapshot(wanted)
    points = 0
    while killed_at(points, lambda: applying.apply(HOST, wanted, {})):
        undone = applying.undo(HOST)
        assert not undone.failed, f"killed before write {points}"
        assert snapshot(wanted) == before, f"killed before write {points}"
        points += 1
    assert points > len(wanted)
    applying.undo(HOST)
    assert snapshot(wanted) == before


def test_a_failing_change_puts_back_the_ones_before_it() -> None:
    good = other("/proc/sys/vm/stat_interval", "10", "11")
    refused = ("test", Change("file:/proc/sys/net/core/netdev_budget_usecs", "1"))
    if not good or not HOST.exists("/proc/sys/net/core/netdev_budget_usecs"):
        pytest.skip("this kernel lacks stat_interval or netdev_budget_usecs")
    before = snapshot(good)
    with pytest.raises(applying.ApplyError, match="netdev_budget_usecs"):
        applying.apply(HOST, [*good, refused], {})
    assert snapshot(good) == before and journal.load(HOST) is None


def test_a_thread_is_moved_and_put_back_and_only_the_same_thread() -> None:
    if (os.cpu_count() or 1) < 2:
        pytest.skip("one CPU only: nowhere to move a thread to")
    child = subprocess.Popen(["sleep", "30"])
    try:
        start = Path(f"/proc/{child.pid}/stat").read_text().rpartition(")")[2].split()[19]
        before = os.sched_getaffinity(child.pid)
        target = f"task:{child.pid}:{start}"
        applying.apply(HOST, [("test", Change(target, "0"))], {})
        assert os.sched_getaffinity(child.pid) == {0}
        applying.undo(HOST)
        assert os.sched_getaffinity(child.pid) == before
        with pytest.raises(AccessError, match="in use again"):
            TARGETS.read(f"task:{child.pid}:{int(start) + 1}")
        applying.apply(HOST, [("test", Change(target, "0"))], {})
    finally:
        child.kill()
        child.wait()
    undone = applying.undo(HOST)
    assert len(undone.gone) == 1 and not undone.failed


def test_a_bandwidth_limit_on_our_own_group_is_found(cgroups: list[tuple[str, str]]) -> None:
    v1 = next((Path(path) for path, _ in cgroups if path.endswith("cpu.cfs_quota_us")), None)
    if v1 is None:
        pytest.skip("no cgroup v1 cpu controller here")
    pid = os.fork()
    if pid == 0:
        (v1.parent / "cgroup.procs").write_text(str(os.getpid()))
        v1.write_text("50000")
        answer = checks.ask(catalogue()["cgroup.quota"], Facts(HOST, Roles()))
        fixes = [c.target for c in answer.changes]
        ok = answer.verdict is Verdict.BAD and "50000" in answer.saw and fixes == [f"file:{v1}"]
        v1.write_text("-1")
        os._exit(0 if ok else 1)
    _, status = os.waitpid(pid, 0)
    assert os.waitstatus_to_exitcode(status) == 0


def test_a_new_v1_group_has_no_real_time_budget_and_it_is_found(cgroups: list[tuple[str, str]]) -> None:
    group = next((Path(path).parent for path, _ in cgroups if path.endswith("cpu.cfs_quota_us")), None)
    if group is None or not (group / "cpu.rt_runtime_us").exists():
        pytest.skip("no cgroup v1 cpu controller with real-time groups here")
    pid = os.fork()
    if pid == 0:
        (group / "cgroup.procs").write_text(str(os.getpid()))
        answer = checks.ask(catalogue()["sched.rt_group"], Facts(HOST, Roles(policy="fifo")))
        refused = False
        try:
            os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
        except PermissionError:
            refused = True
        os._exit(0 if answer.verdict is Verdict.BAD and refused else 1)
    _, status = os.waitpid(pid, 0)
    assert os.waitstatus_to_exitcode(status) == 0
