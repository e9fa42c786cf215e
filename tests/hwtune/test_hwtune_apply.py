"""apply and undo on a tree that plays a host: order of writes, failures, locks, and a kill at each write in turn."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from hwtune_dumps import tree
from hwtune_faults import killed_at

from hwtune import apply as applying
from hwtune import journal
from hwtune.errors import AccessError, ApplyError, JournalError, LockedError, Problem
from hwtune.host import LiveHost
from hwtune.model import Change
from hwtune.plan import SYSCTL, UNIT

FILES = {
    "/proc/sys/vm/stat_interval": "1",
    "/proc/sys/vm/dirty_background_bytes": "0",
    "/proc/sys/vm/dirty_background_ratio": "10",
    "/proc/sys/vm/min_free_kbytes": "1000",
    "/sys/kernel/mm/transparent_hugepage/enabled": "always",
    "/sys/devices/virtual/workqueue/cpumask": "ff",
    "/proc/irq/25/smp_affinity_list": "0-7",
    "/proc/sys/kernel/random/boot_id": "boot-1",
    "/etc/default/grub": 'GRUB_CMDLINE_LINUX=""',
    "/proc/interrupts": "            CPU0\n 25:     7  PCI-MSI 1-edge   eth0-rx-0\n",
}
CHANGES = [
    ("sched.stat_interval", Change("file:/proc/sys/vm/stat_interval", "10")),
    ("mem.thp", Change("file:/sys/kernel/mm/transparent_hugepage/enabled", "madvise")),
    ("mem.dirty", Change("file:/proc/sys/vm/dirty_background_bytes", "67108864")),
    ("sched.wq_cpumask", Change("file:/sys/devices/virtual/workqueue/cpumask", "33")),
    ("irq.requested", Change("file:/proc/irq/25/smp_affinity_list", "0-1", may_refuse=True)),
    ("persist", Change(f"dropin:{SYSCTL}", "vm.stat_interval = 10\n")),
    ("persist", Change(f"dropin:{UNIT}", "[Unit]\n")),
]


class KernelHost(LiveHost):
    """A tree that behaves as the kernel does where the plain way of restoring is refused."""

    def write(self, path: str, text: str) -> None:
        if path.endswith("dirty_background_bytes") and text == "0":
            raise AccessError(Problem.INVALID, path, "Invalid argument")
        super().write(path, text)
        if path.endswith("dirty_background_bytes"):
            super().write(path.replace("bytes", "ratio"), "0")
        if path.endswith("dirty_background_ratio"):
            super().write(path.replace("ratio", "bytes"), "0")
        if path.endswith("transparent_hugepage/enabled"):
            super().write("/proc/sys/vm/min_free_kbytes", "67584")


@pytest.fixture
def host(tmp_path: Path) -> KernelHost:
    for path, text in FILES.items():
        file = tmp_path / path.lstrip("/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    (tmp_path / "run").mkdir()
    (tmp_path / "var/lib/hwtune").mkdir(parents=True)
    return KernelHost(str(tmp_path))


def settings(host: LiveHost) -> dict[str, bytes]:
    """The tree without the lock file, which may stay."""
    return {k: v for k, v in tree(Path(host.root)).items() if k != "run/hwtune.lock"}


def run(host: LiveHost, changes: list[tuple[str, Change]] = CHANGES) -> applying.Applied:
    return applying.apply(host, changes, {})


def test_apply_changes_verify_holds_and_undo_restores_the_whole_tree(host: KernelHost) -> None:
    before = settings(host)
    done = run(host)
    assert len(done.changed) == len(CHANGES) and not done.refused
    assert host.get("/proc/sys/vm/stat_interval") == "10" and host.get(SYSCTL) == "vm.stat_interval = 10"
    assert applying.verify(host) == []
    undone = applying.undo(host)
    assert not undone.failed and not undone.gone
    assert settings(host) == before
    assert applying.undo(host) == applying.Undone(), "a second undo has nothing to do"


def test_the_journal_is_on_disk_before_the_first_change(host: KernelHost, monkeypatch: pytest.MonkeyPatch) -> None:
    order: list[str] = []
    plain_write, plain_fsync, plain_rename = KernelHost.write, os.fsync, os.rename
    monkeypatch.setattr(
        KernelHost, "write", lambda self, p, t: (order.append(f"write {p}"), plain_write(self, p, t))[1]
    )
    monkeypatch.setattr(os, "fsync", lambda fd: (order.append("fsync"), plain_fsync(fd))[1])
    monkeypatch.setattr(os, "rename", lambda a, b: (order.append("rename"), plain_rename(a, b))[1])
    run(host)
    first = next(i for i, what in enumerate(order) if what.startswith("write"))
    assert order[:first] == ["fsync", "rename", "fsync"], "content, name and directory are durable first"


def test_killed_before_each_write_of_apply_undo_restores_all(host: KernelHost) -> None:
    before = settings(host)
    points = 0
    while killed_at(points, lambda: run(host)):
        applying.undo(host)
        assert settings(host) == before, f"killed before write {points}"
        points += 1
    # journal: create, rename; 5 files; 2 drop-ins with 2 each and directories; journal again
    assert points >= len(CHANGES) + 8
    applying.undo(host)
    assert settings(host) == before


def test_killed_before_each_write_of_undo_a_second_undo_finishes(host: KernelHost) -> None:
    before = settings(host)
    points = 0
    while True:
        run(host)
        killed = killed_at(points, lambda: applying.undo(host))
        applying.undo(host)
        assert settings(host) == before, f"undo killed before write {points}"
        if not killed:
            break
        points += 1
    assert points >= len(CHANGES)


def test_a_failure_in_the_middle_undoes_what_was_done(host: KernelHost) -> None:
    before = settings(host)
    absent = ("x", Change("file:/proc/sys/vm/dirty_background_bytes", "0"))  # refused by the kernel as a value
    host.write("/proc/sys/vm/dirty_background_bytes", "5")
    changed = settings(host)
    with pytest.raises(ApplyError) as error:
        run(host, [*CHANGES[:2], absent, *CHANGES[3:]])
    assert "Invalid argument" in str(error.value) and not error.value.left
    assert settings(host) == changed != before
    assert journal.load(host) is None


def test_what_the_system_refuses_is_reported_and_the_rest_goes_on(host: KernelHost) -> None:
    class Managed(KernelHost):
        def write(self, path: str, text: str) -> None:
            if "/irq/" in path:
                raise AccessError(Problem.FAILED, path, "Input/output error")
            super().write(path, text)

    managed = Managed(host.root)
    before = settings(host)
    done = run(managed)
    assert len(done.refused) == 1 and "/proc/irq/25" in done.refused[0] and len(done.changed) == len(CHANGES) - 1
    assert applying.verify(managed) == []
    applying.undo(managed)
    assert settings(host) == before


def test_a_second_apply_keeps_the_first_originals(host: KernelHost) -> None:
    before = settings(host)
    run(host, CHANGES[:2])
    run(host, [("sched.stat_interval", Change("file:/proc/sys/vm/stat_interval", "30")), *CHANGES[2:]])
    assert host.get("/proc/sys/vm/stat_interval") == "30"
    applying.undo(host)
    assert settings(host) == before


def test_a_second_apply_that_fails_leaves_the_first_in_force(host: KernelHost) -> None:
    before = settings(host)
    run(host, CHANGES[:3])
    first = settings(host)
    with pytest.raises(ApplyError):
        run(
            host,
            [
                ("sched.stat_interval", Change("file:/proc/sys/vm/stat_interval", "30")),
                ("x", Change("file:/proc/sys/vm/dirty_background_bytes", "0")),
            ],
        )
    assert settings(host) == first
    applying.undo(host)
    assert settings(host) == before


def test_two_at_once_the_second_is_refused(host: KernelHost) -> None:
    before = settings(host)
    with journal.locked(host):
        for work in (lambda: run(host), lambda: applying.undo(host)):
            with pytest.raises(LockedError, match=str(os.getpid())):
                work()
    assert settings(host) == before


def test_drift_is_found(host: KernelHost) -> None:
    run(host)
    host.write("/proc/sys/vm/stat_interval", "3")
    drifts = applying.verify(host)
    assert [(d.target, d.wanted, d.now) for d in drifts] == [("file:/proc/sys/vm/stat_interval", "10", "3")]


def test_an_interrupted_apply_must_be_undone_first(host: KernelHost) -> None:
    points = 0
    while (state := journal.load(host)) is None:
        assert killed_at(points, lambda: run(host))
        points += 1
    assert not state.complete
    for work in (lambda: run(host), lambda: applying.verify(host)):
        with pytest.raises(JournalError, match="bot3 tune undo"):
            work()


def test_a_damaged_journal_is_refused(host: KernelHost) -> None:
    run(host)
    path = Path(host.root + journal.JOURNAL)
    document = json.loads(path.read_text())
    document["journal"]["entries"][0]["original"]["value"] = "77"
    for text in (json.dumps(document), path.read_text()[:40], "[]", "{}"):
        path.write_text(text)
        with pytest.raises(JournalError):
            applying.undo(host)
    assert host.get("/proc/sys/vm/stat_interval") == "10", "nothing was touched"


def test_after_a_reboot_only_what_is_still_ours_is_put_back(host: KernelHost) -> None:
    run(host)
    host.write("/proc/sys/kernel/random/boot_id", "boot-2")
    host.write("/proc/sys/vm/stat_interval", "5")
    undone = applying.undo(host)
    assert any("stat_interval" in text for text in undone.gone) and host.get("/proc/sys/vm/stat_interval") == "5"
    assert host.get("/sys/kernel/mm/transparent_hugepage/enabled") == "always", "our drop-ins had set it again"
    assert not host.exists(SYSCTL)


def test_an_irq_number_that_means_another_device_is_left_alone(host: KernelHost) -> None:
    run(host)
    host.write("/proc/interrupts", FILES["/proc/interrupts"].replace("eth0-rx-0", "nvme0q1"))
    undone = applying.undo(host)
    assert len(undone.gone) == 1 and "nvme0q1" in undone.gone[0] and not undone.failed
    assert host.get("/proc/irq/25/smp_affinity_list") == "0-1"


def test_what_cannot_be_restored_is_said_and_tried_again(host: KernelHost) -> None:
    run(host)
    stubborn: dict[str, Any] = {"on": True}

    class Stubborn(KernelHost):
        def write(self, path: str, text: str) -> None:
            if stubborn["on"] and path.endswith("stat_interval"):
                raise AccessError(Problem.DENIED, path)
            super().write(path, text)

    undone = applying.undo(Stubborn(host.root))
    assert len(undone.failed) == 1 and "stat_interval" in undone.failed[0] and "'1'" in undone.failed[0]
    stubborn["on"] = False
    assert applying.undo(Stubborn(host.root)).restored == ["file:/proc/sys/vm/stat_interval"]
    assert journal.load(host) is None
