"""Measuring: runs hwtune-probe, samples the counters around it, and names the cause of what it saw."""

from __future__ import annotations

import json
import os
import platform
import shutil
import struct
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from hwtune import timestamping
from hwtune.checks.clock import kernel_time
from hwtune.counters import CpuTime, Line, delta, parse_stat, parse_table
from hwtune.errors import AccessError, ParseError, ProbeError
from hwtune.facts import Facts

MSR_SMI_COUNT = 0x34
PARTS = ("gaps", "wakeups", "pairs", "clocks", "memory", "rtt", "stamps", "time")
USER_HZ = 100
Histogram = list[list[int]]


@dataclass
class Gap:
    """Gaps of one spinning CPU. `causes` are events a second counted on it meanwhile; `cause` is that in words."""

    cpu: int
    seconds: float
    rate_per_s: float
    p50_us: float
    p99_us: float
    p999_us: float
    max_us: float
    lost_percent: float
    ticks_per_s: float | None
    involuntary: int
    faults: int
    cause: str
    causes: dict[str, float]
    histogram_ns: Histogram


@dataclass
class Wakeup:
    """How late a sleeper on one CPU ran."""

    cpu: int
    p50_us: float
    p99_us: float
    p999_us: float
    max_us: float
    histogram_ns: Histogram


@dataclass
class Pair:
    """One way of a cache line between two CPUs."""

    a: int
    b: int
    one_way_ns: float


@dataclass
class Clocks:
    """Cost of a read by clock; the counter's rate, how much it wavered, and pairs of CPUs that saw it go backward."""

    read_ns: dict[str, float]
    counter_ghz: float
    spread_ppm: float
    tsc_backward_pairs: int | None


@dataclass
class Rtt:
    """Round trip of a small message."""

    protocol: str
    peer: str
    p50_us: float
    p99_us: float
    p999_us: float
    max_us: float


@dataclass
class Measurement:
    """All that one run found; `skipped` names each part that could not be measured and why."""

    created: str
    host: str
    kernel: str
    cpus: list[int]
    gaps: list[Gap] = field(default_factory=list)
    wakeups: list[Wakeup] = field(default_factory=list)
    pairs: list[Pair] = field(default_factory=list)
    clocks: Clocks | None = None
    memory_ns: dict[str, float | str] = field(default_factory=dict)
    rtt: list[Rtt] = field(default_factory=list)
    stamps: list[dict[str, Any]] = field(default_factory=list)
    time: dict[str, str] = field(default_factory=dict)
    skipped: dict[str, str] = field(default_factory=dict)

    def save(self, path: Path) -> None:
        """Writes it as JSON. Raises OSError."""
        path.write_text(json.dumps(asdict(self), indent=1) + "\n", encoding="utf-8")

    @classmethod
    def load(cls, path: Path) -> Measurement:
        """The inverse of save. Raises ParseError."""
        try:
            raw = json.loads(path.read_text(encoding="utf-8"))
            lists = {"gaps": Gap, "wakeups": Wakeup, "pairs": Pair, "rtt": Rtt}
            for name, kind in lists.items():
                raw[name] = [kind(**item) for item in raw[name]]
            raw["clocks"] = None if raw["clocks"] is None else Clocks(**raw["clocks"])
            return cls(**raw)
        except OSError as error:
            raise ParseError(f"cannot be read ({error.strerror})", str(path)) from error
        except (ValueError, KeyError, TypeError) as error:
            raise ParseError(
                f"is no saved measurement ({error!r})", str(path), "make one: bot3 tune measure --save FILE"
            ) from error


@dataclass(frozen=True)
class Wanted:
    """What to measure: parts of PARTS, for how long, on which CPUs (empty: the hot ones), against which peer."""

    seconds: float = 3.0
    parts: tuple[str, ...] = PARTS
    cpus: tuple[int, ...] = ()
    peer: str | None = None
    fifo: int = 0
    memory_mib: int = 64


def probe_path() -> str:
    """HWTUNE_PROBE if set, else beside this package, else on PATH. Raises ProbeError."""
    given = os.environ.get("HWTUNE_PROBE")
    beside = str(files("hwtune").joinpath("hwtune-probe"))
    for path in (given, beside, shutil.which("hwtune-probe")):
        if path and os.access(path, os.X_OK):
            return path
        if path and path == given:
            raise ProbeError("is not an executable file", f"HWTUNE_PROBE={given}")
    raise ProbeError("hwtune-probe was not found", do="install the package with its native parts, or set HWTUNE_PROBE")


def probe(*arguments: str, timeout_s: float = 120.0) -> Any:
    """Runs the probe and gives its JSON. Raises ProbeError with what it said."""
    command = [probe_path(), *arguments]
    try:
        run = subprocess.run(command, capture_output=True, text=True, timeout=timeout_s, check=False)
    except subprocess.TimeoutExpired as error:
        raise ProbeError(f"did not end within {timeout_s:.0f} s", " ".join(command)) from error
    if run.returncode != 0:
        raise ProbeError(
            run.stderr.strip().splitlines()[0] if run.stderr.strip() else f"ended with {run.returncode}",
            " ".join(command),
        )
    return json.loads(run.stdout)


def smi_count(cpu: int) -> int | None:
    """System management interrupts since boot (Intel), or None where the register cannot be read."""
    try:
        fd = os.open(f"/dev/cpu/{cpu}/msr", os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        return int(struct.unpack("<Q", os.pread(fd, 8, MSR_SMI_COUNT))[0])
    except OSError:
        return None
    finally:
        os.close(fd)


@dataclass(frozen=True)
class _Sample:
    interrupts: dict[str, Line]
    softirqs: dict[str, Line]
    stat: dict[int, CpuTime]
    smi: dict[int, int | None]


def _sample(facts: Facts, cpus: list[int]) -> _Sample:
    return _Sample(
        parse_table(facts.host.read("/proc/interrupts"), "/proc/interrupts"),
        parse_table(facts.host.read("/proc/softirqs"), "/proc/softirqs"),
        parse_stat(facts.host.read("/proc/stat")),
        {cpu: smi_count(cpu) for cpu in cpus},
    )


_LOCAL_NAMES = {
    "LOC": "tick",
    "RES": "reschedule IPI",
    "CAL": "function call IPI",
    "TLB": "TLB shootdown",
    "NMI": "NMI",
}


def causes_of(cpu: int, before: _Sample, after: _Sample, seconds: float, involuntary: int) -> dict[str, float]:
    """Events a second on one CPU by cause, most first. Steal is in percent of the time, all others are counts."""
    found: dict[str, float] = {}
    for key, line in delta(before.interrupts, after.interrupts).items():
        count = line.counts.get(cpu, 0)
        if count:
            name = f"IRQ {key} {line.name}" if line.device else _LOCAL_NAMES.get(key, f"{key} {line.text}")
            found[name] = found.get(name, 0) + count / seconds
    for key, line in delta(before.softirqs, after.softirqs).items():
        if count := line.counts.get(cpu, 0):
            found[f"softirq {key}"] = count / seconds
    if involuntary:
        found["other thread"] = involuntary / seconds
    if cpu in before.stat and cpu in after.stat:
        stolen = after.stat[cpu].steal - before.stat[cpu].steal
        if stolen:
            found["steal %"] = 100.0 * stolen / USER_HZ / seconds
    smi = before.smi.get(cpu), after.smi.get(cpu)
    if smi[0] is not None and smi[1] is not None and smi[1] > smi[0]:
        found["SMI"] = (smi[1] - smi[0]) / seconds
    return dict(sorted(found.items(), key=lambda item: -item[1]))


def cause_text(causes: dict[str, float], rate: float) -> str:
    """The causes in words. Softirqs run within an interrupt: they explain no gap of their own."""
    events = {name: n for name, n in causes.items() if not name.startswith(("softirq", "steal"))}
    shown = [f"{name} {n:.0f}/s" for name, n in list(events.items())[:4]]
    if steal := causes.get("steal %"):
        shown.append(f"steal {steal:.1f} %")
    unexplained = rate - sum(events.values())
    if unexplained > max(5.0, 0.2 * rate):
        shown.append(f"{unexplained:.0f}/s that no counter explains (hypervisor or firmware)")
    return ", ".join(shown) or "nothing was counted"


def _us(value: int) -> float:
    return value / 1000.0


def _gaps(facts: Facts, wanted: Wanted, cpus: list[int], m: Measurement) -> None:
    before = _sample(facts, cpus)
    raw = probe("gap", "--cpus", ",".join(map(str, cpus)), "--seconds", str(wanted.seconds), "--fifo", str(wanted.fifo))
    after = _sample(facts, cpus)
    for g in raw["cpus"]:
        seconds, rate = g["seconds"], g["count"] / g["seconds"]
        causes = causes_of(g["cpu"], before, after, seconds, g["involuntary"])
        ticks = causes.get("tick", 0.0) if "LOC" in after.interrupts else None
        m.gaps.append(
            Gap(
                g["cpu"],
                seconds,
                rate,
                _us(g["p50_ns"]),
                _us(g["p99_ns"]),
                _us(g["p999_ns"]),
                _us(g["max_ns"]),
                g["lost_ns"] / seconds / 1e7,
                ticks,
                g["involuntary"],
                g["faults"],
                cause_text(causes, rate),
                causes,
                g["histogram"],
            )
        )


def _wakeups(facts: Facts, wanted: Wanted, cpus: list[int], m: Measurement) -> None:
    count = max(100, int(wanted.seconds * 2000 / len(cpus)))
    raw = probe("wakeup", "--cpus", ",".join(map(str, cpus)), "--count", str(count), "--fifo", str(wanted.fifo))
    m.wakeups = [
        Wakeup(w["cpu"], _us(w["p50_ns"]), _us(w["p99_ns"]), _us(w["p999_ns"]), _us(w["max_ns"]), w["histogram"])
        for w in raw["cpus"]
    ]


def _pairs(facts: Facts, wanted: Wanted, cpus: list[int], m: Measurement) -> None:
    everyone = sorted(facts.topology.online)
    # All pairs of a large host would take minutes: then the hot CPUs and one CPU of each last-level cache.
    if len(everyone) > 16:
        firsts = {min(facts.topology.last_level(cpu)) for cpu in everyone}
        everyone = sorted(set(cpus) | firsts)[:32]
    if len(everyone) < 2:
        m.skipped["pairs"] = "one CPU only"
        return
    raw = probe("pingpong", "--cpus", ",".join(map(str, everyone)), "--count", "2000")
    m.pairs = [Pair(p["a"], p["b"], p["one_way_ps"] / 1000.0) for p in raw["pairs"]]
    if m.clocks is not None and raw["tsc"]:
        m.clocks.tsc_backward_pairs = sum(1 for p in raw["pairs"] if p["backward"])


def _clocks(facts: Facts, wanted: Wanted, cpus: list[int], m: Measurement) -> None:
    raw = probe("clock", "--cpus", str(cpus[0]))
    m.clocks = Clocks(raw["read_ns"], raw["counter_ghz"], raw["spread_ppm"], None)


def _memory(facts: Facts, wanted: Wanted, cpus: list[int], m: Measurement) -> None:
    raw = probe("memory", "--cpus", str(cpus[0]), "--size", str(wanted.memory_mib), "--count", "200000")
    m.memory_ns = {name: kind.get("ns", kind.get("error")) for name, kind in raw["pages"].items()}


@contextmanager
def echo(
    protocol: str, address: str = "127.0.0.1:0", cpu: int | None = None, prefix: tuple[str, ...] = ()
) -> Iterator[str]:
    """An answering peer on this host for the time of the block: gives its address. Raises ProbeError."""
    pin = () if cpu is None else ("--cpus", str(cpu))
    command = [*prefix, probe_path(), "echo", "--proto", protocol, "--peer", address, "--seconds", "60", *pin]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        assert server.stdout is not None and server.stderr is not None
        line = server.stdout.readline()
        if not line:
            raise ProbeError(server.stderr.read().strip(), "echo")
        yield f"{address.rpartition(':')[0]}:{json.loads(line)['port']}"
    finally:
        server.kill()
        server.communicate()


def _rtt(facts: Facts, wanted: Wanted, cpus: list[int], m: Measurement) -> None:
    other = min(facts.topology.online - {cpus[0]}, default=None)
    iface = ("--iface", facts.roles.nic) if facts.roles.nic and wanted.peer else ()

    def ask(protocol: str, peer: str, label: str) -> None:
        r = probe("rtt", "--proto", protocol, "--peer", peer, "--cpus", str(cpus[0]), "--count", "2000", *iface)
        m.rtt.append(Rtt(protocol, label, _us(r["p50_ns"]), _us(r["p99_ns"]), _us(r["p999_ns"]), _us(r["max_ns"])))

    for protocol in ("udp", "tcp"):
        if wanted.peer is not None:
            ask(protocol, wanted.peer, wanted.peer + (f" on {facts.roles.nic}" if facts.roles.nic else ""))
        else:
            with echo(protocol, cpu=other) as peer:
                ask(protocol, peer, "loopback")
    if wanted.peer is None:
        m.skipped["rtt of a NIC"] = "no --peer ADDRESS:PORT given (there: hwtune-probe echo --peer 0.0.0.0:PORT)"


def _stamps(facts: Facts, wanted: Wanted, cpus: list[int], m: Measurement) -> None:
    m.stamps.append(asdict(timestamping.selftest_loopback()))
    for name in facts.nics:
        nic = facts.nic(name)
        record: dict[str, Any] = {
            "interface": name,
            "offers": list(nic.stamps),
            "rx_filters": list(nic.rx_filters),
            "clock": nic.phc_index,
            "advice": timestamping.advice(nic),
        }
        if wanted.peer is not None and name == facts.roles.nic:
            record |= asdict(timestamping.selftest_nic(name, wanted.peer, enable=os.geteuid() == 0))
        m.stamps.append(record)


def _time(facts: Facts, wanted: Wanted, cpus: list[int], m: Measurement) -> None:
    now = kernel_time()
    m.time["kernel"] = f"status {now.status:#x}, maxerror {now.max_error_us} us, TAI {now.tai_s} s"
    try:
        tracking = timestamping.chrony_tracking()
        m.time["chrony"] = f"stratum {tracking.stratum}, offset {tracking.offset_s * 1e6:+.1f} us"
    except AccessError as error:
        m.time["chrony"] = f"not told: {error}"
    for device in facts.host.glob("/dev/ptp*"):
        try:
            offset = timestamping.phc_offset_ns(device)
            m.time[device] = f"PHC minus system {offset.offset_ns:+d} ns (within {offset.window_ns} ns)"
        except AccessError as error:
            m.time[device] = f"not told: {error}"


# In this order: the pairs complete what the clocks began.
_STEPS: dict[str, Callable[[Facts, Wanted, list[int], Measurement], None]] = {
    "gaps": _gaps,
    "wakeups": _wakeups,
    "clocks": _clocks,
    "pairs": _pairs,
    "memory": _memory,
    "rtt": _rtt,
    "stamps": _stamps,
    "time": _time,
}


def measure(facts: Facts, wanted: Wanted, console: Console | None = None) -> Measurement:
    """Runs the wanted parts with a progress bar. A part that fails is named in `skipped`; the others go on.

    Raises ProbeError if the probe itself is missing.
    """
    probe_path()
    cpus = sorted(wanted.cpus or facts.hot or {max(facts.topology.online)})
    m = Measurement(datetime.now(UTC).isoformat(timespec="seconds"), platform.node(), platform.release(), cpus)
    parts = [name for name in _STEPS if name in wanted.parts]
    columns = (TextColumn("{task.description:10}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, disable=console is None or not console.is_terminal) as progress:
        task = progress.add_task("", total=len(parts))
        for name in parts:
            progress.update(task, description=name)
            try:
                _STEPS[name](facts, wanted, cpus, m)
            except (ProbeError, AccessError, ParseError) as error:
                m.skipped[name] = str(error)
            progress.advance(task)
    return m
