"""Random fills against weighted-average cost in fractions: equal to the last digit, flips and rounding included."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from fractions import Fraction
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from trading_kit import BUY, PARTIALLY_FILLED, SELL, Account, Core

SCALES = [(2, 5), (8, 8), (2, 0), (0, 3), (5, 1), (10, 8)]


@dataclass
class Naive:
    """The header's words: total cost, reductions in proportion, each notional rounded once, half to even."""

    price_scale: int
    qty_scale: int
    qty: int = 0
    cost: int = 0
    realized: int = 0
    fees: int = 0
    cash: int = 0
    base: Fraction = field(default_factory=Fraction)

    def notional(self, price: int, qty: int) -> int:
        return round(
            Fraction(price * qty * 10**8, 10 ** (self.price_scale + self.qty_scale))
        )  # round() of a Fraction: half to even

    def fill(self, side: int, price: int, qty: int, fee: int) -> None:
        sign = 1 if side == BUY else -1
        whole = self.notional(price, qty)
        self.cash -= sign * whole + fee
        self.fees += fee
        self.base += sign * Fraction(qty, 10**self.qty_scale)
        closed = min(qty, abs(self.qty)) if self.qty * sign < 0 else 0
        closing = whole if closed == qty else self.notional(price, closed)
        if closed:
            taken = round(Fraction(self.cost * closed, abs(self.qty)))
            self.realized += -sign * closing - taken
            self.cost -= taken
            self.qty += sign * closed
        if qty > closed:
            self.qty += sign * (qty - closed)
            self.cost += sign * (whole - closing)

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


def run(internals: tuple[Any, Any], scales: tuple[int, int], flow: Iterable[tuple[int, int, int, int, int]]) -> None:
    core = Core(*internals)
    price_scale, qty_scale = scales
    instruments = core.instruments({"price_scale": price_scale, "qty_scale": qty_scale, "base_currency": 1})
    account, naive = Account(core, instruments, 2), Naive(price_scale, qty_scale)
    for side, price, qty, fee, mark in flow:
        update = core.update(side=side, state=PARTIALLY_FILLED, last_price_raw=price, last_qty_raw=qty, fee_raw=fee)
        assert account.on_update(update) == 0
        account.mark(0, mark)
        naive.fill(side, price, qty, fee)
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
        if naive.qty == 0:
            assert account.position()["cost"] == 0


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(SCALES), fills)
def test_random_flow_is_exact(
    internals: tuple[Any, Any], scales: tuple[int, int], flow: list[tuple[int, int, int, int, int]]
) -> None:
    run(internals, scales, flow)


@pytest.mark.parametrize("scales", SCALES)
def test_a_long_flow_is_exact(internals: tuple[Any, Any], scales: tuple[int, int]) -> None:
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
