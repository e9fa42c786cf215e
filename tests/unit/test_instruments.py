"""Filters from exchangeInfo: every one kept, exact, and what is wrong named."""

import copy
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot3.errors import InstrumentError
from bot3.ffi import ffi
from bot3.ffi.structs import assign
from bot3.instruments import Instrument, TrailingDelta, instruments_from
from bot3.recording import RecordingFile, first_prices, open_recordings, read_exchange_info
from bot3.sample import SAMPLE, SAMPLE_INSTRUMENTS

# Filters of every published shape, in the spelling of spot and of futures.
SPOT: dict[str, Any] = {
    "symbol": "ABCUSDT",
    "status": "TRADING",
    "baseAsset": "ABC",
    "quoteAsset": "USDT",
    "isSpotTradingAllowed": True,
    "filters": [
        {"filterType": "PRICE_FILTER", "minPrice": "0.01000000", "maxPrice": "1000.00000000", "tickSize": "0.01000000"},
        {
            "filterType": "PERCENT_PRICE_BY_SIDE",
            "bidMultiplierUp": "1.2",
            "bidMultiplierDown": "0.2",
            "askMultiplierUp": "5",
            "askMultiplierDown": "0.8",
            "avgPriceMins": 1,
        },
        {"filterType": "LOT_SIZE", "minQty": "0.00100000", "maxQty": "9000.00000000", "stepSize": "0.00100000"},
        {"filterType": "MARKET_LOT_SIZE", "minQty": "0.00000000", "maxQty": "13914.74444444", "stepSize": "0.00000000"},
        {
            "filterType": "NOTIONAL",
            "minNotional": "5.00000000",
            "applyMinToMarket": True,
            "maxNotional": "9000000.00000000",
            "applyMaxToMarket": False,
            "avgPriceMins": 5,
        },
        {"filterType": "MAX_POSITION", "maxPosition": "92233720368.54775807"},
        {"filterType": "MAX_NUM_ORDERS", "maxNumOrders": 200},
        {"filterType": "MAX_NUM_ALGO_ORDERS", "maxNumAlgoOrders": 5},
        {"filterType": "ICEBERG_PARTS", "limit": 10},
        {
            "filterType": "TRAILING_DELTA",
            "minTrailingAboveDelta": 10,
            "maxTrailingAboveDelta": 2000,
            "minTrailingBelowDelta": 20,
            "maxTrailingBelowDelta": 3000,
        },
    ],
}
FUTURES: dict[str, Any] = {
    "symbol": "ABCUSDT",
    "contractType": "PERPETUAL",
    "status": "TRADING",
    "baseAsset": "ABC",
    "quoteAsset": "USDT",
    "filters": [
        {"minPrice": "556.72", "maxPrice": "1000000", "filterType": "PRICE_FILTER", "tickSize": "0.01"},
        {"stepSize": "0.001", "filterType": "LOT_SIZE", "maxQty": "1000", "minQty": "0.001"},
        {"stepSize": "0.001", "filterType": "MARKET_LOT_SIZE", "maxQty": "100", "minQty": "0.002"},
        {"limit": 200, "filterType": "MAX_NUM_ORDERS"},
        {"limit": 10, "filterType": "MAX_NUM_ALGO_ORDERS"},
        {"notional": "5", "filterType": "MIN_NOTIONAL"},
        {"multiplierDown": "0.8500", "multiplierUp": "1.1500", "multiplierDecimal": "4", "filterType": "PERCENT_PRICE"},
    ],
}
INT64_MAX = 2**63 - 1


def one(entry: dict[str, Any]) -> Instrument:
    return instruments_from({"symbols": [entry]})[entry["symbol"]]


def changed(filter_type: str, **keys: Any) -> dict[str, Any]:
    entry = copy.deepcopy(SPOT)
    for published in entry["filters"]:
        if published["filterType"] == filter_type:
            published.update(keys)
    return entry


def raw(instrument: Instrument) -> dict[str, Any]:
    """The fields as they arrive in the C struct."""
    fields = instrument.core_fields({"ABC": 3, "USDT": 7})
    struct = ffi.new("b3_instrument *")
    assign(struct, fields)
    assert {name: getattr(struct, name) for name in fields} | {"symbol": "ABCUSDT"} == fields | {"symbol": "ABCUSDT"}
    assert ffi.string(struct.symbol) == b"ABCUSDT"
    return fields


def test_every_filter_of_spot() -> None:
    instrument = one(SPOT)
    assert raw(instrument) == {
        "symbol": "ABCUSDT",
        "venue": 1,
        "price_scale": 8,
        "qty_scale": 8,
        "trading": 1,
        "notional_min_on_market": 1,
        "notional_max_on_market": 0,
        "base_currency": 3,
        "quote_currency": 7,
        "max_num_orders": 200,
        "tick_raw": 1_000_000,
        "price_step_raw": 1_000_000,
        "price_min_raw": 1_000_000,
        "price_max_raw": 1000 * 10**8,
        "lot_step_raw": 100_000,
        "lot_min_raw": 100_000,
        "lot_max_raw": 9000 * 10**8,
        "market_lot_step_raw": 0,
        "market_lot_min_raw": 0,
        "market_lot_max_raw": 1_391_474_444_444,  # no multiple of any step, and no error
        "notional_min_raw": 5 * 10**8,
        "notional_max_raw": 9_000_000 * 10**8,
        "position_max_raw": INT64_MAX,
        "bid_multiplier_up_raw": 120_000_000,
        "bid_multiplier_down_raw": 20_000_000,
        "ask_multiplier_up_raw": 500_000_000,
        "ask_multiplier_down_raw": 80_000_000,
    }
    assert (instrument.max_num_algo_orders, instrument.iceberg_parts) == (5, 10)
    assert instrument.trailing_delta == TrailingDelta(10, 2000, 20, 3000)
    assert instrument.warnings == ()


def test_every_filter_of_futures() -> None:
    instrument = one(FUTURES)
    fields = raw(instrument)
    assert fields["venue"] == 2
    assert (fields["price_min_raw"], fields["price_step_raw"]) == (55_672_000_000, 1_000_000)
    assert (fields["market_lot_min_raw"], fields["market_lot_max_raw"]) == (200_000, 100 * 10**8)
    assert (fields["notional_min_raw"], fields["notional_min_on_market"]) == (5 * 10**8, 1)
    assert (fields["bid_multiplier_up_raw"], fields["ask_multiplier_down_raw"]) == (115_000_000, 85_000_000)
    assert (fields["max_num_orders"], instrument.max_num_algo_orders) == (200, 10)


def test_c_fields_are_all_filled() -> None:
    """A field added to b3_instrument and forgotten here would be 0 for every instrument."""
    names = {name for name, _ in ffi.typeof("b3_instrument").fields if name != "reserved"}
    assert set(raw(one(SPOT))) == names


def test_what_is_not_published_is_off() -> None:
    entry = {**SPOT, "filters": []}
    fields = raw(one(entry))
    off = {name for name, value in fields.items() if value == 0}
    assert off == {name for name in fields if name.endswith("_raw")} - {"tick_raw"} | {
        "max_num_orders",
        "notional_min_on_market",
        "notional_max_on_market",
    }
    assert fields["tick_raw"] == 1  # the book needs one; the filter is off


def test_trading_status() -> None:
    assert raw(one({**SPOT, "status": "BREAK"}))["trading"] == 0
    assert raw(one({**SPOT, "isSpotTradingAllowed": False}))["trading"] == 0


def test_bounds_beyond_int64_are_kept_as_its_largest() -> None:
    instrument = one(changed("LOT_SIZE", maxQty="92233720368.54775808"))
    assert instrument.lot_max == Decimal("92233720368.54775808")
    assert raw(instrument)["lot_max_raw"] == INT64_MAX
    assert raw(one(changed("LOT_SIZE", maxQty="9" * 40)))["lot_max_raw"] == INT64_MAX
    assert raw(one(changed("LOT_SIZE", maxQty="92233720368.54775806")))["lot_max_raw"] == INT64_MAX - 1
    with pytest.raises(InstrumentError, match="larger than the core can hold"):
        raw(one(changed("LOT_SIZE", stepSize="92233720369")))


def test_finer_decimals_take_a_finer_scale() -> None:
    fields = raw(one(changed("PRICE_FILTER", tickSize="0.0000000005")))
    assert (fields["price_scale"], fields["price_step_raw"], fields["price_min_raw"]) == (10, 5, 100_000_000)
    assert fields["qty_scale"] == 8
    assert raw(one(changed("PRICE_FILTER", tickSize="0.010000000000000")))["price_scale"] == 8
    with pytest.raises(InstrumentError, match="more than 10 digits") as caught:
        one(changed("PRICE_FILTER", tickSize="0.00000000005"))
    assert caught.value.where == "exchangeInfo, ABCUSDT, prices"
    with pytest.raises(InstrumentError, match="more than 8 digits"):
        raw(one(changed("PERCENT_PRICE_BY_SIDE", bidMultiplierUp="1.000000001")))


def test_of_two_filters_the_tighter_bound_holds() -> None:
    entry = copy.deepcopy(SPOT)
    entry["filters"] += [
        {"filterType": "PERCENT_PRICE", "multiplierUp": "3", "multiplierDown": "0.5", "avgPriceMins": 5},
        {"filterType": "MIN_NOTIONAL", "minNotional": "10", "applyToMarket": False, "avgPriceMins": 5},
    ]
    instrument = one(entry)
    assert (instrument.bid_multiplier_up, instrument.bid_multiplier_down) == (Decimal("1.2"), Decimal("0.5"))
    assert (instrument.ask_multiplier_up, instrument.ask_multiplier_down) == (Decimal("3"), Decimal("0.8"))
    assert (instrument.notional_min, instrument.notional_min_on_market) == (Decimal(10), True)


def test_a_zero_does_not_loosen_nor_tighten() -> None:
    entry = copy.deepcopy(SPOT)
    entry["filters"] += [{"filterType": "PERCENT_PRICE", "multiplierUp": "0", "multiplierDown": "0", "avgPriceMins": 5}]
    assert one(entry) == one(SPOT)


def test_a_filter_of_later_times_is_told() -> None:
    entry = copy.deepcopy(SPOT)
    entry["filters"] += [{"filterType": "SOMETHING_NEW", "limit": 5}]
    assert one(entry).unknown_filters == ("SOMETHING_NEW",)
    assert one(entry).warnings == ("ABCUSDT: filter SOMETHING_NEW is not known to this version and not applied",)


@pytest.mark.parametrize(
    ("entry", "says"),
    [
        (
            changed("PRICE_FILTER", tickSize="x"),
            "exchangeInfo, ABCUSDT, PRICE_FILTER, tickSize: is not a plain decimal",
        ),
        (changed("PRICE_FILTER", tickSize="-1"), "not a plain decimal"),
        (changed("PRICE_FILTER", tickSize="1e-8"), "not a plain decimal"),
        (changed("PRICE_FILTER", tickSize="NaN"), "not a plain decimal"),
        (changed("PRICE_FILTER", tickSize=""), "not a plain decimal"),
        (changed("PRICE_FILTER", tickSize="٣"), "not a plain decimal"),
        (changed("PRICE_FILTER", tickSize=True), "not a plain decimal"),
        (changed("PRICE_FILTER", tickSize=None), "not a plain decimal"),
        (changed("PRICE_FILTER", tickSize=["1"]), "not a plain decimal"),
        (changed("MAX_NUM_ORDERS", maxNumOrders="200"), "MAX_NUM_ORDERS, maxNumOrders: is not a count"),
        (changed("MAX_NUM_ORDERS", maxNumOrders=-1), "is not a count"),
        (changed("NOTIONAL", applyMinToMarket="yes"), "NOTIONAL, applyMinToMarket: is neither true nor false"),
        ({**SPOT, "filters": [{"filterType": "LOT_SIZE", "minQty": "1"}]}, "LOT_SIZE: lacks maxQty"),
        ({**SPOT, "filters": [{"limit": 1}]}, "ABCUSDT: has a filter without a type"),
        ({**SPOT, "filters": ["x"]}, "has a filter without a type"),
        ({**SPOT, "filters": None}, 'has no list "filters"'),
        ({**SPOT, "baseAsset": ""}, "lacks baseAsset"),
        ({**SPOT, "status": 5}, "lacks status"),
    ],
)
def test_what_is_wrong_is_named(entry: dict[str, Any], says: str) -> None:
    with pytest.raises(InstrumentError) as caught:
        one(entry)
    assert says in str(caught.value)


def test_what_is_no_exchange_info() -> None:
    for info in ({}, {"symbols": {}}, {"symbols": ["x"]}, {"symbols": [{"symbol": 5}]}, {"symbols": [SPOT, SPOT]}):
        with pytest.raises(InstrumentError):
            instruments_from(info)


def test_only_those_asked_for_are_judged() -> None:
    info = {"symbols": [{"symbol": "BAD"}, SPOT]}
    assert set(instruments_from(info, only=["ABCUSDT", "ZZZ"])) == {"ABCUSDT"}
    with pytest.raises(InstrumentError):
        instruments_from(info)


def test_a_symbol_too_long_for_the_core() -> None:
    instrument = one({**SPOT, "symbol": "A" * 24})
    with pytest.raises(InstrumentError, match="at most 23 bytes"):
        instrument.core_fields({"ABC": 0, "USDT": 1})


decimals = st.integers(0, 10**22).map(lambda n: f"{n // 10**8}.{n % 10**8:08d}")


@given(decimals, decimals, decimals)
def test_numbers_arrive_exactly(low: str, high: str, step: str) -> None:
    """Against whole numbers made of the digits alone."""
    digits = [int(text.replace(".", "")) for text in (low, high, step)]
    instrument = one(changed("LOT_SIZE", minQty=low, maxQty=high, stepSize=step))
    if digits[2] > INT64_MAX:
        with pytest.raises(InstrumentError):
            raw(instrument)
        return
    fields = raw(instrument)
    found = [fields["lot_min_raw"], fields["lot_max_raw"], fields["lot_step_raw"]]
    assert found == [min(value, INT64_MAX) for value in digits]


# ---------------------------------------------------------------- without exchangeInfo


def test_inferred_from_prices() -> None:
    instrument = Instrument.inferred("ABCUSDT", ["10.05", "10.20", "9.95000000"], ["1"])
    assert (instrument.tick, instrument.base, instrument.quote) == (Decimal("0.05"), "ABC", "USDT")
    fields = raw(instrument)
    assert fields["tick_raw"] == 5_000_000
    assert [name for name, value in fields.items() if name.endswith("_raw") and value != 0] == ["tick_raw"]
    assert "no filter of the venue is applied" in instrument.warnings[0]
    assert "tick 0.05 inferred from 3 prices" in instrument.warnings[0]


def test_inferred_of_an_unknown_quote_currency() -> None:
    instrument = Instrument.inferred("ABCXYZ", ["1"], [], "usdm")
    assert (instrument.base, instrument.quote, instrument.market) == ("ABCXYZ", "UNKNOWN", "usdm")
    assert len(instrument.warnings) == 2


def test_what_nothing_can_be_inferred_from() -> None:
    for prices in ([], ["0", "0.00"]):
        with pytest.raises(InstrumentError, match="no price to infer a tick from"):
            Instrument.inferred("ABCUSDT", prices, [])
    with pytest.raises(InstrumentError, match="plain decimal"):
        Instrument.inferred("ABCUSDT", ["x"], [])
    with pytest.raises(InstrumentError, match="more than 10 digits"):
        Instrument.inferred("ABCUSDT", ["1"], ["0.00000000001"])


@given(st.integers(1, 10**6), st.lists(st.integers(1, 10**6), min_size=1, max_size=20))
def test_the_tick_divides_every_price(tick: int, multiples: list[int]) -> None:
    prices = [f"{tick * m // 10**4}.{tick * m % 10**4:04d}" for m in multiples]
    inferred = Instrument.inferred("ABCUSDT", prices, []).tick
    assert all(Decimal(price) % inferred == 0 for price in prices)
    assert inferred * 10**4 % tick == 0


# ---------------------------------------------------------------- the sample and the real files


def test_the_sample() -> None:
    btcusdt = instruments_from(read_exchange_info(SAMPLE_INSTRUMENTS))["BTCUSDT"]
    assert (btcusdt.tick, btcusdt.lot_step, btcusdt.notional_min) == (Decimal("0.01"), Decimal("0.00001"), Decimal(5))
    assert btcusdt.unknown_filters == ()
    assert SAMPLE.stat().st_size < 2 << 20
    with open_recordings([SAMPLE]) as recording:
        with RecordingFile(recording.path) as file:
            seen = first_prices(file, recording.symbols)["BTCUSDT"]
        assert (recording.symbols, recording.bad_line_count) == (("BTCUSDT",), 0)
    assert len(seen.prices) > 2000  # the snapshot
    assert Instrument.inferred("BTCUSDT", seen.prices, seen.qtys).tick == btcusdt.tick


@pytest.mark.parametrize(
    ("name", "symbols", "market_lots_off_step"),
    [
        ("exchangeInfo_binance_com_spot_20211012.json.zst", 1695, None),
        ("exchangeInfo_binance_me_spot_20230410.json.zst", 2183, 2006),
    ],
)
def test_all_symbols_of_the_real_files(
    shared_data: Path, name: str, symbols: int, market_lots_off_step: int | None
) -> None:
    info = read_exchange_info(shared_data / "filters" / name)
    instruments = instruments_from(info, name)
    assert len(instruments) == symbols
    currencies = {name: 0 for i in instruments.values() for name in (i.base, i.quote)}
    struct = ffi.new("b3_instrument *")
    for entry in info["symbols"]:
        instrument = instruments[entry["symbol"]]
        fields = instrument.core_fields(currencies)
        assign(struct, fields)
        published = {f["filterType"]: f for f in entry["filters"]}
        assert instrument.unknown_filters == ()
        # Each published number, looked up the long way.
        for kind, prefix, keys in [
            ("PRICE_FILTER", "price", ("minPrice", "maxPrice", "tickSize")),
            ("LOT_SIZE", "lot", ("minQty", "maxQty", "stepSize")),
            ("MARKET_LOT_SIZE", "market_lot", ("minQty", "maxQty", "stepSize")),
        ]:
            for part, key in zip(("min", "max", "step"), keys, strict=True):
                expected = Decimal(published.get(kind, {}).get(key, "0")) * 10**8
                assert fields[f"{prefix}_{part}_raw"] == expected, (entry["symbol"], kind, key)
        assert fields["notional_min_raw"] == Decimal(published["MIN_NOTIONAL"]["minNotional"]) * 10**8
        assert fields["position_max_raw"] == Decimal(published.get("MAX_POSITION", {}).get("maxPosition", "0")) * 10**8
        percent = published.get("PERCENT_PRICE_BY_SIDE", published.get("PERCENT_PRICE", {}))
        up = percent.get("bidMultiplierUp", percent.get("multiplierUp"))
        assert fields["bid_multiplier_up_raw"] == Decimal(up) * 10**8
        assert fields["max_num_orders"] == published["MAX_NUM_ORDERS"]["maxNumOrders"]
        assert fields["trading"] == (entry["status"] == "TRADING" and entry["isSpotTradingAllowed"])
    if market_lots_off_step is not None:
        off = [i for i in instruments.values() if i.market_lot_max and i.market_lot_max % i.lot_step]
        assert len(off) == market_lots_off_step


def test_the_exchange_info_inside_captures(shared_data: Path) -> None:
    for name, count in [("BINANCE", 1695), ("BINANCE_FUTURES", 122)]:
        with open_recordings([shared_data / "binance" / f"{name}.jsonl.zst"]) as recording:
            assert recording.exchange_info is not None
            instruments = instruments_from(recording.exchange_info)
            assert len(instruments) == count
            with RecordingFile(recording.path) as file:
                seen = first_prices(file, recording.symbols)
            for symbol in recording.symbols:
                inferred = Instrument.inferred(symbol, seen[symbol].prices, seen[symbol].qtys, recording.market)
                assert instruments[symbol].market == recording.market
                assert (inferred.base, inferred.quote) == (instruments[symbol].base, instruments[symbol].quote)
                # Prices off the tick are published, so the inferred one may be finer, never coarser.
                assert instruments[symbol].tick % inferred.tick == 0


def test_instruments_survive_json() -> None:
    """What a converted recording keeps of exchangeInfo gives the same instrument."""
    assert instruments_from(json.loads(json.dumps({"symbols": [SPOT]})))["ABCUSDT"] == one(SPOT)
