"""bot3.book: arrays in, arrays out, and every way to call it wrongly."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from bot3.book import Book, message
from bot3.errors import ArgumentError, ClosedError, EngineError
from bot3.ffi.layout import DTYPES


@pytest.fixture
def book() -> Book:
    return Book(tick_raw=1)


def test_a_batch_of_messages_gives_a_quote_each(book: Book) -> None:
    batch = np.concatenate(
        [
            message([(100, 5), (99, 7)], [(101, 6)], update_id=1, snapshot=True, ts_exchange_ns=11),
            message([], [], update_id=2),
            message(np.array([[100, 0]]), np.empty((0, 2), np.int64), update_id=3),
        ],
        dtype=DTYPES["level"],
    )
    quotes = book.apply(batch)
    assert quotes.dtype == DTYPES["quote"]
    assert quotes[["bid_price_raw", "bid_qty_raw", "ask_price_raw", "ask_qty_raw", "update_id"]].tolist() == [
        (100, 5, 101, 6, 1),
        (100, 5, 101, 6, 2),
        (99, 7, 101, 6, 3),
    ]
    assert quotes["ts_exchange_ns"][0] == 11
    assert book.stats.bid_levels == book.stats.ask_levels == 1
    assert book.stats.last_update_id == 3


def test_reading(book: Book) -> None:
    book.apply(message([(100, 5), (99, 7), (7_000_000_000, 1)], [(7_000_000_001, 3)], update_id=1))
    assert book.best("bid") == (7_000_000_000, 1)
    assert book.levels("bid", 2).tolist() == [(7_000_000_000, 1), (100, 5)]
    assert len(book.levels("ask", 10)) == 1
    assert (book.qty_at("bid", 99), book.qty_at("bid", 98)) == (7, 0)
    assert book.cum_qty("bid", 100) == 6
    assert book.microprice() == pytest.approx(7_000_000_000.25, rel=1e-15)
    assert book.imbalance(3) == (13 - 3) / 16
    book.clear()
    assert book.best("ask") == (0, 0)
    assert math.isnan(book.microprice()) and math.isnan(book.imbalance(1))


def test_a_level_that_cannot_be_names_its_index(book: Book) -> None:
    parts = [message([(100, 5)], [], update_id=1), message([(99, 1), (98, -1)], [], update_id=2)]
    batch = np.concatenate(parts, dtype=DTYPES["level"])
    with pytest.raises(EngineError, match="negative quantity") as caught:
        book.apply(batch)
    assert caught.value.position == 2
    with pytest.raises(EngineError, match="price below 1"):
        book.apply(message([(0, 5)], [], update_id=1))
    unfinished = message([(100, 5)], [], update_id=1)
    unfinished["flags"] = 0
    with pytest.raises(EngineError, match="lacks its last level"):
        book.apply(unfinished)
    other = message([(100, 5)], [], update_id=1)
    other["kind"] = 2
    with pytest.raises(EngineError, match="not a level event"):
        book.apply(other)


def test_too_many_levels_outside_the_window() -> None:
    with Book(tick_raw=1, dense_ticks=4_096, sparse_levels=2) as book:
        far = [(1_000_000, 1), *((price, 1) for price in (10, 20, 30))]
        with pytest.raises(EngineError, match="sparse_levels") as caught:
            book.apply(message(far, [], update_id=1))
        assert caught.value.position == 3


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda b: Book(tick_raw=0), EngineError),
        (lambda b: Book(tick_raw=2**45), EngineError),
        (lambda b: Book(tick_raw=-1), ArgumentError),
        (lambda b: Book(tick_raw=1, dense_ticks=5_000), EngineError),
        (lambda b: Book(tick_raw=1, sparse_levels=0), EngineError),
        (lambda b: Book(tick_raw=1, sparse_levels=2**40), ArgumentError),
        (lambda b: b.best("buy"), ArgumentError),
        (lambda b: b.levels("bid", -1), ArgumentError),
        (lambda b: b.qty_at("bid", 2**63), ArgumentError),
        (lambda b: b.apply(np.zeros(3, np.int64)), ArgumentError),
        (lambda b: message([1, 2], [], update_id=1), ArgumentError),
        (lambda b: message([(1.5, 2)], [], update_id=1), ArgumentError),
    ],
)
def test_wrong_calls(book: Book, call: Callable[[Book], Any], error: type[Exception]) -> None:
    with pytest.raises(error):
        call(book)


def test_a_closed_book_says_so(book: Book) -> None:
    book.close()
    book.close()
    with pytest.raises(ClosedError):
        book.best("bid")
