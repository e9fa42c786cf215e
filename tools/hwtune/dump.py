"""Dumps of hosts: reading one (directory, tar archive, or tar within tar) and taking one of this host."""

from __future__ import annotations

import io
import posixpath
import tarfile
import time
from dataclasses import dataclass
from pathlib import Path

from hwtune.errors import AccessError, DumpError, Problem
from hwtune.host import READ_MAX_BYTES, Host, LiveHost, access_error

LINKS_MAX = 40
ENTRIES_MAX = 500_000

# Where our own dumps keep the second sample of the counters, and what is asked by system call instead of by file.
LATER = "/hwtune/later"
SECONDS = "/hwtune/seconds"


@dataclass(frozen=True)
class _Entry:
    kind: str  # "file", "dir" or "link"
    data: bytes = b""
    denied: bool = False


class _TarTree:
    """A tar archive held in memory: real dumps are some megabytes, and links can then lead nowhere else."""

    def __init__(self, entries: dict[str, _Entry]) -> None:
        self.entries = entries
        self.children: dict[str, set[str]] = {}
        for full in list(entries):
            path = full
            while path:
                parent, _, name = path.rpartition("/")
                self.children.setdefault(parent, set()).add(name)
                self.entries.setdefault(parent, _Entry("dir"))
                path = parent

    @classmethod
    def load(cls, data: bytes, where: str) -> _TarTree:
        entries: dict[str, _Entry] = {}
        total = 0
        try:
            with tarfile.open(fileobj=io.BytesIO(data), mode="r:*") as tar:
                for member in tar:
                    path = posixpath.normpath("/" + member.name).rstrip("/")
                    total += member.size
                    if len(entries) > ENTRIES_MAX or total > READ_MAX_BYTES * 16:
                        raise DumpError("the archive is larger than any dump", where, "is it the right file?")
                    if member.issym():
                        entries[path] = _Entry("link", member.linkname.encode("utf-8", "surrogateescape"))
                    elif member.isdir():
                        entries[path] = _Entry("dir")
                    elif member.isreg() or member.islnk():
                        file = tar.extractfile(member)
                        entries[path] = _Entry("file", file.read() if file else b"")
        except (tarfile.TarError, OSError, EOFError, ValueError, KeyError, RecursionError) as error:
            raise DumpError(
                f"damaged or not a tar archive ({error or type(error).__name__})",
                where,
                f"{len(entries)} entries were readable; take the dump again",
            ) from error
        except Exception as error:
            if type(error).__module__ in ("zlib", "lzma", "_lzma"):
                raise DumpError(f"damaged compression ({error})", where, "take the dump again") from error
            raise
        return cls(entries)

    def entry(self, path: str) -> _Entry | None:
        return self.entries.get(path)

    def names(self, path: str) -> list[str]:
        return sorted(self.children.get(path, ()))


class _DirTree:
    """A directory read as it is needed, never following a link by itself."""

    def __init__(self, root: str) -> None:
        self.root = root

    def entry(self, path: str) -> _Entry | None:
        real = Path(self.root + path)
        try:
            if real.is_symlink():
                return _Entry("link", str(real.readlink()).encode("utf-8", "surrogateescape"))
            if real.is_dir():
                return _Entry("dir")
            if not real.is_file():
                return None
            with real.open("rb") as file:
                return _Entry("file", file.read(READ_MAX_BYTES))
        except PermissionError:
            return _Entry("file", denied=True)
        except OSError as error:
            raise access_error(error, path or "/") from error

    def names(self, path: str) -> list[str]:
        try:
            return sorted(entry.name for entry in Path(self.root + path).iterdir())
        except OSError as error:
            raise access_error(error, path or "/") from error


def _prefix(tree: _TarTree | _DirTree) -> str | None:
    """Where proc/ or sys/ lies: at the top, or below one or two directories named after the host."""
    candidates = [""]
    for _ in range(3):
        for prefix in candidates:
            if any((e := tree.entry(f"{prefix}/{name}")) is not None and e.kind == "dir" for name in ("proc", "sys")):
                return prefix
        deeper = [f"{p}/{n}" for p in candidates for n in tree.names(p)[:50]]
        candidates = [path for path in deeper if (e := tree.entry(path)) is not None and e.kind == "dir"]
    return None


class DumpHost(Host):
    """Another host, from a directory or a tar archive. Raises DumpError if it is damaged or holds no proc/ or sys/."""

    def __init__(self, source: str | Path) -> None:
        self.source = str(source)
        path = Path(source)
        tree: _TarTree | _DirTree
        if path.is_dir():
            tree = _DirTree(str(path.absolute()).rstrip("/"))
        elif path.is_file():
            try:
                tree = _TarTree.load(path.read_bytes(), self.source)
            except OSError as error:
                raise DumpError(f"cannot be read ({error})", self.source) from error
        else:
            raise DumpError("no such file or directory", self.source, "--root wants a directory or a tar archive")
        outer = tree
        prefix = _prefix(tree)
        if prefix is None:
            inner = next((n for n in tree.names("") if n.endswith((".tar", ".tgz", ".tar.gz"))), None)
            entry = tree.entry(f"/{inner}") if inner else None
            if entry is not None and entry.kind == "file":
                tree = _TarTree.load(entry.data, f"{self.source}:{inner}")
                prefix = _prefix(tree)
        if prefix is None:
            raise DumpError("holds neither proc/ nor sys/", self.source, "take one with: bot3 tune dump OUT.tar.gz")
        self._tree, self._prefix = tree, prefix
        text = outer.entry("/ethtool.txt")
        self.ethtool_text = text.data.decode("utf-8", "replace") if text is not None and text.kind == "file" else None

    def _resolve(self, path: str) -> str | None:
        """The path with links followed, all inside the dump, or None if it leads nowhere."""
        todo = [p for p in path.split("/") if p not in ("", ".")][::-1]
        done: list[str] = []
        links = 0
        while todo:
            part = todo.pop()
            if part == "..":
                del done[-1:]
                continue
            here = "/".join(["", *done, part])
            entry = self._tree.entry(self._prefix + here)
            if entry is None:
                return None
            if entry.kind != "link":
                done.append(part)
                continue
            links += 1
            if links > LINKS_MAX:
                return None
            target = entry.data.decode("utf-8", "surrogateescape")
            if target.startswith("/"):
                done = []
            todo += [p for p in target.split("/") if p not in ("", ".")][::-1]
        return "/" + "/".join(done) if done else ""

    def read_bytes(self, path: str) -> bytes:
        """Implements Host.read_bytes."""
        at = self._resolve(path)
        entry = self._tree.entry(self._prefix + at) if at is not None else None
        if entry is None:
            raise AccessError(Problem.ABSENT, path, "not in the dump")
        if entry.kind != "file":
            raise AccessError(Problem.FAILED, path, "a directory, not a file")
        if entry.denied:
            raise AccessError(Problem.DENIED, path)
        return entry.data

    def listdir(self, path: str) -> list[str]:
        """Implements Host.listdir."""
        at = self._resolve(path)
        entry = self._tree.entry(self._prefix + at) if at is not None else None
        if at is None or entry is None or entry.kind != "dir":
            return []
        return self._tree.names(self._prefix + at)

    def exists(self, path: str) -> bool:
        """Implements Host.exists."""
        return self._resolve(path) is not None

    def realpath(self, path: str) -> str:
        """Implements Host.realpath."""
        at = self._resolve(path)
        return path if at is None else at or "/"


# What a dump holds: every file a check reads. Values only; no process memory, no environment, no command line of
# a process, no key of a network: a dump is meant to be sent to somebody.
DUMP_PATTERNS = (
    "/proc/cmdline",
    "/proc/cpuinfo",
    "/proc/meminfo",
    "/proc/interrupts",
    "/proc/softirqs",
    "/proc/stat",
    "/proc/swaps",
    "/proc/mounts",
    "/proc/version",
    "/proc/modules",
    "/proc/vmstat",
    "/proc/config.gz",
    "/proc/net/softnet_stat",
    "/proc/net/snmp",
    "/proc/net/dev",
    "/proc/pressure/cpu",
    "/proc/self/status",
    "/proc/self/limits",
    "/proc/self/cgroup",
    "/proc/irq/default_smp_affinity",
    "/proc/irq/*/smp_affinity_list",
    "/proc/irq/*/effective_affinity_list",
    "/proc/irq/*/node",
    "/proc/sys/abi/*",
    "/proc/sys/kernel/*",
    "/proc/sys/vm/*",
    "/proc/sys/net/core/*",
    "/proc/sys/net/ipv4/*",
    "/proc/sys/net/ipv4/conf/*/rp_filter",
    "/proc/sys/net/netfilter/nf_conntrack_count",
    "/proc/[0-9]*/stat",
    "/proc/[0-9]*/status",
    "/proc/[0-9]*/task/*/stat",
    "/proc/[0-9]*/task/*/status",
    "/sys/devices/system/cpu/*",
    "/sys/devices/system/cpu/smt/*",
    "/sys/devices/system/cpu/vulnerabilities/*",
    "/sys/devices/system/cpu/intel_pstate/*",
    "/sys/devices/system/cpu/cpufreq/*",
    "/sys/devices/system/cpu/cpuidle/*",
    "/sys/devices/system/cpu/cpu[0-9]*/*",
    "/sys/devices/system/cpu/cpu[0-9]*/topology/*",
    "/sys/devices/system/cpu/cpu[0-9]*/cache/index*/*",
    "/sys/devices/system/cpu/cpu[0-9]*/cpufreq/*",
    "/sys/devices/system/cpu/cpu[0-9]*/cpuidle/state*/*",
    "/sys/devices/system/cpu/cpu[0-9]*/power/*",
    "/sys/devices/system/cpu/cpu[0-9]*/thermal_throttle/*",
    "/sys/devices/system/cpu/cpu[0-9]*/microcode/version",
    "/sys/devices/system/cpu/intel_uncore_frequency/*/*",
    "/sys/devices/cpu_core/cpus",
    "/sys/devices/cpu_atom/cpus",
    "/sys/devices/system/node/*",
    "/sys/devices/system/node/node[0-9]*/*",
    "/sys/devices/system/node/node[0-9]*/hugepages/*/*",
    "/sys/kernel/mm/hugepages/*/*",
    "/sys/kernel/mm/transparent_hugepage/*",
    "/sys/kernel/mm/transparent_hugepage/khugepaged/*",
    "/sys/kernel/mm/ksm/*",
    "/sys/kernel/realtime",
    "/sys/kernel/rcu_normal",
    "/sys/kernel/rcu_expedited",
    "/sys/kernel/security/lockdown",
    "/sys/kernel/debug/sched/preempt",
    "/sys/kernel/debug/sched/fair_server/cpu*/runtime",
    "/sys/kernel/tracing/current_tracer",
    "/sys/kernel/tracing/set_event",
    "/sys/kernel/tracing/tracing_on",
    "/sys/devices/system/clocksource/clocksource0/*",
    "/sys/devices/virtual/workqueue/cpumask",
    "/sys/bus/workqueue/devices/writeback/cpumask",
    "/sys/class/ptp/ptp*/clock_name",
    "/sys/class/iommu/*",
    "/sys/class/net/*/*",
    "/sys/class/net/*/queues/*/*",
    "/sys/class/net/*/statistics/*",
    "/sys/class/net/*/device/*",
    "/sys/class/net/*/device/msi_irqs/*",
    "/sys/class/net/*/device/power/control",
    "/sys/class/net/*/device/link/*",
    "/sys/module/pcie_aspm/parameters/policy",
    "/sys/module/*/parameters/guest_halt*",
    "/sys/firmware/acpi/platform_profile",
    "/sys/hypervisor/type",
    "/sys/class/dmi/id/sys_vendor",
    "/sys/class/dmi/id/product_name",
    "/sys/block/*/queue/scheduler",
    "/sys/block/*/queue/rq_affinity",
    "/sys/devices/system/edac/mc/mc*/ce_count",
    "/sys/devices/system/machinecheck/machinecheck0/*",
    "/sys/bus/virtio/drivers/virtio_balloon/*",
    "/sys/fs/cgroup/cgroup.controllers",
    "/sys/fs/cgroup/cpu/cpu.*",
    "/sys/fs/cgroup/cpuset.cpus.*",
    "/sys/fs/cgroup/cpuset/cpuset.*",
    "/boot/config-*",
    "/etc/default/grub",
    "/etc/kernel/cmdline",
    "/boot/loader/entries/*",
    "/etc/sysctl.conf",
    "/etc/sysctl.d/*",
    "/run/sysctl.d/*",
    "/usr/lib/sysctl.d/*",
    "/etc/default/irqbalance",
    "/etc/sysconfig/irqbalance",
    "/etc/systemd/system.conf",
    "/etc/systemd/system.conf.d/*",
    "/etc/tuned/active_profile",
    "/.dockerenv",
)

_LATER_FILES = ("/proc/interrupts", "/proc/softirqs", "/proc/stat", "/proc/net/softnet_stat", "/proc/net/snmp")
_PRIVATE = ("address", "phys_port_id", "ifalias", "uevent", "sb", "rsshash", "netdev_rss_key")


def take_dump(host: LiveHost, out: Path, extra: dict[str, str], seconds: float = 2.0) -> tuple[int, list[str]]:
    """Writes a dump of `host` as a tar.gz: (number of files, paths left out with the reason).

    `extra` are texts stored below /hwtune, for what is asked by system call. The counters are sampled twice,
    `seconds` apart, so that effects can be judged from the dump. Raises DumpError if `out` cannot be written.
    """
    left_out: list[str] = []
    files: dict[str, bytes] = {}
    links: dict[str, str] = {}
    for pattern in DUMP_PATTERNS:
        try:
            paths = host.glob(pattern)
        except AccessError as error:
            left_out.append(str(error))
            continue
        for path in paths:
            if posixpath.basename(path) in _PRIVATE or Path(host.root + path).is_dir():
                continue
            try:
                real = host.realpath(path)
                if real != path and path.startswith(("/sys/class/", "/sys/bus/")):
                    _link_of(host, path, links)
                files[real] = host.read_bytes(path)
            except AccessError as error:
                left_out.append(str(error))
    time.sleep(seconds)
    for path in _LATER_FILES:
        if host.exists(path):
            files[LATER + path] = host.read_bytes(path)
    files[SECONDS] = f"{seconds}\n".encode()
    for name, text in extra.items():
        files[f"/hwtune/{name}"] = text.encode()
    try:
        with tarfile.open(out, "w:gz") as tar:
            for path, data in sorted(files.items()):
                info = tarfile.TarInfo(path.lstrip("/"))
                info.size, info.mtime = len(data), int(time.time())
                tar.addfile(info, io.BytesIO(data))
            for path, target in sorted(links.items()):
                info = tarfile.TarInfo(path.lstrip("/"))
                info.type, info.linkname = tarfile.SYMTYPE, target
                tar.addfile(info)
    except OSError as error:
        raise DumpError(f"cannot be written ({error})", str(out)) from error
    return len(files), left_out


def _link_of(host: LiveHost, path: str, links: dict[str, str]) -> None:
    """Records the links that lead from `path` to its file, so that the dump has the same two names for it."""
    parts = path.split("/")
    for i in range(2, len(parts)):
        here = "/".join(parts[: i + 1])
        if Path(host.root + here).is_symlink():
            links[host.realpath(posixpath.dirname(here)) + "/" + parts[i]] = host.realpath(here)
