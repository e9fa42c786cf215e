"""The built-in strategies through the whole engine: each runs, repeats exactly, and is what the configuration says."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from run_tools import Listener, run, table

from bot3.config import parse_config
from bot3.engine.builtin import builtins
from bot3.engine.loader import choose_strategies
from bot3.engine.session import replay
from bot3.errors import StrategyError

ROOT = Path(__file__).resolve().parents[2]
BOT3 = [sys.executable, "-m", "bot3.cli"]
RUNS = [
    "ema_cross:sizing=notional,notional=250",
    "rsi_reversion:period=7,allow_short=no",
    "macd:sizing=volatility,risk=0.05,notional=700",
    "bollinger",
    "bollinger:mode=breakout",
    "obi:sizing=notional,notional=300",
    "blend",
    "market_maker",
    "market_maker:sizing=notional,notional=400,interval_ms=250",
    "features",
]


@pytest.mark.parametrize("strategy", RUNS)
def test_runs_on_the_sample_and_repeats_exactly(strategy: str, tmp_path: Path) -> None:
    result = run(strategies=[strategy], out=tmp_path / "out")
    summary = result.summary
    name = strategy.partition(":")[0]
    assert (summary["ended"], summary["error"]) == ("end", None)
    assert set(summary["hot_loop"].values()) >= {0} and summary["hot_loop"]["allocations"] == 0
    assert (summary["fills"] > 0) == (name != "features") and summary["signals"] > 300
    found = replay(tmp_path / "out" / "journal.b3j", 0.0, Listener()).summary["replay"]
    assert found["identical"]
    signals = table(tmp_path / "out", "signals")
    assert set(signals["signal"]) <= set(builtins()[name].signals) and len(signals) == summary["signals"]


def test_each_runs_from_the_command_line() -> None:
    for name in builtins():
        done = subprocess.run(
            [*BOT3, "run", "--json", "--strategy", name], capture_output=True, text=True, check=False, timeout=120
        )
        assert done.returncode == 0, f"{name}: {done.stderr}"
        assert json.loads(done.stdout)["strategies"][0]["name"] == name


def test_sizing_shows_in_the_orders(tmp_path: Path) -> None:
    run(strategies=["ema_cross:fast=3,slow=9,sizing=notional,notional=250"], out=tmp_path / "a")
    entries = table(tmp_path / "a", "orders").query("side == 'buy'")
    fills = table(tmp_path / "a", "fills").query("side == 'buy'")
    worth = fills["qty"].astype(float) * fills["px"].astype(float)
    assert len(entries) > 3 and worth.groupby(fills["order_id"]).sum().between(249, 250.5).all()


def test_market_maker_keeps_its_promises_in_the_engine(tmp_path: Path) -> None:
    listener = Listener()
    run(strategies=["market_maker:qty=0.004,max_inventory=0.01"], out=tmp_path / "a", listener=listener)
    orders, positions, signals = (table(tmp_path / "a", name) for name in ("orders", "positions", "signals"))
    assert set(orders["type"]) == {"limit"} and set(orders["tif"]) == {"post_only"}
    assert {"buy", "sell"} == set(orders["side"])
    held = positions["qty"].astype(float)
    assert held.max() <= 0.01 and held.min() >= 0 and held.max() > 0
    fills = table(tmp_path / "a", "fills")
    assert set(fills["liquidity"]) == {"maker"}
    second = orders["ts_request_ns"].dt.floor("s")
    assert orders.groupby(second).size().max() <= 10  # the default limit on the order rate: none was refused for it
    assert "order_rate" not in set(orders["rule"])
    half = signals[signals["signal"] == "half_spread_bps"]["value"]
    assert (half > 0).all() and len(half) > 200


def test_strategies_of_the_configuration(tmp_path: Path) -> None:
    strategies = [
        {"name": "market_maker", "params": {"gamma": 0.1, "allow_short": False}, "symbols": ["BTCUSDT"]},
        {"name": "ema_cross", "params": {"fast": 3, "slow": 9, "sizing": "notional"}},
    ]
    text = json.dumps({"signal": {"strategies": strategies}})
    choices = choose_strategies((), parse_config(text.encode()).signal.strategies)
    assert [choice.name for choice in choices] == ["market_maker", "ema_cross"]
    file = tmp_path / "system.json"
    file.write_text(text, encoding="utf-8")
    done = subprocess.run(
        [*BOT3, "run", "--json", "--config", str(file)], capture_output=True, text=True, check=True, timeout=120
    )
    ran = {strategy["name"]: strategy["params"] for strategy in json.loads(done.stdout)["strategies"]}
    assert (ran["market_maker"]["gamma"], ran["ema_cross"]["fast"], ran["ema_cross"]["sizing"]) == (0.1, 3, "notional")
    done = subprocess.run(
        [*BOT3, "run", "--json", "--config", str(file), "--strategy", "obi:enter=0.7"],
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    assert [s["name"] for s in json.loads(done.stdout)["strategies"]] == ["obi"]


@pytest.mark.parametrize(
    ("entry", "told"),
    [
        ({"name": "ema_crss"}, r"ema_crss.*Built in are: ema_cross"),
        ({"name": "ema_cross", "params": {"fst": 3}}, r"Meant fast\?.*slow \(2 to 100000 bars, by default 26\)"),
        ({"name": "ema_cross", "params": {"fast": 0}}, r"out of bounds.*1 to 100000 bars, by default 12"),
        ({"name": "ema_cross", "params": {"fast": 2.5}}, r"whole number"),
        ({"name": "ema_cross", "params": {"sizing": "half"}}, r"no choice.*fixed or notional or volatility"),
        ({"name": "market_maker", "params": {"gamma": "x"}}, r"no number.*1e-06 to 1000 1/bps"),
        ({"name": "ema_cross", "symbols": ["ETHUSDT"]}, r"none of them is traded.*ETHUSDT.*Traded are: BTCUSDT"),
        ({"name": "ema_cross:fast=3"}, r"key of their own, params"),
        ({"name": "not_there.py:Mine"}, r"no such file"),
    ],
)
def test_what_is_wrong_is_told_with_what_there_is(entry: dict[str, Any], told: str, tmp_path: Path) -> None:
    file = tmp_path / "system.json"
    file.write_text(json.dumps({"signal": {"strategies": [entry]}}), encoding="utf-8")
    done = subprocess.run(
        [*BOT3, "run", "--config", str(file)], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 2 and "Traceback" not in done.stderr
    assert re.search(told, done.stderr, re.S), done.stderr


def test_a_blend_without_a_model_says_so() -> None:
    listener = Listener()
    run(strategies=["blend"], listener=listener)
    assert any("no model" in said and "w_model=0.5" in said for said in listener.said)
    listener = Listener()
    run(strategies=["blend:w_model=0"], listener=listener)
    assert not any("w_model" in said for said in listener.said)


def test_parameters_that_contradict_are_told_by_name() -> None:
    with pytest.raises(StrategyError, match=r"strategy bollinger.*contradict.*leave"):
        run(strategies=["bollinger:leave=2"])


@pytest.mark.parametrize(
    ("strategy", "told"),
    [
        ("ema_cross:qty=0.000001", "qty=0.000001 of BTCUSDT is below the venue's least quantity, 0.00001"),
        ("market_maker:qty=0.00005", "qty=0.00005 of BTCUSDT is worth 3.08"),
        ("ema_cross:slow=400", "ema_cross never knew enough of BTCUSDT: 346 of 400 bars"),
        ("macd:sizing=volatility,vol_period=900", "macd never knew enough of BTCUSDT: 346 of 900 bars"),
        ("features", "trades nothing"),
    ],
)
def test_why_there_was_no_order(strategy: str, told: str) -> None:
    summary = run(strategies=[strategy]).summary
    assert summary["orders"] == 0 and told in summary["no_orders_because"]


# ---------------------------------------------------------------- what is listed


def listed(*arguments: str) -> str:
    done = subprocess.run([*BOT3, "strategies", *arguments], capture_output=True, text=True, check=True, timeout=60)
    return done.stdout


def test_the_list_names_every_parameter_with_its_unit_and_default() -> None:
    tree = json.loads(listed("--json"))
    text = listed()
    assert list(tree) == list(builtins())
    for name, builtin in builtins().items():
        assert list(tree[name]["params"]) == [param.name for param in builtin.params]
        assert tree[name]["signals"] == list(builtin.signals)
        for param in builtin.params:
            assert re.search(rf"^{param.name} +{re.escape(param.default_text)} +", text, re.M), param.name


def test_the_documentation_has_the_tables_of_the_core() -> None:
    page = (ROOT / "docs" / "STRATEGIES.md").read_text(encoding="utf-8")
    inside = page.split("<!-- bot3 strategies --markdown: begin -->\n")[1].split("<!-- end -->")[0]
    assert inside.strip() == listed("--markdown").strip(), "paste the output of: bot3 strategies --markdown"
