"""Makes the module by which tests reach the core's inside: the public header's types, and every header here."""

import importlib.util
from pathlib import Path

from cffi import FFI

_HERE = Path(__file__).resolve().parent
_HEADER = _HERE.parents[1] / "csrc" / "bot3.h"


def _sliced(text: str) -> str:
    spec = importlib.util.spec_from_file_location("bot3_ffi_build", _HERE.parents[1] / "bot3" / "ffi" / "build.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return str(module.sliced(text))


def builder() -> FFI:
    ffi = FFI()
    public = _sliced(_HEADER.read_text(encoding="utf-8"))
    headers = sorted(_HERE.glob("*.h"))
    ffi.cdef(public)
    for header in headers:
        ffi.cdef(_sliced(header.read_text(encoding="utf-8")))
    includes = "\n".join(f'#include "native/{header.name}"' for header in headers)
    ffi.set_source("b3_internals", f'#include "bot3.h"\n{includes}')
    return ffi
