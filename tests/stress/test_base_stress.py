"""One writer and several readers of map, histogram and counters, and shared work, under ThreadSanitizer, bounded.

Each program is also built broken on purpose (stress.h, map.c): a run that did not catch those would prove nothing.
"""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
CSRC = HERE.parents[1] / "csrc"
FLAGS = [
    "-std=gnu11",
    "-D_GNU_SOURCE",
    "-O2",
    "-g",
    "-Wall",
    "-Wextra",
    "-Wconversion",
    "-Wshadow",
    "-Werror",
    "-pthread",
]
RACE, CAUGHT = 66, 3  # exit codes: ThreadSanitizer's (set below), and that of a reader's own check


def built(name: str, folder: Path, *more: str) -> Path:
    """The program of a file here, with further compiler flags."""
    compiler = shutil.which("gcc")
    if compiler is None:
        pytest.skip("no gcc: the stress programs cannot be built")
    program = folder / name
    done = subprocess.run(
        [compiler, *FLAGS, *more, f"-I{CSRC}", f"-I{HERE}", str(HERE / f"{name}.c"), "-o", str(program)],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    if "cannot find" in done.stderr and "tsan" in done.stderr:
        pytest.skip(f"gcc has no ThreadSanitizer runtime here: {done.stderr.splitlines()[0]}")
    assert done.returncode == 0, done.stderr
    return program


def run(program: Path, writes: int) -> tuple[int, str]:
    """(exit code, all it printed). Another sanitizer that the test run itself is under stays outside."""
    environment = {key: value for key, value in os.environ.items() if key != "LD_PRELOAD"}
    environment["TSAN_OPTIONS"] = f"exitcode={RACE}:halt_on_error=1"
    command = [str(program), str(writes)]
    for attempt in (command, ["setarch", "-R", *command]):
        done = subprocess.run(attempt, env=environment, capture_output=True, text=True, check=False, timeout=120)
        # A kernel that spreads addresses wider than this ThreadSanitizer knows: once more without spreading.
        if "unexpected memory mapping" not in done.stderr:
            break
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize(("name", "writes"), [("map", 300_000), ("hist", 300_000), ("counters", 300_000)])
def test_readers_beside_the_writer_see_nothing_wrong(tmp_path: Path, name: str, writes: int) -> None:
    code, printed = run(built(name, tmp_path, "-fsanitize=thread"), writes)
    assert code == 0, printed
    assert printed.startswith(f"{writes} writes, ")
    assert int(printed.split()[2]) > 100


def test_work_that_is_shared_out_is_done_once(tmp_path: Path) -> None:
    code, printed = run(built("parallel", tmp_path, "-fsanitize=thread"), 500)
    assert (code, printed) == (0, "500 rounds\n")


@pytest.mark.parametrize("name", ["map", "hist", "counters", "parallel"])
def test_plain_stores_are_reported_as_a_race(tmp_path: Path, name: str) -> None:
    code, printed = run(built(name, tmp_path, "-fsanitize=thread", "-DBREAK_ATOMICS"), 300_000)
    assert code == RACE, printed
    assert "data race" in printed


def test_a_map_reader_that_ignores_moves_is_caught(tmp_path: Path) -> None:
    code, printed = run(built("map", tmp_path, "-DBREAK_READER"), 100_000_000)
    assert code == CAUGHT, printed
    assert "torn pair" in printed or "lost pair" in printed or "old value" in printed


def test_without_thread_sanitizer_the_map_is_tried_harder(tmp_path: Path) -> None:
    """Its slowness hides some windows."""
    code, printed = run(built("map", tmp_path), 1_000_000)
    assert code == 0, printed


@pytest.mark.parametrize(("offset", "expected"), [(99, 0), (100, 1)])
def test_in_sanitizer_builds_an_overrun_inside_the_arena_is_caught(tmp_path: Path, offset: int, expected: int) -> None:
    """Blocks of the arena are one mapping: without its help AddressSanitizer would see nothing."""
    code, printed = run(built("overrun", tmp_path, "-fsanitize=address", str(CSRC / "base" / "arena.c")), offset)
    assert code == expected, printed
    assert ("use-after-poison" in printed) == bool(expected)
