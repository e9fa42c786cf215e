"""The commands by name, each imported when it is called; errors as one paragraph; exit codes."""

from __future__ import annotations

import importlib
import os
import sys
from enum import IntEnum

import click

from bot3._version import __version__
from bot3.errors import Bot3Error

__all__ = ["Exit", "run_command_line"]

# Module and one line of help: listing the commands imports none of them.
_COMMANDS = {
    "flatten": "Take a running engine out of the market; it trades on after that.",
    "kill": "Cancel all orders of a running engine, and refuse all others.",
    "record": "Convert recordings to bot3's own format, or say what they hold.",
    "report": "Write a run's results as one page: P&L, fills, orders, latency.",
    "reset": "Switch the kill switch and the circuit breaker off again.",
    "run": "Run strategies on a recorded session, and say what happened.",
    "status": "Say how a running engine stands.",
    "strategies": "List the built-in strategies: parameters, units, defaults, signals.",
    "tune": "Check and tune the host for low latency.",
}


class Exit(IntEnum):
    """What the process returns."""

    OK = 0
    FAILED = 1  # it ran, and ended badly: a fault on the way, a replay that differs
    USAGE = 2  # it did not start: options, configuration or input
    NOT_REACHED = 3  # a command to a running engine: there is none, there are several, or it did not answer


class _Lazy(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        command: click.Command = importlib.import_module(f"bot3.cli.{cmd_name}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(_COMMANDS.items()))


@click.group(cls=_Lazy, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, "-V", "--version", message="bot3 %(version)s")
def _cli() -> None:
    """bot3: a trading engine whose hot path is C and whose control is Python.

    Exit codes: 0 done, 1 it ran and ended badly, 2 options, configuration or input are wrong, 3 no engine to command.
    """


def run_command_line() -> int:
    """Runs the command of sys.argv; returns the exit code. BOT3_DEBUG=1 in the environment: errors with traceback."""
    try:
        result = _cli.main(prog_name="bot3", standalone_mode=False)
        return result if isinstance(result, int) else Exit.OK
    except click.ClickException as error:
        error.show()
        return Exit.USAGE
    except (click.Abort, KeyboardInterrupt):
        click.echo("stopped", err=True)
        return Exit.FAILED
    except BrokenPipeError:
        # Whoever read our output has gone: nothing is left to say, and the interpreter must not try to flush it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return Exit.FAILED
    except Bot3Error as error:
        if os.environ.get("BOT3_DEBUG") == "1":
            raise
        click.echo(f"bot3: {error}", err=True)
        return Exit.USAGE
