"""What a run's account says at the end, as decimal text: positions, P&L, balances, equity, and what is missing in them.

Keys are the same whatever the P&L method is. In the reporting currency means: x the rate of that moment, each figure
rounded half to even at 8 digits.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from bot3.engine.core import Engine
from bot3.engine.decimals import MONEY_SCALE, plain
from bot3.engine.plan import RunPlan
from bot3.ffi import lib

if TYPE_CHECKING:
    from bot3.ffi._core import CData

__all__ = ["METHODS", "balances", "equity", "instrument_money", "pnl", "rates", "strategy_money"]

METHODS: Final = {
    lib.B3_PNL_WEIGHTED_AVERAGE: "weighted_average",
    lib.B3_PNL_FIFO: "fifo",
    lib.B3_PNL_LIFO: "lifo",
}
_FIGURES: Final = ("realized", "unrealized", "fees")


def instrument_money(engine: Engine, plan: RunPlan, index: int) -> dict[str, Any]:
    """The account's position in an instrument. dust: what of it no order can sell (or buy back); mark: the mid."""
    position = engine.position(index)
    fields = plan.instruments[index]
    dust_raw = position.qty_raw - sellable_raw(fields, position.qty_raw)
    return {
        **_position(position, plan, index),
        "dust": plain(dust_raw, fields["qty_scale"]),
        "mark": plain(position.mark_price_raw, fields["price_scale"]),
    }


def strategy_money(engine: Engine, plan: RunPlan, strategy_id: int) -> dict[str, Any]:
    """What a strategy has traded in its instrument. strategy_id: from 1."""
    index = plan.strategies[strategy_id - 1].instrument
    return _position(engine.strategy_position(strategy_id), plan, index)


def sellable_raw(instrument: dict[str, Any], qty_raw: int) -> int:
    """What a market order can take out of a quantity: whole steps of both lot filters, at least their minima."""
    size = abs(qty_raw)
    for step in (instrument["lot_step_raw"], instrument["market_lot_step_raw"]):
        size -= size % step if step else 0
    if size < max(instrument["lot_min_raw"], instrument["market_lot_min_raw"]):
        return 0
    return size if qty_raw > 0 else -size


def _position(position: CData, plan: RunPlan, index: int) -> dict[str, Any]:
    return {
        "position": plain(position.qty_raw, plan.instruments[index]["qty_scale"]),
        "cost": plain(position.cost_raw, MONEY_SCALE),
        **_figures(position.realized_raw, position.unrealized_raw, position.fees_raw),
        "quote": plan.currency_names[position.currency],
        "incomplete": bool(position.hdr.flags & lib.B3_FLAG_INCOMPLETE),
    }


def _figures(realized_raw: int, unrealized_raw: int, fees_raw: int) -> dict[str, str]:
    total_raw = realized_raw + unrealized_raw - fees_raw
    values = zip((*_FIGURES, "total"), (realized_raw, unrealized_raw, fees_raw, total_raw), strict=True)
    return {name: plain(raw, MONEY_SCALE) for name, raw in values}


def pnl(engine: Engine, plan: RunPlan) -> dict[str, Any]:
    """P&L of the account in the reporting currency and by_currency; what could not be counted in it, in words."""
    reporting = plan.engine["reporting_currency"]
    quotes = {instrument["quote_currency"] for instrument in plan.instruments}
    by_currency, sums, missing = {}, [0, 0, 0], _unconverted_fees(engine, plan)
    for currency in sorted(quotes | {reporting}):
        found, name = engine.pnl(currency), plan.currency_names[currency]
        raws = [getattr(found, f"{figure}_raw") for figure in _FIGURES]
        by_currency[name] = _figures(*raws)
        rate_raw = engine.rate(currency)
        if rate_raw is not None:
            sums = [total + _converted(raw, rate_raw) for total, raw in zip(sums, raws, strict=True)]
        elif any(raws):
            missing.append(f"P&L in {name} is left out: its rate in {plan.currency_names[reporting]} is not known")
    return {
        **_figures(*sums),
        "method": METHODS[plan.engine["pnl_method"]],
        "currency": plan.currency_names[reporting],
        "incomplete": bool(missing),
        "incomplete_because": missing,
        "by_currency": by_currency,
    }


def _unconverted_fees(engine: Engine, plan: RunPlan) -> list[str]:
    positions = [engine.position(index) for index in range(len(plan.symbols))]
    return [
        f"fees of {symbol} are left out: no rate was known when they were paid (give one with account.rates)"
        for symbol, position in zip(plan.symbols, positions, strict=True)
        if position.hdr.flags & lib.B3_FLAG_INCOMPLETE
    ]


def _converted(raw: int, rate_raw: int) -> int:
    """Half to even, as the core rounds."""
    whole, rest = divmod(raw * rate_raw, 10**MONEY_SCALE)
    twice = 2 * rest
    return whole + (twice > 10**MONEY_SCALE or (twice == 10**MONEY_SCALE and whole % 2 == 1))


def balances(engine: Engine, plan: RunPlan) -> dict[str, dict[str, str]]:
    """Total and locked of every currency that has any."""
    found = {}
    for index, name in enumerate(plan.currency_names):
        balance = engine.balance(index)
        if balance.total_raw or balance.locked_raw:
            found[name] = {
                "total": plain(balance.total_raw, MONEY_SCALE),
                "locked": plain(balance.locked_raw, MONEY_SCALE),
            }
    return found


def rates(engine: Engine, plan: RunPlan) -> dict[str, str | None]:
    """One unit of each currency in the reporting currency; None: not known."""
    found = ((name, engine.rate(index)) for index, name in enumerate(plan.currency_names))
    return {name: None if raw is None else plain(raw, MONEY_SCALE) for name, raw in found}


def equity(engine: Engine) -> str | None:
    """All balances in the reporting currency; None: one of them has no value."""
    raw = engine.equity()
    return None if raw is None else plain(raw, MONEY_SCALE)
