"""Every symbol of two recorded exchangeInfo answers: orders at, just inside and just outside every bound.

The naive filters judge the text that the venue published, in Decimal; the core judges integers. Nothing of bot3
translates between them.
"""

import json
from collections import Counter
from dataclasses import dataclass
from decimal import Context, Decimal, localcontext
from pathlib import Path
from typing import Any

import pytest
import zstandard
from trading_kit import BUY, LIMIT, MARKET, SELL, Core

SCALE = 8
UNIT = Decimal(10) ** -SCALE
INT64_MAX = 2**63 - 1
FILES = {
    "exchangeInfo_binance_com_spot_20211012.json.zst": 1695,
    "exchangeInfo_binance_me_spot_20230410.json.zst": 2183,
}
Filters = dict[str, dict[str, Any]]


def raw(text: str) -> int:
    """At 8 digits; what does not fit int64 is kept as its largest number, as the contract says."""
    return min(int(Decimal(text).scaleb(SCALE)), INT64_MAX)


def symbols_of(path: Path) -> list[dict[str, Any]]:
    if not path.is_file():
        pytest.skip(f"no {path}")
    text = zstandard.ZstdDecompressor().stream_reader(path.read_bytes()).read()
    symbols: list[dict[str, Any]] = json.loads(text)["symbols"]
    return symbols


def multipliers(filters: Filters) -> dict[int, tuple[str, str]]:
    """(up, down) by side."""
    by_side = filters.get("PERCENT_PRICE_BY_SIDE")
    if by_side:
        return {
            BUY: (by_side["bidMultiplierUp"], by_side["bidMultiplierDown"]),
            SELL: (by_side["askMultiplierUp"], by_side["askMultiplierDown"]),
        }
    both = filters["PERCENT_PRICE"]
    return dict.fromkeys((BUY, SELL), (both["multiplierUp"], both["multiplierDown"]))


def instrument_fields(symbol: dict[str, Any], filters: Filters) -> dict[str, Any]:
    price, lot, notional = filters["PRICE_FILTER"], filters["LOT_SIZE"], filters["MIN_NOTIONAL"]
    market = filters.get("MARKET_LOT_SIZE", {"minQty": "0", "maxQty": "0", "stepSize": "0"})
    up_down = multipliers(filters)
    return {
        "symbol": symbol["symbol"].encode(),
        "price_scale": SCALE,
        "qty_scale": SCALE,
        "price_min_raw": raw(price["minPrice"]),
        "price_max_raw": raw(price["maxPrice"]),
        "price_step_raw": raw(price["tickSize"]),
        "lot_min_raw": raw(lot["minQty"]),
        "lot_max_raw": raw(lot["maxQty"]),
        "lot_step_raw": raw(lot["stepSize"]),
        "market_lot_min_raw": raw(market["minQty"]),
        "market_lot_max_raw": raw(market["maxQty"]),
        "market_lot_step_raw": raw(market["stepSize"]),
        "notional_min_raw": raw(notional["minNotional"]),
        "notional_min_on_market": notional["applyToMarket"],
        "position_max_raw": raw(filters.get("MAX_POSITION", {"maxPosition": "0"})["maxPosition"]),
        "bid_multiplier_up_raw": raw(up_down[BUY][0]),
        "bid_multiplier_down_raw": raw(up_down[BUY][1]),
        "ask_multiplier_up_raw": raw(up_down[SELL][0]),
        "ask_multiplier_down_raw": raw(up_down[SELL][1]),
        "max_num_orders": filters["MAX_NUM_ORDERS"]["maxNumOrders"],
    }


@dataclass(frozen=True)
class Order:
    side: int
    order_type: int
    price: Decimal
    qty: Decimal


def in_range(number: Decimal, published: dict[str, str], names: tuple[str, str, str]) -> bool:
    low, high, step = (Decimal(published[name]) for name in names)
    return number >= low and (high == 0 or number <= high) and (step == 0 or number % step == 0)


def naive_rule(filters: Filters, order: Order, reference: Decimal, position: Decimal, open_orders: int) -> str:
    """The venue's documentation of each filter, in the header's order."""
    market = order.order_type == MARKET
    if not market:
        if not in_range(order.price, filters["PRICE_FILTER"], ("minPrice", "maxPrice", "tickSize")):
            return "PRICE_FILTER"
        up, down = (Decimal(text) for text in multipliers(filters)[order.side])
        if (up and order.price > reference * up) or (down and order.price < reference * down):
            return "PERCENT_PRICE"
    names = ("minQty", "maxQty", "stepSize")
    if not in_range(order.qty, filters["LOT_SIZE"], names):
        return "LOT_SIZE"
    if market and "MARKET_LOT_SIZE" in filters and not in_range(order.qty, filters["MARKET_LOT_SIZE"], names):
        return "MARKET_LOT_SIZE"
    notional = filters["MIN_NOTIONAL"]
    price = reference if market else order.price
    if (not market or notional["applyToMarket"]) and price * order.qty < Decimal(notional["minNotional"]):
        return "MIN_NOTIONAL"
    if "MAX_POSITION" in filters and order.side == BUY:
        bound = Decimal(filters["MAX_POSITION"]["maxPosition"])
        if bound and position + order.qty > min(bound, INT64_MAX * UNIT):
            return "MAX_POSITION"
    return "MAX_NUM_ORDERS" if open_orders >= filters["MAX_NUM_ORDERS"]["maxNumOrders"] else "NONE"


def around(texts: list[str | Decimal], step: str) -> list[Decimal]:
    """Each number, one unit and one step to either side, where that is a positive int64."""
    steps = {UNIT, Decimal(step)} - {Decimal(0)}
    numbers = {Decimal(text) + sign * s for text in texts for s in steps for sign in (-1, 0, 1)}
    return sorted(n.quantize(UNIT) for n in numbers if 0 < n <= INT64_MAX * UNIT)


def on_step(number: Decimal, step: str) -> Decimal:
    return number - number % Decimal(step) if Decimal(step) else number


def orders_of(filters: Filters, reference: Decimal) -> list[Order]:
    """At every bound: prices with a usual quantity, quantities with a usual price."""
    price, lot = filters["PRICE_FILTER"], filters["LOT_SIZE"]
    market = filters.get("MARKET_LOT_SIZE", {"minQty": "0", "maxQty": "0"})
    ups_downs = [Decimal(text) * reference for pair in multipliers(filters).values() for text in pair]
    prices = around([price["minPrice"], price["maxPrice"], reference, *ups_downs], price["tickSize"])
    least = Decimal(filters["MIN_NOTIONAL"]["minNotional"])
    usual_qty = max(on_step(2 * least / reference, lot["stepSize"]) + Decimal(lot["stepSize"]), Decimal(lot["minQty"]))
    position = filters.get("MAX_POSITION", {"maxPosition": "0"})["maxPosition"]
    bounds = [lot["minQty"], lot["maxQty"], market["minQty"], market["maxQty"], least / reference, position]
    quantities = around([*bounds, usual_qty], lot["stepSize"])
    orders = [Order(side, LIMIT, p, usual_qty) for p in prices for side in (BUY, SELL)]
    orders += [Order(BUY, kind, reference, q) for q in quantities for kind in (LIMIT, MARKET)]
    return [order for order in orders if 0 < order.qty <= INT64_MAX * UNIT]


def judged(
    core: Core, instrument: Any, orders: list[Order], reference: Decimal, position: Decimal, open_orders: int
) -> list[str]:
    count = len(orders)
    requests = core.ffi.new("b3_request[]", count)
    for target, order in zip(requests, orders, strict=True):
        target.side, target.order_type = order.side, order.order_type
        target.price_raw, target.qty_raw = int(order.price.scaleb(SCALE)), int(order.qty.scaleb(SCALE))
    rules, limits, values = (core.ffi.new(f"{kind}[]", count) for kind in ("uint16_t", "int64_t", "int64_t"))
    reference_raw, position_raw = int(reference.scaleb(SCALE)), int(position.scaleb(SCALE))
    core.lib.b3t_filters_check_many(
        instrument, requests, count, reference_raw, position_raw, open_orders, rules, limits, values
    )
    names = {core.lib.B3_RULE_NONE: "NONE"}
    wanted = "PRICE_FILTER PERCENT_PRICE LOT_SIZE MARKET_LOT_SIZE MIN_NOTIONAL MAX_POSITION MAX_NUM_ORDERS".split()
    names |= {getattr(core.lib, f"B3_RULE_{name}"): name for name in wanted}
    return [names[rule] for rule in rules]


@pytest.mark.parametrize(("name", "count"), FILES.items())
def test_every_symbol_at_every_bound(internals: tuple[Any, Any], shared_data: Path, name: str, count: int) -> None:
    symbols = symbols_of(shared_data / "filters" / name)
    assert len(symbols) == count
    met: Counter[str] = Counter()
    with localcontext(Context(prec=60)):
        for index, symbol in enumerate(symbols):
            core = Core(*internals)
            filters = {f["filterType"]: f for f in symbol["filters"]}
            instrument = core.instruments(instrument_fields(symbol, filters))
            tick = filters["PRICE_FILTER"]["tickSize"]
            reference = on_step(Decimal(filters["PRICE_FILTER"]["maxPrice"]) / 37, tick) or Decimal(tick)
            position = [Decimal(0), Decimal("1.5")][index % 2]
            open_orders = filters["MAX_NUM_ORDERS"]["maxNumOrders"] - 1 + (index % 7 == 0)
            orders = orders_of(filters, reference)
            expected = [naive_rule(filters, order, reference, position, open_orders) for order in orders]
            assert judged(core, instrument, orders, reference, position, open_orders) == expected, symbol["symbol"]
            met.update(expected)
    # Each filter that this venue publishes has been on either side of its bound.
    assert set(met) == {
        "NONE",
        "PRICE_FILTER",
        "PERCENT_PRICE",
        "LOT_SIZE",
        "MARKET_LOT_SIZE",
        "MIN_NOTIONAL",
        "MAX_POSITION",
        "MAX_NUM_ORDERS",
    }
    assert met["NONE"] > 10 * count
