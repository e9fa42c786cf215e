"""system.json: valid as it stands; what is wrong is refused, all of it, each with its path."""

import json
import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from bot3.config import SystemConfig, load_config, parse_bars, parse_config
from bot3.errors import ArgumentError, ConfigError

ROOT = Path(__file__).resolve().parents[2]


def parsed(tree: Any) -> SystemConfig:
    return parse_config(json.dumps(tree).encode())


def paths(tree: Any) -> dict[str, str]:
    with pytest.raises(ConfigError) as raised:
        parsed(tree)
    return dict(raised.value.problems)


def test_the_shipped_file_is_valid_as_it_stands() -> None:
    config = load_config(ROOT / "config" / "system.json")
    assert config.market_data.symbols == ("BTCUSDT", "ETHUSDT")
    assert config.risk.max_position_size == Decimal(10)
    assert config.signal.zmq_publish_address == "tcp://127.0.0.1:5556"
    assert config.execution.paper_trading


def test_every_key_has_a_default_and_says_its_unit() -> None:
    assert parsed({}) == SystemConfig()
    for name, section in SystemConfig.model_fields.items():
        kind = section.annotation
        assert isinstance(kind, type) and issubclass(kind, BaseModel)
        for key, field in kind.model_fields.items():
            assert not field.is_required(), f"{name}.{key}"
            assert field.description, f"{name}.{key}"


def test_all_faults_are_reported_each_with_its_path() -> None:
    tree = {
        "market_data": {"exchange": "kraken", "symbols": ["BTCUSDT", "BTCUSDT"], "symbol": 1},
        "risk": {"max_position_size": "10", "max_notional_exposure": -1, "max_open_positions": 5.5},
        "execution": {"paper_trading": 1, "rate_limit_per_second": 0},
        "paper": [],
        "bars": {"size": "0s"},
        "sgnal": {},
    }
    assert set(paths(tree)) == {
        "market_data.exchange",
        "market_data.symbols",
        "market_data.symbol",
        "risk.max_position_size",
        "risk.max_notional_exposure",
        "risk.max_open_positions",
        "execution.paper_trading",
        "execution.rate_limit_per_second",
        "paper",
        "bars.size",
        "sgnal",
    }


@pytest.mark.parametrize(
    ("section", "key", "value"),
    [
        ("market_data", "symbols", "BTCUSDT"),
        ("market_data", "symbols", ["btcusdt"]),
        ("market_data", "symbols", ["BTC/USDT"]),
        ("market_data", "symbols", ["X" * 24]),
        ("market_data", "websocket_url", "https://stream.binance.com"),
        ("market_data", "websocket_url", "wss://user:password@host/ws"),
        ("market_data", "zmq_publish_address", "tcp://127.0.0.1:70000"),
        ("market_data", "zmq_publish_address", "127.0.0.1:5555"),
        ("risk", "max_position_size", 0),
        ("risk", "max_position_size", True),
        ("risk", "max_position_size", None),
        ("risk", "max_position_size", 1e-9),
        ("risk", "max_position_size", 1e300),
        ("risk", "stop_loss_percent", 100),
        ("risk", "stale_after_ms", -1),
        ("execution", "exchange_api_url", "ftp://x"),
        ("execution", "rate_limit_per_second", 10.5),
        ("execution", "retry_attempts", "3"),
        ("execution", "paper_trading", "yes"),
        ("signal", "model_path", ""),
        ("signal", "update_interval_ms", 0),
        ("paper", "starting_cash", -1),
        ("paper", "taker_fee_rate", 2),
        ("paper", "currency", "usdt"),
        ("bars", "size", "1 fortnight"),
        ("bars", "grace_ms", 10**9),
        ("engine", "order_capacity", 0),
        ("engine", "dense_ticks", 5000),
        ("engine", "dense_ticks", 2048),
        ("engine", "tap_capacity", 2**40),
    ],
)
def test_impossible_values_are_refused(section: str, key: str, value: Any) -> None:
    assert list(paths({section: {key: value}})) == [f"{section}.{key}"] or list(paths({section: {key: value}})) == [
        f"{section}.{key}.0"
    ]


@pytest.mark.parametrize("text", ["NaN", "Infinity", "-Infinity", "1e400"])
def test_numbers_that_are_none_are_refused(text: str) -> None:
    with pytest.raises(ConfigError) as raised:
        parse_config(f'{{"risk": {{"max_position_size": {text}}}}}'.encode())
    assert [path for path, _ in raised.value.problems] == ["risk.max_position_size"]


def test_decimals_are_exact() -> None:
    config = parse_config(b'{"risk": {"max_position_size": 0.1, "max_notional_exposure": 12345678.12345678}}')
    assert config.risk.max_position_size == Decimal("0.1")
    assert config.risk.max_notional_exposure == Decimal("12345678.12345678")


def test_an_unknown_key_is_never_shown_with_its_value() -> None:
    with pytest.raises(ConfigError) as raised:
        parsed({"execution": {"api_key": "hunter2", "rate_limt_per_second": "hunter2"}})
    assert "hunter2" not in str(raised.value)
    problems = dict(raised.value.problems)
    assert "environment" in problems["execution.api_key"]
    assert "meant rate_limit_per_second?" in problems["execution.rate_limt_per_second"]


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"", "not JSON"),
        (b"{", "not JSON"),
        (b"\xff\xfe\x00", "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b"[]", "object of keys"),
        (b"3", "object of keys"),
        (b'{"risk": {}, "risk": {}}', "twice"),
        (b'{"risk": {"max_open_positions": 1, "max_open_positions": 2}}', "twice"),
    ],
)
def test_what_is_no_object_is_refused(data: bytes, told: str) -> None:
    with pytest.raises(ConfigError, match=told):
        parse_config(data)


@given(st.binary(max_size=200))
def test_any_bytes_give_settings_or_a_config_error(data: bytes) -> None:
    try:
        parse_config(data)
    except ConfigError as error:
        assert str(error)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


@given(st.dictionaries(st.sampled_from(list(SystemConfig.model_fields)), json_values, max_size=4))
def test_any_tree_gives_settings_or_a_config_error(tree: dict[str, Any]) -> None:
    try:
        parsed(tree)
    except ConfigError as error:
        assert error.problems or "JSON" in str(error)


def test_settings_cannot_be_changed() -> None:
    config = SystemConfig()
    with pytest.raises(ValidationError):
        config.risk.max_position_size = Decimal(5)  # type: ignore[misc]


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="No such file"):
        load_config(tmp_path / "none.json")
    with pytest.raises(ConfigError, match="directory"):
        load_config(tmp_path)
    large = tmp_path / "large.json"
    large.write_bytes(b" " * (2 << 20))
    with pytest.raises(ConfigError, match="larger"):
        load_config(large)


@pytest.mark.parametrize(
    ("text", "kind", "size"),
    [
        ("1s", "time", 1000),
        ("500ms", "time", 500),
        ("0.5s", "time", 500),
        ("1m", "time", 60_000),
        ("1d", "time", 86_400_000),
        ("100t", "tick", 100),
        ("2.5v", "volume", Decimal("2.5")),
        ("10000n", "notional", 10_000),
    ],
)
def test_bars(text: str, kind: str, size: Decimal) -> None:
    bars = parse_bars(text)
    assert (bars.kind, bars.size, bars.text) == (kind, size, text)


@pytest.mark.parametrize(
    "text", ["", "s", "1", "-1s", "0t", "1.5t", "1.5ms", "2d", "1x", "1 s", "1e3s", "0.000000001v", "\u0661s"]
)
def test_bars_that_are_none(text: str) -> None:
    with pytest.raises(ArgumentError, match="Write a number and a unit"):
        parse_bars(text)


def test_the_documentation_has_every_key_and_its_default() -> None:
    text = (ROOT / "docs" / "RUN.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| `(\w+\.\w+)` \| `([^`]*)` \|", text, re.M))
    defaults = json.loads(SystemConfig().model_dump_json())
    expected = {f"{section}.{key}": value for section, keys in defaults.items() for key, value in keys.items()}
    assert set(rows) == set(expected)
    for path, value in expected.items():
        told = json.loads(rows[path])
        assert told == value or Decimal(str(told)) == Decimal(value), path


def test_roles_for_the_host_are_left_to_who_checks_them() -> None:
    roles = {"hot": {"engine": "3"}, "nic": "eth1"}
    assert parsed({"tune": roles}).tune.model_dump() == roles


def test_strategies_are_named_with_parameters_and_symbols() -> None:
    entry = {"name": "obi", "params": {"enter": 0.5, "levels": 3, "allow_short": True, "sizing": "notional"}}
    (found,) = parsed({"signal": {"strategies": [entry | {"symbols": ["BTCUSDT"]}]}}).signal.strategies
    assert (found.name, found.symbols) == ("obi", ("BTCUSDT",))
    assert found.params == {"enter": Decimal("0.5"), "levels": 3, "allow_short": True, "sizing": "notional"}


@pytest.mark.parametrize(
    ("strategies", "path", "told"),
    [
        ({"name": "obi"}, "signal.strategies", "must be a list"),
        ([{}], "signal.strategies.0.name", "required"),
        ([{"name": "obi", "parms": {}}], "signal.strategies.0.parms", "unknown key"),
        ([{"name": "obi", "params": []}], "signal.strategies.0.params", "must be an object"),
        ([{"name": "obi", "params": {"enter": [1]}}], "signal.strategies.0.params.enter", "must be a number, a word"),
        ([{"name": "obi", "params": {"enter": None}}], "signal.strategies.0.params.enter", "must be a number, a word"),
        ([{"name": "obi", "symbols": ["btc"]}], "signal.strategies.0.symbols", "capital letters"),
    ],
)
def test_strategies_that_cannot_be_meant(strategies: Any, path: str, told: str) -> None:
    problems = paths({"signal": {"strategies": strategies}})
    assert set(problems) == {path} and told in problems[path]
