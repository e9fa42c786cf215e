"""Bars against the venue's own candles (kline_1m) in two captures of 31 s, four symbols each.

A kline update holds the minute so far: trades f .. L. What can be compared is built from the aggTrades of the capture:
  whole   the minute began inside the capture: all of it, open, high, low, close, volume, quote volume, trade count
  part    two updates of one minute: the trades between them (L1 < id <= L2) against the differences of the sums, and
          against the second one's close; its high and low are the first one's or the part's
An update is left out when an aggTrade of it is not in the capture: reported, and limited by the counts asserted here.
Read with Python's json and Decimal, so independent of our parser.
"""

from __future__ import annotations

import io
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import zstandard

UNIT = 10**8
MINUTE_NS = 60 * 10**9


def raw(text: str) -> int:
    value = Decimal(text) * UNIT
    assert value == int(value)
    return int(value)


def read(path: Path) -> tuple[dict[str, list[dict[str, Any]]], dict[str, list[dict[str, Any]]]]:
    """klines and aggTrades by symbol, in the order of their ids."""
    klines: dict[str, list[dict[str, Any]]] = {}
    trades: dict[str, list[dict[str, Any]]] = {}
    with path.open("rb") as packed, zstandard.ZstdDecompressor().stream_reader(packed) as stream:
        for line in io.TextIOWrapper(stream, encoding="utf-8"):
            outer = json.loads(line)
            if outer["t"] != "recv" or not outer["data"].startswith('{"stream"'):
                continue
            message = json.loads(outer["data"])["data"]
            if message.get("e") == "kline":
                klines.setdefault(message["s"], []).append(message["k"])
            elif message.get("e") == "aggTrade":
                trades.setdefault(message["s"], []).append(message)
    for found in klines.values():
        found.sort(key=lambda k: (k["t"], k["L"]))
    for found in trades.values():
        found.sort(key=lambda t: t["f"])
    return klines, trades


def between(trades: list[dict[str, Any]], after: int, last: int) -> list[dict[str, Any]] | None:
    """The aggTrades of ids after+1 .. last; None when the capture lacks one, or one reaches over an end."""
    found = [t for t in trades if t["l"] > after and t["f"] <= last]
    expected = after + 1
    for trade in found:
        if trade["f"] != expected:
            return None
        expected = trade["l"] + 1
    return found if found and expected == last + 1 else None


def build(internals: tuple[Any, Any], trades: list[dict[str, Any]], open_ms: int) -> Any:
    """Our bar of one minute from these trades, by the public batch calls."""
    ffi, lib = internals
    error, used = ffi.new("b3_error *"), ffi.new("uint32_t *")
    config = ffi.new("b3_bars_config *", {"kind": lib.B3_BAR_TIME, "size": MINUTE_NS})
    bars = ffi.gc(lib.b3_bars_new(config, 8, 8, error), lib.b3_bars_free)
    events, out = ffi.new("b3_trade[]", len(trades)), ffi.new("b3_bar[]", 2)
    for event, trade in zip(events, trades, strict=True):
        event.hdr.kind, event.hdr.flags = lib.B3_TRADE, lib.B3_FLAG_AGGREGATE
        event.hdr.ts_exchange_ns = trade["T"] * 10**6
        event.price_raw, event.qty_raw = raw(trade["p"]), raw(trade["q"])
        event.first_trade_id, event.last_trade_id = trade["f"], trade["l"]
    assert lib.b3_bars_apply_blocking(bars, events, len(trades), out, 2, used, error) == 0
    assert used[0] == len(trades)
    close_ns = open_ms * 10**6 + MINUTE_NS
    assert lib.b3_bars_advance_blocking(bars, close_ns - 1, out, 2, error) == 0
    assert lib.b3_bars_advance_blocking(bars, close_ns, out, 2, error) == 1
    assert (out[0].open_ts_ns, out[0].close_ts_ns) == (open_ms * 10**6, close_ns)
    return out[0]


@pytest.mark.parametrize(("name", "wholes_min", "parts_min"), [("BINANCE", 1, 0), ("BINANCE_FUTURES", 15, 24)])
def test_bars_equal_the_venues_candles(
    internals: tuple[Any, Any], shared_data: Path, name: str, wholes_min: int, parts_min: int
) -> None:
    klines, trades = read(shared_data / "binance" / f"{name}.jsonl.zst")
    wholes = parts = left_out = 0
    for symbol, updates in klines.items():
        ours = trades.get(symbol, [])
        before: dict[str, Any] | None = None
        for k in updates:
            if whole := between(ours, k["f"] - 1, k["L"]):
                bar = build(internals, whole, k["t"])
                assert (bar.open_raw, bar.high_raw) == (raw(k["o"]), raw(k["h"]))
                assert (bar.low_raw, bar.close_raw) == (raw(k["l"]), raw(k["c"]))
                assert (bar.volume_raw, bar.notional_raw) == (raw(k["v"]), raw(k["q"]))
                assert bar.trade_count == k["n"]
                wholes += 1
            elif before is not None and before["t"] == k["t"] and (part := between(ours, before["L"], k["L"])):
                bar = build(internals, part, k["t"])
                assert bar.volume_raw == raw(k["v"]) - raw(before["v"])
                assert bar.notional_raw == raw(k["q"]) - raw(before["q"])
                assert bar.trade_count == k["n"] - before["n"]
                assert bar.close_raw == raw(k["c"])
                assert max(bar.high_raw, raw(before["h"])) == raw(k["h"])
                assert min(bar.low_raw, raw(before["l"])) == raw(k["l"])
                parts += 1
            else:
                left_out += 1
            before = k
    print(f"{name}: {wholes} whole minutes so far, {parts} parts of one, {left_out} updates without all their trades")
    assert wholes >= wholes_min and parts >= parts_min
