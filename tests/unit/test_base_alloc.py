"""Memory of control objects: zeroed, aligned, counted by thread."""

import threading
from typing import Any

import pytest


@pytest.mark.parametrize("size", [0, 1, 15, 16, 17, 4096, 1 << 20])
def test_a_block_is_zeroed_aligned_and_counted(internals: tuple[Any, Any], size: int) -> None:
    ffi, lib = internals
    before = lib.b3_alloc_count()
    # Twice over the same size: the second block is likely the first one, written full meanwhile.
    for _ in range(2):
        block = lib.b3_alloc(size)
        assert block != ffi.NULL
        assert int(ffi.cast("uintptr_t", block)) % 16 == 0
        assert bytes(ffi.buffer(block, size)) == bytes(size)
        ffi.memmove(block, b"\xff" * size, size)
        lib.b3_alloc_free(block)
    assert lib.b3_alloc_count() == before + 2


def test_too_much_is_null_and_not_a_small_block(internals: tuple[Any, Any]) -> None:
    ffi, lib = internals
    assert lib.b3_alloc_array(2**63, 4) == ffi.NULL  # the product is 0 in 64 bits
    assert lib.b3_alloc_array(2**33, 2**33) == ffi.NULL
    assert lib.b3_alloc(2**63) == ffi.NULL


def test_free_takes_null(internals: tuple[Any, Any]) -> None:
    ffi, lib = internals
    lib.b3_alloc_free(ffi.NULL)


def test_each_thread_counts_its_own(internals: tuple[Any, Any]) -> None:
    _, lib = internals
    mine = lib.b3_alloc_count()
    seen: list[int] = []
    blocks: list[Any] = []

    def work() -> None:
        seen.append(lib.b3_alloc_count())
        blocks.extend(lib.b3_alloc(100) for _ in range(7))
        seen.append(lib.b3_alloc_count())

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    for block in blocks:
        lib.b3_alloc_free(block)
    assert seen == [0, 7]
    assert lib.b3_alloc_count() == mine


def test_it_says_whose_memory_it_is(internals: tuple[Any, Any]) -> None:
    ffi, lib = internals
    assert ffi.string(lib.b3_alloc_name()) in (b"mimalloc", b"libc")
