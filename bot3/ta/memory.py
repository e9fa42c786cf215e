"""Memory of large results: what one result leaves, the next takes.

A fresh array of a megabyte costs more in page faults than most indicators in arithmetic (benches/ta_kernels.py, against
`out=`). A block is free again when no array is left that looks at it, which the count of its references tells.
"""

from __future__ import annotations

import math
import os
import sys
import threading

import numpy as np
import numpy.typing as npt

__all__ = ["KEPT_LEAST", "empty"]

# Values of a result that is worth it: smaller ones malloc gives again as they are.
KEPT_LEAST = 16_384
# What is kept at most: bytes, in use or not, and blocks.
_KEPT_BYTES = 256 << 20
_KEPT_BLOCKS = 16
_PAGE_BYTES = 4096
# A result starts in the middle of a page: inputs mostly start at the begin of one, and a load that follows a store to
# the same place of another page waits for it.
_START_BYTES = _PAGE_BYTES // 2

Array = npt.NDArray[np.float64]

# Arrays that own their memory, which all views of it refer to, and the place in each where a result starts.
_blocks: list[tuple[Array, int]] = []
_lock = threading.Lock()
# That of the list above, and that of the call which asks.
_REFERENCES_OF_FREE = 2


def _forget() -> None:
    """Begins anew, in a forked child: a thread of the parent's may have held the lock."""
    global _lock  # noqa: PLW0603
    _lock = threading.Lock()
    _blocks.clear()


os.register_at_fork(after_in_child=_forget)


def _add_block(size: int) -> tuple[Array, int]:
    """A new one, for which the oldest of too many go."""
    owner = np.empty(size + _PAGE_BYTES // 8)
    block = owner, (_START_BYTES - owner.ctypes.data) % _PAGE_BYTES // 8
    _blocks.append(block)
    while len(_blocks) > _KEPT_BLOCKS or sum(kept.nbytes for kept, _ in _blocks) > _KEPT_BYTES:
        del _blocks[0]
    return block


def _block(size: int) -> tuple[Array, int]:
    """One that is free and not much too large, the last used first, or a new one."""
    for i in range(len(_blocks) - 1, -1, -1):
        room = _blocks[i][0].size - _blocks[i][1]
        fits = size <= room <= size + size // 2 + _PAGE_BYTES // 8
        if fits and sys.getrefcount(_blocks[i][0]) == _REFERENCES_OF_FREE:
            _blocks.append(_blocks.pop(i))
            return _blocks[-1]
    return _add_block(size)


def empty(shape: int | tuple[int, ...]) -> Array:
    """As numpy.empty(shape): float64, C-contiguous, values undefined. Safe to call from any thread."""
    size = shape if isinstance(shape, int) else math.prod(shape)
    if size < KEPT_LEAST:
        return np.empty(shape)
    with _lock:
        owner, start = _block(size)
        return owner[start : start + size].reshape(shape)
