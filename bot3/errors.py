"""Every exception that bot3 raises on purpose, in one tree.

str(error) is one paragraph for a person: where, what, the offending value, what to do. A program reads the parts.
"""

__all__ = [
    "ArgumentError",
    "Bot3Error",
    "ClosedError",
    "ConfigError",
    "ControlError",
    "EngineError",
    "InstrumentError",
    "JournalError",
    "RecordingError",
    "ReplayMismatchError",
    "StateError",
    "StorageError",
    "StrategyError",
]


class Bot3Error(Exception):
    """Root of the tree.

    what: what is wrong. where: file, key or record. value: the offending value, or None. hint: what to do.
    status: the core's status code (negative), 0 when Python found the fault. position: as the core told it, or None.
    """

    def __init__(
        self,
        what: str,
        *,
        where: str = "",
        value: object = None,
        hint: str = "",
        status: int = 0,
        position: int | None = None,
    ) -> None:
        self.what = what
        self.where = where
        self.value = value
        self.hint = hint
        self.status = status
        self.position = position
        text = f"{where}: {what}" if where else what
        if value is not None:
            text += f" (found {value!r})"
        if hint:
            text += ("" if text.endswith((".", "!", "?")) else ".") + f" {hint}"
        super().__init__(text)


class ArgumentError(Bot3Error):
    """A call or an option that cannot be meant: wrong dtype, shape or length, unknown name, impossible combination."""


class ClosedError(Bot3Error):
    """A handle was used after it was closed."""


class ConfigError(Bot3Error):
    """system.json is not valid. problems: (path, message) of every fault found, not only of the first."""

    def __init__(
        self,
        what: str,
        *,
        where: str = "",
        value: object = None,
        hint: str = "",
        problems: tuple[tuple[str, str], ...] = (),
    ) -> None:
        self.problems = problems
        text = what + "".join(f"\n  {path}: {message}" for path, message in problems)
        super().__init__(text, where=where, value=value, hint=hint)


class ControlError(Bot3Error):
    """A running engine cannot be reached: there is none of that name, there are several, or it does not answer."""


class RecordingError(Bot3Error):
    """A recording cannot be read or written."""


class InstrumentError(Bot3Error):
    """An exchangeInfo file or an instrument's filters cannot be used, or a symbol is not there."""


class JournalError(Bot3Error):
    """A journal cannot be read or written. position: number of the first bad record, when a record is bad."""


class ReplayMismatchError(JournalError):
    """A replay's journal differs from the one replayed. position: number of the first record that differs."""


class StrategyError(Bot3Error):
    """A strategy cannot be loaded, refuses its parameters, or failed while it ran."""


class EngineError(Bot3Error):
    """The core refused a call or ended the run."""


class StateError(Bot3Error):
    """What survives a restart cannot be read or written, belongs to another account, or is in use."""


class StorageError(Bot3Error):
    """Results cannot be written where they should go."""
