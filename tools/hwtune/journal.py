"""The write-ahead journal: what every knob held before hwtune touched it. On disk before the first change.

One JSON document, replaced as a whole: after a crash or a power cut it is the old one or the new one, never half of
one. It lives until undo has put everything back.
"""

from __future__ import annotations

import fcntl
import getpass
import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from hwtune.errors import AccessError, JournalError, LockedError, Problem
from hwtune.host import LiveHost, access_error
from hwtune.targets import Original

JOURNAL = "/var/lib/hwtune/journal.json"
LOCK = "/run/hwtune.lock"
VERSION = 1


@dataclass(frozen=True)
class Entry:
    """One knob: which check wanted it changed, to what, and what it held before. `wanted` None: watched only."""

    target: str
    check: str
    wanted: str | None
    original: Original


@dataclass(frozen=True)
class Journal:
    """All entries in the order of application. `complete` is False while an apply is under way, or was cut off."""

    created: str
    user: str
    uid: int
    boot_id: str
    complete: bool
    entries: tuple[Entry, ...] = ()
    refused: tuple[str, ...] = ()
    roles: dict[str, Any] = field(default_factory=dict)

    def with_entries(self, entries: tuple[Entry, ...], complete: bool, refused: tuple[str, ...] = ()) -> Journal:
        """The same journal with other entries and state."""
        return replace(self, entries=entries, complete=complete, refused=refused)


def boot_id(host: LiveHost) -> str:
    """Identifies this boot; empty where the kernel does not tell."""
    return host.get("/proc/sys/kernel/random/boot_id") or ""


def new(host: LiveHost, roles: dict[str, Any]) -> Journal:
    """An empty journal that says who applies, when, and in which boot."""
    now = datetime.now(UTC).isoformat(timespec="seconds")
    try:
        user = os.environ.get("SUDO_USER") or getpass.getuser()
    except (KeyError, OSError):
        user = str(os.getuid())
    return Journal(now, user, os.getuid(), boot_id(host), complete=False, roles=roles)


def _digest(body: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()


def save(host: LiveHost, journal: Journal) -> None:
    """Writes the journal durably. Raises AccessError."""
    body = asdict(journal)
    document = {"version": VERSION, "sha256": _digest(json.loads(json.dumps(body))), "journal": body}
    host.write_durable(JOURNAL, (json.dumps(document, indent=1) + "\n").encode())


def load(host: LiveHost) -> Journal | None:
    """The journal, or None if nothing is applied. Raises JournalError if it is damaged."""
    try:
        text = host.read(JOURNAL)
    except AccessError as error:
        if error.problem is Problem.ABSENT:
            return None
        raise
    try:
        document = json.loads(text)
        body = document["journal"]
        if document["version"] != VERSION:
            raise JournalError(
                f"is of version {document['version']}, not {VERSION}", JOURNAL, "undo with the hwtune that wrote it"
            )
        if _digest(body) != document["sha256"]:
            raise JournalError("its checksum is wrong", JOURNAL, "restore it from a backup, or put values back by hand")
        entries = tuple(
            Entry(e["target"], e["check"], e["wanted"], Original(**e["original"])) for e in body.pop("entries")
        )
        return Journal(**{**body, "entries": entries, "refused": tuple(body["refused"])})
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise JournalError(
            f"is damaged ({error!r})", JOURNAL, "restore it from a backup, or put values back by hand"
        ) from error


def remove(host: LiveHost) -> None:
    """Forgets the journal, durably. Raises AccessError."""
    host.remove_durable(JOURNAL)


@contextmanager
def locked(host: LiveHost) -> Iterator[None]:
    """Holds the only right to change this host. Raises LockedError if another process has it."""
    path = host.root + LOCK
    try:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        raise access_error(error, LOCK) from error
    try:
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            holder = os.pread(fd, 32, 0).decode("ascii", "replace").strip() or "unknown"
            raise LockedError(f"process {holder} is changing this host", LOCK, "wait until it has ended") from error
        os.ftruncate(fd, 0)
        os.pwrite(fd, f"{os.getpid()}\n".encode(), 0)
        yield
    finally:
        # The kernel drops the lock with the last descriptor, also after kill -9; the file itself may stay.
        os.close(fd)
