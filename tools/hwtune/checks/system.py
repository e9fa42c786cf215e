"""Limits, cgroups, disks, services."""

from __future__ import annotations

import os
import re
import time
from pathlib import Path

from hwtune.checks.common import absent, chosen, cpus, file_target, some
from hwtune.cpus import CpuSet, format_list, parse_list
from hwtune.facts import Facts
from hwtune.model import Answer, Boot, Change, bad, check, judge, not_applicable, unknown

CAPS = {"NET_ADMIN": 12, "NET_RAW": 13, "IPC_LOCK": 14, "SYS_RAWIO": 17, "SYS_NICE": 23, "BPF": 39}
NOISY = (
    "irqbalance",
    "tuned",
    "packagekitd",
    "snapd",
    "unattended-upgr",
    "thermald",
    "power-profiles-",
    "rngd",
    "auditd",
    "fwupd",
    "tracker-miner-f",
)
MEMLOCK_NEED_BYTES = 1 << 30


@check("cgroup.quota")
def _quota(facts: Facts) -> Answer:
    text = facts.host.read("/proc/self/cgroup")
    limits: list[str] = []
    changes: list[Change] = []
    seen = False
    for line in text.splitlines():
        number, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        v2 = number == "0" and not controllers
        if not v2 and "cpu" not in controllers.split(","):
            continue
        bases = (
            ("/sys/fs/cgroup", "/sys/fs/cgroup/unified") if v2 else ("/sys/fs/cgroup/cpu", "/sys/fs/cgroup/cpu,cpuacct")
        )
        name, unlimited = ("cpu.max", "max") if v2 else ("cpu.cfs_quota_us", "-1")
        parts = [p for p in path.split("/") if p and p != ".."]
        for depth in range(len(parts) + 1):
            for base in bases:
                file = "/".join([base, *parts[:depth], name])
                value = facts.host.get(file)
                if value is None:
                    continue
                seen = True
                if value.split()[:1] != [unlimited]:
                    limits.append(f"{file} = {value}")
                    changes.append(Change(file_target(file), unlimited))
    if not seen:
        return not_applicable("no group with a CPU bandwidth limit")
    return judge(not limits, some(limits) or "no limit in any group above us", *changes)


@check("cgroup.psi")
def _psi(facts: Facts) -> Answer:
    path = "/proc/pressure/cpu"
    text = facts.host.get(path)
    if text is None:
        return absent(facts, path)
    match = re.search(r"^some avg10=(\d+\.\d+)", text, re.MULTILINE)
    if match is None:
        return unknown(f"cannot be understood: {path}")
    return judge(float(match.group(1)) < 1, f"some avg10 = {match.group(1)} %")


def _limit(facts: Facts, name: str, need: int, cap: str, what: str) -> Answer:
    if name not in facts.limits:
        return unknown(f"absent: /proc/self/limits has no {name}")
    soft, _ = facts.limits[name]
    privileged = bool(cap) and facts.has_capability(CAPS[cap])
    shown = "unlimited" if soft == -1 else str(soft)
    return judge(privileged or soft == -1 or soft >= need, f"{what} {shown}" + (f", CAP_{cap}" if privileged else ""))


@check("lim.memlock")
def _memlock(facts: Facts) -> Answer:
    return _limit(facts, "memlock", MEMLOCK_NEED_BYTES, "IPC_LOCK", "RLIMIT_MEMLOCK")


@check("lim.rtprio")
def _rtprio(facts: Facts) -> Answer:
    return _limit(facts, "rtprio", 1, "SYS_NICE", "RLIMIT_RTPRIO")


@check("lim.nofile")
def _nofile(facts: Facts) -> Answer:
    return _limit(facts, "nofile", 4096, "", "RLIMIT_NOFILE")


@check("lim.caps")
def _caps(facts: Facts) -> Answer:
    missing = [name for name, bit in CAPS.items() if not facts.has_capability(bit)]
    return judge(not missing, f"missing {some(missing)}" if missing else f"all of {some(list(CAPS))}")


def _disks(facts: Facts) -> list[str]:
    return [d for d in facts.host.listdir("/sys/block") if not d.startswith(("loop", "ram", "zram", "sr", "dm-"))]


@check("disk.sched")
def _disk_sched(facts: Facts) -> Answer:
    found = {d: v for d in _disks(facts) if (v := facts.host.get(f"/sys/block/{d}/queue/scheduler")) is not None}
    if not found:
        return (
            absent(facts, "/sys/block/x", "no disk")
            if not facts.host.listdir("/sys/block")
            else not_applicable("no disk")
        )
    wrong = [d for d, v in found.items() if chosen(v) != "none" and "none" in v]
    return judge(
        not wrong,
        some([f"{d}: {chosen(v)}" for d, v in found.items()]),
        *[Change(file_target(f"/sys/block/{d}/queue/scheduler"), "none") for d in wrong],
    )


@check("disk.rq_affinity")
def _rq_affinity(facts: Facts) -> Answer:
    found = {d: v for d in _disks(facts) if (v := facts.host.get(f"/sys/block/{d}/queue/rq_affinity")) is not None}
    if not found:
        return (
            absent(facts, "/sys/block/x", "no disk")
            if not facts.host.listdir("/sys/block")
            else not_applicable("no disk")
        )
    wrong = [d for d, v in found.items() if v != "2"]
    return judge(
        not wrong,
        some([f"{d}: {v}" for d, v in found.items()]),
        *[Change(file_target(f"/sys/block/{d}/queue/rq_affinity"), "2") for d in wrong],
    )


@check("disk.fsync")
def _disk_fsync(facts: Facts) -> Answer:
    if not facts.live:
        return unknown("absent: measured on the running host only")
    directory = "/var/lib"
    if not os.access(directory, os.W_OK):
        return unknown(f"no permission: {directory}")
    path = f"{directory}/.hwtune-fsync-{os.getpid()}"
    fd = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600)
    try:
        Path(path).unlink()
        times: list[float] = []
        for i in range(50):
            started = time.perf_counter()
            os.pwrite(fd, bytes(4096), 4096 * i)
            os.fdatasync(fd)
            times.append(time.perf_counter() - started)
    finally:
        os.close(fd)
    worst_ms = max(times) * 1e3
    return judge(worst_ms < 10, f"4 KiB pwrite + fdatasync in {directory}: worst of 50 {worst_ms:.2f} ms")


@check("svc.noisy")
def _noisy(facts: Facts) -> Answer:
    found = sorted({t.comm for t in facts.threads if t.comm in NOISY and not t.kernel})
    return judge(not found, f"running: {some(found)}" if found else "none of the known noisy services runs")


@check("svc.timers")
def _timers(facts: Facts) -> Answer:
    found = sorted({t.comm for t in facts.threads if t.comm in ("cron", "crond", "atd", "anacron")})
    units = facts.host.glob("/etc/systemd/system/timers.target.wants/*")
    if not facts.live and not units and not found:
        return unknown("absent: timers are not in the dump")
    return judge(not found and not units, f"{some(found) or 'no cron'}; {len(units)} systemd timers enabled")


@check("svc.systemd_affinity")
def _systemd_affinity(facts: Facts) -> Answer:
    option = facts.cmdline.last("systemd.cpu_affinity") if facts.host.exists("/proc/cmdline") else None
    allowed: CpuSet | None = None
    where = "systemd.cpu_affinity="
    if option is not None:
        allowed = parse_list(option, where)
    for path in ["/etc/systemd/system.conf", *facts.host.glob("/etc/systemd/system.conf.d/*.conf")]:
        match = re.search(r"^CPUAffinity=(.+)$", facts.host.get(path) or "", re.MULTILINE)
        if match:
            allowed, where = parse_list(",".join(match.group(1).split()), path), path
    boot = (Boot("cmdline", "systemd.cpu_affinity", format_list(facts.housekeeping)),)
    if allowed is None:
        if not facts.live and not facts.host.exists("/etc/systemd"):
            return unknown("absent: /etc/systemd is not in the dump")
        if not facts.host.exists("/etc/systemd") or (facts.live and not Path("/run/systemd/system").is_dir()):
            return not_applicable("systemd does not run here")
        return bad("CPUAffinity= is not set: services start on all CPUs", boot=boot)
    return judge(not allowed & facts.hot, f"{where} {cpus(allowed)}", boot=boot)


@check("svc.second_tuner")
def _second_tuner(facts: Facts) -> Answer:
    profile = facts.host.get("/etc/tuned/active_profile")
    found = [f"TuneD profile {profile}"] if profile else []
    if not found or facts.host.glob("/proc/[0-9]*"):
        found += sorted({t.comm for t in facts.threads if t.comm in ("tuned", "tlp", "power-profiles-", "saptune")})
    return judge(not found, some(found) or "no other tuner")
