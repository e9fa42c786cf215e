"""`bot3 kill`, `flatten`, `reset` and `status` from a second process reach a running engine; nobody else does."""

import json
import os
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from guard_tools import QUOTER, held, is_repeated, outputs, written_strategy
from run_tools import table

from bot3.engine import control
from bot3.engine.control import Answer, Channel, ask, engines
from bot3.errors import ArgumentError, ControlError
from bot3.ffi import lib

BOT3 = [sys.executable, "-m", "bot3.cli"]


@pytest.fixture(autouse=True)
def runtime(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A runtime directory of the test's own; short, since a socket's path must be."""
    with tempfile.TemporaryDirectory(prefix="b3-", dir="/tmp") as folder:
        monkeypatch.setenv("XDG_RUNTIME_DIR", folder)
        yield Path(folder)


def bot3(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*BOT3, *arguments], capture_output=True, text=True, check=False, timeout=120)


class Engine:
    """A paced run in a process of its own, that keeps three orders in the market and one position."""

    def __init__(self, folder: Path, name: str, *options: str) -> None:
        self.out = folder / f"out-{name}"
        self.log = folder / f"{name}.log"
        strategy = written_strategy(folder, QUOTER)
        command = [*BOT3, "run", "--json", "--speed", "4", "--name", name, "--strategy", strategy]
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                [*command, "--out", str(self.out), *options], stdout=subprocess.PIPE, stderr=log, text=True
            )
        self.name = name

    def wait_until_it_trades(self) -> None:
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline:
            assert self.process.poll() is None, self.log.read_text()
            if self.name in engines() and ask("status", self.name).inputs > 3000:
                return
            time.sleep(0.1)
        pytest.fail("it never came to trade")

    def stop(self) -> dict[str, Any]:
        self.process.send_signal(signal.SIGINT)
        output, _ = self.process.communicate(timeout=60)
        assert self.process.returncode == 0, self.log.read_text()
        return dict(json.loads(output))

    def events(self, name: str) -> list[dict[str, Any]]:
        lines = [json.loads(line) for line in self.log.read_text().splitlines()]
        return [line for line in lines if line["event"] == name]


@contextmanager
def running(folder: Path, name: str, *options: str) -> Iterator[Engine]:
    engine = Engine(folder, name, "--log-format", "json", *options)
    try:
        engine.wait_until_it_trades()
        yield engine
    finally:
        if engine.process.poll() is None:
            engine.process.kill()
            engine.process.wait()


def test_kill_flatten_from_another_shell(tmp_path: Path) -> None:
    with running(tmp_path, "one") as engine:
        done = bot3("kill", "--flatten")
        assert (done.returncode, done.stderr) == (0, "")
        assert "killed; 3 orders being cancelled, 1 position being taken out" in done.stdout
        assert "bot3 reset --name one" in done.stdout
        time.sleep(1)
        status = bot3("status")
        assert "orders are refused by killed" in status.stdout
        summary = engine.stop()
    assert summary["guard"]["killed"] is True and summary["guard"]["refuses"] == "killed"
    assert summary["instruments"]["BTCUSDT"]["position"] == "0"
    assert summary["rejects"]["killed"] > 0
    journal = engine.out / "journal.b3j"
    (kill,) = (event for event in outputs(journal, "system") if event["code"] == lib.B3_SYS_KILL)
    orders = table(engine.out, "orders")
    assert (orders.state == "canceled").sum() == 3 and orders.exit.sum() == 1
    after = orders[(orders.input_no > kill["input_no"]) & ~orders.exit]
    assert set(after.rule) == {"killed"} and set(after.state) == {"refused"}
    assert held(journal)[-1] == 0
    assert is_repeated(journal), "the command is an input of the journal"
    (told,) = engine.events("kill")
    assert (told["flattens"], told["level"]) == (True, "warning")
    (flat,) = engine.events("flat")
    assert flat["instrument"] == "BTCUSDT"


def test_kill_without_flatten_keeps_the_position_and_reset_lets_it_trade_again(tmp_path: Path) -> None:
    with running(tmp_path, "one") as engine:
        assert "3 orders being cancelled. " in bot3("kill").stdout
        time.sleep(1)
        assert "Orders are taken" in bot3("reset", "--name", "one").stdout
        time.sleep(1.5)
        summary = engine.stop()
    assert summary["guard"]["killed"] is False
    assert summary["instruments"]["BTCUSDT"]["position"] == "0.01"
    orders = table(engine.out, "orders")
    assert (orders.state == "canceled").sum() == 3 and not orders.exit.any()
    (reset,) = (e for e in outputs(engine.out / "journal.b3j", "system") if e["code"] == lib.B3_SYS_RESET)
    assert (orders[orders.input_no > reset["input_no"]].state == "working").sum() == 3
    assert is_repeated(engine.out / "journal.b3j")


def test_flatten_takes_the_position_out_and_trading_goes_on(tmp_path: Path) -> None:
    with running(tmp_path, "one") as engine:
        done = bot3("flatten")
        assert "3 orders being cancelled, 1 position being taken out" in done.stdout
        time.sleep(1.5)
        assert "orders are taken" in bot3("status").stdout
        summary = engine.stop()
    assert summary["guard"]["killed"] is False
    assert summary["instruments"]["BTCUSDT"]["position"] == "0"
    orders = table(engine.out, "orders")
    sold = orders[orders.exit].input_no.max()
    assert (orders[orders.input_no > sold].state == "working").sum() == 3, "it quotes again"
    assert is_repeated(engine.out / "journal.b3j")


def test_the_latch_is_on_disk_before_the_answer(tmp_path: Path) -> None:
    """SIGKILL the moment the answer is there: the next start is killed still, and a person resets the file."""
    state = tmp_path / "state.json"
    with running(tmp_path, "one", "--state", str(state)) as engine:
        in_use = bot3("reset", "--state", str(state))
        assert in_use.returncode == 2 and "in use by a running engine" in in_use.stderr
        ask("kill")
        engine.process.kill()
        engine.process.wait()
    assert json.loads(state.read_text())["killed"] is True
    again = bot3("run", "--json", "--strategy", "obi", "--state", str(state))
    assert again.returncode == 0
    assert set(json.loads(again.stdout)["rejects"]) == {"killed"} and json.loads(again.stdout)["orders"] == 0
    assert f"bot3 reset --state {state}" in " ".join(again.stderr.split())
    reset = bot3("reset", "--state", str(state))
    assert (reset.returncode, reset.stdout) == (0, f"{state}: kill switch off\n")
    assert bot3("reset", "--state", str(state)).stdout == f"{state}: nothing was on\n"
    trading = bot3("run", "--json", "--strategy", "obi", "--state", str(state))
    assert json.loads(trading.stdout)["orders"] > 0


def test_none_or_several_engines_are_told_and_3(tmp_path: Path) -> None:
    for command in ("kill", "flatten", "reset", "status"):
        done = bot3(command)
        assert (done.returncode, done.stdout) == (3, "")
        assert "no such engine is running" in done.stderr and "There is none" in done.stderr
    with Channel(lambda: None, "first"), Channel(lambda: None, "second"):
        several = bot3("kill")
        assert several.returncode == 3 and "first, second" in several.stderr and "--name" in several.stderr
        other = bot3("kill", "--name", "third")
        assert other.returncode == 3 and "Running: first, second" in other.stderr
    assert engines() == []


# ---------------------------------------------------------------- the channel itself


@contextmanager
def answering(name: str = "made") -> Iterator[Channel]:
    """A channel whose engine is a thread of the test's that says yes to everything."""
    wake = threading.Event()
    over = False

    def work() -> None:
        while not over:
            wake.wait(0.05)
            for asked in channel.take():
                asked.answer(Answer(ok=True, name=channel.name, pid=channel.pid, refuses=asked.command))

    with Channel(wake.set, name) as channel:
        thread = threading.Thread(target=work)
        thread.start()
        try:
            yield channel
        finally:
            over = True
            thread.join()


def raw(path: Path, data: bytes) -> dict[str, Any]:
    with socket.socket(socket.AF_UNIX) as peer:
        peer.settimeout(20)
        peer.connect(str(path))
        peer.sendall(data)
        peer.shutdown(socket.SHUT_WR)
        return dict(json.loads(peer.makefile().read()))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"kill\n",
        b'{"command": "kill"}',
        b'{"command": "sell everything"}\n',
        b'{"command": "kill", "more": 1}\n',
        b'{"command": 1}\n',
        b"\xff\xfe\n",
        b"x" * 4096,
    ],
)
def test_what_is_no_message_is_refused_and_the_next_one_heard(runtime: Path, data: bytes) -> None:
    with answering():
        answer = raw(runtime / "bot3" / "made.sock", data)
        assert answer["ok"] is False and "not understood" in answer["error"]
        assert ask("status").refuses == "status"


def test_a_client_that_says_nothing_holds_up_nobody_for_long(runtime: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(control, "_HEAR_S", 0.2)
    with answering(), socket.socket(socket.AF_UNIX) as silent:
        silent.connect(str(runtime / "bot3" / "made.sock"))
        assert ask("kill").refuses == "kill"


def test_only_the_owner_can_open_it(runtime: Path) -> None:
    with Channel(lambda: None, "made"):
        folder = runtime / "bot3"
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        assert stat.S_IMODE((folder / "made.sock").stat().st_mode) == 0o600
    assert not (folder / "made.sock").exists()


@pytest.mark.parametrize("mode", [0o777, 0o750])
def test_a_directory_that_others_can_use_is_refused(runtime: Path, mode: int) -> None:
    (runtime / "bot3").mkdir()
    (runtime / "bot3").chmod(mode)
    with pytest.raises(ControlError, match="its owner alone"):
        Channel(lambda: None)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a directory to somebody else")
def test_a_directory_of_somebody_else_is_refused(runtime: Path) -> None:
    (runtime / "bot3").mkdir(mode=0o700)
    os.chown(runtime / "bot3", 12345, 12345)
    with pytest.raises(ControlError, match="its owner alone"):
        Channel(lambda: None)


def test_a_link_in_place_of_the_directory_is_refused(runtime: Path, tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    (runtime / "bot3").symlink_to(tmp_path)
    with pytest.raises(ControlError, match="its owner alone"):
        Channel(lambda: None)


@pytest.mark.parametrize("name", ["", "a/b", "../a", ".hidden", "a" * 41, "a\n"])
def test_what_is_no_name(name: str) -> None:
    with pytest.raises(ArgumentError, match="is no name"):
        Channel(lambda: None, name)


def test_a_name_that_is_taken_and_one_that_a_dead_engine_left(runtime: Path) -> None:
    with Channel(lambda: None, "made"), pytest.raises(ArgumentError, match="is running"):
        Channel(lambda: None, "made")
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(runtime / "bot3" / "made.sock"))
    assert engines() == []
    with answering():
        assert ask("status").name == "made"


def test_an_engine_that_does_not_answer_is_told_with_its_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(control, "_ANSWER_S", 0.2)
    with (
        Channel(lambda: None, "made"),
        pytest.raises(ControlError, match=rf"not carried out.*kill -KILL {os.getpid()}"),
    ):
        ask("kill")


def test_who_waits_when_the_run_ends_is_told_so() -> None:
    with Channel(lambda: None, "made") as channel:
        threading.Timer(0.3, channel.close).start()
        with pytest.raises(ControlError, match="the run is over"):
            ask("kill")
