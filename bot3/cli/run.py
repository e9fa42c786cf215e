"""`bot3 run`: a recorded session through the engine, and what happened."""

from __future__ import annotations

import math
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bot3.cli.tuned import LAST_CPU
from bot3.cli.tuned import tuned as hold_tuning
from bot3.errors import ArgumentError

if TYPE_CHECKING:
    from bot3.engine.watch import Level

__all__ = ["command"]

_PATH = click.Path(path_type=Path)


def _speed(_context: click.Context, _parameter: click.Parameter, value: str) -> float:
    if value == "max":
        return 0.0
    try:
        pace = float(value.removesuffix("x"))
    except ValueError:
        pace = math.nan
    if not 0 < pace <= 1e6:
        raise click.BadParameter("must be max, or how many times faster than recorded: 1, 10, 0.5 (at most 1000000)")
    return pace


def _split(_context: click.Context, _parameter: click.Parameter, value: str | None) -> tuple[str, ...]:
    return tuple(part.strip().upper() for part in value.split(",") if part.strip()) if value else ()


@click.command("run")
@click.option(
    "--recording",
    "recordings",
    type=_PATH,
    multiple=True,
    metavar="FILE",
    help="Recorded session; repeat it for files that continue one another. Default: the sample that comes with bot3.",
)
@click.argument("more_recordings", type=_PATH, nargs=-1, metavar="[FILE]...")
@click.option(
    "--instruments",
    type=_PATH,
    metavar="FILE",
    help="The venue's exchangeInfo (JSON, also .zst or .gz). Default: what the recording holds, else inferred from it.",
)
@click.option(
    "--symbols",
    callback=_split,
    metavar="A,B",
    help="Instruments to trade. Default: those of --config, else all recorded.",
)
@click.option(
    "--strategy",
    "strategies",
    multiple=True,
    metavar="NAME[:k=v,...]",
    help="Built-in strategy (bot3 strategies lists them), or FILE.py:CLASS[:k=v,...]; repeatable."
    " Default: signal.strategies of --config, else ema_cross.",
)
@click.option("--config", type=_PATH, metavar="FILE", help="system.json; every key has a default.")
@click.option(
    "--bars",
    metavar="SIZE",
    help="500ms, 1s, 1m, 4h, 1d; 100t trades; 2.5v base; 10000n quote. Default: 1s, or bars.size of --config.",
)
@click.option(
    "--speed",
    "pace",
    callback=_speed,
    default="max",
    show_default=True,
    metavar="max|N",
    help="As fast as it goes, or N times as fast as recorded.",
)
@click.option(
    "--out", type=_PATH, metavar="DIR", help="New or empty directory for Parquet tables, summary.json and the journal."
)
@click.option(
    "--tuned",
    is_flag=False,
    flag_value=LAST_CPU,
    default=None,
    metavar="[CPUS]",
    help="While it runs: pin it to CPUS (3, or 2-3; default the last), lock its memory, keep idle states and interrupts"
    " away. Put back after it.",
)
@click.option(
    "--shadow", is_flag=True, help="Decide and charge everything, send nothing; the summary says what would have gone."
)
@click.option(
    "--state",
    type=_PATH,
    metavar="FILE",
    help="What survives a restart: day, peak, breaker, kill switch. Read at the start if it is there, kept up to date.",
)
@click.option("--name", metavar="NAME", help="By which kill, flatten, reset and status reach it. Default: process id.")
@click.option(
    "--log-level",
    type=click.Choice(["debug", "info", "warning", "error"]),
    default="info",
    show_default=True,
    help="Events from this level on go to stderr.",
)
@click.option(
    "--log-format",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="json: everything on stderr is one JSON object a line.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of tables.")
@click.option(
    "--replay", "journal", type=_PATH, metavar="JOURNAL", help="Run a journal again and compare byte for byte."
)
def command(
    recordings: tuple[Path, ...],
    more_recordings: tuple[Path, ...],
    instruments: Path | None,
    symbols: tuple[str, ...],
    strategies: tuple[str, ...],
    config: Path | None,
    bars: str | None,
    pace: float,
    out: Path | None,
    tuned: str | None,
    shadow: bool,
    state: Path | None,
    name: str | None,
    log_level: Level,
    log_format: str,
    as_json: bool,
    journal: Path | None,
) -> int:
    """Run strategies on a recorded session, on paper, and say what happened.

    With no option at all it runs the sample that comes with bot3. Ctrl-C ends a run cleanly, with the summary so far.
    """
    # Imported here, so that --help and other commands do not pay for numpy and the core.
    from bot3.cli.app import Exit
    from bot3.cli.logs import JsonLines
    from bot3.cli.terminal import Terminal, print_result
    from bot3.config import SystemConfig, load_config
    from bot3.engine.loader import choose_strategies
    from bot3.engine.session import Settings, replay, run_session
    from bot3.sample import SAMPLE, SAMPLE_INSTRUMENTS

    terminal = JsonLines(log_level) if log_format == "json" else Terminal(log_level)
    if journal is not None:
        inputs = (*recordings, *more_recordings, instruments, *symbols, *strategies, config, bars)
        if any((*inputs, out, tuned, shadow, state, name)):
            hint = "A journal holds its own configuration, instruments and inputs."
            raise ArgumentError("goes with --json and --speed alone", where="--replay", hint=hint)
        result = replay(journal, pace, terminal)
    else:
        files = [*recordings, *more_recordings]
        system = load_config(config) if config is not None else SystemConfig()
        settings = Settings(
            recordings=files or [SAMPLE],
            strategies=choose_strategies(strategies, system.signal.strategies),
            config=system,
            instruments=instruments if instruments or files else SAMPLE_INSTRUMENTS,
            symbols=symbols,
            bars=bars,
            pace=pace,
            out=out,
            around=hold_tuning(tuned, terminal) if tuned is not None else nullcontext,
            shadow=shadow,
            state=state,
            name=name,
        )
        result = run_session(settings, terminal)
    print_result(result, as_json=as_json)
    if result.error is not None:
        terminal.fail(result.error)
        return Exit.FAILED
    return Exit.OK
