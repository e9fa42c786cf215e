"""Makes the cffi module's C source from declarations sliced out of the public header: one copy of the contract."""

from pathlib import Path

from cffi import FFI

_HEADER = Path(__file__).resolve().parents[2] / "csrc" / "bot3.h"

# cffi releases the GIL around every call. A short call would then wait for it on the way back (milliseconds at p99.9
# beside a busy thread), so only calls that say that they may run long give it up; the compiler folds the test away.
_GIL = """
#include <string.h>
#include "bot3.h"
#undef Py_BEGIN_ALLOW_THREADS
#undef Py_END_ALLOW_THREADS
#define B3_RELEASES_GIL (sizeof(__func__) > 10 && strcmp(__func__ + sizeof(__func__) - 10, "_blocking") == 0)
#define Py_BEGIN_ALLOW_THREADS { PyThreadState *b3_saved = B3_RELEASES_GIL ? PyEval_SaveThread() : NULL;
#define Py_END_ALLOW_THREADS if (B3_RELEASES_GIL) PyEval_RestoreThread(b3_saved); }
"""


def sliced(text: str) -> str:
    """What stands between the cdef marks, with comments and long macro values as they are (cffi reads both)."""
    return text.split("/* cdef: begin */", 1)[1].split("/* cdef: end */", 1)[0]


def builder() -> FFI:
    """Return the module to generate: what cffi-gen-src calls."""
    ffi = FFI()
    ffi.cdef(sliced(_HEADER.read_text(encoding="utf-8")))
    ffi.set_source("bot3.ffi._core", _GIL)
    return ffi
