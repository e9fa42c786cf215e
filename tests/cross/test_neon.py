"""The core on ARM: what is written for NEON agrees with the scalar reference under emulation, and so does the rest."""

import os
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CSRC = ROOT / "csrc"
COMPILER = "aarch64-linux-gnu-gcc"
FLAGS = ["-std=gnu11", "-O3", "-Wall", "-Wextra", "-Wconversion", "-Wshadow", "-Werror", "-ffp-contract=off"]
FLAGS += ["-fno-math-errno", "-fno-strict-aliasing", "-D_GNU_SOURCE", '-DB3_VERSION=""', f"-I{CSRC}"]


def sources() -> list[Path]:
    """What an ARM build has of csrc/math, and what that needs: files of x86's instruction sets are not in it."""
    base = [CSRC / "base" / name for name in ("cpu.c", "parallel.c")]
    return base + [path for path in sorted((CSRC / "math").rglob("*.c")) if "avx" not in path.name]


def compiled(*arguments: str | Path) -> None:
    command = [COMPILER, *FLAGS, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ, "CC": COMPILER})
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def objects(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    if shutil.which(COMPILER) is None:
        pytest.skip(f"{COMPILER} is not here: apt-get install gcc-aarch64-linux-gnu libc6-dev-arm64-cross")
    folder = tmp_path_factory.mktemp("arm")
    made = {folder / f"{path.parent.name}_{path.stem}.o": path for path in sources()}
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(lambda item: compiled("-c", item[1], "-o", item[0]), made.items()))
    return list(made)


def emulated(objects: list[Path], main: str, program: Path, isa: str = "") -> str:
    """What a program prints that ends well."""
    compiled("-static", ROOT / main, *objects, "-o", program, "-lm")
    emulator = next(filter(shutil.which, ("qemu-aarch64-static", "qemu-aarch64")), None)
    if emulator is None:
        pytest.skip("it compiles; nothing here runs it: apt-get install qemu-user-static")
    environment = {**os.environ, "BOT3_ISA": isa}
    done = subprocess.run([emulator, str(program)], capture_output=True, text=True, check=False, env=environment)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_matrix_loops_agree_with_the_reference(objects: list[Path], tmp_path: Path) -> None:
    assert emulated(objects, "tests/cross/matrix.c", tmp_path / "matrix") == "neon\n"


def test_registers_are_what_the_runs_take_them_for(objects: list[Path], tmp_path: Path) -> None:
    assert emulated(objects, "tests/cross/registers.c", tmp_path / "registers") == "2 lanes\n"


@pytest.mark.parametrize("isa", ["neon", "scalar"])
def test_indicators_are_single_updates(objects: list[Path], tmp_path: Path, isa: str) -> None:
    """Every output of batches, pieces and panels, within the bounds of docs/TA.md; to the last bit without vectors."""
    assert emulated(objects, "tests/cross/indicators.c", tmp_path / "indicators", isa) == f"{isa}\n"
