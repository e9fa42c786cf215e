"""The vocabulary: a check is a data row with a probe; a probe gives an answer; an answer may propose changes."""

from __future__ import annotations

import csv
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hwtune.facts import Facts


class Verdict(Enum):
    """What a probe may say. UNKNOWN always comes with the reason."""

    GOOD = "good"
    BAD = "bad"
    NOT_APPLICABLE = "not applicable"
    UNKNOWN = "unknown"


class Severity(Enum):
    """How much a bad answer matters; `info` rows never count as findings."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"
    INFO = "info"

    @property
    def rank(self) -> int:
        """0 for the worst; for sorting."""
        return list(Severity).index(self)


@dataclass(frozen=True)
class Change:
    """One write at run time.

    `target` names the knob (see targets.py), `value` what to write. Changes apply in order of `rank`.
    `may_refuse`: real systems refuse this one even to root (managed IRQs, firmware-owned ASPM): reported, not fatal.
    `opt_in`: takes something away from the host that undo cannot fully give back; done only if named by --only.
    """

    target: str
    value: str
    rank: int = 50
    may_refuse: bool = False
    opt_in: bool = False


@dataclass(frozen=True)
class Boot:
    """One setting at boot: kind `cmdline` (key, value or None), `sysctl` (key, value), `module` (module, option)."""

    kind: str
    key: str
    value: str | None = None


@dataclass(frozen=True)
class Answer:
    """What a probe found: the verdict, what it read, and (unknown, not applicable) why. Fixes if it is bad."""

    verdict: Verdict
    saw: str
    why: str = ""
    changes: tuple[Change, ...] = ()
    boot: tuple[Boot, ...] = ()


@dataclass(frozen=True)
class Row:
    """A row of the catalogue: all the text of a check, and its weight in the score."""

    id: str
    group: str
    title: str
    reads: str
    good: str
    severity: Severity
    weight: int
    runtime_fix: str
    boot_fix: str
    reversible: str
    risk: str
    verify_effect: str
    why: str


Probe = Callable[["Facts"], Answer]


@dataclass(frozen=True)
class Result:
    """A row with its answer."""

    row: Row
    answer: Answer

    @property
    def finding(self) -> bool:
        """Whether it counts for the exit code."""
        return self.answer.verdict is Verdict.BAD and self.row.severity is not Severity.INFO

    def fixes(self) -> list[tuple[str, str]]:
        """How to mend it, as (`now` or `boot`, text): the very settings where the probe knows them, else in words."""
        lines: list[tuple[str, str]] = []
        if self.answer.changes:
            first, more = self.answer.changes[0], len(self.answer.changes) - 1
            text = f"{first.target.removeprefix('file:')} = {first.value or '(empty)'}"
            lines.append(("now", text + (f" and {more} more (bot3 tune plan)" if more else "")))
        elif self.row.runtime_fix not in ("", "-", "none"):
            lines.append(("now", self.row.runtime_fix))
        if self.answer.boot:
            lines.append(
                ("boot", " ".join(b.key if b.value is None else f"{b.key}={b.value}" for b in self.answer.boot))
            )
        elif self.row.boot_fix not in ("", "-", "none", "n/a"):
            lines.append(("boot", self.row.boot_fix))
        return lines


def good(saw: str) -> Answer:
    """A good answer."""
    return Answer(Verdict.GOOD, saw)


def bad(saw: str, *changes: Change, boot: tuple[Boot, ...] = ()) -> Answer:
    """A bad answer with its fixes."""
    return Answer(Verdict.BAD, saw, changes=changes, boot=boot)


def judge(ok: bool, saw: str, *changes: Change, boot: tuple[Boot, ...] = ()) -> Answer:
    """Good, or bad with the fixes."""
    return good(saw) if ok else bad(saw, *changes, boot=boot)


def not_applicable(why: str, saw: str = "") -> Answer:
    """The check makes no sense here; `why` says so."""
    return Answer(Verdict.NOT_APPLICABLE, saw, why)


def unknown(why: str, saw: str = "") -> Answer:
    """It could not be judged; `why` says so."""
    return Answer(Verdict.UNKNOWN, saw, why)


@cache
def catalogue() -> dict[str, Row]:
    """All rows by id, in the order of the file."""
    text = files("hwtune").joinpath("catalogue.csv").read_text(encoding="utf-8")
    rows: dict[str, Row] = {}
    for raw in csv.DictReader(text.splitlines()):
        rows[raw["id"]] = Row(
            raw["id"],
            raw["group"],
            raw["title"],
            raw["reads"],
            raw["good"],
            Severity(raw["severity"]),
            int(raw["weight"]),
            raw["runtime_fix"],
            raw["boot_fix"],
            raw["reversible"],
            raw["risk"],
            raw["verify_effect"],
            raw["why"],
        )
    return rows


PROBES: dict[str, Probe] = {}


def check(row_id: str) -> Callable[[Probe], Probe]:
    """Registers the probe of a catalogue row; each row has exactly one."""

    def register(probe: Probe) -> Probe:
        assert row_id not in PROBES, f"{row_id} has two probes"
        PROBES[row_id] = probe
        return probe

    return register
