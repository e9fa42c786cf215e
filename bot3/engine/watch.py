"""What the control plane does for the guard between two calls into the engine: tells, saves, carries out commands."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final, Literal, Protocol

import numpy as np

from bot3.engine.control import Answer, Asked, Channel, Command
from bot3.engine.core import Engine
from bot3.engine.decimals import MONEY_SCALE, plain
from bot3.engine.guarding import EPOCH, FOREVER_NS, rule_name, state_of
from bot3.engine.plan import RunPlan
from bot3.engine.state import State, StateFile, time_of
from bot3.errors import StateError
from bot3.ffi import lib
from bot3.ffi.layout import slot_events
from bot3.ffi.status import status_name

if TYPE_CHECKING:
    from bot3.ffi._core import CData

__all__ = ["Level", "Watch"]

Level = Literal["debug", "info", "warning", "error"]

_TOLD_MAX: Final = 20  # of one kind of note on one instrument: a flood is counted, not told
_PEAK_EVERY_S: Final = 1.0  # a peak alone is no reason to write more often than this
_CODES: Final[dict[Command, int]] = {
    "kill": lib.B3_COMMAND_KILL,
    "kill_flatten": lib.B3_COMMAND_KILL_FLATTEN,
    "flatten": lib.B3_COMMAND_FLATTEN,
    "reset": lib.B3_COMMAND_RESET,
}


class Tells(Protocol):
    """Whoever is told of notes: see bot3.engine.session.Ui."""

    def event(self, level: Level, name: str, **fields: object) -> None:
        """Something that happened, with its numbers."""


class Watch:
    """Call look() after each call into the engine. state, channel: None where a run has none.

    shares_tap: another takes the rest of the tap, and clears it.
    """

    def __init__(
        self,
        plan: RunPlan,
        tells: Tells,
        *,
        state: StateFile | None = None,
        channel: Channel | None = None,
        shares_tap: bool = False,
    ) -> None:
        self._plan = plan
        self._tells = tells
        self._state = state
        self._channel = channel
        self._shares_tap = shares_tap
        self._currency = plan.currency_names[plan.engine["reporting_currency"]]
        self._notes = 0
        self._sequence = 0  # of the last tapped event that was looked at
        self._told: Counter[tuple[str, str]] = Counter()
        self._saved: State | None = None
        self._saved_s = 0.0

    def look(self, engine: Engine) -> None:
        """Tells what is new, saves what has changed, carries out what was asked. Raises StateError."""
        guard = engine.guard()
        self._keep_up(engine, guard)
        if self._channel is not None:
            for asked in self._channel.take():
                asked.answer(self._carry_out(engine, asked))

    def close(self, engine: Engine) -> None:
        """The last look: everything is saved, the peak too. Raises StateError."""
        self._saved_s = 0.0
        self.look(engine)

    def _keep_up(self, engine: Engine, guard: CData) -> None:
        if guard.notes != self._notes:
            self._notes = guard.notes
            self._tell(engine)
        if self._state is not None:
            self._save(self._state, state_of(guard.saved, self._currency))

    def _save(self, file: StateFile, state: State) -> None:
        if state == self._saved:
            return
        before, now_s = self._saved, time.monotonic()
        only_peak = before is not None and state == before.model_copy(update={"peak_equity": state.peak_equity})
        if only_peak and now_s - self._saved_s < _PEAK_EVERY_S:
            return
        file.save(state)
        self._saved, self._saved_s = state, now_s

    def _carry_out(self, engine: Engine, asked: Asked) -> Answer:
        before = engine.guard()
        if asked.command != "status":
            engine.command(_CODES[asked.command])
        guard = engine.guard()
        try:
            self._keep_up(engine, guard)
        except StateError as error:
            asked.answer(Answer(ok=False, error=f"carried out, but not kept for the next start: {error}"))
            raise
        assert self._channel is not None
        return Answer(
            ok=True,
            name=self._channel.name,
            pid=self._channel.pid,
            cancelled=guard.cancels - before.cancels,
            closing=guard.exiting,
            killed=bool(guard.saved.killed),
            refuses=rule_name(guard.rule) if guard.rule else "",
            equity=f"{plain(guard.equity_raw, MONEY_SCALE)} {self._currency}" if guard.equity_known else "",
            inputs=engine.totals().inputs,
        )

    # ---------------------------------------------------------------- notes

    def _tell(self, engine: Engine) -> None:
        slots = engine.tap()
        if len(slots):
            sequences = np.ascontiguousarray(slots[:, :8]).view("<u8")[:, 0]
            for event in slot_events(slots[sequences > self._sequence], "system"):
                self._tell_one(event)
            self._sequence = int(sequences[-1])
        if not self._shares_tap:
            engine.clear_tap()

    def _tell_one(self, event: Any) -> None:
        described = _NOTES.get(int(event["code"]))
        if described is None:
            return
        name, level, fields_of = described
        index = int(event["instrument"])
        symbol = self._plan.symbols[index] if index < len(self._plan.symbols) else ""
        self._told[name, symbol] += 1
        if self._told[name, symbol] > _TOLD_MAX:
            return
        fields: dict[str, object] = {"instrument": symbol} if symbol else {}
        fields |= fields_of(self, event, index)
        if event["strategy"]:
            level, fields["strategy"] = "error", self._plan.strategies[int(event["strategy"]) - 1].name
        fields["at"] = time_of(int(event["ts_recv_ns"]))
        fields["input"] = int(event["input_no"])
        if self._told[name, symbol] == _TOLD_MAX:
            fields["more"] = "further ones of this kind are not told"
        self._tells.event(level, name, **fields)

    def price(self, raw: int, index: int) -> str:
        """A price of an instrument as text."""
        return plain(raw, self._plan.instruments[index]["price_scale"])

    def qty(self, raw: int, index: int) -> str:
        """A quantity of an instrument as text."""
        return plain(raw, self._plan.instruments[index]["qty_scale"])

    def money(self, raw: int) -> str:
        """Money of the reporting currency as text."""
        return f"{plain(raw, MONEY_SCALE)} {self._currency}"


_Fields = Callable[[Watch, Any, int], dict[str, object]]


def _nothing(_watch: Watch, _event: Any, _index: int) -> dict[str, object]:
    return {}


def _halt(_watch: Watch, event: Any, _index: int) -> dict[str, object]:
    code = int(event["a"])
    if event["strategy"]:
        return {"what": "the strategy failed and is switched off", "status": code}
    return {"why": rule_name(code), "what": "no orders here until the book is whole again"}


def _resume(_watch: Watch, event: Any, _index: int) -> dict[str, object]:
    return {"after": rule_name(int(event["a"]))} if event["a"] else {}


def _gap(_watch: Watch, event: Any, _index: int) -> dict[str, object]:
    return {"expected": int(event["a"]), "found": int(event["b"])}


def _bad_message(_watch: Watch, event: Any, _index: int) -> dict[str, object]:
    return {"why": status_name(int(event["a"])), "byte": int(event["b"]), "source": int(event["source"])}


def _late_trade(_watch: Watch, event: Any, _index: int) -> dict[str, object]:
    return {"trade_time": time_of(int(event["a"])), "bar_open": time_of(int(event["b"]))}


def _snapshot(_watch: Watch, event: Any, _index: int) -> dict[str, object]:
    return {"update_id": int(event["a"])}


def _stop(watch: Watch, event: Any, index: int) -> dict[str, object]:
    kind = "trailing" if event["flags"] & lib.B3_FLAG_TRAILING else "stop_loss"
    return {"kind": kind, "trigger": watch.price(int(event["a"]), index), "touch": watch.price(int(event["b"]), index)}


def _breaker(_watch: Watch, event: Any, _index: int) -> dict[str, object]:
    until = int(event["b"])
    closes = "when a person says: bot3 reset" if until == FOREVER_NS else time_of(until)
    return {"cause": rule_name(int(event["a"])), "closes": closes}


def _kill(_watch: Watch, event: Any, _index: int) -> dict[str, object]:
    return {"flattens": bool(event["a"]), "what": "all orders are refused until a person says: bot3 reset"}


def _command(_watch: Watch, event: Any, _index: int) -> dict[str, object]:
    names = {code: name for name, code in _CODES.items()}
    return {"command": names.get(int(event["a"]), str(int(event["a"])))}


def _day(watch: Watch, event: Any, _index: int) -> dict[str, object]:
    equity = watch.money(int(event["b"])) if event["b"] else "not known yet"
    return {"day": str(EPOCH + timedelta(days=int(event["a"]))), "equity": equity}


def _flat(watch: Watch, event: Any, index: int) -> dict[str, object]:
    left = int(event["a"])
    return {"dust": watch.qty(left, index)} if left else {}


_NOTES: Final[dict[int, tuple[str, Level, _Fields]]] = {
    lib.B3_SYS_GAP: ("gap", "warning", _gap),
    lib.B3_SYS_HALT: ("halt", "warning", _halt),
    lib.B3_SYS_RESUME: ("resume", "info", _resume),
    lib.B3_SYS_COMMAND: ("command", "warning", _command),
    lib.B3_SYS_BAD_MESSAGE: ("bad_message", "warning", _bad_message),
    lib.B3_SYS_SNAPSHOT: ("snapshot", "debug", _snapshot),
    lib.B3_SYS_LATE_TRADE: ("late_trade", "debug", _late_trade),
    lib.B3_SYS_STOP: ("stop", "warning", _stop),
    lib.B3_SYS_BREAKER: ("breaker", "warning", _breaker),
    lib.B3_SYS_KILL: ("kill", "warning", _kill),
    lib.B3_SYS_RESET: ("reset", "warning", _nothing),
    lib.B3_SYS_DAY: ("day", "info", _day),
    lib.B3_SYS_FLAT: ("flat", "info", _flat),
}
