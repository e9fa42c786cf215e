"""The border to the C core: the only package that imports the compiled module.

`ffi` and `lib` are raw; layout, buffers, handles and status make them safe to use. Users import the facades above.
"""

import importlib.util
import os
import sys
import warnings
from importlib.machinery import ExtensionFileLoader

if importlib.util.find_spec("bot3.ffi._core") is None:
    raise ImportError(
        f"{__path__[0]} has no compiled module, and no bot3 is installed; `make dev` installs it in .venv."
    )

from bot3.ffi import _core
from bot3.ffi._core import ffi, lib

__all__ = ["ffi", "lib"]


def _load_ta() -> None:
    """Makes bot3.ffi._ta importable (ta_module.c). It lies in the library of _core, where no finder looks for it."""
    name = "bot3.ffi._ta"
    spec = importlib.util.spec_from_file_location(name, loader=ExtensionFileLoader(name, _core.__file__))
    if spec is None:
        raise ImportError(f"{_core.__file__} has no module _ta")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)  # type: ignore[union-attr]
    sys.modules[name] = module


def _warn_of_isa() -> None:
    error = lib.b3_isa_error()
    if error != ffi.NULL:
        wanted, why = os.environ.get("BOT3_ISA"), ffi.string(error).decode()
        used = ffi.string(lib.b3_isa_name()).decode()
        warnings.warn(f"BOT3_ISA={wanted!r}: {why}: {used}", RuntimeWarning, stacklevel=2)


_load_ta()
_warn_of_isa()
