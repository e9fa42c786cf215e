"""Interrupts: what is asked, where they go, and what really landed."""

from __future__ import annotations

from hwtune import counters
from hwtune.checks.common import absent, cpus, file_target, some
from hwtune.cpus import format_list, format_mask, parse_list, parse_mask
from hwtune.facts import Facts, Irq
from hwtune.model import Answer, Boot, Change, bad, check, good, judge, not_applicable, unknown

NO_HOT = not_applicable("no hot CPUs are planned")

# Interrupts that one core sends another, or itself; above this rate a hot core is being disturbed.
RATE_MAX_PER_S = 10.0


def handled(facts: Facts) -> tuple[Irq, ...]:
    """The interrupts somebody handles: a mask without a handler disturbs nobody."""
    named = tuple(irq for irq in facts.irqs if irq.name)
    return named or facts.irqs


def _moves(facts: Facts, irqs: list[Irq]) -> list[Change]:
    home = facts.housekeeping
    return [
        Change(
            file_target(f"/proc/irq/{irq.number}/smp_affinity_list"),
            format_list(irq.asked & home or home),
            rank=70,
            may_refuse=True,
        )
        for irq in irqs
    ]


def _boot(facts: Facts) -> tuple[Boot, ...]:
    return (Boot("cmdline", "irqaffinity", format_list(facts.housekeeping)),)


def _names(irqs: list[Irq]) -> str:
    return some([f"{irq.number} ({irq.name})" if irq.name else str(irq.number) for irq in irqs])


@check("irq.requested")
def _requested(facts: Facts) -> Answer:
    if not facts.hot:
        return NO_HOT
    all_irqs = handled(facts)
    wrong = [irq for irq in all_irqs if irq.asked & facts.hot]
    return judge(
        not wrong,
        f"{len(wrong)} of {len(all_irqs)} handled IRQs may go to {cpus(facts.hot)}"
        + (f": {_names(wrong)}" if wrong else ""),
        *_moves(facts, wrong),
        boot=_boot(facts),
    )


@check("irq.effective")
def _effective(facts: Facts) -> Answer:
    if not facts.hot:
        return NO_HOT
    all_irqs = [irq for irq in facts.irqs if irq.effective is not None]
    if not all_irqs:
        return unknown("absent: /proc/irq/*/effective_affinity_list (the kernel is older than 4.15, or left out)")
    on_hot = [irq for irq in all_irqs if irq.effective and irq.effective & facts.hot]
    live = {irq.number for irq in handled(facts)}
    wrong = [irq for irq in on_hot if irq.number in live]
    # The mask asked for counts from the next interrupt on; until then the two differ.
    waiting = [irq for irq in all_irqs if irq.number in live and irq.effective and not irq.effective & irq.asked]
    saw = f"{len(on_hot)} of {len(all_irqs)} IRQs target {cpus(facts.hot)} ({len(wrong)} of them handled)"
    saw += f": {_names(wrong)}" if wrong else ""
    saw += f"; {len(waiting)} not yet where asked: {_names(waiting)}" if waiting else ""
    return judge(not wrong, saw, *_moves(facts, [irq for irq in wrong if irq.asked & facts.hot]), boot=_boot(facts))


def _landed(facts: Facts, keys: frozenset[str] | None, table: dict[str, counters.Line]) -> dict[str, int]:
    chosen = {k: line for k, line in table.items() if (line.device if keys is None else k in keys)}
    return counters.on_cpus(chosen, facts.hot)


def _named(landed: dict[str, int], table: dict[str, counters.Line]) -> str:
    ordered = sorted(landed.items(), key=lambda item: -item[1])
    return some([f"{key} {table[key].name} x{count}".replace("  ", " ") for key, count in ordered])


@check("irq.delta")
def _irq_delta(facts: Facts) -> Answer:
    if not facts.hot:
        return NO_HOT
    window = facts.window
    landed = _landed(facts, None, window.interrupts)
    total = sum(landed.values())
    if window.since_boot:
        saw = f"since boot {total} device interrupts on {cpus(facts.hot)}" + (
            f": {_named(landed, window.interrupts)}" if landed else ""
        )
        return unknown("absent: one sample of /proc/interrupts only, so what lands now cannot be told", saw)
    return judge(
        not landed,
        f"{total} device interrupts on {cpus(facts.hot)} in {window.seconds:.1f} s"
        + (f": {_named(landed, window.interrupts)}" if landed else ""),
        boot=_boot(facts),
    )


@check("kernel.hot_ipi")
def _hot_ipi(facts: Facts) -> Answer:
    if not facts.hot:
        return NO_HOT
    window = facts.window
    landed = _landed(facts, frozenset({"RES", "CAL", "TLB"}), window.interrupts)
    if window.since_boot:
        return unknown("absent: one sample of /proc/interrupts only", _named(landed, window.interrupts))
    rate = sum(landed.values()) / window.seconds / len(facts.hot)
    return judge(
        rate <= RATE_MAX_PER_S, f"{rate:.1f} per second and hot CPU: {_named(landed, window.interrupts) or 'none'}"
    )


@check("irq.softirq_delta")
def _softirq_delta(facts: Facts) -> Answer:
    if not facts.hot:
        return NO_HOT
    window = facts.window
    if not window.softirqs:
        return absent(facts, "/proc/softirqs")
    landed = _landed(facts, frozenset(window.softirqs), window.softirqs)
    if window.since_boot:
        return unknown("absent: one sample of /proc/softirqs only", _named(landed, window.softirqs))
    rate = sum(landed.values()) / window.seconds / len(facts.hot)
    return judge(
        rate <= RATE_MAX_PER_S, f"{rate:.1f} per second and hot CPU: {_named(landed, window.softirqs) or 'none'}"
    )


@check("irq.default_mask")
def _default_mask(facts: Facts) -> Answer:
    if not facts.hot:
        return NO_HOT
    path = "/proc/irq/default_smp_affinity"
    text = facts.host.get(path)
    if text is None:
        return absent(facts, path)
    hot = parse_mask(text, path) & facts.hot
    return judge(
        not hot,
        f"{path} = {text}" + (f", includes hot {cpus(hot)}" if hot else ""),
        Change(file_target(path), format_mask(facts.housekeeping, text), rank=65),
        boot=_boot(facts),
    )


@check("irq.managed")
def _managed(facts: Facts) -> Answer:
    kinds = ("nvme", "virtio", "mlx5", "ice-", "i40e", "ixgbe", "bnxt", "megasas", "mpt3sas", "hfi", "qedf", "lpfc")
    queues = [irq for irq in facts.irqs if any(k in irq.name for k in kinds)]
    if not queues:
        return not_applicable("no multi-queue device with managed interrupts")
    isolcpus = facts.cmdline.isolcpus(facts.last_cpu)
    on = isolcpus is not None and "managed_irq" in isolcpus.flags and facts.hot <= isolcpus.cpus
    boot = (Boot("cmdline", "isolcpus", f"managed_irq,domain,{format_list(facts.topology.whole_cores(facts.hot))}"),)
    return judge(
        on,
        f"{len(queues)} queue interrupts ({some(sorted({q.name.split('-')[0] for q in queues}), 4)}); "
        f"isolcpus={facts.cmdline.last('isolcpus') or ''}",
        boot=boot,
    )


@check("irq.irqbalance")
def _irqbalance(facts: Facts) -> Answer:
    running = [t for t in facts.threads if t.comm == "irqbalance"]
    if not running:
        return good("irqbalance does not run")
    for path in ("/etc/default/irqbalance", "/etc/sysconfig/irqbalance"):
        for line in (facts.host.get(path) or "").splitlines():
            key, eq, value = line.strip().partition("=")
            value = value.strip("\"' ")
            if eq and key == "IRQBALANCE_BANNED_CPULIST":
                banned = parse_list(value, path)
            elif eq and key == "IRQBALANCE_BANNED_CPUS":
                banned = parse_mask(value, path)
            else:
                continue
            return judge(facts.hot <= banned, f"irqbalance runs and bans {cpus(banned)}")
    return bad("irqbalance runs and bans no CPU: it will move interrupts back")


@check("irq.after_link_reset")
def _after_link_reset(facts: Facts) -> Answer:
    return unknown("not supported: it needs the link to go down and up; `verify` after it tells")


@check("irq.thread_prio")
def _thread_prio(facts: Facts) -> Answer:
    threads = [t for t in facts.threads if t.kernel and t.comm.startswith("irq/")]
    if not threads:
        return not_applicable("no threaded interrupts")
    if facts.roles.policy != "fifo":
        return not_applicable("hot threads spin: they do not wait for an interrupt thread")
    low = [t.comm for t in threads if t.rt_priority < 1]
    return judge(not low, some(low) or f"{len(threads)} interrupt threads at real-time priority")


@check("nic.queue_irq_cpu")
def _queue_irq_cpu(facts: Facts) -> Answer:
    if facts.roles.nic is None:
        return not_applicable("no NIC is planned")
    base = facts.nic_path(facts.roles.nic)
    device = f"{base}/device" if facts.host.exists(f"{base}/device") else base.partition("/net/")[0]
    numbers = {int(n) for n in facts.host.listdir(f"{device}/msi_irqs") if n.isdigit()}
    queues = [irq for irq in facts.irqs if irq.number in numbers]
    if not queues:
        return not_applicable(f"{facts.roles.nic} has no message-signalled interrupts")
    node = facts.nic_node(facts.roles.nic)
    near = facts.topology.nodes.get(node, facts.topology.online) if node is not None else facts.topology.online
    faults: list[str] = []
    wanted = facts.housekeeping & near or facts.housekeeping
    for irq in queues:
        at = irq.effective or irq.asked
        if at & facts.hot:
            faults.append(f"{irq.number} ({irq.name}) on hot {cpus(at & facts.hot)}")
        elif not at & near:
            faults.append(f"{irq.number} ({irq.name}) on {cpus(at)}, away from node {node}")
    changes = [
        Change(file_target(f"/proc/irq/{q.number}/smp_affinity_list"), format_list(wanted), 75, True) for q in queues
    ]
    return judge(not faults, some(faults) or f"{len(queues)} queue interrupts near {facts.roles.nic}", *changes)
