"""CPU isolation, SMT, caches, NUMA placement; and which threads may run on hot CPUs."""

from __future__ import annotations

import re

from hwtune.checks.common import absent, cpus, file_target, some
from hwtune.cpus import format_list, parse_list
from hwtune.errors import AccessError, ParseError
from hwtune.facts import Facts
from hwtune.model import Answer, Boot, Change, bad, check, good, judge, not_applicable, unknown

NO_HOT = not_applicable("no hot CPUs are planned and none can be proposed")
CPU = "/sys/devices/system/cpu"


def isolation_boot(facts: Facts) -> tuple[Boot, ...]:
    """The one command line that isolates the hot CPUs with their siblings, so that all lists agree."""
    quiet = format_list(facts.topology.whole_cores(facts.hot) & facts.topology.online - facts.housekeeping)
    return (
        Boot("cmdline", "isolcpus", f"managed_irq,domain,{quiet}"),
        Boot("cmdline", "nohz_full", quiet),
        Boot("cmdline", "rcu_nocbs", quiet),
        Boot("cmdline", "irqaffinity", format_list(facts.housekeeping)),
    )


@check("cpu.isolated")
def _isolated(facts: Facts) -> Answer:
    if not facts.hot:
        return NO_HOT
    if facts.isolated is None:
        return unknown(
            "absent: the dump has no list of isolated CPUs, and isolcpus= has flags but not `domain`: only a "
            "cpuset could isolate them, which the dump does not show",
            f"isolcpus={facts.cmdline.last('isolcpus')}",
        )
    missing = facts.hot - facts.isolated
    return judge(
        not missing,
        f"isolated: {cpus(facts.isolated)}" + (f"; missing {cpus(missing)}" if missing else ""),
        boot=isolation_boot(facts),
    )


@check("cpu.isolated_online")
def _isolated_online(facts: Facts) -> Answer:
    isolcpus = facts.cmdline.isolcpus(facts.last_cpu) if facts.host.exists("/proc/cmdline") else None
    named = (facts.isolated or frozenset()) | (isolcpus.cpus if isolcpus else frozenset())
    if not named:
        return not_applicable("no CPU is isolated")
    gone = named - facts.topology.online
    offline = gone & facts.topology.present
    changes = [Change(file_target(f"{CPU}/cpu{cpu}/online"), "1", rank=10) for cpu in sorted(offline)]
    boot = isolation_boot(facts) if facts.hot else ()
    return judge(
        not gone, f"isolated: {cpus(named)}" + (f"; not online: {cpus(gone)}" if gone else ""), *changes, boot=boot
    )


@check("cpu.nohz_full")
def _nohz_full(facts: Facts) -> Answer:
    if not facts.hot:
        return NO_HOT
    missing = facts.hot - facts.nohz_full
    return judge(
        not missing,
        f"nohz_full: {cpus(facts.nohz_full)}" + (f"; missing {cpus(missing)}" if missing else ""),
        boot=isolation_boot(facts),
    )


@check("cpu.nohz_full_config")
def _nohz_full_config(facts: Facts) -> Answer:
    # The file exists only on kernels that can; a list in it proves it even without the configuration.
    if facts.host.exists(f"{CPU}/nohz_full"):
        return good(f"{CPU}/nohz_full exists")
    value = facts.kernel_config.get("CONFIG_NO_HZ_FULL", "n")
    return judge(value == "y", f"CONFIG_NO_HZ_FULL={value}")


@check("cpu.rcu_nocbs")
def _rcu_nocbs(facts: Facts) -> Answer:
    if not facts.hot:
        return NO_HOT
    offloaded = (facts.cmdline.cpu_list("rcu_nocbs", facts.last_cpu) or frozenset()) | facts.nohz_full
    missing = facts.hot - offloaded
    return judge(
        not missing,
        f"offloaded: {cpus(offloaded)}" + (f"; missing {cpus(missing)}" if missing else ""),
        boot=isolation_boot(facts),
    )


@check("cpu.isolation_consistent")
def _isolation_consistent(facts: Facts) -> Answer:
    isolcpus = facts.cmdline.isolcpus(facts.last_cpu)
    lists = {
        "isolated": facts.isolated if facts.isolated is not None else (isolcpus.cpus if isolcpus else frozenset()),
        "nohz_full": facts.nohz_full,
    }
    rcu = facts.cmdline.cpu_list("rcu_nocbs", facts.last_cpu)
    if rcu is not None:
        lists["rcu_nocbs"] = rcu
    irqaffinity = facts.cmdline.cpu_list("irqaffinity", facts.last_cpu)
    if not any(lists.values()) and irqaffinity is None:
        return not_applicable("nothing is isolated", "no isolcpus=, nohz_full=, rcu_nocbs= or irqaffinity=")
    faults = [f"{name} is {cpus(found)}" for name, found in lists.items()] if len(set(lists.values())) > 1 else []
    wide = frozenset().union(*lists.values())
    if irqaffinity is not None and irqaffinity & wide:
        faults.append(f"irqaffinity includes {cpus(irqaffinity & wide)}")
    if isolcpus is not None and not isolcpus.domain:
        faults.append("isolcpus= has flags without `domain`: the scheduler still balances over these CPUs")
    if isolcpus is not None and "managed_irq" not in isolcpus.flags and not faults:
        return good(f"all lists name {cpus(wide)} (managed_irq is not asked for: see irq.managed)")
    return judge(
        not faults, "; ".join(faults) or f"all lists name {cpus(wide)}", boot=isolation_boot(facts) if facts.hot else ()
    )


@check("cpu.housekeeping")
def _housekeeping(facts: Facts) -> Answer:
    top = facts.topology
    quiet = (facts.isolated or frozenset()) | facts.hot
    rest = top.online - quiet
    faults: list[str] = []
    whole = [core for core in top.cores if core <= rest]
    if not whole:
        faults.append("no whole core is left")
    if min(top.online) in facts.hot:
        faults.append(f"CPU {min(top.online)} is hot: the kernel's own work cannot leave it")
    used = {top.node_of(cpu) for cpu in facts.hot} - {None} if top.numa_consistent() else set()
    for node in sorted(n for n in used if n is not None):
        if not any(core <= top.nodes[node] for core in whole):
            faults.append(f"node {node} has hot CPUs but no whole core for the rest")
    return judge(not faults, f"housekeeping: {cpus(rest)}" + "".join(f"; {fault}" for fault in faults))


@check("cpu.smt_active")
def _smt_active(facts: Facts) -> Answer:
    text = facts.host.get(f"{CPU}/smt/active")
    shared = any(len(core) > 1 for core in facts.topology.cores)
    if text is None and not shared:
        return good("each core has one thread")
    if text == "0" or not shared:
        return good("SMT is off")
    if not facts.hot:
        return bad("SMT is on")
    siblings = facts.topology.whole_cores(facts.hot) - facts.hot
    clash = [core for core in facts.topology.cores if len(core & facts.hot) > 1]
    if clash:
        return bad(
            f"SMT is on and {some([cpus(c & facts.hot) for c in clash])} are hot on one core",
            boot=(Boot("cmdline", "nosmt"),),
        )
    idle = facts.isolated if facts.isolated is not None else frozenset()
    loose = siblings - idle
    return judge(
        not loose,
        f"SMT is on; siblings of hot CPUs: {cpus(siblings)}"
        + (f", not isolated: {cpus(loose)}" if loose else ", all isolated"),
        *[Change(file_target(f"{CPU}/cpu{cpu}/online"), "0", rank=90, opt_in=True) for cpu in sorted(loose)],
        boot=isolation_boot(facts),
    )


@check("cpu.smt_sibling_hot")
def _smt_sibling_hot(facts: Facts) -> Answer:
    siblings = facts.topology.whole_cores(facts.hot) - facts.hot
    if not siblings:
        return not_applicable("hot CPUs have no online sibling")
    window = facts.window
    if window.since_boot:
        loose = siblings - (facts.isolated or frozenset())
        if loose:
            return bad(f"siblings {cpus(loose)} of hot CPUs are open to any thread", boot=isolation_boot(facts))
        return unknown("absent: one sample of /proc/stat only, so the siblings' load cannot be told")
    busy: list[str] = []
    for cpu in sorted(siblings & set(window.before) & set(window.after)):
        ran = window.after[cpu].busy - window.before[cpu].busy
        total = ran + window.after[cpu].idle - window.before[cpu].idle
        if total > 0 and ran / total >= 0.01:
            busy.append(f"CPU {cpu} {100 * ran / total:.0f} % busy")
    return judge(not busy, some(busy) or f"siblings {cpus(siblings)} are idle", boot=isolation_boot(facts))


@check("cpu.llc_shared")
def _llc_shared(facts: Facts) -> Answer:
    pairs = facts.roles.talkers or tuple((a, b) for a in facts.roles.hot for b in facts.roles.hot if a < b)
    if not pairs and len(facts.hot) < 2:
        return not_applicable("one hot CPU: nobody to talk to")
    if not facts.topology.caches:
        return unknown(f"absent: {CPU}/cpu*/cache tells no cache")
    hot_pairs = [(facts.roles.hot[a] | facts.roles.hot[b], f"{a} and {b}") for a, b in pairs] or [
        (facts.hot, "hot CPUs")
    ]
    apart = [
        f"{name} ({cpus(members)})"
        for members, name in hot_pairs
        if any(not members <= facts.topology.last_level(cpu) for cpu in members)
    ]
    return judge(not apart, f"no common last-level cache: {some(apart)}" if apart else "all who talk share one cache")


@check("cpu.hybrid_core")
def _hybrid_core(facts: Facts) -> Answer:
    slow = facts.topology.efficient
    if not slow:
        return not_applicable("all CPUs are of one kind")
    wrong = facts.hot & slow
    return judge(not wrong, f"slower CPUs: {cpus(slow)}" + (f"; hot among them: {cpus(wrong)}" if wrong else ""))


@check("cpu.numa_of_hot")
def _numa_of_hot(facts: Facts) -> Answer:
    top = facts.topology
    if not facts.hot:
        return NO_HOT
    if not top.numa_consistent():
        return unknown("not supported: firmware puts CPUs on several NUMA nodes at once", f"nodes {sorted(top.nodes)}")
    if not top.nodes:
        return not_applicable("no NUMA nodes are told")
    nodes = {node for cpu in facts.hot if (node := top.node_of(cpu)) is not None}
    wanted = facts.nic_node(facts.roles.nic) if facts.roles.nic else facts.roles.node
    wanted = facts.roles.node if wanted is None else wanted
    saw = f"hot CPUs on node {', '.join(map(str, sorted(nodes)))}" + (
        f", planned node {wanted}" if wanted is not None else ""
    )
    return judge(len(nodes) == 1 and (wanted is None or nodes == {wanted}), saw)


@check("cpu.microcode_equal")
def _microcode_equal(facts: Facts) -> Answer:
    found = set(re.findall(r"^microcode\s*:\s*(\S+)", facts.host.read("/proc/cpuinfo"), re.MULTILINE))
    if not found:
        return not_applicable("the CPU does not tell its microcode")
    return judge(len(found) == 1, f"microcode {', '.join(sorted(found))}")


@check("cpu.mitigations")
def _mitigations(facts: Facts) -> Answer:
    directory = f"{CPU}/vulnerabilities"
    names = facts.host.listdir(directory)
    option = facts.cmdline.last("mitigations") if facts.host.exists("/proc/cmdline") else None
    if not names:
        return absent(facts, f"{directory}/spectre_v2")
    active = [n for n in names if "Mitigation" in (facts.host.get(f"{directory}/{n}") or "")]
    open_ = [n for n in names if (facts.host.get(f"{directory}/{n}") or "").startswith("Vulnerable")]
    return good(
        f"{len(active)} mitigations on"
        + (f", open to {some(open_, 3)}" if open_ else "")
        + (f", mitigations={option}" if option else "")
    )


@check("proc.hot_threads")
def _hot_threads(facts: Facts) -> Answer:
    if not facts.hot:
        return NO_HOT
    foreign = [t for t in facts.threads if not t.kernel and t.allowed & facts.hot]
    # On CPUs out of the scheduler's domains a thread only runs if it was put there; elsewhere allowed is enough.
    isolated = facts.isolated or frozenset()
    there = [t for t in foreign if t.allowed & (facts.hot - isolated) or t.cpu in facts.hot or t.allowed <= isolated]
    names = sorted({t.comm for t in there})
    home = format_list(facts.housekeeping)
    changes = [Change(f"task:{t.tid}:{t.start}", home, rank=60, may_refuse=True) for t in there]
    boot = (Boot("cmdline", "systemd.cpu_affinity", home),)
    return judge(
        not there,
        f"{len(there)} user threads may run on {cpus(facts.hot)}: {some(names)}"
        if there
        else f"no foreign user thread on {cpus(facts.hot)}",
        *changes,
        boot=boot,
    )


@check("proc.hot_kthreads")
def _hot_kthreads(facts: Facts) -> Answer:
    if not facts.hot:
        return NO_HOT
    movable = [t for t in facts.threads if t.kernel and t.movable and t.allowed & facts.hot]
    names = sorted({t.comm.split("/")[0] for t in movable})
    home = format_list(facts.housekeeping)
    changes = [Change(f"task:{t.tid}:{t.start}", home, rank=60, may_refuse=True) for t in movable]
    return judge(
        not movable,
        f"{len(movable)} movable kernel threads on {cpus(facts.hot)}: {some(names)}"
        if movable
        else f"only bound kernel threads on {cpus(facts.hot)}",
        *changes,
        boot=isolation_boot(facts),
    )


@check("cgroup.cpuset")
def _cgroup_cpuset(facts: Facts) -> Answer:
    if not facts.hot:
        return NO_HOT
    found = cpuset_of_self(facts)
    if found is None:
        match = re.search(r"^Cpus_allowed_list:\s*(\S*)$", facts.host.read("/proc/self/status"), re.MULTILINE)
        if match is None:
            return unknown("absent: /proc/self/status has no Cpus_allowed_list")
        # isolcpus= takes CPUs out of the inherited affinity without forbidding them.
        found = parse_list(match.group(1), "/proc/self/status") | (facts.isolated or frozenset())
    missing = facts.hot - found
    return judge(not missing, f"cpuset: {cpus(found)}" + (f"; hot but outside: {cpus(missing)}" if missing else ""))


def cpuset_of_self(facts: Facts) -> frozenset[int] | None:
    """The CPUs the cpuset of our process holds, by cgroup v2, v1 or hybrid; None if no hierarchy tells."""
    text = facts.host.get("/proc/self/cgroup") or ""
    for line in text.splitlines():
        number, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        if number == "0" and not controllers:
            bases, name = ["/sys/fs/cgroup", "/sys/fs/cgroup/unified"], "cpuset.cpus.effective"
        elif "cpuset" in controllers.split(","):
            bases, name = ["/sys/fs/cgroup/cpuset"], "cpuset.effective_cpus"
        else:
            continue
        for base in bases:
            try:
                value = facts.host.get(f"{base}{path.rstrip('/')}/{name}")
                if value:
                    return parse_list(value, f"{base}{path}/{name}")
            except (AccessError, ParseError):
                continue
    return None
