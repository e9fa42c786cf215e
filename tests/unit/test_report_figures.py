"""The report's numbers against hand-computed ones. All tables here are made by us."""

import math
from decimal import Decimal
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot3.report.files import RunFiles
from bot3.report.performance import drawdown, performance_of, sampled
from bot3.report.trades import order_slippage_bps, round_trips, sources_of, turnover_of

START = np.datetime64("2024-08-08T23:54:14", "ns")


def seconds(*at: float) -> np.ndarray:
    return START + (np.array(at) * 1e9).astype("timedelta64[ns]")


def test_the_grid_takes_the_last_value_known() -> None:
    values = sampled(seconds(0, 0.4, 2.5, 3.0), np.array([1.0, 2.0, 3.0, 4.0]), 1)
    assert values.tolist() == [1.0, 2.0, 2.0, 4.0]


def test_ratios_of_a_curve_worked_by_hand() -> None:
    # Returns +1 %, -1 %, +2 %: mean 2/300, deviation sqrt(((1-2/3)^2 + (1+2/3)^2 + (2-2/3)^2) / 2) %.
    equity = np.array([100.0, 101.0, 99.99, 101.9898])
    found = performance_of(seconds(0, 1, 2, 3), equity)
    mean, deviation = 2 / 3, math.sqrt(((1 / 3) ** 2 + (5 / 3) ** 2 + (4 / 3) ** 2) / 2)
    assert found.step_s == 1 and found.samples == 3
    assert found.sharpe == pytest.approx(mean / deviation, rel=1e-9)
    assert found.sortino == pytest.approx(mean / math.sqrt(1 / 3), rel=1e-9)
    assert found.sharpe_annual == pytest.approx(mean / deviation * math.sqrt(365.25 * 86_400), rel=1e-9)
    assert found.max_drawdown == pytest.approx(1.01) and found.max_drawdown_rate == pytest.approx(0.01)


@pytest.mark.parametrize(("duration_s", "step_s"), [(49, 1), (499, 1), (500, 10), (3_000, 60), (180_000, 3_600)])
def test_the_step_is_the_longest_with_fifty_samples(duration_s: int, step_s: int) -> None:
    at = seconds(0, duration_s)
    assert performance_of(at, np.array([1.0, 2.0])).step_s == step_s


def test_a_flat_curve_has_no_ratio() -> None:
    found = performance_of(seconds(0, 1, 2), np.full(3, 5.0))
    assert (found.sharpe, found.sortino, found.max_drawdown) == (None, None, 0.0)
    single = performance_of(seconds(0), np.array([5.0]))
    assert (single.samples, single.sharpe, single.sortino) == (0, None, None)


@given(st.lists(st.floats(1.0, 1e6), min_size=1, max_size=50))
def test_drawdown_is_the_distance_to_the_highest_before(equity: list[float]) -> None:
    want = [value - max(equity[: i + 1]) for i, value in enumerate(equity)]
    assert drawdown(np.array(equity)).tolist() == want


def name_column(values: list[str]) -> pa.Array:
    return pa.array(values, pa.string()).dictionary_encode()


def decimals(*values: str) -> pa.Array:
    return pa.array([Decimal(value) for value in values], pa.decimal128(38, 8))


def made_run() -> RunFiles:
    """Bought 2 at 100 (mid 100.5, maker), sold 3 at 103 (mid 103.25, taker: a flip), bought 1 at 104 (mid 104)."""
    fills = pa.table(
        {
            "instrument": name_column(["X"] * 3),
            "order_id": [1, 2, 3],
            "side": name_column(["buy", "sell", "buy"]),
            "px": decimals("100", "103", "104"),
            "qty": decimals("2", "3", "1"),
            "liquidity": name_column(["maker", "taker", "taker"]),
            "input_no": [10, 20, 30],
        }
    )
    positions = pa.table(
        {
            "instrument": name_column(["X"] * 4),
            "qty": decimals("2", "2", "-1", "0"),
            "realized": decimals("0", "0", "6", "5"),
            "fees": decimals("0.2", "0.2", "0.5", "0.6"),
            "mark_px": decimals("100.5", "101", "103.25", "104"),
            "input_no": [10, 15, 20, 30],
        }
    )
    orders = pa.table(
        {
            "order_id": [1, 2, 3, 4],
            "side": name_column(["buy", "sell", "buy", "buy"]),
            "arrival_bid": decimals("100", "103.5", "103", "1"),
            "arrival_ask": decimals("101", "104.5", "104", "2"),
        }
    )
    # Y has no rows, and is of another money: it must not disturb.
    summary = {
        "pnl": {"currency": "USDT", "realized": "5", "unrealized": "0", "fees": "0.6", "total": "4.4"},
        "instruments": {"X": {"quote": "USDT"}, "Y": {"quote": "BTC"}},
    }
    return RunFiles(Path("made"), summary, {"fills": fills, "positions": positions, "orders": orders})


def test_sources_add_up_and_are_what_the_hand_says() -> None:
    found = sources_of(made_run())
    # Spread: +0.5 x 2, then a sell 0.25 below the mid x 3, then at the mid. Price: 2 x (103.25 - 100.5) - 1 x 0.75.
    assert found.spread == Decimal("0.25")
    assert found.price == Decimal("4.75")
    assert found.price + found.spread - found.fees == found.total == Decimal("4.4")


def test_round_trips_end_at_zero_and_at_a_flip() -> None:
    found = round_trips(made_run())
    assert (found.count, found.winners, found.best, found.worst) == (2, 1, Decimal("5.5"), Decimal("-1.1"))
    assert found.hit_rate == 0.5


def test_turnover_is_the_notional_of_all_fills() -> None:
    assert turnover_of(made_run()) == Decimal(200 + 309 + 104)


def test_slippage_is_against_the_opposite_touch_and_worse_is_positive() -> None:
    assert order_slippage_bps(made_run()).tolist() == pytest.approx([-1e4 / 100.5, 1e4 * 0.5 / 104, 0.0])
