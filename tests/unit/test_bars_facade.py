"""bot3.bars: arrays in, arrays out, and every way to call it wrongly."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from bot3.bars import Bars, trades
from bot3.errors import ArgumentError, ClosedError, EngineError
from bot3.ffi.layout import DTYPES

SECOND = 10**9


def test_time_bars_with_an_empty_one_between() -> None:
    with Bars("time", SECOND, price_scale=2, qty_scale=8) as bars:
        made = bars.apply(trades([100, 200, 2 * SECOND + 5], [500, 510, 505], [10**8, 2 * 10**8, 10**8]))
        assert made[["open_ts_ns", "close_ts_ns", "close_raw", "volume_raw", "trade_count"]].tolist() == [
            (0, SECOND, 510, 3 * 10**8, 2),
            (SECOND, 2 * SECOND, 510, 0, 0),
        ]
        # 5.00 x 1 + 5.10 x 2 = 15.20; / 3 = 5.0666...
        assert made["notional_raw"][0] == 1_520_000_000 and made["vwap_raw"][0] == 507
        assert len(bars.advance(3 * SECOND - 1)) == 0
        assert bars.advance(3 * SECOND)["close_raw"].tolist() == [505]
        assert (bars.stats.bars, bars.stats.empty, bars.stats.late_trades) == (3, 1, 0)
        assert len(bars.apply(trades([5], [500], [1]))) == 0
        assert bars.stats.late_trades == 1


def test_vwap_is_rounded_half_to_even() -> None:
    with Bars("tick", 2, price_scale=0, qty_scale=0) as bars:
        made = bars.apply(trades([1, 2, 3, 4], [2, 3, 3, 4], [1, 1, 1, 1]))
        assert made["vwap_raw"].tolist() == [2, 4]


def test_more_bars_than_one_chunk_holds() -> None:
    count = 10_000
    with Bars("tick", 1, price_scale=2, qty_scale=8) as bars:
        made = bars.apply(trades(np.arange(count) + 1, np.arange(count) + 1, np.full(count, 7)))
        assert made["close_raw"].tolist() == list(range(1, count + 1))
        assert made.dtype == DTYPES["bar"]
    with Bars("time", SECOND, price_scale=2, qty_scale=8) as bars:
        assert len(bars.apply(trades([1, 3], [5, 5], [1, 1]))) == 0
        assert len(bars.advance(count * SECOND)) == count


def test_bad_trades_and_overflow_are_counted() -> None:
    with Bars("volume", 10, price_scale=2, qty_scale=8) as bars:
        assert len(bars.apply(trades([1, 2, 3], [0, 5, 5], [1, -1, 1]))) == 0
        assert bars.stats.bad_trades == 2
        assert len(bars.apply(trades([4], [2**62], [2**62]))) == 0
        assert bars.stats.overflows == 1
        assert bars.apply(trades([5], [7], [10]))["open_raw"].tolist() == [7], "the bar before was dropped"


def test_an_event_that_is_no_trade_names_its_index() -> None:
    batch = trades([1, 2], [5, 5], [1, 1])
    batch["kind"][1] = 3
    with (
        Bars("tick", 10, price_scale=2, qty_scale=8) as bars,
        pytest.raises(EngineError, match="not a trade") as caught,
    ):
        bars.apply(batch)
    assert caught.value.position == 1


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda: Bars("second", 1, 2, 8), ArgumentError),
        (lambda: Bars("tick", 0, 2, 8), EngineError),
        (lambda: Bars("tick", -1, 2, 8), ArgumentError),
        (lambda: Bars("tick", 2**32, 2, 8), EngineError),
        (lambda: Bars("time", SECOND + 1, 2, 8), EngineError),
        (lambda: Bars("time", 2**32 * 10**6, 2, 8), EngineError),
        (lambda: Bars("time", SECOND, 2, 8, grace_ns=2**62), EngineError),
        (lambda: Bars("time", SECOND, 11, 8), ArgumentError),
        (lambda: trades([1], [1, 2], [1, 2]), ArgumentError),
        (lambda: trades([1], [1.5], [1]), ArgumentError),
        (lambda: Bars("tick", 1, 2, 8).apply(np.zeros(1)), ArgumentError),
        (lambda: Bars("time", SECOND, 2, 8).advance(-1), ArgumentError),
    ],
)
def test_wrong_calls(call: Callable[[], Any], error: type[Exception]) -> None:
    with pytest.raises(error):
        call()


def test_closed_bars_say_so() -> None:
    bars = Bars("tick", 1, 2, 8)
    bars.close()
    with pytest.raises(ClosedError):
        bars.advance(1)
