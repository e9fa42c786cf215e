"""Draws bars of the sample that comes with bot3, with overlays and oscillators of bot3.ta: docs/ta_chart.png.

python examples/charts/ta_chart.py chart.png        needs matplotlib: pip install 'bot3[charts]'

The name's ending says the format: png, svg, pdf.
"""

from __future__ import annotations

import gzip
import sys

import numpy as np
import numpy.typing as npt
from matplotlib import dates
from matplotlib.figure import Figure

from bot3 import ta
from bot3.bars import Bars
from bot3.feed import Parser, joined
from bot3.sample import SAMPLE

SCALE = 8
SECONDS_A_BAR = 3
RISING, FALLING = "#26856b", "#c0392b"

Array = npt.NDArray[np.float64]


def sample_bars() -> npt.NDArray[np.void]:
    """Time bars of every trade in the sample."""
    with gzip.open(SAMPLE) as file:
        messages = [line.split(b" ", 1)[1] for line in file]
    second_ns = 1_000_000_000
    with (
        Parser({"BTCUSDT": (SCALE, SCALE)}) as parser,
        Bars("time", SECONDS_A_BAR * second_ns, SCALE, SCALE) as bars,
    ):
        made = [bars.apply(events.trades) for events in parser.batches(*joined(messages), snapshot_symbol="BTCUSDT")]
    return np.concatenate(made)


def draw(bars: npt.NDArray[np.void]) -> Figure:
    """Price with Bollinger bands, EMA and stop-and-reverse; volume; RSI; MACD."""
    open_, high, low, close = (bars[f"{name}_raw"] / 10**SCALE for name in ("open", "high", "low", "close"))
    volume = bars["volume_raw"] / 10**SCALE
    time = dates.date2num(bars["open_ts_ns"].astype("datetime64[ns]"))
    colours = np.where(close >= open_, RISING, FALLING).tolist()
    width = 0.7 * (time[1] - time[0])

    figure = Figure(figsize=(11, 8), layout="constrained")
    price, traded, strength, momentum = figure.subplots(4, sharex=True, height_ratios=[5, 1, 1.5, 1.5])

    bands, fast = ta.bbands(close, 20, 2.0, 2.0), ta.ema(close, 12)
    price.vlines(time, low, high, colours, linewidth=0.8)
    price.bar(time, close - open_, width, open_, color=colours)
    price.fill_between(time, bands.lowerband, bands.upperband, color="#4a6fa5", alpha=0.12, label="Bollinger 20, 2")
    price.plot(time, bands.middleband, color="#4a6fa5", linewidth=1)
    price.plot(time, fast, color="#e08e0b", linewidth=1.2, label="EMA 12")
    price.plot(time, ta.sar(high, low), ".", color="#555555", markersize=2, label="SAR 0.02, 0.2")
    price.set_ylabel("USDT")
    price.set_title(f"BTCUSDT, {SECONDS_A_BAR}-second bars", loc="left")

    traded.bar(time, volume, width, color=colours)
    traded.set_ylabel("BTC")

    strength.plot(time, ta.rsi(close, 14), color="#6c3483", linewidth=1.2, label="RSI 14")
    for level in (30, 70):
        strength.axhline(level, color="#999999", linewidth=0.7, linestyle="--")
    strength.set_ylim(0, 100)

    macd = ta.macd(close)
    momentum.bar(time, macd.macdhist, width, color=np.where(macd.macdhist >= 0, RISING, FALLING).tolist(), alpha=0.5)
    momentum.plot(time, macd.macd, color="#4a6fa5", linewidth=1.2, label="MACD 12, 26")
    momentum.plot(time, macd.macdsignal, color="#e08e0b", linewidth=1, label="signal 9")
    momentum.xaxis.set_major_locator(dates.MinuteLocator())
    momentum.xaxis.set_major_formatter(dates.DateFormatter("%H:%M"))
    momentum.set_xlabel("exchange time, UTC")

    for axes, corner in ((price, "upper right"), (strength, "upper left"), (momentum, "upper left")):
        axes.legend(loc=corner, fontsize=8, frameon=False)
    for axes in (price, traded, strength, momentum):
        axes.grid(color="#dddddd", linewidth=0.5)
        axes.set_axisbelow(True)
        axes.spines[["top", "right"]].set_visible(False)
    return figure


if __name__ == "__main__":
    draw(sample_bars()).savefig(sys.argv[1] if len(sys.argv) > 1 else "chart.png", dpi=90)
