"""Structured logs: one event, one line; for people or as JSON; from a level on."""

import json
from typing import Literal

import pytest

from bot3.cli.logs import EventLog, JsonLines
from bot3.errors import ArgumentError


def lines_of(form: Literal["text", "json"], level: Literal["debug", "info", "warning", "error"]) -> list[str]:
    written: list[str] = []
    log = EventLog(written.append, level, form)
    log.event("debug", "snapshot", instrument="A", update_id=1)
    log.event("info", "day", day="2024-08-09")
    log.event("warning", "stop", instrument="A", trigger="98.5", touch="98.4")
    log.event("error", "halt", what="two\nlines [b]and markup[/b]")
    return written


@pytest.mark.parametrize(
    ("level", "names"),
    [
        ("debug", ["snapshot", "day", "stop", "halt"]),
        ("info", ["day", "stop", "halt"]),
        ("warning", ["stop", "halt"]),
        ("error", ["halt"]),
    ],
)
def test_from_a_level_on(level: Literal["debug", "info", "warning", "error"], names: list[str]) -> None:
    events = [json.loads(line) for line in lines_of("json", level)]
    assert [event["event"] for event in events] == names
    assert all(event["timestamp"].endswith("Z") for event in events)


def test_a_json_line_holds_what_was_told() -> None:
    stop = json.loads(lines_of("json", "warning")[0])
    del stop["timestamp"]
    assert stop == {"event": "stop", "level": "warning", "instrument": "A", "trigger": "98.5", "touch": "98.4"}


def test_a_line_for_people_is_one_line() -> None:
    day, stop, halt = lines_of("text", "info")
    assert "[warning" in stop and stop.endswith("instrument=A trigger=98.5 touch=98.4")
    assert "day=2024-08-09" in day
    assert all("\n" not in line for line in (day, stop, halt)), "a text with line breaks is shown quoted"


def test_with_json_all_that_a_run_says_is_json(capsys: pytest.CaptureFixture[str]) -> None:
    shown = JsonLines()
    shown.say("a note")
    shown.warn("a warning")
    shown.rows("limits", [("position", "at most 1 BTC")])
    shown.fail(ArgumentError("is wrong", where="--x", value=1))
    with shown.working("reading"), shown.progress(10) as advance:
        advance(5)
    captured = capsys.readouterr()
    events = [json.loads(line) for line in captured.err.splitlines()]
    assert captured.out == ""
    assert [(event["event"], event["level"]) for event in events] == [
        ("note", "info"),
        ("warning", "warning"),
        ("limits", "info"),
        ("failed", "error"),
    ]
    assert events[2]["position"] == "at most 1 BTC"
    assert events[3]["kind"] == "ArgumentError" and "--x" in events[3]["text"]
