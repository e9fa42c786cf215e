"""The tables of `--out`, column by column, and the one that needs memory: orders, a row each."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import numpy as np

from bot3.engine.builtin import find_builtin
from bot3.engine.plan import BuiltinStrategy, RunPlan
from bot3.ffi import lib
from bot3.ffi.status import text
from bot3.storage.columns import Column

__all__ = ["OrderRows", "tables_of"]

_SIDES: Final = ("", "buy", "sell")
_TYPES: Final = ("", "market", "limit", "stop", "stop_limit")
_TIFS: Final = ("", "gtc", "ioc", "fok", "post_only")
_STATES: Final = (
    "", "pending_new", "working", "partially_filled", "filled", "pending_cancel", "canceled", "rejected", "expired",
    "unknown", "refused",
)  # fmt: skip
_REFUSED: Final = len(_STATES) - 1
_DONE: Final = (lib.B3_FILLED, lib.B3_CANCELED, lib.B3_REJECTED, lib.B3_EXPIRED, _REFUSED)
_ACTIONS: Final = ("", "new", "cancel", "replace")

_RECEIVED: Final = Column("ts_recv_ns", "time")
_EXCHANGE: Final = Column("ts_exchange_ns", "time")
_INPUT: Final = Column("input_no", "<u8")
_INSTRUMENT: Final = Column("instrument", "symbol")


def tables_of(plan: RunPlan) -> dict[str, list[Column]]:
    """The columns of each table of a run, by table name."""
    strategies = ("", *(strategy.name for strategy in plan.strategies))
    rules = tuple(text(lib.b3_rule_name(rule)) for rule in range(lib.B3_RULE_END))
    strategy = Column("strategy", "name", names=strategies)
    strategy_id = Column("strategy_id", "<u2", "strategy")
    side = Column("side", "name", names=_SIDES)
    currency = Column("currency", "name", names=plan.currency_names)
    return {
        "book": [
            _INSTRUMENT, Column("update_id", "<i8"), _EXCHANGE, _RECEIVED,
            Column("bid_px", "price", "bid_price_raw"), Column("bid_qty", "qty", "bid_qty_raw"),
            Column("ask_px", "price", "ask_price_raw"), Column("ask_qty", "qty", "ask_qty_raw"), _INPUT,
        ],
        "trades": [
            _INSTRUMENT, Column("trade_id", "<i8"), _EXCHANGE, _RECEIVED, Column("px", "price", "price_raw"),
            Column("qty", "qty", "qty_raw"), Column("buyer_maker", "?"), Column("first_trade_id", "<i8"),
            Column("last_trade_id", "<i8"), _INPUT,
        ],
        "bars": [
            _INSTRUMENT, Column("open_ts_ns", "time"), Column("close_ts_ns", "time"), _RECEIVED,
            Column("open", "price", "open_raw"), Column("high", "price", "high_raw"), Column("low", "price", "low_raw"),
            Column("close", "price", "close_raw"), Column("volume", "qty", "volume_raw"),
            Column("notional", "money", "notional_raw"), Column("vwap", "price", "vwap_raw"),
            Column("trade_count", "<u4"), Column("interval_ms", "<u4"), Column("empty", "?"), _INPUT,
        ],
        "signals": [
            _INSTRUMENT, strategy, Column("signal", "name", names=_signal_names(plan)), Column("value", "<f8"),
            _RECEIVED, _INPUT,
        ],
        "orders": [
            _INSTRUMENT, strategy, Column("order_id", "<u8"), Column("action", "name", names=_ACTIONS), side,
            Column("type", "name", "order_type", _TYPES), Column("tif", "name", names=_TIFS),
            Column("px", "price", "price_raw"), Column("stop_px", "price", "stop_price_raw"),
            Column("qty", "qty", "qty_raw"), Column("state", "name", names=_STATES),
            Column("rule", "name", names=rules), Column("filled_qty", "qty", "filled_qty_raw"),
            Column("fee", "money", "fee_raw"), Column("ts_request_ns", "time"), Column("ts_last_ns", "time"),
            Column("arrival_bid", "price", "bid_price_raw"), Column("arrival_ask", "price", "ask_price_raw"),
            Column("exit", "?"), _INPUT,
        ],
        "fills": [
            _INSTRUMENT, strategy, strategy_id, Column("order_id", "<u8"), Column("exec_id", "<u8"), _RECEIVED, side,
            Column("px", "price", "last_price_raw"), Column("qty", "qty", "last_qty_raw"),
            Column("fee", "money", "fee_raw"), Column("fee_currency", "name", names=plan.currency_names),
            Column("fee_rate", "money", "fee_rate_raw"), Column("liquidity", "name", names=("", "maker", "taker")),
            _INPUT,
        ],
        "positions": [
            _INSTRUMENT, strategy, strategy_id, _RECEIVED, Column("qty", "qty", "qty_raw"),
            Column("cost", "money", "cost_raw"),
            Column("realized", "money", "realized_raw"), Column("fees", "money", "fees_raw"),
            Column("unrealized", "money", "unrealized_raw"), Column("mark_px", "price", "mark_price_raw"), currency,
            Column("incomplete", "?"), _INPUT,
        ],
        "balances": [
            _RECEIVED, currency, Column("total", "money", "total_raw"), Column("locked", "money", "locked_raw"), _INPUT,
        ],
        "rates": [
            _RECEIVED, Column("base", "name", names=plan.currency_names),
            Column("quote", "name", names=plan.currency_names), Column("rate", "money", "rate_raw"), _INPUT,
        ],
        "equity": [_RECEIVED, currency, Column("equity", "money", "equity_raw"), _INPUT],
    }  # fmt: skip


def _signal_names(plan: RunPlan) -> tuple[str, ...]:
    """Signals are numbered per strategy: code = strategy id x stride + number, see signal_codes."""
    stride = signal_stride(plan)
    names = [""] * stride
    for strategy in plan.strategies:
        own = find_builtin(strategy.name).signals if isinstance(strategy, BuiltinStrategy) else ()
        names += [*own, *[""] * (stride - len(own))]
    return tuple(names)


def signal_stride(plan: RunPlan) -> int:
    """Room for each strategy's signal names in one list."""
    counts = [len(find_builtin(s.name).signals) for s in plan.strategies if isinstance(s, BuiltinStrategy)]
    return max(counts, default=0) + 1


class OrderRows:
    """Requests and what became of each: a row when it is done, the open ones at the end."""

    def __init__(self) -> None:
        self._open: dict[int, dict[str, int]] = {}

    def on_request(self, request: np.void) -> None:
        """A request as risk sees it, its order id given. A cancel is no row: it shows in its order's."""
        if request["action"] == lib.B3_CANCEL:
            return
        names = (
            "instrument",
            "strategy",
            "order_id",
            "action",
            "side",
            "order_type",
            "tif",
            "price_raw",
            "stop_price_raw",
            "qty_raw",
            "input_no",
        )
        row = {name: int(request[name]) for name in names}
        row |= {"state": lib.B3_PENDING_NEW, "rule": 0, "filled_qty_raw": 0, "fee_raw": 0}
        row |= {"ts_request_ns": int(request["ts_recv_ns"]), "ts_last_ns": int(request["ts_recv_ns"])}
        row |= {"bid_price_raw": 0, "ask_price_raw": 0, "exit": int(request["flags"]) & lib.B3_FLAG_EXIT}
        self._open[row["order_id"]] = row

    def on_decision(self, decision: np.void) -> dict[str, int] | None:
        """Risk's answer; returns the row when it was no."""
        row = self._open.get(int(decision["order_id"]))
        if row is None or decision["action"] == lib.B3_CANCEL:
            return None
        row |= {name: int(decision[name]) for name in ("bid_price_raw", "ask_price_raw")}
        if decision["allowed"]:
            return None
        return self._open.pop(row["order_id"]) | {"state": _REFUSED, "rule": int(decision["rule"])}

    def on_update(self, update: np.void) -> dict[str, int] | None:
        """What the venue told; returns the row when the order is done."""
        row = self._open.get(int(update["order_id"]))
        if row is None or int(update["flags"]) & lib.B3_FLAG_CANCEL_REJECT:
            return None
        row["state"], row["rule"] = int(update["state"]), int(update["rule"])
        row["filled_qty_raw"] = int(update["cum_qty_raw"])
        row["fee_raw"] += int(update["fee_raw"])
        row["ts_last_ns"] = int(update["ts_recv_ns"])
        return self._open.pop(row["order_id"]) if row["state"] in _DONE else None

    def rest(self) -> Iterable[dict[str, int]]:
        """The rows of what is still open."""
        return self._open.values()
