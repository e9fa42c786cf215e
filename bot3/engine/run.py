"""The run loop: calls the engine again and again, and does between two calls what it asks for."""

from __future__ import annotations

import contextlib
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Protocol

from bot3.engine.core import Engine
from bot3.engine.host import Host
from bot3.errors import EngineError, RecordingError
from bot3.ffi import lib
from bot3.ffi.status import fault, new_error
from bot3.recording import RecordingFile

__all__ = ["Sink", "run_all", "stops_on_signal"]

# Inputs a call: enough that the call costs nothing, few enough that progress is seen.
_INPUTS = 20_000
_INPUTS_PACED = 16


class Looks(Protocol):
    """Who looks at the engine after each call into it: see bot3.engine.watch.Watch."""

    def look(self, engine: Engine) -> None:
        """Between two calls."""


class Sink(Protocol):
    """Where tapped events go."""

    def take(self, engine: Engine) -> None:
        """Takes what the tap holds; the caller clears it."""


def run_all(
    engine: Engine,
    recording: RecordingFile,
    *,
    paced: bool = False,
    host: Host | None = None,
    sink: Sink | None = None,
    watch: Looks | None = None,
    between: Callable[[int], None] | None = None,
) -> bool:
    """Runs the engine over a recording, from its start. Returns whether it came to the end, or was stopped.

    between: called between two calls into the engine, with the bytes of the recording worked through. Raises
    EngineError, RecordingError (damage), StrategyError, StorageError, StateError; what was done until then can still be
    read.
    """
    lib.b3_recording_rewind(recording.pointer)
    outcome = lib.B3_OK
    while outcome not in (lib.B3_END, lib.B3_STOPPED):
        outcome = _call(engine, recording, _INPUTS_PACED if paced else _INPUTS)
        if watch is not None:
            watch.look(engine)
        if outcome == lib.B3_YIELD:
            if host is not None:
                host.deliver(engine)
            else:
                engine.take_inbox()
        elif outcome == lib.B3_FULL and sink is not None:
            sink.take(engine)
            engine.clear_tap()
        if between is not None:
            at_end = outcome == lib.B3_END
            between(recording.size if at_end else lib.b3_recording_position(recording.pointer))
    return outcome == lib.B3_END


def _call(engine: Engine, recording: RecordingFile, inputs: int) -> int:
    try:
        return engine.run(recording.pointer, inputs)
    except EngineError as raised:
        # Damage in the recording ends the run too, and the recording tells it again when asked.
        error = new_error()
        if lib.b3_recording_check_blocking(recording.pointer, 1, error) < 0 and error.status == raised.status:
            raise fault(error, RecordingError, str(recording.path)) from raised
        raise


@contextlib.contextmanager
def stops_on_signal(stop: Callable[[], None]) -> Iterator[None]:
    """Calls stop on SIGINT or SIGTERM, also while the core runs. A second one is KeyboardInterrupt.

    Python runs signal handlers in the main thread between two bytecodes, which a long call into the core puts off; what
    it writes to the wake-up socket at once is read by a thread of its own. Use it in the main thread.
    """
    asked = 0

    def handle(_number: int, _frame: FrameType | None) -> None:
        nonlocal asked
        asked += 1
        if asked > 1:
            raise KeyboardInterrupt

    def watch() -> None:
        while reader.recv(1):
            stop()

    reader, writer = socket.socketpair()
    writer.setblocking(False)
    thread = threading.Thread(target=watch, name="bot3-signals", daemon=True)
    thread.start()
    before = {number: signal.signal(number, handle) for number in (signal.SIGINT, signal.SIGTERM)}
    wakeup = signal.set_wakeup_fd(writer.fileno(), warn_on_full_buffer=False)
    try:
        yield
    finally:
        signal.set_wakeup_fd(wakeup)
        for number, handler in before.items():
            signal.signal(number, handler)
        writer.close()
        thread.join()
        reader.close()
