"""What tests of every kind share: the core's inside, and where the shared recordings lie."""

import importlib.util
import os
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

# A noisy machine is no failure: nothing is judged by wall time.
settings.register_profile("bot3", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("bot3")

# Processes that tests start run the installed package too, not the source folder that they may start in.
os.environ["PYTHONSAFEPATH"] = "1"

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def internals_path() -> Path:
    """The compiled module behind `internals`, for a test that loads it in a process of its own."""
    folder = Path(os.environ.get("B3_INTERNALS", ROOT / "build" / "dev" / "tests" / "native"))
    library = folder / "b3_internals.abi3.so"
    if not library.is_file():
        pytest.fail(
            f"{library} is not there: build it (make test), or set B3_INTERNALS to the folder that holds it",
            pytrace=False,
        )
    return library


def _load(library: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("b3_internals", library)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def internals(internals_path: Path) -> tuple[Any, Any]:
    """(ffi, lib) of the module that reaches the inside of the core: see tests/native."""
    module = _load(internals_path)
    return module.ffi, module.lib


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of shared recordings beside the repository; a test that needs it is skipped where there is none."""
    folder = ROOT.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip(f"no recordings at {folder}")
    return folder
