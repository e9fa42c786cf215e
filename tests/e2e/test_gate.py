"""The speed gate bites: the same paths made slower, by taking their instruction set away, fail it."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

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
    if "not judged" in done.stdout:
        pytest.skip(done.stdout.splitlines()[0])
    assert done.returncode == 1, done.stdout + done.stderr
    slower = re.findall(r"│ (.+?) +│.*slower", done.stdout)
    assert "JSON to events" in slower, done.stdout
    assert "bench gate: a hot path became slower" in done.stdout
