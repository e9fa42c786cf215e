"""`bot3 flatten`: takes a running engine out of the market."""

from __future__ import annotations

import click

from bot3.cli.remote import NAME, command_engine

__all__ = ["command"]


@click.command("flatten")
@NAME
def command(name: str | None) -> int:
    """Cancel all open orders of a running engine and take all its positions out; it trades on after that.

    To keep it from trading on, say `bot3 kill --flatten`.
    """
    return command_engine("flatten", name)
