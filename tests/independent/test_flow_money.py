"""Random fills through the account, written as a run writes them, against money_from_fills.py.

What the sample cannot show: several instruments and quote currencies, fees in base, quote and third assets, rebates,
rates that are not known, dust, flips of every size, lots that merge. The fills are made here.
"""

import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from hypothesis import given, settings
from hypothesis import strategies as st
from money_from_fills import METHODS, Redone
from trading_kit import BUY, MONEY, PARTIALLY_FILLED, SELL, Account, Core

from bot3.engine import money
from bot3.engine.plan import ExternalStrategy, RunPlan
from bot3.storage.columns import Names, Schema
from bot3.storage.facts import account_facts, instrument_facts
from bot3.storage.tables import tables_of

USDT, BTC, ETH, BNB, XYZ = range(5)
NAMES = ("USDT", "BTC", "ETH", "BNB", "XYZ")
RATES = {BNB: 512 * MONEY + 1}  # XYZ has none
# Symbol, base, quote, scales, lot: BTC is a quote too, so P&L in BTC needs a rate, and BNB gets a market of its own.
PAIRS = [("BTCUSDT", BTC, USDT, 2, 8, 1000), ("ETHBTC", ETH, BTC, 8, 8, 10**5), ("BNBUSDT", BNB, USDT, 10, 9, 10**7)]
FILTERS = ("tick", "price_step", "price_min", "price_max", "lot_step", "lot_min", "lot_max")
FILTERS += ("market_lot_step", "market_lot_min", "market_lot_max", "notional_min", "notional_max")

fills = st.lists(
    st.fixed_dictionaries(
        {
            "pair": st.integers(0, len(PAIRS) - 1),
            "by_strategy": st.booleans(),
            "side": st.sampled_from([BUY, SELL]),
            "price": st.integers(1, 10**4),
            "qty": st.integers(1, 10**4) | st.sampled_from([10**5, 123_456_789]),
            "order": st.integers(0, 3),  # how far back: fills of one order, at its price or not
            "same_price": st.booleans(),
            "fee": st.sampled_from([0, 0, 1, 7, 999, 10**6, -1, -50]),
            "fee_currency": st.sampled_from(["quote", "base", BNB, XYZ]),
            "mark": st.integers(0, 10**4),
        }
    ),
    min_size=1,
    max_size=60,
)
starts = st.tuples(*(st.sampled_from([0, 1, 10**12]) for _ in NAMES))


def plan_of(method: int, start: tuple[int, ...]) -> RunPlan:
    instruments = [
        {
            "symbol": symbol,
            "venue": 1,
            "base_currency": base,
            "quote_currency": quote,
            "price_scale": price_scale,
            "qty_scale": qty_scale,
            **{f"{name}_raw": 0 for name in FILTERS},
            "lot_step_raw": lot,
            "lot_min_raw": 3 * lot,
        }
        for symbol, base, quote, price_scale, qty_scale, lot in PAIRS
    ]
    currencies = [{"name": name, "start_raw": start[i], "rate_raw": RATES.get(i, 0)} for i, name in enumerate(NAMES)]
    strategies = tuple(ExternalStrategy(name, pair, 0) for name, pair in (("one", 0), ("two", 1)))
    return RunPlan(
        engine={"pnl_method": method, "reporting_currency": USDT},
        currencies=tuple(currencies),
        instruments=tuple(instruments),
        limits=(),
        strategies=strategies,
    )


class Session:
    """The account, and what a run would have written of it. Has what bot3.engine.money asks of an engine."""

    def __init__(self, core: Core, plan: RunPlan) -> None:
        self.core, self.plan, self.lib = core, plan, core.lib
        described = [{k: v for k, v in fields.items() if k != "symbol"} for fields in plan.instruments]
        self.account = Account(
            core, core.instruments(*described), len(NAMES), rates=RATES, method=plan.engine["pnl_method"], lots=4096
        )
        for currency, fields in enumerate(plan.currencies):
            assert self.account.deposit(currency, fields["start_raw"]) == 0
        self.rows: dict[str, list[dict[str, Any]]] = {name: [] for name in ("fills", "positions", "balances", "rates")}
        self.input_no = 0

    def position(self, instrument: int, strategy: int = 0) -> Any:
        out = self.core.ffi.new("b3_position *")
        self.lib.b3_account_read_strategy(self.account.handle, strategy, instrument, out)
        return out

    def strategy_position(self, strategy: int) -> Any:
        return self.position(self.plan.strategies[strategy - 1].instrument, strategy)

    def balance(self, currency: int) -> Any:
        out = self.core.ffi.new("b3_balance *")
        self.lib.b3_account_read_balance(self.account.handle, currency, out)
        return out

    def pnl(self, currency: int) -> Any:
        out = self.core.ffi.new("b3_pnl *")
        assert self.lib.b3_account_read_pnl(self.account.handle, currency, out) == 0
        return out

    def rate(self, currency: int, quote: int = USDT) -> int | None:
        out = self.core.ffi.new("int64_t *")
        status = self.lib.b3_account_rate(self.account.handle, currency, quote, out)
        assert status in (0, self.lib.B3_EMPTY)
        return None if status else int(out[0])

    def equity(self) -> int | None:
        return self.account.equity()

    def fill(self, drawn: dict[str, Any], order_id: int) -> None:
        pair, fields = drawn["pair"], self.plan.instruments[drawn["pair"]]
        currency = {"quote": fields["quote_currency"], "base": fields["base_currency"]}.get(
            drawn["fee_currency"], drawn["fee_currency"]
        )
        owners = {s.instrument: i + 1 for i, s in enumerate(self.plan.strategies)}
        strategy = owners.get(pair, 0) if drawn["by_strategy"] else 0
        qty = drawn["qty"] * (10 if fields["qty_scale"] == 9 else 1)
        row = {
            "instrument": pair, "strategy": strategy, "order_id": order_id, "side": drawn["side"],
            "last_price_raw": drawn["price"], "last_qty_raw": qty, "fee_raw": drawn["fee"], "fee_currency": currency,
        }  # fmt: skip
        foreign = drawn["fee"] != 0 and currency not in (fields["base_currency"], fields["quote_currency"])
        rate = self.rate(currency, fields["quote_currency"]) if foreign else None
        assert self.account.on_update(self.core.update(state=PARTIALLY_FILLED, **row)) == 0
        self.input_no += 1
        at = {"input_no": self.input_no, "ts_recv_ns": self.input_no}
        self.rows["fills"].append(
            row | at | {"exec_id": self.input_no, "fee_rate_raw": rate or 0, "liquidity": self.lib.B3_TAKER}
        )
        if rate is not None:
            quote = fields["quote_currency"]
            self.rows["rates"].append(at | {"instrument": pair, "base": currency, "quote": quote, "rate_raw": rate})
        for whose in sorted({0, strategy}):
            self.say_position(pair, whose, at)
        moved = {fields["base_currency"], fields["quote_currency"], *([currency] if drawn["fee"] else [])}
        for moved_currency in sorted(moved):
            balance = self.balance(moved_currency)
            amounts = {"total_raw": balance.total_raw, "locked_raw": balance.locked_raw}
            self.rows["balances"].append(at | amounts | {"instrument": pair, "currency": moved_currency})

    def say_position(self, pair: int, strategy: int, at: dict[str, int]) -> None:
        position = self.position(pair, strategy)
        names = ("qty_raw", "cost_raw", "realized_raw", "fees_raw", "unrealized_raw", "mark_price_raw", "currency")
        incomplete = bool(position.hdr.flags & self.lib.B3_FLAG_INCOMPLETE)
        row = {name: getattr(position, name) for name in names}
        self.rows["positions"].append(at | row | {"instrument": pair, "strategy": strategy, "incomplete": incomplete})

    def write(self, folder: Path) -> None:
        tables = tables_of(self.plan)
        names = Names.of(self.plan)
        for name in ("fills", "positions", "balances", "rates", "equity"):
            schema, rows = Schema(tables[name], names), self.rows.get(name, [])
            table = pa.Table.from_batches([], schema.arrow)
            if rows:
                table = pa.Table.from_batches([schema.batch({k: np.array([r[k] for r in rows]) for k in rows[0]})])
            pq.write_table(table, folder / f"{name}.parquet")
        summary = {
            "instruments": {s: money.instrument_money(self, self.plan, i) for i, s in enumerate(self.plan.symbols)},
            "strategies": [
                {
                    "id": i + 1,
                    "instrument": self.plan.symbols[s.instrument],
                    **money.strategy_money(self, self.plan, i + 1),
                }
                for i, s in enumerate(self.plan.strategies)
            ],
            "pnl": money.pnl(self, self.plan),
            "balances": money.balances(self, self.plan),
            "rates": money.rates(self, self.plan),
            "equity": money.equity(self),
        }
        for name, tree in (
            ("account", account_facts(self.plan)),
            ("instruments", instrument_facts(self.plan)),
            ("summary", summary),
        ):
            (folder / f"{name}.json").write_text(json.dumps(tree))


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(range(len(METHODS))), starts, fills)
def test_random_fills_are_redone_to_the_last_digit(
    internals: tuple[Any, Any], method: int, start: tuple[int, ...], flow: list[dict[str, Any]]
) -> None:
    session = Session(Core(*internals), plan_of(method + 1, start))
    price = 0
    for number, drawn in enumerate(flow, 1):
        price = price if drawn["same_price"] and price else drawn["price"]
        session.account.mark(drawn["pair"], drawn["mark"])
        session.fill(drawn | {"price": price}, max(1, number - drawn["order"]))
    with TemporaryDirectory() as folder:
        session.write(Path(folder))
        redone = Redone(Path(folder))
    assert redone.wrong == []
    assert redone.compared > 10 * len(flow)
