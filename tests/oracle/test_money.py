"""Money arithmetic against Python's unbounded integers and fractions."""

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

MAX = 2**63 - 1
UNTOUCHED = 0x5A5A
int64 = st.one_of(st.integers(-(2**63), MAX), st.integers(-1000, 1000), st.sampled_from([-(2**63), -MAX, MAX]))
positive = st.one_of(st.integers(1, MAX), st.integers(1, 100), st.sampled_from([10**n for n in range(19)]))


def called(internals: tuple[Any, Any], function: str, *arguments: Any) -> int | None:
    """The result, or None when it does not fit; what was in the result's place is then still there."""
    ffi, lib = internals
    out = ffi.new("int64_t *", UNTOUCHED)
    status = getattr(lib, function)(*arguments, out)
    if status == lib.B3_OK:
        return int(out[0])
    assert (status, out[0]) == (lib.B3_ERR_OVERFLOW, UNTOUCHED)
    return None


def fitting(value: int) -> int | None:
    return value if -MAX <= value <= MAX else None


@settings(max_examples=250, deadline=None)
@given(a=int64, b=int64, divisor=positive)
@example(a=-(2**63), b=-(2**63), divisor=MAX)
@example(a=MAX, b=MAX, divisor=MAX)
@example(a=-(2**63), b=1, divisor=1)
@example(a=5, b=1, divisor=10)
@example(a=15, b=-1, divisor=10)
def test_mul_div_rounds_half_to_even(internals: tuple[Any, Any], a: int, b: int, divisor: int) -> None:
    assert called(internals, "b3t_mul_div", a, b, divisor) == fitting(round(Fraction(a * b, divisor)))


@settings(max_examples=150, deadline=None)
@given(a=int64, b=int64)
@example(a=-MAX, b=-1)
def test_add(internals: tuple[Any, Any], a: int, b: int) -> None:
    assert called(internals, "b3t_add", a, b) == fitting(a + b)


@settings(max_examples=250, deadline=None)
@given(
    price_scale=st.integers(0, 10),
    qty_scale=st.integers(0, 10),
    price_raw=st.one_of(st.integers(0, 10**13), int64),
    qty_raw=st.one_of(st.integers(-(10**10), 10**10), int64),
)
def test_notional_is_money_of_8_digits(
    internals: tuple[Any, Any], price_scale: int, qty_scale: int, price_raw: int, qty_raw: int
) -> None:
    ffi, _ = internals
    instrument = ffi.new("b3_instrument *", {"price_scale": price_scale, "qty_scale": qty_scale})
    exact = Fraction(price_raw, 10**price_scale) * Fraction(qty_raw, 10**qty_scale) * 10**8
    assert called(internals, "b3t_notional", instrument, price_raw, qty_raw) == fitting(round(exact))


@pytest.mark.parametrize(
    ("price", "qty", "money"),
    [
        (6160201, 2500000, 1540_05025000),  # 61602.01 x 0.025
        (1, 50, 0),  # 0.01 x 0.0000005 is half of the last digit: to even
        (1, 150, 2),
        (1, -150, -2),
        (3, 50, 2),
        (0, 10**18, 0),
    ],
)
def test_notional_by_hand(internals: tuple[Any, Any], price: int, qty: int, money: int) -> None:
    """Price of 2 digits, quantity of 8."""
    ffi, _ = internals
    instrument = ffi.new("b3_instrument *", {"price_scale": 2, "qty_scale": 8})
    assert called(internals, "b3t_notional", instrument, price, qty) == money
