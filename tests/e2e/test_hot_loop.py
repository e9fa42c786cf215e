"""The hot loop's promise, seen from outside: after warm-up no system call, malloc, page fault or voluntary switch.

The bench of the main job marks where its hot part begins and ends by a write to fd -1, which fails and changes nothing.
"""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from recordings import sample_recording

ROOT = Path(__file__).resolve().parents[2]
MAIN_JOB = Path(os.environ.get("B3_INTERNALS", ROOT / "build/dev/tests/native")).parents[1] / "benches" / "main_job"

pytestmark = pytest.mark.skipif("sanitize" in str(MAIN_JOB), reason="a sanitizer's runtime allocates itself")


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return sample_recording(tmp_path_factory.mktemp("sample"))


def command(sample: Path, strategy: str) -> list[str]:
    return [str(MAIN_JOB), str(sample), strategy, "1", "-"]


@pytest.mark.parametrize("strategy", ["-", "ema_cross", "obi", "blend", "market_maker", "features"])
def test_costs_nothing_after_warm_up(sample: Path, strategy: str) -> None:
    done = subprocess.run(command(sample, strategy), check=True, capture_output=True, text=True)
    result = json.loads(done.stdout)
    assert result["applied"] > 3000, "the bench worked through the sample"
    assert (result["allocations"], result["page_faults"], result["switches"]) == (0, 0, 0)


def test_makes_no_system_call(sample: Path, tmp_path: Path) -> None:
    if shutil.which("strace") is None:
        pytest.skip("strace is not here: apt-get install strace")
    # Into a file, where every line names its thread; on stderr some do not.
    trace = tmp_path / "trace"
    traced = ["strace", "-f", "-o", str(trace), *command(sample, "obi")]
    done = subprocess.run(traced, capture_output=True, text=True, check=False)
    lines = trace.read_text().splitlines() if trace.exists() else []
    marks = [i for i, line in enumerate(lines) if 'write(-1, "B3' in line]
    if not marks:
        pytest.skip("strace may not trace here: " + (done.stderr.splitlines() or ["no output"])[0])
    begin, end = marks
    thread = re.match(r"\d+ +", lines[begin])
    assert thread is not None, lines[begin]
    calls = [line[thread.end() :] for line in lines[begin + 1 : end] if line.startswith(thread.group(0))]
    # The loop's own cost is read at the start and the end of each stretch; between two stretches the next bytes of the
    # recording are checked. So what follows every other reading at once must be the next reading.
    calls = [call for call in calls if not call.startswith("<... getrusage resumed>")]
    readings = [number for number, call in enumerate(calls) if call.startswith("getrusage")]
    assert len(readings) >= 4 and len(readings) % 2 == 0
    for start, stop in zip(readings[::2], readings[1::2], strict=True):
        assert calls[start + 1 : stop] == []


def test_makes_no_malloc(sample: Path, tmp_path: Path) -> None:
    library = tmp_path / "count_malloc.so"
    source = Path(__file__).with_name("count_malloc.c")
    subprocess.run(["cc", "-shared", "-fPIC", "-O1", str(source), "-o", str(library), "-ldl"], check=True)
    done = subprocess.run(
        command(sample, "obi"),
        check=True,
        capture_output=True,
        text=True,
        env={**os.environ, "LD_PRELOAD": str(library)},
    )
    assert "malloc calls in the hot part: 0\n" in done.stderr
