"""What a person sees: progress and warnings on stderr, the result on stdout."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import click
from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TaskProgressColumn,
    TextColumn,
    TimeElapsedColumn,
    TransferSpeedColumn,
)
from rich.table import Table

from bot3.cli.logs import EventLog
from bot3.engine.session import Result
from bot3.engine.watch import Level
from bot3.errors import Bot3Error

__all__ = ["Terminal", "console", "print_result"]

_WIDTH_PIPED = 120  # when the output is no terminal that says its own


class Terminal:
    """The user interface of a run (bot3.engine.session.Ui), on stderr."""

    def __init__(self, level: Level = "info") -> None:
        self._console = console(stderr=True)
        self._log = EventLog(self.say, level, "text")

    def say(self, text: str) -> None:
        """See Ui."""
        self._console.print(text, highlight=False, markup=False, soft_wrap=True)

    def warn(self, text: str) -> None:
        """See Ui."""
        self._console.print("[yellow]warning:[/yellow] ", end="")
        self.say(text)

    def fail(self, error: Bot3Error) -> None:
        """The error that ended a run early."""
        self._console.print("[red]bot3:[/red] ", end="")
        self.say(str(error))

    def event(self, level: Level, name: str, **fields: object) -> None:
        """See Ui."""
        self._log.event(level, name, **fields)

    def rows(self, title: str, rows: Sequence[tuple[str, str]]) -> None:
        """See Ui."""
        table = Table(title=title, title_justify="left", show_header=False, box=None, padding=(0, 2, 0, 0))
        for row in rows:
            table.add_row(*row)
        self._console.print(table)

    @contextlib.contextmanager
    def working(self, text: str) -> Iterator[None]:
        """See Ui."""
        with self._console.status(text):
            yield

    @contextlib.contextmanager
    def progress(self, total_bytes: int) -> Iterator[Callable[[int], None]]:
        """See Ui."""
        columns = (
            TextColumn("running"),
            BarColumn(),
            TaskProgressColumn(),
            DownloadColumn(),
            TransferSpeedColumn(),
            TimeElapsedColumn(),
        )
        with Progress(*columns, console=self._console, disable=not self._console.is_terminal) as progress:
            task = progress.add_task("run", total=total_bytes)
            yield lambda done: progress.update(task, completed=done)


def print_result(result: Result, *, as_json: bool) -> None:
    """The summary on stdout: one JSON object, or tables."""
    if as_json:
        click.echo(json.dumps(result.summary))
        return
    screen, summary = console(stderr=False), result.summary
    for table in (_books, _messages, _trading, _money, _latency):
        screen.print(table(summary))
        screen.print()
    for reason in summary["pnl"]["incomplete_because"]:
        screen.print(f"P&L is incomplete: {reason}", highlight=False, markup=False)
    if summary["no_orders_because"]:
        screen.print(f"no orders: {summary['no_orders_because']}", highlight=False, markup=False)
    screen.print(_footer(summary), highlight=False, markup=False)


def console(*, stderr: bool) -> Console:
    """A console for people; wide enough for tables when the output is no terminal."""
    made = Console(stderr=stderr)
    if not made.is_terminal:
        made.width = _WIDTH_PIPED
    return made


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold", header_style="")
    for index, column in enumerate(columns):
        table.add_column(column, justify="left" if index == 0 else "right", no_wrap=index == 0)
    return table


def _books(summary: dict[str, Any]) -> Table:
    table = _table("Book at the end", "instrument", "best bid", "best ask", "update id", "state")
    for symbol, row in summary["instruments"].items():
        bid = f"{row['best_bid']} x {row['best_bid_qty']}" if row["best_bid"] else "-"
        ask = f"{row['best_ask']} x {row['best_ask_qty']}" if row["best_ask"] else "-"
        state = "halted" if row["halted"] else "whole" if row["synced"] else "not whole"
        table.add_row(symbol, bid, ask, str(row["last_update_id"]), state)
    return table


def _messages(summary: dict[str, Any]) -> Table:
    table = _table("Messages", "instrument", "diffs", "stale", "gaps", "trades", "tickers", "klines", "bars")
    for symbol, row in summary["instruments"].items():
        names = ("diffs_applied", "diffs_stale", "gaps", "trades", "book_tickers", "klines", "bars")
        table.add_row(symbol, *(f"{row[name]:,}" for name in names))
    return table


def _trading(summary: dict[str, Any]) -> Table:
    table = _table("Trading", "", "")
    table.show_header = False
    for name in dict.fromkeys(_strategy_text(strategy) for strategy in summary["strategies"]):
        table.add_row("strategy", name)
    table.add_row("signals", f"{summary['signals']:,}")
    table.add_row("requests", f"{summary['requests']:,}")
    table.add_row("orders sent", f"{summary['orders']:,}")
    table.add_row("fills", f"{summary['fills']:,}")
    for rule, count in summary["rejects"].items():
        table.add_row(f"rejected: {rule}", f"{count:,}")
    for symbol, row in summary["instruments"].items():
        dust = f" ({row['dust']} of it is dust)" if row["dust"] != "0" else ""
        table.add_row(f"position {symbol}", row["position"] + dust)
    return table


def _strategy_text(strategy: dict[str, Any]) -> str:
    given = strategy.get("params", {}).items()
    params = ", ".join(f"{name}={value if isinstance(value, str) else f'{value:g}'}" for name, value in given)
    return f"{strategy['name']}({params})" if params else strategy["name"]


def _money(summary: dict[str, Any]) -> Table:
    pnl = summary["pnl"]
    title = f"P&L ({pnl['method'].replace('_', ' ')}{', incomplete' if pnl['incomplete'] else ''})"
    table = _table(title, "of", "currency", "realized", "unrealized", "fees", "total")
    strategies = summary["strategies"] if len(summary["strategies"]) > 1 else []
    rows = [(f"strategy {row['id']}, {row['name']} {row['instrument']}", row["quote"], row) for row in strategies]
    rows += [("account", currency, row) for currency, row in pnl["by_currency"].items()]
    rows += [("account, in all", pnl["currency"], pnl)] if len(pnl["by_currency"]) > 1 else []
    for name, currency, row in rows:
        table.add_row(name, currency, *(row[key] for key in ("realized", "unrealized", "fees", "total")))
    return table


def _latency(summary: dict[str, Any]) -> Table:
    table = _table("Latency, ns", "stage", "count", "p50", "p99", "p99.9", "max")
    for stage, row in summary["latency_ns"].items():
        if row["count"]:
            table.add_row(stage, *(f"{row[name]:,}" for name in ("count", "p50", "p99", "p999", "max")))
    return table


def _footer(summary: dict[str, Any]) -> str:
    hot, memory, messages = summary["hot_loop"], summary["memory"], summary["messages"]
    lines = [
        f"{summary['events']:,} events in {summary['wall_s']:.3f} s: {summary['events_per_s']:,.0f} a second "
        f"({summary['inputs']:,} inputs, {hot['seconds']:.3f} s in the hot loop)",
        f"hot loop after warm-up: {hot['allocations']} allocations, {hot['page_faults']} page faults, "
        f"{hot['voluntary_switches']} voluntary switches; {memory['bytes'] / 2**20:.1f} MiB of hot memory on "
        f"{memory['pages']} pages, {'locked' if memory['locked'] else 'not locked'}",
    ]
    if messages["bad"]:
        last = messages["last_bad"]
        lines.append(
            f"{messages['bad']:,} messages could not be read; the last was input {last['input']}: {last['what']} "
            f"at byte {last['byte']}"
        )
    if summary["ended"] == "stopped":
        lines.append("stopped before the end of the recording: this is what happened so far")
    return "\n".join(lines)
