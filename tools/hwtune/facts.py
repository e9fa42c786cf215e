"""What is known about a host, read once and on demand: every probe asks here."""

from __future__ import annotations

import gzip
import json
import os
import re
import resource
import time
import zlib
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from hwtune import dump
from hwtune.cmdline import Cmdline
from hwtune.counters import CpuTime, Line, delta, parse_stat, parse_table
from hwtune.cpus import CpuSet, parse_list, parse_mask
from hwtune.dump import DumpHost
from hwtune.errors import AccessError, ParseError, Problem
from hwtune.host import Host
from hwtune.nic import Nic, parse_ethtool, read_live
from hwtune.roles import Roles
from hwtune.topology import Topology, read_topology

if TYPE_CHECKING:
    from hwtune.measure import Measurement

PF_NO_SETAFFINITY = 0x0400_0000
PF_KTHREAD = 0x0020_0000


@dataclass(frozen=True)
class Thread:
    """One thread. Times are in ticks of USER_HZ; `start` with the tid identifies it for good within a boot."""

    tid: int
    pid: int
    comm: str
    kernel: bool
    movable: bool
    start: int
    cpu: int
    allowed: CpuSet
    policy: int
    rt_priority: int
    ran: int


@dataclass(frozen=True)
class Irq:
    """One interrupt: the mask asked for, where it really goes, and who handles it (empty: nobody)."""

    number: int
    asked: CpuSet
    effective: CpuSet | None
    name: str


@dataclass(frozen=True)
class Window:
    """Counters of a stretch of time. `since_boot`: only one sample exists, so they hold all since boot."""

    seconds: float
    interrupts: dict[str, Line]
    softirqs: dict[str, Line]
    before: dict[int, CpuTime]
    after: dict[int, CpuTime]
    since_boot: bool


def parse_thread(stat: str, status: str, pid: int) -> Thread:
    """A thread from its stat and status files; the name may hold blanks and brackets. Raises ParseError."""
    head, _, tail = stat.rpartition(")")
    tid, _, comm = head.partition(" (")
    fields = tail.split()
    allowed = re.search(r"^Cpus_allowed_list:\s*(\S*)", status, re.MULTILINE)
    try:
        number = [int(field) for field in fields[1:]]
        flags, ran, start, cpu, prio, policy = (
            number[5],
            number[10] + number[11],
            number[18],
            number[35],
            number[36],
            number[37],
        )
        return Thread(
            int(tid),
            pid,
            comm,
            bool(flags & PF_KTHREAD),
            not flags & PF_NO_SETAFFINITY,
            start,
            cpu,
            parse_list(allowed.group(1)) if allowed else frozenset(),
            policy,
            prio,
            ran,
        )
    except (ValueError, IndexError) as error:
        raise ParseError(f"{stat[:60]!r} is not a thread's stat ({error})", f"/proc/{pid}") from error


class Facts:
    """Lazy reading of `host`, judged against `roles`. Properties raise AccessError or ParseError; each reads once."""

    def __init__(self, host: Host, roles: Roles, seconds: float = 1.0, measurement: Measurement | None = None) -> None:
        self.host, self.roles, self.seconds, self.measurement = host, roles, seconds, measurement
        self.live = host.live

    @cached_property
    def topology(self) -> Topology:
        """CPUs, cores, caches and nodes."""
        return read_topology(self.host)

    @cached_property
    def hot(self) -> CpuSet:
        """The CPUs the plan runs hot."""
        return self.roles.hot_cpus

    @cached_property
    def housekeeping(self) -> CpuSet:
        """The CPUs the plan leaves to everything else."""
        return self.roles.housekeeping(self.topology)

    @cached_property
    def cmdline(self) -> Cmdline:
        """The running kernel command line."""
        return Cmdline.parse(self.host.read("/proc/cmdline"))

    @cached_property
    def last_cpu(self) -> int:
        """The highest CPU number, which boot parameters call N."""
        return max(self.topology.present)

    @cached_property
    def isolated(self) -> CpuSet | None:
        """CPUs out of the scheduler's domains; None if only the command line is there and leaves it open."""
        text = self.host.get("/sys/devices/system/cpu/isolated")
        if text is not None:
            return parse_list(text, "/sys/devices/system/cpu/isolated")
        isolcpus = self.cmdline.isolcpus(self.last_cpu)
        if isolcpus is None:
            return frozenset()
        return isolcpus.cpus if isolcpus.domain else None

    @cached_property
    def nohz_full(self) -> CpuSet:
        """CPUs whose tick may stop; by the command line where sysfs does not tell."""
        text = self.host.get("/sys/devices/system/cpu/nohz_full")
        if text is not None:
            return parse_list(text, "/sys/devices/system/cpu/nohz_full")
        isolcpus = self.cmdline.isolcpus(self.last_cpu)
        from_isolcpus = isolcpus.cpus if isolcpus and "nohz" in isolcpus.flags else frozenset()
        return (self.cmdline.cpu_list("nohz_full", self.last_cpu) or frozenset()) | from_isolcpus

    @cached_property
    def claimed_hot(self) -> CpuSet:
        """The CPUs that the host itself was set up to keep quiet, whatever the plan says."""
        try:
            isolcpus = self.cmdline.isolcpus(self.last_cpu)
        except (AccessError, ParseError):
            isolcpus = None
        claimed: CpuSet = isolcpus.cpus if isolcpus else frozenset()
        for source in ("isolated", "nohz_full"):
            try:
                claimed |= getattr(self, source) or frozenset()
            except (AccessError, ParseError):
                continue
        return claimed & self.topology.online

    @cached_property
    def kernel_release(self) -> str:
        """The kernel release, like 6.1.0-50-rt-amd64."""
        text = self.host.get("/proc/sys/kernel/osrelease")
        if text:
            return text
        version = re.search(r"Linux version (\S+)", self.host.get("/proc/version") or "")
        image = re.search(r"vmlinu[xz]-(\S+)", self.host.get("/proc/cmdline") or "")
        found = version or image
        if found is None:
            raise AccessError(Problem.ABSENT, "/proc/sys/kernel/osrelease", "the kernel's version is not told")
        return found.group(1)

    @cached_property
    def kernel_version(self) -> tuple[int, int]:
        """Major and minor number of the kernel."""
        match = re.match(r"(\d{1,4})\.(\d{1,4})", self.kernel_release)
        if match is None:
            raise ParseError(f"{self.kernel_release!r} is no kernel version", "/proc/sys/kernel/osrelease")
        return int(match.group(1)), int(match.group(2))

    @cached_property
    def kernel_config(self) -> dict[str, str]:
        """CONFIG_X -> value. Raises AccessError if the kernel's configuration is nowhere."""
        path = f"/boot/config-{self.kernel_release}"
        if self.host.exists("/proc/config.gz"):
            path = "/proc/config.gz"
        raw = self.host.read_bytes(path)
        try:
            text = (gzip.decompress(raw) if path.endswith(".gz") else raw).decode("utf-8", "replace")
        except (OSError, EOFError, zlib.error) as error:
            raise ParseError(f"cannot be decompressed ({error})", path) from error
        return dict(re.findall(r"^(CONFIG_\w+)=(.*)$", text, re.MULTILINE))

    @cached_property
    def realtime_kernel(self) -> bool:
        """Whether the kernel is PREEMPT_RT."""
        return self.host.get("/sys/kernel/realtime") == "1" or "rt" in re.split(r"[-+.]", self.kernel_release)

    @cached_property
    def cpu_flags(self) -> frozenset[str]:
        """The feature flags of the first CPU."""
        match = re.search(r"^(?:flags|Features)\s*:(.*)$", self.host.read("/proc/cpuinfo"), re.MULTILINE)
        return frozenset(match.group(1).split()) if match else frozenset()

    @cached_property
    def vendor(self) -> str:
        """The vendor of the first CPU, as it names itself."""
        match = re.search(r"^(?:vendor_id|CPU implementer)\s*:\s*(\S+)", self.host.read("/proc/cpuinfo"), re.MULTILINE)
        return match.group(1) if match else ""

    @cached_property
    def guest(self) -> bool:
        """Whether a hypervisor is below: by the CPU's own flag. "docker" inside a VM does not hide that."""
        return "hypervisor" in self.cpu_flags or (self.host.get("/sys/hypervisor/type") or "") == "xen"

    @cached_property
    def interrupts(self) -> dict[str, Line]:
        """The table of interrupt counts since boot."""
        return parse_table(self.host.read("/proc/interrupts"), "/proc/interrupts")

    @cached_property
    def irqs(self) -> tuple[Irq, ...]:
        """All numbered interrupts with their masks. Raises AccessError if none can be read."""
        try:
            names = {key: line.name for key, line in self.interrupts.items()}
        except AccessError:
            names = {}
        found: list[Irq] = []
        for number in sorted(int(n) for n in self.host.listdir("/proc/irq") if re.fullmatch(r"\d{1,9}", n)):
            base = f"/proc/irq/{number}"
            asked = self._cpus_of(f"{base}/smp_affinity")
            if asked is not None:
                found.append(
                    Irq(number, asked, self._cpus_of(f"{base}/effective_affinity"), names.get(str(number), ""))
                )
        if not found:
            raise AccessError(Problem.ABSENT, "/proc/irq", "no interrupt with a mask")
        return tuple(found)

    def _cpus_of(self, stem: str) -> CpuSet | None:
        text = self.host.get(f"{stem}_list")
        if text is not None:
            return parse_list(text, f"{stem}_list")
        mask = self.host.get(stem)
        return None if mask is None else parse_mask(mask, stem)

    @cached_property
    def window(self) -> Window:
        """The counters over `seconds` of this host, or over a dump's two samples, or since boot."""

        def sample(prefix: str) -> tuple[dict[str, Line], dict[str, Line], dict[int, CpuTime]]:
            table = parse_table(self.host.read(f"{prefix}/proc/interrupts"), "/proc/interrupts")
            soft_text, stat_text = self.host.get(f"{prefix}/proc/softirqs"), self.host.get(f"{prefix}/proc/stat")
            soft = parse_table(soft_text, "/proc/softirqs") if soft_text is not None else {}
            return table, soft, parse_stat(stat_text) if stat_text is not None else {}

        interrupts, softirqs, stat = sample("")
        later = self.host.get(dump.SECONDS)
        if self.live:
            started = time.monotonic()
            time.sleep(self.seconds)
            seconds, prefix = time.monotonic() - started, ""
        elif later is not None and re.fullmatch(r"\d{1,6}(\.\d{1,9})?", later):
            seconds, prefix = float(later), dump.LATER
        else:
            return Window(0.0, interrupts, softirqs, {}, stat, True)
        interrupts2, softirqs2, stat2 = sample(prefix)
        return Window(seconds, delta(interrupts, interrupts2), delta(softirqs, softirqs2), stat, stat2, False)

    @cached_property
    def threads(self) -> tuple[Thread, ...]:
        """All threads but those of our process, and those that end meanwhile. Raises AccessError if none."""
        found: list[Thread] = []
        for pid in (int(name) for name in self.host.listdir("/proc") if re.fullmatch(r"\d{1,9}", name)):
            if self.live and pid == os.getpid():
                continue
            for task in self.host.listdir(f"/proc/{pid}/task") or []:
                base = f"/proc/{pid}/task/{task}"
                try:
                    found.append(parse_thread(self.host.read(f"{base}/stat"), self.host.read(f"{base}/status"), pid))
                except AccessError as error:
                    if error.problem is not Problem.ABSENT:
                        raise
        if not found:
            raise AccessError(Problem.ABSENT, "/proc/[pid]", "no process is listed")
        return tuple(found)

    @cached_property
    def limits(self) -> dict[str, tuple[int, int]]:
        """Soft and hard limit by name of /proc/self/limits; -1 is unlimited."""
        if self.live:
            kinds = {
                "memlock": resource.RLIMIT_MEMLOCK,
                "rtprio": resource.RLIMIT_RTPRIO,
                "nofile": resource.RLIMIT_NOFILE,
                "core": resource.RLIMIT_CORE,
            }
            return {name: resource.getrlimit(kind) for name, kind in kinds.items()}
        text = self.host.read("/proc/self/limits")
        names = {
            "memlock": "Max locked memory",
            "rtprio": "Max realtime priority",
            "nofile": "Max open files",
            "core": "Max core file size",
        }
        found: dict[str, tuple[int, int]] = {}
        for name, title in names.items():
            match = re.search(rf"^{title}\s+(unlimited|\d{{1,20}})\s+(unlimited|\d{{1,20}})", text, re.MULTILINE)
            if match:
                soft, hard = (-1 if g == "unlimited" else int(g) for g in match.groups())
                found[name] = (soft, hard)
        return found

    @cached_property
    def capabilities(self) -> int:
        """CapEff of our process as a bit mask."""
        match = re.search(r"^CapEff:\s*([0-9a-fA-F]{1,16})$", self.host.read("/proc/self/status"), re.MULTILINE)
        if match is None:
            raise ParseError("has no CapEff", "/proc/self/status")
        return int(match.group(1), 16)

    def has_capability(self, bit: int) -> bool:
        """Whether our process has the capability of this number."""
        return bool(self.capabilities >> bit & 1)

    @cached_property
    def nics(self) -> tuple[str, ...]:
        """The interfaces the plan is about: the one given, else all with a device behind them."""
        if self.roles.nic is not None:
            return (self.roles.nic,)
        names = self.host.listdir("/sys/class/net")
        return tuple(n for n in names if self.host.exists(f"/sys/class/net/{n}/device") and n != "lo")

    @cached_property
    def _dumped_nics(self) -> dict[str, Nic]:
        if isinstance(self.host, DumpHost) and self.host.ethtool_text is not None:
            return parse_ethtool(self.host.ethtool_text)
        found: dict[str, Nic] = {}
        for path in self.host.glob("/hwtune/nic/*"):
            try:
                nic = Nic.from_json(json.loads(self.host.read(path)), path)
            except (ValueError, RecursionError) as error:
                raise ParseError(f"is not JSON ({error})", path) from error
            found[nic.name] = nic
        return found

    def nic(self, name: str) -> Nic:
        """A NIC's settings. Raises AccessError (absent) if the dump does not have them."""
        if self.live:
            return read_live(name)
        if name not in self._dumped_nics:
            raise AccessError(Problem.ABSENT, f"ethtool {name}", "the dump has no NIC settings")
        return self._dumped_nics[name]

    def nic_path(self, name: str) -> str:
        """Where the NIC's files lie; some dumps lack the links of /sys/class/net."""
        path = f"/sys/class/net/{name}"
        return self.host.realpath(path) if self.host.exists(path) else path

    def nic_node(self, name: str) -> int | None:
        """The NUMA node of the NIC's device; None if there is no device or it does not say (-1)."""
        base = self.nic_path(name)
        path = f"{base}/device" if self.host.exists(f"{base}/device") else base.partition("/net/")[0]
        text = self.host.get(f"{path}/numa_node")
        return int(text) if text is not None and re.fullmatch(r"\d{1,6}", text) else None
