"""The book on the recorded BTCUSDT session. Read here with Python's json and Decimal, so independent of our parser."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from book_oracle import BUY, SELL, Book

PARTS = ["spot_btcusdt_20240808.gz", "spot_btcusdt_20240809.gz"]
PRICE, QTY = (
    10**2,
    10**8,
)  # raw units per unit: prices have 2 digits; 7 quantities are finer than the lot of 5, so all 8 are kept
TICK = 1


class Quote(NamedTuple):
    update_id: int
    bid: tuple[int, int]
    ask: tuple[int, int]


def raw(text: str, unit: int) -> int:
    value = Decimal(text) * unit
    assert value == int(value), f"{text} is finer than the scale"
    return int(value)


def session(folder: Path) -> Iterator[dict[str, Any]]:
    for name in PARTS:
        with gzip.open(folder / "binance" / name, "rt") as lines:
            for line in lines:
                message = json.loads(line[line.index(" ") + 1 :])
                yield message.get("data", message)


def in_sync(folder: Path) -> Iterator[tuple[str, Any]]:
    """("ticker", Quote), ("snapshot" or "diff", message), ("stale", message), as Binance says to keep a local book."""
    last: int | None = None
    early: list[dict[str, Any]] = []
    for message in session(folder):
        if message.get("e") == "depthUpdate":
            if last is None:
                early.append(message)
            else:
                assert message["U"] == last + 1, "gap"
                last = message["u"]
                yield "diff", message
        elif "lastUpdateId" in message:
            last = message["lastUpdateId"]
            yield "snapshot", message
            for kept in early:
                if kept["u"] <= last:
                    yield "stale", kept
                else:
                    assert kept["U"] <= last + 1, "gap"
                    last = kept["u"]
                    yield "diff", kept
        elif "e" not in message:
            bid = raw(message["b"], PRICE), raw(message["B"], QTY)
            yield "ticker", Quote(message["u"], bid, (raw(message["a"], PRICE), raw(message["A"], QTY)))


@pytest.fixture(scope="module")
def applied(
    internals: tuple[Any, Any], shared_data: Path
) -> tuple[list[Quote], list[Quote], dict[str, int], Any, Book]:
    """The book's best after each diff, the tickers, how many of what, the book, and the same book as a dict."""
    ffi, lib = internals
    memory = ffi.new("uint8_t[]", lib.b3_book_size(32_768, 16_384))
    book, oracle = lib.b3_book_init(memory, TICK, 32_768, 16_384), Book()
    levels, quote = ffi.new("b3_level[]", 10_000), ffi.new("b3_quote *")
    counts = {"snapshot": 0, "diff": 0, "stale": 0, "ticker": 0, "levels": 0}
    ours: list[Quote] = []
    tickers: list[Quote] = []
    for kind, message in in_sync(shared_data):
        counts[kind] += 1
        if kind == "ticker":
            tickers.append(message)
        if kind not in ("snapshot", "diff"):
            continue
        sides = [(BUY, side) for side in message.get("b", message.get("bids"))]
        sides += [(SELL, side) for side in message.get("a", message.get("asks"))]
        update_id = message.get("u", message.get("lastUpdateId"))
        count = len(sides)
        for level, (side, (price, qty)) in zip(levels, sides, strict=False):
            level.price_raw, level.qty_raw = raw(price, PRICE), raw(qty, QTY)
            level.hdr.flags = (lib.B3_FLAG_ASK if side == SELL else 0) | (
                lib.B3_FLAG_SNAPSHOT if kind == "snapshot" else 0
            )
            level.last_update_id = update_id
            oracle.set(side, level.price_raw, level.qty_raw)
        levels[count - 1].hdr.flags |= lib.B3_FLAG_LAST
        counts["levels"] += count
        assert lib.b3_book_on_levels(book, levels, count, quote) == 0
        best = Quote(
            quote.update_id, (quote.bid_price_raw, quote.bid_qty_raw), (quote.ask_price_raw, quote.ask_qty_raw)
        )
        if kind == "diff":
            ours.append(best)
    return ours, tickers, counts, (memory, book), oracle


def test_session_is_applied_whole(applied: Any) -> None:
    ours, _, counts, _, _ = applied
    assert (counts["snapshot"], counts["stale"], counts["diff"]) == (1, 2, 6_493)
    last = ours[-1]
    assert (last.update_id, last.bid[0], last.ask[0]) == (50093696318, 6160201, 6160202)


def test_touch_equals_the_venues_ticker_after_each_diff(applied: Any) -> None:
    """The last bookTicker whose u is not larger than the diff's, price and size; it is not there for every change."""
    ours, tickers, _, _, _ = applied
    tickers = sorted(tickers)
    at, equal = 0, 0
    for quote in ours:
        while at + 1 < len(tickers) and tickers[at + 1].update_id <= quote.update_id:
            at += 1
        equal += tickers[at].update_id <= quote.update_id and tickers[at][1:] == quote[1:]
    assert equal >= 6_491, f"{equal} of {len(ours)} agree"


def test_every_level_of_the_session_is_kept(internals: tuple[Any, Any], applied: Any) -> None:
    ffi, lib = internals
    *_, (_, book), oracle = applied
    out = ffi.new("b3_book_level[]", 10_000)
    for side in (BUY, SELL):
        count = lib.b3_book_levels(book, side, out, 10_000)
        found = [(out[i].price_raw, out[i].qty_raw) for i in range(count)]
        assert found == oracle.levels(side)
        assert count > 1_500
        far = oracle.levels(side)[-1][0]
        assert lib.b3_book_cum_qty(book, side, far) == sum(oracle.sides[side].values())
    stats = ffi.new("b3_book_stats *")
    lib.b3_book_read_stats(book, stats)
    assert stats.sparse > 0 and stats.moves > 0, "the session reaches beyond the window, and moves it"
