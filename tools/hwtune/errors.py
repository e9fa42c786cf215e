"""The exceptions and exit codes of hwtune: one tree, so that a caller can catch all of it."""

from __future__ import annotations

from enum import Enum, IntEnum


class ExitCode(IntEnum):
    """What the process returns; scripts and CI may rely on it."""

    GOOD = 0
    FINDINGS = 1
    ERROR = 2


class Problem(Enum):
    """Why something could not be read or written."""

    ABSENT = "absent"
    DENIED = "no permission"
    UNSUPPORTED = "not supported"
    INVALID = "value refused"
    BUSY = "busy"
    FAILED = "failed"


class HwtuneError(Exception):
    """Base of all hwtune errors: says what went wrong, where, and what to do about it."""

    def __init__(self, what: str, where: str = "", do: str = "") -> None:
        self.what, self.where, self.do = what, where, do
        super().__init__("; ".join(part for part in (f"{where}: {what}" if where else what, do) if part))


class AccessError(HwtuneError):
    """A file or setting of the host could not be read or written; `problem` says why."""

    def __init__(self, problem: Problem, where: str, detail: str = "") -> None:
        self.problem, self.detail = problem, detail
        super().__init__(f"{problem.value} ({detail})" if detail else problem.value, where)


class ParseError(HwtuneError):
    """A text of the host or of the user does not have the expected form."""


class DumpError(HwtuneError):
    """The dump given with --root cannot be used."""


class RolesError(HwtuneError):
    """The plan of roles is impossible on this host or malformed."""


class JournalError(HwtuneError):
    """The journal of original values is missing, damaged, or of another state."""


class LockedError(HwtuneError):
    """Another hwtune is changing this host."""


class ApplyError(HwtuneError):
    """A change failed; `undone` lists what was put back and `left` what was not."""

    def __init__(self, what: str, where: str, undone: tuple[str, ...], left: tuple[str, ...]) -> None:
        self.undone, self.left = undone, left
        state = f"put back {len(undone)} change(s)" + (f", NOT put back: {', '.join(left)}" if left else "")
        super().__init__(what, where, state)


class PrivilegeError(HwtuneError):
    """Root is needed; `needs` lists for what."""

    def __init__(self, needs: tuple[str, ...]) -> None:
        self.needs = needs
        super().__init__("root is needed to write: " + ", ".join(needs), do="run again as root, or narrow with --only")


class ProbeError(HwtuneError):
    """The measuring program hwtune-probe is missing or failed."""
