"""The speed gate bites: the same paths made slower, by taking their instruction set away, fail it; and what it could
not judge is not said to hold."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import gate
import pytest

ROOT = Path(__file__).resolve().parents[2]
BUILD = Path(os.environ.get("B3_INTERNALS", ROOT / "build/dev/tests/native")).parents[1]


@pytest.mark.skipif("sanitize" in BUILD.name, reason="valgrind and a sanitizer do not go together")
def test_a_slower_path_fails_the_gate() -> None:
    if shutil.which("valgrind") is None:
        pytest.skip("valgrind is not here: apt-get install valgrind")
    command = [sys.executable, str(ROOT / "benches/gate.py"), "--build", str(BUILD), "--isa", "scalar"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "benches")}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    if done.returncode == gate.NOT_JUDGED:
        pytest.skip(done.stdout.splitlines()[-1])
    assert done.returncode == gate.SLOWER, done.stdout + done.stderr
    slower = re.findall(r"│ (.+?) +│.*slower", done.stdout)
    assert "JSON to events" in slower, done.stdout
    assert "bench gate: a hot path became slower" in done.stdout


COUNTS = {case.name: 1000 for case in gate.CASES}


def judged(monkeypatch: pytest.MonkeyPatch, folder: Path, baseline: dict[str, int], compiler: str = "cc 1") -> int:
    """The gate's exit code, every case having 1,000 instructions with the compiler "cc 1"."""
    stored = folder / "baseline.json"
    stored.write_text(json.dumps({"compiler": compiler, "instructions": baseline}), encoding="utf-8")
    monkeypatch.setattr(gate, "BASELINE", stored)
    monkeypatch.setattr(gate, "compiler", lambda: "cc 1")
    monkeypatch.setattr(gate, "sample_recording", lambda _: Path("none"))
    monkeypatch.setattr(gate, "instructions", lambda case, *_: COUNTS[case.name])
    monkeypatch.setattr(shutil, "which", lambda name: name)
    monkeypatch.setattr(sys, "argv", ["gate.py"])
    return gate.main()


@pytest.mark.parametrize(
    ("baseline", "code", "told"),
    [
        (COUNTS, gate.HOLDS, "holds"),
        ({**COUNTS, "L2 book": 981}, gate.HOLDS, "holds"),
        ({**COUNTS, "L2 book": 980}, gate.SLOWER, "slower"),
        ({**COUNTS, "L2 book": 1100}, gate.HOLDS, "renew the baseline"),
        ({**COUNTS, "no such path": 1}, gate.SLOWER, "no case"),
        ({name: 1000 for name in COUNTS if name != "L2 book"}, gate.SLOWER, "no baseline"),
    ],
)
def test_each_case_is_held_to_its_baseline(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    baseline: dict[str, int],
    code: int,
    told: str,
) -> None:
    assert judged(monkeypatch, tmp_path, baseline) == code
    out = capsys.readouterr().out
    assert told in out
    assert ("bench gate: holds" in out) == (code == gate.HOLDS)


def test_with_another_compiler_nothing_is_judged(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert judged(monkeypatch, tmp_path, COUNTS, compiler="cc 2") == gate.NOT_JUDGED
    out = capsys.readouterr().out
    assert "not judged: the baseline is of cc 2, this is cc 1" in out and "holds" not in out


def test_without_valgrind_nothing_is_judged(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(sys, "argv", ["gate.py"])
    assert gate.main() == gate.NOT_JUDGED
    assert "not judged: valgrind" in capsys.readouterr().out
