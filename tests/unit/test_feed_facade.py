"""bot3.feed: batches of messages as arrays of events."""

import numpy as np
import pytest

from bot3.errors import ArgumentError, ClosedError, EngineError
from bot3.feed import PADDING, Parser, joined, line_places

QUOTE = b'{"u":7,"s":"ETHUSDT","b":"1.50","B":"2","a":"1.51","A":"3"}'
TRADE = b'{"e":"trade","E":1723161255343,"s":"BTCUSDT","t":5,"p":"9.00","q":"0.5","T":1723161255342,"m":true,"M":true}'
DEPTH = (
    b'{"e":"depthUpdate","E":1723161255343,"s":"BTCUSDT","U":1,"u":2,"b":[["9.00","1"],["8.00","0"]],'
    b'"a":[["9.01","4"]]}'
)
KLINE = (
    b'{"e":"kline","E":1723161255343,"s":"BTCUSDT","k":{"t":1723161240000,"T":1723161299999,"o":"9","c":"9","h":"9",'
    b'"l":"9","v":"0","n":0,"x":true,"q":"0"}}'
)
SNAPSHOT = b'{"lastUpdateId":9,"bids":[["1","1"]],"asks":[]}'
SYMBOLS = {"BTCUSDT": (2, 3), "ETHUSDT": (2, 0)}


def test_events_of_every_kind_in_arrays_of_their_own() -> None:
    with Parser(SYMBOLS) as parser:
        events = parser.parse(*joined([QUOTE, TRADE, DEPTH, KLINE, b'{"result":null}']), np.arange(1, 6))
    assert events.status.tolist() == [0, 0, 0, 0, 1]
    assert events.faults() == []
    assert events.quotes["bid_price_raw"].tolist() == [150] and events.quotes["instrument"].tolist() == [1]
    assert events.trades["qty_raw"].tolist() == [500] and events.trades["ts_exchange_ns"].tolist() == [
        1723161255342000000
    ]
    assert events.levels["price_raw"].tolist() == [900, 800, 901] and events.levels["flags"].tolist() == [0, 0, 5]
    assert events.levels["ts_recv_ns"].tolist() == [3, 3, 3] and events.levels["input_no"].tolist() == [3, 3, 3]
    assert events.bars["interval_ms"].tolist() == [60_000]


def test_a_bad_message_costs_itself_alone() -> None:
    with Parser(SYMBOLS) as parser:
        events = parser.parse(
            *joined([QUOTE, QUOTE.replace(b"1.51", b"1.513"), QUOTE[:-1], QUOTE.replace(b"ETH", b"XRP"), QUOTE])
        )
    at = QUOTE.index(b"1.51") + 4
    assert events.faults() == [
        (1, "B3_ERR_PRECISION", at),
        (2, "B3_ERR_TRUNCATED", len(QUOTE) - 1),
        (3, "B3_ERR_SYMBOL", QUOTE.index(b'"ETHUSDT"')),
    ]
    assert len(events.quotes) == 2 and events.quotes["input_no"].tolist() == [1, 5]


@pytest.mark.parametrize("room", [3, 4, 5, 7, 100])
def test_batches_of_any_size_give_the_same_events(room: int) -> None:
    messages = [QUOTE, DEPTH, TRADE, DEPTH, KLINE, QUOTE[:-2], DEPTH, SNAPSHOT] * 5
    with Parser(SYMBOLS) as one, Parser(SYMBOLS, room) as other:
        whole = one.parse(*joined(messages), snapshot_symbol="ETHUSDT")
        assert other.parse(*joined(messages), snapshot_symbol="ETHUSDT") is not None
    with Parser(SYMBOLS, room) as other:
        batches = list(map(len, (b.status for b in other.batches(*joined(messages), snapshot_symbol="ETHUSDT"))))
    with Parser(SYMBOLS, room) as other:
        parts = other.parse(*joined(messages), snapshot_symbol="ETHUSDT")
    assert sum(batches) == len(messages) and (len(batches) > 1) == (room < 50)
    for name in ("levels", "trades", "quotes", "bars", "status", "position"):
        assert getattr(parts, name).tobytes() == getattr(whole, name).tobytes(), name
    assert len(whole.levels) == 5 * (3 * 3 + 1)


def test_a_message_of_more_levels_than_the_room_is_its_own_fault() -> None:
    with Parser(SYMBOLS, room=2) as parser:
        events = parser.parse(*joined([QUOTE, DEPTH, TRADE]))
    assert events.faults() == [(1, "B3_ERR_CAPACITY", events.position[1])]
    assert len(events.quotes) == 1 and len(events.trades) == 1 and len(events.levels) == 0


def test_snapshots_need_the_symbol_of_their_source() -> None:
    with Parser(SYMBOLS) as parser:
        assert parser.parse(*joined([SNAPSHOT])).faults() == [(0, "B3_ERR_SYMBOL", 0)]
        assert parser.parse(*joined([SNAPSHOT]), snapshot_symbol="ETHUSDT").levels["last_update_id"].tolist() == [9]
        with pytest.raises(ArgumentError, match="snapshot_symbol"):
            parser.parse(*joined([SNAPSHOT]), snapshot_symbol="XRPUSDT")


def test_lines() -> None:
    data, starts, lens = line_places(b"\n" + QUOTE + b"\n\n" + TRADE)
    assert [data[s : s + n].tobytes() for s, n in zip(starts, lens, strict=True)] == [QUOTE, TRADE]
    assert len(data) >= int(starts[-1]) + int(lens[-1]) + PADDING
    assert [len(part) for part in line_places(b"")[1:]] == [0, 0]


def test_nothing_gives_nothing() -> None:
    with Parser(SYMBOLS) as parser:
        events = parser.parse(*joined([]))
    assert len(events.levels) == len(events.status) == 0


def test_views_are_read_only_and_of_the_parser() -> None:
    with Parser(SYMBOLS) as parser:
        first = next(parser.batches(*joined([QUOTE])))
        with pytest.raises(ValueError, match="read-only"):
            first.quotes["bid_qty_raw"] = 1
        next(parser.batches(*joined([QUOTE.replace(b'"2"', b'"8"')])))
        assert first.quotes["bid_qty_raw"].tolist() == [8]  # valid until the next batch, as documented


def test_messages_must_lie_in_the_data_with_padding() -> None:
    data, starts, lens = joined([QUOTE, TRADE])
    with Parser(SYMBOLS) as parser:
        with pytest.raises(EngineError) as caught:
            parser.parse(data[:-1], starts, lens)
        assert caught.value.position == 1
        for wrong in (np.array([0, 2**63], np.uint64), np.array([0, 2**64 - 1], np.uint64)):
            with pytest.raises(EngineError):
                parser.parse(data, wrong, lens)
        with pytest.raises(ArgumentError, match="lens"):
            parser.parse(data, starts, lens[:1])
        with pytest.raises(ArgumentError, match="dtype"):
            parser.parse(data, starts.astype(np.int64), lens)  # type: ignore[arg-type]
        with pytest.raises(ArgumentError, match="recv_ns"):
            parser.parse(data, starts, lens, np.zeros(3, np.int64))


@pytest.mark.parametrize(
    ("symbols", "error"),
    [
        ({}, EngineError),
        ({"": (1, 1)}, ArgumentError),
        ({"X" * 24: (1, 1)}, ArgumentError),
        ({"A": (11, 1)}, EngineError),
        ({"A": (-1, 1)}, ArgumentError),
    ],
)
def test_impossible_symbols_are_refused(symbols: dict[str, tuple[int, int]], error: type[Exception]) -> None:
    with pytest.raises(error):
        Parser(symbols)


def test_impossible_room_is_refused() -> None:
    with pytest.raises(ArgumentError, match="room"):
        Parser(SYMBOLS, room=0)


def test_closed_parsers_refuse() -> None:
    parser = Parser(SYMBOLS)
    parser.close()
    parser.close()
    with pytest.raises(ClosedError):
        parser.parse(*joined([QUOTE]))
