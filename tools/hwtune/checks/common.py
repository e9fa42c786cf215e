"""Small helpers that several groups of probes share."""

from __future__ import annotations

import posixpath
import re

from hwtune.cpus import CpuSet, format_list
from hwtune.errors import ParseError
from hwtune.facts import Facts
from hwtune.model import Answer, not_applicable, unknown


def absent(facts: Facts, path: str, why: str = "this kernel does not have it") -> Answer:
    """The answer for a file that is not there: not applicable, unless the dump merely left out its directory."""
    if facts.host.listdir(posixpath.dirname(path)):
        return not_applicable(f"{why} ({path} is absent)")
    if facts.live:
        return not_applicable(f"{why} ({path} is absent)")
    return unknown(f"absent: {path} is not in the dump")


def integer(text: str, where: str) -> int:
    """The number a file holds. Raises ParseError."""
    if re.fullmatch(r"-?\d{1,20}", text.strip()) is None:
        raise ParseError(f"{text[:40]!r} is not a number", where)
    return int(text)


def chosen(text: str) -> str:
    """The bracketed word of `always [madvise] never`; the text itself if nothing is in brackets."""
    match = re.search(r"\[([^\]]+)\]", text)
    return match.group(1) if match else text.strip()


def cpus(found: CpuSet) -> str:
    """For people: `CPU 2-3`, or `no CPU`."""
    return f"CPU {format_list(found)}" if found else "no CPU"


def some(items: list[str], at_most: int = 6) -> str:
    """The first few items and how many more there are."""
    shown = ", ".join(items[:at_most])
    return shown + (f" and {len(items) - at_most} more" if len(items) > at_most else "")


def file_target(path: str) -> str:
    """The name of a kernel file as a target of a change."""
    return f"file:{path}"
