"""A whole run, from settings to summary: opens, prepares, runs, writes, and tells whoever watches."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, nullcontext
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from bot3.config import SystemConfig, parse_bars
from bot3.engine.control import Channel
from bot3.engine.core import Engine
from bot3.engine.guarding import FOREVER_NS, saved_fields
from bot3.engine.host import Host
from bot3.engine.journal import Journal, JournalWriter, compare
from bot3.engine.limits import contradictions, notes, pointless_limits, resolved_limits, without_means
from bot3.engine.loader import StrategyChoice
from bot3.engine.plan import RunOptions, RunPlan, build_engine
from bot3.engine.run import run_all, stops_on_signal
from bot3.engine.setup import Prepared, choose_instruments, choose_symbols, prepare
from bot3.engine.state import StateFile, time_of
from bot3.engine.summary import summarise
from bot3.engine.watch import Level, Watch
from bot3.errors import Bot3Error, JournalError, ReplayMismatchError, StorageError
from bot3.ffi import lib
from bot3.recording import Recording, RecordingFile, open_recordings

if TYPE_CHECKING:
    from bot3.storage import ParquetSink

__all__ = ["Result", "Settings", "Ui", "replay", "run_session"]


class Ui(Protocol):
    """Whoever watches a run."""

    def say(self, text: str) -> None:
        """Something worth knowing."""

    def warn(self, text: str) -> None:
        """Something that may be wrong."""

    def event(self, level: Level, name: str, **fields: object) -> None:
        """Something that happened on the way, with its numbers: a stop, a halt, a day."""

    def rows(self, title: str, rows: Sequence[tuple[str, str]]) -> None:
        """Names and values."""

    def working(self, text: str) -> AbstractContextManager[None]:
        """Something takes a while, until the context ends."""

    def progress(self, total_bytes: int) -> AbstractContextManager[Callable[[int], None]]:
        """Shows progress until the context ends; the function is told the bytes done."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What a run was asked to do. pace: times recorded speed, 0 as fast as it goes. out: None to write nothing.

    around: holds something for the time that the engine runs, on the thread that it runs on. shadow: decide everything,
    send nothing. state: file of what survives a restart. name: by which other processes reach the run; None: its
    process id.
    """

    recordings: Sequence[Path]
    strategies: Sequence[StrategyChoice]
    config: SystemConfig = field(default_factory=SystemConfig)
    instruments: Path | None = None
    symbols: Sequence[str] = ()
    bars: str | None = None
    pace: float = 0.0
    out: Path | None = None
    around: Callable[[], AbstractContextManager[object]] = nullcontext
    shadow: bool = False
    state: Path | None = None
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Result:
    """summary: see summarise; "ended" is end, stopped or failed, "error" its text. error: what ended the run early."""

    summary: dict[str, Any]
    error: Bot3Error | None


def run_session(settings: Settings, ui: Ui) -> Result:
    """Runs strategies on a recording. Raises Bot3Error when it cannot start; what fails later is in the result."""
    config = settings.config
    bars = parse_bars(settings.bars) if settings.bars is not None else parse_bars(config.bars.size, "bars.size")
    with ExitStack() as stack:
        with ui.working("reading the recording"):
            recording = stack.enter_context(open_recordings(settings.recordings))
        file = stack.enter_context(RecordingFile(recording.path))
        symbols, absent = choose_symbols(settings.symbols, config.market_data.symbols, recording.symbols)
        instruments = choose_instruments(symbols, recording, file, settings.instruments)
        state = None if settings.state is None else stack.enter_context(StateFile(settings.state))
        prepared = prepare(config, bars, instruments, settings.strategies)
        plan = _guarded(prepared.plan, state, shadow=settings.shadow)
        if absent:
            ui.warn(f"not in the recording, so not traded: {', '.join(absent)}")
        for warning in [*_bad_lines(recording), *(text for i in instruments for text in i.warnings)]:
            ui.warn(warning)
        ui.rows("limits", resolved_limits(plan))
        for warning in pointless_limits(plan):
            ui.warn(warning)
        for note in notes(config, plan):
            ui.say(note)
        for warning in [*without_means(plan), *_standing(plan, settings)]:
            ui.warn(warning)
        return _carry_out(replace(prepared, plan=plan), file, settings, state, ui, stack)


def _guarded(plan: RunPlan, state: StateFile | None, *, shadow: bool) -> RunPlan:
    """The plan with what an earlier run left behind. Raises StateError."""
    currency = plan.currency_names[plan.engine["reporting_currency"]]
    saved = {} if state is None else saved_fields(state.load(), currency, str(state.path))
    return replace(plan, engine={**plan.engine, "saved": saved, "shadow": int(shadow)})


def _standing(plan: RunPlan, settings: Settings) -> list[str]:
    """What keeps orders back from the start."""
    saved, told = plan.engine["saved"], []
    reset = f"bot3 reset --state {settings.state}"
    if saved.get("killed"):
        told.append(f"the kill switch is on since an earlier run: all orders are refused. To reset it: {reset}")
    until_ns = saved.get("breaker_until_ns", 0)
    if until_ns:
        until = f"until {time_of(until_ns)}" if until_ns < FOREVER_NS else "until it is reset"
        told.append(f"the circuit breaker is open since an earlier run, {until}: {reset}")
    if settings.shadow:
        told.append("shadow: everything is decided and charged, nothing is sent")
    return told


def _bad_lines(recording: Recording) -> list[str]:
    told = [f"left out {line}" for line in recording.bad_lines]
    rest = recording.bad_line_count - len(told)
    return [*told, f"left out {rest} more lines"] if rest else told


def _carry_out(
    prepared: Prepared, file: RecordingFile, settings: Settings, state: StateFile | None, ui: Ui, stack: ExitStack
) -> Result:
    plan, capacities, out = prepared.plan, settings.config.engine, settings.out
    tapped = 1 << lib.B3_SYSTEM
    if out is not None:
        from bot3.storage import TAPPED  # pyarrow is slow to import, and only needed for this

        tapped |= TAPPED
    options = RunOptions(
        pace=settings.pace,
        has_journal=out is not None,
        journal_bytes=capacities.journal_log_kib << 10,
        tap_kinds=tapped,
        tap_capacity=capacities.tap_capacity,
        sample_every=capacities.sample_every,
    )
    engine = stack.enter_context(build_engine(plan, options))
    channel = stack.enter_context(Channel(engine.interrupt, settings.name))
    # Last of all that can fail: a run that does not start leaves nothing behind.
    sink, journal = (None, None) if out is None else _outputs(out, plan, engine, stack)
    watch = Watch(plan, ui, state=state, channel=channel, shares_tap=sink is not None)
    host = Host(list(prepared.members)) if prepared.members else None
    run = _Run(engine, plan, ui, host=host, sink=sink, watch=watch, paced=settings.pace > 0)
    result = run.carry_out(file, journal, settings.around)
    return result if sink is None else _finished(sink, engine, result)


def _outputs(out: Path, plan: RunPlan, engine: Engine, stack: ExitStack) -> tuple[ParquetSink, JournalWriter]:
    from bot3.storage import ParquetSink, prepare_directory

    with ExitStack() as undo:
        undo.callback(prepare_directory(out))
        sink = ParquetSink(out, plan)
        undo.callback(sink.close)
        journal = JournalWriter(engine, out / "journal.b3j")
        undo.pop_all()
    return stack.enter_context(sink), journal


def _finished(sink: ParquetSink, engine: Engine, result: Result) -> Result:
    """The last rows and the summary on disk; if that fails, the result says so."""
    try:
        sink.finish(engine, result.summary)
    except StorageError as error:
        if result.error is None:
            return Result(result.summary | {"ended": "failed", "error": str(error)}, error)
    return result


class _Run:
    """One engine over one recording, with all that goes on beside it."""

    def __init__(
        self,
        engine: Engine,
        plan: RunPlan,
        ui: Ui,
        *,
        host: Host | None = None,
        sink: ParquetSink | None = None,
        watch: Watch | None = None,
        paced: bool,
    ) -> None:
        self._engine = engine
        self._plan = plan
        self._ui = ui
        self._host = host
        self._sink = sink
        self._watch = watch
        self._paced = paced
        self._checked = False  # whether the limits were held against prices
        self._wall_s = 0.0

    def carry_out(
        self,
        file: RecordingFile,
        journal: JournalWriter | None,
        around: Callable[[], AbstractContextManager[object]] = nullcontext,
    ) -> Result:
        """Runs to the end of the recording, a signal, or a fault, and closes the journal; the summary says which."""
        error: Bot3Error | None = None
        ended = "failed"
        try:
            # The journal's thread is there already, so that it is not held on the engine's CPU.
            with around():
                ended = "end" if self._run(file) else "stopped"
        except Bot3Error as raised:
            error = raised
        finally:
            for close in self._closings(journal):
                try:
                    close()
                except Bot3Error as raised:
                    error, ended = error or raised, "failed"
        summary = summarise(self._engine, self._plan, self._wall_s)
        return Result(summary | {"ended": ended, "error": None if error is None else str(error)}, error)

    def _closings(self, journal: JournalWriter | None) -> Iterator[Callable[[], None]]:
        if self._watch is not None:
            yield partial(self._watch.close, self._engine)
        if journal is not None:
            yield journal.close

    def _run(self, file: RecordingFile) -> bool:
        with self._ui.progress(file.size) as advance, stops_on_signal(self._engine.stop):

            def between(done: int) -> None:
                advance(done)
                self._check_limits()

            started = time.perf_counter()
            try:
                if self._host is not None:
                    self._host.start(self._engine)
                whole = run_all(
                    self._engine,
                    file,
                    paced=self._paced,
                    host=self._host,
                    sink=self._sink,
                    watch=self._watch,
                    between=between,
                )
            finally:
                self._wall_s = time.perf_counter() - started
            if self._host is not None:
                self._host.stop()
        return whole

    def _check_limits(self) -> None:
        if self._checked:
            return
        found = contradictions(self._engine, self._plan)
        self._checked = found is not None
        for text in found or []:
            self._ui.warn(text)


def replay(path: Path, pace: float, ui: Ui) -> Result:
    """Runs a journal's inputs through a new engine and compares what it writes with the journal, byte for byte.

    Raises JournalError for a file that is none. A difference, or damage in the file, is the result's error; its
    summary's "replay" says how far the two agree.
    """
    with ExitStack() as stack:
        journal = stack.enter_context(Journal(path))
        plan = journal.plan()
        engine = stack.enter_context(build_engine(plan, RunOptions(pace=pace, has_journal=True)))
        written = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bot3-"))) / "replay.b3j"
        run = _Run(engine, plan, ui, paced=pace > 0)
        result = run.carry_out(journal, JournalWriter(engine, written))
        if result.summary["ended"] == "stopped":
            return result
        found = compare(journal, written)
    summary = result.summary | {
        "replay": {
            "identical": found.differs is None and found.damage is None,
            "records": found.records,
            "differs_at_record": found.differs,
            "damaged_at_record": None if found.damage is None else found.damage.position,
        }
    }
    error = result.error
    if found.differs is not None:
        what = f"the replay differs from the journal at record {found.differs}; the {found.records} before it agree"
        hint = f"The journal was written by bot3 {plan.version}."
        error = ReplayMismatchError(what, where=str(path), hint=hint, position=found.differs)
    elif found.damage is not None:
        hint = f"The {found.records} records before it were replayed, and agree."
        error = JournalError(found.damage.what, where=str(path), hint=hint, position=found.damage.position)
    if error is not None:
        summary |= {"ended": "failed", "error": str(error)}
    return Result(summary, error)
