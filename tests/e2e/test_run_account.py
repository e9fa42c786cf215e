"""The account of a run: starting balances, what may be sold, futures, lots, and what the summary says of it."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from run_tools import Listener, run, sample_lines, table

from bot3.config import parse_config
from bot3.engine.session import replay
from bot3.errors import ConfigError

SELLER = """
from bot3.strategy import Strategy
class Seller(Strategy):
    def __init__(self): self.asked = []
    def on_bar(self, bar):
        if len(self.asked) < 3: self.asked.append(self.sell("0.1"))
"""


def configured(**sections: Any) -> Any:
    return parse_config(json.dumps(sections).encode())


def mid_at(recv_ns: int) -> Decimal:
    """Of the venue's ticker of the sample, read without bot3."""
    newest: dict[str, Any] = {"u": 0}
    for line in sample_lines():
        at, text = line.split(b" ", 1)
        data = json.loads(text).get("data", {})
        if int(at) <= recv_ns and "A" in data and data["u"] > newest["u"]:
            newest = data
    return (Decimal(newest["b"]) + Decimal(newest["a"])) / 2


def test_what_was_deposited_can_be_sold_and_no_more(tmp_path: Path) -> None:
    (tmp_path / "seller.py").write_text(SELLER)
    config = configured(account={"balances": {"BTC": 0.25}})
    result = run(strategies=[f"{tmp_path / 'seller.py'}:Seller"], config=config, out=tmp_path / "out")
    summary = result.summary
    assert summary["rejects"] == {"cash": 1}
    assert summary["instruments"]["BTCUSDT"]["position"] == "-0.2", "that much less than was deposited"
    assert summary["balances"]["BTC"] == {"total": "0.05", "locked": "0"}
    fills = table(tmp_path / "out", "fills")
    proceeds = sum(px * qty for px, qty in zip(fills.px, fills.qty, strict=True)) - fills.fee.sum()
    assert Decimal(summary["balances"]["USDT"]["total"]) == proceeds
    first = table(tmp_path / "out", "equity").iloc[0]
    assert first.equity == Decimal("0.25") * mid_at(first.ts_recv_ns.value)
    held = table(tmp_path / "out", "balances").query("currency == 'BTC'")
    assert (held.locked <= held.total).all() and held.locked.iloc[-1] == 0, "said after an order gave back its part"
    assert replay(tmp_path / "out" / "journal.b3j", 0.0, Listener()).error is None


def test_an_account_with_nothing_is_told_so_and_refused() -> None:
    listener = Listener()
    config = configured(account={"balances": {"USDT": 0}})
    summary = run(config=config, listener=listener).summary
    assert any("starts with nothing" in text and "account.balances" in text for text in listener.said)
    assert "refused: cash" in summary["no_orders_because"]
    assert summary["equity"] == "0"


def test_starting_balances_are_said_once() -> None:
    config = configured(account={"balances": {"USDT": 1}}, paper={"starting_cash": 5})
    with pytest.raises(ConfigError, match=r"account\.balances.*paper\.starting_cash"):
        run(config=config)
    with pytest.raises(ConfigError, match=r"account\.rates\.USDT.*reporting currency"):
        run(config=configured(account={"rates": {"USDT": 2}}))


@pytest.mark.parametrize(
    ("account", "path"),
    [
        ({"balances": {"USDT": -1}}, "account.balances.USDT"),
        ({"balances": {"usdt": 1}}, "account.balances.usdt"),
        ({"balances": {"USDT": "1"}}, "account.balances.USDT"),
        ({"balances": [1]}, "account.balances"),
        ({"rates": {"BNB": 0}}, "account.rates.BNB"),
        ({"rates": {"BNB": 0.000000001}}, "account.rates.BNB"),
        ({"pnl_method": "hifo"}, "account.pnl_method"),
    ],
)
def test_impossible_accounts_are_refused(account: dict[str, Any], path: str) -> None:
    with pytest.raises(ConfigError) as raised:
        configured(account=account)
    assert any(where.startswith(path) for where, _ in raised.value.problems)


def test_a_balance_without_a_worth_leaves_no_equity(tmp_path: Path) -> None:
    """The rest of the run is as it was: it is not needed to trade."""
    config = configured(account={"balances": {"USDT": 1000, "XYZ": 1}})
    summary = run(config=config, out=tmp_path / "out").summary
    assert (summary["equity"], summary["rates"]["XYZ"]) == (None, None)
    assert summary["fills"] > 0 and not summary["pnl"]["incomplete"]
    assert len(table(tmp_path / "out", "equity")) == 0
    valued = configured(account={"balances": {"USDT": 1000, "XYZ": 1}, "rates": {"XYZ": 7}})
    again = run(config=valued).summary
    assert Decimal(again["equity"]) - 7 == Decimal(again["balances"]["USDT"]["total"])


def test_the_account_and_its_strategies_add_up(tmp_path: Path) -> None:
    summary = run(strategies=["obi", "ema_cross:fast=3,slow=9,qty=0.02"], out=tmp_path / "out").summary
    strategies, whole = summary["strategies"], summary["instruments"]["BTCUSDT"]
    assert [row["id"] for row in strategies] == [1, 2]
    for name in ("position", "fees"):
        assert sum(Decimal(row[name]) for row in strategies) == Decimal(whole[name])
    cash = sum(Decimal(row["realized"]) - Decimal(row["cost"]) for row in strategies)
    assert cash == Decimal(whole["realized"]) - Decimal(whole["cost"])
    positions = table(tmp_path / "out", "positions")
    fills = table(tmp_path / "out", "fills").groupby("strategy_id").qty.count()
    assert positions[positions.strategy_id != 0].groupby("strategy_id").qty.count().equals(fills)


@pytest.mark.parametrize("lots", [4, 300])
def test_an_order_without_room_for_its_lots_is_refused(lots: int) -> None:
    """So that no fill ever finds none."""
    config = configured(account={"pnl_method": "fifo"}, engine={"lot_capacity": lots})
    result = run(strategies=["ema_cross:fast=3,slow=9,qty=0.01"] * 6, config=config)
    assert result.error is None
    assert result.summary["rejects"]["lots"] > 0


def test_futures_are_followed_but_not_traded(shared_data: Path) -> None:
    listener = Listener()
    result = run(
        shared_data / "binance" / "usdm_btcusdt_20240808.gz", strategies=["obi"], instruments=None, listener=listener
    )
    summary = result.summary
    assert result.error is None and summary["ended"] == "end"
    assert summary["instruments"]["BTCUSDT"]["bars"] > 0
    assert (summary["orders"], set(summary["rejects"])) == (0, {"not_trading"})
    assert "futures are not traded" in summary["no_orders_because"]
    assert any("BTCUSDT: futures" in text and "not_trading" in text for text in listener.said)
