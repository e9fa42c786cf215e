"""Memory of large results: what one result leaves, the next takes.

A fresh array of a megabyte costs more in page faults than most indicators in arithmetic (benches/ta_kernels.py, against
`out=`). A block is free again when no array is left that looks at it, which the count of its references tells.
"""

from __future__ import annotations

import math
import os
import threading
from sys import getrefcount
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

__all__ = ["KEPT_LEAST", "Array", "empty"]

# Values of a result that is worth it: smaller ones malloc gives again as they are.
KEPT_LEAST = 16_384
# What is kept at most, in use or not: values, and blocks.
_KEPT_MOST = 32 << 20
_KEPT_BLOCKS = 16
_PAGE_BYTES = 4096
# A result starts in the middle of a page: inputs mostly start at the begin of one, and a load that follows a store to
# the same place of another page waits for it.
_START_BYTES = _PAGE_BYTES // 2

Array = npt.NDArray[np.float64]


class _Block(NamedTuple):
    owner: Array  # of the memory; whatever views it refers to it
    start: int  # where a result starts in it
    room: int  # values from there on


_blocks: list[_Block] = []
_lock = threading.Lock()
# What empty counts of an owner that no result refers to; 0: it cannot be told, and nothing is used again.
_references_of_free = 0


def _forget() -> None:
    """Begins anew, in a forked child: a thread of the parent's may have held the lock."""
    global _lock  # noqa: PLW0603 - the child needs one that nobody holds
    _lock = threading.Lock()
    _blocks.clear()


os.register_at_fork(after_in_child=_forget)


def _add_block(size: int) -> _Block:
    """Makes one, for which the oldest of too many go."""
    owner = np.empty(size + _PAGE_BYTES // 8)
    start = (_START_BYTES - owner.ctypes.data) % _PAGE_BYTES // 8
    block = _Block(owner, start, owner.size - start)
    _blocks.append(block)
    while len(_blocks) > _KEPT_BLOCKS or (len(_blocks) > 1 and sum(block.room for block in _blocks) > _KEPT_MOST):
        del _blocks[0]
    return block


def empty(shape: int | tuple[int, ...]) -> Array:
    """As numpy.empty(shape): float64, C-contiguous, values undefined. Safe to call from any thread."""
    size = shape if isinstance(shape, int) else math.prod(shape)
    if not KEPT_LEAST <= size <= _KEPT_MOST:
        return np.empty(shape)
    room_most = size + size // 2 + _PAGE_BYTES // 8
    with _lock:
        last = len(_blocks) - 1
        for i in range(last, -1, -1):  # the last used first
            owner, start, room = _blocks[i]
            if size <= room <= room_most and getrefcount(owner) == _references_of_free:
                if i != last:
                    _blocks.append(_blocks.pop(i))
                break
        else:
            owner, start, _ = _add_block(size)
        result = owner[start : start + size]
    return result if isinstance(shape, int) else result.reshape(shape)


def _uses_only_free_ones() -> bool:
    """Whether empty, as it now counts, takes a block that is free, and none that something looks at."""
    _blocks.clear()
    for _ in range(20):  # the interpreter changes a function that is called often
        first = empty(KEPT_LEAST)
        second = empty(KEPT_LEAST)
        if len(_blocks) != 2 or np.may_share_memory(first, second):
            return False
        del first
        first = empty(KEPT_LEAST)
        if len(_blocks) != 2 or np.may_share_memory(first, second):
            return False
        del first, second
    return True


def _calibrate() -> None:
    """Finds the count of references by trial: it depends on the interpreter, and on how empty is written."""
    global _references_of_free  # noqa: PLW0603 - a constant from here on
    for _references_of_free in range(1, 10):
        if _uses_only_free_ones():
            break
    else:
        _references_of_free = 0
    _blocks.clear()


_calibrate()
