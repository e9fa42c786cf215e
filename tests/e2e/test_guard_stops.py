"""Stops on a real session: reached at the bid they name, one exit at a time, never through zero."""

import json
from decimal import ROUND_FLOOR, Decimal
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from guard_tools import HOLDER, PANIC, QUOTER, exits_of, held, is_repeated, outputs, written_strategy
from run_tools import Listener, run, sample_lines, table

from bot3.config import SystemConfig, parse_config
from bot3.engine.state import ns_of
from bot3.ffi import lib

STRATEGIES = ("obi", "ema_cross")


def config(tree: dict[str, Any]) -> SystemConfig:
    return parse_config(json.dumps(tree).encode())


def stops(percent: float | None, trailing: float | None) -> dict[str, Any]:
    return {"risk": {"stop_loss_percent": percent, "trailing_stop_percent": trailing}}


@pytest.fixture(scope="module")
def bids() -> list[tuple[int, Decimal]]:
    """Receive time and bid of every bookTicker of the sample, read without bot3."""
    found = []
    for line in sample_lines():
        at, text = line.split(b" ", 1)
        data = json.loads(text).get("data", {})
        if "A" in data:
            found.append((int(at), Decimal(data["b"])))
    return found


@pytest.fixture(scope="module")
def stopped(tmp_path_factory: pytest.TempPathFactory) -> tuple[Listener, Path]:
    out, listener = tmp_path_factory.mktemp("stops") / "out", Listener()
    run(strategies=STRATEGIES, out=out, listener=listener, config=config(stops(0.02, None)))
    return listener, out


def entry_before(fills: pd.DataFrame, time_ns: int) -> tuple[Decimal, int]:
    """Average price of what is held, from the fills alone, and the time of the last of them."""
    qty = cost = Decimal(0)
    last = 0
    for fill in fills.itertuples():
        if fill.ts_recv_ns.value >= time_ns:
            break
        if fill.side == "buy":
            qty, cost = qty + fill.qty, cost + fill.qty * fill.px
        else:
            cost -= cost * fill.qty / qty
            qty -= fill.qty
        last = fill.ts_recv_ns.value
    return cost / qty, last


def told(listener: Listener, name: str) -> list[dict[str, Any]]:
    return [fields for _, event, fields in listener.events if event == name]


def test_a_stop_is_reached_at_the_bid_it_names(stopped: tuple[Listener, Path], bids: list[tuple[int, Decimal]]) -> None:
    listener, out = stopped
    fills = table(out, "fills")
    found = told(listener, "stop")
    assert len(found) >= 3
    for event in found:
        at = ns_of(event["at"])
        entry, since = entry_before(fills, at)
        trigger = Decimal(event["trigger"])
        assert abs(trigger - entry * Decimal("0.9998")) < Decimal("0.000001")
        assert Decimal(event["touch"]) <= trigger
        assert all(bid > trigger for time, bid in bids if since < time < at), "not one bid too late"


def test_the_exit_sells_all_and_the_next_position_is_guarded_again(stopped: tuple[Listener, Path]) -> None:
    listener, out = stopped
    exits = table(out, "orders").query("exit")
    assert len(exits) >= len(told(listener, "stop")) == len(told(listener, "flat")) >= 3
    assert set(exits.side) == {"sell"} and set(exits.type) == {"market"} and set(exits.state) == {"filled"}
    assert all("dust" not in event for event in told(listener, "flat"))
    for stop, flat in zip(told(listener, "stop"), told(listener, "flat"), strict=True):
        assert stop["input"] < flat["input"]


def test_an_exit_is_the_order_of_who_holds_the_position(stopped: tuple[Listener, Path]) -> None:
    """Both strategies hold at times, and are long or flat: when the account is flat, so is each, by its own ledger."""
    listener, out = stopped
    exits, positions = table(out, "orders").query("exit"), table(out, "positions")
    assert set(exits.strategy) == set(STRATEGIES)
    for flat in told(listener, "flat"):
        before = positions[positions.input_no < flat["input"]]
        assert (before.groupby("strategy_id").qty.last() == 0).all()


def test_the_account_s_trigger_is_exact(stopped: tuple[Listener, Path]) -> None:
    """floor of cost / qty x 0.9998, from the position events that the journal holds."""
    _, out = stopped
    journal = out / "journal.b3j"
    positions = [event for event in outputs(journal, "position") if event["strategy"] == 0]
    for event in outputs(journal, "system"):
        if event["code"] == lib.B3_SYS_STOP:
            last = [p for p in positions if p["input_no"] < event["input_no"]][-1]
            exact = Decimal(int(last["cost_raw"])) * 10**8 / int(last["qty_raw"]) * Decimal("0.9998")
            assert int(event["a"]) == int(exact.to_integral_value(ROUND_FLOOR))
            assert not event["flags"] & lib.B3_FLAG_TRAILING


def test_a_trailing_stop_follows_the_best_bid(bids: list[tuple[int, Decimal]], tmp_path: Path) -> None:
    out, listener = tmp_path / "out", Listener()
    strategy = written_strategy(tmp_path, HOLDER)
    run(strategies=[strategy], out=out, listener=listener, config=config(stops(None, 0.03)))
    (stop,) = told(listener, "stop")
    bought = table(out, "fills").iloc[0].ts_recv_ns.value
    at = ns_of(stop["at"])
    best = max(bid for time, bid in bids if time < at and time > bought - 10**9)
    assert stop["kind"] == "trailing"
    assert Decimal(stop["trigger"]) == best * Decimal("0.9997")
    assert is_repeated(out / "journal.b3j")


@pytest.mark.parametrize("latency_us", [0, 1_000, 150_000])
def test_a_stop_and_a_strategy_s_exit_never_flip_the_position(tmp_path: Path, latency_us: int) -> None:
    """Shorting is allowed here, so that nothing but the guard keeps the position from going through zero."""
    out = tmp_path / "out"
    tree = stops(0.016, None) | {"paper": {"latency_us": latency_us, "allow_short": True}}
    tree["execution"] = {"rate_limit_per_second": 1000}
    result = run(strategies=[written_strategy(tmp_path, PANIC)], out=out, config=config(tree))
    journal = out / "journal.b3j"
    assert result.error is None
    orders = table(out, "orders")
    exits = orders.query("exit")
    assert len(exits) > 0 and ((orders.side == "sell") & ~orders.exit).sum() > 0, "both had something to do"
    assert min(held(journal)) == 0
    assert is_repeated(journal)
    for (_, done, _), (sent, _, _) in zip(exits_of(journal), exits_of(journal)[1:], strict=False):
        assert done <= sent, "one exit in flight"


def test_a_stop_clears_away_what_rests_there(tmp_path: Path) -> None:
    out = tmp_path / "out"
    result = run(strategies=[written_strategy(tmp_path, QUOTER)], out=out, config=config(stops(0.02, None)))
    journal = out / "journal.b3j"
    assert result.summary["guard"]["cancels"] >= 3 and result.summary["guard"]["exits"] >= 1
    cancelled = table(out, "orders").query("state == 'canceled'")
    assert len(cancelled) >= 3
    stop = next(event for event in outputs(journal, "system") if event["code"] == lib.B3_SYS_STOP)
    flat = next(event for event in outputs(journal, "system") if event["code"] == lib.B3_SYS_FLAT)
    between = table(out, "orders").query(
        f"input_no > {stop['input_no']} and input_no < {flat['input_no']} and not exit"
    )
    assert set(between.rule) <= {"exit"}, "while it is taken out, the strategy's orders are refused"
    assert is_repeated(journal)


def test_null_switches_them_off(tmp_path: Path) -> None:
    listener = Listener()
    result = run(strategies=[written_strategy(tmp_path, HOLDER)], listener=listener, config=config(stops(None, None)))
    assert told(listener, "stop") == [] and result.summary["guard"]["exits"] == 0
    assert ("stop-loss", "off") in listener.tables["limits"] and ("trailing stop", "off") in listener.tables["limits"]
