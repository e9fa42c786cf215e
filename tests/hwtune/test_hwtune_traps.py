"""Each trap that real systems set, as one test: odd files, refusals, look-alikes. See docs/TUNE.md."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from hwtune_dumps import facts_of

from hwtune import checks
from hwtune.apply import undo
from hwtune.dump import DumpHost
from hwtune.errors import AccessError, LockedError, Problem
from hwtune.facts import Facts
from hwtune.host import Host, LiveHost
from hwtune.journal import load, locked
from hwtune.model import Answer, Boot, Verdict, catalogue
from hwtune.plan import make_plan, merge_cmdline
from hwtune.roles import Roles
from hwtune.scoped import Scope, scoped

CPU = "sys/devices/system/cpu"
EIGHT = {f"{CPU}/online": "0-7\n", f"{CPU}/present": "0-7\n"}


def host_of(root: Path, files: dict[str, str]) -> DumpHost:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return DumpHost(root)


def ask(host: Host, check: str, **roles: object) -> Answer:
    return checks.ask(catalogue()[check], Facts(host, Roles.model_validate(roles)))


@pytest.mark.parametrize("text", ["\n", "\0\n", "(null)\n", "        (null)\n", "  (null)", ""])
def test_nohz_full_that_says_nothing_means_none(tmp_path: Path, text: str) -> None:
    # sysfs is right about what is in force: the boot option may have been ignored
    host = host_of(tmp_path, {**EIGHT, f"{CPU}/nohz_full": text, "proc/cmdline": "nohz_full=3"})
    answer = ask(host, "cpu.nohz_full", hot={"a": "3"})
    assert answer.verdict is Verdict.BAD and "missing CPU 3" in answer.saw


def test_absent_lists_are_read_from_the_command_line(tmp_path: Path) -> None:
    host = host_of(tmp_path, {**EIGHT, "proc/cmdline": "isolcpus=domain,managed_irq,3-N nohz_full=3-7"})
    for check in ("cpu.isolated", "cpu.nohz_full", "cpu.rcu_nocbs"):
        assert ask(host, check, hot={"a": "3,7"}).verdict is Verdict.GOOD, check
    managed = host_of(tmp_path / "m", {**EIGHT, "proc/cmdline": "isolcpus=managed_irq,3"})
    assert ask(managed, "cpu.isolated", hot={"a": "3"}).verdict is Verdict.UNKNOWN
    assert "without `domain`" in ask(managed, "cpu.isolation_consistent", hot={"a": "3"}).saw


def test_knobs_that_refuse_root_are_known_to() -> None:
    facts = facts_of("qemu-guests/stock.tgz", hot={"a": "6"}, nic="eth1")
    plan = make_plan(facts, checks.run(facts, checks.select([], [])))
    refusing = {s.change.target for s in plan.steps if s.change.may_refuse}
    assert "file:/sys/module/pcie_aspm/parameters/policy" in refusing
    assert any("/proc/irq/" in target for target in refusing)
    firm = {s.change.target for s in plan.steps} - refusing
    assert "file:/proc/sys/kernel/timer_migration" in firm


class Refusing(LiveHost):
    """A host whose debugfs is shut by lockdown, and that lacks another file altogether."""

    def get(self, path: str) -> str | None:
        if "/fair_server/" in path:
            raise AccessError(Problem.DENIED, path, "Operation not permitted")
        return "6.12.1" if path.endswith("osrelease") else None


def test_not_permitted_is_not_mistaken_for_not_there(tmp_path: Path) -> None:
    host_of(tmp_path, EIGHT)
    host = Refusing(str(tmp_path))
    denied = ask(host, "sched.dl_server", hot={"a": "3"}, policy="fifo")
    assert denied.verdict is Verdict.UNKNOWN and denied.why.startswith("no permission") and "fair_server" in denied.why


@pytest.mark.parametrize(
    ("groups", "files", "quota"),
    [
        (
            "0::/app\n",
            {
                "sys/fs/cgroup/app/cpu.max": "max 100000",
                "sys/fs/cgroup/cpu.max": "max 100000",
                "sys/fs/cgroup/app/cpuset.cpus.effective": "0-3",
            },
            False,
        ),
        (
            "0::/app/sub\n",
            {
                "sys/fs/cgroup/app/cpu.max": "20000 100000",
                "sys/fs/cgroup/app/sub/cpu.max": "max 100000",
                "sys/fs/cgroup/app/sub/cpuset.cpus.effective": "0-3",
            },
            True,
        ),
        (
            "4:cpuset:/a\n2:cpu,cpuacct:/a\n",
            {
                "sys/fs/cgroup/cpu,cpuacct/a/cpu.cfs_quota_us": "20000",
                "sys/fs/cgroup/cpuset/a/cpuset.effective_cpus": "0-3",
            },
            True,
        ),
        (
            "4:cpuset:/a\n2:cpu:/a\n0::/\n",
            {
                "sys/fs/cgroup/cpu/a/cpu.cfs_quota_us": "-1",
                "sys/fs/cgroup/unified/cgroup.procs": "",
                "sys/fs/cgroup/cpuset/a/cpuset.effective_cpus": "0-3",
            },
            False,
        ),
    ],
    ids=["v2", "v2 limited above us", "v1", "hybrid"],
)
def test_every_kind_of_cgroup(tmp_path: Path, groups: str, files: dict[str, str], quota: bool) -> None:
    host = host_of(tmp_path, {**EIGHT, **files, "proc/self/cgroup": groups})
    answer = ask(host, "cgroup.quota")
    assert answer.verdict is (Verdict.BAD if quota else Verdict.GOOD), answer
    assert ask(host, "cgroup.cpuset", hot={"a": "3"}).verdict is Verdict.GOOD
    outside = ask(host, "cgroup.cpuset", hot={"a": "7"})
    assert outside.verdict is Verdict.BAD and "CPU 7" in outside.saw


def test_a_container_does_not_hide_the_machine_below(tmp_path: Path) -> None:
    host = host_of(
        tmp_path,
        {".dockerenv": "", "proc/cpuinfo": "flags\t\t: fpu hypervisor\n", "sys/class/dmi/id/sys_vendor": "QEMU\n"},
    )
    answer = ask(host, "virt.kind")
    assert answer.verdict is Verdict.BAD and "guest of a hypervisor" in answer.saw and "in a container" in answer.saw
    bare = host_of(tmp_path / "b", {".dockerenv": "", "proc/cpuinfo": "flags\t\t: fpu\n"})
    assert ask(bare, "virt.kind").verdict is Verdict.GOOD


def test_a_realtime_kernel_lacks_files_that_are_then_good(tmp_path: Path) -> None:
    host = host_of(
        tmp_path,
        {
            **EIGHT,
            "sys/kernel/realtime": "1",
            "sys/kernel/mm/ksm/run": "0",
            "proc/sys/kernel/osrelease": "6.1.0-50-rt-amd64",
        },
    )
    for check in ("mem.thp", "mem.thp_defrag", "mem.khugepaged", "sched.numa_balancing"):
        assert ask(host, check).verdict is Verdict.GOOD, check
    assert ask(host, "sched.preempt_model").saw == "PREEMPT_RT"


def test_what_a_dump_left_out_is_unknown_and_never_good(tmp_path: Path) -> None:
    host = host_of(tmp_path, EIGHT)
    for check in (
        "mem.thp",
        "sched.numa_balancing",
        "net.rmem",
        "irq.effective",
        "proc.hot_threads",
        "kernel.io_uring",
    ):
        answer = ask(host, check, hot={"a": "3"})
        assert answer.verdict is Verdict.UNKNOWN and answer.why, (check, answer)


def test_an_affinity_mask_takes_effect_at_the_next_interrupt_only(tmp_path: Path) -> None:
    table = "            CPU0       CPU1\n 25:          0          9   PCI-MSI 1-edge      eth0-rx-0\n"
    host = host_of(
        tmp_path,
        {
            f"{CPU}/online": "0-1",
            "proc/interrupts": table,
            "proc/irq/25/smp_affinity_list": "0",
            "proc/irq/25/effective_affinity_list": "1",
        },
    )
    assert ask(host, "irq.requested", hot={"a": "1"}).verdict is Verdict.GOOD
    effective = ask(host, "irq.effective", hot={"a": "1"})
    assert effective.verdict is Verdict.BAD and "not yet where asked: 25 (eth0-rx-0)" in effective.saw


def test_a_fifo_spinner_on_a_nohz_full_cpu_still_ticks(tmp_path: Path) -> None:
    host = host_of(tmp_path, {**EIGHT, f"{CPU}/nohz_full": "3\n"})
    assert ask(host, "sched.fifo_nohz", hot={"a": "3"}, policy="fifo").verdict is Verdict.BAD
    assert ask(host, "sched.fifo_nohz", hot={"a": "3"}).verdict is Verdict.NOT_APPLICABLE


def test_irqbalance_that_bans_the_hot_cpus_is_good(tmp_path: Path) -> None:
    stat = "9 (irqbalance) S 1 " + "0 " * 48
    files = {**EIGHT, "proc/9/task/9/stat": stat, "proc/9/task/9/status": "Cpus_allowed_list:\t0-7\n"}
    assert ask(host_of(tmp_path / "a", files), "irq.irqbalance", hot={"a": "3"}).verdict is Verdict.BAD
    for line, verdict in (
        ("IRQBALANCE_BANNED_CPULIST=3,7", Verdict.GOOD),
        ("IRQBALANCE_BANNED_CPUS=00000088", Verdict.GOOD),
        ("IRQBALANCE_BANNED_CPULIST=7", Verdict.BAD),
    ):
        host = host_of(tmp_path / "b", {**files, "etc/default/irqbalance": line + "\n"})
        assert ask(host, "irq.irqbalance", hot={"a": "3"}).verdict is verdict, line


def test_a_planned_command_line_replaces_and_keeps() -> None:
    wanted = [
        Boot("cmdline", "isolcpus", "managed_irq,domain,3"),
        Boot("cmdline", "nosoftlockup"),
        Boot("cmdline", "nohz_full", "3"),
        Boot("sysctl", "vm.x", "1"),
    ]
    now = "root=/dev/sda1 isolcpus=1 quiet nohz-full=1 -- single"
    then = merge_cmdline(now, wanted)
    assert then == "root=/dev/sda1 quiet isolcpus=managed_irq,domain,3 nohz_full=3 nosoftlockup -- single"
    assert merge_cmdline(then, wanted) == then, "planned twice is planned once"


@pytest.mark.parametrize(
    ("now", "then"),
    [
        ("quiet", "quiet hugepagesz=2M hugepages=8"),
        ("hugepages=64 quiet", "quiet hugepagesz=2M hugepages=8"),
        ("hugepagesz=2M hugepages=64", "hugepagesz=2M hugepages=8"),
        ("default_hugepagesz=1G hugepages=4", "default_hugepagesz=1G hugepages=4 hugepagesz=2M hugepages=8"),
        ("hugepagesz=1G hugepages=4 hugepagesz=2M hugepages=9", "hugepagesz=1G hugepages=4 hugepagesz=2M hugepages=8"),
    ],
)
def test_of_two_counts_of_pages_the_kernel_ignores_the_second(now: str, then: str) -> None:
    wanted = [Boot("cmdline", "hugepagesz", "2M"), Boot("cmdline", "hugepages", "8")]
    assert merge_cmdline(now, wanted) == then
    assert merge_cmdline(then, wanted) == then
    both = [*wanted, Boot("cmdline", "hugepagesz", "1G"), Boot("cmdline", "hugepages", "2")]
    assert merge_cmdline(now, both).endswith("hugepagesz=2M hugepages=8 hugepagesz=1G hugepages=2")


def test_what_undo_cannot_give_back_is_planned_only_if_named() -> None:
    facts = facts_of("qemu-guests/traps.tgz", hot={"a": "7"})
    results = checks.run(facts, checks.select(["cpu"], []))
    cautious, named = (
        make_plan(facts, results, frozenset({"cpu"})),
        make_plan(facts, results, frozenset({"cpu.smt_active"})),
    )
    offline = "file:/sys/devices/system/cpu/cpu6/online"
    assert [s.change.target for s in cautious.opt_in] == [offline] and offline not in {
        s.change.target for s in cautious.steps
    }
    assert offline in {s.change.target for s in named.steps}


# The engine's helper

ROOT = os.geteuid() == 0


def test_a_scope_holds_while_it_lasts_and_restores_after() -> None:
    cpus = os.sched_getaffinity(0)
    one = frozenset({max(cpus)})
    with pytest.raises(RuntimeError, match="inside"), scoped(Scope(cpus=one, lock_memory=ROOT)) as done:
        assert os.sched_getaffinity(0) == one
        assert any(text.startswith("pinned") for text in done.done)
        raise RuntimeError("inside")
    assert os.sched_getaffinity(0) == cpus


@pytest.mark.skipif(not ROOT, reason="holding idle states and real-time priority needs root")
def test_a_scope_holds_idle_states_and_priority() -> None:
    device = Path("/dev/cpu_dma_latency")
    if not device.exists():
        pytest.skip("this kernel has no /dev/cpu_dma_latency")

    def limit() -> int:
        return int.from_bytes(device.read_bytes()[:4], "little", signed=True)

    before = limit()
    with scoped(Scope(fifo=5, dma_latency_us=0)) as done:
        assert limit() == 0
        refused = [text for text in done.refused if "SCHED_FIFO" in text]
        assert os.sched_getscheduler(0) == (os.SCHED_OTHER if refused else os.SCHED_FIFO)
    assert limit() == before and os.sched_getscheduler(0) == os.SCHED_OTHER


@pytest.mark.skipif(not ROOT, reason="moving interrupts needs root")
def test_a_scope_that_is_killed_leaves_a_journal_that_undo_restores() -> None:
    host = LiveHost()
    if load(host) is not None:
        pytest.skip("bot3 tune has changes applied on this machine")
    if len(os.sched_getaffinity(0)) < 2:
        pytest.skip("one CPU only: interrupts have nowhere to go")
    paths = host.glob("/proc/irq/*/smp_affinity_list")
    before = {p: host.get(p) for p in paths}
    hot = frozenset({max(os.sched_getaffinity(0))})
    with scoped(Scope(move_irqs_from=hot)) as done:
        assert load(host) is not None and "interrupts moved" in done.done[0]
    assert {p: host.get(p) for p in paths} == before and load(host) is None
    code = (
        "import os, signal\nfrom hwtune import Scope, scoped\n"
        f"with scoped(Scope(move_irqs_from=frozenset({{{max(hot)}}}))):\n    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    killed = subprocess.run(
        [sys.executable, "-c", code], env={**os.environ, "PYTHONPATH": ":".join(sys.path)}, check=False
    )
    try:
        assert killed.returncode == -9 and load(host) is not None
    finally:
        undone = undo(host)
    assert not undone.failed and {p: host.get(p) for p in paths} == before


def test_what_is_refused_is_told_or_raised(tmp_path: Path) -> None:
    empty = LiveHost(str(tmp_path))
    with scoped(Scope(dma_latency_us=0), empty) as done:
        assert done.done == [] and "/dev/cpu_dma_latency" in done.refused[0]
    with pytest.raises(AccessError), scoped(Scope(dma_latency_us=0, require=True), empty):
        pytest.fail("the block must not run")


def test_a_scope_respects_the_lock(tmp_path: Path) -> None:
    host = LiveHost(str(tmp_path))
    table = "      CPU0 CPU1\n 25:     0    9   PCI-MSI 1-edge      eth0\n"
    for name, text in ((f"{CPU}/online", "0-1"), ("proc/interrupts", table), ("proc/irq/25/smp_affinity_list", "0-1")):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    move = Scope(move_irqs_from=frozenset({1}))
    with locked(host), pytest.raises(LockedError), scoped(move, host):
        pytest.fail("the block must not run")
    with scoped(move, host) as done:
        assert host.get("/proc/irq/25/smp_affinity_list") == "0" and "1 interrupts moved" in done.done[0]
    assert host.get("/proc/irq/25/smp_affinity_list") == "0-1"
