"""The real session through the whole engine: the book, what is traded on it, and what is written down."""

import bisect
import gzip
import json
import os
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import polars as pl
import pytest
from run_tools import Listener, run, sample_lines, table, written

from bot3.config import parse_config
from bot3.engine.session import Result
from bot3.errors import ArgumentError, InstrumentError, StorageError

TABLES = ("book", "trades", "bars", "signals", "orders", "fills", "positions", "balances", "equity")


@pytest.fixture(scope="module")
def session(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Result, Path, list[Path]]:
    """Both files of the session, run once with results on disk."""
    files = [shared_data / "binance" / f"spot_btcusdt_2024080{day}.gz" for day in (8, 9)]
    out = tmp_path_factory.mktemp("session") / "out"
    return run(*files, strategies=["ema_cross", "obi"], out=out), out, files


def test_the_session_s_book(session: tuple[Result, Path, list[Path]]) -> None:
    result, _, _ = session
    row = result.summary["instruments"]["BTCUSDT"]
    assert result.error is None and result.summary["ended"] == "end"
    assert (row["diffs_stale"], row["diffs_applied"], row["gaps"]) == (2, 6493, 0)
    assert (row["last_update_id"], row["best_bid"], row["best_ask"]) == (50093696318, "61602.01", "61602.02")


def tickers(files: list[Path]) -> list[tuple[int, tuple[Decimal, ...]]]:
    """Update id and bid, quantity, ask, quantity of every bookTicker of the session, read without bot3."""
    found = []
    for file in files:
        for line in gzip.decompress(file.read_bytes()).splitlines():
            message = json.loads(line.split(b" ", 1)[1])
            data = message.get("data", message)
            if "A" in data:
                found.append((data["u"], tuple(Decimal(data[key]) for key in "bBaA")))
    return sorted(found, key=lambda ticker: ticker[0])


def test_the_book_s_touch_is_the_venue_s_ticker(session: tuple[Result, Path, list[Path]]) -> None:
    _, out, files = session
    book, seen = table(out, "book"), tickers(files)
    updates = [update_id for update_id, _ in seen]
    agreed = sum(
        seen[bisect.bisect_right(updates, row.update_id) - 1][1] == (row.bid_px, row.bid_qty, row.ask_px, row.ask_qty)
        for row in book.itertuples()
    )
    assert len(book) == 6493
    assert agreed >= 6491


def test_the_summary_has_what_it_promises(session: tuple[Result, Path, list[Path]]) -> None:
    result, out, _ = session
    summary = json.loads(json.dumps(result.summary))
    assert set(summary["instruments"]["BTCUSDT"]) >= {
        "last_update_id", "best_bid", "best_bid_qty", "best_ask", "best_ask_qty", "diffs_applied", "diffs_stale",
        "gaps", "trades", "book_tickers",
    }  # fmt: skip
    assert set(summary["pnl"]) == {
        "realized", "unrealized", "fees", "total", "method", "currency", "by_currency", "incomplete",
        "incomplete_because",
    }  # fmt: skip
    for row in summary["latency_ns"].values():
        assert set(row) >= {"count", "p50", "p99", "p999", "max"}
        assert row["p50"] <= row["p99"] <= row["p999"] <= row["max"]
    hot = summary["hot_loop"]
    assert (hot["allocations"], hot["voluntary_switches"]) == (0, 0)
    if "sanitize" not in os.environ.get("B3_INTERNALS", ""):  # a sanitizer's shadow memory is touched as it goes
        assert hot["page_faults"] == 0
    assert summary["events_per_s"] == pytest.approx(summary["events"] / summary["wall_s"])
    assert summary["events"] == sum(
        row["levels"] + row["trades"] + row["book_tickers"] for row in summary["instruments"].values()
    )
    assert json.loads((out / "summary.json").read_text()) == summary


def test_money_adds_up(session: tuple[Result, Path, list[Path]]) -> None:
    result, out, _ = session
    pnl = {name: Decimal(result.summary["pnl"][name]) for name in ("realized", "unrealized", "fees", "total")}
    assert pnl["total"] == pnl["realized"] + pnl["unrealized"] - pnl["fees"]
    fills = table(out, "fills")
    assert len(fills) == result.summary["fills"] > 50
    assert fills.fee.sum() == pnl["fees"]
    # Cash and holdings from the fills alone, with nothing of the engine's own bookkeeping.
    sign = fills.side.map({"buy": -1, "sell": 1}).astype(int)
    exact = sum((s * p * q for s, p, q in zip(sign, fills.px, fills.qty, strict=True)), Decimal(0))
    held = sum((-s * q for s, q in zip(sign, fills.qty, strict=True)), Decimal(0))
    balances = result.summary["balances"]
    assert Decimal(result.summary["instruments"]["BTCUSDT"]["position"]) == held
    cash = Decimal(balances["USDT"]["total"])
    assert abs(cash - (100_000 + exact - pnl["fees"])) < len(fills) * Decimal("1e-8")


def test_tables_say_what_the_summary_says(session: tuple[Result, Path, list[Path]]) -> None:
    result, out, _ = session
    summary = result.summary
    row = summary["instruments"]["BTCUSDT"]
    assert len(table(out, "trades")) == row["trades"]
    assert len(table(out, "bars")) == row["bars"]
    assert len(table(out, "signals")) == summary["signals"]
    orders = table(out, "orders")
    assert (orders.state != "refused").sum() == summary["orders"]
    assert orders.order_id.is_unique
    filled = orders[orders.state == "filled"]
    assert (filled.filled_qty == filled.qty).all()
    by_order = table(out, "fills").groupby("order_id").qty.sum()
    assert (orders.set_index("order_id").filled_qty.loc[by_order.index] == by_order).all()
    equity = table(out, "equity")
    assert equity.input_no.is_monotonic_increasing and equity.input_no.is_unique
    assert equity.equity.iloc[-1] > 0 and set(equity.currency) == {"USDT"}
    last = table(out, "positions").query("strategy_id == 0").iloc[-1]
    assert last.realized - last.fees == Decimal(summary["pnl"]["realized"]) - Decimal(summary["pnl"]["fees"])
    book = table(out, "book")
    assert (book.update_id.iloc[-1], str(book.bid_px.iloc[-1])) == (50093696318, "61602.01000000")
    assert (book.bid_px_raw == book.bid_px.map(lambda px: int(px * 10**8))).all()


@pytest.mark.parametrize("name", TABLES)
def test_others_read_the_tables(session: tuple[Result, Path, list[Path]], name: str) -> None:
    _, out, _ = session
    path = out / f"{name}.parquet"
    with_pandas, with_polars = pd.read_parquet(path), pl.read_parquet(path)
    with_duckdb = {name: kind for name, kind, *_ in duckdb.sql(f"describe select * from '{path}'").fetchall()}
    ((count,),) = duckdb.sql(f"select count(*) from '{path}'").fetchall()
    assert len(with_pandas) == len(with_polars) == count > 0
    assert list(with_pandas.columns) == with_polars.columns == list(with_duckdb)
    for column in (column for column in with_duckdb if column.endswith("_ns")):
        assert str(with_pandas[column].dtype) == "datetime64[ns, UTC]"
        assert with_polars[column].dtype == pl.Datetime("ns", "UTC")
        assert with_duckdb[column] in ("TIMESTAMP WITH TIME ZONE", "TIMESTAMPTZ_NS")
    raws = [column for column in with_pandas.columns if column.endswith("_raw")]
    for column in raws:
        assert with_pandas[column].dtype == "int64"
        assert isinstance(with_polars[column.removesuffix("_raw")].dtype, pl.Decimal)


def test_a_lost_depth_message_stops_trading(tmp_path: Path) -> None:
    lines = sample_lines()
    depth = [index for index, line in enumerate(lines) if b'"e":"depthUpdate"' in line]
    lost = depth[len(depth) // 2]
    lost_at = int(lines[lost].split(b" ", 1)[0])
    file = written(tmp_path / "gap.txt", lines[:lost] + lines[lost + 1 :])
    out = tmp_path / "out"
    result = run(file, strategies=["obi:cool_down_ms=0"], out=out)
    row = result.summary["instruments"]["BTCUSDT"]
    assert (row["gaps"] >= 1, row["halted"], row["synced"]) == (True, True, False)
    orders = table(out, "orders")
    sent = orders[orders.state != "refused"]
    assert len(sent) > 0
    found_at = int(lines[depth[len(depth) // 2 + 1]].split(b" ", 1)[0])
    assert lost_at < found_at
    assert sent.ts_request_ns.max().value < found_at
    assert table(out, "fills").ts_recv_ns.max().value < found_at


def snapshot_after(lines: list[bytes]) -> bytes:
    """A snapshot made by us: the book that the recorded one and all later diffs give, kept in two dicts."""
    messages = [json.loads(line.split(b" ", 1)[1]) for line in lines]
    (first,) = (message for message in messages if "lastUpdateId" in message)
    bids, asks, last = dict(first["bids"]), dict(first["asks"]), first["lastUpdateId"]
    for message in messages:
        data = message.get("data", message)
        if data.get("e") == "depthUpdate" and data["u"] > last:
            bids.update(data["b"])
            asks.update(data["a"])
            last = data["u"]
    levels = [
        sorted(([px, qty] for px, qty in side.items() if float(qty)), key=lambda level: float(level[0]))
        for side in (bids, asks)
    ]
    return json.dumps(
        {"lastUpdateId": last, "bids": levels[0][::-1], "asks": levels[1]}, separators=(",", ":")
    ).encode()


def test_a_later_snapshot_makes_the_book_whole_again(tmp_path: Path) -> None:
    lines = sample_lines()
    depth = [index for index, line in enumerate(lines) if b'"e":"depthUpdate"' in line]
    lost, back = depth[1000], depth[2000]
    snapshot = lines[back].split(b" ", 1)[0] + b" " + snapshot_after(lines[: back + 1]) + b"\n"
    file = written(tmp_path / "a.txt", [*lines[:lost], *lines[lost + 1 : back + 1], snapshot, *lines[back + 1 :]])
    row = run(file).summary["instruments"]["BTCUSDT"]
    whole = run().summary["instruments"]["BTCUSDT"]
    assert (row["gaps"], row["snapshots"], row["synced"], row["halted"]) == (1, 2, True, False)
    for name in ("last_update_id", "best_bid", "best_bid_qty", "best_ask", "best_ask_qty"):
        assert row[name] == whole[name]
    assert row["diffs_applied"] < whole["diffs_applied"]


def test_what_the_configuration_names_and_the_recording_lacks_is_said() -> None:
    listener = Listener()
    config = parse_config(b'{"market_data": {"symbols": ["BTCUSDT", "ETHUSDT"]}, "risk": {"max_position_size": 10}}')
    result = run(listener=listener, config=config)
    assert list(result.summary["instruments"]) == ["BTCUSDT"]
    assert any("ETHUSDT" in text for text in listener.warned)
    assert any("max_position_size of 10 BTC" in text and "max_notional_exposure" in text for text in listener.warned)
    assert ("BTCUSDT: position", "at most 10 BTC") in listener.tables["limits"]


def test_limits_that_do_not_contradict_are_not_warned_of() -> None:
    listener = Listener()
    run(listener=listener)
    assert listener.warned == []
    assert listener.done == sorted(listener.done) and listener.done


def test_symbols_that_are_not_recorded_are_refused() -> None:
    with pytest.raises(ArgumentError, match=r"ETHUSDT.*holds BTCUSDT"):
        run(symbols=["ETHUSDT"])
    with pytest.raises(ArgumentError, match="--symbols"):
        run(config=parse_config(b'{"market_data": {"symbols": ["ETHUSDT"]}}'))


def test_an_exchange_info_without_the_symbol_is_refused(tmp_path: Path) -> None:
    info = tmp_path / "info.json"
    info.write_text('{"symbols": []}')
    with pytest.raises(InstrumentError, match="BTCUSDT"):
        run(instruments=info)


def test_without_exchange_info_the_tick_is_inferred_and_said() -> None:
    listener = Listener()
    result = run(listener=listener, instruments=None)
    assert result.summary["instruments"]["BTCUSDT"]["diffs_applied"] == 3449
    assert any("tick 0.01 inferred" in text for text in listener.warned)


def test_results_are_never_mixed(tmp_path: Path) -> None:
    (tmp_path / "old.txt").write_text("x")
    with pytest.raises(StorageError, match="not empty"):
        run(out=tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["old.txt"]


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"bars": "1m"}, "6 of 26 bars"),
        ({"bars": "100000t"}, "no bar closed"),
        ({"config": parse_config(b'{"risk": {"max_position_size": 0.001}}')}, "refused: position_max"),
        ({"strategies": []}, "no strategy"),
        (
            {"strategies": ["obi"], "config": parse_config(b'{"engine": {"sparse_levels": 64}}')},
            "sparse_levels may be too",
        ),
    ],
)
def test_a_run_without_orders_says_why(settings: dict[str, Any], told: str) -> None:
    summary = run(**settings).summary
    assert summary["orders"] == 0
    assert told in summary["no_orders_because"]


def test_a_recording_without_a_snapshot_says_why(tmp_path: Path) -> None:
    lines = [line for line in sample_lines()[:5000] if b'{"lastUpdateId"' not in line]
    summary = run(written(tmp_path / "a.txt", lines), strategies=["obi"]).summary
    assert "no depth snapshot" in summary["no_orders_because"]


@pytest.mark.parametrize(("bars", "most"), [("500ms", 700), ("100t", 97), ("2.5v", 100), ("100000n", 130)])
def test_other_bars(bars: str, most: int) -> None:
    count = run(bars=bars).summary["instruments"]["BTCUSDT"]["bars"]
    assert most // 2 < count <= most


def test_pickles_are_never_loaded(tmp_path: Path) -> None:
    model = tmp_path / "model.pkl"
    model.write_bytes(b"cos\nsystem\n(S'touch /nope'\ntR.")
    listener = Listener()
    run(listener=listener, config=parse_config(json.dumps({"signal": {"model_path": str(model)}}).encode()))
    assert any("never loads" in text and "ONNX" in text for text in listener.said)
