"""The memory of large results is used again, and never while anything still looks at it."""

import gc
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot3 import ta
from bot3.ta import memory

LARGE = 100_000


def address(array: memory.Array) -> int:
    return array.__array_interface__["data"][0]


def test_a_result_takes_what_the_last_one_left() -> None:
    series = np.arange(float(LARGE))
    first = ta.sma(series, 5)
    place = address(first)
    del first
    assert address(ta.ema(series, 5)) == place


def test_results_are_ordinary_arrays() -> None:
    result = memory.empty((3, LARGE))
    assert result.shape == (3, LARGE) and result.dtype == np.float64
    assert result.flags.c_contiguous and result.flags.writeable and result.flags.aligned
    assert type(memory.empty(10)) is np.ndarray


@pytest.mark.parametrize(
    "keep",
    [
        lambda result: result[5:10],
        lambda result: result.reshape(2, -1)[1].T,
        memoryview,
        lambda result: np.frombuffer(result, dtype=np.int64),
        lambda result: result.view(np.uint64)[::2],
        lambda result: __import__("pyarrow").array(result),
        lambda result: __import__("pandas").Series(result, copy=False),
        iter,
    ],
)
def test_whatever_looks_at_a_result_keeps_it(keep: Callable[[memory.Array], Any]) -> None:
    series = np.arange(float(LARGE))
    result = ta.sma(series, 5)
    place = address(result)
    held = keep(result)
    del result
    gc.collect()
    assert address(ta.sma(series, 5)) != place
    del held
    gc.collect()
    assert place in {address(array) for array in [ta.sma(series, 5) for _ in range(16)]}


@given(st.lists(st.tuples(st.integers(0, 60_000), st.integers(0, 9)), max_size=40))
def test_no_two_living_results_overlap(steps: list[tuple[int, int]]) -> None:
    """Each is filled with its own number, and holds it as long as it lives."""
    living: dict[int, memory.Array] = {}
    for number, (size, dropped) in enumerate(steps):
        living[number] = memory.empty(size)
        living[number].fill(number)
        living.pop(dropped, None)
        for own, array in living.items():
            assert (array == own).all()


def test_no_two_threads_get_the_same() -> None:
    def work(number: int) -> bool:
        whole = True
        for size in (20_000, 30_000, 25_000) * 30:
            array = memory.empty(size)
            array.fill(number)
            whole &= bool((np.sqrt(array) == np.sqrt(number)).all())
        return whole

    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(work, range(8)))


def test_what_is_kept_is_bounded() -> None:
    held = [memory.empty(20_000 + 20_000 * (i % 40)) for i in range(200)]
    del held
    assert len(memory._blocks) <= 16
    for size in (30_000_000, 20_000_000, 32 << 20, 40_000_000):
        assert memory.empty(size).size == size
        assert sum(block.room for block in memory._blocks) <= (32 << 20) + 512


def test_a_forked_child_has_its_own() -> None:
    memory.empty(LARGE)
    child = os.fork()
    if child == 0:
        os._exit(7 if not memory._blocks and memory.empty(LARGE).size == LARGE else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7


def test_the_count_of_references_is_found_not_assumed(monkeypatch: pytest.MonkeyPatch) -> None:
    """An interpreter that counts otherwise is no danger, and one whose counts say nothing is only slower."""
    assert memory._references_of_free > 0
    monkeypatch.setattr(memory, "_references_of_free", memory._references_of_free)  # put back afterwards
    counted = memory.getrefcount
    for more in (-1, 0, 2):
        monkeypatch.setattr(memory, "getrefcount", lambda owner, more=more: counted(owner) + more)
        memory._calibrate()
        assert memory._references_of_free > 0
        first = memory.empty(LARGE)
        place = address(first)
        assert address(memory.empty(LARGE)) != place
        del first
        assert place in {address(array) for array in [memory.empty(LARGE) for _ in range(2)]}
    monkeypatch.setattr(memory, "getrefcount", lambda owner: 3)
    memory._calibrate()
    assert memory._references_of_free == 0
    assert len({address(array) for array in [memory.empty(LARGE) for _ in range(5)]}) == 5
