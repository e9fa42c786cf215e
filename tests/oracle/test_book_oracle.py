"""The L2 book against a dict, after every message, on made-up data.

Prices: around the touch, far away, off the tick, over the whole of int64.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from book_oracle import BUY, INT64_MAX, SELL, Book, near
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

TICKS = 4096
ASK, LAST, SNAPSHOT, NO_LEVEL = 0x04, 0x01, 0x02, 0x08

Level = tuple[int, int, int]  # side, price, quantity
Message = tuple[bool, list[Level]]  # is a snapshot, levels


class Core:
    """Two books of the core, one fed level by level, one message by message."""

    def __init__(self, internals: tuple[Any, Any], tick: int, sparse: int = 512) -> None:
        self.ffi, self.lib = internals
        size = self.lib.b3_book_size(TICKS, sparse)
        self.memory = [self.ffi.new("uint8_t[]", size + 64) for _ in range(2)]
        self.books = [self.lib.b3_book_init(self.aligned(m), tick, TICKS, sparse) for m in self.memory]
        assert all(book != self.ffi.NULL for book in self.books)
        self.update_id = 0

    def aligned(self, memory: Any) -> Any:
        address = int(self.ffi.cast("uintptr_t", memory))
        return memory + (-address % 64)

    def levels_of(self, message: Message) -> Any:
        snapshot, levels = message
        self.update_id += 7
        array = self.ffi.new("b3_level[]", max(len(levels), 1))
        for event, (side, price, qty) in zip(array, levels, strict=False):
            event.price_raw, event.qty_raw = price, qty
            event.hdr.flags = ASK if side == SELL else 0
        for event in array:
            event.hdr.kind = self.lib.B3_LEVEL
            event.hdr.ts_exchange_ns, event.hdr.instrument = 1_000 + self.update_id, 3
            event.last_update_id = self.update_id
            event.hdr.flags |= (SNAPSHOT if snapshot else 0) | (0 if levels else NO_LEVEL)
        array[len(array) - 1].hdr.flags |= LAST
        return array

    def apply(self, message: Message) -> list[Any]:
        """The quotes of the book by level and of the book by message."""
        array = self.levels_of(message)
        slot = self.ffi.new("b3_slot *")
        null = self.ffi.NULL
        for index, event in enumerate(array):
            header = self.ffi.addressof(event, "hdr")
            got = self.lib.b3_book_on_event(self.books[0], header, null, slot, 1)
            assert got == (1 if index == len(array) - 1 else 0)
        quote = self.ffi.new("b3_quote *")
        assert self.lib.b3_book_on_levels(self.books[1], array, len(array), quote) == 0
        return [self.ffi.cast("b3_quote *", slot)[0], quote[0], slot, quote]

    def levels(self, book: Any, side: int, cap: int) -> list[tuple[int, int]]:
        out = self.ffi.new("b3_book_level[]", cap)
        count = self.lib.b3_book_levels(book, side, out, cap)
        return [(out[i].price_raw, out[i].qty_raw) for i in range(count)]


@st.composite
def messages(draw: DrawFn) -> tuple[int, list[Message]]:
    tick = draw(st.sampled_from([1, 7, 100, 3 * 2**20, 10**9]))
    touch = draw(st.sampled_from([5, 3_000, 6_170_000, (INT64_MAX // tick) // 2]))

    def on_tick(ticks: int) -> int:
        return min(max(touch + ticks, 1), INT64_MAX // tick) * tick

    price = st.one_of(
        st.integers(-3, 3).map(on_tick),
        st.integers(-200, 200).map(on_tick),
        st.integers(-6_000, 6_000).map(on_tick),
        st.integers(-300_000, 300_000).map(on_tick),
        st.integers(1, INT64_MAX),
        st.integers(-5_000 * tick, 5_000 * tick).map(lambda d: min(max(touch * tick + d, 1), INT64_MAX)),
    )
    # Few prices, so that levels are met again, changed and removed.
    prices = draw(st.lists(price, min_size=1, max_size=25))
    qty = st.one_of(st.just(0), st.integers(1, 9), st.integers(1, INT64_MAX))
    level = st.tuples(st.sampled_from([BUY, SELL]), st.sampled_from(prices), qty)
    snapshot = st.integers(0, 9).map(lambda n: n == 9)
    return tick, draw(st.lists(st.tuples(snapshot, st.lists(level, max_size=14)), min_size=1, max_size=12))


def check(core: Core, oracle: Book, message: Message, quotes: list[Any]) -> None:
    prices = [price for _, price, _ in message[1][:3]] + [1]
    for quote in quotes[:2]:
        assert quote.hdr.kind == core.lib.B3_QUOTE and quote.hdr.flags == 0x01
        assert (quote.hdr.instrument, quote.update_id, quote.hdr.ts_exchange_ns) == (
            3,
            core.update_id,
            1_000 + core.update_id,
        )
        assert (quote.bid_price_raw, quote.bid_qty_raw) == oracle.best(BUY)
        assert (quote.ask_price_raw, quote.ask_qty_raw) == oracle.best(SELL)
    for book in core.books:
        for side in (BUY, SELL):
            best = core.lib.b3_book_best(book, side)
            assert (best.price_raw, best.qty_raw) == oracle.best(side)
            expected = oracle.levels(side)
            for cap in (1, 3, 1_000):
                assert core.levels(book, side, cap) == expected[:cap]
            for price in prices:
                assert core.lib.b3_book_qty_at(book, side, price) == oracle.sides[side].get(price, 0)
                assert core.lib.b3_book_cum_qty(book, side, price) == oracle.cum_qty(side, price)
        assert near(core.lib.b3_book_microprice(book), oracle.microprice())
        for count in (1, 4, 900):
            assert near(core.lib.b3_book_imbalance(book, count), oracle.imbalance(count))
        stats = core.ffi.new("b3_book_stats *")
        core.lib.b3_book_read_stats(book, stats)
        assert (stats.bid_levels, stats.ask_levels) == (len(oracle.sides[BUY]), len(oracle.sides[SELL]))
        assert stats.last_update_id == core.update_id


@settings(max_examples=150, deadline=None)
@given(case=messages())
def test_book_equals_dict_after_each_message(internals: tuple[Any, Any], case: tuple[int, list[Message]]) -> None:
    tick, script = case
    core, oracle = Core(internals, tick), Book()
    for message in script:
        if message[0]:
            oracle = Book()
        for level in message[1]:
            oracle.set(*level)
        check(core, oracle, message, core.apply(message))


def _walk(seed: int, tick: int, steps: int, span: int) -> Iterator[Level]:
    """A made-up market: the middle wanders and now and then jumps; levels come and go, some off the tick."""
    import random

    rng = random.Random(seed)
    middle = 2_000_000
    for _ in range(steps):
        middle += rng.choice([-1, 0, 0, 1]) * rng.choice([1, 1, 5, 40])
        if rng.random() < 0.003:
            middle += rng.randint(-3 * TICKS, 3 * TICKS)
        side = rng.choice([BUY, SELL])
        distance = int(abs(rng.gauss(0, span)))
        price = (middle - distance if side == BUY else middle + distance) * tick
        if rng.random() < 0.02:
            price += rng.randint(0, tick - 1)
        yield side, price, rng.choice([0, rng.randint(1, 10**12)])


@pytest.mark.parametrize(("seed", "tick", "span"), [(1, 1, 300), (2, 100, 3_000), (3, 96, 20)])
def test_best_after_each_level_of_a_wandering_market(
    internals: tuple[Any, Any], seed: int, tick: int, span: int
) -> None:
    core, oracle = Core(internals, tick, sparse=8_192), Book()
    book = core.books[0]
    removed: set[tuple[int, int]] = set()
    for index, (side, price, qty) in enumerate(_walk(seed, tick, 12_000, span)):
        status = core.lib.b3_book_set(book, side, price, qty)
        assert status == 0, f"level {index}"
        oracle.set(side, price, qty)
        # What the market leaves behind on the wrong side of the middle goes, so that the best price moves both ways.
        if index % 5 == 0:
            for other in (BUY, SELL):
                stale, _ = oracle.best(other)
                if stale and (price < stale if other == BUY else price > stale):
                    removed.add((other, stale))
                    assert core.lib.b3_book_set(book, other, stale, 0) == 0
                    oracle.set(other, stale, 0)
        for other in (BUY, SELL):
            best = core.lib.b3_book_best(book, other)
            assert (best.price_raw, best.qty_raw) == oracle.best(other), f"level {index}"
        if index % 400 == 0:
            for other in (BUY, SELL):
                assert core.levels(book, other, 5_000) == oracle.levels(other)
    stats = core.ffi.new("b3_book_stats *")
    core.lib.b3_book_read_stats(book, stats)
    assert len(removed) > 300 and stats.moves > 10, "the market did not move as meant"


@settings(max_examples=400, deadline=None)
@given(
    tick=st.one_of(
        st.integers(1, 2**44), st.sampled_from([2**k for k in range(45)]), st.sampled_from([10**k for k in range(14)])
    ),
    quotient=st.integers(0, INT64_MAX),
    remainder=st.integers(0, INT64_MAX),
)
def test_tick_number_is_the_exact_quotient_or_none(
    internals: tuple[Any, Any], tick: int, quotient: int, remainder: int
) -> None:
    core = Core(internals, tick)
    last = (2**64 - 1) // tick
    for price in {
        quotient,
        quotient // tick * tick,
        min(quotient // tick * tick + remainder % tick, INT64_MAX),
        INT64_MAX,
    }:
        found = core.lib.b3t_book_tick_of(core.books[0], price)
        if price % tick == 0:
            assert found == price // tick
        else:
            assert found > last
