"""`bot3 tune`: hands over to the package hwtune, which knows nothing of bot3."""

from __future__ import annotations

import importlib
import importlib.util

import click

from bot3.errors import ArgumentError

__all__ = ["command"]


@click.command(
    "tune",
    context_settings={"ignore_unknown_options": True, "help_option_names": []},
    add_help_option=False,
)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def command(arguments: tuple[str, ...]) -> int:
    """Check and tune the host for low latency; `bot3 tune --help` is hwtune's own help."""
    if importlib.util.find_spec("hwtune") is None:
        raise ArgumentError("is not installed", where="hwtune", hint="Install the package hwtune beside bot3.")
    result = importlib.import_module("hwtune.cli").main(list(arguments))
    return int(result or 0)
