"""How often a two-sided quoter fills in hftbacktest on our session: fill counts to compare with the paper venue's.

The quoter is the one of benches/quoter.py, line by line: at the first quote (depth message, or bookTicker that is news)
at least 100 ms after the last decision, join its best bid and best ask with post-only orders of 0.001; an order that is
no longer at the best is cancelled, the next one follows when it is gone; position at most 0.05 either way.

Both sides run on receive time (exchange time = local time = when the message was received), entry latency 1 ms, answers
at once, partial fills. Two feeds: `depth` has the depth messages and trades, what hftbacktest's own converters make;
`fused` has the bookTicker worked in too, so that it shows each price's quantity as our venue sees it.

    python benches/peers/hftbacktest_fills.py FOLDER_OF_THE_RECORDINGS

Prints one JSON object: feed -> queue model -> fills, quantity, orders. Runs in the environment of the peers.
"""

from __future__ import annotations

import heapq
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
from hftbacktest import GTX, LIMIT, BacktestAsset, HashMapMarketDepthBacktest
from hftbacktest.types import BUY_EVENT, DEPTH_EVENT, EXCH_EVENT, LOCAL_EVENT, SELL_EVENT, TRADE_EVENT, event_dtype
from numba import njit

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tests" / "oracle"))
from paper_cases import Market, Message, messages, raw

BOTH = EXCH_EVENT | LOCAL_EVENT
SIDES = {"b": BUY_EVENT, "a": SELL_EVENT}
Row = tuple[int, int, int, float, float, int, int, float]


def row(kind: int, message: Message, price: int, qty: int) -> Row:
    return (kind | BOTH, message.recv_ns, message.recv_ns, price / 1e8, qty / 1e8, 0, 0, 0.0)


class Feed:
    """Rows for hftbacktest as messages come. fused: what is displayed by ticker and depth; else by depth alone."""

    def __init__(self, fused: bool) -> None:
        self.fused = fused
        self.rows: list[Row] = []
        self.sent: dict[str, dict[int, int]] = {"b": {}, "a": {}}
        self.ranked: dict[str, list[int]] = {"b": [], "a": []}  # heaps of prices, best first; some are gone

    def show(self, message: Message, side: str, price: int, qty: int) -> None:
        if self.sent[side].get(price, 0) == qty:
            return
        self.sent[side][price] = qty
        if qty and self.fused:
            heapq.heappush(self.ranked[side], -price if side == "b" else price)
        self.rows.append(row(DEPTH_EVENT | SIDES[side], message, price, qty))

    def take(self, message: Message, market: Market) -> None:
        if message.kind == "trade":
            side = SELL_EVENT if message.data["m"] else BUY_EVENT
            self.rows.append(row(TRADE_EVENT | side, message, raw(message.data["p"]), raw(message.data["q"])))
            return
        for side in "ba":
            best = market.touch[side][0]
            if message.kind == "snapshot":
                prices = list(market.levels[side])
            else:
                prices = [raw(p) for p, _ in message.data[side]] if message.kind == "depth" else []
            if self.fused:
                ranked = self.ranked[side]
                while ranked and ranked[0] < (-best if side == "b" else best):
                    self.show(message, side, abs(heapq.heappop(ranked)), 0)
                for price in [best, *prices]:
                    self.show(message, side, price, market.shown(side, price)[0])
            elif message.kind != "ticker":
                for price in prices:
                    self.show(message, side, price, market.levels[side].get(price, 0))


def session(folder: Path) -> tuple[dict[str, np.ndarray[Any, Any]], np.ndarray[Any, Any]]:
    """Events of both feeds, and the decisions: time, best bid and ask in ticks."""
    market, feeds, decisions, next_ns = Market(), {"depth": Feed(False), "fused": Feed(True)}, [], 0
    for message in messages(folder):
        before = market.depth_id, market.touch_id
        market.take(message)
        after = market.depth_id, market.touch_id
        if market.synced:
            for feed in feeds.values():
                feed.take(message, market)
        if after == before or message.kind == "trade" or message.recv_ns < next_ns:
            continue
        next_ns = message.recv_ns + 100_000_000
        bid, ask = market.touch["b"][0], market.touch["a"][0]
        if message.kind == "depth":
            bid, ask = max(market.levels["b"]), min(market.levels["a"])
        if market.synced:
            decisions.append((message.recv_ns, bid // 1_000_000, ask // 1_000_000))
    arrays = {name: np.array(feed.rows, event_dtype) for name, feed in feeds.items()}
    return arrays, np.array(decisions, np.int64)


@njit
def quoter(hbt, decisions, qty, position_max):  # type: ignore[no-untyped-def]
    live = np.zeros(2, np.int64)  # order id of the buy, of the sell
    ticks = np.zeros(2, np.int64)
    next_id = 1
    for i in range(len(decisions)):
        if hbt.elapse(decisions[i, 0] - hbt.current_timestamp) != 0:
            break
        hbt.clear_inactive_orders(0)
        orders = hbt.orders(0)
        position = hbt.position(0)
        for side in range(2):
            tick = decisions[i, 1 + side]
            if live[side] != 0 and live[side] in orders:
                order = orders.get(live[side])
                if ticks[side] != tick and order.cancellable:
                    hbt.cancel(0, live[side], False)
                continue
            live[side] = 0
            if side == 0 and position < position_max - 1e-9:
                hbt.submit_buy_order(0, next_id, tick * 0.01, qty, GTX, LIMIT, False)
            elif side == 1 and position > -position_max + 1e-9:
                hbt.submit_sell_order(0, next_id, tick * 0.01, qty, GTX, LIMIT, False)
            else:
                continue
            live[side] = next_id
            ticks[side] = tick
            next_id += 1
    return next_id - 1


def backtest(data: np.ndarray[Any, Any], queue: str) -> HashMapMarketDepthBacktest:
    asset = (
        BacktestAsset()
        .data(data)
        .linear_asset(1.0)
        .constant_order_latency(1_000_000, 0)
        .partial_fill_exchange()
        .trading_value_fee_model(0.0, 0.0)
        .tick_size(0.01)
        .lot_size(0.00001)
    )
    asset = asset.risk_adverse_queue_model() if queue == "risk_adverse" else asset.power_prob_queue_model(1.0)
    return HashMapMarketDepthBacktest([asset])


def main() -> None:
    arrays, decisions = session(Path(sys.argv[1]))
    result: dict[str, Any] = {}
    for feed, data in arrays.items():
        for queue in ("risk_adverse", "power_prob_1"):
            hbt = backtest(data, queue)
            orders = quoter(hbt, decisions, 0.001, 0.05)
            state = hbt.state_values(0)
            result.setdefault(feed, {})[queue] = {
                "fills": int(state.num_trades),
                "qty": round(float(state.trading_volume), 5),
                "orders": int(orders),
            }
            hbt.close()
    print(json.dumps(result))


if __name__ == "__main__":
    main()
