"""Which CPUs there are and what they share: cores, packages, NUMA nodes, caches, kinds. From sysfs only."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from hwtune.cpus import CpuSet, parse_list, parse_mask
from hwtune.errors import AccessError, ParseError, Problem
from hwtune.host import Host

CPU_DIR = "/sys/devices/system/cpu"
NODE_DIR = "/sys/devices/system/node"


@dataclass(frozen=True)
class Cache:
    """One cache: its level, type (Data, Instruction, Unified) and the online CPUs that share it."""

    level: int
    type: str
    cpus: CpuSet


@dataclass(frozen=True)
class Topology:
    """Groups of CPUs hold online CPUs only. `nodes` maps a node number to its online CPUs (some have none)."""

    online: CpuSet
    present: CpuSet
    offline: CpuSet
    cores: tuple[CpuSet, ...]
    packages: tuple[CpuSet, ...]
    caches: tuple[Cache, ...]
    nodes: dict[int, CpuSet]
    distances: dict[int, tuple[int, ...]]
    efficient: CpuSet
    problems: tuple[str, ...]

    def siblings(self, cpu: int) -> CpuSet:
        """The CPUs of the same core, itself included."""
        return next((core for core in self.cores if cpu in core), frozenset({cpu}))

    def whole_cores(self, cpus: Iterable[int]) -> CpuSet:
        """`cpus` with all their SMT siblings."""
        return frozenset(s for cpu in cpus for s in self.siblings(cpu))

    def node_of(self, cpu: int) -> int | None:
        """The NUMA node of a CPU; None if firmware puts it on none or on several."""
        found = [node for node, members in self.nodes.items() if cpu in members]
        return found[0] if len(found) == 1 else None

    def last_level(self, cpu: int) -> CpuSet:
        """The CPUs that share the last-level cache of `cpu`; its package if caches are not told."""
        shared = [c for c in self.caches if cpu in c.cpus and c.type != "Instruction"]
        if shared:
            return max(shared, key=lambda c: c.level).cpus
        return next((p for p in self.packages if cpu in p), frozenset({cpu}))

    def numa_consistent(self) -> bool:
        """False if a CPU is on several nodes: firmware tables are wrong and node advice would mislead."""
        members = [cpu for cpus in self.nodes.values() for cpu in cpus]
        return len(members) == len(set(members))


def _cpus_at(host: Host, list_path: str, mask_path: str = "") -> CpuSet | None:
    text = host.get(list_path)
    if text is not None:
        return parse_list(text, list_path)
    mask = host.get(mask_path) if mask_path else None
    return None if mask is None else parse_mask(mask, mask_path)


def _int_at(host: Host, path: str) -> int | None:
    text = host.get(path)
    return int(text) if text is not None and re.fullmatch(r"-?\d{1,18}", text) else None


def _numbered(host: Host, directory: str, stem: str) -> list[int]:
    matches = (re.fullmatch(rf"{stem}(\d{{1,6}})", name) for name in host.listdir(directory))
    return sorted(int(m.group(1)) for m in matches if m)


def _online(host: Host, listed: list[int], present: CpuSet) -> CpuSet:
    online = _cpus_at(host, f"{CPU_DIR}/online")
    if online is not None:
        return online
    offline = {cpu for cpu in listed if host.get(f"{CPU_DIR}/cpu{cpu}/online") == "0"}
    # Dumps without the list still show a CPU's state by its own file, and an offline CPU has no topology.
    with_topology = {cpu for cpu in listed if host.exists(f"{CPU_DIR}/cpu{cpu}/topology")}
    return frozenset((with_topology or set(listed) or set(present)) - offline)


def read_topology(host: Host) -> Topology:
    """Reads what there is. Unreadable or contradictory parts are named in `problems`, the rest is still used.

    Raises AccessError (absent) if the host does not say which CPUs it has.
    """
    problems: list[str] = []
    listed = _numbered(host, CPU_DIR, "cpu")
    try:
        present = _cpus_at(host, f"{CPU_DIR}/present") or frozenset(listed)
        online = _online(host, listed, present)
    except ParseError as error:
        problems.append(str(error))
        present = online = frozenset(listed)
    if not online:
        raise AccessError(Problem.ABSENT, CPU_DIR, "no CPU is listed")

    def group(cpu: int, names: tuple[tuple[str, str], ...]) -> CpuSet | None:
        base = f"{CPU_DIR}/cpu{cpu}/topology"
        for list_name, mask_name in names:
            try:
                found = _cpus_at(host, f"{base}/{list_name}", f"{base}/{mask_name}")
            except (AccessError, ParseError) as error:
                problems.append(str(error))
                continue
            if found:
                return found & online | {cpu}
        return None

    cores: dict[int, CpuSet] = {}
    packages: dict[int, CpuSet] = {}
    by_id: dict[int, set[int]] = {}
    for cpu in sorted(online):
        core_names = (("core_cpus_list", "core_cpus"), ("thread_siblings_list", "thread_siblings"))
        cores[cpu] = group(cpu, core_names) or frozenset({cpu})
        package = group(cpu, (("package_cpus_list", "package_cpus"), ("core_siblings_list", "core_siblings")))
        number = _int_at(host, f"{CPU_DIR}/cpu{cpu}/topology/physical_package_id")
        if number is not None and number >= 0:
            by_id.setdefault(number, set()).add(cpu)
        packages[cpu] = package or frozenset({cpu})
    package_sets = {frozenset(members) for members in by_id.values()} if len(by_id) > 0 else set(packages.values())

    caches: set[Cache] = set()
    for cpu in sorted(online):
        for index in host.glob(f"{CPU_DIR}/cpu{cpu}/cache/index*"):
            try:
                shared = _cpus_at(host, f"{index}/shared_cpu_list", f"{index}/shared_cpu_map")
                level, kind = _int_at(host, f"{index}/level"), host.get(f"{index}/type")
            except (AccessError, ParseError) as error:
                problems.append(str(error))
                continue
            if shared and level is not None and kind:
                caches.add(Cache(level, kind, shared & online | {cpu}))

    nodes: dict[int, CpuSet] = {}
    distances: dict[int, tuple[int, ...]] = {}
    for node in _numbered(host, NODE_DIR, "node"):
        base = f"{NODE_DIR}/node{node}"
        try:
            nodes[node] = (_cpus_at(host, f"{base}/cpulist", f"{base}/cpumap") or frozenset()) & online
            words = (host.get(f"{base}/distance") or "").split()
            distances[node] = tuple(int(w) for w in words if re.fullmatch(r"\d{1,9}", w))
        except (AccessError, ParseError) as error:
            problems.append(str(error))

    return Topology(
        online=online,
        present=present | online,
        offline=(present | frozenset(listed)) - online,
        cores=tuple(sorted(set(cores.values()), key=min)),
        packages=tuple(sorted(package_sets, key=min)),
        caches=tuple(sorted(caches, key=lambda c: (c.level, c.type, min(c.cpus)))),
        nodes=nodes,
        distances=distances,
        efficient=_efficient(host, online, problems),
        problems=tuple(problems),
    )


def _efficient(host: Host, online: CpuSet, problems: list[str]) -> CpuSet:
    """The slower kind of CPUs of a hybrid host: by name, by capacity, or by base clock; empty if all are alike."""
    try:
        atom = _cpus_at(host, "/sys/devices/cpu_atom/cpus")
        if atom:
            return atom & online
        capacity = {cpu: _int_at(host, f"{CPU_DIR}/cpu{cpu}/cpu_capacity") for cpu in online}
    except (AccessError, ParseError) as error:
        problems.append(str(error))
        return frozenset()
    if not any(capacity.values()):
        capacity = {cpu: _int_at(host, f"{CPU_DIR}/cpu{cpu}/cpufreq/base_frequency") for cpu in online}
    known = {cpu: value for cpu, value in capacity.items() if value is not None}
    best = max(known.values(), default=0)
    return frozenset(cpu for cpu, value in known.items() if value < best)
