"""The counter table: what goes in comes out, bad rows are refused, and the memory alone is enough for a reader."""

import struct
from typing import Any

import pytest


class Table:
    """A counter table in memory of its own."""

    def __init__(self, internals: tuple[Any, Any], capacity: int) -> None:
        self.ffi, self.lib = internals
        self.size = self.lib.b3_counters_size(capacity)
        self.memory = self.ffi.new("uint8_t[]", self.size + 64)
        address = int(self.ffi.cast("uintptr_t", self.memory))
        self.block = self.memory + (-address % 64)
        self.table = self.lib.b3_counters_init(self.block, capacity)
        assert self.table != self.ffi.NULL

    def define(self, name: str, unit: str = "orders", labels: str = "", kind: int | None = None) -> tuple[int, str]:
        error = self.ffi.new("b3_error *")
        kind = self.lib.B3_COUNTER if kind is None else kind
        index = self.lib.b3_counters_define(self.table, name.encode(), unit.encode(), labels.encode(), kind, error)
        if index >= 0:
            assert error.what == self.ffi.NULL
            return index, ""
        assert error.status == index
        return index, self.ffi.string(error.what).decode()

    def rows(self) -> list[tuple[str, str, str, int, int]]:
        """(name, unit, labels, kind, value) of all rows."""
        value = self.ffi.new("int64_t *")
        out = []
        for i in range(self.lib.b3_counters_count(self.table)):
            row = self.lib.b3_counters_read(self.table, i, value)
            texts = (self.ffi.string(text).decode() for text in (row.name, row.unit, row.labels))
            out.append((*texts, row.kind, value[0]))
        return out


def decoded(memory: bytes) -> list[tuple[str, str, str, int, int]]:
    """The same from the bytes, by the layout in counters.h: how a reader in another process sees the table."""
    capacity, count = struct.unpack_from("<II", memory)
    values_at = 64
    rows_at = values_at + -(-capacity * 8 // 64) * 64
    out = []
    for i in range(count):
        (value,) = struct.unpack_from("<q", memory, values_at + 8 * i)
        name, unit, labels, kind = struct.unpack_from("<48s16s120sI", memory, rows_at + 192 * i)
        out.append((*(text.rstrip(b"\0").decode() for text in (name, unit, labels)), kind, value))
    return out


def test_rows_are_described_and_counted(internals: tuple[Any, Any]) -> None:
    _, lib = internals
    table = Table(internals, 5)
    orders, _ = table.define("orders_sent_total", "orders", 'venue="binance",symbol="BTCUSDT"')
    other, _ = table.define("orders_sent_total", "orders", 'venue="binance",symbol="ETHUSDT"')
    depth, _ = table.define("queue_depth", "events", "", lib.B3_GAUGE)
    assert [orders, other, depth] == [0, 1, 2]
    for _ in range(3):
        lib.b3t_counters_add(table.table, orders, 2)
    lib.b3t_counters_set(table.table, depth, -(2**63))
    expected = [
        ("orders_sent_total", "orders", 'venue="binance",symbol="BTCUSDT"', lib.B3_COUNTER, 6),
        ("orders_sent_total", "orders", 'venue="binance",symbol="ETHUSDT"', lib.B3_COUNTER, 0),
        ("queue_depth", "events", "", lib.B3_GAUGE, -(2**63)),
    ]
    assert table.rows() == expected
    assert decoded(bytes(table.ffi.buffer(table.block, table.size))) == expected


def test_past_the_last_row_there_is_nothing(internals: tuple[Any, Any]) -> None:
    ffi, lib = internals
    table = Table(internals, 2)
    table.define("a")
    value = ffi.new("int64_t *", 7)
    for index in (1, 2, 2**32 - 1):
        assert lib.b3_counters_read(table.table, index, value) == ffi.NULL
    assert value[0] == 7


@pytest.mark.parametrize("name", ["", "1st", "Orders", "orders-sent", "orders sent", "n" * 48, "ordèrs"])
def test_a_bad_name_is_refused(internals: tuple[Any, Any], name: str) -> None:
    table = Table(internals, 2)
    status, what = table.define(name)
    assert status == table.lib.B3_ERR_ARGUMENT
    assert "name" in what
    assert table.rows() == []


def test_the_longest_texts_fit(internals: tuple[Any, Any]) -> None:
    table = Table(internals, 1)
    name, unit, labels = "n" * 47, "u" * 15, 'k="' + "v" * 115 + '"'
    assert len(labels) == 119
    assert table.define(name, unit, labels) == (0, "")
    assert table.rows() == [(name, unit, labels, table.lib.B3_COUNTER, 0)]


@pytest.mark.parametrize("unit", ["", "u" * 16, "ns/op", "%"])
def test_a_bad_unit_is_refused(internals: tuple[Any, Any], unit: str) -> None:
    status, what = Table(internals, 2).define("a", unit)
    assert status == internals[1].B3_ERR_ARGUMENT
    assert "unit" in what


@pytest.mark.parametrize(
    "labels",
    [
        "x",
        "x=",
        "x=1",
        'x="',
        'x="1',
        'x="1",',
        ',x="1"',
        'x="1"y="2"',
        'x="a\\b"',
        'x="a\nb"',
        '="1"',
        'x="1" ',
        'k="' + "v" * 116 + '"',
    ],
)
def test_bad_labels_are_refused(internals: tuple[Any, Any], labels: str) -> None:
    status, what = Table(internals, 2).define("a", "orders", labels)
    assert status == internals[1].B3_ERR_ARGUMENT
    assert "labels" in what


@pytest.mark.parametrize("labels", ['x=""', 'x="1",y="2"', 'x="a,b=c"', 'x="é"', '_x1="}{"'])
def test_good_labels_are_taken(internals: tuple[Any, Any], labels: str) -> None:
    assert Table(internals, 2).define("a", "orders", labels) == (0, "")


def test_a_bad_kind_a_double_and_a_full_table_are_refused(internals: tuple[Any, Any]) -> None:
    _, lib = internals
    table = Table(internals, 2)
    for kind in (0, 3, 2**32 - 1):
        assert table.define("a", kind=kind)[0] == lib.B3_ERR_ARGUMENT
    assert table.define("a", labels='x="1"') == (0, "")
    assert table.define("a", labels='x="1"', kind=lib.B3_GAUGE)[0] == lib.B3_ERR_STATE
    assert table.define("a", labels='x="2"') == (1, "")
    status, what = table.define("b")
    assert (status, what) == (lib.B3_ERR_CAPACITY, "counter: the table is full")
    assert len(table.rows()) == 2


def test_memory_that_cannot_hold_a_table_is_refused(internals: tuple[Any, Any]) -> None:
    ffi, lib = internals
    table = Table(internals, 1)
    assert lib.b3_counters_init(ffi.NULL, 1) == ffi.NULL
    assert lib.b3_counters_init(table.block + 8, 1) == ffi.NULL
