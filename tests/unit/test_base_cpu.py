"""The instruction set in use: what the CPU has, lowered by BOT3_ISA, which is read when the library is loaded."""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ORDER = ["scalar", "sse42", "avx2", "avx512"]
PROBE = """
import importlib.util, sys
spec = importlib.util.spec_from_file_location("b3_internals", sys.argv[1])
module = importlib.util.module_from_spec(spec)
spec.loader.exec_module(module)
ffi, lib = module.ffi, module.lib
error = lib.b3_cpu_isa_error()
print(ffi.string(lib.b3_isa_name()).decode(), hex(lib.b3_crc32c(0, b"123456789", 9)), sep="|", end="|")
print(ffi.string(error).decode() if error else "")
"""


def seen_with(library: Path, wanted: str | None) -> tuple[str, str]:
    """(name, error text) in a fresh process; the CRC of the check string is right whatever the set."""
    environment = {key: value for key, value in os.environ.items() if key != "BOT3_ISA"}
    if wanted is not None:
        environment["BOT3_ISA"] = wanted
    done = subprocess.run(
        [sys.executable, "-c", PROBE, str(library)],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    name, crc, error = done.stdout.strip("\n").split("|")
    assert crc == "0xe3069283"
    return name, error


def kernel_s_opinion() -> str:
    """The set as /proc/cpuinfo's flags give it, by the definition in cpu.h."""
    line = next(line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("flags"))
    flags = set(line.split(":")[1].split())
    if not {"sse4_2", "popcnt"} <= flags:
        return "scalar"
    if not {"avx2", "fma", "bmi1", "bmi2", "abm"} <= flags:
        return "sse42"
    return "avx512" if {"avx512f", "avx512bw", "avx512dq", "avx512vl", "avx512vbmi"} <= flags else "avx2"


@pytest.fixture(scope="module")
def best(internals_path: Path) -> str:
    if os.uname().machine != "x86_64":
        pytest.skip(f"{os.uname().machine}: the sets of x86 are tested on x86")
    return seen_with(internals_path, None)[0]


def test_the_set_is_the_best_that_the_kernel_lists(best: str) -> None:
    assert best == kernel_s_opinion()


@pytest.mark.parametrize("wanted", ORDER)
def test_it_can_be_lowered_but_not_raised(internals_path: Path, best: str, wanted: str) -> None:
    name, error = seen_with(internals_path, wanted)
    if ORDER.index(wanted) <= ORDER.index(best):
        assert (name, error) == (wanted, "")
    else:
        assert name == best
        assert "this CPU lacks" in error


def test_a_set_of_another_machine_is_one_that_this_lacks(internals_path: Path, best: str) -> None:
    name, error = seen_with(internals_path, "neon")
    assert name == best and "this CPU lacks" in error


@pytest.mark.parametrize("wanted", ["AVX2", "avx", "avx512 "])
def test_an_unknown_name_is_told_and_ignored(internals_path: Path, best: str, wanted: str) -> None:
    name, error = seen_with(internals_path, wanted)
    assert name == best
    assert "scalar, sse42, avx2, avx512, neon" in error


def test_an_empty_name_is_no_name(internals_path: Path, best: str) -> None:
    assert seen_with(internals_path, "") == (best, "")


@pytest.mark.parametrize(
    ("wanted", "told"),
    [
        ("bogus", "BOT3_ISA='bogus': .*none of scalar, sse42, avx2, avx512, neon;"),
        ("AVX2", "BOT3_ISA='AVX2': .*none of scalar, sse42, avx2, avx512, neon;"),
        ("neon", "BOT3_ISA='neon': .*this CPU lacks;"),
        ("scalar", ""),
        (None, ""),
    ],
)
def test_who_imports_bot3_is_warned_of_a_set_that_is_not_used(best: str, wanted: str | None, told: str) -> None:
    environment = {key: value for key, value in os.environ.items() if key != "BOT3_ISA"}
    if wanted is not None:
        environment["BOT3_ISA"] = wanted
    done = subprocess.run(
        [sys.executable, "-c", "from bot3 import ta; print(ta.isa())"],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    used = "scalar" if wanted == "scalar" else best
    assert done.stdout.strip() == used
    if told:
        assert re.search(f"RuntimeWarning: {told} .*: {used}", done.stderr), done.stderr
    else:
        assert done.stderr == ""


def test_names(internals: tuple[Any, Any]) -> None:
    ffi, lib = internals
    for name in [*ORDER, "neon"]:
        assert ffi.string(lib.b3_cpu_isa_name(getattr(lib, f"B3_ISA_{name.upper()}"))).decode() == name
    for unknown in (-1, 5, 2**31 - 1):
        assert ffi.string(lib.b3_cpu_isa_name(unknown)) == b"unknown"
