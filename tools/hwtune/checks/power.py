"""Frequencies, idle states, firmware."""

from __future__ import annotations

import re

from hwtune.checks.common import absent, cpus, file_target, integer, some
from hwtune.cpus import format_list
from hwtune.facts import Facts
from hwtune.model import Answer, Boot, Change, check, good, judge, not_applicable, unknown

CPU = "/sys/devices/system/cpu"
IDLE_MAX_US = 2
BARE_METAL_ONLY = "a guest does not control this: its host does"


def _targets(facts: Facts) -> list[int]:
    return sorted(facts.hot or facts.topology.online)


def _per_cpu(facts: Facts, name: str) -> dict[int, str]:
    found = {cpu: facts.host.get(f"{CPU}/cpu{cpu}/{name}") for cpu in _targets(facts)}
    return {cpu: value for cpu, value in found.items() if value is not None}


def _uniform(
    facts: Facts,
    name: str,
    accepted: tuple[str, ...],
    want: str,
    rank: int,
    boot: tuple[Boot, ...] = (),
    may_refuse: bool = False,
) -> Answer:
    values = _per_cpu(facts, name)
    if not values:
        if facts.guest:
            return not_applicable(BARE_METAL_ONLY)
        return absent(facts, f"{CPU}/cpu{_targets(facts)[0]}/{name}", "the kernel offers no such control")
    wrong = [cpu for cpu, value in values.items() if value not in accepted]
    changes = [Change(file_target(f"{CPU}/cpu{cpu}/{name}"), want, rank, may_refuse) for cpu in wrong]
    shown = ", ".join(sorted(set(values.values())))
    return judge(
        not wrong,
        f"{name.rpartition('/')[2]}: {shown}" + (f"; CPU {format_list(wrong)}" if wrong else ""),
        *changes,
        boot=boot,
    )


@check("power.governor")
def _governor(facts: Facts) -> Answer:
    boot = (Boot("cmdline", "cpufreq.default_governor", "performance"),)
    return _uniform(facts, "cpufreq/scaling_governor", ("performance",), "performance", 45, boot)


@check("power.epp")
def _epp(facts: Facts) -> Answer:
    # Written before the governor: intel_pstate refuses it with EBUSY once the governor is performance.
    return _uniform(
        facts, "cpufreq/energy_performance_preference", ("performance",), "performance", 40, may_refuse=True
    )


@check("power.epb")
def _epb(facts: Facts) -> Answer:
    return _uniform(facts, "power/energy_perf_bias", ("0", "performance"), "0", 50)


@check("power.turbo")
def _turbo(facts: Facts) -> Answer:
    for path, on in ((f"{CPU}/intel_pstate/no_turbo", "0"), (f"{CPU}/cpufreq/boost", "1")):
        value = facts.host.get(path)
        if value is not None:
            return good(f"turbo is {'on' if value == on else 'off'} ({path} = {value}): a stated choice")
    return not_applicable(BARE_METAL_ONLY if facts.guest else "no turbo control")


@check("power.freq_pinned")
def _freq_pinned(facts: Facts) -> Answer:
    low, high = _per_cpu(facts, "cpufreq/scaling_min_freq"), _per_cpu(facts, "cpufreq/scaling_max_freq")
    if not low or not high:
        return not_applicable(BARE_METAL_ONLY if facts.guest else "no frequency control")
    apart = [cpu for cpu in low if cpu in high and low[cpu] != high[cpu]]
    changes = [Change(file_target(f"{CPU}/cpu{cpu}/cpufreq/scaling_min_freq"), high[cpu], 55) for cpu in apart]
    first = apart[0] if apart else min(low)
    return judge(not apart, f"CPU {first}: {low[first]} to {high.get(first)} kHz", *changes)


@check("power.cstates")
def _cstates(facts: Facts) -> Answer:
    option = facts.cmdline.last("idle") if facts.host.exists("/proc/cmdline") else None
    if option in ("poll", "halt") and not facts.host.glob(f"{CPU}/cpu{_targets(facts)[0]}/cpuidle/state*"):
        return judge(option == "poll", f"idle={option}")
    deep: list[tuple[int, str, str, int]] = []
    seen = False
    for cpu in _targets(facts):
        for state in facts.host.glob(f"{CPU}/cpu{cpu}/cpuidle/state*"):
            latency, disabled = facts.host.get(f"{state}/latency"), facts.host.get(f"{state}/disable")
            if latency is None:
                continue
            seen = True
            if integer(latency, state) > IDLE_MAX_US and disabled != "1":
                deep.append((cpu, state, facts.host.get(f"{state}/name") or "?", int(latency)))
    if not seen:
        driver = facts.host.get(f"{CPU}/cpuidle/current_driver")
        if driver == "none":
            return good("no idle driver")
        return absent(
            facts, f"{CPU}/cpu{_targets(facts)[0]}/cpuidle/state0/latency", "the kernel offers no idle states"
        )
    names = sorted({f"{name} ({us} us)" for _, _, name, us in deep})
    changes = [Change(file_target(f"{state}/disable"), "1", 50) for _, state, _, _ in deep]
    boot = (Boot("cmdline", "intel_idle.max_cstate", "0"), Boot("cmdline", "processor.max_cstate", "1"))
    return judge(
        not deep,
        f"deep idle states on: {some(names)}" if deep else "no idle state deeper than 2 us is on",
        *changes,
        boot=boot,
    )


@check("power.dma_latency")
def _dma_latency(facts: Facts) -> Answer:
    path = "/dev/cpu_dma_latency"
    if not facts.live:
        return unknown("absent: a device file, which a dump cannot hold")
    raw = facts.host.read_bytes(path)
    value = int.from_bytes(raw[:4], "little", signed=True)
    held = "nobody holds it" if value >= 2_000_000_000 else f"held at {value} us"
    return judge(value <= 1, f"{held} (`bot3 run --tuned` holds it while the engine runs)")


@check("power.resume_latency")
def _resume_latency(facts: Facts) -> Answer:
    return _uniform(facts, "power/pm_qos_resume_latency_us", ("n/a",), "n/a", 50)


@check("power.uncore")
def _uncore(facts: Facts) -> Answer:
    base = f"{CPU}/intel_uncore_frequency"
    dies = [d for d in facts.host.glob(f"{base}/*") if facts.host.exists(f"{d}/max_freq_khz")]
    if not dies:
        return not_applicable(BARE_METAL_ONLY if facts.guest else f"{base} is absent (module intel_uncore_frequency)")
    apart = [d for d in dies if facts.host.get(f"{d}/min_freq_khz") != facts.host.get(f"{d}/max_freq_khz")]
    changes = [Change(file_target(f"{d}/min_freq_khz"), facts.host.get(f"{d}/max_freq_khz") or "") for d in apart]
    return judge(not apart, f"{len(apart)} of {len(dies)} dies may clock down", *changes)


@check("power.thermal_throttle")
def _thermal_throttle(facts: Facts) -> Answer:
    values = _per_cpu(facts, "thermal_throttle/core_throttle_count")
    if not values:
        return not_applicable(BARE_METAL_ONLY if facts.guest else "the CPU does not count throttling")
    hot = {cpu: integer(v, "core_throttle_count") for cpu, v in values.items() if v != "0"}
    return judge(
        not hot,
        f"throttled since boot: {some([f'CPU {c} {n} times' for c, n in hot.items()])}"
        if hot
        else "never throttled since boot",
    )


@check("power.smi")
def _smi(facts: Facts) -> Answer:
    if facts.guest or facts.vendor != "GenuineIntel":
        return not_applicable("system management interrupts are counted on bare Intel hosts only")
    if not facts.live:
        return unknown("absent: a machine register, which a dump cannot hold")
    return unknown("not supported: counted over a window by `bot3 tune measure`")


@check("power.hwlat")
def _hwlat(facts: Facts) -> Answer:
    if not facts.host.exists("/sys/kernel/tracing/hwlat_detector"):
        return absent(facts, "/sys/kernel/tracing/hwlat_detector/width", "no hardware latency tracer")
    return unknown("not supported: the tracer stops all interrupts while it samples, so it is only run on request")


@check("power.guest_haltpoll")
def _guest_haltpoll(facts: Facts) -> Answer:
    if not facts.guest:
        return not_applicable("not a guest")
    path = "/sys/module/haltpoll/parameters/guest_halt_poll_ns"
    text = facts.host.get(path)
    if text is None:
        return absent(facts, path, "the guest does not use haltpoll")
    return judge(
        integer(text, path) >= 200_000,
        f"{path} = {text}",
        Change(file_target(path), "200000"),
        boot=(Boot("module", "haltpoll", "guest_halt_poll_ns=200000"),),
    )


@check("virt.kind")
def _virt_kind(facts: Facts) -> Answer:
    vendor = facts.host.get("/sys/class/dmi/id/sys_vendor") or ""
    product = facts.host.get("/sys/class/dmi/id/product_name") or ""
    signs = [
        w
        for w in (
            "QEMU",
            "KVM",
            "VMware",
            "VirtualBox",
            "innotek",
            "Xen",
            "Hyper-V",
            "Virtual Machine",
            "Amazon EC2",
            "Google",
            "Bochs",
            "OpenStack",
        )
        if w in vendor + " " + product
    ]
    container = [p for p in ("/.dockerenv", "/run/.containerenv") if facts.host.exists(p)]
    kind = "a guest of a hypervisor" if facts.guest else "bare metal"
    if signs and not facts.guest:
        kind = f"contradictory: no hypervisor flag, but the firmware is {vendor} {product}"
    saw = kind + (f" ({vendor} {product})" if signs and facts.guest else "") + (", in a container" if container else "")
    if facts.guest and re.search(r"bare|metal", product):
        saw += "; label results"
    return judge(not facts.guest and not signs, saw)


@check("virt.steal")
def _virt_steal(facts: Facts) -> Answer:
    if not facts.guest:
        return not_applicable("not a guest")
    window = facts.window
    if window.since_boot:
        total = sum(t.steal for cpu, t in window.after.items() if cpu in _targets(facts))
        return unknown("absent: one sample of /proc/stat only", f"{total} ticks stolen since boot")
    stolen = {
        c: window.after[c].steal - window.before[c].steal
        for c in _targets(facts)
        if c in window.after and c in window.before
    }
    lost = frozenset(c for c, n in stolen.items() if n > 0)
    return judge(
        not lost,
        f"{sum(stolen.values())} ticks of 10 ms stolen in {window.seconds:.1f} s"
        + (f" on {cpus(lost)}" if lost else ""),
    )
