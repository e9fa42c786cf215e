"""Redoes the money of a run from its files, with Decimal and pyarrow alone: nothing of bot3 is imported.

    python tests/independent/money_from_fills.py DIR      DIR: what `bot3 run --out DIR` wrote

From starting balances, instruments and fills it rebuilds every balance, position, fee and P&L by all three methods,
after every fill, and compares each row of positions, balances, rates and equity and the summary with it: equal to the
last digit, or told. The rules are those that csrc/risk/account.h, ledger.h and worth.h state, written down once more.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import ROUND_HALF_EVEN, Context, Decimal, localcontext
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

METHODS = ("weighted_average", "fifo", "lifo")
DIGITS = Decimal("1e-8")
ZERO = Decimal(0)


def money(value: Decimal) -> Decimal:
    """Rounded half to even at 8 digits."""
    return value.quantize(DIGITS, ROUND_HALF_EVEN)


@dataclass
class Lot:
    qty: Decimal
    cost: Decimal
    price: Decimal
    order_id: int


@dataclass
class Ledger:
    """What was traded in one instrument, by one method. lots: of FIFO and LIFO, oldest first."""

    method: str
    qty: Decimal = ZERO
    cost: Decimal = ZERO
    realized: Decimal = ZERO
    fees: Decimal = ZERO
    incomplete: bool = False
    lots: list[Lot] = field(default_factory=list)

    def trade(self, price: Decimal, qty: Decimal, notional: Decimal, order_id: int) -> None:
        """A signed quantity: what goes against the position closes, the rest opens."""
        sign = 1 if qty > 0 else -1
        opening = abs(qty)
        if self.qty * sign < 0:
            closing = min(opening, abs(self.qty))
            part = notional if closing == opening else money(price * closing)
            taken = self.take(closing)
            self.realized += -sign * (part - taken)
            self.cost += sign * taken
            self.qty += sign * closing
            opening, notional = opening - closing, notional - part
        if opening:
            self.qty += sign * opening
            self.cost += sign * notional
            newest = self.lots[-1] if self.lots else None
            if newest is not None and (newest.order_id, newest.price) == (order_id, price):
                newest.qty += opening
                newest.cost += notional
            else:
                self.lots.append(Lot(opening, notional, price, order_id))

    def take(self, qty: Decimal) -> Decimal:
        """The cost of a part of the position."""
        if self.method == "weighted_average":
            if qty == abs(self.qty):
                self.lots.clear()
            return money(abs(self.cost) * qty / abs(self.qty))
        taken = ZERO
        while qty:
            lot = self.lots[0 if self.method == "fifo" else -1]
            if qty < lot.qty:
                cost = money(lot.cost * qty / lot.qty)
                lot.qty, lot.cost, qty = lot.qty - qty, lot.cost - cost, ZERO
            else:
                cost, qty = lot.cost, qty - lot.qty
                self.lots.remove(lot)
            taken += cost
        return taken

    def unrealized(self, mark: Decimal) -> Decimal:
        return money(mark * self.qty) - self.cost if mark and self.qty else ZERO


@dataclass
class Account:
    """balances: by currency. ledgers: by (method, strategy id or 0, instrument)."""

    instruments: dict[str, dict[str, Any]]
    balances: dict[str, Decimal]
    ledgers: dict[tuple[str, int, str], Ledger] = field(default_factory=dict)

    def ledger(self, method: str, strategy: int, instrument: str) -> Ledger:
        return self.ledgers.setdefault((method, strategy, instrument), Ledger(method))

    def fill(self, row: dict[str, Any]) -> None:
        symbol, sign, price, fee = row["instrument"], 1 if row["side"] == "buy" else -1, row["px"], row["fee"]
        base, quote = self.instruments[symbol]["base"], self.instruments[symbol]["quote"]
        notional = money(price * row["qty"])
        self.balances[base] += sign * row["qty"]
        self.balances[quote] -= sign * notional
        if fee:
            self.balances[row["fee_currency"]] -= fee
        for method in METHODS:
            for strategy in {0, row["strategy_id"]}:
                ledger = self.ledger(method, strategy, symbol)
                ledger.trade(price, sign * row["qty"], notional, row["order_id"])
                if not fee or row["fee_currency"] == quote:
                    ledger.fees += fee
                elif row["fee_currency"] == base:
                    value = money(price * abs(fee))
                    ledger.trade(price, -fee, value, row["order_id"])
                    ledger.fees += value if fee > 0 else -value
                elif row["fee_rate"]:
                    ledger.fees += money(fee * row["fee_rate"])
                else:
                    ledger.incomplete = True


class Redone:
    """The files of a run, and how they differ from what its fills say: `wrong`, in words; `compared`, how much was."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.facts = json.loads((folder / "account.json").read_text())
        instruments = json.loads((folder / "instruments.json").read_text())
        self.instruments = {row["symbol"]: row for row in instruments}
        self.start = {row["name"]: Decimal(row["start"]) for row in self.facts["currencies"]}
        self.method: str = self.facts["pnl_method"]
        self.reporting: str = self.facts["reporting_currency"]
        self.wrong: list[str] = []
        self.compared = 0
        self.account = Account(self.instruments, dict(self.start))
        with localcontext(Context(prec=80)):
            self.walk()
            self.methods_agree()
            if (folder / "summary.json").is_file():
                self.check_summary(json.loads((folder / "summary.json").read_text()))

    def rows(self, name: str) -> list[dict[str, Any]]:
        return pq.read_table(self.folder / f"{name}.parquet").to_pylist()

    def same(self, where: str, found: Any, redone: Any) -> None:
        self.compared += 1
        if found != redone:
            self.wrong.append(f"{where}: {found} in the files, {redone} by the fills")

    # ------------------------------------------------------------ after every fill

    def walk(self) -> None:
        """Fills in order, and after each what the tables say of its input and of those until the next."""
        fills = self.rows("fills")
        self.same("input_no of fills is unique", len({row["input_no"] for row in fills}), len(fills))
        told = {name: iter([*self.rows(name), None]) for name in ("positions", "balances", "equity")}
        waiting = {name: next(rows) for name, rows in told.items()}
        for fill, following in zip([None, *fills], [*fills, None], strict=True):
            if fill is not None:
                self.account.fill(fill)
            until = None if following is None else following["input_no"]
            held = {name: list(self.until(until, rows, waiting, name)) for name, rows in told.items()}
            self.check_positions(fill, held["positions"])
            self.check_balances(fill, held["balances"])
            self.check_equity(held["equity"], held["positions"])
        self.check_rates(fills)

    @staticmethod
    def until(
        until: int | None, rows: Iterator[dict[str, Any] | None], waiting: dict[str, Any], name: str
    ) -> Iterator[dict[str, Any]]:
        while waiting[name] is not None and (until is None or waiting[name]["input_no"] < until):
            yield waiting[name]
            waiting[name] = next(rows)

    def check_positions(self, fill: dict[str, Any] | None, rows: list[dict[str, Any]]) -> None:
        for row in rows:
            ledger = self.account.ledger(self.method, row["strategy_id"], row["instrument"])
            where = f"positions, input {row['input_no']}, strategy {row['strategy_id']}"
            self.same(f"{where}, currency", row["currency"], self.instruments[row["instrument"]]["quote"])
            for name in ("qty", "cost", "realized", "fees", "incomplete"):
                self.same(f"{where}, {name}", row[name], getattr(ledger, name))
            self.same(f"{where}, unrealized", row["unrealized"], ledger.unrealized(row["mark_px"]))
        if fill is not None:
            at_fill = sorted(row["strategy_id"] for row in rows if row["input_no"] == fill["input_no"])
            self.same(f"positions of fill {fill['exec_id']}", at_fill, sorted({0, fill["strategy_id"]}))

    def check_balances(self, fill: dict[str, Any] | None, rows: list[dict[str, Any]]) -> None:
        for row in rows:
            where = f"balances, input {row['input_no']}, {row['currency']}"
            self.same(where, row["total"], self.account.balances[row["currency"]])
        if fill is not None:
            instrument = self.instruments[fill["instrument"]]
            moved = {instrument["base"], instrument["quote"], *([fill["fee_currency"]] if fill["fee"] else [])}
            at_fill = {row["currency"] for row in rows if row["input_no"] == fill["input_no"]}
            self.same(f"balances of fill {fill['exec_id']}", at_fill, moved)

    def check_equity(self, rows: list[dict[str, Any]], positions: list[dict[str, Any]]) -> None:
        """Where the mark of every instrument is told in the same input: with one instrument."""
        if len(self.instruments) != 1:
            return
        marks = {row["input_no"]: row["mark_px"] for row in positions}
        (symbol,) = self.instruments
        for row in rows:
            if row["input_no"] in marks:
                equity = self.equity({symbol: marks[row["input_no"]]})
                self.same(f"equity, input {row['input_no']}", row["equity"], equity)

    def check_rates(self, fills: list[dict[str, Any]]) -> None:
        """Every rate belongs to a fill, and says what the fill says."""
        used = [(fill["input_no"], fill["fee_currency"], fill["fee_rate"]) for fill in fills if fill["fee_rate"]]
        told = [(row["input_no"], row["base"], row["rate"]) for row in self.rows("rates")]
        self.same("rates", told, used)

    # ------------------------------------------------------------ what is worth what

    def value(self, currency: str, amount: Decimal, marks: dict[str, Decimal]) -> Decimal | None:
        """In the reporting currency: by a mark in it, else through another currency, else by the configured rate."""
        if currency == self.reporting or not amount:
            return amount
        valuer = self.valuers().get(currency)
        if valuer is not None and marks.get(valuer):
            return self.value(self.instruments[valuer]["quote"], money(amount * marks[valuer]), marks)
        rate = self.configured(currency)
        return None if rate is None else money(amount * rate)

    def configured(self, currency: str) -> Decimal | None:
        (row,) = (row for row in self.facts["currencies"] if row["name"] == currency)
        return None if row["rate"] is None else Decimal(row["rate"])

    def valuers(self) -> dict[str, str]:
        """Of each currency the first instrument in the reporting currency, else the first whose quote has a value."""
        found: dict[str, str] = {}
        for symbol, row in self.instruments.items():
            if row["quote"] == self.reporting:
                found.setdefault(row["base"], symbol)
        grew = True
        while grew:
            grew = False
            for symbol, row in self.instruments.items():
                valued = row["quote"] == self.reporting or row["quote"] in found or self.configured(row["quote"])
                if valued and row["base"] not in (self.reporting, *found) and not self.circular(row, found):
                    found[row["base"]], grew = symbol, True
        return found

    def circular(self, row: dict[str, Any], found: dict[str, str]) -> bool:
        at = row["quote"]
        while at != row["base"] and at in found:
            at = self.instruments[found[at]]["quote"]
        return bool(at == row["base"])

    def equity(self, marks: dict[str, Decimal]) -> Decimal | None:
        values = [self.value(currency, amount, marks) for currency, amount in self.account.balances.items()]
        known = [value for value in values if value is not None]
        return sum(known, ZERO) if len(known) == len(values) else None

    # ------------------------------------------------------------ at the end

    def methods_agree(self) -> None:
        """By any method realised - cost is the cash that came in; when flat, the realised P&L is the same."""
        for method, strategy, symbol in list(self.account.ledgers):
            one, other = (
                self.account.ledgers[method, strategy, symbol],
                self.account.ledger(METHODS[0], strategy, symbol),
            )
            where = f"{method} beside {METHODS[0]}, {symbol}, strategy {strategy}"
            self.same(where, one.realized - one.cost, other.realized - other.cost)
            self.same(f"{where}, quantity and fees", (one.qty, one.fees), (other.qty, other.fees))
            if one.qty == 0:
                self.same(f"{where}, flat", (one.cost, one.realized), (ZERO, other.realized))

    def check_summary(self, summary: dict[str, Any]) -> None:
        marks = {symbol: Decimal(row["mark"]) for symbol, row in summary["instruments"].items()}
        sums: dict[str, list[Decimal]] = {row["quote"]: [ZERO] * 3 for row in self.instruments.values()}
        sums.setdefault(self.reporting, [ZERO] * 3)
        for symbol, row in summary["instruments"].items():
            ledger = self.account.ledger(self.method, 0, symbol)
            self.check_row(f"summary, {symbol}", row, ledger, marks[symbol])
            self.same(f"summary, {symbol}, dust", Decimal(row["dust"]), self.dust(symbol, ledger.qty))
            quote = self.instruments[symbol]["quote"]
            figures = (ledger.realized, ledger.unrealized(marks[symbol]), ledger.fees)
            sums[quote] = [total + figure for total, figure in zip(sums[quote], figures, strict=True)]
        for row in summary["strategies"]:
            ledger = self.account.ledger(self.method, row["id"], row["instrument"])
            self.check_row(f"summary, strategy {row['id']}", row, ledger, marks[row["instrument"]])
        self.check_pnl(summary, sums)
        held = {name: str(amount) for name, amount in self.account.balances.items() if amount}
        found = {name: Decimal(row["total"]) for name, row in summary["balances"].items() if Decimal(row["total"])}
        self.same("summary, balances", found, {name: Decimal(text) for name, text in held.items()})
        equity = None if summary["equity"] is None else Decimal(summary["equity"])
        self.same("summary, equity", equity, self.equity(marks))

    def check_row(self, where: str, row: dict[str, Any], ledger: Ledger, mark: Decimal) -> None:
        unrealized = ledger.unrealized(mark)
        redone = {
            "position": ledger.qty,
            "cost": ledger.cost,
            "realized": ledger.realized,
            "unrealized": unrealized,
            "fees": ledger.fees,
            "total": ledger.realized + unrealized - ledger.fees,
        }
        for name, value in redone.items():
            self.same(f"{where}, {name}", Decimal(row[name]), value)
        self.same(f"{where}, incomplete", row["incomplete"], ledger.incomplete)

    def check_pnl(self, summary: dict[str, Any], sums: dict[str, list[Decimal]]) -> None:
        pnl, rates = summary["pnl"], summary["rates"]
        self.same("summary, method", pnl["method"], self.method)
        totals, incomplete = [ZERO] * 3, any(ledger.incomplete for ledger in self.account.ledgers.values())
        for currency, figures in sums.items():
            self.check_figures(f"summary, P&L in {currency}", pnl["by_currency"][currency], figures)
            if rates[currency] is not None:
                rate = Decimal(rates[currency])
                totals = [total + money(figure * rate) for total, figure in zip(totals, figures, strict=True)]
            else:
                incomplete |= any(figures)
        self.check_figures(f"summary, P&L in all, in {self.reporting}", pnl, totals)
        self.same("summary, P&L is incomplete", pnl["incomplete"], incomplete)

    def check_figures(self, where: str, found: dict[str, Any], figures: list[Decimal]) -> None:
        realized, unrealized, fees = figures
        redone = [*figures, realized + unrealized - fees]
        for name, value in zip(("realized", "unrealized", "fees", "total"), redone, strict=True):
            self.same(f"{where}, {name}", Decimal(found[name]), value)

    def dust(self, symbol: str, qty: Decimal) -> Decimal:
        """What no market order can take out: the rest of both lot steps, or all below the least lot."""
        row, size = self.instruments[symbol], abs(qty)
        for step in (Decimal(row["lot_step"]), Decimal(row["market_lot_step"])):
            size -= size % step if step else ZERO
        if size < max(Decimal(row["lot_min"]), Decimal(row["market_lot_min"])):
            size = ZERO
        return qty - size if qty > 0 else qty + size


def main(folder: str) -> int:
    redone = Redone(Path(folder))
    assert not any(name == "bot3" or name.startswith("bot3.") for name in sys.modules)
    for line in redone.wrong:
        print(line)
    print(f"{redone.compared} values compared, {len(redone.wrong)} differ")
    return 1 if redone.wrong or not redone.compared else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
