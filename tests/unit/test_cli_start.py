"""The command line before anything runs: what is imported, what is refused, what is returned."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest

from bot3._version import __version__
from bot3.cli.app import run_command_line

HEAVY = ("click", "numpy", "pyarrow", "pydantic", "rich", "structlog", "bot3.ffi")


def bot3(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "bot3.cli", *arguments]
    environ = os.environ | environment
    return subprocess.run(command, capture_output=True, text=True, env=environ, check=False, timeout=120)


@pytest.mark.parametrize("flag", ["--version", "-V"])
def test_the_version_imports_nothing(flag: str) -> None:
    code = f"import sys; sys.argv = ['bot3', {flag!r}]; from bot3.cli import main; main(); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    version, modules = done.stdout.splitlines()
    assert version == f"bot3 {__version__}"
    assert not set(modules.split()) & set(HEAVY)


def test_help_names_every_command_and_imports_none() -> None:
    code = "import sys; sys.argv = ['bot3', '--help']; from bot3.cli.app import run_command_line; run_command_line(); "
    code += "print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    *text, modules = done.stdout.splitlines()
    assert {"flatten", "kill", "record", "reset", "run", "status", "tune"} <= {
        line.split()[0] for line in text if line.startswith("  ") and line.split()
    }
    assert not set(modules.split()) & (set(HEAVY) - {"click"})


def test_help_of_run_names_every_option() -> None:
    text = bot3("run", "--help").stdout
    for option in (
        "recording",
        "instruments",
        "symbols",
        "strategy",
        "config",
        "bars",
        "speed",
        "out",
        "shadow",
        "state",
        "name",
        "log-level",
        "log-format",
        "json",
        "replay",
    ):
        assert f"--{option}" in text


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["nope"], "No such command"),
        (["run", "--nope"], "No such option"),
        (["run", "--speed", "fast"], "must be max, or how many times"),
        (["run", "--speed", "0"], "must be max, or how many times"),
        (["run", "--speed", "nan"], "must be max, or how many times"),
        (["run", "--bars", "1x"], "Write a number and a unit"),
        (["run", "--recording", "/none"], "/none: cannot be read"),
        (["run", "--config", "/none"], "/none: cannot be read"),
        (["run", "--strategy", "nope"], "Built in are: ema_cross"),
        (["run", "--strategy", "ema_cross:fast=9,slow=3"], "contradict one another"),
        (["run", "--replay", "/none"], "/none"),
        (["run", "--replay", "/none", "--symbols", "A"], "--json and --speed alone"),
        (["run", "--instruments", "/none"], "/none: cannot be read"),
        (["run", "--symbols", "NOPE"], "holds BTCUSDT"),
        (["run", "--out", "/dev/null"], "/dev/null: cannot be used"),
    ],
)
def test_what_cannot_start_is_told_and_2(
    arguments: list[str], told: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["bot3", *arguments])
    assert run_command_line() == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert told in captured.err


def test_a_user_s_mistake_is_no_traceback() -> None:
    done = bot3("run", "--strategy", "nope")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("bot3: --strategy") and done.stderr.count("\n") == 1


def test_a_traceback_is_there_for_who_asks(tmp_path: Path) -> None:
    done = bot3("run", "--config", str(tmp_path / "none.json"), BOT3_DEBUG="1")
    assert "Traceback" in done.stderr and "ConfigError" in done.stderr


def test_tune_hands_over_to_hwtune() -> None:
    done = bot3("tune", "--help")
    if importlib.util.find_spec("hwtune") is None:
        assert done.returncode == 2
        assert "hwtune: is not installed" in done.stderr
    else:
        assert done.returncode == 0
        assert "hwtune" in done.stdout or "tune" in done.stdout
