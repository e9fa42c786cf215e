"""The map against a dict, over random histories; its statistics against a count of the slots looked at."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

GOLDEN = 0x9E3779B97F4A7C15
INVERSE = pow(GOLDEN, -1, 2**64)


class Map:
    """A map in aligned memory of its own, full of what was there before."""

    def __init__(self, internals: tuple[Any, Any], capacity: int) -> None:
        self.ffi, self.lib = internals
        self.size: int = self.lib.b3_map_size(capacity)
        self.memory = self.ffi.new("uint8_t[]", b"\xa5" * (self.size + 128))
        self.block = self.memory + (-int(self.ffi.cast("uintptr_t", self.memory)) % 64)
        self.map = self.lib.b3_map_init(self.block, capacity)
        assert self.map != self.ffi.NULL

    def put(self, key: int, value: int) -> int:
        return int(self.lib.b3_map_put(self.map, key, value))

    def get(self, key: int) -> int | None:
        value = self.ffi.new("uint64_t *", 0xDEAD)
        status = self.lib.b3_map_get(self.map, key, value)
        if status == self.lib.B3_OK:
            return int(value[0])
        assert (status, value[0]) == (self.lib.B3_EMPTY, 0xDEAD)
        return None

    def remove(self, key: int) -> int:
        return int(self.lib.b3_map_remove(self.map, key))

    def stats(self) -> Any:
        out = self.ffi.new("b3_map_stats *")
        self.lib.b3_map_read_stats(self.map, out)
        return out

    def slots(self) -> int:
        return (self.size - 128) // 16


def key_with_home(slots: int, home: int, nth: int) -> int:
    """The nth key whose search starts at the slot `home` (Fibonacci hashing turned around)."""
    shift = 64 - (slots.bit_length() - 1)
    return ((home << shift) + nth + 1) * INVERSE % 2**64


# Few keys, so that they meet: consecutive ids, and ids that all want the same slots, also where the table wraps around.
def keys_for(slots: int) -> st.SearchStrategy[int]:
    crowded = st.tuples(st.sampled_from([0, slots - 2, slots - 1]), st.integers(0, 3)).map(
        lambda pair: key_with_home(slots, *pair)
    )
    return st.one_of(st.integers(1, 12), crowded, st.sampled_from([2**63, 2**64 - 1]))


@settings(max_examples=120, deadline=None)
@given(data=st.data(), capacity=st.sampled_from([0, 1, 2, 3, 5, 12, 13]))
def test_it_holds_what_a_dict_would_hold(internals: tuple[Any, Any], data: st.DataObject, capacity: int) -> None:
    _, lib = internals
    table = Map(internals, capacity)
    keys = keys_for(table.slots())
    model: dict[int, int] = {}
    count_max = puts = 0
    history = data.draw(
        st.lists(st.tuples(st.sampled_from(["put", "put", "remove"]), keys, st.integers(0, 2**64 - 1)), max_size=60)
    )
    for action, key, value in history:
        if action == "put":
            full = key not in model and len(model) == capacity
            assert table.put(key, value) == (lib.B3_FULL if full else lib.B3_OK)
            if not full:
                model[key] = value
                puts += 1
                count_max = max(count_max, len(model))
        else:
            assert table.remove(key) == (lib.B3_OK if key in model else lib.B3_EMPTY)
            model.pop(key, None)
        for known in {used for _, used, _ in history}:
            assert table.get(known) == model.get(known)
    stats = table.stats()
    assert (stats.capacity, stats.count, stats.count_max, stats.puts) == (capacity, len(model), count_max, puts)


@pytest.mark.parametrize("capacity", [0, 1, 3, 4, 1000, 3072, 3073, 100_000])
def test_it_takes_its_capacity_and_no_more(internals: tuple[Any, Any], capacity: int) -> None:
    _, lib = internals
    table = Map(internals, capacity)
    assert table.slots() * 3 // 4 >= capacity
    assert table.slots() == 4 or table.slots() * 3 // 8 < capacity
    for key in range(1, capacity + 1):
        assert table.put(key, key * 7) == lib.B3_OK
    assert table.put(capacity + 1, 0) == lib.B3_FULL
    for key in range(1, capacity + 1):
        assert table.get(key) == key * 7
    if capacity:
        assert table.put(1, 5) == lib.B3_OK
        assert table.remove(1) == lib.B3_OK
        assert table.put(capacity + 1, 6) == lib.B3_OK
    assert table.stats().count == capacity
    guard = table.ffi.buffer(table.block + table.size, 16)
    assert bytes(guard) == b"\xa5" * 16


def test_colliding_keys_are_counted(internals: tuple[Any, Any]) -> None:
    """n keys that all want one slot look at 1, 2, ... n slots, also around the end of the table."""
    _, lib = internals
    table = Map(internals, 12)
    keys = [key_with_home(16, 15, n) for n in range(12)]
    for key in keys:
        assert table.put(key, key) == lib.B3_OK
    stats = table.stats()
    assert (stats.probe_max, stats.probe_sum, stats.puts) == (12, 78, 12)
    assert table.put(keys[4], 1) == lib.B3_OK
    assert table.stats().probe_sum == 78 + 5
    # Backward shift: with the first gone, each is found one slot nearer.
    assert table.remove(keys[0]) == lib.B3_OK
    assert table.put(keys[11], 1) == lib.B3_OK
    assert table.stats().probe_sum == 78 + 5 + 11
    assert table.stats().probe_max == 12


def test_consecutive_ids_hardly_collide(internals: tuple[Any, Any]) -> None:
    """A full window of live orders that moves over ids, as an order table sees it."""
    _, lib = internals
    capacity = 3072
    table = Map(internals, capacity)
    for key in range(1, 20_001):
        if key > capacity:
            assert table.remove(key - capacity) == lib.B3_OK
        assert table.put(key, key) == lib.B3_OK
    stats = table.stats()
    assert stats.count == stats.count_max == capacity
    assert stats.probe_sum / stats.puts < 2
    assert stats.probe_max < 16


def test_key_0_is_reserved(internals: tuple[Any, Any]) -> None:
    _, lib = internals
    table = Map(internals, 4)
    assert table.put(0, 1) == lib.B3_ERR_ARGUMENT
    assert table.get(0) is None
    assert table.remove(0) == lib.B3_EMPTY
    assert table.stats().puts == 0


def test_memory_that_cannot_hold_a_map_is_refused(internals: tuple[Any, Any]) -> None:
    ffi, lib = internals
    table = Map(internals, 4)
    assert lib.b3_map_init(ffi.NULL, 4) == ffi.NULL
    assert lib.b3_map_init(table.block + 16, 4) == ffi.NULL
    assert lib.b3_map_size(2**32 - 1) == 128 + 16 * 2**33


def test_a_writer_that_died_in_a_removal_does_not_hang_readers(internals: tuple[Any, Any]) -> None:
    """The first word is odd while a removal is under way: set by hand, as a killed writer would leave it."""
    ffi, lib = internals
    table = Map(internals, 4)
    table.put(1, 2)
    moves = ffi.cast("uint64_t *", table.block)
    moves[0] += 1
    value = ffi.new("uint64_t *", 7)
    assert lib.b3_map_get(table.map, 1, value) == lib.B3_ERR_STATE
    assert value[0] == 7
    moves[0] += 1
    assert table.get(1) == 2
