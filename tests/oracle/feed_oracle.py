"""What a Binance message means, told by Python's json and Decimal: slow, obvious, written apart from the C parser."""

from __future__ import annotations

import functools
import gzip
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Context, Decimal
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import zstandard

LEVEL, TRADE, QUOTE, BAR = 1, 2, 3, 4
LAST, SNAPSHOT, ASK, NO_LEVEL, CHAINED = 1, 2, 4, 8, 16
INT64_MAX = 2**63 - 1
_EXACT = Context(prec=2000)
_DECIMAL = re.compile(r"[0-9]+(\.[0-9]+)?")


class FaultError(Exception):
    """names: the status codes, one of which the parser must give."""

    def __init__(self, *names: str) -> None:
        self.names = set(names)
        super().__init__(", ".join(names))


@dataclass(frozen=True)
class Symbol:
    index: int
    price_scale: int
    qty_scale: int


@dataclass(frozen=True)
class Events:
    """rows: one tuple an event: flags, ts_exchange_ns, then the struct's own fields in their order."""

    kind: int
    instrument: int
    rows: list[tuple[int, ...]]


def raw(text: Any, scale: int) -> int:
    if not isinstance(text, str):
        raise FaultError("B3_ERR_FORMAT")
    return _raw(text, scale)


@functools.lru_cache(maxsize=1 << 18)  # a book repeats its numbers
def _raw(text: str, scale: int) -> int:
    if _DECIMAL.fullmatch(text) is None:
        raise FaultError("B3_ERR_FORMAT")
    scaled = _EXACT.scaleb(Decimal(text), scale)
    if scaled != scaled.to_integral_value(context=_EXACT):
        raise FaultError("B3_ERR_PRECISION")
    if scaled > INT64_MAX:
        raise FaultError("B3_ERR_OVERFLOW")
    return int(scaled)


def whole(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise FaultError("B3_ERR_FORMAT")
    if value > INT64_MAX:
        raise FaultError("B3_ERR_OVERFLOW")
    return value


def unit_ns(value: int) -> int:
    return 1_000 if value >= 10**14 else 1_000_000


def time_ns(value: Any) -> int:
    number = whole(value)
    if number * unit_ns(number) > INT64_MAX:
        raise FaultError("B3_ERR_OVERFLOW")
    return number * unit_ns(number)


def get(payload: dict[str, Any], key: str) -> Any:
    if key not in payload:
        raise FaultError("B3_ERR_FORMAT")
    return payload[key]


def event_time(payload: dict[str, Any]) -> int:
    for key in ("T", "E"):
        if key in payload:
            return time_ns(payload[key])
    return 0


def truth(value: Any) -> int:
    if not isinstance(value, bool):
        raise FaultError("B3_ERR_FORMAT")
    return int(value)


def find(payload: dict[str, Any], symbols: dict[str, Symbol]) -> Symbol:
    name = get(payload, "s")
    if not isinstance(name, str):
        raise FaultError("B3_ERR_FORMAT")
    if name not in symbols:
        raise FaultError("B3_ERR_SYMBOL")
    return symbols[name]


def levels(
    payload: dict[str, Any], sides: tuple[str, str], symbol: Symbol, flags: int, ts: int, ids: tuple[int, int, int]
) -> Events:
    rows: list[tuple[int, ...]] = []
    for side, side_flag in zip(sides, (0, ASK), strict=True):
        array = get(payload, side)
        if not isinstance(array, list):
            raise FaultError("B3_ERR_FORMAT")
        for level in array:
            if not isinstance(level, list) or len(level) < 2:
                raise FaultError("B3_ERR_FORMAT")
            price, qty = raw(level[0], symbol.price_scale), raw(level[1], symbol.qty_scale)
            rows.append((flags | side_flag, ts, price, qty, *ids))
    if not rows:
        rows.append((flags | NO_LEVEL, ts, 0, 0, *ids))
    rows[-1] = (rows[-1][0] | LAST, *rows[-1][1:])
    return Events(LEVEL, symbol.index, rows)


def depth(payload: dict[str, Any], symbols: dict[str, Symbol]) -> Events:
    symbol, ts = find(payload, symbols), event_time(payload)
    first, last = whole(get(payload, "U")), whole(get(payload, "u"))
    if first > last:
        raise FaultError("B3_ERR_FORMAT")
    previous = whole(payload["pu"]) if "pu" in payload else 0
    return levels(payload, ("b", "a"), symbol, CHAINED if "pu" in payload else 0, ts, (first, last, previous))


def snapshot(payload: dict[str, Any], default: Symbol | None) -> Events:
    if default is None:
        raise FaultError("B3_ERR_SYMBOL")
    last = whole(payload["lastUpdateId"])
    return levels(payload, ("bids", "asks"), default, SNAPSHOT, event_time(payload), (last, last, 0))


def trade(payload: dict[str, Any], symbols: dict[str, Symbol], aggregate: bool) -> Events | None:
    symbol = find(payload, symbols)
    if not aggregate and "X" in payload:
        if not isinstance(payload["X"], str):
            raise FaultError("B3_ERR_FORMAT")
        if payload["X"] != "MARKET":
            return None
    ts = time_ns(get(payload, "T"))
    number = whole(get(payload, "a" if aggregate else "t"))
    first, last = (whole(get(payload, "f")), whole(get(payload, "l"))) if aggregate else (number, number)
    price, qty = raw(get(payload, "p"), symbol.price_scale), raw(get(payload, "q"), symbol.qty_scale)
    flags = truth(get(payload, "m")) | 2 * aggregate
    return Events(TRADE, symbol.index, [(flags, ts, price, qty, number, first, last)])


def quote(payload: dict[str, Any], symbols: dict[str, Symbol]) -> Events:
    symbol, ts, update = find(payload, symbols), event_time(payload), whole(get(payload, "u"))
    scales = {"b": symbol.price_scale, "B": symbol.qty_scale, "a": symbol.price_scale, "A": symbol.qty_scale}
    numbers = [raw(get(payload, key), scale) for key, scale in scales.items()]
    return Events(QUOTE, symbol.index, [(0, ts, *numbers, update)])


def half_even(numerator: int, denominator: int) -> int:
    quotient, rest = divmod(numerator, denominator)
    return quotient + (2 * rest > denominator or (2 * rest == denominator and quotient % 2 == 1))


def bar(payload: dict[str, Any], symbols: dict[str, Symbol]) -> Events:
    symbol, ts, k = find(payload, symbols), event_time(payload), get(payload, "k")
    if not isinstance(k, dict):
        raise FaultError("B3_ERR_FORMAT")
    opened, last = time_ns(get(k, "t")), whole(get(k, "T"))
    closed = time_ns(last) + unit_ns(last)
    if closed > INT64_MAX:
        raise FaultError("B3_ERR_OVERFLOW")
    if closed <= opened or (closed - opened) // 1_000_000 >= 2**32:
        raise FaultError("B3_ERR_FORMAT")
    o, h, low, c = (raw(get(k, key), symbol.price_scale) for key in "ohlc")
    volume, notional = raw(get(k, "v"), symbol.qty_scale), raw(get(k, "q"), 8)
    count, final = whole(get(k, "n")), truth(get(k, "x"))
    shift = symbol.price_scale + symbol.qty_scale - 8
    vwap = half_even(notional * 10 ** max(shift, 0), volume * 10 ** max(-shift, 0)) if volume else c
    if count >= 2**32 or vwap > INT64_MAX or volume * 10 ** max(-shift, 0) > INT64_MAX:
        raise FaultError("B3_ERR_OVERFLOW")
    flags = 2 | 4 * final | (count == 0)
    row = (flags, ts, opened, closed, o, h, low, c, volume, notional, vwap, count, (closed - opened) // 1_000_000)
    return Events(BAR, symbol.index, [row])


def _no_constant(text: str) -> Any:
    raise ValueError(text)


def meaning(message: bytes, symbols: dict[str, Symbol], default: Symbol | None) -> Events | None:
    """Events of a message, None when it holds nothing for us. Raises FaultError."""
    try:
        root = json.loads(message.decode("utf-8", "surrogateescape"), parse_float=Decimal, parse_constant=_no_constant)
    except ValueError as error:
        raise FaultError("B3_ERR_FORMAT", "B3_ERR_TRUNCATED") from error
    payload = root["data"] if isinstance(root, dict) and {"stream", "data"} <= root.keys() else root
    if not isinstance(payload, dict):
        return None
    if "e" not in payload:
        if "lastUpdateId" in payload:
            return snapshot(payload, default)
        return quote(payload, symbols) if {"u", "s"} <= payload.keys() else None
    match payload["e"]:
        case "depthUpdate":
            return depth(payload, symbols)
        case "trade":
            return trade(payload, symbols, aggregate=False)
        case "aggTrade":
            return trade(payload, symbols, aggregate=True)
        case "bookTicker":
            return quote(payload, symbols)
        case "kline":
            return bar(payload, symbols)
    return None


# ---------------------------------------------------------------- recordings


def lines(path: Path) -> Iterator[tuple[bytes, str]]:
    """(message, symbol that its source implies or "") of a recording of lines "<recv_ns> <json>"."""
    with gzip.open(path) as file:
        for line in file:
            yield line.rstrip(b"\n").split(b" ", 1)[1], "BTCUSDT"


def capture(path: Path) -> Iterator[tuple[bytes, str]]:
    """The same of a .jsonl.zst capture, ordered by time; answers to requests carry their symbol in the URL."""
    text = zstandard.ZstdDecompressor().stream_reader(path.read_bytes()).read().decode()
    records = sorted((json.loads(line) for line in text.splitlines()), key=lambda record: record.get("ts", 0.0))
    for record in records:
        if record["t"] == "recv" or (record["t"] == "http" and "/depth?" in record["url"]):
            symbol = parse_qs(urlsplit(record.get("url", "")).query).get("symbol", [""])[0]
            yield record["data"].encode(), symbol


RECORDINGS = ("spot_btcusdt_20240808.gz", "spot_btcusdt_20240809.gz", "usdm_btcusdt_20240808.gz")
CAPTURES = ("BINANCE.jsonl.zst", "BINANCE_FUTURES.jsonl.zst")
NAMES = ("BTCUSDT", "NKNUSDT", "BLZETH", "LRCBTC", "RUNEEUR", "SUSHIUSDT", "AKROUSDT", "KEEPUSDT", "CTKUSDT")


def messages(data: Path, name: str) -> Iterator[tuple[bytes, str]]:
    path = data / "binance" / name
    return capture(path) if name in CAPTURES else lines(path)
