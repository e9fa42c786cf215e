"""Scheduler, RCU, workqueues, watchdogs, tracers."""

from __future__ import annotations

import re

from hwtune.checks.common import absent, chosen, cpus, file_target, integer, some
from hwtune.checks.knobs import sysctl_boot
from hwtune.cpus import format_list, format_mask, parse_list, parse_mask
from hwtune.facts import Facts
from hwtune.model import Answer, Boot, Change, check, good, judge, not_applicable, unknown


@check("sched.rt_throttle")
def _rt_throttle(facts: Facts) -> Answer:
    path = "/proc/sys/kernel/sched_rt_runtime_us"
    text = facts.host.get(path)
    if text is None:
        return absent(facts, path)
    runtime = integer(text, path)
    if facts.roles.policy != "fifo" and runtime != -1:
        return not_applicable("hot threads are not planned as SCHED_FIFO", f"{path} = {runtime}")
    return judge(runtime == -1, f"{path} = {runtime}", Change(file_target(path), "-1"), boot=sysctl_boot(path, "-1"))


@check("sched.rt_group")
def _rt_group(facts: Facts) -> Answer:
    match = re.search(r"^\d+:([^:]*\bcpu\b[^:]*):(.*)$", facts.host.read("/proc/self/cgroup"), re.MULTILINE)
    if match is None or not match.group(1):
        return not_applicable("no cgroup v1 cpu controller: v2 has no real-time budget")
    base = next((b for b in ("/sys/fs/cgroup/cpu", "/sys/fs/cgroup/cpu,cpuacct") if facts.host.exists(b)), None)
    if base is None:
        return absent(facts, "/sys/fs/cgroup/cpu/cpu.rt_runtime_us")
    path = f"{base}{match.group(2).rstrip('/')}/cpu.rt_runtime_us"
    text = facts.host.get(path)
    if text is None:
        return absent(facts, path, "the kernel does not group real-time tasks")
    if facts.roles.policy != "fifo":
        return not_applicable("hot threads are not planned as SCHED_FIFO", f"{path} = {text}")
    return judge(integer(text, path) != 0, f"{path} = {text}", Change(file_target(path), "950000"))


@check("sched.fifo_nohz")
def _fifo_nohz(facts: Facts) -> Answer:
    if facts.roles.policy != "fifo":
        return not_applicable("hot threads are not planned as SCHED_FIFO")
    both = facts.hot & facts.nohz_full
    return judge(
        not both,
        f"SCHED_FIFO spinners on nohz_full {cpus(both)} keep the tick"
        if both
        else "no SCHED_FIFO thread on a nohz_full CPU",
    )


@check("sched.dl_server")
def _dl_server(facts: Facts) -> Answer:
    if facts.kernel_version < (6, 12):
        return not_applicable(f"kernel {facts.kernel_release} has no fair server (6.12 has)")
    if facts.roles.policy != "fifo":
        return not_applicable("hot threads are not planned as SCHED_FIFO")
    base = "/sys/kernel/debug/sched/fair_server"
    values = {cpu: facts.host.get(f"{base}/cpu{cpu}/runtime") for cpu in sorted(facts.hot)}
    if None in values.values():
        return unknown(f"absent: {base} (debugfs not mounted, or the dump left it out)")
    on = [cpu for cpu, value in values.items() if value != "0"]
    changes = [Change(file_target(f"{base}/cpu{cpu}/runtime"), "0", may_refuse=True) for cpu in on]
    return judge(not on, f"fair server on for CPU {format_list(on)}" if on else "fair server off on hot CPUs", *changes)


@check("sched.preempt_model")
def _preempt_model(facts: Facts) -> Answer:
    if facts.realtime_kernel:
        return good("PREEMPT_RT")
    dynamic = (
        facts.host.get("/sys/kernel/debug/sched/preempt") if facts.host.exists("/sys/kernel/debug/sched") else None
    )
    if dynamic:
        return good(f"preempt={_bracketed(dynamic)}")
    version = facts.host.get("/proc/sys/kernel/version") or facts.host.get("/proc/version") or ""
    model = re.search(r"PREEMPT(_\w+)?", version)
    return good(model.group(0) if model else f"voluntary or none ({facts.kernel_release})")


def _bracketed(text: str) -> str:
    match = re.search(r"\((\w+)\)", text)
    return match.group(1) if match else chosen(text)


@check("sched.soft_watchdog")
def _soft_watchdog(facts: Facts) -> Answer:
    if facts.host.get("/proc/sys/kernel/watchdog") == "0" or facts.host.get("/proc/sys/kernel/soft_watchdog") == "0":
        return good("watchdog is off")
    path = "/proc/sys/kernel/watchdog_cpumask"
    text = facts.host.get(path)
    if text is None:
        return absent(facts, path)
    watched = parse_list(text, path) & facts.hot
    home = format_list(facts.housekeeping)
    return judge(
        not watched,
        f"{path} = {text}" + (f", hot: {cpus(watched)}" if watched else ""),
        Change(file_target(path), home),
        boot=(*sysctl_boot(path, home), Boot("cmdline", "nosoftlockup")),
    )


def _mask_file(facts: Facts, path: str) -> Answer:
    text = facts.host.get(path)
    if text is None:
        return absent(facts, path)
    hot = parse_mask(text, path) & facts.hot
    value = format_mask(facts.housekeeping, text)
    return judge(
        not hot, f"{path} = {text}" + (f", includes hot {cpus(hot)}" if hot else ""), Change(file_target(path), value)
    )


@check("sched.wq_cpumask")
def _wq_cpumask(facts: Facts) -> Answer:
    return _mask_file(facts, "/sys/devices/virtual/workqueue/cpumask")


@check("sched.writeback_cpumask")
def _writeback_cpumask(facts: Facts) -> Answer:
    shared = "/sys/bus/workqueue/devices/writeback/cpumask"
    direct = "/sys/devices/virtual/workqueue/writeback/cpumask"
    return _mask_file(facts, direct if facts.host.exists(direct) else shared)


@check("sched.skew_tick")
def _skew_tick(facts: Facts) -> Answer:
    value = facts.cmdline.last("skew_tick")
    return judge(
        value == "1",
        f"skew_tick={value}" if value else "skew_tick= is not given",
        boot=(Boot("cmdline", "skew_tick", "1"),),
    )


@check("sched.hz")
def _hz(facts: Facts) -> Answer:
    value = facts.kernel_config.get("CONFIG_HZ")
    return good(f"CONFIG_HZ={value}") if value else unknown("absent: CONFIG_HZ is not in the kernel's configuration")


@check("sched.tracers_off")
def _tracers_off(facts: Facts) -> Answer:
    base = next(
        (b for b in ("/sys/kernel/tracing", "/sys/kernel/debug/tracing") if facts.host.exists(f"{b}/current_tracer")),
        None,
    )
    if base is None:
        if facts.live:
            return good("tracefs is not mounted: nobody traces through it")
        return unknown("absent: /sys/kernel/tracing/current_tracer is not in the dump")
    tracer = facts.host.get(f"{base}/current_tracer")
    events = (facts.host.get(f"{base}/set_event") or "").split()
    changes = []
    if tracer not in (None, "nop"):
        changes.append(Change(file_target(f"{base}/current_tracer"), "nop"))
    # set_event lists what is on; events are put back one by one on undo
    if events:
        changes.append(Change(file_target(f"{base}/set_event"), ""))
    return judge(not changes, f"tracer {tracer}, events: {some(events) or 'none'}", *changes)
