"""Hot memory: resident, locked, huge where the host has huge pages, and a profile of who holds what."""

import contextlib
import fcntl
import os
import re
import resource
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

HUGE = 2 << 20


@contextlib.contextmanager
def opened(internals: tuple[Any, Any], size: int) -> Iterator[Any]:
    ffi, lib = internals
    arena = ffi.new("b3_arena *")
    assert lib.b3_arena_open(arena, size) == lib.B3_OK
    try:
        yield arena
    finally:
        lib.b3_arena_close(arena)


def mapping_kilobytes(address: int, field: str) -> int:
    """A figure of /proc/self/smaps for the mapping that holds the address."""
    inside = False
    for line in Path("/proc/self/smaps").read_text().splitlines():
        if bounds := re.match(r"([0-9a-f]+)-([0-9a-f]+) ", line):
            inside = int(bounds[1], 16) <= address < int(bounds[2], 16)
        elif inside and line.startswith(field + ":"):
            return int(line.split()[1])
    raise AssertionError(f"no {field} for {address:#x}")


def memory_info(field: str) -> int:
    return int(
        next(line for line in Path("/proc/meminfo").read_text().splitlines() if line.startswith(field + ":")).split()[1]
    )


@contextlib.contextmanager
def reserved_huge_pages(count: int) -> Iterator[None]:
    """Reserves huge pages of the host meanwhile, one test run at a time; puts the number back in any case."""
    try:
        handle = Path("/proc/sys/vm/nr_hugepages").open("r+")  # noqa: SIM115 (held over the yield)
    except OSError as error:
        pytest.skip(f"huge pages cannot be reserved here: {error}")
    with handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        before = int(handle.read())

        def write(number: int) -> None:
            handle.seek(0)
            handle.write(str(number))
            handle.flush()

        try:
            write(before + count)
            if memory_info("HugePages_Free") < count:
                pytest.skip(f"the host has no {count} huge pages to give: {memory_info('HugePages_Free')} free")
            yield
        finally:
            write(before)
    assert int(Path("/proc/sys/vm/nr_hugepages").read_text()) == before


@pytest.mark.parametrize(("asked", "given"), [(1, HUGE), (HUGE, HUGE), (HUGE + 1, 2 * HUGE), (5 * HUGE - 1, 5 * HUGE)])
def test_the_size_is_rounded_up_to_whole_pages(internals: tuple[Any, Any], asked: int, given: int) -> None:
    with opened(internals, asked) as arena:
        assert arena.size == given
        assert arena.used == arena.use_count == 0


@pytest.mark.parametrize("size", [0, 2**62 + 1, 2**64 - 1])
def test_an_impossible_size_is_an_argument_fault(internals: tuple[Any, Any], size: int) -> None:
    ffi, lib = internals
    arena = ffi.new("b3_arena *")
    assert lib.b3_arena_open(arena, size) == lib.B3_ERR_ARGUMENT
    lib.b3_arena_close(arena)


def test_more_than_there_is_is_a_memory_fault(internals: tuple[Any, Any]) -> None:
    ffi, lib = internals
    arena = ffi.new("b3_arena *")
    assert lib.b3_arena_open(arena, 2**60) == lib.B3_ERR_MEMORY
    assert arena.base == ffi.NULL
    assert lib.b3_arena_take(arena, b"x", 1) == ffi.NULL


def test_all_is_resident_so_that_use_does_not_fault(internals: tuple[Any, Any]) -> None:
    ffi, lib = internals
    size = 16 << 20
    with opened(internals, size) as arena:
        block = lib.b3_arena_take(arena, b"all", size)
        assert bytes(ffi.buffer(block, size)) == bytes(size)
        ones = b"\1" * size
        before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
        ffi.memmove(block, ones, size)
        faults = resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before
        # 4,096 pages were written; the interpreter may have touched a few of its own.
        assert faults < 64


def test_it_says_which_pages_it_got(internals: tuple[Any, Any]) -> None:
    ffi, lib = internals
    if memory_info("HugePages_Free") > 0:
        pytest.skip("the host has huge pages reserved: what is used without them cannot be seen")
    with opened(internals, 4 * HUGE) as arena:
        huge = mapping_kilobytes(int(ffi.cast("uintptr_t", arena.base)), "AnonHugePages") * 1024
        assert arena.pages == (lib.B3_PAGES_TRANSPARENT_HUGE if huge >= 2 * HUGE else lib.B3_PAGES_PLAIN)


def test_hugetlb_pages_are_used_where_the_host_has_them(internals: tuple[Any, Any]) -> None:
    ffi, lib = internals
    with reserved_huge_pages(3):
        free = memory_info("HugePages_Free")
        with opened(internals, 3 * HUGE - 100) as arena:
            assert arena.pages == lib.B3_PAGES_HUGETLB
            assert mapping_kilobytes(int(ffi.cast("uintptr_t", arena.base)), "KernelPageSize") == 2048
            assert memory_info("HugePages_Free") == free - 3
            block = lib.b3_arena_take(arena, b"all", arena.size)
            assert bytes(ffi.buffer(block, 3 * HUGE)) == bytes(3 * HUGE)
            ffi.memmove(block, b"\xff" * (3 * HUGE), 3 * HUGE)
        assert memory_info("HugePages_Free") == free
        # Too few for this one: it gets other pages, all of them, rather than a part that ends in SIGBUS.
        with opened(internals, (free + 1) * HUGE) as arena:
            assert arena.pages != lib.B3_PAGES_HUGETLB
            assert memory_info("HugePages_Free") == free


CHILD = """
import ctypes, importlib.util, os, resource, sys
spec = importlib.util.spec_from_file_location("b3_internals", sys.argv[1])
module = importlib.util.module_from_spec(spec)
spec.loader.exec_module(module)
ffi, lib = module.ffi, module.lib
if sys.argv[2] == "no lock":
    resource.setrlimit(resource.RLIMIT_MEMLOCK, (0, 0))
    os.setgroups([]); os.setgid(65534); os.setuid(65534)
if sys.argv[2] == "no huge pages":
    PR_SET_THP_DISABLE = 41
    assert ctypes.CDLL(None).prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0) == 0
arena = ffi.new("b3_arena *")
assert lib.b3_arena_open(arena, 4 << 20) == 0
status = dict(line.split(":", 1) for line in open("/proc/self/status"))
print(arena.pages, arena.locked, status["VmLck"].split()[0])
"""


real_mlock = pytest.mark.skipif(
    "asan" in os.environ.get("LD_PRELOAD", ""), reason="AddressSanitizer puts nothing in place of mlock"
)


def child(library: Path, limit: str) -> list[int]:
    """[pages, locked, kB locked by the kernel's account] of an arena of 4 MiB in a process under the limit."""
    done = subprocess.run(
        [sys.executable, "-c", CHILD, str(library), limit], capture_output=True, text=True, check=True, timeout=60
    )
    return [int(word) for word in done.stdout.split()]


@real_mlock
def test_locked_says_what_the_kernel_says(internals_path: Path) -> None:
    _, locked, kilobytes = child(internals_path, "none")
    assert bool(locked) == (kilobytes >= 4096)


@real_mlock
def test_memory_that_may_not_be_locked_is_used_unlocked(internals_path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("dropping the right to lock memory takes root")
    _, locked, kilobytes = child(internals_path, "no lock")
    assert (locked, kilobytes) == (0, 0)


def test_plain_pages_are_called_plain(internals: tuple[Any, Any], internals_path: Path) -> None:
    if memory_info("HugePages_Free") > 0:
        pytest.skip("the host has huge pages reserved: what is used without them cannot be seen")
    assert child(internals_path, "no huge pages")[0] == internals[1].B3_PAGES_PLAIN


def test_blocks_are_aligned_zeroed_and_apart(internals: tuple[Any, Any]) -> None:
    ffi, lib = internals
    with opened(internals, HUGE) as arena:
        end = int(ffi.cast("uintptr_t", arena.base))
        for size in (1, 64, 65, 0, 127, 4096, 3):
            block = lib.b3_arena_take(arena, b"x", size)
            address = int(ffi.cast("uintptr_t", block))
            assert address % 64 == 0
            assert address >= end
            assert bytes(ffi.buffer(block, size)) == bytes(size)
            ffi.memmove(block, b"\xff" * size, size)
            end = address + size
        assert end - int(ffi.cast("uintptr_t", arena.base)) <= arena.used <= arena.size


def test_an_exhausted_arena_gives_null_and_stays_usable(internals: tuple[Any, Any]) -> None:
    ffi, lib = internals
    with opened(internals, HUGE) as arena:
        for too_much in (HUGE + 1, 2**63, 2**64 - 1, 2**64 - 63):
            assert lib.b3_arena_take(arena, b"x", too_much) == ffi.NULL
        assert arena.used == arena.use_count == 0
        assert lib.b3_arena_take(arena, b"most", HUGE - 64) != ffi.NULL
        assert lib.b3_arena_take(arena, b"x", 65) == ffi.NULL
        assert lib.b3_arena_take(arena, b"rest", 64) != ffi.NULL
        assert lib.b3_arena_take(arena, b"x", 0) == ffi.NULL
        assert arena.used == arena.size


def test_the_profile_accounts_for_every_byte(internals: tuple[Any, Any]) -> None:
    ffi, lib = internals
    names = [ffi.new("char[]", f"part {i}".encode()) for i in range(lib.B3_ARENA_NAMES + 10)]
    same = ffi.new("char[]", b"part 0")
    with opened(internals, HUGE) as arena:
        for name in [*names, same, names[-1]]:
            assert lib.b3_arena_take(arena, name, 100) != ffi.NULL
        rows = {
            ffi.string(arena.use[i].name).decode(): (arena.use[i].bytes, arena.use[i].blocks)
            for i in range(arena.use_count)
        }
        assert arena.use_count == lib.B3_ARENA_NAMES == len(rows)
        assert rows["part 0"] == (256, 2)
        assert rows["part 1"] == (128, 1)
        assert rows["other"] == (128 * 12, 12)
        assert sum(held for held, _ in rows.values()) == arena.used
