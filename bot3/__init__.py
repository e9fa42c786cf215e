"""bot3: a trading engine whose hot path is C and whose control is Python."""

from bot3._version import __version__

__all__ = ["__version__"]
