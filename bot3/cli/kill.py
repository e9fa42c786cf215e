"""`bot3 kill`: the kill switch of a running engine."""

from __future__ import annotations

import click

from bot3.cli.remote import NAME, command_engine

__all__ = ["command"]


@click.command("kill")
@click.option("--flatten", is_flag=True, help="Take all positions out too, with market orders.")
@NAME
def command(flatten: bool, name: str | None) -> int:
    """Cancel all open orders of a running engine, and refuse all others until `bot3 reset`.

    Neither a halted market nor a limit holds it up. With --state the engine stays killed over a restart.
    """
    return command_engine("kill_flatten" if flatten else "kill", name)
