"""Strategies in Python through the whole engine: the examples, what they may do, and how they fail."""

import itertools
import re
import sys
from decimal import Decimal
from pathlib import Path

import pytest
from run_tools import Listener, run, table

from bot3.config import parse_config
from bot3.engine.session import Result, replay
from bot3.errors import StrategyError

ROOT = Path(__file__).resolve().parents[2]

# The built-in ema_cross, long only, once more: averages start as the mean of their first period.
CROSS = """
from bot3.strategy import Bar, Strategy

class Average:
    def __init__(self, period):
        self.period, self.seen, self.value = period, [], None
    def push(self, x):
        if self.value is not None:
            self.value += (x - self.value) * (2.0 / (self.period + 1))
        else:
            self.seen.append(x)
            if len(self.seen) == self.period:
                self.value = sum(self.seen) / self.period
        return self.value

class Cross(Strategy):
    def __init__(self, fast=3, slow=9, qty="0.01"):
        self.fast, self.slow, self.qty, self.above, self.order = Average(fast), Average(slow), qty, None, None
    def on_bar(self, bar: Bar) -> None:
        fast, slow = self.fast.push(bar.close), self.slow.push(bar.close)
        if slow is None:
            return
        above = fast > slow if fast != slow else self.above
        crossed, self.above = self.above is not None and above != self.above, above
        if self.order is not None and self.order.open:
            return
        if crossed and above and self.position == 0:
            self.order = self.buy(self.qty)
        elif not above and self.position > 0:
            self.order = self.sell(self.position)
"""

RECORDS = """
from bot3.strategy import *
seen = []

class Watcher(Strategy):
    def on_start(self): seen.append(("start", self.symbol, self.position, self.cash)); print("hello")
    def on_book(self, book): seen.append(("book", book))
    def on_trade(self, trade): seen.append(("trade", trade))
    def on_bar(self, bar): seen.append(("bar", bar))
    def on_stop(self): seen.append(("stop",))

class Maker(Strategy):
    def __init__(self): self.bought, self.log = None, seen
    def on_bar(self, bar):
        if self.bought is None:
            self.bought = self.buy("0.01", self.round_price(bar.close - 1), "gtc")
            self.far = self.buy("0.02", self.round_price(bar.close * 0.99), "gtc")
            self.wrong = self.sell("0.5", self.round_price(bar.close * 1.01))  # nothing of ours is met there
            seen.append(("asked", dict(self.orders)))
        elif self.far.state == "working" and self.bought.state == "filled":
            self.cancel(self.far)
    def on_fill(self, fill): seen.append(("fill", fill, self.position))
    def on_stop(self): seen.append(("orders", self.bought, self.far, self.wrong, dict(self.orders)))
"""


def strategy(tmp_path: Path, source: str) -> Path:
    path = tmp_path / "mine.py"
    path.write_text(source, encoding="utf-8")
    return path


def seen_by(path: Path) -> list[tuple]:  # type: ignore[type-arg]
    return sys.modules[f"bot3_strategy_{path.stem}"].seen


def test_python_and_c_trade_alike(tmp_path: Path) -> None:
    mine = strategy(tmp_path, CROSS)
    run(strategies=[f"{mine}:Cross"], out=tmp_path / "python")
    run(strategies=["ema_cross:fast=3,slow=9"], out=tmp_path / "c")
    python, c = table(tmp_path / "python", "fills"), table(tmp_path / "c", "fills")
    assert len(c) > 20
    for column in ("ts_recv_ns", "side", "px", "qty", "fee"):
        assert python[column].tolist() == c[column].tolist()


def test_a_python_run_replays_without_its_file(tmp_path: Path) -> None:
    mine = strategy(tmp_path, CROSS)
    result = run(strategies=[f"{mine}:Cross"], out=tmp_path / "out")
    mine.unlink()
    again = replay(tmp_path / "out" / "journal.b3j", 0.0, Listener())
    assert again.error is None
    assert again.summary["fills"] == result.summary["fills"] > 0
    assert str(tmp_path).encode() not in (tmp_path / "out" / "journal.b3j").read_bytes()


def test_every_event_comes_in_order(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = strategy(tmp_path, RECORDS)
    result = run(strategies=[f"{path}:Watcher"])
    seen = seen_by(path)
    row = result.summary["instruments"]["BTCUSDT"]
    assert seen[0] == ("start", "BTCUSDT", 0, 100_000)
    assert seen[-1] == ("stop",)
    counts = {kind: sum(event[0] == kind for event in seen) for kind in ("book", "trade", "bar")}
    assert (counts["trade"], counts["bar"]) == (row["trades"], row["bars"])
    assert counts["book"] >= row["diffs_applied"]
    bars = [event[1] for event in seen if event[0] == "bar"]
    assert all(bar.low <= bar.open <= bar.high and bar.low <= bar.vwap <= bar.high for bar in bars)
    assert all(one.close_ts_ns == next_one.open_ts_ns for one, next_one in itertools.pairwise(bars))
    captured = capsys.readouterr()
    assert (captured.out, captured.err) == ("", "hello\n")


def test_orders_are_kept_up_to_date(tmp_path: Path) -> None:
    path = strategy(tmp_path, RECORDS)
    result = run(strategies=[f"{path}:Maker"], out=tmp_path / "out")
    seen = seen_by(path)
    asked = next(event[1] for event in seen if event[0] == "asked")
    assert list(asked) == [1, 2, 3]
    _, bought, far, wrong, still_open = seen[-1]
    assert (bought.state, bought.filled_qty, bought.open) == ("filled", Decimal("0.01"), False)
    assert (far.state, far.filled_qty) == ("canceled", 0)
    assert (wrong.state, wrong.rule) == ("rejected", "cash")
    assert still_open == {}
    fills = [event for event in seen if event[0] == "fill"]
    assert fills[0][1].maker and fills[-1][2] == Decimal("0.01")
    assert result.summary["rejects"] == {"cash": 1}
    orders = table(tmp_path / "out", "orders").set_index("order_id")
    assert orders.state.loc[[1, 2, 3]].tolist() == ["filled", "canceled", "refused"]


def test_two_python_strategies_share_an_instrument(tmp_path: Path) -> None:
    mine = strategy(tmp_path, CROSS)
    run(strategies=[f"{mine}:Cross"], out=tmp_path / "alone")
    run(strategies=[f"{mine}:Cross", f"{mine}:Cross:qty=0.02"], out=tmp_path / "both")
    alone, both = table(tmp_path / "alone", "orders"), table(tmp_path / "both", "orders")
    for size in ("0.01", "0.02"):
        own = both[both.qty == Decimal(size)]
        assert own.ts_request_ns.tolist() == alone.ts_request_ns.tolist()
        assert own.side.tolist() == alone.side.tolist()


@pytest.mark.parametrize(
    ("body", "told", "line"),
    [
        ("def on_bar(self, bar):\n        1 / 0", "ZeroDivisionError: division by zero", 4),
        (
            "def on_bar(self, bar):\n        self.helper()\n    def helper(self):\n        raise KeyError('k')",
            "KeyError",
            6,
        ),
        ("def on_bar(self, bar):\n        self.buy('0.0000000001')", "finer than 8 decimals", 4),
        ("def on_bar(self, bar):\n        self.buy(-1)", "above 0", 4),
        ("def on_bar(self, bar):\n        self.buy(float('nan'))", "qty: must be a number above 0 (found nan)", 4),
        ("def on_bar(self, bar):\n        self.buy('0.01', bar.close * float('nan'))", "price: must be a number", 4),
        ("def on_bar(self, bar):\n        self.buy(self.round_qty(float('nan')))", "qty: must be a number", 4),
        ("def on_bar(self, bar):\n        self.buy(1, tif='day')", "time in force", 4),
        ("def on_bar(self, bar):\n        self.cancel(99)", "no such open order", 4),
        ("def on_start(self):\n        raise ValueError('no')", "ValueError: no", 4),
        ("def on_stop(self):\n        raise ValueError('no')", "ValueError: no", 4),
    ],
)
def test_a_strategy_that_fails_ends_the_run_and_is_named(tmp_path: Path, body: str, told: str, line: int) -> None:
    path = strategy(tmp_path, f"from bot3.strategy import Strategy\nclass Mine(Strategy):\n    {body}\n")
    result = run(strategies=[f"{path}:Mine"], out=tmp_path / "out")
    assert isinstance(result.error, StrategyError)
    text = str(result.error)
    assert told in text and f"{path}:{line}:" in text and "Mine.on_" in text
    if "on_bar" in body:
        assert re.search(r"in the bar that closes at 2024-08-08T23:54:16\.000Z on BTCUSDT", text)
    assert result.summary["ended"] == "failed"
    assert (tmp_path / "out" / "summary.json").is_file()
    assert replay(tmp_path / "out" / "journal.b3j", 0.0, Listener()).error is None


def test_nothing_can_be_ordered_after_the_end(tmp_path: Path) -> None:
    source = """
from bot3.strategy import Strategy
kept = []
class Mine(Strategy):
    def on_start(self): kept.append(self)
"""
    path = strategy(tmp_path, source)
    run(strategies=[f"{path}:Mine"])
    (mine,) = sys.modules["bot3_strategy_mine"].kept
    with pytest.raises(StrategyError, match="over"):
        mine.buy("1")


EXAMPLES = [
    path for path in sorted((ROOT / "examples").glob("*.py")) if "(Strategy)" in path.read_text(encoding="utf-8")
]


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_examples_run_as_they_say(path: Path, tmp_path: Path) -> None:
    (command,) = re.findall(r"^bot3 run --strategy examples/(\S+)$", path.read_text(encoding="utf-8"), re.M)
    result: Result = run(strategies=[f"{ROOT / 'examples'}/{command}"], out=tmp_path / "out")
    assert result.error is None
    assert result.summary["orders"] > 0 and result.summary["fills"] > 0
    assert replay(tmp_path / "out" / "journal.b3j", 0.0, Listener()).error is None


def test_shorts_need_to_be_allowed(tmp_path: Path) -> None:
    path = strategy(
        tmp_path,
        "from bot3.strategy import Strategy\nclass Mine(Strategy):\n    def on_bar(self, bar):\n"
        "        if self.position == 0: self.sell('0.01')\n",
    )
    assert run(strategies=[f"{path}:Mine"]).summary["fills"] == 0
    allowed = run(strategies=[f"{path}:Mine"], config=parse_config(b'{"paper": {"allow_short": true}}')).summary
    assert allowed["instruments"]["BTCUSDT"]["position"] == "-0.01"


STOPS = """
from bot3.strategy import Bar, Fill, Strategy
asked, filled = [], []

class Protected(Strategy):
    \"\"\"Buys once, and leaves a stop below and a stop-limit further below at the venue.\"\"\"
    bars = 0
    def on_bar(self, bar: Bar) -> None:
        self.bars += 1
        if self.bars == 2:
            self.buy("0.02")
        if self.bars == 3:
            near, far = (self.round_price(bar.close * (1 - x)) for x in (0.0005, 0.0008))
            asked.append(self.sell("0.01", stop=near))
            asked.append(self.sell("0.01", self.round_price(far - 50), stop=far))
    def on_fill(self, fill: Fill) -> None:
        filled.append(fill)
"""


def test_stop_orders_wait_at_the_venue_for_the_bid(tmp_path: Path) -> None:
    file = tmp_path / "protected.py"
    file.write_text(STOPS)
    result = run(strategies=[f"{file}:Protected"], out=tmp_path / "out")
    assert result.error is None
    module = next(m for m in sys.modules.values() if getattr(m, "__file__", None) == str(file))
    assert [order.state for order in module.asked] == ["filled", "filled"]
    orders = table(tmp_path / "out", "orders").set_index("order_id")
    book = table(tmp_path / "out", "book")
    for order in module.asked:
        fills = [fill for fill in module.filled if fill.order_id == order.order_id]
        assert {(fill.side, fill.maker) for fill in fills} == {("sell", False)}
        assert orders.loc[order.order_id, "type"] == ("stop" if order.price is None else "stop_limit")
        # The depth book, which is later than the touch that triggers: the bid was above until then, and is there after.
        filled_at = orders.loc[order.order_id, "ts_last_ns"]
        asked_at = orders.loc[order.order_id, "ts_request_ns"]
        before = book[(book["ts_recv_ns"] > asked_at) & (book["ts_recv_ns"] < filled_at)]["bid_px"]
        after = book[book["ts_recv_ns"] > filled_at]["bid_px"].iloc[0]
        assert before.min() > order.stop >= after and all(fill.price <= order.stop for fill in fills)
    assert replay(tmp_path / "out" / "journal.b3j", 0.0, Listener()).summary["replay"]["identical"]
