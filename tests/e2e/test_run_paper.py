"""What the paper venue is set to, through whole runs: the same bytes again, fees to the last digit from the fills."""

import json
from decimal import ROUND_HALF_EVEN, Decimal
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from run_tools import Listener, run, sample_lines, table, written

from bot3.config import parse_config
from bot3.engine.session import Result, replay

DIGIT = Decimal("1e-8")
# Joins the touch on both sides, so that queues matter; without short sales it starts with buys.
STRATEGY = f"{Path(__file__).resolve().parents[2] / 'benches' / 'quoter.py'}:Quoter"


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The first lines of the sample."""
    return written(tmp_path_factory.mktemp("recording") / "part.txt", sample_lines()[:15_000])


def traded(recording: Path, out: Path | None = None, listener: Listener | None = None, **sections: Any) -> Result:
    config = {"execution": {"rate_limit_per_second": 1000}, **sections}
    parsed = parse_config(json.dumps(config).encode())
    return run(recording, strategies=[STRATEGY], config=parsed, out=out, listener=listener)


def fee(amount: Decimal) -> Decimal:
    return amount.quantize(DIGIT, ROUND_HALF_EVEN)


def fills_of(out: Path) -> pd.DataFrame:
    fills = table(out, "fills")
    assert len(fills) > 20 and set(fills.side) == {"buy", "sell"}
    return fills


DRAWN = {"latency_us": 500, "latency_spread_us": 20_000, "market_data_latency_us": 300}


@pytest.mark.parametrize("queue_model", ["none", "conservative", "proportional"])
def test_drawn_latencies_and_queues_replay_to_the_same_bytes(recording: Path, tmp_path: Path, queue_model: str) -> None:
    paper = {**DRAWN, "market_data_latency_spread_us": 5_000, "queue_model": queue_model, "seed": 7}
    result = traded(recording, tmp_path / "first", paper=paper)
    assert result.summary["fills"] > 10
    again = replay(tmp_path / "first" / "journal.b3j", 0.0, Listener())
    assert again.summary["replay"]["identical"] is True
    traded(recording, tmp_path / "second", paper={**paper, "seed": 8})
    first, second = ((tmp_path / name / "journal.b3j").read_bytes() for name in ("first", "second"))
    assert first != second


def test_a_fuller_queue_fills_less(recording: Path) -> None:
    fills = {}
    for model in ("none", "conservative", "proportional"):
        fills[model] = traded(recording, paper={"queue_model": model}).summary["fills"]
    assert fills["none"] > 2 * fills["proportional"] > 0
    assert fills["proportional"] >= fills["conservative"] > 0


def test_what_a_fill_brings_in_pays_its_fee(recording: Path, tmp_path: Path) -> None:
    traded(
        recording, tmp_path / "out", paper={"fee_asset": "received", "queue_model": "none", "maker_fee_rate": 0.00075}
    )
    for row in fills_of(tmp_path / "out").itertuples():
        assert row.fee_currency == ("BTC" if row.side == "buy" else "USDT")
        paid_on = row.qty if row.side == "buy" else row.qty * row.px
        assert row.fee == fee(paid_on * Decimal("0.00075"))


def test_a_third_currency_pays_at_its_rate(recording: Path, tmp_path: Path) -> None:
    account = {"rates": {"BNB": 517.25}, "balances": {"USDT": 100_000, "BNB": 1}}
    traded(recording, tmp_path / "out", paper={"fee_asset": "BNB", "queue_model": "none"}, account=account)
    for row in fills_of(tmp_path / "out").itertuples():
        assert row.fee_currency == "BNB"
        assert row.fee == fee(row.qty * row.px * Decimal("0.001") / Decimal("517.25"))


def test_without_a_rate_the_third_currency_does_not_pay_and_that_is_said(recording: Path, tmp_path: Path) -> None:
    listener = Listener()
    traded(recording, tmp_path / "out", listener, paper={"fee_asset": "BNB", "queue_model": "none"})
    assert any("paper.fee_asset BNB" in text for text in [*listener.warned, *listener.said])
    assert set(fills_of(tmp_path / "out").fee_currency) == {"BTC", "USDT"}


def test_a_tier_holds_from_its_volume_on(recording: Path, tmp_path: Path) -> None:
    tiers = [
        {"volume": 500, "maker_fee_rate": 0.0005, "taker_fee_rate": 0.0006},
        {"volume": 1500, "maker_fee_rate": -0.0001, "taker_fee_rate": 0.0004},
    ]
    traded(recording, tmp_path / "out", paper={"fee_tiers": tiers, "queue_model": "none"})
    volume, seen = Decimal(0), set()
    for row in fills_of(tmp_path / "out").sort_values("exec_id").itertuples():
        rate = Decimal("0.001") if volume < 500 else Decimal("0.0005") if volume < 1500 else Decimal("-0.0001")
        assert row.fee == fee(row.qty * row.px * rate)
        volume += fee(row.qty * row.px)
        seen.add(rate)
    assert len(seen) == 3
