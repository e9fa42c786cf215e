"""Sets of CPUs as the kernel writes them: lists (`0-3,8`), strided lists (`0-7:2/4`), and hexadecimal masks."""

from __future__ import annotations

import re
from collections.abc import Iterable

from hwtune.errors import ParseError

CpuSet = frozenset[int]

# The kernel's NR_CPUS is at most 8192; the bound keeps a damaged dump from asking for gigabytes of numbers.
CPU_MAX = 65_536

_RANGE = re.compile(r"(\d{1,9})(?:-(\d{1,9})(?::(\d{1,9})/(\d{1,9}))?)?", re.ASCII)
_MASK = re.compile(r"[0-9a-fA-F]{1,16}")


def parse_list(text: str, where: str = "CPU list", last: int | None = None) -> CpuSet:
    """The CPUs of a kernel list. Empty, `(null)` and NUL padding mean none, as several kernels print "no CPU".

    `last` is the highest possible CPU; it is what `N` and `all` stand for, which boot parameters may use.
    Raises ParseError naming `where` and the part that is wrong.
    """
    text = text.replace("\0", " ").strip()
    if text in ("", "(null)"):
        return frozenset()
    cpus: set[int] = set()
    for raw in text.split(","):
        part = raw.strip()
        if last is not None:
            part = f"0-{last}" if part == "all" else part.replace("N", str(last))
        match = _RANGE.fullmatch(part)
        if match is None:
            raise ParseError(f"{raw!r} is not a CPU or a range of CPUs", where, "write it like 2,3 or 4-7")
        first, end, used, group = (int(g) if g is not None else None for g in match.groups())
        assert first is not None
        end = first if end is None else end
        if end < first or end >= CPU_MAX:
            raise ParseError(f"range {raw!r} is reversed or beyond CPU {CPU_MAX - 1}", where)
        if used is None or group is None:
            cpus.update(range(first, end + 1))
        elif used < 1 or group < used:
            raise ParseError(f"stride in {raw!r} must be used/group with 1 <= used <= group", where)
        else:
            cpus.update(cpu for cpu in range(first, end + 1) if (cpu - first) % group < used)
    return frozenset(cpus)


def parse_mask(text: str, where: str = "CPU mask") -> CpuSet:
    """The CPUs of a hexadecimal mask in comma-separated 32-bit words, highest word first. Raises ParseError."""
    words = text.replace("\0", " ").strip().removeprefix("0x").split(",")
    if len(words) * 32 > CPU_MAX or any(_MASK.fullmatch(word) is None for word in words):
        raise ParseError(f"{text.strip()[:60]!r} is not a hexadecimal CPU mask", where)
    if len(words) > 1 and any(len(word) > 8 for word in words):
        raise ParseError(f"{text.strip()[:60]!r} has a word of more than 32 bits", where)
    value = 0
    for word in words:
        value = (value << 32) | int(word, 16)
    return frozenset(bit for bit in range(value.bit_length()) if value >> bit & 1)


def format_list(cpus: Iterable[int]) -> str:
    """The shortest kernel list of `cpus`; the inverse of parse_list."""
    parts: list[str] = []
    ordered = sorted(set(cpus))
    start = 0
    for i, cpu in enumerate(ordered):
        if i + 1 == len(ordered) or ordered[i + 1] != cpu + 1:
            parts.append(str(cpu) if i == start else f"{ordered[start]}-{cpu}")
            start = i + 1
    return ",".join(parts)


def format_mask(cpus: Iterable[int], like: str = "") -> str:
    """The hexadecimal mask of `cpus`, padded and split into 32-bit words as `like` is (a mask of the same file)."""
    value = sum(1 << cpu for cpu in set(cpus))
    words_like = like.strip().split(",") if like.strip() else ["0"]
    if len(words_like) == 1 and value < 1 << 32:
        return f"{value:0{len(words_like[0])}x}"
    words = max(len(words_like), (value.bit_length() + 31) // 32)
    parts = [f"{value >> 32 * i & 0xFFFFFFFF:08x}" for i in reversed(range(words))]
    if len(parts) == len(words_like):
        parts[0] = f"{int(parts[0], 16):0{len(words_like[0])}x}"
    return ",".join(parts)
