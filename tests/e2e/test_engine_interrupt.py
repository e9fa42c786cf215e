"""The loop is called out of: at the next input, and out of the wait of a paced replay, without losing a record."""

import threading
import time
from pathlib import Path

import pytest
from run_tools import run

from bot3.engine.core import Engine
from bot3.engine.journal import Journal
from bot3.engine.plan import RunOptions, RunPlan, build_engine
from bot3.errors import EngineError
from bot3.ffi import ffi, lib
from bot3.ffi.status import new_error
from bot3.recording import RecordingFile, open_recordings
from bot3.sample import SAMPLE


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory) -> RunPlan:
    out = tmp_path_factory.mktemp("plan") / "out"
    run(out=out)
    with Journal(out / "journal.b3j") as journal:
        return journal.plan()


def inputs(engine: Engine) -> int:
    return int(engine.totals().inputs)


def test_a_paced_run_comes_back_when_it_is_called_and_goes_on_where_it_was(plan: RunPlan) -> None:
    """At a millionth of the recorded speed the second input is hours away."""
    with (
        open_recordings([SAMPLE]) as opened,
        RecordingFile(opened.path) as file,
        build_engine(plan, RunOptions(pace=1e-6)) as engine,
    ):
        for _ in range(3):
            timer = threading.Timer(0.2, engine.interrupt)
            timer.start()
            assert engine.run(file.pointer, 10) == lib.B3_YIELD
            timer.join()
            assert inputs(engine) == 1
        threading.Timer(0.2, engine.stop).start()
        assert engine.run(file.pointer, 10) == lib.B3_STOPPED
        assert inputs(engine) == 1


def test_it_is_called_out_once_and_loses_nothing(plan: RunPlan) -> None:
    def whole(*, calls_out: bool) -> tuple[int, int]:
        with (
            open_recordings([SAMPLE]) as opened,
            RecordingFile(opened.path) as file,
            build_engine(plan, RunOptions()) as engine,
        ):
            yields = 0
            while engine.run(file.pointer, 1000) != lib.B3_END:
                if calls_out:
                    before = inputs(engine)
                    engine.interrupt()
                    assert engine.run(file.pointer, 1000) == lib.B3_YIELD
                    assert inputs(engine) == before
                    yields += 1
            return inputs(engine), yields

    count, never = whole(calls_out=False)
    again, often = whole(calls_out=True)
    assert never == 0 and often > 30
    assert again == count


@pytest.mark.parametrize(("code", "what"), [(lib.B3_SYS_COMMAND, 0), (lib.B3_SYS_COMMAND, 5), (lib.B3_SYS_KILL, 1)])
def test_what_is_no_command_is_refused(plan: RunPlan, code: int, what: int) -> None:
    with build_engine(plan, RunOptions()) as engine:
        command = ffi.new("b3_system *", {"code": code, "a": what})
        command.hdr.kind = lib.B3_SYSTEM
        error = new_error()
        assert lib.b3_engine_command(engine.pointer, command, error) == lib.B3_ERR_ARGUMENT
        before = engine.guard()
        assert before.saved.killed == 0
        with pytest.raises(EngineError, match="no such one"):
            engine.command(99)
        engine.command(lib.B3_COMMAND_KILL)
        after = engine.guard()
        assert after.saved.killed == 1, "before the first input, too"


def test_the_trigger_can_be_read(plan: RunPlan, tmp_path: Path) -> None:
    with (
        open_recordings([SAMPLE]) as opened,
        RecordingFile(opened.path) as file,
        build_engine(plan, RunOptions()) as engine,
    ):
        assert engine.stop_of(0).trigger_raw == 0
        deadline = time.monotonic() + 60
        while engine.position(0).qty_raw == 0:
            assert time.monotonic() < deadline and engine.run(file.pointer, 1) != lib.B3_END
        stop, position = engine.stop_of(0), engine.position(0)
        loss = position.cost_raw * 10**8 * 98 // (position.qty_raw * 100)
        assert stop.loss_raw == loss
        assert stop.trailing == 1 and stop.trigger_raw == stop.best_raw * 985 // 1000 > loss
        state = engine.instrument(0)
        assert stop.best_raw >= state.touch.bid_price_raw
        with pytest.raises(EngineError):
            engine.stop_of(1)
