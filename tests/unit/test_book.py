"""The book's edges, checked by hand: messages, snapshots, faults, capacity, the size of the window."""

from __future__ import annotations

from typing import Any

import pytest

BUY, SELL = 1, 2
ASK, LAST, SNAPSHOT, NO_LEVEL = 0x04, 0x01, 0x02, 0x08
ARGUMENT, CAPACITY = -1, -4


class Maker:
    """Books of the core, and the memory that they live in."""

    def __init__(self, internals: tuple[Any, Any]) -> None:
        self.ffi, self.lib = internals
        self.kept: list[Any] = []

    def book(self, tick: int = 1, dense: int = 4096, sparse: int = 64) -> Any:
        size = self.lib.b3_book_size(dense, sparse)
        memory = self.ffi.new("uint8_t[]", max(size, 1))
        self.kept.append(memory)
        return self.lib.b3_book_init(memory, tick, dense, sparse)

    def levels(self, *levels: tuple[int, int, int], flags: int = 0, update_id: int = 1) -> Any:
        array = self.ffi.new("b3_level[]", len(levels))
        for event, (side, price, qty) in zip(array, levels, strict=True):
            event.hdr.kind, event.hdr.flags = self.lib.B3_LEVEL, flags | (ASK if side == SELL else 0)
            event.price_raw, event.qty_raw, event.last_update_id = price, qty, update_id
        array[len(levels) - 1].hdr.flags |= LAST
        return array

    def apply(self, book: Any, levels: Any) -> tuple[int, tuple[int, int, int, int]]:
        quote = self.ffi.new("b3_quote *")
        status = self.lib.b3_book_on_levels(book, levels, len(levels), quote)
        return status, (quote.bid_price_raw, quote.bid_qty_raw, quote.ask_price_raw, quote.ask_qty_raw)

    def best(self, book: Any) -> tuple[int, int, int, int]:
        bid, ask = self.lib.b3_book_best(book, BUY), self.lib.b3_book_best(book, SELL)
        return bid.price_raw, bid.qty_raw, ask.price_raw, ask.qty_raw

    def stats(self, book: Any) -> Any:
        stats = self.ffi.new("b3_book_stats *")
        self.lib.b3_book_read_stats(book, stats)
        return stats


@pytest.fixture
def make(internals: tuple[Any, Any]) -> Maker:
    return Maker(internals)


def test_a_message_sets_both_sides(make: Maker) -> None:
    book = make.book()
    message = make.levels((BUY, 100, 5), (BUY, 99, 7), (SELL, 101, 6), update_id=42)
    assert make.apply(book, message) == (0, (100, 5, 101, 6))
    assert make.stats(book).last_update_id == 42
    assert make.apply(book, make.levels((BUY, 100, 0), (SELL, 101, 0))) == (0, (99, 7, 0, 0))


def test_the_first_level_of_a_snapshot_clears(make: Maker) -> None:
    book = make.book()
    make.apply(book, make.levels((BUY, 100, 5), (SELL, 300_000, 6)))
    snapshot = make.levels((BUY, 50, 1), (BUY, 49, 2), (SELL, 60, 3), flags=SNAPSHOT)
    assert make.apply(book, snapshot) == (0, (50, 1, 60, 3))
    assert (make.stats(book).bid_levels, make.stats(book).ask_levels) == (2, 1)
    empty = make.levels((BUY, 0, 0), flags=SNAPSHOT | NO_LEVEL, update_id=9)
    assert make.apply(book, empty) == (0, (0, 0, 0, 0))
    assert make.stats(book).last_update_id == 9


def test_a_message_without_a_level_moves_the_update_id_alone(make: Maker) -> None:
    book = make.book()
    make.apply(book, make.levels((BUY, 100, 5), (SELL, 101, 6)))
    assert make.apply(book, make.levels((BUY, 0, 0), flags=NO_LEVEL, update_id=8)) == (0, (100, 5, 101, 6))
    assert make.stats(book).last_update_id == 8


@pytest.mark.parametrize(
    "level", [(BUY, 0, 1), (SELL, -1, 1), (BUY, -(2**63), 1), (BUY, 5, -1), (SELL, 10**12, -(2**63))]
)
def test_an_impossible_level_is_an_argument_fault(make: Maker, level: tuple[int, int, int]) -> None:
    book = make.book()
    make.apply(book, make.levels((BUY, 100, 5), (SELL, 101, 6)))
    assert make.apply(book, make.levels((BUY, 100, 4), level))[0] == ARGUMENT
    assert make.lib.b3_book_set(book, *level) == ARGUMENT
    assert make.best(book) == (100, 4, 101, 6)
    null, slot = make.ffi.NULL, make.ffi.new("b3_slot *")
    levels = make.levels(level)
    assert make.lib.b3_book_on_event(book, make.ffi.addressof(levels[0], "hdr"), null, slot, 1) == ARGUMENT


def test_a_snapshot_after_a_broken_one_starts_anew(make: Maker) -> None:
    book = make.book()
    broken = make.levels((BUY, 70, 1), (BUY, 71, -1), (SELL, 90, 1), flags=SNAPSHOT)
    assert make.apply(book, broken)[0] == ARGUMENT
    assert make.apply(book, make.levels((BUY, 50, 1), (SELL, 60, 3), flags=SNAPSHOT)) == (0, (50, 1, 60, 3))
    assert make.stats(book).bid_levels == 1


def test_messages_must_be_whole(make: Maker) -> None:
    book = make.book()
    levels = make.levels((BUY, 100, 5))
    levels[0].hdr.flags = 0
    assert make.apply(book, levels)[0] == ARGUMENT
    assert make.lib.b3_book_on_levels(book, levels, 0, make.ffi.new("b3_quote *")) == ARGUMENT


def test_no_such_side(make: Maker) -> None:
    book = make.book()
    assert [make.lib.b3_book_set(book, side, 1, 1) for side in (0, 3, 255)] == [ARGUMENT] * 3


def test_other_events_are_not_the_books(make: Maker) -> None:
    book = make.book()
    header, slot = make.ffi.new("b3_header *", {"kind": make.lib.B3_TRADE}), make.ffi.new("b3_slot *")
    assert make.lib.b3_book_on_event(book, header, make.ffi.NULL, slot, 1) == 0


@pytest.mark.parametrize(
    ("tick", "dense", "sparse"),
    [
        (0, 4096, 64),
        (-1, 4096, 64),
        (2**44 + 1, 4096, 64),
        (1, 2048, 64),
        (1, 5000, 64),
        (1, 524_288, 64),
        (1, 4096, 0),
    ],
)
def test_impossible_books_are_refused(make: Maker, tick: int, dense: int, sparse: int) -> None:
    assert make.book(tick, dense, sparse) == make.ffi.NULL


def test_a_full_sparse_side_says_so_and_keeps_what_it_has(make: Maker) -> None:
    book = make.book(sparse=4)
    assert make.lib.b3_book_set(book, BUY, 1_000_000, 1) == 0
    for price in (10, 20, 30, 40):
        assert make.lib.b3_book_set(book, BUY, price, price) == 0
    assert make.lib.b3_book_set(book, BUY, 50, 50) == CAPACITY
    assert make.lib.b3_book_set(book, BUY, 40, 41) == 0, "a price that is there can still change"
    assert make.lib.b3_book_set(book, BUY, 20, 0) == 0
    assert make.lib.b3_book_set(book, BUY, 50, 50) == 0
    assert [make.lib.b3_book_qty_at(book, BUY, p) for p in (10, 20, 30, 40, 50)] == [10, 0, 30, 41, 50]


def test_a_window_that_leaves_more_behind_than_fits_says_so(make: Maker) -> None:
    book = make.book(sparse=4)
    for price in range(1_000, 1_006):
        assert make.lib.b3_book_set(book, BUY, price, 1) == 0
    assert make.lib.b3_book_set(book, BUY, 1_000_000, 9) == CAPACITY
    assert make.best(book)[:2] == (1_000_000, 9)
    make.lib.b3_book_clear(book)
    assert make.best(book) == (0, 0, 0, 0)
    assert make.stats(book).bid_levels == 0


@pytest.mark.parametrize("side", [BUY, SELL])
@pytest.mark.parametrize("tick", [1, 10**6, 2**44])
def test_the_ends_of_the_price_range(make: Maker, side: int, tick: int) -> None:
    book = make.book(tick)
    last = (2**63 - 1) // tick * tick
    for price in (tick, last, 2**63 - 1, tick):
        assert make.lib.b3_book_set(book, side, price, 7) == 0
        assert make.lib.b3_book_qty_at(book, side, price) == 7
        assert make.best(book)[0 if side == BUY else 2] > 0
    expected = {tick, last, 2**63 - 1}
    best = make.lib.b3_book_best(book, side).price_raw
    assert best == (max(expected) if side == BUY else min(expected))
    for price in expected:
        assert make.lib.b3_book_set(book, side, price, 0) == 0
    assert make.best(book) == (0, 0, 0, 0)


def test_memory_of_the_default_book_is_known(make: Maker) -> None:
    assert make.lib.b3_book_size(32_768, 16_384) < 1_600_000


def test_a_removed_best_far_from_the_next_one(make: Maker) -> None:
    book = make.book(dense=262_144)
    for price in (500_000, 500_000 - 100_000, 500_000 - 180_000):
        make.lib.b3_book_set(book, BUY, price, 1)
    for price, left in ((500_000, 400_000), (400_000, 320_000), (320_000, 0)):
        make.lib.b3_book_set(book, BUY, price, 0)
        assert make.lib.b3_book_best(book, BUY).price_raw == left


def test_the_window_follows_a_touch_that_falls(make: Maker) -> None:
    book = make.book(dense=4096, sparse=8_192)
    for price in range(20_000, 10_000, -2):
        assert make.lib.b3_book_set(book, BUY, price, 1) == 0
    behind = make.stats(book).sparse
    assert behind == 5_000 - 3_072 // 2, "a quarter of the window lies before the best, three behind"
    for price in range(20_000, 17_000, -2):
        assert make.lib.b3_book_set(book, BUY, price, 0) == 0
    assert make.best(book)[:2] == (17_000, 1)
    assert behind - make.stats(book).sparse >= 1_000 // 2, "what came into reach of the touch is dense"
    assert make.stats(book).bid_levels == 3_500
