"""The knobs that can be changed, by name, each with reading, writing and restoring.

file:/proc/sys/vm/stat_interval   a kernel file
task:1234:987654                  the affinity of a thread (tid, start time: tids are reused)
nic:eth1:rx-usecs                 an ethtool setting
hwstamp:eth1                      "tx_type rx_filter" of a NIC
dropin:/etc/sysctl.d/x.conf       a file of our own, created by us and removed by undo
"""

from __future__ import annotations

import os
import posixpath
import re
from dataclasses import dataclass
from pathlib import Path

from hwtune import nic
from hwtune.cpus import format_list, parse_list, parse_mask
from hwtune.errors import AccessError, ParseError, Problem
from hwtune.host import LiveHost, access_error

# A file that is one of two views of the same setting: writing 0 to the bytes is refused, writing the ratio is not.
TWINS = {
    f"/proc/sys/vm/{a}": f"/proc/sys/vm/{b}"
    for a, b in (("dirty_background_bytes", "dirty_background_ratio"), ("dirty_bytes", "dirty_ratio"))
}

# Absent as an original: the drop-in did not exist.
ABSENT = "\0absent"

_LIST_FILE = re.compile(r".*(_list|watchdog_cpumask|cpuset\.cpus)$")
_MASK_FILE = re.compile(r".*(smp_affinity|cpumask|rps_cpus|xps_cpus)$")


@dataclass(frozen=True)
class Original:
    """What a target held before the first change. `identity` recognises the thing later, `twin` is its other view."""

    value: str
    identity: str = ""
    twin: str = ""


def normal(target: str, value: str) -> str:
    """The canonical form in which two readings of a target are compared."""
    value = value.strip()
    path = target.partition(":")[2]
    try:
        if target.startswith("task:") or (target.startswith("file:") and _LIST_FILE.match(path)):
            return format_list(parse_list(value))
        if target.startswith("file:") and _MASK_FILE.match(path):
            return format_list(parse_mask(value))
    except ParseError:
        return value
    if target.startswith("file:"):
        bracketed = re.search(r"\[([^\]]+)\]", value)
        return bracketed.group(1) if bracketed else " ".join(value.split())
    return value


class Targets:
    """Reads and writes targets on one host. All methods raise AccessError."""

    def __init__(self, host: LiveHost) -> None:
        self.host = host

    def read(self, target: str) -> str:
        """The present value, in the form that `write` takes back."""
        kind, _, rest = target.partition(":")
        if kind == "file":
            text = self.host.read(rest).strip(" \t\n\0")
            bracketed = re.search(r"\[([^\]]+)\]", text)
            return bracketed.group(1) if bracketed else text
        if kind == "task":
            tid, _ = self._task(rest)
            try:
                return format_list(os.sched_getaffinity(tid))
            except OSError as error:
                raise access_error(error, target) from error
        if kind == "nic":
            name, _, key = rest.partition(":")
            return str(nic.read_setting(name, key))
        if kind == "hwstamp":
            return "{} {}".format(*nic.read_hwstamp(rest))
        if kind == "dropin":
            return self.host.read(rest) if self.host.exists(rest) else ABSENT
        raise AccessError(Problem.UNSUPPORTED, target, "no such kind of knob")

    def write(self, target: str, value: str) -> None:
        """Sets the value; whether it took is for `read` to say."""
        kind, _, rest = target.partition(":")
        if kind == "file":
            self.host.write(rest, value)
        elif kind == "task":
            tid, _ = self._task(rest)
            try:
                os.sched_setaffinity(tid, parse_list(value))
            except OSError as error:
                raise access_error(error, target) from error
        elif kind == "nic":
            name, _, key = rest.partition(":")
            nic.write_setting(name, key, int(value))
        elif kind == "hwstamp":
            tx_type, rx_filter = (int(part) for part in value.split())
            nic.write_hwstamp(rest, tx_type, rx_filter)
        elif kind == "dropin" and value == ABSENT:
            self.host.remove_durable(rest)
        elif kind == "dropin":
            self.host.write_durable(rest, value.encode())
        else:
            raise AccessError(Problem.UNSUPPORTED, target, "no such kind of knob")

    def _task(self, rest: str) -> tuple[int, int]:
        """Checks that the tid is still the same thread."""
        tid, start = (int(part) for part in rest.split(":"))
        try:
            stat = Path(f"/proc/{tid}/stat").read_text(encoding="utf-8", errors="replace")
        except OSError as error:
            raise AccessError(Problem.ABSENT, f"thread {tid}", "it has ended") from error
        fields = stat.rpartition(")")[2].split()
        if len(fields) < 20 or int(fields[19]) != start:
            raise AccessError(Problem.ABSENT, f"thread {tid}", "it has ended and its number is in use again")
        return tid, start

    def original(self, target: str) -> Original:
        """Everything needed to put the target back later."""
        kind, _, path = target.partition(":")
        if kind == "dropin":
            return Original(self.read(target), twin=self._missing_parent(path))
        twin = TWINS.get(path) if kind == "file" else None
        return Original(self.read(target), self.identity(target), self.host.read(twin).strip() if twin else "")

    def _missing_parent(self, path: str) -> str:
        """The highest directory that writing `path` would create; empty if all are there."""
        missing, parent = "", posixpath.dirname(path)
        while parent != "/" and not self.host.exists(parent):
            missing, parent = parent, posixpath.dirname(parent)
        return missing

    def identity(self, target: str) -> str:
        """What an IRQ is (chip and action): after a driver reload its number may mean another."""
        match = re.fullmatch(r"file:/proc/irq/(\d+)/.*", target)
        if match is None:
            return ""
        for line in (self.host.get("/proc/interrupts") or "").splitlines():
            key, colon, rest = line.partition(":")
            if colon and key.strip() == match.group(1):
                return " ".join(word for word in rest.split() if not word.isdigit())
        return ""

    def restore(self, target: str, original: Original) -> None:
        """Puts the original back, by the twin where the kernel refuses the plain way, and checks that it took."""
        if original.identity and self.identity(target) != original.identity:
            raise AccessError(
                Problem.ABSENT, target, f"it was {original.identity!r} and is now {self.identity(target)!r}"
            )
        kind, _, path = target.partition(":")
        twin = TWINS.get(path) if kind == "file" else None
        if kind == "dropin" and original.value == ABSENT:
            self.host.remove_durable(path)
            if original.twin:
                self.host.remove_empty(original.twin, path)
        elif twin is not None and original.value == "0":
            self.host.write(twin, original.twin)
        else:
            self.write(target, original.value)
        now = self.read(target)
        if normal(target, now) != normal(target, original.value):
            raise AccessError(Problem.INVALID, target, f"wrote {original.value!r} but it reads {now!r}")
