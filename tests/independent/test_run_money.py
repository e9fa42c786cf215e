"""A run's files against money_from_fills.py: the sample, several strategies, all methods; and that it can fail."""

import itertools
import json
import shutil
import subprocess
import sys
from collections import Counter
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from money_from_fills import METHODS, Redone

SCRIPT = Path(__file__).parent / "money_from_fills.py"
LONG_ONLY = ["obi", "ema_cross", "ema_cross:fast=3,slow=9,qty=0.03"]
FLIPPING = ["obi:cool_down_ms=0,allow_short=1", "ema_cross:fast=3,slow=9,allow_short=1", "ema_cross:qty=0.00517"]


def run(out: Path, strategies: list[str], config: dict[str, Any], recording: Path | None = None) -> Path:
    """A recording, or the sample, as a user runs it."""
    settings = out.parent / f"{out.name}.json"
    settings.write_text(json.dumps(config))
    chosen = [word for strategy in strategies for word in ("--strategy", strategy)]
    command = [sys.executable, "-m", "bot3.cli", "run", "--json", "--out", str(out), "--config", str(settings), *chosen]
    command += ["--recording", str(recording)] if recording is not None else []
    subprocess.run(command, check=True, capture_output=True, timeout=300)
    return out


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Three strategies that go long and short and trade against one another, on a deposit of base and quote."""
    folder = tmp_path_factory.mktemp("flipped")
    account = {"balances": {"USDT": 50_000, "BTC": 0.75, "BNB": 2}, "rates": {"BNB": 512.5}}
    return {
        method: run(
            folder / method,
            FLIPPING,
            {"account": account | {"pnl_method": method}, "paper": {"allow_short": True}},
        )
        for method in METHODS
    }


@pytest.fixture(scope="module", params=METHODS)
def flipped(request: pytest.FixtureRequest, runs: dict[str, Path]) -> Path:
    return runs[request.param]


def script(out: Path) -> subprocess.CompletedProcess[str]:
    """In a process of its own, away from this repository: it needs nothing of it."""
    return subprocess.run(
        [sys.executable, str(SCRIPT), str(out)], check=False, capture_output=True, text=True, cwd="/", timeout=300
    )


def test_the_sample_s_money_follows_from_its_fills(flipped: Path) -> None:
    done = script(flipped)
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    compared = int(done.stdout.split()[0])
    assert compared > 5_000, "nearly nothing was there to compare"


def test_flips_and_several_strategies_were_in_it(flipped: Path) -> None:
    rows = pq.read_table(flipped / "positions.parquet").to_pylist()
    for strategy in (1, 2):
        signs = {row["qty"] > 0 for row in rows if row["strategy_id"] == strategy and row["qty"]}
        assert signs == {True, False}
    assert {row["strategy_id"] for row in rows} == {0, 1, 2, 3}


def test_long_only_on_cash_alone(tmp_path: Path) -> None:
    done = script(run(tmp_path / "out", LONG_ONLY, {}))
    assert (done.returncode, done.stderr) == (0, ""), done.stdout


def of_fees(out: Path) -> dict[str, int]:
    return dict(Counter(pq.read_table(out / "fills.parquet")["fee_currency"].to_pylist()))


@pytest.mark.parametrize("method", METHODS)
def test_fees_in_what_is_received_leave_dust(tmp_path: Path, method: str) -> None:
    config = {"paper": {"fee_asset": "received"}, "account": {"pnl_method": method}}
    out = run(tmp_path / "out", ["obi", "ema_cross:fast=3,slow=9,qty=0.00517"], config)
    assert set(of_fees(out)) == {"BTC", "USDT"}
    done = script(out)
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    summary = json.loads((out / "summary.json").read_text())
    row = summary["instruments"]["BTCUSDT"]
    assert row["dust"] != "0" and Decimal(row["position"]) == Decimal(summary["balances"]["BTC"]["total"])


@pytest.mark.parametrize("method", METHODS)
def test_fees_in_a_third_asset_until_it_runs_out(tmp_path: Path, method: str) -> None:
    """BNB for about half of the fills, then what the fill brings in."""
    balances = {"USDT": 50_000, "BTC": 0.1, "BNB": 0.05}
    account = {"pnl_method": method, "rates": {"BNB": 512.5}, "balances": balances}
    out = run(tmp_path / "out", FLIPPING, {"paper": {"fee_asset": "BNB", "allow_short": True}, "account": account})
    assert set(of_fees(out)) == {"BNB", "BTC", "USDT"}
    assert (
        min(row["total"] for row in pq.read_table(out / "balances.parquet").to_pylist() if row["currency"] == "BNB")
        >= 0
    )
    done = script(out)
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    assert pq.read_metadata(out / "rates.parquet").num_rows == of_fees(out)["BNB"]
    assert json.loads((out / "summary.json").read_text())["pnl"]["incomplete"] is False


def test_the_methods_differ_only_in_what_was_sold_first(runs: dict[str, Path]) -> None:
    tables = [pq.read_table(out / "positions.parquet") for out in runs.values()]
    realized = [table["realized"].to_pylist() for table in tables]
    assert all(one != other for one, other in itertools.combinations(realized, 2))
    cash = [
        [one - cost for one, cost in zip(figures, table["cost"].to_pylist(), strict=True)]
        for figures, table in zip(realized, tables, strict=True)
    ]
    assert cash[0] == cash[1] == cash[2]
    for column in ("qty", "fees", "input_no", "strategy_id"):
        assert tables[0][column] == tables[1][column] == tables[2][column]


def changed(out: Path, folder: Path, table: str, column: str, row: int) -> Path:
    """A copy of a run with the last digit of one decimal changed."""
    shutil.copytree(out, folder)
    content = pq.read_table(folder / f"{table}.parquet")
    values = content[column].to_pylist()
    values[row] += Decimal("0.01" if column == "px" else "1e-8")  # less of a price may round to nothing
    index = content.schema.get_field_index(column)
    content = content.set_column(index, content.schema.field(index), pa.array(values, content.schema.field(index).type))
    pq.write_table(content, folder / f"{table}.parquet")
    return folder


@pytest.mark.parametrize(
    ("table", "column"),
    [
        ("fills", "px"), ("fills", "qty"), ("fills", "fee"), ("positions", "qty"), ("positions", "cost"),
        ("positions", "realized"), ("positions", "fees"), ("positions", "unrealized"), ("balances", "total"),
        ("equity", "equity"),
    ],
)  # fmt: skip
def test_one_digit_is_enough_to_be_told(flipped: Path, tmp_path: Path, table: str, column: str) -> None:
    rows = pq.read_metadata(flipped / f"{table}.parquet").num_rows
    wrong = Redone(changed(flipped, tmp_path / "out", table, column, rows // 2)).wrong
    assert wrong


@pytest.mark.parametrize(
    "path",
    [
        ("pnl", "total"), ("pnl", "by_currency", "USDT", "realized"), ("strategies", 1, "realized"), ("equity",),
        ("instruments", "BTCUSDT", "dust"), ("balances", "BTC", "total"),
    ],
)  # fmt: skip
def test_the_summary_is_compared(flipped: Path, tmp_path: Path, path: tuple[Any, ...]) -> None:
    shutil.copytree(flipped, tmp_path / "out")
    summary = json.loads((flipped / "summary.json").read_text())
    at = summary
    for key in path[:-1]:
        at = at[key]
    at[path[-1]] = str(Decimal(at[path[-1]]) + Decimal("1e-8"))
    (tmp_path / "out" / "summary.json").write_text(json.dumps(summary))
    assert len(Redone(tmp_path / "out").wrong) == 1


TRADER = """
from bot3.strategy import Strategy
class Trader(Strategy):
    '''Buys and sells by turns, never the same size.'''
    def __init__(self): self.seen = 0
    def on_book(self, book):
        self.seen += 1
        if self.seen % 4 == 1: self.buy(str(100 + self.seen % 7))
        elif self.seen % 4 == 3 and self.position > 0: self.sell(str(85 + self.seen % 5))
"""


@pytest.mark.parametrize("method", METHODS)
def test_four_instruments_in_four_currencies(tmp_path: Path, shared_data: Path, method: str) -> None:
    """A real capture, orders of a made-up kind. Fees in BNB are converted through the reporting currency."""
    (tmp_path / "trader.py").write_text(TRADER)
    account = {
        "balances": {"USDT": 5_000, "ETH": 2, "BTC": 0.5, "EUR": 9_000, "BNB": 3, "BLZ": 40},
        "rates": {"ETH": 3_500, "BTC": 57_000.5, "EUR": 1.155, "BNB": 410.25},
        "pnl_method": method,
    }
    config = {"account": account, "paper": {"fee_asset": "BNB"}, "execution": {"rate_limit_per_second": 1000}}
    config["risk"] = {"max_position_size": 1_000_000}
    recording = shared_data / "binance" / "BINANCE.jsonl.zst"
    out = run(tmp_path / "out", [f"{tmp_path / 'trader.py'}:Trader"], config, recording)
    done = script(out)
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    summary = json.loads((out / "summary.json").read_text())
    rates = {row["quote"] for row in pq.read_table(out / "rates.parquet").to_pylist()}
    assert rates == {"USDT", "ETH", "BTC", "EUR"}
    assert all(Decimal(row["fees"]) > 0 for row in summary["instruments"].values())
    assert summary["equity"] is not None and set(summary["pnl"]["by_currency"]) == {"USDT", "ETH", "BTC", "EUR"}
