"""Random orders, cancels and commands on a real session: the guard keeps its promises at every event of the journal."""

import json
import random
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from guard_tools import is_repeated
from run_tools import run

from bot3.config import parse_config
from bot3.engine.core import Engine
from bot3.engine.journal import Journal, JournalWriter
from bot3.engine.plan import RunOptions, RunPlan, build_engine
from bot3.ffi import ffi, lib
from bot3.ffi.layout import DTYPES
from bot3.recording import RecordingFile, open_recordings
from bot3.sample import SAMPLE

KINDS = {getattr(lib, f"B3_{name.upper()}"): name for name in DTYPES}
ENDS = (lib.B3_FILLED, lib.B3_EXPIRED, lib.B3_REJECTED, lib.B3_CANCELED)


def plan(folder: Path, latency_us: int) -> RunPlan:
    """A plan without strategies: stops so near that they are reached often, shorting allowed, few limits."""
    tree = {
        "risk": {"stop_loss_percent": 0.01, "trailing_stop_percent": 0.02, "max_position_size": 5},
        "paper": {"latency_us": latency_us, "allow_short": True},
        "execution": {"rate_limit_per_second": 100_000},
    }
    out = folder / "plan"
    run(strategies=[], out=out, config=parse_config(json.dumps(tree).encode()))
    with Journal(out / "journal.b3j") as journal:
        return journal.plan()


def order(chance: random.Random, engine: Engine) -> Any:
    """A market order, or a limit near the touch."""
    state = engine.instrument(0)
    touch = state.touch
    request = ffi.new("b3_request *")
    request.hdr.kind = lib.B3_REQUEST
    request.action = lib.B3_NEW
    request.side = chance.choice((lib.B3_BUY, lib.B3_SELL))
    request.qty_raw = chance.randint(1, 40) * 10**5
    if chance.random() < 0.4:
        request.order_type, request.tif = lib.B3_MARKET, lib.B3_IOC
    else:
        request.order_type, request.tif = lib.B3_LIMIT, lib.B3_GTC
        away = chance.randint(-300, 1500) * 10**6
        price = touch.bid_price_raw - away if request.side == lib.B3_BUY else touch.ask_price_raw + away
        request.price_raw = max(price, 10**6)
    return request


def cancel(order_id: int) -> Any:
    request = ffi.new("b3_request *")
    request.hdr.kind = lib.B3_REQUEST
    request.action = lib.B3_CANCEL
    request.orig_order_id = order_id
    return request


def trade(journal: Path, made: RunPlan, seed: int) -> None:
    chance = random.Random(seed)
    asked: list[int] = []
    with (
        open_recordings([SAMPLE]) as opened,
        RecordingFile(opened.path) as file,
        build_engine(made, RunOptions(has_journal=True)) as engine,
    ):
        writer = JournalWriter(engine, journal)
        while engine.run(file.pointer, chance.randint(1, 60)) != lib.B3_END:
            for _ in range(chance.randint(0, 3)):
                dice = chance.random()
                if dice < 0.02:
                    engine.command(chance.randint(lib.B3_COMMAND_KILL, lib.B3_COMMAND_KILL_FLATTEN))
                elif dice < 0.06:
                    engine.command(lib.B3_COMMAND_RESET)
                elif dice < 0.2 and asked:
                    engine.submit(cancel(chance.choice(asked[-20:])))
                else:
                    asked.append(engine.submit(order(chance, engine)))
        writer.close()


@dataclass
class Naive:
    """What is held and open, from the journal's events alone."""

    position: int = 0
    killed: bool = False
    exiting: bool = False
    open: dict[int, dict[str, int]] = field(default_factory=dict)
    asked: dict[int, dict[str, int]] = field(default_factory=dict)
    seen: dict[str, int] = field(default_factory=lambda: dict.fromkeys(("exits", "stops", "kills", "refused"), 0))

    def pending(self, side: int) -> int:
        return sum(o["qty"] - o["cum"] for o in self.open.values() if o["side"] == side)

    def request(self, event: Any) -> None:
        exits = bool(event["flags"] & lib.B3_FLAG_EXIT)
        qty, side = int(event["qty_raw"]), int(event["side"])
        self.asked[int(event["order_id"])] = {"qty": qty, "side": side, "exit": exits, "cum": 0}

    def decision(self, event: Any) -> None:
        asked = self.asked.get(int(event["order_id"]))
        if event["action"] == lib.B3_CANCEL:
            assert event["allowed"], "a cancel is never refused"
            return
        assert asked is not None
        if not event["allowed"]:
            assert not (asked["exit"] and event["rule"] == lib.B3_RULE_REDUCE_ONLY), "risk need not correct the guard"
            self.seen["refused"] += event["rule"] in (lib.B3_RULE_KILLED, lib.B3_RULE_EXIT)
            return
        if asked["exit"]:
            self.seen["exits"] += 1
            assert not any(o["exit"] for o in self.open.values()), "one exit in flight"
            assert asked["side"] == (lib.B3_SELL if self.position > 0 else lib.B3_BUY)
            assert asked["qty"] <= abs(self.position) - self.pending(asked["side"]), "all that is pending counts"
        else:
            assert not self.killed, "nothing but exits passes while it is killed"
            assert not self.exiting, "nor while the position is taken out"
        self.open[int(event["order_id"])] = asked

    def update(self, event: Any) -> None:
        order_id = int(event["order_id"])
        if event["flags"] & lib.B3_FLAG_CANCEL_REJECT or order_id not in self.open:
            return
        kept, qty = self.open[order_id], int(event["last_qty_raw"])
        if qty:
            kept["cum"] += qty
            before = self.position
            self.position += qty if kept["side"] == lib.B3_BUY else -qty
            if kept["exit"]:
                assert before * self.position >= 0 and abs(self.position) < abs(before), "it never flips it"
        if event["state"] in ENDS:
            del self.open[order_id]

    def system(self, event: Any) -> None:
        code = int(event["code"])
        if code == lib.B3_SYS_KILL:
            self.killed, self.exiting = True, self.exiting or bool(event["a"] and self._traded())
            self.seen["kills"] += 1
        elif code == lib.B3_SYS_RESET:
            self.killed = False
        elif code == lib.B3_SYS_COMMAND:
            self.exiting = self.exiting or self._traded()
        elif code == lib.B3_SYS_STOP:
            assert not self.exiting
            self.exiting = True
            self.seen["stops"] += 1
        elif code == lib.B3_SYS_FLAT:
            assert self.exiting and self.position == int(event["a"]) == 0 and not self.open
            self.exiting = False

    def _traded(self) -> bool:
        return self.position != 0 or bool(self.open)

    def position_event(self, event: Any) -> None:
        assert int(event["qty_raw"]) == self.position


@pytest.mark.parametrize("latency_us", [0, 1_000, 250_000])
@pytest.mark.parametrize("seed", range(3))
def test_whatever_is_asked_the_promises_hold(tmp_path: Path, seed: int, latency_us: int) -> None:
    journal = tmp_path / "journal.b3j"
    trade(journal, plan(tmp_path, latency_us), seed)
    naive = Naive()
    with Journal(journal) as file:
        for record in file.records():
            if record.type != lib.B3_REC_OUTPUT:
                continue
            kind = KINDS[record.kind]
            event = np.frombuffer(bytes(file.payload(record)), DTYPES[kind])[0]
            if kind == "position" and event["strategy"] == 0:
                naive.position_event(event)
            elif kind in ("request", "decision", "update", "system"):
                getattr(naive, kind)(event)
    assert all(count > 3 for count in naive.seen.values()), naive.seen
    assert is_repeated(journal)
