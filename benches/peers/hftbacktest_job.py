"""hftbacktest on the session of our main job: nanoseconds a book level or trade, idle and with a market maker.

Its input is built outside the timed part: the session's depth levels and trades as its own binary events, by its own
rules of order. So it parses nothing, and sees no bookTicker; it keeps two books (the exchange's and the local one),
queue position and latency, as it always does. Prints one JSON object. Runs in the environment of the peers (see
pyproject.toml, extra `peers`).
"""

from __future__ import annotations

import gzip
import json
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
from hftbacktest import (
    GTX,
    LIMIT,
    BacktestAsset,
    HashMapMarketDepthBacktest,
)
from hftbacktest.data import correct_event_order, correct_local_timestamp
from hftbacktest.types import (
    BUY_EVENT,
    DEPTH_EVENT,
    DEPTH_SNAPSHOT_EVENT,
    SELL_EVENT,
    TRADE_EVENT,
    event_dtype,
)
from numba import njit

RUNS = 5


def events_of(files: list[Path]) -> np.ndarray[Any, Any]:
    """Levels and trades of the recorded session, from the snapshot on."""
    rows: list[tuple[int, int, int, float, float, int, int, float]] = []
    snapshot_id = None
    for file in files:
        with gzip.open(file, "rt") as lines:
            for line in lines:
                stamp, text = line.split(" ", 1)
                recv_ns = int(stamp)
                message = json.loads(text)
                data = message.get("data", message)
                if "lastUpdateId" in data:
                    snapshot_id = data["lastUpdateId"]
                    exch_ns = rows[-1][1] if rows else recv_ns
                    for side, flag in (("bids", BUY_EVENT), ("asks", SELL_EVENT)):
                        kind = DEPTH_SNAPSHOT_EVENT | flag
                        for price, qty in data[side]:
                            rows.append((kind, exch_ns, recv_ns, float(price), float(qty), 0, 0, 0))
                elif data.get("e") == "trade":
                    flag = SELL_EVENT if data["m"] else BUY_EVENT
                    exch_ns = data["T"] * 1_000_000
                    rows.append((TRADE_EVENT | flag, exch_ns, recv_ns, float(data["p"]), float(data["q"]), 0, 0, 0))
                elif data.get("e") == "depthUpdate" and snapshot_id is not None and data["u"] > snapshot_id:
                    exch_ns = data["E"] * 1_000_000
                    for side, flag in (("b", BUY_EVENT), ("a", SELL_EVENT)):
                        for price, qty in data[side]:
                            rows.append((DEPTH_EVENT | flag, exch_ns, recv_ns, float(price), float(qty), 0, 0, 0))
    raw = np.array(rows, event_dtype)
    aligned = correct_local_timestamp(raw, 0)
    by_exchange = np.argsort(aligned["exch_ts"], kind="mergesort")
    by_local = np.argsort(aligned["local_ts"], kind="mergesort")
    return correct_event_order(aligned, by_exchange, by_local)


@njit
def no_orders(hbt):  # type: ignore[no-untyped-def]
    steps = 0
    while hbt.elapse(100_000_000) == 0:
        steps += 1
    return steps


@njit
def market_maker(hbt):  # type: ignore[no-untyped-def]
    sent = 0
    while hbt.elapse(100_000_000) == 0:
        hbt.clear_inactive_orders(0)
        depth = hbt.depth(0)
        if depth.best_bid_tick <= 0 or depth.best_ask_tick >= 2147483647:
            continue
        bid = depth.best_bid_tick - 1
        ask = depth.best_ask_tick + 1
        orders = hbt.orders(0)
        values = orders.values()
        while values.has_next():
            order = values.get()
            if order.cancellable and order.price_tick != bid and order.price_tick != ask:
                hbt.cancel(0, order.order_id, False)
        position = hbt.position(0)
        if position < 0.1 and bid not in orders:
            hbt.submit_buy_order(0, bid, bid * 0.01, 0.001, GTX, LIMIT, False)
            sent += 1
        if position > -0.1 and ask not in orders:
            hbt.submit_sell_order(0, ask, ask * 0.01, 0.001, GTX, LIMIT, False)
            sent += 1
    return sent


def backtest(data: np.ndarray[Any, Any]) -> HashMapMarketDepthBacktest:
    asset = (
        BacktestAsset()
        .data(data)
        .linear_asset(1.0)
        .constant_order_latency(1_000_000, 1_000_000)
        .power_prob_queue_model(2.0)
        .no_partial_fill_exchange()
        .trading_value_fee_model(0.001, 0.001)
        .tick_size(0.01)
        .lot_size(0.00001)
    )
    return HashMapMarketDepthBacktest([asset])


def nanoseconds(data: np.ndarray[Any, Any], job: Any) -> float:
    """Median time of a run over the units of work; the first run compiles and is not counted."""
    times = []
    for _ in range(RUNS + 1):
        hbt = backtest(data)
        started = time.perf_counter_ns()
        job(hbt)
        times.append(time.perf_counter_ns() - started)
        hbt.close()
    return float(np.median(times[1:]))


def main() -> None:
    files = [Path(name) for name in sys.argv[1:]]
    data = events_of(files)
    kinds = data["ev"] & 0xFF
    units = int(np.sum((kinds == DEPTH_EVENT) | (kinds == TRADE_EVENT) | (kinds == DEPTH_SNAPSHOT_EVENT)))
    result = {
        "units": units,
        "rows": len(data),
        "ns_no_orders": nanoseconds(data, no_orders) / units,
        "ns_market_maker": nanoseconds(data, market_maker) / units,
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
