"""From findings to changes: ordered writes for run time, and files for boot. Nothing is written here."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from hwtune.checks.kernel import configured_cmdline
from hwtune.cmdline import Cmdline
from hwtune.errors import AccessError
from hwtune.facts import Facts
from hwtune.host import LiveHost
from hwtune.model import Boot, Change, Result, Row, Verdict
from hwtune.targets import Targets, normal

SYSCTL = "/etc/sysctl.d/90-hwtune.conf"
MODPROBE = "/etc/modprobe.d/90-hwtune.conf"
GRUB = "/etc/default/grub.d/90-hwtune.cfg"
UNIT = "/etc/systemd/system/hwtune.service"
UNIT_WANTS = "/etc/systemd/system/sysinit.target.d/90-hwtune.conf"
TUNED = "/etc/tuned/hwtune/tuned.conf"
HEAD = "# Written by `bot3 tune apply --persist`; `bot3 tune undo` removes it.\n"

# Boot parameters that only make sense in this order, before the others.
_ORDER = ("isolcpus", "nohz_full", "rcu_nocbs", "irqaffinity", "default_hugepagesz")
_ETHTOOL = {
    "rx-usecs": "-C",
    "adaptive-rx": "-C",
    "ring-rx": "-G",
    "channels-combined": "-L",
    "gro": "-K",
    "lro": "-K",
    "ntuple": "-K",
    "pause-rx": "-A",
    "pause-tx": "-A",
    "eee": "--set-eee",
}
_ETHTOOL_NAMES = {"ring-rx": "rx", "channels-combined": "combined", "pause-rx": "rx", "pause-tx": "tx"}


@dataclass(frozen=True)
class Step:
    """One change at run time: the row that wants it, the value now (None: unreadable, with `note`) and then."""

    row: Row
    change: Change
    now: str | None
    note: str = ""


@dataclass
class Plan:
    """Run-time steps in order of application, and what boot needs. `files` are the drop-ins of --persist."""

    steps: list[Step] = field(default_factory=list)
    opt_in: list[Step] = field(default_factory=list)
    boot: list[tuple[Row, Boot]] = field(default_factory=list)
    cmdline_now: str = ""
    cmdline_then: str = ""
    files: dict[str, str] = field(default_factory=dict)
    manual: list[Result] = field(default_factory=list)

    @property
    def added_parameters(self) -> str:
        """The parameters that the running command line lacks or has otherwise."""
        now = set(self.cmdline_now.split())
        return " ".join(word for word in self.cmdline_then.split() if word not in now)


def _current(facts: Facts, change: Change) -> tuple[str | None, str]:
    if isinstance(facts.host, LiveHost):
        try:
            return Targets(facts.host).read(change.target), ""
        except AccessError as error:
            return None, error.problem.value
    kind, _, path = change.target.partition(":")
    return (facts.host.get(path) if kind == "file" else None), "judged from a dump"


def merge_cmdline(now: str, wanted: Iterable[Boot]) -> str:
    """The command line with each wanted parameter once, at the end, in place of all its earlier values."""
    params: dict[str, str | None] = {}
    pages: dict[str | None, str | None] = {}
    size: str | None = "2M"
    for boot in wanted:
        if boot.kind == "cmdline" and boot.key == "hugepagesz":
            size = boot.value
        elif boot.kind == "cmdline" and boot.key == "hugepages":
            pages[size] = boot.value
        elif boot.kind == "cmdline":
            params[boot.key] = boot.value
    keys = {key.replace("-", "_") for key in params}
    kept, init = now.partition(" -- ")[0].split(), now.partition(" -- ")[2]
    for planned in pages:
        kept = _without_pages(kept, planned)
    kept = [word for word in kept if word.partition("=")[0].replace("-", "_") not in keys]
    ordered = sorted(params, key=lambda key: (_ORDER.index(key) if key in _ORDER else len(_ORDER), key))
    added = [key if params[key] is None else f"{key}={params[key]}" for key in ordered]
    added += [word for each, count in pages.items() for word in (f"hugepagesz={each}", f"hugepages={count}")]
    return " ".join(kept + added) + (f" -- {init}" if init else "")


def _without_pages(words: list[str], size: str | None) -> list[str]:
    """Without the count of huge pages of `size`: the kernel takes the first of two, and ignores the second.

    hugepagesz= counts for the hugepages= after it, so a pair of another size stays.
    """
    pairs = [word.partition("=") for word in words]
    default = next((value for key, _, value in pairs if key == "default_hugepagesz"), "2M")
    kept: list[str] = []
    current, opened = default, False
    for word, (key, _, value) in zip(words, pairs, strict=True):
        if key == "hugepagesz":
            current, opened = value, True
        elif key == "hugepages" and current == size:
            if opened:
                kept.pop()
            opened = False
            continue
        else:
            opened = False
        kept.append(word)
    return kept


def make_plan(facts: Facts, results: Iterable[Result], only_named: frozenset[str] = frozenset()) -> Plan:
    """The changes of all findings. One target is written once: the change with the highest rank decides.

    Changes that are opt-in are planned only for rows in `only_named`.
    """
    plan = Plan()
    chosen: dict[str, tuple[Row, Change]] = {}
    for result in results:
        if result.answer.verdict is not Verdict.BAD:
            continue
        for change in result.answer.changes:
            if change.opt_in and result.row.id not in only_named:
                plan.opt_in.append(Step(result.row, change, *_current(facts, change)))
            elif change.target not in chosen or chosen[change.target][1].rank < change.rank:
                chosen[change.target] = (result.row, change)
        plan.boot += [(result.row, boot) for boot in result.answer.boot]
        if not result.answer.changes and not result.answer.boot:
            plan.manual.append(result)
    for row, change in sorted(chosen.values(), key=lambda item: item[1].rank):
        now, note = _current(facts, change)
        if now is None or normal(change.target, now) != normal(change.target, change.value):
            plan.steps.append(Step(row, change, now, note))
    try:
        plan.cmdline_now = " ".join(facts.host.read("/proc/cmdline").split())
    except AccessError:
        plan.cmdline_now = ""
    plan.cmdline_then = merge_cmdline(plan.cmdline_now, [boot for _, boot in plan.boot])
    plan.files = _files(facts, plan)
    return plan


def _files(facts: Facts, plan: Plan) -> dict[str, str]:
    """Every drop-in that --persist would write, by path. Only own files, never an edit of another's."""
    files: dict[str, str] = {}
    sysctls = {boot.key: boot.value for _, boot in plan.boot if boot.kind == "sysctl"}
    if sysctls:
        files[SYSCTL] = HEAD + "".join(f"{key} = {value}\n" for key, value in sorted(sysctls.items()))
    modules = sorted({(boot.key, boot.value) for _, boot in plan.boot if boot.kind == "module"})
    if modules:
        files[MODPROBE] = HEAD + "".join(f"options {key} {value}\n" for key, value in modules)
    if plan.added_parameters and (facts.host.exists("/etc/default/grub") or facts.host.exists("/etc/default/grub.d")):
        files[GRUB] = f'{HEAD}GRUB_CMDLINE_LINUX_DEFAULT="$GRUB_CMDLINE_LINUX_DEFAULT {plan.added_parameters}"\n'
    commands = [line for step in plan.steps for line in _unit_lines(step.change)]
    if commands and facts.host.exists("/etc/systemd/system"):
        files[UNIT] = (
            HEAD + "[Unit]\nDescription=Host tuning for trading\nAfter=systemd-modules-load.service\n"
            "DefaultDependencies=no\n\n[Service]\nType=oneshot\nRemainAfterExit=yes\n"
            + "".join(f"ExecStart=-{line}\n" for line in commands)
        )
        files[UNIT_WANTS] = HEAD + "[Unit]\nWants=hwtune.service\n"
    if facts.host.exists("/etc/tuned"):
        files[TUNED] = tuned_profile(plan)
    return files


def _unit_lines(change: Change) -> list[str]:
    """Shell lines that make a change at boot. IRQ numbers and threads do not survive a boot; sysctl.d has its own."""
    kind, _, rest = change.target.partition(":")
    if kind == "file" and rest.startswith("/sys/"):
        return [f"/bin/sh -c 'echo {change.value} > {rest}'"]
    name, _, key = rest.partition(":")
    if kind == "nic" and key in _ETHTOOL:
        word = (
            {"0": "off", "1": "on"}.get(change.value, change.value)
            if key not in ("rx-usecs", "ring-rx")
            else change.value
        )
        return [f"/usr/sbin/ethtool {_ETHTOOL[key]} {name} {_ETHTOOL_NAMES.get(key, key)} {word}"]
    return []


def tuned_profile(plan: Plan) -> str:
    """The same settings as a profile for TuneD, for hosts that are managed by it."""
    sysctls = {boot.key: boot.value for _, boot in plan.boot if boot.kind == "sysctl"}
    writes = [s.change for s in plan.steps if s.change.target.startswith("file:/sys/")]
    out = HEAD + "[main]\nsummary=Trading host prepared by hwtune\n"
    if sysctls:
        out += "\n[sysctl]\n" + "".join(f"{key}={value}\n" for key, value in sorted(sysctls.items()))
    if writes:
        out += "\n[sysfs]\n" + "".join(f"{c.target.removeprefix('file:')}={c.value}\n" for c in writes)
    if plan.added_parameters:
        out += f"\n[bootloader]\ncmdline_hwtune={plan.added_parameters}\n"
    return out


def loader_help(facts: Facts, plan: Plan) -> list[str]:
    """How to get the parameters onto the command line with each boot loader, for people."""
    if not plan.added_parameters:
        return []
    configured = configured_cmdline(facts)
    base = configured[1] if configured is not None else plan.cmdline_now
    full = merge_cmdline(" ".join(base.split()), [boot for _, boot in plan.boot])
    words = [w for w in Cmdline.parse(full).params if w[0] not in ("BOOT_IMAGE", "initrd")]
    text = " ".join(key if value is None else f"{key}={value}" for key, value in words)
    return [
        f'GRUB: {GRUB}: GRUB_CMDLINE_LINUX_DEFAULT="$GRUB_CMDLINE_LINUX_DEFAULT {plan.added_parameters}"; '
        "then update-grub",
        f"systemd-boot: /etc/kernel/cmdline: {text}; then kernel-install add $(uname -r) /boot/vmlinuz-$(uname -r)",
    ]
