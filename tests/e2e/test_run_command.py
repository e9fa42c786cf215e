"""`bot3 run` as a user runs it: a process, its two outputs, its signals."""

import json
import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from bot3.cli.app import run_command_line

BOT3 = [sys.executable, "-m", "bot3.cli"]
FAILING = "from bot3.strategy import Strategy\nclass Mine(Strategy):\n    def on_bar(self, bar):\n        1 / 0\n"
ENDLESS = (
    "from bot3.strategy import Strategy\nclass Mine(Strategy):\n    def on_bar(self, bar):\n        while True: pass\n"
)


def test_without_any_option_the_sample_runs_and_trades() -> None:
    done = subprocess.run([*BOT3, "run"], capture_output=True, text=True, check=True, timeout=120)
    for text in ("BTCUSDT", "3,449", "orders sent", "USDT", "p99.9", "events in", "0 allocations, 0 page faults"):
        assert text in done.stdout
    assert "limits" in done.stderr and "at most 1 BTC" in done.stderr
    assert "limits" not in done.stdout


def test_json_is_one_object_and_nothing_else() -> None:
    done = subprocess.run(
        [*BOT3, "run", "--json", "--strategy", "obi"], capture_output=True, text=True, check=True, timeout=120
    )
    assert done.stdout.count("\n") == 1
    summary = json.loads(done.stdout)
    assert summary["instruments"]["BTCUSDT"]["last_update_id"] == 50093421584
    assert summary["orders"] > 0 and summary["ended"] == "end" and summary["error"] is None


def test_a_replay_from_the_command_line(tmp_path: Path) -> None:
    out = tmp_path / "out"
    subprocess.run([*BOT3, "run", "--out", str(out)], capture_output=True, check=True, timeout=120)
    command = [*BOT3, "run", "--json", "--replay", str(out / "journal.b3j")]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
    assert json.loads(done.stdout)["replay"]["identical"] is True
    data = (out / "journal.b3j").read_bytes()
    (out / "journal.b3j").write_bytes(data[:-100])
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 1
    assert json.loads(done.stdout)["replay"]["identical"] is False
    assert "Traceback" not in done.stderr and "journal.b3j" in done.stderr


def test_a_run_that_ends_badly_is_1_with_what_was_done(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(FAILING)
    command = [*BOT3, "run", "--json", "--strategy", "mine.py:Mine"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=False, timeout=120)
    assert done.returncode == 1
    assert json.loads(done.stdout)["ended"] == "failed"
    assert "mine.py:4: Mine.on_bar failed" in done.stderr and "Traceback" not in done.stderr


def wait_for(what: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not what():
        assert time.monotonic() < deadline, "it never came"
        time.sleep(0.05)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_cleanly_with_the_summary_so_far(tmp_path: Path, number: signal.Signals) -> None:
    """Paced, so that nearly all the time is spent inside the core, where no Python code runs."""
    out, told = tmp_path / "out", tmp_path / "stderr"
    with told.open("w") as stderr:
        command = [*BOT3, "run", "--json", "--speed", "1", "--out", str(out)]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=stderr, text=True)
        wait_for((out / "journal.b3j").exists)
        time.sleep(0.5)
        process.send_signal(number)
        output, _ = process.communicate(timeout=60)
    assert process.returncode == 0, told.read_text()
    summary = json.loads(output)
    assert summary["ended"] == "stopped"
    assert summary["wall_s"] < 60
    assert json.loads((out / "summary.json").read_text()) == summary
    replayed = [*BOT3, "run", "--json", "--replay", str(out / "journal.b3j")]
    done = subprocess.run(replayed, capture_output=True, text=True, check=True, timeout=120)
    assert json.loads(done.stdout)["inputs"] == summary["inputs"]


def test_a_second_signal_ends_a_strategy_that_does_not_return(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(ENDLESS)
    out = tmp_path / "out"
    command = [*BOT3, "run", "--strategy", "mine.py:Mine", "--out", str(out)]
    process = subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    wait_for((out / "journal.b3j").exists)
    time.sleep(1)
    process.send_signal(signal.SIGINT)
    time.sleep(0.3)
    assert process.poll() is None
    process.send_signal(signal.SIGINT)
    _, stderr = process.communicate(timeout=60)
    assert process.returncode == 1
    assert b"Traceback" not in stderr


def test_a_terminal_sees_progress(tmp_path: Path) -> None:
    main, terminal = pty.openpty()
    process = subprocess.Popen(
        [*BOT3, "run", "--json"], stdout=subprocess.PIPE, stderr=terminal, env=os.environ | {"TERM": "xterm"}
    )
    os.close(terminal)
    seen = b""
    while select.select([main], [], [], 60)[0]:
        try:
            data = os.read(main, 65536)
        except OSError:  # the other end was closed
            break
        seen += data
    output, _ = process.communicate(timeout=60)
    os.close(main)
    assert process.returncode == 0
    assert json.loads(output)["ended"] == "end"
    assert b"running" in seen and b"100%" in seen and b"MB" in seen


def test_a_reader_that_goes_away_is_no_traceback() -> None:
    process = subprocess.Popen([*BOT3, "run"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None and process.stderr is not None
    process.stdout.close()
    stderr = process.stderr.read()
    process.wait(timeout=60)
    process.stderr.close()
    assert b"Traceback" not in stderr


ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("page", ["docs/RUN.md", "docs/STRATEGIES.md", "examples/README.md"])
def test_commands_in_the_documentation_run(
    page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    commands = re.findall(r"^    bot3 (run.*)$", (ROOT / page).read_text(encoding="utf-8"), re.M)
    assert len(commands) >= 3
    monkeypatch.chdir(ROOT)
    for command in commands:
        words = command.replace("/tmp/results", str(tmp_path / "results")).split()
        monkeypatch.setattr(sys, "argv", ["bot3", *words])
        assert run_command_line() == 0, f"{command}: {capsys.readouterr().err}"
        assert capsys.readouterr().out
