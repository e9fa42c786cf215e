"""The border to the C core: the only package that imports the compiled module.

`ffi` and `lib` are raw; layout, buffers, handles and status make them safe to use. Users import the facades above.
"""

from bot3.ffi._core import ffi, lib

__all__ = ["ffi", "lib"]
