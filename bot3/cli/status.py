"""`bot3 status`: how a running engine stands."""

from __future__ import annotations

import click

from bot3.cli.remote import NAME, command_engine

__all__ = ["command"]


@click.command("status")
@NAME
def command(name: str | None) -> int:
    """Say whether a running engine takes orders, and what it is worth."""
    return command_engine("status", name)
