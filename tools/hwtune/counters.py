"""The kernel's per-CPU counters: /proc/interrupts, /proc/softirqs, /proc/stat, /proc/net/softnet_stat."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from hwtune.errors import ParseError

# The interrupts a core gets from itself or from other cores; everything else in the table is a device.
LOCAL_KINDS = frozenset(
    {
        "LOC",
        "SPU",
        "PMI",
        "IWI",
        "RTR",
        "RES",
        "CAL",
        "TLB",
        "NMI",
        "TRM",
        "THR",
        "DFR",
        "MCE",
        "MCP",
        "ERR",
        "MIS",
        "PIN",
        "NPI",
        "PIW",
        "HYP",
        "HRE",
        "HVS",
        "PMN",
        "IPI0",
        "IPI1",
        "IPI2",
        "IPI3",
        "IPI4",
        "IPI5",
        "IPI6",
        "IPI7",
        "Err",
    }
)

_CPU = re.compile(r"CPU(\d{1,6})")


@dataclass(frozen=True)
class Line:
    """One row of the table: its key (`38`, `LOC`), the count by CPU, and the rest (chip, trigger, actions)."""

    key: str
    counts: dict[int, int]
    text: str

    @property
    def device(self) -> bool:
        """Whether a device sends it, and not a core to itself or to another."""
        return self.key not in LOCAL_KINDS

    @property
    def name(self) -> str:
        """The action, which is the last column; devices may share it, separated by commas."""
        fields = re.split(r"\s{2,}", self.text.strip())
        return fields[-1] if fields else ""


def parse_table(text: str, where: str) -> dict[str, Line]:
    """A table with a `CPU0 CPU1 ...` head, as /proc/interrupts and /proc/softirqs. CPUs may be sparse.

    Rows shorter than the head (ERR, MIS) hold a total and are kept under CPU -1. Raises ParseError.
    """
    lines = text.replace("\0", "").splitlines()
    head = next((line for line in lines if line.strip()), "")
    cpus = [int(number) for number in _CPU.findall(head)]
    if not cpus:
        raise ParseError("the first line names no CPU", where)
    table: dict[str, Line] = {}
    for row in lines[lines.index(head) + 1 :]:
        key, colon, rest = row.partition(":")
        if not colon:
            continue
        fields = rest.split(None, len(cpus))
        numbers: list[int] = []
        for field in fields[: len(cpus)]:
            if not (field.isascii() and field.isdigit()) or len(field) > 20:
                break
            numbers.append(int(field))
        if len(numbers) == len(cpus):
            counts = dict(zip(cpus, numbers, strict=True))
            text_rest = fields[len(cpus)] if len(fields) > len(cpus) else ""
        elif numbers and len(fields) == len(numbers):
            counts, text_rest = {-1: numbers[0]}, ""
        else:
            raise ParseError(f"row {key.strip()!r} has {len(numbers)} counts for {len(cpus)} CPUs", where)
        table[key.strip()] = Line(key.strip(), counts, text_rest.strip())
    return table


def delta(before: dict[str, Line], after: dict[str, Line]) -> dict[str, Line]:
    """What was counted in between. Rows that are new count from 0; a counter that went back counts as 0."""
    out: dict[str, Line] = {}
    for key, line in after.items():
        old = before[key].counts if key in before else {}
        out[key] = Line(key, {cpu: max(0, n - old.get(cpu, 0)) for cpu, n in line.counts.items()}, line.text)
    return out


def on_cpus(table: dict[str, Line], cpus: Iterable[int], keys: Iterable[str] | None = None) -> dict[str, int]:
    """The sum over `cpus` of each row (of `keys`, or all), leaving out rows with none."""
    wanted = set(cpus)
    chosen = table if keys is None else {k: table[k] for k in keys if k in table}
    sums = {key: sum(n for cpu, n in line.counts.items() if cpu in wanted) for key, line in chosen.items()}
    return {key: n for key, n in sums.items() if n}


@dataclass(frozen=True)
class CpuTime:
    """One cpuN row of /proc/stat in ticks of USER_HZ (1/100 s)."""

    busy: int
    idle: int
    steal: int


def parse_stat(text: str) -> dict[int, CpuTime]:
    """The cpuN rows of /proc/stat. Raises ParseError for a row that is not numbers."""
    rows: dict[int, CpuTime] = {}
    for line in text.replace("\0", "").splitlines():
        head, *fields = line.split() or [""]
        if re.fullmatch(r"cpu\d{1,6}", head):
            if not all(f.isascii() and f.isdigit() and len(f) <= 20 for f in fields) or len(fields) < 4:
                raise ParseError(f"row {head!r} is not at least 4 numbers", "/proc/stat")
            n = [int(f) for f in fields] + [0] * 8
            rows[int(head[3:])] = CpuTime(sum(n[:3]) + sum(n[5:7]), n[3] + n[4], n[7])
    return rows


def parse_softnet(text: str) -> list[tuple[int, int, int]]:
    """(packets, dropped, time_squeeze) by row of /proc/net/softnet_stat. Raises ParseError."""
    rows: list[tuple[int, int, int]] = []
    for line in text.replace("\0", "").splitlines():
        words = line.split()[:3]
        if len(words) < 3 or any(re.fullmatch(r"[0-9a-fA-F]{1,16}", w) is None for w in words):
            raise ParseError(f"{line[:40]!r} is not a row of hexadecimal counters", "/proc/net/softnet_stat")
        rows.append((int(words[0], 16), int(words[1], 16), int(words[2], 16)))
    return rows
