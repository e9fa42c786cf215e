"""What the commands to a running engine share: they ask it, and print what it answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from bot3.errors import ControlError

if TYPE_CHECKING:
    from bot3.engine.control import Answer, Command

__all__ = ["NAME", "command_engine"]

NAME = click.option("--name", metavar="NAME", help="Which engine, when several run: its --name, or its process id.")


def command_engine(command: Command, name: str | None) -> int:
    """Sends a command and prints the answer on stdout; returns the exit code."""
    from bot3.cli.app import Exit
    from bot3.engine.control import ask

    try:
        answer = ask(command, name)
    except ControlError as error:
        click.echo(f"bot3: {error}", err=True)
        return Exit.NOT_REACHED
    click.echo(f"engine {answer.name} (process {answer.pid}): {_TOLD[command](answer)}")
    return Exit.OK


def _count(number: int, thing: str) -> str:
    return f"{number} {thing}{'' if number == 1 else 's'}"


def _cleared(answer: Answer) -> str:
    orders = f"{_count(answer.cancelled, 'order')} being cancelled"
    return orders + (f", {_count(answer.closing, 'position')} being taken out" if answer.closing else "")


def _killed(answer: Answer) -> str:
    return f"killed; {_cleared(answer)}. It refuses all orders until you say: bot3 reset --name {answer.name}"


def _reset(answer: Answer) -> str:
    return f"kill switch and breaker are off. {_orders(answer)}"


def _orders(answer: Answer) -> str:
    return f"Orders are refused by {answer.refuses}" if answer.refuses else "Orders are taken"


def _status(answer: Answer) -> str:
    parts = [
        _orders(answer).lower(),
        f"equity {answer.equity or 'not known'}",
        _count(answer.inputs, "input"),
    ]
    if answer.closing:
        parts.append(f"{_count(answer.closing, 'position')} being taken out")
    return ", ".join(parts)


_TOLD = {"kill": _killed, "kill_flatten": _killed, "flatten": _cleared, "reset": _reset, "status": _status}
