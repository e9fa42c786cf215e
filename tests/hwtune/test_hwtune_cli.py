"""The command as its user meets it: exit codes, JSON, options, errors in one line, and what a plain user sees."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

import pytest
from hwtune_dumps import Done, dump_path, run

from hwtune.model import catalogue

NOBODY = 65534


def run_as(user: int, *arguments: str) -> Done:
    """The same in a child that has become another user; what it needs is imported already."""
    receive, send = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(receive)
        try:
            os.setgroups([])
            os.setgid(user)
            os.setuid(user)
            text = json.dumps(vars(run(*arguments)))
        except BaseException as error:
            text = json.dumps({"returncode": -1, "stdout": "", "stderr": repr(error)})
        with os.fdopen(send, "w") as pipe:
            pipe.write(text)
        os._exit(0)
    os.close(send)
    with os.fdopen(receive) as pipe:
        found = json.loads(pipe.read())
    os.waitpid(pid, 0)
    return Done(**found)


def check(dump: str, *arguments: str) -> Any:
    done = run("check", "--root", str(dump_path(dump)), "--json", *arguments)
    return json.loads(done.stdout)


def test_check_is_the_default_and_findings_give_1() -> None:
    done = run()
    assert done.returncode in (0, 1) and "score" in done.stdout
    traps = ("check", "--root", str(dump_path("qemu-guests/traps.tgz")), "--hot-cpus", "3,7")
    assert run(*traps).returncode == 1
    assert run(*traps, "--only", "sched.autogroup").returncode == 0
    assert run(*traps, "--only", "nic.xdp").returncode == 0, "info rows are no findings"


def test_json_holds_every_row_with_evidence_reason_fix_and_risk() -> None:
    document = check("qemu-guests/traps.tgz", "--hot-cpus", "3,7", "--nic", "eth1")
    assert [r["id"] for r in document["results"]] == list(catalogue())
    assert sum(document["counts"].values()) == len(catalogue()) and 0 < document["score"] < 100
    thp = next(r for r in document["results"] if r["id"] == "mem.thp")
    assert thp["verdict"] == "bad" and "[always]" in thp["saw"] and thp["why"] and thp["risk"] and thp["reversible"]
    assert thp["fix"]["changes"][0]["value"] == "madvise"
    assert document["roles"]["hot_cpus"] == [3, 7]


def test_only_skip_and_severity_select() -> None:
    only = check("qemu-guests/stock.tgz", "--only", "irq", "--only", "mem.*", "--skip", "mem.thp*")
    ids = {r["id"] for r in only["results"]}
    assert all(i.startswith(("irq.", "mem.")) for i in ids) and "irq.delta" in ids and "mem.thp" not in ids
    critical = check("qemu-guests/stock.tgz", "--severity", "critical")
    assert {r["severity"] for r in critical["results"]} == {"critical"}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("check", "--root", "/nowhere"), "no such file"),
        (("check", "--hot-cpus", "4-2"), "4-2"),
        (("check", "--hot-cpus", "4000"), "not online"),
        (("check", "--only", "nonsense"), "nonsense"),
        (("check", "--nic", "nosuch0"), "nosuch0"),
        (("check", "--config", "/nowhere.json"), "/nowhere.json"),
        (("measure", "--before", "/nowhere.json"), "/nowhere.json"),
        (("check", "--node", "77"), "77"),
    ],
)
def test_wrong_input_gives_2_and_one_line_that_names_it(arguments: tuple[str, ...], words: str) -> None:
    done = run(*arguments)
    assert done.returncode == 2
    assert words in done.stderr and done.stderr.startswith("error: ") and done.stderr.count("\n") == 1


def test_roles_from_the_engine_configuration(tmp_path: Path) -> None:
    config = tmp_path / "system.json"
    config.write_text(json.dumps({"risk": {}, "tune": {"hot": {"feed": "3", "strategy": 7}, "nic": "eth1"}}))
    document = check("qemu-guests/traps.tgz", "--config", str(config))
    assert document["roles"]["hot"] == {"feed": [3], "strategy": [7]} and document["roles"]["nic"] == "eth1"
    for section, key in (
        ({"hot": {"feed": "x"}}, "tune.hot.feed"),
        ({"hots": {}}, "tune.hots"),
        ({"node": -1}, "tune.node"),
        ([], "tune"),
        ({"nic": "a b"}, "tune.nic"),
        ({"hot": {"a": True}}, "tune.hot.a"),
    ):
        config.write_text(json.dumps({"tune": section}))
        done = run("check", "--config", str(config))
        assert done.returncode == 2 and key in done.stderr, done.stderr


def test_a_plain_user_sees_less_and_apply_lists_what_needs_root() -> None:
    if os.geteuid() != 0:
        pytest.skip("becoming another user needs root")
    catalogue()  # read once as root: the checkout itself may not be readable to others
    done = run_as(NOBODY, "check", "--json", "--seconds", "0.2")
    assert done.returncode == 1
    unknown = [r for r in json.loads(done.stdout)["results"] if r["verdict"] == "unknown"]
    assert all(r["reason"] for r in unknown)
    only = ("--only", "sched.timer_migration", "--only", "sched.stat_interval", "--seconds", "0.2")
    done = run_as(NOBODY, "apply", *only)
    assert done.returncode == 2 and "root is needed" in done.stderr and "/proc/sys/vm/stat_interval" in done.stderr


def test_plan_shows_now_and_then_and_writes_nothing() -> None:
    root = str(dump_path("qemu-guests/traps.tgz"))
    done = run("plan", "--root", root, "--hot-cpus", "7", "--nic", "eth1", "--json")
    plan = json.loads(done.stdout)
    thp = next(s for s in plan["steps"] if s["check"] == "mem.thp")
    assert "[always]" in thp["now"] and thp["then"] == "madvise"
    assert len({s["target"] for s in plan["steps"]}) == len(plan["steps"])
    words = plan["cmdline"]["then"].split()
    assert "isolcpus=managed_irq,domain,6-7" in words and "nohz_full=6-7" in words and "irqaffinity=0-5" in words
    assert "isolcpus=3,7" not in words and "mitigations=off" in words, "other parameters stay"
    assert any("GRUB_CMDLINE" in line for line in plan["boot_loaders"]) and any(
        "systemd-boot" in line for line in plan["boot_loaders"]
    )
    sysctls = plan["files"]["/etc/sysctl.d/90-hwtune.conf"]
    assert "kernel.numa_balancing = 0\n" in sysctls
    text = run("plan", "--root", root, "--hot-cpus", "7").stdout
    assert "- [always] madvise never" in text and "+ madvise" in text and "cost:" in text


def test_propose_takes_whole_cores_near_the_nic() -> None:
    document = json.loads(
        run("propose", "--root", str(dump_path("openshift-nto/sno-sno-sysinfo.tgz")), "--json").stdout
    )
    assert len(document["tune"]["hot"]) == 2 and 0 not in document["isolate"]
    near = json.loads(
        run("propose", "--root", str(dump_path("qemu-guests/stock.tgz")), "--nic", "eth1", "--json").stdout
    )
    assert near["node"] == 1 and set(near["isolate"]) < {4, 5, 6, 7} and len(near["isolate"]) == 2
    assert set(near["idle_siblings"]) == set(near["isolate"]) - {int(c) for c in near["tune"]["hot"].values()}
    hybrid = json.loads(
        run("propose", "--root", str(dump_path("hwloc/20em64t-hybrid-1p6c2t+2ca4co1t.tar.bz2")), "--json").stdout
    )
    assert set(hybrid["isolate"]) <= set(range(2, 12)), "performance cores only, and not the first"
    assert len(hybrid["isolate"]) == 4
    amd = json.loads(run("propose", "--root", str(dump_path("util-linux/vmware_fpe.tar.gz")), "--json").stdout)
    hot = {int(c) for c in amd["tune"]["hot"].values()}
    assert any(hot < set(range(n, n + 4)) for n in (0, 4, 8, 12)) or len(hot) == 1, "all on one last-level cache"


def test_status_and_verify_say_that_nothing_is_applied() -> None:
    done = run("status")
    if "nothing is applied" not in done.stdout:
        pytest.skip("bot3 tune has changes applied on this machine")
    assert done.returncode == 0
    done = run("verify")
    assert done.returncode == 2 and "nothing is applied" in done.stderr


@pytest.mark.skipif(os.geteuid() != 0, reason="changing the host needs root")
def test_the_whole_walk_by_command() -> None:
    if "nothing is applied" not in run("status").stdout:
        pytest.skip("bot3 tune has changes applied on this machine")
    path, dropin = Path("/proc/sys/vm/stat_interval"), Path("/etc/sysctl.d/90-hwtune.conf")
    before = path.read_text()
    path.write_text("1\n")
    only = ("--only", "sched.stat_interval", "--seconds", "0.2")
    try:
        assert run("check", *only).returncode == 1
        assert run("apply", *only).returncode == 0
        assert path.read_text() == "10\n"
        assert run("check", *only).returncode == 0
        shown = run("status").stdout
        assert ("1 changes applied" in shown and "by root" in shown) or re.search(r"by \w+ \(uid 0\)", shown)
        path.write_text("3\n")
        drifted = run("verify", "--json", "--seconds", "0.2")
        assert drifted.returncode == 1 and json.loads(drifted.stdout)["drift"][0]["now"] == "3"
        assert not dropin.exists(), "nothing persists unless asked to"
        assert run("undo").returncode == 0
        assert path.read_text() == "1\n"
        assert run("apply", "--persist", *only).returncode == 0
        assert "vm.stat_interval = 10\n" in dropin.read_text()
        assert run("undo").returncode == 0
        assert path.read_text() == "1\n" and not dropin.exists()
        assert "nothing is applied" in run("status").stdout
    finally:
        run("undo")
        path.write_text(before)
