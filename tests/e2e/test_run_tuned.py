"""`bot3 run --tuned`: held while the engine runs, put back after it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

BOT3 = [sys.executable, "-m", "bot3.cli", "run"]
OURS = sorted(os.sched_getaffinity(0))


def masks() -> dict[str, str]:
    """What each interrupt was asked to run on."""
    return {str(path): path.read_text() for path in Path("/proc/irq").glob("*/smp_affinity_list")}


@pytest.mark.skipif(os.geteuid() != 0, reason="moving interrupts and locking memory needs root")
@pytest.mark.skipif("sanitize" in os.environ.get("B3_INTERNALS", ""), reason="a sanitizer's memory cannot be locked")
def test_is_held_while_it_runs_and_put_back() -> None:
    before = masks()
    done = subprocess.run([*BOT3, "--tuned", str(OURS[-1])], capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    said = " ".join(done.stderr.split())
    assert "tuned: " in said and f"pinned to CPU {OURS[-1]}" in said
    assert "all of it put back" in said
    assert masks() == before


@pytest.mark.parametrize("cpus", ["9999", "x", ""])
def test_cpus_that_are_none_are_refused(cpus: str) -> None:
    done = subprocess.run([*BOT3, "--tuned", cpus], capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 2
    assert "--tuned" in done.stderr and "Traceback" not in done.stderr
