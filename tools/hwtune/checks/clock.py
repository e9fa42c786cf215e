"""Clock sources, the TSC, time synchronisation, hardware timestamps."""

from __future__ import annotations

import ctypes
import os
import re
from dataclasses import dataclass

from hwtune import timestamping
from hwtune.checks.common import absent, file_target, some
from hwtune.errors import AccessError
from hwtune.facts import Facts
from hwtune.host import access_error
from hwtune.model import Answer, Boot, Change, bad, check, good, judge, not_applicable, unknown

SOURCE = "/sys/devices/system/clocksource/clocksource0"
STA_UNSYNC = 0x40
TIME_ERROR = 5
DAEMONS = ("chronyd", "ntpd", "systemd-timesyn", "phc2sys", "ptpd", "openntpd", "sfptpd")


@check("clock.source")
def _source(facts: Facts) -> Answer:
    current = facts.host.get(f"{SOURCE}/current_clocksource")
    if current is None:
        return absent(facts, f"{SOURCE}/current_clocksource")
    available = (facts.host.get(f"{SOURCE}/available_clocksource") or "").split()
    fast = current in ("tsc", "arch_sys_counter")
    # kvm-clock reads the TSC in user space as well, a little slower; it is the right one where the host may migrate us.
    if current == "kvm-clock" and "tsc" not in available:
        return good("kvm-clock (tsc is not offered)")
    changes = [Change(file_target(f"{SOURCE}/current_clocksource"), "tsc")] if "tsc" in available else []
    return judge(
        fast,
        f"{current} (available: {' '.join(available)})",
        *changes,
        boot=(Boot("cmdline", "clocksource", "tsc"),) if changes else (),
    )


@check("clock.tsc_flags")
def _tsc_flags(facts: Facts) -> Answer:
    if facts.vendor not in ("GenuineIntel", "AuthenticAMD", "HygonGenuine"):
        return not_applicable("not an x86 CPU")
    missing = {"constant_tsc", "nonstop_tsc"} - facts.cpu_flags
    return judge(not missing, f"missing: {', '.join(sorted(missing))}" if missing else "constant_tsc nonstop_tsc")


@check("clock.tsc_unstable")
def _tsc_unstable(facts: Facts) -> Answer:
    available = facts.host.get(f"{SOURCE}/available_clocksource")
    if available is None:
        return absent(facts, f"{SOURCE}/available_clocksource")
    if facts.vendor not in ("GenuineIntel", "AuthenticAMD", "HygonGenuine"):
        return not_applicable("not an x86 CPU")
    if "tsc" in available.split():
        return good(f"available: {available}")
    if not {"constant_tsc", "nonstop_tsc"} <= facts.cpu_flags:
        return not_applicable("the CPU has no invariant TSC (see clock.tsc_flags)", f"available: {available}")
    return bad(f"the kernel does not offer the TSC (available: {available}): it found it unstable, or was told so")


@check("clock.watchdog")
def _watchdog(facts: Facts) -> Answer:
    values = [v for k, v in facts.cmdline.params if k == "tsc"]
    quiet = bool({"reliable", "nowatchdog"} & set(values))
    if "tsc_reliable" in facts.cpu_flags:
        return good("the CPU is known to have a reliable TSC")
    return judge(
        quiet, f"tsc={values[-1]}" if values else "tsc= is not given", boot=(Boot("cmdline", "tsc", "reliable"),)
    )


class _Timex(ctypes.Structure):
    _fields_ = [
        ("modes", ctypes.c_uint),
        ("offset", ctypes.c_long),
        ("freq", ctypes.c_long),
        ("maxerror", ctypes.c_long),
        ("esterror", ctypes.c_long),
        ("status", ctypes.c_int),
        ("constant", ctypes.c_long),
        ("precision", ctypes.c_long),
        ("tolerance", ctypes.c_long),
        ("time", ctypes.c_long * 2),
        ("tick", ctypes.c_long),
        ("ppsfreq", ctypes.c_long),
        ("jitter", ctypes.c_long),
        ("shift", ctypes.c_int),
        ("stabil", ctypes.c_long),
        ("jitcnt", ctypes.c_long),
        ("calcnt", ctypes.c_long),
        ("errcnt", ctypes.c_long),
        ("stbcnt", ctypes.c_long),
        ("tai", ctypes.c_int),
        ("spare", ctypes.c_int * 11),
    ]


@dataclass(frozen=True)
class KernelTime:
    """What adjtimex says: errors in microseconds, TAI minus UTC in seconds."""

    state: int
    status: int
    max_error_us: int
    tai_s: int


def kernel_time() -> KernelTime:
    """Asks the kernel, changing nothing. Raises AccessError."""
    timex = _Timex()
    libc = ctypes.CDLL(None, use_errno=True)
    state = libc.adjtimex(ctypes.byref(timex))
    if state < 0:
        raise access_error(OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno())), "adjtimex")
    return KernelTime(state, timex.status, timex.maxerror, timex.tai)


def _asked(facts: Facts) -> KernelTime | None:
    return kernel_time() if facts.live else None


NO_DUMP = unknown("absent: asked by system call, which a dump cannot hold")


@check("time.synced")
def _synced(facts: Facts) -> Answer:
    now = _asked(facts)
    if now is None:
        return NO_DUMP
    ok = now.state != TIME_ERROR and not now.status & STA_UNSYNC
    return judge(ok, f"the kernel's clock is {'synchronised' if ok else 'not synchronised'} (status {now.status:#x})")


@check("time.max_error")
def _max_error(facts: Facts) -> Answer:
    now = _asked(facts)
    if now is None:
        return NO_DUMP
    return judge(now.max_error_us < 1000, f"maxerror {now.max_error_us} us")


@check("time.tai")
def _tai(facts: Facts) -> Answer:
    now = _asked(facts)
    if now is None:
        return NO_DUMP
    return judge(now.tai_s == 37, f"TAI offset {now.tai_s} s")


@check("time.one_daemon")
def _one_daemon(facts: Facts) -> Answer:
    found = sorted({t.comm for t in facts.threads if t.comm in DAEMONS})
    # ptp4l steers the NIC; phc2sys is then the one that writes the system clock.
    return judge(len(found) == 1, f"clock daemons: {some(found) or 'none'}")


@check("time.tracking")
def _tracking(facts: Facts) -> Answer:
    if not facts.live:
        return NO_DUMP
    try:
        report = timestamping.chrony_tracking()
    except AccessError as error:
        return unknown(f"{error.problem.value}: no chrony answers on its local port")
    ok = report.stratum > 0 and abs(report.offset_s) < 0.001
    return judge(ok, f"chrony: stratum {report.stratum}, offset {report.offset_s * 1e6:+.1f} us")


@check("time.no_steps")
def _no_steps(facts: Facts) -> Answer:
    for path in ("/etc/chrony/chrony.conf", "/etc/chrony.conf"):
        text = facts.host.get(path)
        if text is not None:
            match = re.search(r"^\s*makestep\s+(\S+)\s+(-?\d+)", text, re.MULTILINE)
            return judge(
                match is None or int(match.group(2)) >= 0,
                f"{path}: {match.group(0).strip() if match else 'no makestep'}",
            )
    return unknown("absent: no chrony configuration")


@check("time.phc")
def _phc(facts: Facts) -> Answer:
    if not facts.nics:
        return not_applicable("no NIC")
    try:
        found = {name: facts.nic(name).phc_index for name in facts.nics}
    except AccessError:
        clocks = facts.host.listdir("/sys/class/ptp")
        if not clocks:
            raise
        return good(f"clocks: {some(clocks)} (which NIC has which is not told)")
    without = [n for n, index in found.items() if index is None]
    return judge(
        not without, "; ".join(f"{n}: " + (f"ptp{i}" if i is not None else "no PTP clock") for n, i in found.items())
    )


@check("time.phc_offset")
def _phc_offset(facts: Facts) -> Answer:
    indices = [i for n in facts.nics if (i := facts.nic(n).phc_index) is not None]
    if not indices:
        return not_applicable("no NIC with a PTP clock")
    if not facts.live:
        return NO_DUMP
    offsets = {i: timestamping.phc_offset_ns(f"/dev/ptp{i}") for i in indices}
    # PHCs count TAI: a whole number of 37 s between the two is the right answer, not an error.
    left = {i: min((o.offset_ns, o.offset_ns - 37_000_000_000), key=abs) for i, o in offsets.items()}
    return judge(all(abs(v) < 1000 for v in left.values()), some([f"ptp{i}: {v:+d} ns" for i, v in left.items()]))


@check("time.hwstamp_on")
def _hwstamp_on(facts: Facts) -> Answer:
    if not facts.nics:
        return not_applicable("no NIC")
    states: list[str] = []
    changes: list[Change] = []
    for name in facts.nics:
        nic = facts.nic(name)
        if "hardware-receive" not in nic.stamps:
            continue
        tx, rx = nic.settings.get("hwstamp-tx"), nic.settings.get("hwstamp-rx")
        states.append(f"{name}: tx_type {tx}, rx_filter {rx}")
        if tx != 1 or rx != 1:
            # A PTP daemon may own the one global setting: its filter is never narrowed, only widened to all.
            changes.append(Change(f"hwstamp:{name}", "1 1", may_refuse=True))
    if not states:
        return not_applicable("no NIC that stamps in hardware")
    return judge(not changes, some(states), *changes)


@check("time.sw_stamp_selftest")
def _sw_stamp_selftest(facts: Facts) -> Answer:
    if not facts.live:
        return NO_DUMP
    result = timestamping.selftest_loopback()
    return judge(
        result.ordered == result.sent,
        f"{result.ordered} of {result.sent} packets on lo with all stamps in order"
        + (f"; {result.fault}" if result.fault else ""),
    )


@check("nic.ts_caps")
def _ts_caps(facts: Facts) -> Answer:
    if not facts.nics:
        return not_applicable("no NIC")
    faults: list[str] = []
    for name in facts.nics:
        missing = {"hardware-receive", "hardware-transmit", "hardware-raw-clock"} - set(facts.nic(name).stamps)
        if missing:
            faults.append(f"{name} lacks {', '.join(sorted(missing))}")
    return judge(not faults, some(faults, 3) or f"{some(list(facts.nics))}: hardware receive, transmit, raw clock")
