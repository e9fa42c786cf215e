"""Breaker, day, shadow and state on real sessions; the holes and halves in recordings are cut by us."""

import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from guard_tools import HOLDER, held, is_repeated, outputs, written_strategy
from run_tools import Listener, run, sample_lines, table, written
from test_run_session import snapshot_after

from bot3.config import SystemConfig, parse_config
from bot3.engine.session import Result
from bot3.engine.state import State, StateFile, ns_of
from bot3.errors import StateError
from bot3.ffi import lib

# Asks for more than it may have, again and again.
GREEDY = """
from bot3.strategy import Strategy
class Greedy(Strategy):
    def on_bar(self, bar):
        self.buy("2")
"""


def config(**tree: Any) -> SystemConfig:
    return parse_config(json.dumps(tree).encode())


def told(listener: Listener, name: str) -> list[dict[str, Any]]:
    return [fields for _, event, fields in listener.events if event == name]


@pytest.fixture
def go(tmp_path: Path) -> Callable[..., tuple[Result, Listener, Path]]:
    """A run with results on disk, which must replay to the same bytes."""

    def carry_out(*files: Path, strategy: str = "obi", **settings: Any) -> tuple[Result, Listener, Path]:
        out, listener = tmp_path / f"out{len(list(tmp_path.iterdir()))}", Listener()
        text = written_strategy(tmp_path, strategy) if "class " in strategy else strategy
        result = run(*files, strategies=[text], out=out, listener=listener, **settings)
        assert result.error is None
        assert is_repeated(out / "journal.b3j")
        return result, listener, out

    return carry_out


def test_by_default_the_breaker_is_off(go: Callable[..., Any]) -> None:
    _, listener, _ = go()
    assert told(listener, "breaker") == []
    assert ("breaker", "off") in listener.tables["limits"]


@pytest.mark.parametrize(
    ("strategy", "tree", "cause"),
    [
        ("obi", {"breaker": {"max_loss": 5}}, "loss"),
        ("obi", {"breaker": {"max_drawdown_percent": 0.01}}, "drawdown"),
        (GREEDY, {"breaker": {"max_reject_percent": 50, "reject_count": 5}}, "rejects"),
        ("obi", {"breaker": {"max_price_jump_percent": 0.03, "window_ms": 2000}}, "price_jump"),
        ("obi", {"breaker": {"max_latency_ms": 20}, "paper": {"latency_us": 20_001}}, "latency"),
    ],
)
def test_each_cause_opens_it_and_only_reductions_pass_until_it_closes(
    go: Callable[..., Any], strategy: str, tree: dict[str, Any], cause: str
) -> None:
    tree["breaker"]["cool_down_ms"] = 10_000
    result, listener, out = go(strategy=strategy, config=config(**tree))
    opened, closed = told(listener, "breaker"), told(listener, "resume")
    assert opened and {event["cause"] for event in opened} == {cause}
    orders = table(out, "orders")
    for event in opened:
        at, until = event["input"], ns_of(event["closes"])
        assert until == ns_of(event["at"]) + 10 * 10**9
        during = orders[(orders.input_no > at) & (orders.ts_request_ns.astype("int64") < until)]
        passed = during[during.state != "refused"]
        assert set(passed.side) <= {"sell"}, "nothing was bought: a spot account is long or flat"
    ends = [ns_of(event["at"]) for event in closed if event.get("after") == "breaker"]
    assert len(ends) >= len(opened) - 1
    assert all(end >= ns_of(event["closes"]) for end, event in zip(ends, opened, strict=False))
    assert result.summary["rejects"].get("breaker", 0) > 0


def test_a_latency_at_the_limit_is_not_above_it(go: Callable[..., Any]) -> None:
    _, listener, _ = go(config=config(breaker={"max_latency_ms": 20}, paper={"latency_us": 20_000}))
    assert told(listener, "breaker") == []


def with_hole(path: Path) -> tuple[Path, int]:
    """The sample without 20 seconds in its middle; the receive time of the first message after them."""
    lines = sample_lines()
    start = int(lines[len(lines) // 2].split(b" ", 1)[0])
    kept = [line for line in lines if not start <= int(line.split(b" ", 1)[0]) < start + 20 * 10**9]
    after = min(t for line in kept if (t := int(line.split(b" ", 1)[0])) >= start)
    return written(path, kept), after


def test_silence_counts_only_where_something_is_at_stake(go: Callable[..., Any], tmp_path: Path) -> None:
    file, after = with_hole(tmp_path / "hole.txt")
    settings = config(breaker={"max_message_gap_ms": 5000}, risk={"stop_loss_percent": None})
    _, listener, _ = go(file, strategy=HOLDER, config=settings)
    (opened,) = told(listener, "breaker")
    assert (opened["cause"], opened["instrument"], ns_of(opened["at"])) == ("message_gap", "BTCUSDT", after)
    listener = Listener()
    run(file, strategies=[], listener=listener, config=settings)
    assert told(listener, "breaker") == []


@pytest.fixture(scope="module")
def session(shared_data: Path) -> list[Path]:
    return [shared_data / "binance" / f"spot_btcusdt_2024080{day}.gz" for day in (8, 9)]


MIDNIGHT_NS = 1_723_161_600 * 10**9  # 2024-08-09


def test_the_day_begins_at_midnight_by_exchange_time_and_the_loss_with_it(
    go: Callable[..., Any], session: list[Path]
) -> None:
    limit = config(risk={"max_daily_loss": 10}, execution={"rate_limit_per_second": 1000})
    result, listener, out = go(*session, strategy="obi:cool_down_ms=0", config=limit)
    first, second = told(listener, "day")
    assert (first["day"], second["day"]) == ("2024-08-08", "2024-08-09")
    assert abs(ns_of(second["at"]) - MIDNIGHT_NS) < 2 * 10**9, "clocks differ by less than two seconds"
    assert first["equity"] == "100000 USDT"
    begun = Decimal(second["equity"].split()[0])
    assert begun < 100_000 - 9
    orders = table(out, "orders")
    before, after = orders[orders.input_no < second["input"]], orders[orders.input_no > second["input"]]
    assert (before.rule == "daily_loss").sum() > 0 and (after.rule == "daily_loss").sum() > 0
    last_refused = before[before.rule == "daily_loss"].input_no.max()
    bought = orders[(orders.side == "buy") & (orders.state == "filled")].input_no
    assert ((bought > second["input"]) & (bought < after[after.rule == "daily_loss"].input_no.min())).sum() > 0
    assert ((bought > last_refused) & (bought < second["input"])).sum() == 0
    guard = result.summary["guard"]
    assert (guard["day"], guard["refuses"]) == ("2024-08-09", "daily_loss")
    assert Decimal(guard["day_start_equity"]) == begun
    # The day's first equity is what an outsider gets from the fills alone, valued at the mid of then.
    event = next(e for e in outputs(out / "journal.b3j", "system") if e["code"] == lib.B3_SYS_DAY and e["a"] == 19944)
    fills = table(out, "fills").query(f"input_no < {second['input']}")
    cash = (
        sum((f.px * f.qty * (1 if f.side == "sell" else -1) for f in fills.itertuples()), Decimal(0)) - fills.fee.sum()
    )
    qty = sum((f.qty * (1 if f.side == "buy" else -1) for f in fills.itertuples()), Decimal(0))
    value = Decimal(int(event["b"])).scaleb(-8) - 100_000 - cash
    assert qty >= 0 and (abs(value) < Decimal("1e-5") if qty == 0 else abs(value / qty - 61_700) < 300)


def test_a_drawdown_lets_only_reductions_through(go: Callable[..., Any]) -> None:
    result, _, out = go(config=config(risk={"max_drawdown_percent": 0.008}))
    orders = table(out, "orders")
    refused = orders[orders.rule == "drawdown"]
    assert len(refused) > 0 and set(refused.side) == {"buy"}
    assert min(held(out / "journal.b3j")) == 0
    assert result.summary["guard"]["refuses"] == "drawdown"
    assert Decimal(result.summary["guard"]["peak_equity"]) == 100_000


def test_a_shadow_decides_all_and_sends_nothing(go: Callable[..., Any]) -> None:
    result, listener, out = go(shadow=True)
    summary = result.summary
    assert (summary["orders"], summary["fills"]) == (0, 0)
    assert summary["shadow"] == {"would_have_sent": summary["rejects"]["shadow"]}
    assert summary["shadow"]["would_have_sent"] > 10
    assert "would have been sent" in summary["no_orders_because"]
    assert any("nothing is sent" in text for text in listener.warned)
    assert summary["balances"] == {"USDT": {"total": "100000", "locked": "0"}}, "what was charged was given back"
    assert sum(d["allowed"] for d in outputs(out / "journal.b3j", "decision")) == summary["rejects"]["shadow"]


# ---------------------------------------------------------------- what survives a restart


def halves(folder: Path, at: int) -> tuple[Path, Path]:
    """The sample cut in two; the second half begins with a snapshot made by us, so that its book is whole too."""
    lines = sample_lines()
    snapshot = lines[at].split(b" ", 1)[0] + b" " + snapshot_after(lines[:at]) + b"\n"
    return written(folder / "a.txt", lines[:at]), written(folder / "b.txt", [snapshot, *lines[at:]])


def test_breaker_and_day_go_on_over_a_restart_as_if_there_had_been_none(go: Callable[..., Any], tmp_path: Path) -> None:
    """Its price jumps depend on the market alone, so that two halves must tell what the whole tells."""
    jumps = config(breaker={"max_price_jump_percent": 0.03, "window_ms": 2000, "cool_down_ms": 40_000})
    _, whole, _ = go(config=jumps)
    opened = told(whole, "breaker")
    assert len(opened) >= 3
    middle = opened[1]
    lines = sample_lines()
    at = next(i for i, line in enumerate(lines) if int(line.split(b" ", 1)[0]) > ns_of(middle["at"]) + 20 * 10**9)
    state = tmp_path / "state.json"
    first, second = halves(tmp_path, at)
    _, before, _ = go(first, config=jumps, state=state)
    kept = json.loads(state.read_text())
    assert kept["breaker"] == {"cause": "price_jump", "until": middle["closes"]}
    assert (kept["day"], kept["killed"], kept["currency"]) == ("2024-08-08", False, "USDT")
    assert Decimal(kept["day_start_equity"]) == 100_000
    result, after, out = go(second, config=jumps, state=state)
    assert any("circuit breaker is open" in text and middle["closes"] in text for text in after.warned)

    def times(*listeners: Listener) -> list[tuple[str, str]]:
        names = ("breaker", "resume")
        return [
            (event, fields["at"])
            for listener in listeners
            for _, event, fields in listener.events
            if event in names and "instrument" not in fields
        ]

    assert times(before, after) == times(whole)
    (day,) = told(after, "day")
    assert day["day"] == "2024-08-09", "the first day had begun already"
    orders = table(out, "orders")
    early = orders[orders.ts_request_ns.astype("int64") < ns_of(middle["closes"])]
    assert set(early.state) == {"refused"} and len(early) > 0
    assert result.summary["orders"] > 0


def test_the_peak_survives(go: Callable[..., Any], tmp_path: Path) -> None:
    state = tmp_path / "state.json"
    with StateFile(state) as file:
        file.save(State(currency="USDT", peak_equity=Decimal(110_000)))
    result, _, out = go(config=config(risk={"max_drawdown_percent": 9}), state=state)
    assert result.summary["rejects"]["drawdown"] > 0 and result.summary["orders"] == 0
    assert Decimal(json.loads(state.read_text())["peak_equity"]) == 110_000
    (refused, *_) = outputs(out / "journal.b3j", "decision")
    assert refused["rule"] in (lib.B3_RULE_DRAWDOWN, lib.B3_RULE_HALTED)


def test_a_latched_kill_refuses_all_and_says_how_to_reset(go: Callable[..., Any], tmp_path: Path) -> None:
    state = tmp_path / "state.json"
    with StateFile(state) as file:
        file.save(State(currency="USDT", killed=True))
    result, listener, _ = go(state=state)
    assert result.summary["orders"] == 0 and set(result.summary["rejects"]) == {"killed"}
    assert any(f"bot3 reset --state {state}" in text for text in listener.warned)
    assert json.loads(state.read_text())["killed"] is True


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("", "the file"),
        ("{", "the file"),
        ('{"format": 2, "currency": "USDT"}', "format"),
        ('{"currency": "USDT", "killed": "no"}', "killed"),
        ('{"currency": "USDT", "day": "2024-13-01"}', "day"),
        ('{"currency": "USDT", "peak_equity": "much"}', "peak_equity"),
        ('{"currency": "USDT", "peak_equity": 0.123456789}', "peak_equity"),
        ('{"currency": "USDT", "breaker": {"cause": "bad luck", "until": null}}', "breaker.cause"),
        ('{"currency": "USDT", "breaker": {"cause": "loss", "until": "soon"}}', "breaker.until"),
        ('{"currency": "USDT", "more": 1}', "more"),
        ('{"currency": "EUR"}', "currency"),
        ('{"killed": true}', "currency"),
    ],
)
def test_a_damaged_state_file_is_refused_by_the_name_of_what_is_wrong(tmp_path: Path, text: str, named: str) -> None:
    state = tmp_path / "state.json"
    state.write_text(text)
    with pytest.raises(StateError, match=rf"state\.json: .*{named}"):
        run(state=state, out=tmp_path / "out")
    assert state.read_text() == text
    assert not (tmp_path / "out").exists()


def test_two_engines_never_share_a_state_file(tmp_path: Path) -> None:
    state = tmp_path / "state.json"
    with StateFile(state), pytest.raises(StateError, match="in use"):
        run(state=state)
