"""How much an entry is: against the same in Decimal."""

import itertools
import math
from collections.abc import Sequence
from decimal import ROUND_FLOOR, Decimal, localcontext

from hypothesis import assume, given
from hypothesis import strategies as st
from strategy_kit import UNIT, Internals

FIXED, NOTIONAL, VOLATILITY = range(3)
INT64_MAX = 2**63 - 1

scales = st.integers(0, 10)
prices = st.integers(1, 10**12)
bars_drawn = st.lists(st.tuples(prices, st.integers(0, 10**9), st.integers(0, 10**9)), max_size=30)


def floor_raw(money: Decimal, price: Decimal, qty_scale: int) -> int:
    """What money buys at a price, rounded down to a raw unit."""
    with localcontext(prec=80):
        return min(int((money / price).scaleb(qty_scale).to_integral_value(ROUND_FLOOR)), INT64_MAX)


def true_ranges(bars: Sequence[tuple[float, float, float]]) -> list[float]:
    return [
        max(high - low, abs(high - before), abs(low - before))
        for (_, _, before), (high, low, _) in itertools.pairwise(bars)
    ]


class Setting:
    def __init__(self, internals: Internals, price_scale: int, qty_scale: int, bid: int, ask: int) -> None:
        self.ffi, self.lib = internals
        self.instrument = self.ffi.new("b3_instrument *")
        self.instrument.price_scale, self.instrument.qty_scale = price_scale, qty_scale
        self.touch = self.ffi.new("b3_touch *", {"bid_price_raw": bid, "ask_price_raw": ask})
        self.view = self.ffi.new("b3_view *", {"instrument": self.instrument, "touch": self.touch})

    def qty(self, side: int, bars: Sequence[tuple[int, int, int]] = (), **params: float) -> int:
        order = ("sizing", "qty", "notional", "risk", "vol_period")
        values = {"sizing": FIXED, "qty": 0.01, "notional": 1000, "risk": 0.1, "vol_period": 14} | params
        made = self.ffi.new("b3_bar[]", len(bars))
        for bar, (high, low, close) in zip(made, bars, strict=True):
            bar.high_raw, bar.low_raw, bar.close_raw = high, low, close
        given_values = self.ffi.new("double[]", [float(values[name]) for name in order])
        return int(self.lib.b3t_sizing_qty(given_values, self.instrument, made, len(bars), self.view, side))


@given(price_scale=scales, qty_scale=scales, bid=prices, spread=st.integers(0, 10**6), cents=st.integers(0, 10**14))
def test_notional_at_the_touch(
    internals: Internals, price_scale: int, qty_scale: int, bid: int, spread: int, cents: int
) -> None:
    setting = Setting(internals, price_scale, qty_scale, bid, bid + spread)
    notional = cents / 10**4  # a double holds these to far less than the 8 digits that money has
    exact = Decimal(round(notional * UNIT)).scaleb(-8)
    for side, price_raw in ((setting.lib.B3_BUY, bid + spread), (setting.lib.B3_SELL, bid)):
        wanted = floor_raw(exact, Decimal(price_raw).scaleb(-price_scale), qty_scale)
        assert setting.qty(side, sizing=NOTIONAL, notional=notional) == wanted


@given(
    price_scale=scales,
    qty_scale=scales,
    ask=prices,
    bars=bars_drawn,
    period=st.integers(1, 10),
    risk=st.integers(0, 10**8),
    notional=st.integers(0, 10**8),
)
def test_volatility_scaled(
    internals: Internals,
    price_scale: int,
    qty_scale: int,
    ask: int,
    bars: list[tuple[int, int, int]],
    period: int,
    risk: int,
    notional: int,
) -> None:
    setting = Setting(internals, price_scale, qty_scale, ask, ask)
    raws = [(close + up, max(close - down, 1), close) for close, up, down in bars]
    got = setting.qty(
        setting.lib.B3_BUY, raws, sizing=VOLATILITY, risk=risk / 100, notional=notional / 100, vol_period=period
    )
    ranges = true_ranges([(h / 10**price_scale, low / 10**price_scale, c / 10**price_scale) for h, low, c in raws])
    if len(ranges) < period:
        assert got == 0  # nothing before the ATR is known
        return
    atr = math.fsum(ranges[:period]) / period
    for value in ranges[period:]:
        atr += (value - atr) / period
    in_raw = atr * 10**price_scale
    assume(abs(in_raw % 1 - 0.5) > 1e-6 * max(1, in_raw))
    most = floor_raw(Decimal(notional).scaleb(-2), Decimal(ask).scaleb(-price_scale), qty_scale)
    atr_raw = round(in_raw)
    by_risk = floor_raw(Decimal(risk).scaleb(-2), Decimal(atr_raw).scaleb(-price_scale), qty_scale) if atr_raw else most
    assert got == min(most, by_risk)


@given(qty=st.integers(0, 10**15))
def test_fixed(internals: Internals, qty: int) -> None:
    setting = Setting(internals, 8, 8, 1, 1)
    assert setting.qty(setting.lib.B3_BUY, qty=qty / UNIT) == qty


def test_nothing_is_bought_without_a_touch(internals: Internals) -> None:
    setting = Setting(internals, 2, 8, 0, 0)
    assert setting.qty(setting.lib.B3_BUY, sizing=NOTIONAL) == 0


@given(
    price_scale=scales, qty_scale=scales, price=prices, qty=st.integers(-5, 10**12), lot=st.integers(0, 10**6),
    least=st.integers(0, 10**8), money=st.integers(0, 10**15),
)  # fmt: skip
def test_limit_orders_respect_lot_and_minimum(
    internals: Internals, price_scale: int, qty_scale: int, price: int, qty: int, lot: int, least: int, money: int
) -> None:
    setting = Setting(internals, price_scale, qty_scale, 1, 2)
    setting.instrument.lot_step_raw, setting.instrument.lot_min_raw = lot, least
    setting.instrument.notional_min_raw = money
    got = setting.lib.b3_order_size_limit(setting.instrument, price, qty)
    wanted = qty // lot * lot if lot else qty
    worth = Decimal(price).scaleb(-price_scale) * Decimal(max(wanted, 0)).scaleb(-qty_scale)
    assume(abs(worth.scaleb(8) - money) > 1)
    assert got == (wanted if wanted > 0 and wanted >= least and worth.scaleb(8) >= money else 0)
