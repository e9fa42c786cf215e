"""Stops against fractions: whatever is held, whatever the touch does, they are reached when the definition says so."""

from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from trading_kit import Core

ONE = 10**8


@dataclass
class Naive:
    """The definition: percentages of an average and of a best price, in fractions, nothing rounded."""

    loss: int
    trail: int
    unit: Fraction  # of cost / qty, in prices
    side: int = 0
    entry: Fraction = Fraction(0)
    best: int | None = None

    @staticmethod
    def price(side: int, touch: tuple[int, int, int, int]) -> int | None:
        bid, bid_qty, ask, ask_qty = touch
        if bid_qty and ask_qty and bid >= ask:
            return None
        if side > 0:
            return bid if bid_qty else None
        return ask if ask_qty else None

    def hold(self, qty: int, cost: int, touch: tuple[int, int, int, int]) -> None:
        side = (qty > 0) - (qty < 0)
        if side != self.side:
            self.best = self.price(side, touch) if side else None
        self.side = side
        self.entry = Fraction(cost, qty) * self.unit if qty else Fraction(0)

    def bounds(self) -> list[Fraction]:
        rates = [(self.loss, self.entry), (self.trail, Fraction(self.best or 0))]
        return [price * (1 - self.side * Fraction(rate, ONE)) for rate, price in rates if rate and price > 0]

    def reached(self, touch: tuple[int, int, int, int]) -> bool:
        if not self.side or (price := self.price(self.side, touch)) is None:
            return False
        if self.best is None or (price - self.best) * self.side > 0:
            self.best = price
        return any((price - bound) * self.side <= 0 for bound in self.bounds() if bound >= 1 or self.side < 0)


@dataclass
class Stop:
    core: Core
    scales: tuple[int, int]
    loss: int
    trail: int
    handle: Any = field(init=False)

    def __post_init__(self) -> None:
        self.handle = self.core.struct("b3_stop")
        self.config = self.core.struct(
            "b3_guard_config", stop_loss_rate_raw=self.loss, trailing_stop_rate_raw=self.trail
        )
        (self.instrument,) = self.core.instruments({"price_scale": self.scales[0], "qty_scale": self.scales[1]})

    def touch(self, touch: tuple[int, int, int, int]) -> Any:
        names = ("bid_price_raw", "bid_qty_raw", "ask_price_raw", "ask_qty_raw")
        return self.core.struct("b3_touch", **dict(zip(names, touch, strict=True)))

    def hold(self, qty: int, cost: int, touch: tuple[int, int, int, int]) -> None:
        instrument = self.core.ffi.addressof(self.instrument)
        self.core.lib.b3_stop_on_position(self.handle, self.config, instrument, qty, cost, self.touch(touch))

    def reached(self, touch: tuple[int, int, int, int]) -> bool:
        return bool(self.core.lib.b3_stop_on_touch(self.handle, self.config, self.touch(touch)))


PRICES = st.integers(1, 300)
TOUCHES = st.tuples(PRICES, st.integers(0, 1), PRICES, st.integers(0, 1))
WIDE = st.tuples(st.integers(1, 2**62), st.integers(0, 1), st.integers(1, 2**62), st.integers(0, 1))
RATES = st.one_of(st.just(0), st.integers(1, ONE - 1))
NEAR = st.integers(-1, 1)


@given(
    scales=st.tuples(st.integers(0, 10), st.integers(0, 10)),
    loss=RATES,
    trail=RATES,
    steps=st.lists(st.one_of(TOUCHES, NEAR, st.tuples(st.integers(-5, 5), PRICES, TOUCHES)), max_size=30),
)
def test_it_is_reached_when_the_definition_says_so(
    internals: tuple[Any, Any], scales: tuple[int, int], loss: int, trail: int, steps: list[Any]
) -> None:
    """Steps: a touch; one as near to the trigger; a new position with an average price and the touch of then."""
    stop = Stop(Core(*internals), scales, loss, trail)
    naive = Naive(loss, trail, Fraction(10 ** (scales[0] + scales[1]), 10**8))
    for step in steps:
        if isinstance(step, int):
            price = max(1, stop.handle.trigger_raw + step)
            near = (price, int(naive.side > 0), price, int(naive.side < 0))
            assert stop.reached(near) == naive.reached(near)
            continue
        if len(step) == 4:
            assert stop.reached(step) == naive.reached(step)
            continue
        qty, average, touch = step
        cost = int(qty * average / naive.unit)
        if qty and not cost:
            continue  # a cost below the smallest unit of money
        stop.hold(qty, cost, touch)
        naive.hold(qty, cost, touch)


@given(
    qty=st.integers(1, 2**62),
    cost=st.integers(1, 2**62),
    scales=st.tuples(st.integers(0, 10), st.integers(0, 10)),
    rate=st.integers(1, ONE - 1),
    side=st.sampled_from([1, -1]),
)
def test_the_trigger_is_the_price_itself_at_any_size(
    internals: tuple[Any, Any], qty: int, cost: int, scales: tuple[int, int], rate: int, side: int
) -> None:
    """floor for a long, ceil for a short, of an exact fraction; 0 where no price can meet it."""
    stop = Stop(Core(*internals), scales, rate, 0)
    stop.hold(side * qty, side * cost, (0, 0, 0, 0))
    exact = Fraction(cost, qty) * Fraction(10 ** (scales[0] + scales[1]), 10**8) * (1 - side * Fraction(rate, ONE))
    trigger = exact.__floor__() if side > 0 else exact.__ceil__()
    assert stop.handle.trigger_raw == (trigger if 0 < trigger < 2**63 else 0)


@pytest.mark.parametrize(("side", "touch", "reached"), [(1, (98, 1, 99, 1), True), (1, (99, 1, 100, 1), False)])
def test_by_hand_a_long_s_stop_is_met_by_the_bid(
    internals: tuple[Any, Any], side: int, touch: tuple[int, int, int, int], reached: bool
) -> None:
    """Entry 100, 2 %: the trigger is 98, and an ask or a last price there does not count."""
    stop = Stop(Core(*internals), (0, 8), 2 * 10**6, 0)
    stop.hold(side, 100, (100, 1, 101, 1))
    assert stop.handle.trigger_raw == 98
    assert stop.reached(touch) is reached


def test_by_hand_a_trailing_stop_follows_the_best_bid_only_upwards(internals: tuple[Any, Any]) -> None:
    stop = Stop(Core(*internals), (0, 8), 5 * 10**6, 10**6)
    stop.hold(1, 1000, (1000, 1, 1001, 1))
    assert (stop.handle.trigger_raw, stop.handle.trailing) == (990, 1)
    assert not stop.reached((2000, 1, 2001, 1))
    assert (stop.handle.best_raw, stop.handle.trigger_raw) == (2000, 1980)
    assert not stop.reached((1981, 1, 1990, 1))
    assert stop.handle.trigger_raw == 1980
    assert stop.reached((1980, 1, 1990, 1))


def test_by_hand_a_position_through_zero_starts_anew_and_an_add_keeps_the_best(internals: tuple[Any, Any]) -> None:
    stop = Stop(Core(*internals), (0, 8), 10**7, 10**6)
    stop.hold(1, 100, (100, 1, 101, 1))
    stop.reached((200, 1, 201, 1))
    stop.hold(2, 310, (200, 1, 201, 1))  # added at 210: entry 155
    assert (stop.handle.best_raw, stop.handle.loss_raw) == (200, 139)
    stop.hold(-1, -210, (200, 1, 201, 1))
    assert (stop.handle.side, stop.handle.best_raw, stop.handle.loss_raw) == (-1, 201, 231)
    stop.hold(0, 0, (200, 1, 201, 1))
    assert (stop.handle.side, stop.handle.trigger_raw) == (0, 0)
    assert not stop.reached((1, 1, 2, 1))


def test_a_crossed_or_missing_side_says_nothing(internals: tuple[Any, Any]) -> None:
    stop = Stop(Core(*internals), (0, 8), 10**6, 0)
    stop.hold(1, 100, (100, 1, 101, 1))
    assert not stop.reached((1, 1, 1, 1))
    assert not stop.reached((0, 0, 1, 1))
    assert stop.reached((1, 1, 0, 0))
