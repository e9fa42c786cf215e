"""Strategies through their ABI: a world that is ours, the strategy in C, and a real session to walk through."""

import functools
import gzip
import heapq
import itertools
import json
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

import pytest

Internals = tuple[Any, Any]
Decision = list[tuple[Any, ...]]
Level = tuple[int, int]

SCALE = 8
UNIT = 10**SCALE


def raw(text: str) -> int:
    return int(Decimal(text).scaleb(SCALE))


# ---------------------------------------------------------------- the strategy in C, and a venue that is ours


@dataclass
class World:
    """What a strategy sees. Test data made by us: an order fills, in part, wholly or not at all, some events later."""

    internals: Internals
    bids: list[Level] = field(default_factory=list)
    asks: list[Level] = field(default_factory=list)
    flags: int = 1
    now_ns: int = 0
    position: int = 0
    open_order: int = 0

    def __post_init__(self) -> None:
        ffi, _ = self.internals
        self.instrument = ffi.new("b3_instrument *")
        self.instrument.price_scale = self.instrument.qty_scale = SCALE
        self.instrument.lot_step_raw = self.instrument.lot_min_raw = 1000
        self.instrument.notional_min_raw = 5 * UNIT
        self.instrument.notional_min_on_market = 1
        self.touch = ffi.new("b3_touch *")
        self.held = ffi.new("b3_position *")
        self.view = ffi.new("b3_view *")
        self.levels = ffi.callback("b3_levels_fn", self._levels)
        self.view.instrument, self.view.touch, self.view.position = self.instrument, self.touch, self.held
        self.view.levels = self.levels
        self.random = random.Random(11)

    def _levels(self, _: Any, side: int, out: Any, cap: int) -> int:
        levels = (self.bids if side == self.internals[1].B3_BUY else self.asks)[:cap]
        for i, (price, qty) in enumerate(levels):
            out[i].price_raw, out[i].qty_raw = price, qty
        return len(levels)

    def see(self) -> Any:
        self.touch.bid_price_raw, self.touch.bid_qty_raw = self.bids[0] if self.bids else (0, 0)
        self.touch.ask_price_raw, self.touch.ask_qty_raw = self.asks[0] if self.asks else (0, 0)
        self.held.qty_raw = self.position
        self.view.now_ns, self.view.flags = self.now_ns, self.flags
        self.view.open_orders = int(self.open_order != 0)
        return self.view

    def at(self, step: "Step") -> None:
        self.now_ns, self.bids, self.asks = step.now_ns, step.bids, step.asks

    def settle(self) -> None:
        """Perhaps ends the open order: filled, filled in part, or refused."""
        if self.open_order and self.random.random() < 0.3:
            self.position += self.random.choice([self.open_order, self.open_order, self.open_order // 3000 * 1000, 0])
            self.open_order = 0


class Strategy:
    """One instance of a built-in strategy."""

    def __init__(self, internals: Internals, name: str, instrument: Any, **params: float) -> None:
        self.ffi, self.lib = internals
        self.row = self.lib.b3_strategy_find(name.encode())
        names = [self.ffi.string(self.row.params[i].name).decode() for i in range(self.row.param_count)]
        assert set(params) <= set(names)
        self.params = self.ffi.new(
            "double[]", [float(params.get(n, self.row.params[i].value)) for i, n in enumerate(names)]
        )
        self.state = self.ffi.new("uint64_t[]", self.row.state_size // 8 + 1)
        self.status = self.row.init(self.state, self.params, instrument)
        self.out = self.ffi.new("b3_slot[32]")

    def on(self, event: Any, view: Any) -> Decision:
        """What it wrote for one event: ("buy" | "sell", quantity) and (signal's name, value)."""
        header = self.ffi.cast("b3_header *", event)
        assert self.row.kinds >> header.kind & 1
        return self.read(self.row.on_event(self.state, header, view, self.out, 32))

    def read(self, count: int) -> Decision:
        decided: Decision = []
        for i in range(count):
            if self.ffi.cast("b3_header *", self.out + i).kind == self.lib.B3_SIGNAL:
                signal = self.ffi.cast("b3_signal *", self.out + i)
                decided.append((self.ffi.string(self.row.signals[signal.signal]).decode(), signal.value))
                continue
            request = self.ffi.cast("b3_request *", self.out + i)
            assert request.hdr.kind == self.lib.B3_REQUEST
            assert (request.action, request.order_type) == (self.lib.B3_NEW, self.lib.B3_MARKET)
            decided.append(("buy" if request.side == self.lib.B3_BUY else "sell", request.qty_raw))
        return decided


def market_qty(world: World, wanted: int) -> int:
    """The model of order sizing."""
    qty = wanted // 1000 * 1000
    price = Decimal(world.bids[0][0]) / UNIT
    return qty if qty >= 1000 and price * qty / UNIT >= 5 else 0


class Step(NamedTuple):
    """A moment of a session, as far as strategies see it. kind: "quote" or "bar". high, low, close: of the bar, raw."""

    kind: str
    now_ns: int
    high: int
    low: int
    close: int
    bids: list[Level]
    asks: list[Level]


def diffs(lines: Iterator[str]) -> Iterator[tuple[int, dict[str, Any]]]:
    for line in lines:
        stamp, _, text = line.partition(" ")
        message = json.loads(text)
        yield int(stamp), message.get("data", message)


@functools.cache
def session_steps(shared_data: Path) -> tuple[Step, ...]:
    """Twenty best levels after each diff, and bars of one second, of 20,000 lines of BTCUSDT."""
    book: dict[str, dict[int, int]] = {"b": {}, "a": {}}
    ready = False
    steps: list[Step] = []
    second = high = low = close = 0
    best: tuple[list[Level], list[Level]] = ([], [])
    with gzip.open(shared_data / "binance" / "spot_btcusdt_20240808.gz", "rt") as file:
        for now, message in diffs(itertools.islice(file, 20000)):
            if "lastUpdateId" in message:
                book = {s: {raw(p): raw(q) for p, q in message[n]} for s, n in (("b", "bids"), ("a", "asks"))}
                ready = True
            elif message.get("e") == "depthUpdate" and ready:
                for side, levels in book.items():
                    for price, qty in message[side]:
                        levels[raw(price)] = raw(qty)
                        if not levels[raw(price)]:
                            del levels[raw(price)]
                best = heapq.nlargest(20, book["b"].items()), heapq.nsmallest(20, book["a"].items())
                steps.append(Step("quote", now, 0, 0, 0, *best))
            elif message.get("e") == "trade" and best[0]:
                if message["T"] // 1000 > second:
                    if close:
                        steps.append(Step("bar", now, high, low, close, *best))
                    high, low = 0, 1 << 62
                second, close = message["T"] // 1000, raw(message["p"])
                high, low = max(high, close), min(low, close)
    return tuple(steps)


def same(got: Decision, want: Decision) -> None:
    """The same orders exactly, the same signals to the last digits."""
    assert [d[0] for d in got] == [d[0] for d in want]
    for (name, have), (_, model) in zip(got, want, strict=True):
        if name in ("buy", "sell"):
            assert have == model
        else:
            assert have == pytest.approx(model, rel=1e-9, abs=1e-9)
