"""`bot3 reset`: kill switch and circuit breaker off again, by a person."""

from __future__ import annotations

from pathlib import Path

import click

from bot3.cli.remote import NAME, command_engine
from bot3.errors import ArgumentError

__all__ = ["command"]


@click.command("reset")
@NAME
@click.option(
    "--state",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="The state file of an engine that does not run, instead of a running one.",
)
def command(name: str | None, state: Path | None) -> int:
    """Switch kill switch and circuit breaker off: in a running engine, or in the state file of a stopped one."""
    if state is None:
        return command_engine("reset", name)
    if name is not None:
        hint = "A running engine is reset with --name; one that is stopped, with --state."
        raise ArgumentError("goes without --name", where="--state", hint=hint)
    from bot3.engine.state import StateFile

    if not state.is_file():
        raise ArgumentError("there is no such file", where="--state", value=str(state))
    with StateFile(state) as file:
        kept = file.load()
        assert kept is not None
        file.save(kept.model_copy(update={"killed": False, "breaker": None}))
    were = [what for what, was in (("kill switch", kept.killed), ("breaker", kept.breaker is not None)) if was]
    click.echo(f"{state}: {' and '.join(were)} off" if were else f"{state}: nothing was on")
    return 0
