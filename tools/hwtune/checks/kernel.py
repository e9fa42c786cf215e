"""The kernel itself: version, lockdown, audit, configuration that waits or drifted."""

from __future__ import annotations

import re

from hwtune.checks.common import absent, some
from hwtune.cmdline import Cmdline
from hwtune.facts import Facts
from hwtune.model import Answer, Boot, bad, check, good, judge, not_applicable, unknown


@check("kernel.version_features")
def _version_features(facts: Facts) -> Answer:
    missing = [
        what
        for what, since in (
            ("effective IRQ affinity", (4, 15)),
            ("AF_XDP zero copy", (4, 18)),
            ("io_uring", (5, 1)),
            ("preferred busy polling", (5, 11)),
        )
        if facts.kernel_version < since
    ]
    return judge(not missing, f"{facts.kernel_release}" + (f" lacks {some(missing)}" if missing else ""))


@check("kernel.lockdown")
def _lockdown(facts: Facts) -> Answer:
    path = "/sys/kernel/security/lockdown"
    text = facts.host.get(path)
    if text is None:
        return absent(facts, path)
    return judge("[none]" in text, text)


@check("kernel.audit")
def _audit(facts: Facts) -> Answer:
    option = facts.cmdline.last("audit")
    if option in ("0", "off"):
        return good(f"audit={option}")
    config = None
    if facts.host.exists("/proc/config.gz") or facts.host.exists(f"/boot/config-{facts.kernel_release}"):
        config = facts.kernel_config.get("CONFIG_AUDIT", "n")
    if config == "n":
        return good("kernel without auditing")
    if not facts.host.glob("/proc/[0-9]*"):
        return unknown(
            "absent: the dump lists no process, so whether auditd runs cannot be told", "audit= is not given"
        )
    daemon = any(t.comm in ("auditd", "kauditd") for t in facts.threads)
    return judge(
        not daemon,
        "auditing is on (kauditd runs)" if daemon else "no audit thread",
        boot=(Boot("cmdline", "audit", "0"),),
    )


@check("kernel.core_dump")
def _core_dump(facts: Facts) -> Answer:
    pattern = facts.host.get("/proc/sys/kernel/core_pattern")
    if pattern is None:
        return absent(facts, "/proc/sys/kernel/core_pattern")
    soft = facts.limits.get("core", (0, 0))[0] if facts.live or facts.host.exists("/proc/self/limits") else None
    piped = pattern.startswith("|")
    saw = f"core_pattern = {pattern}, limit {'unlimited' if soft == -1 else soft}"
    return judge(piped or soft == 0 or (soft is not None and 0 < soft <= 1 << 30), saw)


def _grub(text: str) -> str | None:
    values = dict(re.findall(r"^\s*(GRUB_CMDLINE_LINUX(?:_DEFAULT)?)=[\"']?(.*?)[\"']?\s*$", text, re.MULTILINE))
    if not values:
        return None
    return " ".join([values.get("GRUB_CMDLINE_LINUX", ""), values.get("GRUB_CMDLINE_LINUX_DEFAULT", "")]).strip()


def configured_cmdline(facts: Facts) -> tuple[str, str] | None:
    """(file, command line) that the next boot will use, by systemd-boot's or GRUB's files; None if neither is there."""
    text = facts.host.get("/etc/kernel/cmdline")
    if text is not None:
        return "/etc/kernel/cmdline", text
    for path in facts.host.glob("/boot/loader/entries/*.conf"):
        entry = re.search(r"^options\s+(.*)$", facts.host.get(path) or "", re.MULTILINE)
        if entry and facts.kernel_release in (facts.host.get(path) or ""):
            return path, entry.group(1)
    grub = _grub(facts.host.get("/etc/default/grub") or "")
    return ("/etc/default/grub", grub) if grub is not None else None


# What the boot loader adds or init takes: never part of the configured text.
_LOADER_KEYS = frozenset({"BOOT_IMAGE", "initrd", "root", "ro", "rw", "boot", "rootflags", "ostree", "resume"})


@check("kernel.cmdline_pending")
def _cmdline_pending(facts: Facts) -> Answer:
    running = {p for p in facts.cmdline.params if p[0] not in _LOADER_KEYS}
    configured = configured_cmdline(facts)
    if configured is None:
        return not_applicable("no boot loader configuration is there")
    path, text = configured
    wanted = {p for p in Cmdline.parse(text).params if p[0] not in _LOADER_KEYS}
    waiting = sorted(k + (f"={v}" if v else "") for k, v in wanted - running)
    return judge(
        not waiting, f"{path} asks for {some(waiting)}, which is not running" if waiting else f"equal to {path}"
    )


@check("kernel.sysctl_drift")
def _sysctl_drift(facts: Facts) -> Answer:
    files: dict[str, str] = {}
    # The same name in /etc hides the one in /run and /usr/lib; later names win over earlier ones.
    for directory in ("/usr/lib/sysctl.d", "/run/sysctl.d", "/etc/sysctl.d"):
        for name in facts.host.listdir(directory):
            if name.endswith(".conf"):
                files[name] = f"{directory}/{name}"
    paths = [files[name] for name in sorted(files)] + ["/etc/sysctl.conf"]
    wanted: dict[str, tuple[str, str]] = {}
    for path in paths:
        for line in (facts.host.get(path) or "").splitlines():
            key, eq, value = line.partition("=")
            key = key.strip().lstrip("-")
            if eq and key and not key.startswith(("#", ";")) and "*" not in key:
                wanted[key] = (" ".join(value.split()), path)
    if not wanted:
        return not_applicable("no sysctl.d file sets anything")
    drifted: list[str] = []
    for key, (value, path) in sorted(wanted.items()):
        now = facts.host.get("/proc/sys/" + key.replace("/", "\0").replace(".", "/").replace("\0", "."))
        if now is not None and " ".join(now.split()) != value:
            drifted.append(f"{key} is {' '.join(now.split())}, {path} says {value}")
    return bad(some(drifted, 3)) if drifted else good(f"{len(wanted)} keys as configured")
