"""What an outsider needs beside the tables to redo a run's money. Numbers are decimal text."""

from __future__ import annotations

from typing import Any, Final

from bot3.engine.decimals import MONEY_SCALE, plain
from bot3.engine.money import METHODS
from bot3.engine.plan import RunPlan

__all__ = ["account_facts", "instrument_facts"]

_PRICES: Final = ("tick", "price_step", "price_min", "price_max")
_QTYS: Final = ("lot_step", "lot_min", "lot_max", "market_lot_step", "market_lot_min", "market_lot_max")
_MONEY: Final = ("notional_min", "notional_max")


def instrument_facts(plan: RunPlan) -> list[dict[str, Any]]:
    """The instruments in the engine's order: names, scales, and the filters that decide sizes; 0 is off."""
    return [
        {
            "symbol": fields["symbol"],
            "base": plan.currency_names[fields["base_currency"]],
            "quote": plan.currency_names[fields["quote_currency"]],
            "price_scale": fields["price_scale"],
            "qty_scale": fields["qty_scale"],
            **{name: plain(fields[f"{name}_raw"], fields["price_scale"]) for name in _PRICES},
            **{name: plain(fields[f"{name}_raw"], fields["qty_scale"]) for name in _QTYS},
            **{name: plain(fields[f"{name}_raw"], MONEY_SCALE) for name in _MONEY},
        }
        for fields in plan.instruments
    ]


def account_facts(plan: RunPlan) -> dict[str, Any]:
    """P&L method, reporting currency, strategies by id; of each currency its starting balance and configured rate."""
    return {
        "pnl_method": METHODS[plan.engine["pnl_method"]],
        "reporting_currency": plan.currency_names[plan.engine["reporting_currency"]],
        "currencies": [
            {
                "name": currency["name"],
                "start": plain(currency["start_raw"], MONEY_SCALE),
                "rate": plain(currency["rate_raw"], MONEY_SCALE) if currency["rate_raw"] else None,
            }
            for currency in plan.currencies
        ],
        "strategies": [
            {"id": index + 1, "name": strategy.name, "instrument": plan.symbols[strategy.instrument]}
            for index, strategy in enumerate(plan.strategies)
        ],
    }
