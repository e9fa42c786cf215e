"""Copies and pickles of what has a state in arrays: streams, graphs, moving covariances."""

from __future__ import annotations

import copy
from typing import Any, Self, TypeVar

import numpy as np

from bot3._version import __version__
from bot3.ta.arrays import Array
from bot3.ta.kernels import IndicatorError

__all__ = ["Saved"]


class Saved:
    """Can be copied and pickled. A class that is one says what it is made of, and keeps its own attributes in
    __slots__: so those in __dict__ are the user's, which go along.
    """

    def _arguments(self) -> tuple[Any, ...]:
        """What _begin takes to make another, in whatever state."""
        raise NotImplementedError

    def _begin(self, *arguments: Any) -> None:
        """Makes it; not __init__, since a subclass may ask for other arguments."""
        raise NotImplementedError

    def _arrays(self) -> list[Array]:
        """The state."""
        raise NotImplementedError

    def copy(self) -> Self:
        """Another in the same state; attributes of your own are shared (copy.deepcopy copies them)."""
        return copy.copy(self)

    def __reduce__(self) -> tuple[Any, ...]:
        return _restore, (type(self), self._arguments(), self._saved(), __version__), self.__dict__

    def _saved(self) -> list[bytes]:
        return [array.tobytes() for array in self._arrays()]

    def _load(self, saved: list[bytes]) -> None:
        arrays = self._arrays()
        if [len(part) for part in saved] != [array.nbytes for array in arrays]:
            raise IndicatorError("is damaged: its size does not fit what it is made of", where=type(self).__name__)
        for array, part in zip(arrays, saved, strict=True):
            array[:] = np.frombuffer(part)


_T = TypeVar("_T", bound=Saved)


def _restore(kind: type[_T], arguments: tuple[Any, ...], saved: list[bytes], version: str) -> _T:
    if version != __version__:
        what = f"was saved by bot3 {version}, this is {__version__}"
        raise IndicatorError(what, where=kind.__name__, hint="Feed it anew.")
    restored = kind.__new__(kind)
    restored._begin(*arguments)
    restored._load(saved)
    return restored
