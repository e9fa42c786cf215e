"""What happened in a run, as plain values: the one object of `--json`, and what the tables are made from.

Prices, quantities and money are decimal text: no exponent, no zeros at the end of the fraction.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

from bot3.engine import money
from bot3.engine.builtin import find_builtin
from bot3.engine.core import Engine
from bot3.engine.decimals import MONEY_SCALE, plain
from bot3.engine.guarding import state_of
from bot3.engine.plan import BuiltinStrategy, RunPlan
from bot3.ffi import lib
from bot3.ffi.status import status_name, text

__all__ = ["summarise", "why_no_orders"]

_PAGES = {0: "plain", 1: "transparent huge", 2: "hugetlb"}
_FIXED: Final = 0.0  # of the parameter sizing
_VOLATILITY: Final = 2.0


def summarise(engine: Engine, plan: RunPlan, wall_s: float) -> dict[str, Any]:
    """The summary of an engine that has run for wall_s seconds."""
    totals = engine.totals()
    summary: dict[str, Any] = {
        "instruments": {symbol: _instrument(engine, plan, index) for index, symbol in enumerate(plan.symbols)},
        "strategies": [_strategy(engine, plan, index) for index in range(len(plan.strategies))],
        "requests": totals.requests,
        "orders": totals.orders,
        "fills": totals.fills,
        "rejects": _rejects(totals),
        "guard": _guard(engine, plan),
        "shadow": _shadow(totals, plan),
        "signals": totals.signals,
        "bars": totals.bars,
        "pnl": money.pnl(engine, plan),
        "equity": money.equity(engine),
        "taker_fee_rate": plain(plan.engine["paper"]["fees"][0]["taker_fee_rate_raw"], MONEY_SCALE),
        "balances": money.balances(engine, plan),
        "rates": money.rates(engine, plan),
        "latency_ns": {
            stage: {
                "count": row["count"],
                "p50": row["p50_ns"],
                "p99": row["p99_ns"],
                "p999": row["p999_ns"],
                "max": row["max_ns"],
                "negative": row["negative"],
            }
            for stage, row in engine.latencies().items()
        },
        "inputs": totals.inputs,
        "events": totals.events,
        "messages": {
            "bad": totals.messages_bad,
            "ignored": totals.messages_ignored,
            "general": totals.messages_general,
            "unknown_symbol": totals.messages_unknown_symbol,
            "last_bad": _last_bad(totals),
        },
        "wall_s": wall_s,
        "events_per_s": totals.events / wall_s if wall_s > 0 else 0.0,
        "hot_loop": {
            "allocations": totals.hot_allocations,
            "page_faults": totals.hot_page_faults,
            "voluntary_switches": totals.hot_voluntary_switches,
            "seconds": totals.hot_ns / 1e9,
        },
        "journal": {"bytes": totals.journal_bytes, "waits": totals.journal_waits},
        "memory": {
            "bytes": totals.memory_bytes,
            "pages": _PAGES.get(totals.pages, str(totals.pages)),
            "locked": bool(totals.locked),
            "by_use": {name: row["bytes"] for name, row in engine.memory().items()},
        },
        "clock_offset_ns": totals.clock_offset_ns,
    }
    summary["no_orders_because"] = why_no_orders(summary, plan) if totals.orders == 0 else None
    return summary


def _guard(engine: Engine, plan: RunPlan) -> dict[str, Any]:
    guard = engine.guard()
    state = state_of(guard.saved, plan.currency_names[plan.engine["reporting_currency"]])
    return {
        **state.model_dump(mode="json", exclude={"format", "currency"}),
        "refuses": text(lib.b3_rule_name(guard.rule)) if guard.rule else None,
        "exits": guard.exits,
        "cancels": guard.cancels,
        "exiting": guard.exiting,
    }


def _shadow(totals: Any, plan: RunPlan) -> dict[str, int] | None:
    return {"would_have_sent": totals.rejects[lib.B3_RULE_SHADOW]} if plan.engine.get("shadow") else None


def _instrument(engine: Engine, plan: RunPlan, index: int) -> dict[str, Any]:
    state = engine.instrument(index)
    facts = plan.instruments[index]
    price_scale, qty_scale = facts["price_scale"], facts["qty_scale"]
    depth = state.depth
    return {
        "last_update_id": depth.update_id,
        "best_bid": plain(depth.bid_price_raw, price_scale) if depth.bid_qty_raw else None,
        "best_bid_qty": plain(depth.bid_qty_raw, qty_scale),
        "best_ask": plain(depth.ask_price_raw, price_scale) if depth.ask_qty_raw else None,
        "best_ask_qty": plain(depth.ask_qty_raw, qty_scale),
        "diffs_applied": state.diffs_applied,
        "diffs_stale": state.diffs_stale,
        "gaps": state.gaps,
        "trades": state.trades,
        "book_tickers": state.book_tickers,
        "klines": state.klines,
        "snapshots": state.snapshots,
        "levels": state.levels,
        "bars": state.bars,
        "late_trades": state.late_trades,
        "synced": bool(state.flags & lib.B3_VIEW_SYNCED),
        "halted": bool(state.flags & lib.B3_VIEW_HALTED),
        **money.instrument_money(engine, plan, index),
    }


def _strategy(engine: Engine, plan: RunPlan, index: int) -> dict[str, Any]:
    strategy = plan.strategies[index]
    found: dict[str, Any] = {
        "id": index + 1,
        "name": strategy.name,
        "instrument": plan.symbols[strategy.instrument],
        **money.strategy_money(engine, plan, index + 1),
    }
    if isinstance(strategy, BuiltinStrategy):
        params = zip(find_builtin(strategy.name).params, strategy.params, strict=True)
        found["params"] = {param.name: param.shown(value) for param, value in params}
    return found


def _rejects(totals: Any) -> dict[str, int]:
    return {text(lib.b3_rule_name(rule)): count for rule, count in enumerate(totals.rejects) if count}


def _last_bad(totals: Any) -> dict[str, Any] | None:
    if totals.messages_bad == 0:
        return None
    bad = totals.last_bad
    return {
        "input": totals.last_bad_input,
        "byte": bad.position,
        "what": text(bad.what),
        "status": status_name(bad.status),
    }


def why_no_orders(summary: dict[str, Any], plan: RunPlan) -> str:
    """One sentence on why a run sent no order."""
    if not summary["events"]:
        return "the recording holds no market data of these instruments"
    if not plan.strategies:
        return "no strategy was running"
    if all(isinstance(strategy, BuiltinStrategy) and strategy.name == "features" for strategy in plan.strategies):
        return "features publishes values and trades nothing"
    if summary["shadow"] and summary["shadow"]["would_have_sent"]:
        return f"this run is a shadow: {summary['shadow']['would_have_sent']} orders would have been sent"
    if summary["requests"]:
        refused = ", ".join(f"{rule} {count}" for rule, count in summary["rejects"].items()) or "none said why"
        return f"all {summary['requests']} requests were refused: {refused}{_futures(plan)}"
    never_synced = [symbol for symbol, row in summary["instruments"].items() if not row["snapshots"]]
    if never_synced:
        return f"the book of {', '.join(never_synced)} was never whole: there is no depth snapshot in the recording"
    broken = [s for s, row in summary["instruments"].items() if not row["synced"] and not row["diffs_applied"]]
    if broken:
        hint = "engine.dense_ticks or engine.sparse_levels may be too small"
        return f"the book of {', '.join(broken)} was never whole: it took no depth message ({hint})"
    if summary["bars"] == 0 and any(_wants_bars(strategy) for strategy in plan.strategies):
        return "no bar closed, and the strategy acts on bars: choose smaller ones with --bars"
    cold = [line for strategy in plan.strategies if (line := _not_warm(strategy, summary, plan))]
    if cold:
        return "; ".join(cold)
    small = [line for strategy in plan.strategies if (line := _too_small(strategy, summary, plan))]
    if small:
        return "; ".join(small)
    return f"the strategy asked for none: {summary['bars']} bars, {summary['signals']} signals"


def _futures(plan: RunPlan) -> str:
    futures = any(instrument["venue"] == lib.B3_VENUE_BINANCE_USDM for instrument in plan.instruments)
    return " (futures are not traded: their funding and margin are not kept yet)" if futures else ""


def _wants_bars(strategy: Any) -> bool:
    kinds = find_builtin(strategy.name).kinds if isinstance(strategy, BuiltinStrategy) else strategy.kinds
    return bool(kinds >> lib.B3_BAR & 1)


def _settings(strategy: BuiltinStrategy) -> dict[str, float]:
    return dict(zip((param.name for param in find_builtin(strategy.name).params), strategy.params, strict=True))


def _not_warm(strategy: Any, summary: dict[str, Any], plan: RunPlan) -> str:
    """A built-in strategy's longest period in bars is what it needs before it can know anything."""
    if not isinstance(strategy, BuiltinStrategy):
        return ""
    settings = _settings(strategy)
    if settings.get("sizing") != _VOLATILITY:
        settings.pop("vol_period", None)
    counted = (param.name for param in find_builtin(strategy.name).params if param.unit == "bars")
    needed = max((settings[name] for name in counted if name in settings), default=0)
    symbol = plan.symbols[strategy.instrument]
    bars = summary["instruments"][symbol]["bars"]
    return f"{strategy.name} never knew enough of {symbol}: {bars} of {needed:g} bars" if bars <= needed else ""


def _too_small(strategy: Any, summary: dict[str, Any], plan: RunPlan) -> str:
    """An entry that the venue would not take is not asked for: the default quantity does not fit every instrument."""
    settings = _settings(strategy) if isinstance(strategy, BuiltinStrategy) else {}
    if settings.get("sizing") != _FIXED:
        return ""
    facts, symbol = plan.instruments[strategy.instrument], plan.symbols[strategy.instrument]
    bid = summary["instruments"][symbol]["best_bid"]
    qty = Decimal(str(settings["qty"]))
    least = Decimal(max(facts["lot_min_raw"], facts["lot_step_raw"])).scaleb(-facts["qty_scale"])
    worth = qty * Decimal(bid or 0)
    least_worth = Decimal(facts["notional_min_raw"]).scaleb(-MONEY_SCALE)
    if qty < least:
        return f"{strategy.name}: qty={qty:f} of {symbol} is below the venue's least quantity, {least:f}"
    if bid is not None and worth < least_worth:
        return f"{strategy.name}: qty={qty:f} of {symbol} is worth {worth:f}, the venue's least is {least_worth:f}"
    return ""
