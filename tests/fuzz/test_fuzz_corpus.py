"""The fuzz target over its corpus under sanitizers: what `run.sh SECONDS` starts from."""

import shutil
import subprocess
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
CORPUS = HERE / "corpus_binance_json"


def test_corpus_runs_clean_under_sanitizers(tmp_path: Path) -> None:
    probe = tmp_path / "probe.c"
    probe.write_text("int main(void) { return 0; }\n")
    build = ["gcc", "-fsanitize=address,undefined", str(probe), "-o", str(tmp_path / "probe")]
    if shutil.which("gcc") is None or subprocess.run(build, capture_output=True, check=False).returncode != 0:
        pytest.skip("no gcc with sanitizers here")
    done = subprocess.run(
        [str(HERE / "run.sh"), "0"],
        env={"PATH": "/usr/bin:/bin", "FUZZ_OUT": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{len(list(CORPUS.iterdir()))} inputs, no difference and no fault" in done.stdout
