"""Huge pages, swap, reclaim, and where memory lies."""

from __future__ import annotations

import re

from hwtune.checks.common import absent, file_target, integer, some
from hwtune.checks.knobs import THP, sysctl_boot
from hwtune.facts import Facts
from hwtune.model import Answer, Boot, Change, bad, check, good, judge, not_applicable, unknown

NODE = "/sys/devices/system/node"
PAGES = "/sys/kernel/mm/hugepages"
DIRTY_BACKGROUND_BYTES = 64 << 20


@check("mem.khugepaged")
def _khugepaged(facts: Facts) -> Answer:
    path = f"{THP}/khugepaged/defrag"
    text = facts.host.get(path)
    if text is None:
        return (
            good("kernel without transparent huge pages")
            if facts.host.listdir("/sys/kernel/mm")
            else absent(facts, path)
        )
    sleep = facts.host.get(f"{THP}/khugepaged/scan_sleep_millisecs") or "0"
    return judge(
        text == "0" or integer(sleep, path) >= 600_000,
        f"defrag = {text}, scan_sleep_millisecs = {sleep}",
        Change(file_target(path), "0"),
    )


def _wanted_nodes(facts: Facts) -> list[int]:
    """Where the hot path's memory belongs: on the planned node, else the NIC's, else those of the hot CPUs."""
    if facts.roles.node is not None:
        return [facts.roles.node]
    nic_node = facts.nic_node(facts.roles.nic) if facts.roles.nic else None
    if nic_node is not None:
        return [nic_node]
    return sorted({n for cpu in facts.hot if (n := facts.topology.node_of(cpu)) is not None})


def _huge(facts: Facts, size_kb: int, need: int, boot: tuple[Boot, ...]) -> Answer:
    name = f"hugepages-{size_kb}kB"
    nodes = [n for n in _wanted_nodes(facts) if facts.host.exists(f"{NODE}/node{n}/hugepages/{name}")]
    places = {f"node {n}": f"{NODE}/node{n}/hugepages/{name}" for n in nodes} or {"the host": f"{PAGES}/{name}"}
    short: list[str] = []
    changes: list[Change] = []
    for place, base in places.items():
        free_text, total_text = facts.host.get(f"{base}/free_hugepages"), facts.host.get(f"{base}/nr_hugepages")
        if free_text is None or total_text is None:
            return absent(facts, f"{base}/nr_hugepages", "the kernel has no pages of this size")
        free, total = integer(free_text, base), integer(total_text, base)
        if free < need:
            short.append(f"{free} of {total} free on {place}, {need} needed")
            changes.append(Change(file_target(f"{base}/nr_hugepages"), str(total - free + need), 30, may_refuse=True))
    everywhere = {n: facts.host.get(f"{NODE}/node{n}/hugepages/{name}/nr_hugepages") for n in facts.topology.nodes}
    spread = ", ".join(f"node {n}: {v}" for n, v in everywhere.items() if v is not None)
    saw = some(short) or f"at least {need} free on {some(list(places))}"
    return judge(not short, saw + (f" (in all {spread})" if spread else ""), *changes, boot=boot)


@check("mem.huge2m")
def _huge2m(facts: Facts) -> Answer:
    # The engine's arena and rings want some; the plan may say how many.
    need = facts.roles.huge2m or 1
    # At boot pages are spread over the nodes, and a smaller count would take away what others have.
    nodes = max(1, len([n for n, members in facts.topology.nodes.items() if members]))
    have = facts.host.get(f"{PAGES}/hugepages-2048kB/nr_hugepages") or "0"
    count = max(need * nodes, integer(have, PAGES))
    return _huge(facts, 2048, need, (Boot("cmdline", "hugepagesz", "2M"), Boot("cmdline", "hugepages", str(count))))


@check("mem.huge1g")
def _huge1g(facts: Facts) -> Answer:
    if not facts.roles.huge1g:
        return not_applicable("no 1 GiB pages are planned")
    need = facts.roles.huge1g
    return _huge(
        facts,
        1048576,
        need,
        (
            Boot("cmdline", "default_hugepagesz", "1G"),
            Boot("cmdline", "hugepagesz", "1G"),
            Boot("cmdline", "hugepages", str(need)),
        ),
    )


@check("mem.hugetlbfs")
def _hugetlbfs(facts: Facts) -> Answer:
    text = facts.host.get("/proc/mounts") or facts.host.get("/proc/self/mounts")
    if text is None:
        return absent(facts, "/proc/mounts")
    found = re.search(r"^\S+ (\S+) hugetlbfs ", text, re.MULTILINE)
    return judge(found is not None, f"mounted at {found.group(1)}" if found else "hugetlbfs is not mounted")


@check("mem.swap")
def _swap(facts: Facts) -> Answer:
    text = facts.host.get("/proc/swaps")
    if text is None:
        return absent(facts, "/proc/swaps")
    devices = [line.split()[0] for line in text.splitlines()[1:] if line.split()]
    if not devices:
        return good("no swap device")
    path = "/proc/sys/vm/swappiness"
    value = facts.host.get(path) or "?"
    return judge(
        value.isdigit() and int(value) <= 10,
        f"swap on {some(devices)}, swappiness {value}",
        Change(file_target(path), "1"),
        boot=sysctl_boot(path, "1"),
    )


@check("mem.dirty")
def _dirty(facts: Facts) -> Answer:
    path = "/proc/sys/vm/dirty_background_bytes"
    text = facts.host.get(path)
    if text is None:
        return absent(facts, path)
    ratio = facts.host.get("/proc/sys/vm/dirty_background_ratio")
    want = str(DIRTY_BACKGROUND_BYTES)
    return judge(
        0 < integer(text, path) <= 1 << 28,
        f"dirty_background_bytes = {text}, dirty_background_ratio = {ratio}",
        Change(file_target(path), want),
        boot=sysctl_boot(path, want),
    )


@check("mem.min_free")
def _min_free(facts: Facts) -> Answer:
    path = "/proc/sys/vm/min_free_kbytes"
    text = facts.host.get(path)
    if text is None:
        return absent(facts, path)
    nodes = max(1, len([n for n in facts.topology.nodes if facts.topology.nodes[n]]))
    total = re.search(r"^MemTotal:\s+(\d{1,15}) kB", facts.host.get("/proc/meminfo") or "", re.MULTILINE)
    # A reserve of more than a twentieth of all memory would itself cause reclaim on a small host.
    want = min(65536 * nodes, int(total.group(1)) // 20) if total else 65536 * nodes
    boost_path = "/proc/sys/vm/watermark_boost_factor"
    boost = facts.host.get(boost_path)
    changes = [Change(file_target(path), str(want))] if integer(text, path) < want else []
    changes += [Change(file_target(boost_path), "0")] if boost not in (None, "0") else []
    boot = tuple(item for change in changes for item in sysctl_boot(change.target.removeprefix("file:"), change.value))
    return judge(
        not changes, f"min_free_kbytes = {text} (>= {want}), watermark_boost_factor = {boost}", *changes, boot=boot
    )


@check("mem.numa_match")
def _numa_match(facts: Facts) -> Answer:
    top = facts.topology
    if not top.numa_consistent():
        return unknown("not supported: firmware puts CPUs on several NUMA nodes at once")
    if len([n for n, members in top.nodes.items() if members]) < 2:
        return good("one NUMA node")
    parts: dict[str, set[int]] = {}
    if facts.hot:
        parts["hot CPUs"] = {n for cpu in facts.hot if (n := top.node_of(cpu)) is not None}
    if facts.roles.nic is not None and (nic_node := facts.nic_node(facts.roles.nic)) is not None:
        parts[facts.roles.nic] = {nic_node}
    counts = {n: facts.host.get(f"{NODE}/node{n}/hugepages/hugepages-2048kB/nr_hugepages") for n in top.nodes}
    with_pages = {n for n, value in counts.items() if value is not None and integer(value, NODE) > 0}
    if with_pages:
        parts["huge pages"] = with_pages
    if len(parts) < 2:
        return not_applicable("nothing to match: " + (", ".join(parts) or "no plan"))
    saw = "; ".join(f"{name} on node {', '.join(map(str, sorted(nodes)))}" for name, nodes in parts.items())
    common = set.intersection(*parts.values())
    single = [name for name in parts if name != "huge pages" and len(parts[name]) > 1]
    return judge(bool(common) and not single, saw)


@check("mem.edac")
def _edac(facts: Facts) -> Answer:
    counts = {p: facts.host.get(p) for p in facts.host.glob("/sys/devices/system/edac/mc/mc*/ce_count")}
    if not counts:
        return not_applicable("no memory controller reports errors")
    errors = [f"{p.split('/')[-2]}: {v}" for p, v in counts.items() if v not in (None, "0")]
    return judge(
        not errors, some(errors) or "no corrected error since boot", boot=(Boot("cmdline", "mce", "ignore_ce"),)
    )


@check("mem.balloon")
def _balloon(facts: Facts) -> Answer:
    if not facts.guest:
        return not_applicable("not a guest")
    found = [
        d
        for d in ("virtio_balloon", "vmw_balloon", "hv_balloon")
        if facts.host.listdir(f"/sys/bus/virtio/drivers/{d}") or facts.host.exists(f"/sys/module/{d}")
    ]
    names = {irq.name for irq in facts.irqs} if facts.host.listdir("/proc/irq") else set()
    inflating = any(name.endswith("-inflate") for name in names)
    return (
        bad(f"a balloon device is there ({some(found) or 'virtio'})")
        if found or inflating
        else good("no balloon device")
    )
