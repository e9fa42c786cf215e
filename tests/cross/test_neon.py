"""The core on ARM: what is written for NEON agrees with the scalar reference under emulation, and so does the rest."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CSRC = ROOT / "csrc"
COMPILER = "aarch64-linux-gnu-gcc"
FLAGS = ["-std=gnu11", "-O3", "-Wall", "-Wextra", "-Wconversion", "-Wshadow", "-Werror", "-ffp-contract=off"]
FLAGS += ["-fno-math-errno", "-fno-strict-aliasing", "-D_GNU_SOURCE", '-DB3_VERSION=""', f"-I{CSRC}"]


def math_sources() -> list[str]:
    """What an ARM build has of csrc/math: files of x86's instruction sets are not in it."""
    return [str(path) for path in sorted((CSRC / "math").rglob("*.c")) if "avx" not in path.name]


@pytest.fixture(scope="module")
def compiler() -> str:
    if shutil.which(COMPILER) is None:
        pytest.skip(f"{COMPILER} is not here: apt-get install gcc-aarch64-linux-gnu libc6-dev-arm64-cross")
    return COMPILER


def emulated(program: Path, *arguments: str) -> str:
    emulator = next(filter(shutil.which, ("qemu-aarch64-static", "qemu-aarch64")), None)
    if emulator is None:
        pytest.skip("it compiles; nothing here runs it: apt-get install qemu-user-static")
    done = subprocess.run([emulator, str(program), *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def built(compiler: str, main: str, folder: Path) -> Path:
    program = folder / "program"
    sources = [str(ROOT / main), str(CSRC / "base" / "cpu.c"), *math_sources()]
    command = [compiler, *FLAGS, "-static", *sources, "-o", str(program), "-lm"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ, "CC": compiler})
    assert done.returncode == 0, done.stderr
    return program


def test_matrix_loops_agree_with_the_reference(compiler: str, tmp_path: Path) -> None:
    assert emulated(built(compiler, "tests/cross/matrix.c", tmp_path)) == "neon\n"


def test_indicators_batch_as_single_updates(compiler: str, tmp_path: Path) -> None:
    """The bench checks that of each indicator before it times anything, and it times nothing here."""
    names = [
        path.stem for path in sorted((CSRC / "math").glob("*.c")) if f"b3_indicator_{path.stem} =" in path.read_text()
    ]
    assert len(names) > 60
    lines = emulated(built(compiler, "benches/micro/ta.c", tmp_path), "0", "batch", *names).splitlines()
    assert [json.loads(line)["kernel"] for line in lines] == names
