"""The plan of roles: which CPUs run hot, for which component, beside which NIC and NUMA node."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from hwtune.cpus import CpuSet, format_list, parse_list
from hwtune.errors import ParseError, RolesError
from hwtune.host import Host
from hwtune.topology import Topology


def _cpus(value: Any) -> Any:
    if isinstance(value, bool):
        raise ValueError("a CPU list like 2,3 or 4-7 is wanted")
    if isinstance(value, str | int):
        try:
            return parse_list(str(value))
        except ParseError as error:
            raise ValueError(str(error)) from error
    return value


CpuListField = Annotated[frozenset[int], BeforeValidator(_cpus)]


class Roles(BaseModel):
    """Who runs where. `hot` maps a component's name to its CPUs; huge pages are counted on the node of the hot CPUs.

    `policy` is what hot threads run under: `other` spins without priority on isolated CPUs, `fifo` uses SCHED_FIFO.
    `talkers` are pairs of components that exchange messages; without it all hot components talk to each other.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    hot: dict[str, CpuListField] = Field(default_factory=dict)
    nic: str | None = Field(default=None, pattern=r"^[A-Za-z0-9_.:@-]{1,15}$")
    node: int | None = Field(default=None, ge=0)
    policy: Literal["other", "fifo"] = "other"
    huge2m: int = Field(default=0, ge=0)
    huge1g: int = Field(default=0, ge=0)
    talkers: tuple[tuple[str, str], ...] = ()
    source: str = "given"

    @property
    def hot_cpus(self) -> CpuSet:
        """All hot CPUs."""
        return frozenset(cpu for cpus in self.hot.values() for cpu in cpus)

    def housekeeping(self, topology: Topology) -> CpuSet:
        """Where everything else goes: not the hot CPUs and, if enough CPUs remain, not their SMT siblings either."""
        rest = topology.online - self.hot_cpus
        return (topology.online - topology.whole_cores(self.hot_cpus)) or rest

    def validate_on(self, topology: Topology, host: Host) -> None:
        """Raises RolesError if a CPU, node or NIC of the plan does not exist on the host."""
        for name, cpus in self.hot.items():
            if missing := cpus - topology.online:
                raise RolesError(
                    f"CPU {format_list(missing)} of {name!r} is not online (online: {format_list(topology.online)})",
                    "roles",
                    "choose other CPUs",
                )
        if self.hot_cpus >= topology.online:
            raise RolesError("all CPUs are hot: none is left for the rest of the host", "roles", "leave at least one")
        if self.node is not None and topology.nodes and self.node not in topology.nodes:
            raise RolesError(f"NUMA node {self.node} does not exist (nodes: {sorted(topology.nodes)})", "roles")
        if self.nic is not None and host.listdir("/sys/class/net") and not host.exists(f"/sys/class/net/{self.nic}"):
            raise RolesError(
                f"interface {self.nic!r} does not exist (there are: {', '.join(host.listdir('/sys/class/net'))})",
                "roles",
            )
        for pair in self.talkers:
            if unknown := set(pair) - set(self.hot):
                raise RolesError(f"talkers name {sorted(unknown)}, which is no hot component", "roles")


def from_config(path: Path) -> Roles:
    """The `tune` section of the engine's configuration. Raises RolesError naming the key that is wrong."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise RolesError(f"cannot be read ({error.strerror})", str(path)) from error
    except ValueError as error:
        raise RolesError(f"is not JSON ({error})", str(path)) from error
    section = document.get("tune") if isinstance(document, dict) else None
    if section is None:
        raise RolesError("has no section `tune`", str(path), 'add "tune": {"hot": {"engine": "2,3"}, "nic": "eth1"}')
    try:
        return Roles.model_validate({**section, "source": str(path)} if isinstance(section, dict) else section)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(["tune", *(str(part) for part in first["loc"])])
        raise RolesError(f"{key}: {first['msg']}", str(path)) from error


def from_options(hot_cpus: str, nic: str | None, node: int | None, policy: str, huge2m: int) -> Roles:
    """Roles of the command line options. Raises RolesError."""
    hot = {"engine": hot_cpus} if hot_cpus else {}
    given: dict[str, Any] = {"hot": hot, "nic": nic, "node": node, "policy": policy, "huge2m": huge2m}
    try:
        return Roles.model_validate({**given, "source": "options"})
    except ValidationError as error:
        first = error.errors()[0]
        raise RolesError(f"{'.'.join(str(p) for p in first['loc'])}: {first['msg']}", "options") from error


def propose(topology: Topology, nic: str | None, nic_node: int | None, count: int = 2) -> Roles:
    """Whole cores for `count` hot threads: one thread a core, its siblings left idle, never the core of CPU 0.

    Prefers the NIC's node, then performance cores, then one last-level cache for all, then high numbers (low ones are
    where firmware and drivers put their interrupts). Raises RolesError if no core can be spared.
    """
    first = min(topology.online)
    usable = [core for core in topology.cores if first not in core]
    if not usable:
        raise RolesError("there is one core only: none can be set apart", "propose", "use a host with more cores")
    if topology.numa_consistent() and nic_node is not None:
        usable = [core for core in usable if topology.node_of(min(core)) == nic_node] or usable
    usable = [core for core in usable if not core & topology.efficient] or usable

    groups: dict[CpuSet, list[CpuSet]] = {}
    for core in usable:
        groups.setdefault(topology.last_level(min(core)), []).append(core)
    # A group that holds all talkers wins; among those the one without the first CPU, then the highest.
    best = max(groups.values(), key=lambda cores: (min(len(cores), count), first not in cores[0], max(map(max, cores))))
    # Each node in use keeps a whole core for its own interrupts and kernel threads; the first core is one already.
    home = topology.node_of(min(best[0]))
    node_cores = [c for c in topology.cores if home is None or c <= topology.nodes.get(home, topology.online)]
    spare = len(node_cores) - len([c for c in best if c in node_cores])
    chosen = sorted(best, key=min)[-min(count, len(best) - (1 if spare == 0 and len(best) > 1 else 0)) :]
    hot = {f"hot{i}": frozenset({min(core)}) for i, core in enumerate(chosen)}
    node = topology.node_of(min(chosen[0])) if topology.numa_consistent() else None
    return Roles(hot=hot, nic=nic, node=node, source="proposed")
