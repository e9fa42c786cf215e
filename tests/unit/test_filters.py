"""The venue's filters: each one just inside its bound and just outside."""

from typing import Any

import pytest
from trading_kit import BUY, LIMIT, MARKET, MONEY, SELL, Core

# price_scale 2, qty_scale 5: a price of 100.00 is 10000, a quantity of 1 is 100000.
BASE = {
    "price_scale": 2,
    "qty_scale": 5,
    "price_min_raw": 50,
    "price_max_raw": 1_000_007,
    "price_step_raw": 5,
    "lot_min_raw": 130,
    "lot_max_raw": 900_010,
    "lot_step_raw": 20,
    "market_lot_min_raw": 333,
    "market_lot_max_raw": 500_003,
    "notional_min_raw": 10 * MONEY,
    "notional_max_raw": 700 * MONEY,
    "notional_min_on_market": 1,
    "notional_max_on_market": 1,
    "position_max_raw": 2_000_000,
    "max_num_orders": 3,
    "bid_multiplier_up_raw": 12 * MONEY // 10,
    "bid_multiplier_down_raw": 8 * MONEY // 10,
    "ask_multiplier_up_raw": 15 * MONEY // 10,
    "ask_multiplier_down_raw": 5 * MONEY // 10,
}


@pytest.fixture
def core(internals: tuple[Any, Any]) -> Core:
    return Core(*internals)


def check(
    core: Core, request: dict[str, int], reference: int = 10000, position: int = 0, orders: int = 0, **changed: int
) -> tuple[int, int, int]:
    instrument = core.instruments({**BASE, **changed})
    limit, value = core.ffi.new("int64_t *", -77), core.ffi.new("int64_t *", -77)
    fields = {"side": BUY, "order_type": LIMIT, "price_raw": 10000, "qty_raw": 100_000, **request}
    rule = core.lib.b3_filters_check(instrument, core.request(**fields), reference, position, orders, limit, value)
    return rule, limit[0], value[0]


def test_an_order_within_all_bounds_passes_and_writes_nothing(core: Core) -> None:
    assert check(core, {}) == (0, -77, -77)


# (rule, inside, outside, limit, value, instrument's changes); bounds that are on no step are meant to be.
WIDE = {"notional_min_raw": 0, "notional_max_raw": 0, "bid_multiplier_up_raw": 0, "bid_multiplier_down_raw": 0}
WIDE |= {"ask_multiplier_up_raw": 0, "ask_multiplier_down_raw": 0}
CASES: list[tuple[str, dict[str, int], dict[str, int], int, int, dict[str, int]]] = [
    ("PRICE_FILTER", {"price_raw": 50}, {"price_raw": 49}, 50, 49, WIDE),
    ("PRICE_FILTER", {"price_raw": 1_000_005}, {"price_raw": 1_000_010}, 1_000_007, 1_000_010, WIDE),
    (
        "PRICE_FILTER",
        {"price_raw": 1_000_007},
        {"price_raw": 1_000_008},
        1_000_007,
        1_000_008,
        WIDE | {"price_step_raw": 0},
    ),
    ("PRICE_FILTER", {"price_raw": 10005}, {"price_raw": 10004}, 5, 4, WIDE),
    ("LOT_SIZE", {"qty_raw": 140}, {"qty_raw": 120}, 130, 120, WIDE),
    ("LOT_SIZE", {"qty_raw": 130}, {"qty_raw": 129}, 130, 129, WIDE | {"lot_step_raw": 0}),
    ("LOT_SIZE", {"qty_raw": 900_000}, {"qty_raw": 900_020}, 900_010, 900_020, WIDE),
    ("LOT_SIZE", {"qty_raw": 160}, {"qty_raw": 159}, 20, 19, WIDE),
    ("MARKET_LOT_SIZE", {"order_type": MARKET, "qty_raw": 340}, {"order_type": MARKET, "qty_raw": 320}, 333, 320, WIDE),
    (
        "MARKET_LOT_SIZE",
        {"order_type": MARKET, "qty_raw": 500_000},
        {"order_type": MARKET, "qty_raw": 500_020},
        500_003,
        500_020,
        WIDE,
    ),
    (
        "MARKET_LOT_SIZE",
        {"order_type": MARKET, "qty_raw": 420},
        {"order_type": MARKET, "qty_raw": 400},
        21,
        400 % 21,
        WIDE | {"market_lot_step_raw": 21},
    ),
    ("PERCENT_PRICE", {"price_raw": 12000}, {"price_raw": 12005}, 12000, 12005, {}),
    ("PERCENT_PRICE", {"price_raw": 8000}, {"price_raw": 7995}, 8000, 7995, {}),
    ("PERCENT_PRICE", {"side": SELL, "price_raw": 15000}, {"side": SELL, "price_raw": 15005}, 15000, 15005, {}),
    ("PERCENT_PRICE", {"side": SELL, "price_raw": 5000}, {"side": SELL, "price_raw": 4995}, 5000, 4995, {}),
    ("MIN_NOTIONAL", {"qty_raw": 10_000}, {"qty_raw": 9_980}, 10 * MONEY, 998 * MONEY // 100, {}),
    ("MAX_NOTIONAL", {"qty_raw": 700_000}, {"qty_raw": 700_020}, 700 * MONEY, 70002 * MONEY // 100, {}),
    (
        "MIN_NOTIONAL",
        {"order_type": MARKET, "qty_raw": 10_000},
        {"order_type": MARKET, "qty_raw": 9_980},
        10 * MONEY,
        998 * MONEY // 100,
        {},
    ),
    (
        "MAX_NOTIONAL",
        {"order_type": MARKET, "qty_raw": 500_000},
        {"order_type": MARKET, "qty_raw": 500_000 + 20},
        500 * MONEY,
        50002 * MONEY // 100,
        {"notional_max_raw": 500 * MONEY, "market_lot_max_raw": 0},
    ),
]


@pytest.mark.parametrize(("rule", "inside", "outside", "limit", "value", "changed"), CASES)
def test_each_filter_at_its_bound(
    core: Core,
    rule: str,
    inside: dict[str, int],
    outside: dict[str, int],
    limit: int,
    value: int,
    changed: dict[str, int],
) -> None:
    assert check(core, inside, **changed)[0] == 0
    assert check(core, outside, **changed) == (getattr(core.lib, f"B3_RULE_{rule}"), limit, value)


def test_position_counts_what_is_held_and_only_buys(core: Core) -> None:
    assert check(core, {}, position=1_900_000)[0] == 0
    assert check(core, {}, position=1_900_001) == (core.lib.B3_RULE_MAX_POSITION, 2_000_000, 2_000_001)
    assert check(core, {"side": SELL}, position=5_000_000)[0] == 0
    assert check(core, {}, position=2**63 - 1) == (core.lib.B3_RULE_MAX_POSITION, 2_000_000, 2**63 - 1)


def test_number_of_orders(core: Core) -> None:
    assert check(core, {}, orders=2)[0] == 0
    assert check(core, {}, orders=3) == (core.lib.B3_RULE_MAX_NUM_ORDERS, 3, 4)


def test_notional_leaves_market_orders_alone_where_the_venue_says_so(core: Core) -> None:
    small = {"order_type": MARKET, "qty_raw": 400}
    assert check(core, small)[0] == core.lib.B3_RULE_MIN_NOTIONAL
    assert check(core, small, notional_min_on_market=0)[0] == 0
    assert (
        check(core, {**small, "qty_raw": 500_000}, notional_max_raw=MONEY, notional_min_raw=0)[0]
        == core.lib.B3_RULE_MAX_NOTIONAL
    )
    assert check(core, {**small, "qty_raw": 500_000}, notional_max_raw=MONEY, notional_max_on_market=0)[0] == 0


def test_without_a_reference_price_its_filters_are_skipped(core: Core) -> None:
    assert check(core, {"price_raw": 20000}, reference=0)[0] == 0
    assert check(core, {"order_type": MARKET, "qty_raw": 400}, reference=0)[0] == 0
    assert (
        check(core, {"qty_raw": 9_980}, reference=0)[0] == core.lib.B3_RULE_MIN_NOTIONAL
    )  # a limit has a price of its own


def test_market_orders_have_no_price_to_judge(core: Core) -> None:
    assert check(core, {"order_type": MARKET, "price_raw": 3})[0] == 0


@pytest.mark.parametrize(("price_scale", "qty_scale"), [(0, 0), (2, 3), (3, 5), (8, 8), (10, 10)])
def test_a_notional_is_compared_without_rounding(core: Core, price_scale: int, qty_scale: int) -> None:
    """3 x 7 units in the last place of both scales, against bounds of 8 digits on either side of it."""
    exact = 21 * 10**8
    unit = 10 ** (price_scale + qty_scale)
    off = dict.fromkeys(BASE, 0)
    scales = {"price_scale": price_scale, "qty_scale": qty_scale}
    for bound in {exact // unit, exact // unit + 1, max(exact // unit - 1, 1)} - {0}:
        request = {"price_raw": 3, "qty_raw": 7}
        low = check(core, request, reference=0, **{**off, **scales, "notional_min_raw": bound})[0]
        high = check(core, request, reference=0, **{**off, **scales, "notional_max_raw": bound})[0]
        assert low == (core.lib.B3_RULE_MIN_NOTIONAL if exact < bound * unit else 0)
        assert high == (core.lib.B3_RULE_MAX_NOTIONAL if exact > bound * unit else 0)


def test_the_largest_numbers_do_not_overflow(core: Core) -> None:
    huge = 2**63 - 1
    off = dict.fromkeys(BASE, 0)
    request = {"price_raw": huge, "qty_raw": huge}
    rule, limit, value = check(core, request, reference=1, **{**off, "price_scale": 10, "notional_max_raw": huge})
    assert (rule, limit, value) == (core.lib.B3_RULE_MAX_NOTIONAL, huge, huge)
    rule, limit, value = check(core, request, reference=huge, **{**off, "bid_multiplier_up_raw": MONEY - 1})
    assert rule == core.lib.B3_RULE_PERCENT_PRICE
    assert value == huge
