"""What the guard's end-to-end tests share: strategies made by us that hold, quote or panic, and what a journal says."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from run_tools import Listener

from bot3.engine.journal import Journal
from bot3.engine.session import replay
from bot3.ffi import lib
from bot3.ffi.layout import DTYPES

# Buys once and holds.
HOLDER = """
from bot3.strategy import Strategy
class Holder(Strategy):
    bought = False
    def on_bar(self, bar):
        if not self.bought:
            self.buy("0.01")
            self.bought = True
"""

# Keeps three buys far below the market and one position.
QUOTER = """
from decimal import Decimal
from bot3.strategy import Strategy
class Quoter(Strategy):
    bought = False
    def on_bar(self, bar):
        if not self.bought:
            self.buy("0.01")
            self.bought = True
        for far in range(len(self.orders), 3):
            self.buy("0.001", price=self.round_price(Decimal(bar.close) * (Decimal("0.97") - far * Decimal("0.001"))))
"""

# Holds whenever it does not, and sells all that it has as soon as the market falls: together with the stop.
PANIC = """
from decimal import Decimal
from bot3.strategy import Strategy
class Panic(Strategy):
    entry = None
    def on_fill(self, fill):
        if fill.side == "buy":
            self.entry = fill.price
    def on_book(self, book):
        if self.position == 0 and not self.orders:
            self.buy("0.01")
        elif self.position > 0 and not self.orders and book.bid < self.entry * Decimal("0.99985"):
            self.sell(self.position)
"""


def written_strategy(folder: Path, text: str) -> str:
    """The --strategy of a class defined by text."""
    name = text.split("class ", 1)[1].split("(", 1)[0]
    path = folder / f"{name.lower()}.py"
    path.write_text(text)
    return f"{path}:{name}"


def outputs(journal: Path, kind: str) -> Iterator[Any]:
    """The events of a kind that the engine put out, in order."""
    dtype = DTYPES[kind]
    with Journal(journal) as file:
        for record in file.records():
            if record.type == lib.B3_REC_OUTPUT and record.kind == getattr(lib, f"B3_{kind.upper()}"):
                yield np.frombuffer(bytes(file.payload(record)), dtype)[0]


def exits_of(journal: Path) -> list[tuple[int, int, int]]:
    """Of each exit that was allowed: input it was sent at, input it was done at, order id."""
    sent = {
        int(request["order_id"]): int(request["input_no"])
        for request in outputs(journal, "request")
        if request["flags"] & lib.B3_FLAG_EXIT and request["action"] == lib.B3_NEW
    }
    refused = {int(decision["order_id"]) for decision in outputs(journal, "decision") if not decision["allowed"]}
    ends = (lib.B3_FILLED, lib.B3_EXPIRED, lib.B3_REJECTED, lib.B3_CANCELED)
    done = {int(u["order_id"]): int(u["input_no"]) for u in outputs(journal, "update") if u["state"] in ends}
    return [(at, done[order_id], order_id) for order_id, at in sent.items() if order_id not in refused]


def held(journal: Path) -> list[int]:
    """The account's position after each change, as the journal says."""
    return [int(event["qty_raw"]) for event in outputs(journal, "position") if event["strategy"] == 0]


def is_repeated(journal: Path) -> bool:
    """Whether a replay writes the same bytes."""
    result = replay(journal, 0.0, Listener())
    return result.error is None and bool(result.summary["replay"]["identical"])
