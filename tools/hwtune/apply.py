"""Changing the host and putting it back: apply, undo, verify, status. The order of writes is the contract.

apply: lock, read all originals, journal them durably, then change one by one, reading back each. On any failure what
was done is undone. undo: in reverse order, any number of times, also after kill -9 or a power cut in the middle.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import Any

from hwtune import journal as journals
from hwtune.errors import AccessError, ApplyError, JournalError, PrivilegeError, Problem
from hwtune.host import LiveHost
from hwtune.journal import Entry, Journal
from hwtune.model import Change
from hwtune.plan import Plan
from hwtune.targets import Targets, normal

# Writing the first makes the kernel recompute the second: it is journalled with it, and put back after it.
SIDE_EFFECTS = {"file:/sys/kernel/mm/transparent_hugepage/enabled": "file:/proc/sys/vm/min_free_kbytes"}


@dataclass
class Applied:
    """What apply did: targets changed, and those the system refused, with the reason."""

    changed: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)


@dataclass
class Undone:
    """What undo did: `restored`, `unchanged` (already as before), `gone` (no longer there), `failed` (try again)."""

    restored: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Drift:
    """A knob that no longer has the value apply gave it; `now` None if it cannot be read."""

    target: str
    check: str
    wanted: str
    now: str | None
    note: str = ""


def _same(target: str, a: str, b: str) -> bool:
    return normal(target, a) == normal(target, b)


def changes_of(plan: Plan, persist: bool) -> list[tuple[str, Change]]:
    """(check id, change) of a plan in order; the drop-ins come last and only if `persist`."""
    changes = [(step.row.id, step.change) for step in plan.steps]
    if persist:
        changes += [("persist", Change(f"dropin:{path}", text)) for path, text in plan.files.items()]
    return changes


def apply(host: LiveHost, changes: list[tuple[str, Change]], roles: dict[str, Any]) -> Applied:
    """Makes the changes. Raises PrivilegeError, LockedError, JournalError, or ApplyError after undoing what it did."""
    if host.live and os.geteuid() != 0:
        raise PrivilegeError(tuple(change.target for _, change in changes))
    with journals.locked(host):
        return _apply(host, changes, roles)


def _apply(host: LiveHost, changes: list[tuple[str, Change]], roles: dict[str, Any]) -> Applied:
    targets = Targets(host)
    done = Applied()
    old = journals.load(host)
    if old is not None and not old.complete:
        raise JournalError("an apply was cut off in the middle", journals.JOURNAL, "run: bot3 tune undo")
    known = {entry.target: entry for entry in old.entries} if old is not None else {}
    entries: list[Entry] = []
    todo: list[tuple[Change, list[Entry]]] = []  # with what it touches holds now, which a failure brings back
    for check, change in changes:
        try:
            original = targets.original(change.target)
            side = SIDE_EFFECTS.get(change.target)
            watched = Entry(side, check, None, targets.original(side)) if side is not None else None
        except AccessError as error:
            if not change.may_refuse and error.problem is not Problem.ABSENT:
                raise ApplyError(str(error), change.target, (), ()) from error
            done.refused.append(str(error))
            continue
        if _same(change.target, original.value, change.value):
            continue
        if watched is not None and watched.target not in known:
            entries.append(watched)
        # A second apply keeps the originals of the first: they are what undo must bring back.
        earlier = known.pop(change.target, None)
        entries.append(Entry(change.target, check, change.value, earlier.original if earlier is not None else original))
        now = Entry(change.target, check, change.value, original)
        todo.append((change, [now] if watched is None else [watched, now]))
    if not todo:
        return done
    base = journals.new(host, roles) if old is None else old
    all_entries = (*known.values(), *entries)
    journals.save(host, base.with_entries(all_entries, complete=False))
    _change(host, targets, todo, done, old)
    journals.save(host, base.with_entries(all_entries, complete=True, refused=tuple(done.refused)))
    return done


def _change(
    host: LiveHost, targets: Targets, todo: list[tuple[Change, list[Entry]]], done: Applied, before: Journal | None
) -> None:
    """Writes and reads back one by one; on failure or interruption puts all back and forgets this apply."""
    tried: list[Entry] = []
    try:
        for change, entries in todo:
            tried += entries
            fault = _write_checked(targets, change)
            if fault is None:
                done.changed.append(change.target)
            elif change.may_refuse or fault.problem is Problem.ABSENT:
                done.refused.append(str(fault))
            else:
                raise fault
    except (AccessError, KeyboardInterrupt) as error:
        undone = _restore(targets, tried, rebooted=False)
        if not undone.failed:
            journals.remove(host) if before is None else journals.save(host, before)
        where = error.where if isinstance(error, AccessError) else ""
        raise ApplyError(str(error) or "interrupted", where, tuple(undone.restored), tuple(undone.failed)) from error


def _write_checked(targets: Targets, change: Change) -> AccessError | None:
    """None if the value took; else why not."""
    try:
        targets.write(change.target, change.value)
        now = targets.read(change.target)
    except AccessError as error:
        return error
    if not _same(change.target, now, change.value):
        return AccessError(Problem.INVALID, change.target, f"wrote {change.value!r} but it reads {now!r}")
    return None


def undo(host: LiveHost) -> Undone:
    """Puts every journalled knob back, if any. Raises PrivilegeError, LockedError, JournalError."""
    if host.live and os.geteuid() != 0:
        raise PrivilegeError(("the journalled knobs",))
    with journals.locked(host):
        journal = journals.load(host)
        if journal is None:
            # a power cut while the first journal was being written leaves its unfinished copy
            journals.remove(host)
            return Undone()
        undone = _restore(Targets(host), list(journal.entries), journal.boot_id != journals.boot_id(host))
        if undone.failed:
            left = tuple(e for e in journal.entries if any(f.startswith(f"{e.target}: ") for f in undone.failed))
            journals.save(host, journal.with_entries(left, complete=False))
        else:
            journals.remove(host)
        return undone


def _restore(targets: Targets, entries: list[Entry], rebooted: bool) -> Undone:
    """Restores in reverse order. After a reboot only what still holds our value is put back: the rest the boot set."""
    out = Undone()
    for entry in reversed(entries):
        try:
            now = targets.read(entry.target)
            if _same(entry.target, now, entry.original.value):
                # a drop-in that is gone may have left the unfinished copy of a power cut, or its directory
                if entry.target.startswith("dropin:"):
                    targets.restore(entry.target, entry.original)
                out.unchanged.append(entry.target)
                continue
            ours = entry.wanted is not None and _same(entry.target, now, entry.wanted)
            if rebooted and not ours and not entry.target.startswith("dropin:"):
                out.gone.append(f"{entry.target}: set anew by the boot ({now})")
                continue
            targets.restore(entry.target, entry.original)
            out.restored.append(entry.target)
        except AccessError as error:
            text = f"{entry.target}: should be {entry.original.value[:60]!r}: {error}"
            (out.gone if error.problem is Problem.ABSENT else out.failed).append(text)
    return out


def verify(host: LiveHost) -> list[Drift]:
    """Knobs that drifted since apply. Raises JournalError if nothing is applied or an apply was cut off."""
    journal = journals.load(host)
    if journal is None:
        raise JournalError("nothing is applied", journals.JOURNAL, "run: bot3 tune apply")
    if not journal.complete:
        raise JournalError("an apply or undo was cut off in the middle", journals.JOURNAL, "run: bot3 tune undo")
    targets = Targets(host)
    drifts: list[Drift] = []
    refused = set(journal.refused)
    for entry in journal.entries:
        if entry.wanted is None or any(
            entry.target in text or entry.target.partition(":")[2] in text for text in refused
        ):
            continue
        try:
            now = targets.read(entry.target)
        except AccessError as error:
            drifts.append(Drift(entry.target, entry.check, entry.wanted, None, error.problem.value))
            continue
        if not _same(entry.target, now, entry.wanted):
            drifts.append(Drift(entry.target, entry.check, entry.wanted, now))
    return drifts


def status(host: LiveHost) -> Journal | None:
    """The journal of what is applied, None if nothing is. Raises JournalError."""
    return journals.load(host)
