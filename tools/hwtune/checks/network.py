"""The kernel's network path: budgets, steering, drops, filters."""

from __future__ import annotations

import re

from hwtune.checks.common import absent, cpus, file_target, integer, some
from hwtune.checks.knobs import sysctl_boot
from hwtune.counters import parse_softnet
from hwtune.cpus import format_mask, parse_mask
from hwtune.dump import LATER
from hwtune.facts import Facts
from hwtune.model import Answer, Boot, Change, bad, check, good, judge, not_applicable, unknown


@check("net.budget")
def _budget(facts: Facts) -> Answer:
    path, usecs_path = "/proc/sys/net/core/netdev_budget", "/proc/sys/net/core/netdev_budget_usecs"
    text, usecs = facts.host.get(path), facts.host.get(usecs_path)
    if text is None:
        return absent(facts, path)
    changes = [] if 300 <= integer(text, path) <= 600 else [Change(file_target(path), "300")]
    # Below two ticks the kernel answers EINVAL; 8000 is two ticks at HZ=250 and valid at every higher HZ.
    if usecs is not None and integer(usecs, usecs_path) < 2000:
        changes.append(Change(file_target(usecs_path), "8000"))
    boot = tuple(b for c in changes for b in sysctl_boot(c.target.removeprefix("file:"), c.value))
    return judge(not changes, f"netdev_budget = {text}, netdev_budget_usecs = {usecs}", *changes, boot=boot)


@check("net.rps")
def _rps(facts: Facts) -> Answer:
    return _queue_masks(facts, "rx-*/rps_cpus", to_none=True)


@check("net.xps")
def _xps(facts: Facts) -> Answer:
    names = facts.nics
    queues = {n: len(facts.host.glob(f"{facts.nic_path(n)}/queues/tx-*")) for n in names}
    if not queues or max(queues.values(), default=0) <= 1:
        return not_applicable("single-queue interfaces have nothing to steer")
    if not facts.hot:
        return not_applicable("no hot CPUs are planned")
    without: list[str] = []
    for name in names:
        masks = [facts.host.get(p) for p in facts.host.glob(f"{facts.nic_path(name)}/queues/tx-*/xps_cpus")]
        mapped = [parse_mask(m, "xps_cpus") for m in masks if m]
        if mapped and not all(any(cpu in m for m in mapped) for cpu in facts.hot):
            without.append(name)
    return judge(not without, f"hot CPUs without a transmit queue on {some(without)}" if without else "as needed")


def _queue_masks(facts: Facts, pattern: str, to_none: bool) -> Answer:
    files = {p: facts.host.get(p) for n in facts.nics for p in facts.host.glob(f"{facts.nic_path(n)}/queues/{pattern}")}
    if not files:
        return not_applicable("no interface with such queues")
    wrong = {p: m for p, m in files.items() if m and parse_mask(m, p) & facts.hot}
    changes = [
        Change(file_target(p), format_mask(frozenset() if to_none else facts.housekeeping, m)) for p, m in wrong.items()
    ]
    return judge(not wrong, f"{len(wrong)} of {len(files)} queues steer to {cpus(facts.hot)}", *changes)


@check("net.qdisc")
def _qdisc(facts: Facts) -> Answer:
    path = "/proc/sys/net/core/default_qdisc"
    text = facts.host.get(path)
    if text is None:
        return absent(facts, path)
    shaping = ("tbf", "htb", "hfsc", "cbq", "netem", "cake")
    return judge(text not in shaping, f"default_qdisc = {text}")


@check("net.tcp_low_latency_noop")
def _tcp_low_latency_noop(facts: Facts) -> Answer:
    path = "/proc/sys/net/ipv4/tcp_low_latency"
    text = facts.host.get(path)
    if text is None:
        return absent(facts, path)
    return judge(text == "0", f"tcp_low_latency = {text}: it has no effect since Linux 4.14")


def _two(facts: Facts, path: str) -> tuple[str, str | None]:
    """The file now and after the window; None for the second if there is only one sample."""
    first = facts.host.read(path)
    if facts.window.since_boot:
        return first, None
    return first, facts.host.get(path if facts.live else LATER + path)


@check("net.softnet_drops")
def _softnet_drops(facts: Facts) -> Answer:
    path = "/proc/net/softnet_stat"
    first, second = _two(facts, path)
    before = parse_softnet(first)
    dropped, squeezed = sum(r[1] for r in before), sum(r[2] for r in before)
    if second is None:
        if dropped:
            return bad(f"{dropped} packets dropped, {squeezed} rounds cut short since boot")
        return good(f"no drop since boot, {squeezed} rounds cut short")
    after = parse_softnet(second)
    new = sum(r[1] for r in after) - dropped, sum(r[2] for r in after) - squeezed
    return judge(
        new == (0, 0), f"{new[0]} drops and {new[1]} short rounds in the window ({dropped} and {squeezed} before)"
    )


def _udp_errors(text: str) -> int | None:
    lines = re.findall(r"^Udp: (.*)$", text, re.MULTILINE)
    if len(lines) < 2:
        return None
    values = dict(zip(lines[0].split(), lines[1].split(), strict=False))
    return int(values.get("RcvbufErrors", "0")) if values.get("RcvbufErrors", "0").isdigit() else None


@check("net.udp_drops")
def _udp_drops(facts: Facts) -> Answer:
    path = "/proc/net/snmp"
    if not facts.host.exists(path):
        return absent(facts, path)
    first, second = _two(facts, path)
    before = _udp_errors(first)
    if before is None:
        return unknown("absent: /proc/net/snmp has no UDP row")
    if second is None:
        return judge(before == 0, f"{before} datagrams dropped since boot")
    after = _udp_errors(second) or 0
    return judge(after == before, f"{after - before} datagrams dropped in the window ({before} before)")


@check("net.netfilter")
def _netfilter(facts: Facts) -> Answer:
    count = facts.host.get("/proc/sys/net/netfilter/nf_conntrack_count")
    modules = facts.host.get("/proc/modules")
    if count is None and modules is None and not facts.live:
        listed = facts.host.listdir("/proc/sys/net/netfilter")
        return good("nf_conntrack is not there") if listed else unknown("absent: /proc/modules is not in the dump")
    loaded = count is not None or re.search(r"^nf_conntrack ", modules or "", re.MULTILINE) is not None
    return judge(
        not loaded, f"connection tracking is on ({count or '?'} flows)" if loaded else "no connection tracking"
    )


@check("net.gro_defer")
def _gro_defer(facts: Facts) -> Answer:
    found = {
        n: (
            facts.host.get(f"{facts.nic_path(n)}/gro_flush_timeout"),
            facts.host.get(f"{facts.nic_path(n)}/napi_defer_hard_irqs"),
        )
        for n in facts.nics
    }
    known = {n: v for n, v in found.items() if v[0] is not None}
    if not known:
        return not_applicable("no interface has the knob")
    polling = (facts.host.get("/proc/sys/net/core/busy_poll") or "0") != "0"
    wrong = [n for n, (flush, defer) in known.items() if (flush, defer) != ("0", "0") and not polling]
    changes = [
        Change(file_target(f"{facts.nic_path(n)}/{k}"), "0")
        for n in wrong
        for k in ("napi_defer_hard_irqs", "gro_flush_timeout")
    ]
    return judge(not wrong, some([f"{n}: flush {v[0]} ns, defer {v[1]}" for n, v in known.items()]), *changes)


@check("net.napi_threaded")
def _napi_threaded(facts: Facts) -> Answer:
    found = {n: v for n in facts.nics if (v := facts.host.get(f"{facts.nic_path(n)}/threaded")) is not None}
    if not found:
        return not_applicable("no interface has the knob")
    wrong = [n for n, v in found.items() if v != "0"]
    return judge(
        not wrong,
        some([f"{n}: {v}" for n, v in found.items()]),
        *[Change(file_target(f"{facts.nic_path(n)}/threaded"), "0") for n in wrong],
    )


@check("net.rp_filter")
def _rp_filter(facts: Facts) -> Answer:
    base = "/proc/sys/net/ipv4/conf"
    names = ["all", *facts.nics]
    values = {n: v for n in names if (v := facts.host.get(f"{base}/{n}/rp_filter")) is not None}
    if not values:
        return absent(facts, f"{base}/all/rp_filter")
    # The kernel takes the stricter of `all` and the interface, where 1 is strict and 2 is loose.
    strict = [n for n, v in values.items() if v == "1"]
    changes = [Change(file_target(f"{base}/{n}/rp_filter"), "2") for n in strict]
    boot = tuple(Boot("sysctl", f"net.ipv4.conf.{n.replace('.', '/')}.rp_filter", "2") for n in strict)
    return judge(not strict, some([f"{n}: {v}" for n, v in values.items()]), *changes, boot=boot)
