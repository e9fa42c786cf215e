"""A run's files against money_from_fills.py: the sample, several strategies, all methods; and that it can fail."""

import itertools
import json
import shutil
import subprocess
import sys
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


def run(out: Path, strategies: list[str], config: dict[str, Any]) -> Path:
    """The sample as a user runs it."""
    settings = out.parent / f"{out.name}.json"
    settings.write_text(json.dumps(config))
    chosen = [word for strategy in strategies for word in ("--strategy", strategy)]
    command = [sys.executable, "-m", "bot3.cli", "run", "--json", "--out", str(out), "--config", str(settings), *chosen]
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
