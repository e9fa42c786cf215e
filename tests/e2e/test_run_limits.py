"""Every rule that refuses an order, reached through a real configuration on the sample, and named in the summary.

Orders come from outside as they do from a Python strategy: engine.submit. What the guard decides (killed, exit, daily
loss, drawdown, breaker) and what only a broken engine could ask (duplicate ids) is tested on the stage.
"""

import json
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from run_tools import Listener, run, sample_lines, written

from bot3.config import parse_bars, parse_config
from bot3.engine.core import Engine
from bot3.engine.plan import RunOptions, RunPlan, build_engine
from bot3.engine.setup import choose_instruments, prepare
from bot3.engine.summary import summarise
from bot3.ffi import ffi, lib
from bot3.recording import RecordingFile, open_recordings
from bot3.sample import SAMPLE, SAMPLE_INSTRUMENTS

ONE = 10**8  # prices, quantities and money of the sample all have 8 digits
SIDES = {"buy": lib.B3_BUY, "sell": lib.B3_SELL}
TYPES = {"limit": lib.B3_LIMIT, "market": lib.B3_MARKET, "stop": lib.B3_STOP, "stop_limit": lib.B3_STOP_LIMIT}


@dataclass
class Desk:
    """An engine in the middle of the sample, and orders for it."""

    engine: Engine
    file: RecordingFile
    plan: RunPlan

    @property
    def touch(self) -> Any:
        """A b3_touch *, a copy."""
        state = self.engine.instrument(0)
        return ffi.new("b3_touch *", state.touch)

    def ask(self, side: str = "buy", kind: str = "limit", qty: str = "0.001", price: Any = None, **more: int) -> int:
        """Submits; price and stop_price in raw units, by default far from the touch on our side of it."""
        touch = self.touch
        away = touch.bid_price_raw - 100 * ONE if side == "buy" else touch.ask_price_raw + 100 * ONE
        request = ffi.new("b3_request *")
        request.hdr.kind, request.hdr.version = lib.B3_REQUEST, 1
        request.hdr.flags = more.pop("flags", 0)
        request.action = more.pop("action", lib.B3_NEW)
        request.side, request.order_type, request.tif = SIDES[side], TYPES[kind], lib.B3_GTC
        request.qty_raw = int(Decimal(qty) * ONE)
        request.price_raw = 0 if kind in ("market", "stop") else int(price if price is not None else away)
        request.stop_price_raw = more.pop("stop_price", 0)
        request.orig_order_id = more.pop("orig_order_id", 0)
        assert not more
        return self.engine.submit(request)

    def further(self, inputs: int = 2000) -> None:
        """The engine comes back earlier when it has something to tell, as of a new day."""
        last = int(self.engine.totals().inputs) + inputs
        while (left := last - int(self.engine.totals().inputs)) > 0:
            if self.engine.run(self.file.pointer, left) == lib.B3_END:
                break

    @property
    def rejects(self) -> dict[str, int]:
        rejects: dict[str, int] = summarise(self.engine, self.plan, 1.0)["rejects"]
        return rejects

    def decisions(self) -> list[Any]:
        count = ffi.new("uint32_t *")
        slots = lib.b3_engine_tap(self.engine.pointer, count)
        return [ffi.cast("b3_decision *", ffi.addressof(slots[i], "event")) for i in range(count[0])]


@pytest.fixture
def desks() -> Iterator[Any]:
    """Opens desks by configuration, on the sample or other recordings. filters: changed fields of b3_instrument."""
    with ExitStack() as stack:

        def opened(
            config: dict[str, Any],
            inputs: int = 3000,
            paths: tuple[Path, ...] = (SAMPLE,),
            filters: dict[str, int] | None = None,
        ) -> Desk:
            settings = parse_config(json.dumps(config).encode())
            recording = stack.enter_context(open_recordings(paths))
            file = stack.enter_context(RecordingFile(recording.path))
            known = SAMPLE_INSTRUMENTS if paths == (SAMPLE,) else None
            instruments = choose_instruments(recording.symbols, recording, file, known)
            plan = prepare(settings, parse_bars(settings.bars.size), instruments, []).plan
            changed = tuple({**fields, **(filters or {})} for fields in plan.instruments)
            plan = replace(plan, instruments=changed)
            options = RunOptions(tap_kinds=1 << lib.B3_DECISION)
            desk = Desk(stack.enter_context(build_engine(plan, options)), file, plan)
            if inputs:
                desk.further(inputs)
            return desk

        yield opened


FREE = {"risk": {"max_position_size": 1000, "max_notional_exposure": 10**9, "price_collar_percent": None}}
RICH = {"account": {"balances": {"USDT": 10**7, "BTC": 10}}}


def config(risk: dict[str, Any] | None = None, **sections: Any) -> dict[str, Any]:
    return {"risk": {**FREE["risk"], **(risk or {})}, **RICH, **sections}


CASES: dict[str, tuple[dict[str, Any], list[dict[str, Any]]]] = {
    "malformed": (config(), [{"qty": "0"}]),
    "unknown_order": (config(), [{"action": lib.B3_REPLACE, "orig_order_id": 99}]),
    "order_rate": (config(execution={"rate_limit_per_second": 1}), [{}, {}]),
    "reduce_only": (config(), [{"side": "sell", "flags": lib.B3_FLAG_REDUCE_ONLY}]),
    "qty_max": (config({"max_order_size": 0.5}), [{"qty": "0.50001"}]),
    "price_collar": (config({"price_collar_percent": 1}), [{"price": 70_000 * ONE}]),
    "notional_max": (config({"max_order_notional": 50}), [{"qty": "0.001"}]),
    "open_orders": (config({"max_open_orders": 2}), [{}, {}, {}]),
    "position_max": (config({"max_position_size": 1}), [{"qty": "0.6"}, {"qty": "0.6"}]),
    "exposure_max": (config({"max_notional_exposure": 1000}), [{"qty": "0.01"}, {"qty": "0.01"}]),
    "net_exposure_max": (config({"max_net_exposure": 1000}), [{"qty": "0.01"}, {"qty": "0.01"}]),
    "self_cross": (config(), [{"price": 60_000 * ONE}, {"side": "sell", "price": 60_000 * ONE}]),
    "cash": (config(), [{"side": "sell", "qty": "10.1"}]),
    "lots": (config(account={**RICH["account"], "pnl_method": "fifo"}, engine={"lot_capacity": 100}), [{}, {}]),
    "price_filter": (config(), [{"price": 60_000 * ONE + 1}]),
    "lot_size": (config(), [{"qty": "0.000011"}]),
    "min_notional": (config(), [{"qty": "0.00001"}]),
    "overflow": (config(), [{"qty": "90000000000", "price": 9 * 10**18}]),
}


@pytest.mark.parametrize("name", CASES)
def test_each_rule_refuses_the_last_order_alone(desks: Any, name: str) -> None:
    settings, orders = CASES[name]
    desk = desks(settings)
    for order in orders:
        desk.ask(**order)
    assert desk.rejects == {name: 1}
    allowed = [bool(decision.allowed) for decision in desk.decisions()]
    assert allowed == [True] * (len(orders) - 1) + [False]


VENUE = {
    "percent_price": ({"bid_multiplier_up_raw": ONE}, {"price": 70_000 * ONE}),
    "market_lot_size": ({"market_lot_max_raw": ONE // 1000}, {"kind": "market", "qty": "0.002"}),
    "max_notional": ({"notional_max_raw": 10 * ONE}, {"qty": "0.001"}),
    "max_position": ({"position_max_raw": 5 * ONE}, {}),
    "not_trading": ({"trading": 0}, {}),
}


@pytest.mark.parametrize("name", VENUE)
def test_filters_that_the_sample_s_venue_does_not_have(desks: Any, name: str) -> None:
    filters, order = VENUE[name]
    desk = desks(config(), filters=filters)
    desk.ask(**order)
    assert desk.rejects == {name: 1}


def test_one_order_too_many_for_the_venue(desks: Any) -> None:
    desk = desks(config(), filters={"max_num_orders": 1})
    desk.ask()
    desk.ask()
    assert desk.rejects == {"max_num_orders": 1}


def test_before_the_book_is_whole_nothing_is_sent(desks: Any) -> None:
    desk = desks(config(), inputs=1)
    desk.ask(price=60_000 * ONE)
    assert desk.rejects == {"halted": 1}


def test_a_stop_that_is_met_already_is_refused_and_others_are_not(desks: Any) -> None:
    desk = desks(config())
    touch = desk.touch
    desk.ask(kind="stop", stop_price=touch.ask_price_raw + 100 * ONE)
    desk.ask(side="sell", kind="stop_limit", price=touch.bid_price_raw - 60 * ONE,
             stop_price=touch.bid_price_raw - 50 * ONE)  # fmt: skip
    assert desk.rejects == {}
    desk.ask(kind="stop", stop_price=touch.ask_price_raw)
    assert desk.rejects == {"price_collar": 1}


def test_a_position_may_be_reduced_and_no_more(desks: Any) -> None:
    desk = desks(config())
    desk.ask(kind="market", qty="0.01")
    desk.further()
    assert desk.engine.position(0).qty_raw == ONE // 100
    desk.ask(side="sell", qty="0.006", flags=lib.B3_FLAG_REDUCE_ONLY)
    desk.ask(side="sell", qty="0.00401", flags=lib.B3_FLAG_REDUCE_ONLY)
    assert desk.rejects == {"reduce_only": 1}
    refused = desk.decisions()[-1]
    assert (refused.limit_raw, refused.value_raw) == (ONE * 4 // 1000, ONE * 401 // 100_000)
    desk.ask(side="sell", qty="0.004", flags=lib.B3_FLAG_REDUCE_ONLY)
    assert desk.rejects == {"reduce_only": 1}


def test_nobody_but_the_engine_says_exit(desks: Any) -> None:
    """It would lift the limits: from outside the flag counts for nothing."""
    desk = desks(config({"max_order_size": 0.5}))
    desk.ask(qty="0.6", flags=lib.B3_FLAG_EXIT)
    assert desk.rejects == {"qty_max": 1}


def test_a_second_instrument_is_one_position_too_many(desks: Any, tmp_path: Path) -> None:
    desk = desks(config({"max_open_positions": 1}), paths=two_symbols(tmp_path), inputs=10**6)
    desk.ask()
    request = ffi.new("b3_request *")
    request.hdr.kind, request.hdr.version, request.hdr.instrument = lib.B3_REQUEST, 1, 1
    request.action, request.side, request.order_type, request.tif = lib.B3_NEW, lib.B3_BUY, lib.B3_LIMIT, lib.B3_GTC
    request.qty_raw, request.price_raw = ONE // 1000, 60_000 * ONE
    desk.engine.submit(request)
    assert desk.rejects == {"open_positions": 1}


def later(line: bytes, ms: int) -> bytes:
    stamp, text = line.split(b" ", 1)
    unit = 10 ** (len(stamp) - 13)
    return str(int(stamp) + ms * unit).encode() + b" " + text


def two_symbols(tmp_path: Path) -> tuple[Path, Path]:
    """The sample, and made of it a file that says the same of another symbol."""
    other = [line.replace(b"BTCUSDT", b"ETHUSDT").replace(b"btcusdt", b"ethusdt") for line in sample_lines()]
    return SAMPLE, written(tmp_path / "other.txt", other)


def test_a_feed_that_falls_behind_the_clocks_offset(desks: Any, tmp_path: Path) -> None:
    """Made of the sample: from the 1,500th message on everything comes 1.2 s later than it was sent."""
    lines = sample_lines()
    path = written(tmp_path / "late.txt", [*lines[:1500], *(later(line, 1200) for line in lines[1500:])])
    on_time = desks(config(), paths=(path,), inputs=1400)
    on_time.ask()
    assert on_time.rejects == {}
    late = desks(config(), paths=(path,), inputs=2500)
    late.ask()
    assert late.rejects == {"feed_late": 1}
    refused = late.decisions()[-1]
    assert refused.limit_raw == 10**9 and 1.15e9 < refused.value_raw < 1.3e9
    allowed = desks(config({"late_after_ms": 0}), paths=(path,), inputs=2500)
    allowed.ask()
    assert allowed.rejects == {}


def test_an_instrument_is_judged_at_the_rate_that_another_one_tells(desks: Any) -> None:
    """Reporting in BTC, which the instrument itself prices: 1 USDT is about 1/60,000 of it."""
    desk = desks(
        {"risk": {"max_order_notional": 0.1, "max_notional_exposure": 1000}, "paper": {"currency": "BTC"},
         "account": {"balances": {"BTC": 10, "USDT": 10**7}, "rates": {"USDT": 0.000016}}}
    )  # fmt: skip
    desk.ask(qty="0.09")
    assert desk.rejects == {}
    desk.ask(qty="0.11")
    assert desk.rejects == {"notional_max": 1}


@pytest.mark.parametrize(
    ("settings", "text"),
    [
        ({"risk": {"max_order_size": 2}}, "risk.max_order_size (2 BTC) is above risk.max_position_size (1 BTC)"),
        ({"risk": {"max_order_notional": 10**6}}, "risk.max_order_notional (1000000 USDT) is above risk.max_notional"),
        ({"risk": {"max_net_exposure": 10**6}}, "risk.max_net_exposure (1000000 USDT) is above"),
        ({"risk": {"max_open_orders": 64}, "engine": {"order_capacity": 8}}, "(64) is above engine.order_capacity (8)"),
        (
            {"account": {"pnl_method": "lifo"}, "engine": {"lot_capacity": 640}},
            "(64) is above what engine.lot_capacity is enough for, at 64 lots an order (10)",
        ),
        (
            {"risk": {"price_collar_percent": 90}},
            "risk.price_collar_percent (90 %) is above the venue's percent filter",
        ),
    ],
)
def test_limits_that_are_never_reached_are_warned_of(settings: dict[str, Any], text: str) -> None:
    listener = Listener()
    run(strategies=[], listener=listener, config=parse_config(json.dumps(settings).encode()))
    assert any(text in warning for warning in listener.warned), listener.warned
