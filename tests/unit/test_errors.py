"""One exception tree: what a person reads, what a program reads."""

import pytest

from bot3 import errors


def test_all_are_in_one_tree() -> None:
    for name in errors.__all__:
        assert issubclass(getattr(errors, name), errors.Bot3Error)


def test_text_says_where_what_value_and_what_to_do() -> None:
    error = errors.RecordingError("is cut off", where="a.b3r", value=7, hint="Use another copy.", status=-7, position=3)
    assert str(error) == "a.b3r: is cut off (found 7). Use another copy."
    assert (error.what, error.where, error.value, error.status, error.position) == ("is cut off", "a.b3r", 7, -7, 3)


def test_parts_that_are_missing_leave_no_trace() -> None:
    assert str(errors.EngineError("failed")) == "failed"
    assert str(errors.EngineError("failed?", hint="Try again.")) == "failed? Try again."


def test_a_falsy_value_is_shown() -> None:
    assert str(errors.ArgumentError("must be more", value=0)) == "must be more (found 0)"


def test_a_config_error_lists_every_problem() -> None:
    error = errors.ConfigError("2 faults:", where="system.json", problems=(("a.b", "too small"), ("c", "unknown key")))
    assert str(error) == "system.json: 2 faults:\n  a.b: too small\n  c: unknown key"
    assert [path for path, _ in error.problems] == ["a.b", "c"]


def test_a_mismatch_is_a_journal_error() -> None:
    with pytest.raises(errors.JournalError):
        raise errors.ReplayMismatchError("differs", position=12)
