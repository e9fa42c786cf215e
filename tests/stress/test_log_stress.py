"""The journal's log between its two threads, under ThreadSanitizer; and that plain stores there would be found."""

from pathlib import Path

from test_base_stress import CSRC, RACE, built, run

# What the log stands on. One of them wants SSE 4.2, and here all may have it.
UNDER_IT = [
    str(CSRC / part)
    for part in ("net/recording_format.c", "base/crc.c", "base/crc_sse42.c", "base/cpu.c", "base/status.c")
]
FLAGS = ["-fsanitize=thread", "-fno-strict-aliasing", "-msse4.2", "-DB3_VERSION=0", *UNDER_IT]


def test_every_record_reaches_the_file_whole_and_in_order(tmp_path: Path) -> None:
    code, printed = run(built("log", tmp_path, *FLAGS), 0)
    assert code == 0, printed
    assert "records whole and in order" in printed


def test_plain_stores_are_reported_as_a_race(tmp_path: Path) -> None:
    code, printed = run(built("log", tmp_path, *FLAGS, "-DBREAK_ATOMICS"), 0)
    assert code == RACE, printed
    assert "data race" in printed
