"""`bot3 strategies`: what is built in, with every parameter, its unit, bounds and default."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from bot3.engine.builtin import Builtin

__all__ = ["command"]

_WIDTH_PIPED = 120


@click.command("strategies")
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.option("--markdown", "as_markdown", is_flag=True, help="Print the tables of docs/STRATEGIES.md.")
def command(names: tuple[str, ...], as_json: bool, as_markdown: bool) -> int:
    """List the built-in strategies, or those named: parameters with unit, bounds and default, and signals.

    A parameter is given as `bot3 run --strategy NAME:key=value,key=value`, or in signal.strategies of --config.
    """
    from bot3.engine.builtin import builtins, find_builtin

    chosen = [find_builtin(name) for name in names] or list(builtins().values())
    if as_json:
        click.echo(json.dumps({strategy.name: _tree(strategy) for strategy in chosen}, indent=2))
    elif as_markdown:
        click.echo("\n\n".join(_markdown(strategy) for strategy in chosen))
    else:
        _tables(chosen)
    return 0


def _tree(strategy: Builtin) -> dict[str, Any]:
    params = {
        param.name: {
            "default": param.default_text if param.choices else param.default,
            "min": param.min,
            "max": param.max,
            "unit": param.unit,
            "text": param.text,
        }
        for param in strategy.params
    }
    return {"text": strategy.text, "params": params, "signals": list(strategy.signals)}


def _markdown(strategy: Builtin) -> str:
    from bot3.engine.builtin import features

    lines = [f"### {strategy.name}", "", f"{strategy.text[0].upper()}{strategy.text[1:]}.", ""]
    if strategy.params:
        lines += ["| parameter | default | unit | from, to | what |", "|---|---|---|---|---|"]
    for param in strategy.params:
        unit = "" if param.choices else param.unit
        bounds = ", ".join(param.choices) if param.choices else f"{param.min:.12g}, {param.max:.12g}"
        lines.append(f"| `{param.name}` | `{param.default_text}` | {unit} | {bounds} | {param.text} |")
    if strategy.params:
        lines.append("")
    if strategy.name == "features":
        lines += ["| feature | unit | formula | what |", "|---|---|---|---|"]
        lines += [f"| `{f.name}` | {f.unit} | `{f.formula}` | {f.text} |" for f in features()]
    else:
        lines.append(f"Signals: {', '.join(f'`{signal}`' for signal in strategy.signals)}.")
    return "\n".join(lines)


def _tables(chosen: list[Builtin]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from bot3.engine.builtin import features

    console = Console(width=None if sys.stdout.isatty() else _WIDTH_PIPED)
    for strategy in chosen:
        console.print(f"[bold]{strategy.name}[/bold]: {strategy.text}", highlight=False)
        if strategy.name == "features":
            titles = ("feature", "unit", "formula", "what")
            rows = [(f.name, f.unit, f.formula, f.text) for f in features()]
        else:
            titles = ("parameter", "default", "may be", "what")
            rows = [(p.name, p.default_text, p.bounds_text, p.text) for p in strategy.params]
        table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
        for title in titles:
            table.add_column(title, no_wrap=title == titles[0])
        for row in rows:
            table.add_row(*(Text(cell) for cell in row))
        console.print(table, highlight=False)
        if strategy.name != "features":
            console.print(f"signals: {', '.join(strategy.signals)}", highlight=False, soft_wrap=True)
        console.print()
