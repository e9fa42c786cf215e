"""Dumps of real hosts: facts equal to what lscpu and hwloc say of them, and verdicts that name what is there."""

from __future__ import annotations

import gzip
import io
import random
import re
import tarfile
from collections import Counter
from pathlib import Path

import pytest
from hwtune_dumps import dump_path, dump_paths, facts_of

from hwtune import checks
from hwtune.cpus import parse_list
from hwtune.dump import DumpHost, take_dump
from hwtune.errors import DumpError
from hwtune.facts import Facts
from hwtune.host import LiveHost
from hwtune.model import PROBES, Answer, Verdict, catalogue
from hwtune.roles import Roles
from hwtune.topology import Topology, read_topology

NONE = pytest.mark.skipif(not dump_paths(), reason="the shared dumps are not beside this repository")


def answers(facts: Facts) -> dict[str, Answer]:
    return {r.row.id: r.answer for r in checks.run(facts, checks.select([], []))}


def bad(facts: Facts) -> set[str]:
    return {name for name, answer in answers(facts).items() if answer.verdict is Verdict.BAD}


def test_each_row_of_the_catalogue_has_one_probe_and_a_reason() -> None:
    assert set(PROBES) == set(catalogue())
    assert all(row.why and row.title and row.weight >= 0 for row in catalogue().values())


@NONE
@pytest.mark.parametrize("path", dump_paths(), ids=lambda p: p.name)
def test_no_traceback_and_always_a_reason(path: Path) -> None:
    host = DumpHost(path)
    online = read_topology(host).online
    for hot in (set(), {max(online)}, {min(online), max(online)}):
        results = checks.run(Facts(host, Roles(hot={"hot": frozenset(hot)} if hot else {})), checks.select([], []))
        assert len(results) == len(catalogue())
        for result in results:
            reasoned = result.answer.verdict in (Verdict.UNKNOWN, Verdict.NOT_APPLICABLE)
            assert result.answer.why if reasoned else result.answer.saw, result.row.id


def lscpu_table(name: str) -> tuple[dict[str, str], list[list[str]]]:
    text = dump_path(f"util-linux/expected-lscpu-{name}.txt").read_text()
    head = {k.strip(): v.strip() for k, _, v in (line.partition(":") for line in text.splitlines()) if v}
    rows = [line.split(",") for line in text.split("# CPU,Core")[1].splitlines() if re.match(r"\d", line)]
    return head, rows


@pytest.mark.parametrize(
    ("dump", "expected"),
    [
        ("x86_64-64cpu-linux6.2.tar.gz", "x86_64-64cpu-linux6.2"),
        ("x86_64-dell_e4310.tar.gz", "x86_64-dell_e4310"),
        ("vmware_fpe.tar.gz", "vmware_fpe"),
        ("vbox-win.tar.gz", "vbox-win"),
        ("arm-A510-A710-A715-X3.tar.gz", "arm-A510-A710-A715-X3"),
    ],
)
def test_topology_is_that_of_lscpu(dump: str, expected: str) -> None:
    head, rows = lscpu_table(expected)
    top = read_topology(DumpHost(dump_path(f"util-linux/{dump}")))
    assert top.online == parse_list(head["On-line CPU(s) list"])
    for key, text in head.items():
        if node := re.fullmatch(r"NUMA node(\d+) CPU\(s\)", key):
            assert top.nodes[int(node.group(1))] == parse_list(text)
    by_core: dict[str, set[int]] = {}
    for row in rows:
        # lscpu numbers Arm cores by type, so that one number stands for several; it also says one thread a core
        by_core.setdefault(row[0] if head["Vendor ID"] == "ARM" else row[1], set()).add(int(row[0]))
    assert head["Vendor ID"] != "ARM" or head["Thread(s) per core"] == "1"
    assert {frozenset(c) for c in by_core.values()} == set(top.cores)
    if "Vendor ID" in head and head["Vendor ID"] != "ARM":
        assert len(top.packages) == int(head["Socket(s)"])
    for key, level, kinds in (
        ("L1d cache", 1, {"Data"}),
        ("L1i cache", 1, {"Instruction"}),
        ("L2 cache", 2, {"Unified", "Data"}),
        ("L3 cache", 3, {"Unified"}),
    ):
        if count := re.search(r"\((\d+) instances?\)", head.get(key, "")):
            assert len([c for c in top.caches if c.level == level and c.type in kinds]) == int(count.group(1)), key


def hwloc_counts(name: str) -> Counter[str]:
    text = dump_path(f"hwloc/{name}").read_text()
    return Counter({m.group(2): int(m.group(1)) for m in re.finditer(r"depth -?\d+:\s+(\d+) (\w+) \(type", text)})


def hwloc_pus(name: str) -> set[int]:
    return {int(n) for n in re.findall(r"PU L#\d+ \(P#(\d+)", dump_path(f"hwloc/{name}").read_text())}


@pytest.mark.parametrize(
    "name", ["16em64t-4s2c2t-offlines", "20em64t-hybrid-1p6c2t+2ca4co1t", "48amd64-4pa2n6c-sparse", "memorysidecaches"]
)
def test_topology_is_that_of_hwloc(name: str) -> None:
    top = read_topology(DumpHost(dump_path(f"hwloc/{name}.tar.bz2")))
    counts = hwloc_counts(f"{name}.console")
    assert len(top.online) == counts["PU"]
    assert top.online == hwloc_pus(f"{name}.console") or name == "memorysidecaches"
    assert len(top.cores) == counts["Core"]
    assert len(top.packages) == counts["Package"]
    for kind, level in (("L3Cache", 3), ("L2Cache", 2)):
        assert len([c for c in top.caches if c.level == level]) == counts[kind], kind


def test_hybrid_cores_are_told_apart_as_hwloc_does() -> None:
    top = read_topology(DumpHost(dump_path("hwloc/20em64t-hybrid-1p6c2t+2ca4co1t.tar.bz2")))
    assert top.efficient == parse_list("12-19")
    assert "cpu.hybrid_core" in bad(facts_of("hwloc/20em64t-hybrid-1p6c2t+2ca4co1t.tar.bz2", hot={"a": "13"}))
    arm = read_topology(DumpHost(dump_path("util-linux/arm-A510-A710-A715-X3.tar.gz")))
    assert arm.online - arm.efficient == {7}


def test_sparse_node_numbers_and_wrong_firmware_tables() -> None:
    sparse: Topology = read_topology(DumpHost(dump_path("hwloc/48amd64-4pa2n6c-sparse.tar.bz2")))
    assert sorted(sparse.nodes) == [0, 1, 2, 33, 34, 45, 72, 73] and sparse.node_of(47) == 73
    buggy = facts_of("hwloc/8em64t-2s2ca2c-buggynuma.tar.bz2", hot={"a": "3"})
    assert not buggy.topology.numa_consistent()
    assert answers(buggy)["cpu.numa_of_hot"].verdict is Verdict.UNKNOWN


def test_a_perfect_command_line_does_not_hide_where_interrupts_go() -> None:
    found = answers(facts_of("openshift-nto/bare-metal-worker1.internal-sysinfo.tgz"))
    assert found["cpu.nohz_full"].verdict is Verdict.GOOD and found["cpu.rcu_nocbs"].verdict is Verdict.GOOD
    assert found["power.cstates"].saw == "idle=poll"
    assert found["irq.effective"].verdict is Verdict.BAD
    assert "513 of 554 IRQs" in found["irq.effective"].saw
    assert found["meas.tick"].verdict is Verdict.BAD


def test_each_planted_fault_is_named() -> None:
    found = answers(facts_of("qemu-guests/traps.tgz", hot={"engine": "3,7"}, nic="eth1"))
    faults = {
        "cpu.nohz_full": "missing CPU 7",
        "cpu.isolation_consistent": "nohz_full is CPU 3",
        "cpu.smt_active": "CPU 2,6",
        "irq.effective": "3,7",
        "irq.requested": "13 of 13",
        "mem.huge2m": "node 0: 32, node 1: 0",
        "mem.numa_match": "huge pages on node 0",
        "mem.thp": "[always]",
        "sched.numa_balancing": "= 1",
        "cpu.rcu_nocbs": "missing CPU 7",
        "nic.queue_irq_cpu": "hot CPU 3",
    }
    for name, evidence in faults.items():
        assert found[name].verdict is Verdict.BAD, name
        assert evidence in found[name].saw, (name, found[name].saw)
    # isolcpus= takes CPUs out of the inherited affinity, but pinning to them works: no fault
    assert found["cgroup.cpuset"].verdict is Verdict.GOOD


def test_an_untuned_host_has_untuned_findings_and_none_is_invented() -> None:
    found = answers(facts_of("qemu-guests/stock.tgz", hot={"engine": "6"}, nic="eth1"))
    for name in (
        "cpu.isolated",
        "cpu.nohz_full",
        "cpu.rcu_nocbs",
        "irq.requested",
        "mem.thp",
        "sched.numa_balancing",
        "mem.huge2m",
    ):
        assert found[name].verdict is Verdict.BAD, name
    for name in (
        "cpu.isolated_online",
        "cpu.isolation_consistent",
        "nic.channels",
        "nic.rss",
        "nic.ntuple",
        "net.xps",
        "power.governor",
        "power.epp",
        "power.turbo",
        "cpu.hybrid_core",
        "virt.steal",
        "irq.delta",
        "proc.hot_threads",
        "time.synced",
        "meas.gap",
    ):
        assert found[name].verdict in (Verdict.NOT_APPLICABLE, Verdict.UNKNOWN), (name, found[name])
    for name in (
        "cpu.numa_of_hot",
        "nic.numa",
        "nic.ts_caps",
        "time.phc",
        "clock.source",
        "mem.swap",
        "mem.ksm",
        "net.rps",
        "sched.nmi_watchdog",
        "nic.pcie_link",
    ):
        assert found[name].verdict is Verdict.GOOD, (name, found[name])


def test_isolated_but_offline_cpus_are_found(tmp_path: Path) -> None:
    cpu = tmp_path / "sys/devices/system/cpu"
    cpu.mkdir(parents=True)
    for name, text in (("online", "0-1\n"), ("present", "0-3\n"), ("isolated", "1,3,7\n"), ("nohz_full", "\0\n")):
        (cpu / name).write_text(text)
    facts = Facts(DumpHost(tmp_path), Roles(hot={"a": frozenset({1})}))
    answer = answers(facts)["cpu.isolated_online"]
    assert answer.verdict is Verdict.BAD and "3,7" in answer.saw
    assert [c.target for c in answer.changes] == ["file:/sys/devices/system/cpu/cpu3/online"]
    assert facts.nohz_full == frozenset()


# Damage


@NONE
@pytest.mark.parametrize("cut", [0.1, 0.5, 0.9, 0.99])
def test_a_truncated_dump_is_reported(tmp_path: Path, cut: float) -> None:
    whole = dump_path("qemu-guests/traps.tgz").read_bytes()
    (tmp_path / "cut.tgz").write_bytes(whole[: int(len(whole) * cut)])
    with pytest.raises(DumpError, match=r"cut\.tgz"):
        DumpHost(tmp_path / "cut.tgz")


@NONE
def test_flipped_bytes_never_trace_back(tmp_path: Path) -> None:
    """Damage inside the archive: either reported, or judged with reasons; any other exception fails the test."""
    raw = bytearray(gzip.decompress(dump_path("util-linux/vmware_fpe.tar.gz").read_bytes()))
    rng = random.Random(7)
    outcomes: Counter[str] = Counter()
    for _ in range(40):
        damaged = bytearray(raw)
        for _ in range(200):
            damaged[rng.randrange(len(damaged))] = rng.randrange(256)
        (tmp_path / "d.tar").write_bytes(damaged)
        try:
            host = DumpHost(tmp_path / "d.tar")
            facts = Facts(host, Roles(hot={"a": frozenset({1})}))
            assert len(answers(facts)) == len(catalogue())
            outcomes["judged"] += 1
        except DumpError:
            outcomes["reported"] += 1
    assert outcomes["reported"] and sum(outcomes.values()) == 40


def test_what_is_no_dump_is_reported(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("hello")
    (tmp_path / "empty").mkdir()
    for path in (tmp_path / "text", tmp_path / "empty", tmp_path / "absent"):
        with pytest.raises(DumpError):
            DumpHost(path)


def test_no_link_in_a_dump_reaches_the_real_host(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("real host")
    root = tmp_path / "dump"
    (root / "proc").mkdir(parents=True)
    (root / "proc/absolute").symlink_to(secret)
    (root / "proc/relative").symlink_to("../../secret")
    (root / "proc/loop").symlink_to("loop")
    archive = tmp_path / "dump.tar"
    with tarfile.open(archive, "w") as tar:
        tar.add(root, arcname="host")
        info = tarfile.TarInfo("host/../../../escape")
        info.size = 1
        tar.addfile(info, io.BytesIO(b"x"))
    for host in (DumpHost(root), DumpHost(archive)):
        for name in ("absolute", "relative", "loop"):
            assert host.get(f"/proc/{name}") is None
    assert not (tmp_path.parent / "escape").exists()


def test_a_dump_of_this_host_gives_the_same_topology_and_settings(tmp_path: Path) -> None:
    live = LiveHost()
    count, _ = take_dump(live, tmp_path / "me.tar.gz", {}, seconds=0.2)
    dumped = DumpHost(tmp_path / "me.tar.gz")
    assert count > 200
    assert read_topology(dumped) == read_topology(live)
    roles = Roles(hot={"a": frozenset({max(read_topology(live).online)})})
    here, there = answers(Facts(live, roles, seconds=0.1)), answers(Facts(dumped, roles))
    for name in (
        "mem.thp",
        "sched.timer_migration",
        "irq.default_mask",
        "sched.wq_cpumask",
        "net.rmem",
        "mem.dirty",
        "cpu.isolated",
    ):
        assert (here[name].verdict, here[name].saw) == (there[name].verdict, there[name].saw), name
    assert there["irq.delta"].verdict in (Verdict.GOOD, Verdict.BAD), "the second sample lets effects be judged"
