"""The border to the core: what it refuses, and that what the type checker is told is what is there."""

import ast
import gc
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import bot3.ffi
from bot3.errors import ArgumentError, ClosedError, EngineError, RecordingError
from bot3.ffi import ffi, lib
from bot3.ffi.buffers import as_input, as_output, events_view
from bot3.ffi.handles import Handle
from bot3.ffi.status import check, fault, new_error, status_name, text
from bot3.ffi.structs import as_dict, assign


def stub_names() -> set[str]:
    tree = ast.parse((Path(bot3.ffi.__file__).parent / "_core.pyi").read_text(encoding="utf-8"))
    (stub,) = (node for node in tree.body if isinstance(node, ast.ClassDef) and node.name == "Lib")
    fields = {
        node.target.id for node in stub.body if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name)
    }
    return fields | {node.name for node in stub.body if isinstance(node, ast.FunctionDef)}


def test_stub_names_what_the_module_has() -> None:
    assert stub_names() == set(dir(lib)), "write the stub anew: python tools/core_stub.py"


def test_stub_is_what_the_header_says(monkeypatch: pytest.MonkeyPatch) -> None:
    root = Path(__file__).resolve().parents[2]
    monkeypatch.syspath_prepend(root / "tools")
    from core_stub import STUB, stub

    written, anew = STUB.read_text(encoding="utf-8"), stub((root / "csrc" / "bot3.h").read_text(encoding="utf-8"))
    assert ast.dump(ast.parse(written)) == ast.dump(ast.parse(anew)), "write it anew: python tools/core_stub.py"


def test_among_its_sources_the_package_is_the_installed_one(tmp_path: Path) -> None:
    root = Path(__file__).resolve().parents[2]
    unsafe = {name: value for name, value in os.environ.items() if name != "PYTHONSAFEPATH"}
    code = "import bot3.ffi, bot3.sample; print(bot3.ffi.__file__, bot3.sample.__file__)"

    def start(cwd: Path, *options: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, *options, "-c", code]
        return subprocess.run(command, check=False, cwd=cwd, env=unsafe, capture_output=True, text=True)

    elsewhere, among_sources = start(tmp_path), start(root)
    assert among_sources.returncode == 0, among_sources.stderr
    assert among_sources.stdout == elsewhere.stdout
    unsafe.pop("PYTHONPATH", None)
    alone = start(root, "-S")  # without what is installed
    assert alone.returncode and "no compiled module" in alone.stderr


def test_buffers_take_the_memory_itself() -> None:
    array = np.arange(4, dtype=np.float64)
    pointer = as_output("double[]", array, np.float64, length=4)
    pointer[2] = 40.0
    assert array[2] == 40.0


@pytest.mark.parametrize(
    ("array", "told"),
    [
        (np.zeros(4, np.float32), "dtype float64"),
        (np.zeros((2, 2)), "one dimension"),
        (np.zeros(3), "4 elements"),
        (np.zeros(8)[::2], "contiguous"),
        (np.frombuffer(bytearray(33), np.uint8)[1:].view(np.float64), "aligned"),
        ([0.0] * 4, "numpy array"),
    ],
)
def test_buffers_refuse_what_c_would_misread(array: np.ndarray, told: str) -> None:
    with pytest.raises(ArgumentError, match=told):
        as_input("double[]", array, np.float64, length=4, name="closes")


def test_outputs_must_be_writable() -> None:
    array = np.zeros(4)
    array.flags.writeable = False
    as_input("double[]", array, np.float64)
    with pytest.raises(ArgumentError, match="read-only"):
        as_output("double[]", array, np.float64)


def test_views_are_read_only_and_not_copies() -> None:
    memory = ffi.new("int64_t[]", [1, 2, 3])
    view = events_view(memory, 3, np.dtype("<i8"))
    memory[1] = 20
    assert view.tolist() == [1, 20, 3]
    with pytest.raises(ValueError, match="read-only"):
        view[0] = 9
    assert len(events_view(ffi.NULL, 0, np.dtype("<i8"))) == 0


def test_a_handle_frees_once() -> None:
    freed: list[object] = []
    memory = ffi.new("int32_t *")
    handle = Handle(memory, freed.append)
    assert handle.pointer == memory
    with handle:
        assert not handle.closed
    handle.close()
    assert handle.closed
    assert len(freed) == 1
    with pytest.raises(ClosedError):
        _ = handle.pointer


def test_a_forgotten_handle_is_freed() -> None:
    freed: list[object] = []
    memory = ffi.new("int32_t *")
    Handle(memory, freed.append)
    gc.collect()
    assert len(freed) == 1


def test_faults_become_exceptions_of_the_class_asked_for() -> None:
    error = new_error()
    error.status, error.position, error.value = lib.B3_ERR_CORRUPT, 41, 7
    raised = fault(error, RecordingError, "a.b3r")
    assert isinstance(raised, RecordingError)
    assert (raised.status, raised.position, raised.value) == (lib.B3_ERR_CORRUPT, 41, 7)
    assert "at 41 [B3_ERR_CORRUPT]" in str(raised)
    assert "another copy" in raised.hint


def test_an_io_fault_says_what_the_system_said() -> None:
    error = new_error()
    error.status, error.os_errno = lib.B3_ERR_IO, 28
    assert "No space left" in str(fault(error))


def test_check_passes_outcomes_and_raises_faults() -> None:
    error = new_error()
    assert check(lib.B3_YIELD, error) == lib.B3_YIELD
    with pytest.raises(EngineError, match="B3_ERR_STATE") as raised:
        check(lib.B3_ERR_STATE, error)
    assert raised.value.status == lib.B3_ERR_STATE


def test_every_fault_has_a_name() -> None:
    for name in dir(lib):
        if name.startswith("B3_ERR_"):
            assert status_name(getattr(lib, name)) == name
    assert text(ffi.NULL) == ""


def test_structs_to_values_and_back() -> None:
    config = ffi.new("b3_engine_config *")
    values = {"limits": {"orders_per_second": 7}, "pace": 2.5, "bars": {"kind": 1, "size": 10**9}}
    assign(config, values)
    found = as_dict(config)
    assert (found["limits"]["orders_per_second"], found["pace"], found["bars"]["size"]) == (7, 2.5, 10**9)
    instrument = ffi.new("b3_instrument *")
    assign(instrument, {"symbol": "BTCUSDT", "price_scale": 8})
    assert as_dict(instrument)["symbol"] == "BTCUSDT"
    again = ffi.new("b3_instrument *")
    assign(again, as_dict(instrument))
    assert bytes(ffi.buffer(again)) == bytes(ffi.buffer(instrument))


@pytest.mark.parametrize(
    ("values", "error"),
    [({"nope": 1}, KeyError), ({"price_scale": 256}, OverflowError), ({"price_scale": "x"}, TypeError)],
)
def test_structs_refuse_what_does_not_fit(values: dict[str, object], error: type[Exception]) -> None:
    with pytest.raises(error):
        assign(ffi.new("b3_instrument *"), values)
