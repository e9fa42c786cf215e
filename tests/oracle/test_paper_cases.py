"""The venue on the recorded session, order by order, against positions worked out with hindsight: paper_cases.json.

paper_cases.py says how the table was made; what follows here are the raw messages again, in their order, given to the
venue as the engine gives them. A decrease that the ticker shows before its trade is printed is a cancel to the venue
until then, so positions of the proportional model are compared where every trade and its decrease are in.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from paper_cases import Market, Message, messages, raw
from trading_kit import BUY, QUEUE_CONSERVATIVE, QUEUE_PROPORTIONAL, SELL, Book, Core, Paper

TABLE = json.loads((Path(__file__).parent / "paper_cases.json").read_text(encoding="utf-8"))
CASES = TABLE["cases"]
SCALES = {"price_scale": 8, "qty_scale": 8, "base_currency": 1}


@dataclass
class Run:
    """One case in one venue, and what it has told so far: line -> (ahead, filled)."""

    case: dict[str, Any]
    paper: Paper
    filled: int = 0
    seen: dict[int, tuple[int, int]] = field(default_factory=dict)

    @property
    def last_line(self) -> int:
        return int(self.case["followed"][-1][0])

    def arrive(self, market: Market) -> None:
        self.at(market, self.case["recv_ns"])
        self.paper.levels([(BUY, 1, 0)], market.depth_id)
        side = BUY if self.case["side"] == "buy" else SELL
        request = self.paper.core.request(
            order_id=1, side=side, price_raw=self.case["price"], qty_raw=TABLE["order_qty"]
        )
        levels = ((self.case["price"], self.case["displayed"]),)
        self.paper.now_ns = self.case["recv_ns"] - 1
        told = self.paper.arrive(request, book(market, bids=levels, asks=levels))
        assert [u.state for u in told] == [2]
        assert self.paper.ahead(1) == self.case["displayed"]

    def at(self, market: Market, recv_ns: int) -> None:
        self.paper.now_ns = recv_ns - 1  # the kit adds one

    def give(self, message: Message, market: Market, moved: bool) -> None:
        data, updates = message.data, []
        self.at(market, message.recv_ns)
        if message.kind == "trade":
            exchange_ns = data["T"] * 10**6
            late_ns = message.recv_ns - exchange_ns - message.offset_ns
            updates = self.paper.trade(
                raw(data["p"]), raw(data["q"]), seller_takes=data["m"], exchange_ns=exchange_ns, late_ns=late_ns
            )
        elif message.kind == "depth":
            levels = [(side, raw(p), raw(q)) for side, name in ((BUY, "b"), (SELL, "a")) for p, q in data[name]]
            self.paper.levels(levels, data["u"], exchange_ns=data["E"] * 10**6)
            self.at(market, message.recv_ns)
            updates = self.paper.quote(book(market))
        elif moved:
            updates = self.paper.quote(book(market))
        self.filled += sum(u.last_qty_raw for u in updates)
        self.seen[message.line] = (self.paper.ahead(1) or 0, self.filled)


def book(market: Market, **levels: Any) -> Book:
    return Book(market.touch["b"], market.touch["a"], update_id=market.touch_id, **levels)


@pytest.fixture(scope="module")
def session(shared_data_module: Path) -> list[Message]:
    return messages(shared_data_module / "binance")


@pytest.fixture(scope="module")
def shared_data_module() -> Path:
    folder = Path(__file__).resolve().parents[2].parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip(f"no recordings at {folder}")
    return folder


@pytest.fixture(scope="module")
def runs(internals: tuple[Any, Any], session: list[Message]) -> dict[tuple[str, int], Run]:
    """All cases at once, in one pass over the session."""
    waiting, done, active, market = list(all_runs(internals)), {}, [], Market()
    by_line: dict[int, list[Run]] = {}
    for run in waiting:
        by_line.setdefault(run.case["line"], []).append(run)
    for message in session:
        before = market.touch_id
        market.take(message)
        for run in active:
            run.give(message, market, market.touch_id != before)
        for run in [run for run in active if run.last_line <= message.line]:
            active.remove(run)
        for run in by_line.get(message.line, ()):
            run.arrive(market)
            active.append(run)
            done[run.case["id"], run.paper.queue_model] = run
    return done


def all_runs(internals: tuple[Any, Any]) -> Iterator[Run]:
    for case in CASES:
        for model in (QUEUE_CONSERVATIVE, QUEUE_PROPORTIONAL):
            core = Core(*internals)
            yield Run(case, Paper(core, core.instruments(SCALES), queue_model=model))


def settled(rows: list[list[Any]]) -> Iterator[list[Any]]:
    """Rows up to which every trade and the decrease that it made are in."""
    balance = 0
    for row in rows:
        balance += {"trade": row[3], "traded": -row[3]}.get(row[2], 0)
        if balance == 0:
            yield row


def test_the_table_holds_enough_of_each_kind() -> None:
    assert len(CASES) >= 20
    whats = [{row[2] for row in case["followed"]} for case in CASES]
    for what in ("trade", "traded", "cancelled", "more", "through"):
        assert sum(what in seen for seen in whats) >= 5, what
    assert {case["side"] for case in CASES} == {"buy", "sell"}
    assert sum(case["followed"][-1][7] > 0 for case in CASES) >= 8  # filled


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_only_trades_move_the_conservative_queue(runs: dict[tuple[str, int], Run], case: dict[str, Any]) -> None:
    run = runs[case["id"], QUEUE_CONSERVATIVE]
    for line, _, what, _, ahead, _, filled, _ in case["followed"]:
        assert run.seen[line] == (ahead if filled < TABLE["order_qty"] else 0, filled), (line, what)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_cancels_take_their_share_and_a_trade_counts_once(
    runs: dict[tuple[str, int], Run], case: dict[str, Any]
) -> None:
    run = runs[case["id"], QUEUE_PROPORTIONAL]
    rows = list(settled(case["followed"]))
    for line, _, what, _, _, ahead, _, filled in rows:
        assert run.seen[line] == (ahead if filled < TABLE["order_qty"] else 0, filled), (line, what)
