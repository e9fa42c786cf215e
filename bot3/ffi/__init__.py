"""The border to the C core: the only package that imports the compiled module.

`ffi` and `lib` are raw; layout, buffers, handles and status make them safe to use. Users import the facades above.
"""

import importlib.util
from importlib.machinery import ExtensionFileLoader
from types import ModuleType

from bot3.ffi import _core
from bot3.ffi._core import ffi, lib

__all__ = ["batch_module", "ffi", "lib"]


def batch_module() -> ModuleType:
    """The module that makes the functions of bot3.ta (bot3/ffi/batch.c). It lies in the library of the other one."""
    name = "bot3.ffi._batch"
    spec = importlib.util.spec_from_file_location(name, loader=ExtensionFileLoader(name, _core.__file__))
    if spec is None:
        raise ImportError(f"{_core.__file__} has no module _batch")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)  # type: ignore[union-attr]
    return module
