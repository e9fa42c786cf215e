"""Names and sizes of what the public header numbers: complete, and equal to what the header says."""

import re
from pathlib import Path
from typing import Any

import pytest

HEADER = (Path(__file__).resolve().parents[2] / "csrc" / "bot3.h").read_text(encoding="utf-8")
INT32_MIN = -(2**31)


def enumerators(name: str) -> dict[str, int]:
    """Names and values of an enum as written in the header."""
    body = re.search(rf"enum {name} \{{(.*?)\}};", HEADER, re.DOTALL)
    assert body is not None
    return {key: int(value) for key, value in re.findall(r"(B3_\w+) = (-?\d+)", body.group(1))}


def test_every_status_has_its_own_name(internals: tuple[Any, Any]) -> None:
    ffi, lib = internals
    statuses = enumerators("b3_outcome") | enumerators("b3_fault")
    assert len(statuses) >= 20
    for name, value in statuses.items():
        assert ffi.string(lib.b3_status_name(value)).decode() == name


@pytest.mark.parametrize("status", [6, 1000, 2**31 - 1, -15, -1000, INT32_MIN])
def test_an_unknown_status_is_named_so(internals: tuple[Any, Any], status: int) -> None:
    ffi, lib = internals
    assert ffi.string(lib.b3_status_name(status)) == b"unknown status"


def test_every_rule_has_the_name_of_its_enumerator(internals: tuple[Any, Any]) -> None:
    ffi, lib = internals
    rules = enumerators("b3_rule")
    end = rules.pop("B3_RULE_END")
    assert sorted(rules.values()) == list(range(end))
    for name, value in rules.items():
        assert ffi.string(lib.b3_rule_name(value)).decode() == name.removeprefix("B3_RULE_").lower()
    assert lib.b3_rule_name(end) == ffi.NULL
    assert lib.b3_rule_name(0xFFFF) == ffi.NULL


def test_every_kind_has_the_name_and_size_of_its_struct(internals: tuple[Any, Any]) -> None:
    ffi, lib = internals
    kinds = enumerators("b3_kind")
    end = kinds.pop("B3_KIND_END")
    assert sorted(kinds.values()) == list(range(1, end))
    for name, value in kinds.items():
        struct = name.lower()
        assert ffi.string(lib.b3_kind_name(value)).decode() == struct.removeprefix("b3_")
        assert lib.b3_event_size(value) == ffi.sizeof(struct) <= lib.B3_EVENT_MAX
    for unknown in (0, end, 0xFFFF):
        assert lib.b3_kind_name(unknown) == ffi.NULL
        assert lib.b3_event_size(unknown) == 0


def test_the_version_is_the_package_s(internals: tuple[Any, Any]) -> None:
    ffi, lib = internals
    source = (Path(__file__).resolve().parents[2] / "bot3" / "_version.py").read_text(encoding="utf-8")
    written = re.search(r'^__version__ = "([^"]+)"', source, re.MULTILINE)
    assert written is not None
    assert ffi.string(lib.b3_version()).decode() == written.group(1)
