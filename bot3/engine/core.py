"""The C engine as an object. One thread uses it, but for stop(), interrupt() and drain_journal()."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from bot3.errors import EngineError, StrategyError
from bot3.ffi import ffi, lib
from bot3.ffi.buffers import events_view
from bot3.ffi.handles import Handle
from bot3.ffi.layout import SLOT_BYTES
from bot3.ffi.status import check, fault, new_error, text
from bot3.ffi.structs import as_dict

if TYPE_CHECKING:
    from bot3.ffi._core import CData

__all__ = ["Engine"]

_BYTE = np.dtype(np.uint8)


class Engine(Handle):
    """b3_engine. config: b3_engine_config *; the others: C arrays, currencies of config's count, limits as instruments.

    Raises EngineError for what the core refuses.
    """

    def __init__(self, config: CData, currencies: CData, instruments: CData, limits: CData, config_json: str) -> None:
        error = new_error()
        pointer = lib.b3_engine_new(
            config, currencies, instruments, limits, len(instruments), config_json.encode(), error
        )
        if pointer == ffi.NULL:
            raise fault(error)
        super().__init__(pointer, lib.b3_engine_free)

    def add_builtin(self, strategy: CData, params: list[float], instrument: int) -> int:
        """Adds one instance of a built-in strategy (const b3_strategy *); returns its id. Raises StrategyError."""
        error = new_error()
        values = ffi.new("double[]", params) if params else ffi.NULL
        result = lib.b3_engine_add_strategy(self.pointer, strategy, values, instrument, error)
        return check(result, error, StrategyError, text(strategy.name))

    def add_external(self, kinds: int, instrument: int) -> int:
        """Adds a strategy that lives in Python and sees those kinds (bits 1 << b3_kind); returns its id."""
        error = new_error()
        return check(lib.b3_engine_add_external(self.pointer, kinds, instrument, error), error, StrategyError)

    def start(self) -> None:
        """Takes all hot memory. Raises EngineError, or StrategyError when parameters contradict one another."""
        error = new_error()
        result = lib.b3_engine_start(self.pointer, error)
        what = text(error.what)
        check(result, error, StrategyError if what.startswith("strategy") else EngineError)

    def run(self, recording: CData, max_inputs: int) -> int:
        """Works through at most so many inputs and returns the b3_outcome, the GIL released. Raises EngineError."""
        error = new_error()
        return check(lib.b3_engine_run_blocking(self.pointer, recording, max_inputs, error), error)

    def stop(self) -> None:
        """Ends run() at the next input, from any thread."""
        lib.b3_engine_stop(self.pointer)

    def interrupt(self) -> None:
        """Makes run() return B3_YIELD before the next input, from any thread."""
        lib.b3_engine_interrupt(self.pointer)

    def command(self, code: int) -> None:
        """What a person asks for (b3_command) as the next input. Raises EngineError."""
        command = ffi.new("b3_system *", {"code": lib.B3_SYS_COMMAND, "a": code})
        command.hdr.kind = lib.B3_SYSTEM
        error = new_error()
        check(lib.b3_engine_command(self.pointer, command, error), error)

    def submit(self, request: CData) -> int:
        """A request (b3_request *) as the next input; returns the order id that it got. Raises EngineError."""
        error = new_error()
        check(lib.b3_engine_submit(self.pointer, request, error), error)
        return int(self.totals().requests)  # the engine numbers requests from 1

    def finish(self) -> None:
        """Ends the journal, so that drain_journal returns."""
        error = new_error()
        check(lib.b3_engine_finish(self.pointer, error), error)

    def drain_journal(self, descriptor: int) -> None:
        """Copies the journal to a file until finish(), in a thread of its own, the GIL released. Raises EngineError."""
        error = new_error()
        check(lib.b3_engine_journal_drain_blocking(self.pointer, descriptor, error), error)

    def tap(self) -> npt.NDArray[np.uint8]:
        """Events since the last clear: uint8 (n, SLOT_BYTES), read-only, valid until run, submit or clear_tap."""
        count = ffi.new("uint32_t *")
        slots = lib.b3_engine_tap(self.pointer, count)
        return events_view(slots, count[0] * SLOT_BYTES, _BYTE).reshape(-1, SLOT_BYTES)

    def clear_tap(self) -> None:
        """Forgets what tap() shows."""
        lib.b3_engine_tap_clear(self.pointer)

    def take_inbox(self) -> npt.NDArray[np.uint8]:
        """What external strategies asked to see, as tap() but copied; the engine's inbox is empty afterwards."""
        count = ffi.new("uint32_t *")
        slots = lib.b3_engine_inbox(self.pointer, count)
        events = events_view(slots, count[0] * SLOT_BYTES, _BYTE).reshape(-1, SLOT_BYTES).copy()
        lib.b3_engine_inbox_clear(self.pointer)
        return events

    def totals(self) -> CData:
        """b3_totals *, a copy."""
        out = ffi.new("b3_totals *")
        lib.b3_engine_read_totals(self.pointer, out)
        return out

    def instrument(self, index: int) -> CData:
        """b3_instrument_state *, a copy. Keep it while its inner structs are read: they are part of it."""
        return self._read("b3_instrument_state *", lib.b3_engine_read_instrument, index)

    def position(self, index: int) -> CData:
        """The account's b3_position * in an instrument, a copy, marked now."""
        return self._read("b3_position *", lib.b3_engine_read_position, index)

    def strategy_position(self, strategy_id: int) -> CData:
        """A strategy's b3_position * in its instrument, a copy, marked now. strategy_id: from 1."""
        return self._read("b3_position *", lib.b3_engine_read_strategy, strategy_id)

    def balance(self, currency: int) -> CData:
        """b3_balance *, a copy."""
        return self._read("b3_balance *", lib.b3_engine_read_balance, currency)

    def pnl(self, currency: int) -> CData:
        """b3_pnl *, a copy, marked now."""
        return self._read("b3_pnl *", lib.b3_engine_read_pnl, currency)

    def guard(self) -> CData:
        """b3_guard_state *, a copy."""
        out = ffi.new("b3_guard_state *")
        error = new_error()
        check(lib.b3_engine_read_guard(self.pointer, out), error)
        return out

    def stop_of(self, index: int) -> CData:
        """b3_stop_state * of an instrument, a copy."""
        return self._read("b3_stop_state *", lib.b3_engine_read_stop, index)

    def rate(self, currency: int) -> int | None:
        """One unit of a currency in the reporting currency, 8 digits; None: not known."""
        out = ffi.new("int64_t *")
        status = check(lib.b3_engine_read_rate(self.pointer, currency, out), new_error())
        return int(out[0]) if status == lib.B3_OK else None

    def equity(self) -> int | None:
        """What the account is worth in the reporting currency, 8 digits; None: something held has no value."""
        out = ffi.new("int64_t *")
        status = check(lib.b3_engine_read_equity(self.pointer, out), new_error())
        return int(out[0]) if status == lib.B3_OK else None

    def latencies(self) -> dict[str, dict[str, int]]:
        """Per stage: count, p50_ns, p99_ns, p999_ns, max_ns, negative."""
        return self._table("b3_latency *", lib.b3_engine_read_latency, "stage")

    def memory(self) -> dict[str, dict[str, int]]:
        """Hot memory per use: bytes, blocks."""
        return self._table("b3_memory_use *", lib.b3_engine_read_memory, "name")

    def _read(self, ctype: str, call: Any, index: int) -> CData:
        out = ffi.new(ctype)
        error = new_error()
        check(call(self.pointer, index, out), error)
        return out

    def _table(self, ctype: str, call: Any, key: str) -> dict[str, dict[str, int]]:
        found: dict[str, dict[str, int]] = {}
        out = ffi.new(ctype)
        while call(self.pointer, len(found), out) == lib.B3_OK:
            row = as_dict(out)
            found[text(row.pop(key))] = row
        return found
