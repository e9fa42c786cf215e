"""FeatureComputer: the numbers of a run bit for bit, those of a naive numpy, and nothing from the future."""

import json
import math
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pytest
from run_tools import run, sample_lines, table, written

from bot3.engine.builtin import find_builtin
from bot3.errors import ArgumentError, RecordingError
from bot3.features import FEATURES, FeatureComputer
from bot3.sample import SAMPLE, SAMPLE_INSTRUMENTS

ROOT = Path(__file__).resolve().parents[2]
Array = npt.NDArray[np.float64]
NAMES = [feature.name for feature in FEATURES]

# Bars before the first value.
WARM = {
    "return_1_bps": 1, "return_5_bps": 5, "return_15_bps": 15, "return_60_bps": 60, "volatility_20_bps": 20,
    "volatility_60_bps": 60, "atr_14_bps": 14, "rsi_14": 14, "macd_hist_bps": 33, "bollinger_z_20": 19,
    "volume_z_20": 19, "flow_10": 9, "flow_60": 59,
}  # fmt: skip


@pytest.fixture(scope="module")
def computed() -> pa.Table:
    return FeatureComputer("1s").compute(SAMPLE, instruments=SAMPLE_INSTRUMENTS)


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("features") / "run"
    run(strategies=["obi", "features"], out=folder)
    return folder


def grid(features: pa.Table) -> Array:
    return np.column_stack([features[name].to_numpy() for name in NAMES])


def test_the_vector_is_named_once() -> None:
    assert len(set(NAMES)) == len(NAMES) and list(find_builtin("features").signals) == NAMES
    assert all(f.unit and f.formula and f.text for f in FEATURES)


def test_a_run_with_other_strategies_publishes_the_same_bits(computed: pa.Table, out: Path) -> None:
    signals = table(out, "signals")
    signals = signals[signals["strategy"] == "features"]
    assert signals["signal"].iloc[: len(NAMES)].tolist() == NAMES
    live = signals["value"].to_numpy().reshape(-1, len(NAMES))
    assert live.tobytes() == grid(computed).tobytes()
    received = signals["ts_recv_ns"].astype("int64").to_numpy()[:: len(NAMES)]
    assert (received == computed["received"].cast(pa.int64()).to_numpy()).all()
    bars = table(out, "bars")
    assert (bars["close_ts_ns"].astype("int64").to_numpy() == computed["time"].cast(pa.int64()).to_numpy()).all()
    assert len(live) == len(bars) > 300


# ---------------------------------------------------------------- the naive way


class Market:
    """Book, touch and flow of the sample, line by line, in dictionaries."""

    def __init__(self) -> None:
        self.book: dict[str, dict[float, float]] = {"b": {}, "a": {}}
        self.waiting: list[dict[str, Any]] | None = []
        self.touch = (0, math.nan, math.nan, math.nan, math.nan)
        self.bought = self.sold = 0

    def depth(self, message: dict[str, Any]) -> None:
        if self.waiting is not None:
            self.waiting.append(message)
            return
        for side, levels in self.book.items():
            for price, qty in message[side]:
                levels[float(price)] = float(qty)
                if not float(qty):
                    del levels[float(price)]
        bid, ask = max(self.book["b"]), min(self.book["a"])
        self.quote(message["u"], bid, self.book["b"][bid], ask, self.book["a"][ask])

    def snapshot(self, message: dict[str, Any]) -> None:
        self.book = {s: {float(p): float(q) for p, q in message[n]} for s, n in (("b", "bids"), ("a", "asks"))}
        waiting, self.waiting = self.waiting or [], None
        for kept in waiting:
            if kept["u"] > message["lastUpdateId"]:
                self.depth(kept)

    def quote(self, number: int, *prices: float) -> None:
        if number > self.touch[0]:
            self.touch = (number, *prices)

    def imbalance(self, depth: int) -> float:
        if self.waiting is not None:
            return math.nan
        bid = math.fsum(self.book["b"][p] for p in sorted(self.book["b"], reverse=True)[:depth])
        ask = math.fsum(self.book["a"][p] for p in sorted(self.book["a"])[:depth])
        return (bid - ask) / (bid + ask)

    def row(self, close: float) -> dict[str, float]:
        _, bid, bid_qty, ask, ask_qty = self.touch
        mid = (bid + ask) / 2
        micro = (bid * ask_qty + ask * bid_qty) / (bid_qty + ask_qty)
        found = {
            "spread_bps": 1e4 * (ask - bid) / mid,
            "imbalance_1": self.imbalance(1),
            "imbalance_5": self.imbalance(5),
            "imbalance_10": self.imbalance(10),
            "microprice_bps": 1e4 * (micro - mid) / mid,
            "touch_gap_bps": 1e4 * (mid / close - 1),
            "bought": self.bought,
            "sold": self.sold,
        }
        self.bought = self.sold = 0
        return found


def walk(lines: list[bytes], bars: pd.DataFrame) -> Iterator[dict[str, float]]:
    """The market at each bar: what had arrived when it closed, the depth message that closed it included."""
    market = Market()
    closing: dict[int, list[float]] = {}
    for number, close in zip(bars["input_no"], bars["close"].astype(float), strict=True):
        closing.setdefault(number, []).append(close)
    for number, line in enumerate(lines, start=1):
        message = json.loads(line.partition(b" ")[2])
        message = message.get("data", message)
        if "lastUpdateId" in message:
            market.snapshot(message)
        elif message.get("e") == "depthUpdate":
            market.depth(message)
        for close in closing.get(number, []):
            yield market.row(close)
        if message.get("e") == "trade":
            qty = round(float(message["q"]) * 10**8)
            market.sold += qty if message["m"] else 0
            market.bought += 0 if message["m"] else qty
        elif "B" in message and "e" not in message:
            market.quote(message["u"], *(float(message[key]) for key in "bBaA"))


def smoothed(values: Array, period: int, gain: float, skip: int = 0) -> Array:
    """An average that starts as the mean of `period` values after the first `skip`."""
    found = np.full(len(values), np.nan)
    average = values[skip : skip + period].mean()
    for i in range(skip + period - 1, len(values)):
        average += gain * (values[i] - average) if i >= skip + period else 0
        found[i] = average
    return found


def windows(values: Array, period: int, function: Any) -> Array:
    found = np.full(len(values), np.nan)
    rolled = np.lib.stride_tricks.sliding_window_view(values, period)
    found[period - 1 :] = [function(window) for window in rolled]
    return found


def zscore(window: Array) -> float:
    return float((window[-1] - window.mean()) / window.std()) if window.std() > 0 else 0.0


def oracle(lines: list[bytes], bars: pd.DataFrame) -> dict[str, Array]:
    high, low, close, vwap, volume = (
        bars[n].astype(float).to_numpy() for n in ("high", "low", "close", "vwap", "volume")
    )
    market = pd.DataFrame(walk(lines, bars))
    before = np.concatenate([[np.nan], close[:-1]])
    change = close - before
    ranges = np.maximum(high - low, np.maximum(abs(high - before), abs(low - before)))

    def ema(period: int) -> Array:
        return smoothed(close, period, 2 / (period + 1))

    fast = smoothed(close, 12, 2 / 13, skip=14)  # both averages of the MACD start on the same bar
    macd = fast - ema(26)
    signal = smoothed(macd, 9, 2 / 10, skip=25)
    rise = smoothed(np.maximum(change, 0), 14, 1 / 14, skip=1)
    moves = smoothed(abs(change), 14, 1 / 14, skip=1)
    square = (1e4 * change / before) ** 2
    seconds = bars["close_ts_ns"].astype("int64").to_numpy() % (86400 * 10**9) / 1e9
    found = {
        **{f"return_{n}_bps": 1e4 * (close / np.concatenate([[np.nan] * n, close[:-n]]) - 1) for n in (1, 5, 15, 60)},
        "range_bps": 1e4 * (high - low) / close,
        "vwap_gap_bps": 1e4 * (close / vwap - 1),
        **{f"volatility_{n}_bps": np.sqrt(windows(square, n, np.mean)) for n in (20, 60)},
        "atr_14_bps": 1e4 * smoothed(ranges, 14, 1 / 14, skip=1) / close,
        "rsi_14": np.where(moves == 0, 0, 100 * rise / np.where(moves == 0, 1, moves)),
        "macd_hist_bps": 1e4 * (macd - signal) / close,
        "bollinger_z_20": windows(close, 20, zscore),
        "volume_z_20": windows(volume, 20, zscore),
        "trades": bars["trade_count"].astype(float).to_numpy(),
        "time_sin": np.sin(2 * np.pi * seconds / 86400),
        "time_cos": np.cos(2 * np.pi * seconds / 86400),
        **{name: market[name].to_numpy() for name in market if name not in ("bought", "sold")},
    }
    for n in (1, 10, 60):
        bought, sold = (windows(market[side].to_numpy(), n, np.sum) for side in ("bought", "sold"))
        total = bought + sold
        found[f"flow_{n}"] = np.where(total == 0, 0, (bought - sold) / np.where(total == 0, 1, total))
    return found


def test_equals_the_formulas_in_numpy(computed: pa.Table, tmp_path: Path) -> None:
    out = tmp_path / "run"
    run(strategies=["features"], out=out)  # no orders: the number of an input is that of its line
    wanted = oracle(sample_lines(), table(out, "bars"))
    assert set(wanted) == set(NAMES)
    for name in NAMES:
        got = computed[name].to_numpy()
        np.testing.assert_allclose(got, wanted[name], rtol=1e-9, atol=1e-8, err_msg=name)
        assert np.isfinite(got).sum() > 200, name
        assert name == "trades" or len(np.unique(got[np.isfinite(got)])) > 20, name


def test_nan_until_warm_and_never_after(computed: pa.Table) -> None:
    for name in NAMES:
        known = ~np.isnan(computed[name].to_numpy())
        first = WARM.get(name, 0)
        assert known[first:].all() and not known[:first].any(), name


@pytest.mark.parametrize("kept", [5_000, 20_000, 33_333])
def test_what_comes_later_changes_nothing(computed: pa.Table, tmp_path: Path, kept: int) -> None:
    cut = written(tmp_path / "cut.txt", sample_lines()[:kept])
    shorter = FeatureComputer("1s").compute(cut, instruments=SAMPLE_INSTRUMENTS)
    assert 30 < shorter.num_rows < computed.num_rows
    assert grid(shorter).tobytes() == grid(computed)[: shorter.num_rows].tobytes()


def test_float_width_is_declared(computed: pa.Table) -> None:
    assert all(computed.schema.field(name).type == pa.float64() for name in NAMES)
    narrow = FeatureComputer("1s", width="float32").compute([SAMPLE], instruments=SAMPLE_INSTRUMENTS)
    told = json.loads(narrow.schema.metadata[b"bot3.features"])
    assert (told["width"], told["bars"], told["names"]) == ("float32", "1s", NAMES)
    for name in NAMES:
        assert narrow.schema.field(name).type == pa.float32()
        assert narrow.schema.field(name).metadata[b"unit"]
        np.testing.assert_array_equal(narrow[name].to_numpy(), computed[name].to_numpy().astype(np.float32))
    assert narrow["instrument"].to_pylist() == ["BTCUSDT"] * narrow.num_rows


def test_other_bars() -> None:
    hundred = FeatureComputer("100t").compute(SAMPLE, instruments=SAMPLE_INSTRUMENTS)
    assert set(hundred["trades"].to_numpy()) == {100.0}


def test_what_cannot_be_computed_is_told(tmp_path: Path) -> None:
    with pytest.raises(ArgumentError, match="float64 or float32"):
        FeatureComputer(width="float16")  # type: ignore[arg-type]
    with pytest.raises(ArgumentError, match="Write a number and a unit"):
        FeatureComputer(bars="1x")
    with pytest.raises(RecordingError):
        FeatureComputer().compute(tmp_path / "none.b3r")
    with pytest.raises(ArgumentError, match="BTCUSDT"):
        FeatureComputer().compute(SAMPLE, symbols=["ETHUSDT"])


def test_the_example_says_something_of_every_feature() -> None:
    done = subprocess.run(
        [sys.executable, str(ROOT / "examples" / "features.py")],
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    rows = [line.split()[:2] for line in done.stdout.splitlines()[1:]]
    assert [name for name, _ in rows] == NAMES and all(-1 <= float(value) <= 1 for _, value in rows)
