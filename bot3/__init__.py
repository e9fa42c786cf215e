"""bot3: a trading engine whose hot path is C and whose control is Python."""

import os
import sys


def _is_compiled(package: str) -> bool:
    ffi = os.path.join(package, "ffi")
    return os.path.isdir(ffi) and any(name.startswith("_core.") and name.endswith(".so") for name in os.listdir(ffi))


def _prefer_installed(path: list[str]) -> None:
    """`python -m pytest` among the sources finds those first, which have no compiled module: the package is the
    installed one there too."""
    if _is_compiled(path[0]):
        return
    for folder in sys.path:
        package = os.path.join(folder, "bot3")
        if _is_compiled(package):
            path[:] = [package]
            return


_prefer_installed(__path__)

from bot3._version import __version__  # noqa: E402 - of the installed one

__all__ = ["__version__"]
