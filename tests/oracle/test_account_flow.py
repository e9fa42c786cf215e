"""Random fills against cost in fractions, by all methods: equal to the last digit, flips and rounding included."""

import itertools
from collections.abc import Iterable
from dataclasses import dataclass, field
from fractions import Fraction
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from trading_kit import BUY, FIFO, LIFO, PARTIALLY_FILLED, SELL, WEIGHTED_AVERAGE, Account, Core

METHODS = [WEIGHTED_AVERAGE, FIFO, LIFO]
SCALES = [(2, 5), (8, 8), (2, 0), (0, 3), (5, 1), (10, 8)]


@dataclass
class Naive:
    """The header's words: total cost, of all or of lots, each notional rounded once, half to even."""

    price_scale: int
    qty_scale: int
    method: int = WEIGHTED_AVERAGE
    qty: int = 0
    cost: int = 0
    realized: int = 0
    fees: int = 0
    cash: int = 0
    base: Fraction = field(default_factory=Fraction)
    lots: list[list[int]] = field(default_factory=list)  # quantity, cost, order, price; the oldest first

    def notional(self, price: int, qty: int) -> int:
        return round(
            Fraction(price * qty * 10**8, 10 ** (self.price_scale + self.qty_scale))
        )  # round() of a Fraction: half to even

    def fill(self, side: int, price: int, qty: int, fee: int, order: int = 0, in_base: bool = False) -> None:
        sign = 1 if side == BUY else -1
        whole = self.notional(price, qty)
        self.cash -= sign * whole
        self.base += sign * Fraction(qty, 10**self.qty_scale)
        self.trade(sign, price, qty, whole, order)
        if not in_base:
            self.cash -= fee
            self.fees += fee
        elif fee:
            fee_qty = int(Fraction(abs(fee) * 10**self.qty_scale, 10**8))
            value = self.notional(price, fee_qty)
            self.base -= Fraction(fee, 10**8)
            self.trade(-1 if fee > 0 else 1, price, fee_qty, value, order)
            self.fees += value if fee > 0 else -value

    def trade(self, sign: int, price: int, qty: int, whole: int, order: int) -> None:
        closed = min(qty, abs(self.qty)) if self.qty * sign < 0 else 0
        closing = whole if closed == qty else self.notional(price, closed)
        if closed:
            taken = -sign * self.take(closed)
            self.realized += -sign * closing - taken
            self.cost -= taken
            self.qty += sign * closed
        if qty > closed:
            self.qty += sign * (qty - closed)
            self.cost += sign * (whole - closing)
            if not self.lots or self.lots[-1][2:] != [order, price]:
                self.lots.append([0, 0, order, price])
            self.lots[-1][0] += qty - closed
            self.lots[-1][1] += whole - closing

    def take(self, qty: int) -> int:
        """Cost of what is closed. One unit's lots would do but for the rounding: a part is rounded once."""
        if self.method == WEIGHTED_AVERAGE:
            self.lots = []
            return round(Fraction(abs(self.cost) * qty, abs(self.qty)))
        taken, place = 0, 0 if self.method == FIFO else -1
        while qty:
            lot = self.lots[place]
            part = min(qty, lot[0])
            cost = round(Fraction(lot[1] * part, lot[0]))
            lot[0], lot[1], qty, taken = lot[0] - part, lot[1] - cost, qty - part, taken + cost
            if not lot[0]:
                del self.lots[place]
        return taken

    def unrealized(self, mark: int) -> int:
        sign = 1 if self.qty > 0 else -1
        return sign * self.notional(mark, abs(self.qty)) - self.cost if self.qty and mark else 0


fills = st.lists(
    st.tuples(
        st.sampled_from([BUY, SELL]),
        st.integers(1, 10**6),
        st.integers(1, 10**5),
        st.integers(-1000, 10**6),
        st.integers(0, 10**6),
    ),
    min_size=1,
    max_size=40,
)
orders = st.lists(st.integers(0, 3), min_size=40, max_size=40)  # how many fills back an order began


def run(
    internals: tuple[Any, Any],
    scales: tuple[int, int],
    flow: Iterable[tuple[int, int, int, int, int]],
    method: int = WEIGHTED_AVERAGE,
    orders: Iterable[int] = itertools.repeat(0),
    in_base: bool = False,
) -> None:
    core = Core(*internals)
    price_scale, qty_scale = scales
    instruments = core.instruments({"price_scale": price_scale, "qty_scale": qty_scale, "base_currency": 1})
    account = Account(core, instruments, 2, method=method, lots=4096)
    naive = Naive(price_scale, qty_scale, method)
    for number, ((side, price, qty, drawn_fee, mark), back) in enumerate(zip(flow, orders, strict=False)):
        order = max(0, number - back)
        finest = 10 ** max(0, 8 - qty_scale) if in_base else 1  # of a fee that is a quantity
        fee = finest * drawn_fee
        fields = {"side": side, "last_price_raw": price, "last_qty_raw": qty, "fee_raw": fee, "order_id": order}
        assert account.on_update(core.update(state=PARTIALLY_FILLED, fee_currency=int(in_base), **fields)) == 0
        account.mark(0, mark)
        naive.fill(side, price, qty, fee, order, in_base)
        assert account.position() == account.position(strategy=1)
        assert account.position() == {
            "qty": naive.qty,
            "cost": naive.cost,
            "realized": naive.realized,
            "fees": naive.fees,
            "unrealized": naive.unrealized(mark),
            "mark_price": mark,
        }
        assert account.balance(0) == (naive.cash, 0)
        assert account.balance(1) == (naive.base * 10**8, 0)
        # What the header promises of every moment, before fees.
        assert account.balance(0)[0] + naive.fees == account.position()["realized"] - account.position()["cost"]
        assert account.balance(1)[0] == naive.qty * Fraction(10**8, 10**qty_scale)
        worth = Fraction(account.balance(1)[0] * mark, 10**price_scale)
        assert account.equity() == (account.balance(0)[0] + round(worth) if mark or not naive.qty else None)
        if naive.qty == 0:
            assert account.position()["cost"] == 0


@settings(max_examples=120, deadline=None)
@given(st.sampled_from(SCALES), fills, st.sampled_from(METHODS), orders, st.booleans())
def test_random_flow_is_exact(
    internals: tuple[Any, Any],
    scales: tuple[int, int],
    flow: list[tuple[int, int, int, int, int]],
    method: int,
    orders: list[int],
    in_base: bool,
) -> None:
    run(internals, scales, flow, method, orders, in_base)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("scales", SCALES)
def test_a_long_flow_is_exact(internals: tuple[Any, Any], scales: tuple[int, int], method: int) -> None:
    """Made from a seed: hundreds of flips, most notionals rounded."""
    random = Random(11)
    run(
        internals,
        scales,
        (
            (
                random.choice([BUY, SELL]),
                random.randint(1, 10**5),
                random.randint(1, 10**4),
                random.randint(-9, 99),
                777,
            )
            for _ in range(1500)
        ),
        method,
    )


@settings(max_examples=50, deadline=None)
@given(fills)
def test_instruments_of_one_currency_add_up(
    internals: tuple[Any, Any], flow: list[tuple[int, int, int, int, int]]
) -> None:
    """Two instruments quoted in one currency, one in another: each naive by itself, the reads are their sums."""
    core = Core(*internals)
    described = [{"base_currency": 1}, {"base_currency": 2}, {"base_currency": 1, "quote_currency": 2}]
    instruments = core.instruments(*({"price_scale": 2, "qty_scale": 5, **d} for d in described))
    account, naives, marks = Account(core, instruments, 3), [Naive(2, 5) for _ in described], [0, 0, 0]
    for i, (side, price, qty, fee, mark) in enumerate(flow):
        index = i % 3
        quote = instruments[index].quote_currency
        fields = {"side": side, "state": PARTIALLY_FILLED, "last_price_raw": price, "last_qty_raw": qty, "fee_raw": fee}
        assert account.on_update(core.update(instrument=index, fee_currency=quote, **fields)) == 0
        account.mark(index, mark)
        naives[index].fill(side, price, qty, fee)
        marks[index] = mark
    for currency, members in ((0, (0, 1)), (2, (2,)), (1, ())):
        pnl = account.pnl(currency)
        assert pnl["realized"] == sum(naives[m].realized for m in members)
        assert pnl["unrealized"] == sum(naives[m].unrealized(marks[m]) for m in members)
        assert pnl["fees"] == sum(naives[m].fees for m in members)
        assert pnl["total"] == pnl["realized"] + pnl["unrealized"] - pnl["fees"]
    assert account.balance(0)[0] == naives[0].cash + naives[1].cash
    assert account.balance(1)[0] == (naives[0].base + naives[2].base) * 10**8
    assert account.balance(2)[0] == naives[1].base * 10**8 + naives[2].cash
