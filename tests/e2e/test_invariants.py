"""What must hold of any run, shown on real sessions: exact books, no look-ahead, the same again, a gap that halts."""

import gzip
import json
import random
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

import bot3

SAMPLE = next((Path(bot3.__file__).parent / "sample").glob("*.gz"))
STRATEGIES = ["--strategy", "obi", "--strategy", "ema_cross"]
# END record: its head and 64 zero bytes.
END_BYTES = 32 + 64


def run(*options: str | Path, inputs: int | None = None) -> dict[str, Any]:
    """Run the command; return what it says as JSON. inputs: how many go into one call of the core."""
    patch = f"import bot3.engine.run; bot3.engine.run._INPUTS = {inputs}; " if inputs is not None else ""
    code = f"{patch}import sys; from bot3.cli import main; sys.exit(main())"
    command = [sys.executable, "-c", code, "run", "--json", *map(str, options)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd="/")
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout))


def lines_of(path: Path) -> list[bytes]:
    with gzip.open(path) as file:
        return file.readlines()


def recorded(path: Path, lines: list[bytes]) -> Path:
    path.write_bytes(b"".join(lines))
    return path


@pytest.fixture(scope="module")
def session(shared_data: Path) -> list[Path]:
    return [shared_data / "binance" / f"spot_btcusdt_{day}.gz" for day in ("20240808", "20240809")]


@pytest.fixture(scope="module")
def whole(session: list[Path], tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], Path]:
    out = tmp_path_factory.mktemp("whole") / "out"
    files = [option for path in session for option in ("--recording", path)]
    return run(*files, "--out", out, *STRATEGIES), out


def test_the_session_ends_in_the_book_that_the_venue_had(whole: tuple[dict[str, Any], Path]) -> None:
    state = whole[0]["instruments"]["BTCUSDT"]
    assert state["last_update_id"] == 50093696318
    assert (state["best_bid"], state["best_ask"]) == ("61602.01", "61602.02")
    assert (state["diffs_stale"], state["diffs_applied"], state["gaps"]) == (2, 6493, 0)
    assert (state["trades"], state["book_tickers"]) == (19904, 73174)
    assert whole[0]["orders"] > 0 and whole[0]["fills"] > 0


def test_the_books_touch_is_the_venues_ticker(whole: tuple[dict[str, Any], Path], session: list[Path]) -> None:
    tickers: list[tuple[int, tuple[Decimal, ...]]] = []
    for path in session:
        for line in lines_of(path):
            if b"@bookTicker" in line:
                data = json.loads(line.split(b" ", 1)[1])["data"]
                tickers.append((data["u"], tuple(Decimal(data[key]) for key in "bBaA")))
    assert tickers == sorted(tickers, key=lambda ticker: ticker[0])
    rows = pq.read_table(whole[1] / "book.parquet").to_pylist()
    assert len(rows) == 6493
    agree, at = 0, 0
    for row in rows:
        while at + 1 < len(tickers) and tickers[at + 1][0] <= row["update_id"]:
            at += 1
        agree += (row["bid_px"], row["bid_qty"], row["ask_px"], row["ask_qty"]) == tickers[at][1]
    assert agree >= 6491


def test_quantities_finer_than_the_lot_are_kept(whole: tuple[dict[str, Any], Path], session: list[Path]) -> None:
    lot = Decimal("0.00001")
    finer = []
    for path in session:
        for line in lines_of(path):
            data = json.loads(line.split(b" ", 1)[1]).get("data", {})
            quantities = [level[1] for side in "ba" for level in data.get(side, []) if data.get("e") == "depthUpdate"]
            quantities += [data[key] for key in "BA" if "B" in data] + [data["q"] for _ in [0] if "q" in data]
            finer += [quantity for quantity in quantities if Decimal(quantity) % lot]
    assert len(finer) == 7
    assert whole[0]["messages"]["bad"] == 0, "none was refused or rounded"


def test_a_missing_diff_halts_the_instrument(tmp_path: Path) -> None:
    lines = lines_of(SAMPLE)
    depth = [number for number, line in enumerate(lines) if b"@depth" in line]
    missing = depth[len(depth) // 2]
    cut_at = int(lines[missing].split(b" ", 1)[0])
    full = run("--recording", SAMPLE, "--out", tmp_path / "full", *STRATEGIES)
    gapped = recorded(tmp_path / "gapped", lines[:missing] + lines[missing + 1 :])
    holed = run("--recording", gapped, "--out", tmp_path / "holed", *STRATEGIES)
    assert full["instruments"]["BTCUSDT"]["gaps"] == 0
    assert holed["instruments"]["BTCUSDT"]["gaps"] == 1
    before, after = (pq.read_table(tmp_path / name / "fills.parquet").to_pylist() for name in ("holed", "full"))
    found_at = int(lines[depth[len(depth) // 2 + 1]].split(b" ", 1)[0])
    times = [row["ts_recv_ns"].value for row in before]
    assert before and max(times) <= found_at, "nothing trades after the gap is found"
    early = [row for row in after if row["ts_recv_ns"].value < cut_at]
    assert before[: len(early)] == early and len(after) > len(before)


def test_the_captures_synchronise(shared_data: Path) -> None:
    for name, symbols in (("BINANCE", 4), ("BINANCE_FUTURES", 4)):
        result = run("--recording", shared_data / "binance" / f"{name}.jsonl.zst", "--bars", "1s")
        assert len(result["instruments"]) == symbols
        for symbol, state in result["instruments"].items():
            assert state["gaps"] == 0, symbol
            assert state["diffs_applied"] > 0, symbol


def test_the_futures_chain_is_unbroken(shared_data: Path) -> None:
    result = run("--recording", shared_data / "binance" / "usdm_btcusdt_20240808.gz")
    state = result["instruments"]["BTCUSDT"]
    assert state["gaps"] == 0 and state["diffs_applied"] > 6000


def journal(out: Path) -> bytes:
    return (out / "journal.b3j").read_bytes()


def test_cut_anywhere_the_past_is_the_same(tmp_path: Path) -> None:
    lines = lines_of(SAMPLE)[:15_000]
    full = recorded(tmp_path / "lines", lines)
    run("--recording", full, "--out", tmp_path / "full", *STRATEGIES)
    whole = journal(tmp_path / "full")
    chosen = random.Random(7)
    for number in range(6):
        cut = chosen.randrange(100, len(lines))
        part = recorded(tmp_path / f"cut{number}", lines[:cut])
        run("--recording", part, "--out", tmp_path / f"out{number}", *STRATEGIES)
        past = journal(tmp_path / f"out{number}")[:-END_BYTES]
        assert whole.startswith(past), f"cut after line {cut}"
        assert len(past) > cut * 100


def test_no_order_fills_on_the_input_that_caused_it(tmp_path: Path) -> None:
    config = tmp_path / "system.json"
    config.write_text(json.dumps({"paper": {"latency_us": 0}}))
    run("--recording", SAMPLE, "--out", tmp_path / "out", "--config", config, *STRATEGIES)
    orders = pq.read_table(tmp_path / "out" / "orders.parquet").to_pylist()
    caused_by = {row["order_id"]: row["input_no"] for row in orders}
    fills = pq.read_table(tmp_path / "out" / "fills.parquet").to_pylist()
    assert fills
    assert all(fill["input_no"] > caused_by[fill["order_id"]] for fill in fills)


def test_the_same_input_gives_the_same_journal(tmp_path: Path) -> None:
    journals = []
    for number, inputs in enumerate([None, None, 1, 37, 1_000_000]):
        lines = recorded(tmp_path / f"lines{number}", lines_of(SAMPLE)[:8_000])
        run("--recording", lines, "--out", tmp_path / f"out{number}", *STRATEGIES, inputs=inputs)
        journals.append(journal(tmp_path / f"out{number}"))
    assert len(journals[0]) > 1_000_000
    assert all(one == journals[0] for one in journals[1:])
