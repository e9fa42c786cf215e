"""`bot3 report` on real runs of the sample: numbers against an independent count, the page in a real browser."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from decimal import Decimal
from html.parser import HTMLParser
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from run_tools import run, table

from bot3.errors import StorageError
from bot3.report import figures_of, read_run


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("report") / "run"
    assert run(strategies=["obi"], out=folder).error is None
    return folder


def report(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "bot3.cli", "report", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_price_pnl_is_what_the_mid_did_to_what_was_held(out: Path) -> None:
    positions = table(out, "positions")
    positions = positions[positions["strategy"] == ""]
    held, before = positions["qty"].tolist(), positions["mark_px"].tolist()
    moved = sum(qty * (now - then) for qty, then, now in zip(held, before, before[1:], strict=False))
    summary = json.loads((out / "summary.json").read_text())
    sources = figures_of(read_run(out)).sources
    assert held[-1] == 0  # what is held at the end is valued later than at its last mark
    assert sources.price == moved
    assert sources.total == Decimal(summary["pnl"]["total"])


def test_counts_are_those_of_the_tables(out: Path) -> None:
    figures = figures_of(read_run(out))
    fills = table(out, "fills")
    assert figures.maker_fills + figures.taker_fills == len(fills) > 0
    assert sum(figures.outcomes.values()) == len(table(out, "orders"))
    assert figures.turnover == sum(px * qty for px, qty in zip(fills["px"], fills["qty"], strict=True))
    assert figures.slippage_bps.size == fills["order_id"].nunique()
    assert figures.trips.count > 0


def test_buy_and_hold_pays_the_first_ask_and_the_taker_fee(out: Path) -> None:
    book, equity = table(out, "book"), table(out, "equity")
    last = book[book["ts_recv_ns"] <= equity["ts_recv_ns"].iloc[-1]].iloc[-1]
    bought = Decimal(100_000) / (book["ask_px"].iloc[0] * Decimal("1.001"))
    holding = figures_of(read_run(out)).holding
    assert holding is not None and holding.symbols == ("BTCUSDT",)
    assert holding.pnl == pytest.approx(float(bought * (last["bid_px"] + last["ask_px"]) / 2 - 100_000), abs=1e-6)


class _Resources(HTMLParser):
    """What a browser would fetch."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += [f"{tag} {value}" for name, value in attrs if name in ("src", "href", "data") and value]


def test_the_page_is_one_file_that_a_browser_draws(out: Path, tmp_path: Path) -> None:
    done = report(out)
    assert done.returncode == 0, done.stderr
    page = out / "report.html"
    assert f"page: {page}" in done.stdout and "largest drawdown" in done.stdout and "buy and hold" in done.stdout
    resources = _Resources()
    resources.feed(page.read_text(encoding="utf-8"))
    assert resources.found == []
    browser = shutil.which("chromium") or shutil.which("chromium-browser")
    if browser is None:
        pytest.skip("no Chromium: apt-get install chromium")
    flags = "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking"
    flags += f" --disable-component-update --disable-sync --virtual-time-budget=20000 --user-data-dir={tmp_path}"
    command = [browser, *flags.split(), "--dump-dom", page.as_uri()]
    own = {
        name: value for name, value in os.environ.items() if name != "LD_PRELOAD"
    }  # a sanitizer's, which is not for it
    drawn = subprocess.run(command, capture_output=True, text=True, check=True, timeout=240, env=own).stdout
    spec_count = len(re.findall(r'id="chart\d+"', page.read_text(encoding="utf-8")))
    assert spec_count >= 5
    assert len(re.findall(r'<div id="chart\d+" class="js-plotly-plot"', drawn)) == spec_count
    assert drawn.count('class="main-svg"') >= spec_count
    assert drawn.count('class="point plotly-customdata"') == len(table(out, "fills"))


def test_another_place_for_the_page(out: Path, tmp_path: Path) -> None:
    assert report(out, "--html", tmp_path / "page.html").returncode == 0
    assert (tmp_path / "page.html").stat().st_size > 1_000_000
    failed = report(out, "--html", tmp_path / "no" / "page.html")
    assert failed.returncode == 2 and "cannot be written" in failed.stderr


@pytest.mark.parametrize(
    ("harm", "message"),
    [
        (shutil.rmtree, "is not a directory"),
        (lambda path: (path / "fills.parquet").unlink(), "fills.parquet: cannot be read: No such file"),
        (lambda path: (path / "fills.parquet").write_bytes(b"PAR1 cut off"), "fills.parquet: is damaged"),
        (lambda path: (path / "summary.json").write_text("{"), "summary.json: is damaged"),
        (lambda path: (path / "summary.json").write_text("{}"), "is not a run's summary"),
        (lambda path: pq.write_table(pa.table({"x": [1]}), path / "book.parquet"), "book.parquet: lacks columns"),
    ],
)
def test_a_directory_that_is_no_whole_run_is_told_so(
    out: Path, tmp_path: Path, harm: Callable[[Path], object], message: str
) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(out, copy, ignore=shutil.ignore_patterns("report.html"))
    harm(copy)
    done = report(copy)
    assert done.returncode == 2 and message in done.stderr, done.stderr
    assert done.stdout == "" and not list(tmp_path.rglob("report.html*"))


def test_a_run_without_equity_says_what_to_do(out: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(out, copy)
    equity = pq.read_table(copy / "equity.parquet")
    pq.write_table(equity.slice(0, 0), copy / "equity.parquet")
    with pytest.raises(StorageError, match="no bar closed"):
        figures_of(read_run(copy))
