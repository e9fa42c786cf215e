"""Every way we know to start a run that cannot go well: a clear message, an exit code, nothing half-written."""

import gzip
import json
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from run_tools import sample_lines

from bot3.engine.journal import Journal
from bot3.recording import open_recordings
from bot3.sample import SAMPLE

STRATEGY = "from bot3.strategy import Strategy\nclass Mine(Strategy):\n"


@dataclass(frozen=True)
class Case:
    """What is given, what is told. files: made before, by name. code: 0 and 1 ran, 2 did not."""

    arguments: str
    code: int
    told: tuple[str, ...]
    files: dict[str, str] = field(default_factory=dict)


CASES = {
    "unknown strategy": Case("--strategy emacross", 2, ("--strategy", "Built in are", "ema_cross")),
    "unknown parameter": Case("--strategy ema_cross:fats=3", 2, ("has no such parameter", "Meant fast?")),
    "parameter out of bounds": Case("--strategy ema_cross:fast=0", 2, ("fast", "1")),
    "parameter that is no number": Case("--strategy ema_cross:fast=many", 2, ("fast",)),
    "parameter that is nan": Case("--strategy ema_cross:qty=nan", 2, ("qty",)),
    "parameters that contradict": Case("--strategy ema_cross:fast=9,slow=3", 2, ("contradict one another",)),
    "no configuration file": Case("--config none.json", 2, ("none.json", "cannot be read", "--config")),
    "configuration that is no JSON": Case("--config a.json", 2, ("a.json", "is not JSON"), {"a.json": "{"}),
    "unknown key": Case(
        "--config a.json", 2, ("risk.max_loss", "unknown key"), {"a.json": '{"risk": {"max_loss": 1}}'}
    ),
    "impossible values, all of them": Case(
        "--config a.json",
        2,
        ("3 faults", "risk.stop_loss_percent", "breaker.window_ms", "bars.grace_ms"),
        {"a.json": '{"risk": {"stop_loss_percent": 100}, "breaker": {"window_ms": 0}, "bars": {"grace_ms": -1}}'},
    ),
    "no recording": Case("--recording none.gz", 2, ("none.gz", "cannot be read")),
    "recording that is none": Case("--recording a.txt", 2, ("a.txt",), {"a.txt": "hello\n"}),
    "empty recording": Case("--recording a.txt", 2, ("a.txt",), {"a.txt": ""}),
    "recording cut in its compression": Case("--recording cut.gz", 2, ("cut.gz",)),
    "recording with a flipped bit": Case("--recording flipped.b3r", 1, ("flipped.b3r", "checksum")),
    "symbol that is not recorded": Case("--symbols ETHUSDT", 2, ("--symbols", "ETHUSDT", "holds BTCUSDT")),
    "exchangeInfo that is none": Case("--instruments a.json", 2, ("a.json",), {"a.json": "[]"}),
    "results where there are some": Case("--out full", 2, ("full", "is not empty"), {"full/old.txt": "x"}),
    "no balance": Case(
        "--config a.json",
        0,
        ("neither USDT nor BTC", "nothing can be bought"),
        {"a.json": '{"paper": {"starting_cash": 0}}'},
    ),
    "strategy file that is not there": Case("--strategy none.py:Mine", 2, ("none.py", "no such file")),
    "strategy with a syntax error": Case("--strategy a.py:Mine", 2, ("a.py:1", "SyntaxError"), {"a.py": "class"}),
    "strategy that fails to be made": Case(
        "--strategy a.py:Mine",
        2,
        ("a.py:4", "ZeroDivisionError"),
        {"a.py": STRATEGY + "    def __init__(self):\n        1 / 0\n"},
    ),
    "strategy that orders nan": Case(
        "--strategy a.py:Mine",
        1,
        ("a.py:4", "Mine.on_bar failed", "nan"),
        {"a.py": STRATEGY + "    def on_bar(self, bar):\n        self.buy(float('nan'))\n"},
    ),
    "strategy that raises": Case(
        "--strategy a.py:Mine",
        1,
        ("a.py:4", "Mine.on_bar failed", "ZeroDivisionError", "BTCUSDT"),
        {"a.py": STRATEGY + "    def on_bar(self, bar):\n        1 / 0\n"},
    ),
    "strategy that leaves": Case(
        "--strategy a.py:Mine",
        1,
        ("a.py:4", "Mine.on_bar failed", "SystemExit"),
        {"a.py": STRATEGY + "    def on_bar(self, bar):\n        raise SystemExit(3)\n"},
    ),
    "name that cannot be one": Case("--name a/b", 2, ("--name", "is no name")),
    "state file that is damaged": Case("--state a.json", 2, ("a.json", "is damaged"), {"a.json": "{}"}),
    "state file where none can be": Case("--state none/a.json", 2, ("none/a.json", "cannot be used")),
}


def prepare(folder: Path, case: Case) -> None:
    for name, text in case.files.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text)
    if "cut.gz" in case.arguments:
        data = gzip.compress(b"".join(sample_lines()[:3000]))
        (folder / "cut.gz").write_bytes(data[: len(data) // 2])
    if "flipped.b3r" in case.arguments:
        with open_recordings([SAMPLE]) as opened:
            shutil.copy(opened.path, folder / "flipped.b3r")
        raw = bytearray((folder / "flipped.b3r").read_bytes())
        raw[len(raw) // 2] ^= 1
        (folder / "flipped.b3r").write_bytes(raw)


@pytest.mark.parametrize("name", CASES)
def test_it_is_told_with_its_exit_code_and_leaves_nothing_half_written(name: str, tmp_path: Path) -> None:
    case = CASES[name]
    prepare(tmp_path, case)
    before = sorted(tmp_path.rglob("*"))
    out = tmp_path / "new" / "out"
    arguments = case.arguments.split()
    if "--out" not in arguments:
        arguments += ["--out", str(out)]
    command = [sys.executable, "-m", "bot3.cli", "run", "--json", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=False, timeout=120)
    told = " ".join(done.stderr.split())
    assert done.returncode == case.code, told
    assert "Traceback" not in done.stderr
    for text in case.told:
        assert text in told
    if case.code == 2:
        assert done.stdout == ""
        left = {path for path in tmp_path.rglob("*") if path.suffix != ".lock" and "__pycache__" not in path.parts}
        assert left == set(before), "a run that did not start left something"
        return
    summary = json.loads(done.stdout)
    assert summary["ended"] == ("end" if case.code == 0 else "failed")
    assert (summary["error"] is None) == (case.code == 0)
    assert json.loads((out / "summary.json").read_text()) == summary
    tables = sorted(out.glob("*.parquet"))
    assert len(tables) >= 8
    for path in tables:
        pq.read_table(path)
    with Journal(out / "journal.b3j") as journal:
        assert sum(1 for _ in journal.records()) > 100
