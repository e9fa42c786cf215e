"""The NIC: link, moderation, rings, queues, offloads, PCIe, NUMA."""

from __future__ import annotations

from hwtune.checks.common import absent, file_target, integer, some
from hwtune.errors import AccessError
from hwtune.facts import Facts
from hwtune.model import Answer, Boot, Change, check, good, judge, not_applicable, unknown

NO_NIC = not_applicable("no NIC is planned and none with a device is there")


def _device(facts: Facts, name: str) -> str:
    base = facts.nic_path(name)
    return f"{base}/device" if facts.host.exists(f"{base}/device") else base.partition("/net/")[0]


def _setting(facts: Facts, keys: dict[str, int], refused_group: str, cost_rank: int = 50) -> Answer:
    """All planned NICs must have these settings; what a driver does not offer is not applicable there."""
    if not facts.nics:
        return NO_NIC
    faults: list[str] = []
    changes: list[Change] = []
    known = False
    for name in facts.nics:
        nic = facts.nic(name)
        for key, want in keys.items():
            if key not in nic.settings:
                continue
            known = True
            if nic.settings[key] != want:
                faults.append(f"{name} {key} {nic.settings[key]}")
                if nic.refused.get(key) != "fixed":
                    changes.append(Change(f"nic:{name}:{key}", str(want), cost_rank, may_refuse=True))
    if not known:
        reasons = sorted({facts.nic(n).refused.get(refused_group, "not told") for n in facts.nics})
        return not_applicable(f"the driver does not offer it ({', '.join(reasons)})")
    return judge(
        not faults,
        some(faults) or f"{some(list(facts.nics))}: {', '.join(f'{k} {v}' for k, v in keys.items())}",
        *changes,
    )


@check("nic.link")
def _link(facts: Facts) -> Answer:
    if not facts.nics:
        return NO_NIC
    faults: list[str] = []
    shown: list[str] = []
    for name in facts.nics:
        base = facts.nic_path(name)
        state, changes = facts.host.get(f"{base}/operstate"), facts.host.get(f"{base}/carrier_changes")
        if state is None:
            continue
        try:
            speed = facts.host.get(f"{base}/speed")
        except AccessError:  # the kernel answers EINVAL for a link that is down
            speed = None
        shown.append(f"{name} {state}, {'?' if speed in (None, '-1') else speed} Mbit/s, {changes} carrier changes")
        if state not in ("up", "unknown"):
            faults.append(f"{name} is {state}")
    if not shown:
        return absent(facts, f"{facts.nic_path(facts.nics[0])}/operstate")
    return judge(not faults, some(shown, 3))


@check("nic.driver")
def _driver(facts: Facts) -> Answer:
    if not facts.nics:
        return NO_NIC
    return good(some([f"{n}: {' '.join(v for v in facts.nic(n).driver.values() if v)}" for n in facts.nics], 4))


@check("nic.coalesce")
def _coalesce(facts: Facts) -> Answer:
    return _setting(facts, {"rx-usecs": 0, "adaptive-rx": 0}, "coalesce")


@check("nic.rings")
def _rings(facts: Facts) -> Answer:
    if not facts.nics:
        return NO_NIC
    shown = {n: (facts.nic(n).settings.get("ring-rx"), facts.nic(n).settings.get("ring-rx-max")) for n in facts.nics}
    known = {n: v for n, v in shown.items() if v[0]}
    if not known:
        return not_applicable("the driver has no rings to set")
    dropping = [
        n for n in known if integer(facts.host.get(f"{facts.nic_path(n)}/statistics/rx_missed_errors") or "0", n)
    ]
    changes = [
        Change(f"nic:{n}:ring-rx", str(known[n][1]), may_refuse=True) for n in dropping if known[n][0] != known[n][1]
    ]
    return judge(
        not changes,
        some([f"{n}: {v[0]} of {v[1]}" + (", and drops" if n in dropping else "") for n, v in known.items()]),
        *changes,
    )


@check("nic.channels")
def _channels(facts: Facts) -> Answer:
    if not facts.nics:
        return NO_NIC
    counts = {
        n: max(facts.nic(n).settings.get("channels-combined", 0), facts.nic(n).settings.get("channels-rx", 0))
        for n in facts.nics
    }
    known = {n: c for n, c in counts.items() if c}
    if not known:
        return not_applicable("the driver has a fixed queue")
    if facts.roles.nic is None:
        return not_applicable(
            "how many queues are read depends on the plan's NIC", some([f"{n}: {c}" for n, c in known.items()])
        )
    # One queue for each hot reader and one for the rest of the host.
    most = len(facts.hot) + 1
    extra = [n for n, c in known.items() if c > most]
    changes = [
        Change(f"nic:{n}:channels-combined", str(most), 20, may_refuse=True)
        for n in extra
        if facts.nic(n).settings.get("channels-combined")
    ]
    return judge(not extra, some([f"{n}: {c} queues, {most} wanted at most" for n, c in known.items()]), *changes)


@check("nic.rss")
def _rss(facts: Facts) -> Answer:
    if not facts.nics:
        return NO_NIC
    if all(facts.nic(n).settings.get("channels-combined", 0) <= 1 for n in facts.nics):
        return not_applicable("one queue: nothing to spread")
    return unknown("not supported: which queue a feed should use is not in the plan; see ethtool -x")


@check("nic.ntuple")
def _ntuple(facts: Facts) -> Answer:
    if not facts.nics:
        return NO_NIC
    able = [n for n in facts.nics if "ntuple" in facts.nic(n).settings and "ntuple" not in facts.nic(n).refused]
    if not able:
        return not_applicable("no NIC can steer flows")
    off = [n for n in able if not facts.nic(n).settings["ntuple"]]
    return judge(
        not off,
        some([f"{n}: {'off' if n in off else 'on'}" for n in able]),
        *[Change(f"nic:{n}:ntuple", "1", may_refuse=True) for n in off],
    )


@check("nic.offload")
def _offload(facts: Facts) -> Answer:
    return _setting(facts, {"lro": 0, "gro": 0}, "gro")


@check("nic.pause")
def _pause(facts: Facts) -> Answer:
    return _setting(facts, {"pause-rx": 0, "pause-tx": 0}, "pause")


@check("nic.eee")
def _eee(facts: Facts) -> Answer:
    return _setting(facts, {"eee": 0}, "eee")


@check("nic.drops")
def _drops(facts: Facts) -> Answer:
    if not facts.nics:
        return NO_NIC
    shown: dict[str, int] = {}
    for name in facts.nics:
        for counter in ("rx_dropped", "rx_missed_errors", "rx_fifo_errors"):
            text = facts.host.get(f"{facts.nic_path(name)}/statistics/{counter}")
            if text is not None:
                shown[f"{name} {counter}"] = integer(text, counter)
    if not shown:
        return absent(facts, f"{facts.nic_path(facts.nics[0])}/statistics/rx_dropped")
    lost = [f"{k} {v} since boot" for k, v in shown.items() if v]
    return judge(not lost, some(lost) or "no drop since boot")


@check("nic.numa")
def _numa(facts: Facts) -> Answer:
    if facts.roles.nic is None:
        return not_applicable("no NIC is planned")
    nodes = [n for n, members in facts.topology.nodes.items() if members]
    node = facts.nic_node(facts.roles.nic)
    if len(nodes) <= 1:
        return good("one NUMA node")
    if node is None:
        return judge(False, f"the firmware does not say which node {facts.roles.nic} is on")
    hot = {n for cpu in facts.hot if (n := facts.topology.node_of(cpu)) is not None}
    return judge(
        hot <= {node}, f"{facts.roles.nic} on node {node}, hot CPUs on node {', '.join(map(str, sorted(hot))) or '-'}"
    )


@check("nic.pcie_link")
def _pcie_link(facts: Facts) -> Answer:
    faults: list[str] = []
    shown: list[str] = []
    for name in facts.nics:
        base = _device(facts, name)
        now = [facts.host.get(f"{base}/current_link_{k}") for k in ("speed", "width")]
        top = [facts.host.get(f"{base}/max_link_{k}") for k in ("speed", "width")]
        # Emulated and integrated devices report width 0 or an unknown speed: there is no link to judge.
        if None in now + top or "0" in (now[1], top[1]) or any("nknown" in (v or "") for v in (now[0], top[0])):
            continue
        shown.append(f"{name}: {now[0]} x{now[1]}")
        if now != top:
            faults.append(f"{name}: {now[0]} x{now[1]} of {top[0]} x{top[1]}")
    if not shown:
        return not_applicable("no NIC with a PCIe link")
    return judge(not faults, some(faults or shown, 3))


@check("nic.runtime_pm")
def _runtime_pm(facts: Facts) -> Answer:
    found = {
        n: (p, v) for n in facts.nics if (v := facts.host.get(p := f"{_device(facts, n)}/power/control")) is not None
    }
    if not found:
        return not_applicable("no NIC with runtime power management")
    wrong = {n: p for n, (p, v) in found.items() if v != "on"}
    return judge(
        not wrong,
        some([f"{n}: {v}" for n, (_, v) in found.items()]),
        *[Change(file_target(p), "on") for p in wrong.values()],
    )


@check("nic.iommu")
def _iommu(facts: Facts) -> Answer:
    if facts.guest:
        return not_applicable("in a guest the host translates")
    values = {k: v for k, v in facts.cmdline.params if k in ("iommu", "intel_iommu", "amd_iommu")}
    units = facts.host.listdir("/sys/class/iommu")
    passing = values.get("iommu") in ("pt", "off") or "off" in values.values()
    if not units and not values:
        return good("no IOMMU is in use") if facts.host.exists("/sys/class") else unknown("absent: /sys/class/iommu")
    return judge(
        passing,
        " ".join(f"{k}={v}" for k, v in values.items()) or "no iommu= given",
        boot=(Boot("cmdline", "iommu", "pt"),),
    )


@check("nic.xdp")
def _xdp(facts: Facts) -> Answer:
    zero_copy = {"i40e", "ice", "igb", "igc", "ixgbe", "mlx5_core", "stmmac", "ena", "gve", "bnxt_en", "virtio_net"}
    if not facts.nics:
        return NO_NIC
    drivers = {n: facts.nic(n).driver.get("driver", "") for n in facts.nics}
    return judge(all(d in zero_copy for d in drivers.values()), some([f"{n}: {d or '?'}" for n, d in drivers.items()]))
