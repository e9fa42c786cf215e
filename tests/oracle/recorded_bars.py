"""The shared recordings as series: bars of several markets and intervals; ticks, as they are and as bars of 20."""

import csv
import gzip
import io
import zipfile
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import zstandard

Array = npt.NDArray[np.float64]
Bars = dict[str, Array]

TRADES_A_BAR = 20


def named(rows: Iterable[Iterable[str]]) -> Bars:
    """Rows of open, high, low, close, volume as the series that indicators take, by the names of their inputs."""
    open_, high, low, close, volume = (
        np.array(column) for column in zip(*([float(x) for x in row] for row in rows), strict=True)
    )
    return {
        "open": open_,
        "high": high,
        "low": low,
        "close": close,
        "volume": volume,
        "real": close,
        "real0": high,
        "real1": low,
    }


def _csv(text: Iterable[str], *columns: str) -> Bars:
    return named([row[c] for c in columns] for row in csv.DictReader(text))


def _gz(path: Path) -> io.TextIOBase:
    return gzip.open(path, "rt")  # type: ignore[return-value]


def _zst(path: Path) -> io.TextIOBase:
    with path.open("rb") as file:
        return io.StringIO(zstandard.ZstdDecompressor().stream_reader(file).read().decode())


def _largest(path: Path) -> list[list[str]]:
    with zipfile.ZipFile(path) as archive:
        member = max(archive.infolist(), key=lambda info: info.file_size)
        return list(csv.reader(archive.read(member).decode().splitlines()))


def _lean(path: Path) -> Bars:
    return named(row[1:6] for row in _largest(path))


def _trades(path: Path) -> Bars:
    """time, price, size of every trade: no bars."""
    rows = _largest(path)
    price, size = (np.array([float(row[i]) for row in rows]) for i in (1, 2))
    return {"real": price, "volume": size, "real0": price, "real1": size}


def _trade_bars(path: Path) -> Bars:
    trades = _trades(path)
    count = len(trades["real"]) // TRADES_A_BAR
    price, size = (trades[name][: count * TRADES_A_BAR].reshape(count, TRADES_A_BAR) for name in ("real", "volume"))
    columns = (price[:, 0], price.max(axis=1), price.min(axis=1), price[:, -1], size.sum(axis=1))
    return named(zip(*(map(repr, column.tolist()) for column in columns), strict=True))


def _quotes(path: Path) -> Bars:
    """time, bid, ask of every quote: bid and ask as the two series, no bars."""
    rows = _largest(path)
    bid, ask = (np.array([float(row[i]) for row in rows]) for i in (1, 2))
    return {"real": bid, "real0": bid, "real1": ask}


FIELDS = ("open", "high", "low", "close", "volume")
RECORDED: dict[str, Callable[[Path], Bars]] = {
    "S&P 500, days": lambda d: _csv(_gz(d / "bars/arch_sp500_daily.csv.gz"), "Open", "High", "Low", "Close", "Volume"),
    "euro future, minutes": lambda d: _csv(_gz(d / "bars/cme_6EH4_1min_202401.csv.gz"), *FIELDS),
    "BTC perpetual, minutes": lambda d: _csv(_zst(d / "bars/btc-perp-20211231-20220201_1m.csv.zst"), *FIELDS),
    "BTC, days": lambda d: _lean(d / "bars/lean_coinbase_daily_btcusd_trade.zip"),
    "SPY, hours": lambda d: _lean(d / "bars/lean_equity_hour_spy.zip"),
    "SPY, trades": lambda d: _trades(d / "ticks/lean_equity_tick_spy_20131007_trade.zip"),
    "IBM, bars of 20 trades": lambda d: _trade_bars(d / "ticks/lean_equity_tick_ibm_20131007_trade.zip"),
    "EURUSD, quotes": lambda d: _quotes(d / "ticks/lean_oanda_tick_eurusd_20140501_quote.zip"),
}
