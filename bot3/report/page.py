"""The page: one HTML file that needs nothing else, no network and no server."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import plotly.graph_objects as go
from jinja2 import Environment, PackageLoader
from plotly.offline import get_plotlyjs

from bot3._version import __version__
from bot3.errors import StorageError
from bot3.report import charts
from bot3.report.figures import RunFigures
from bot3.report.files import RunFiles

__all__ = ["headline", "write_page"]


def write_page(run: RunFiles, figures: RunFigures, path: Path) -> None:
    """Writes the page, whole or not at all. Raises StorageError when it cannot."""
    environment = Environment(loader=PackageLoader("bot3.report", "."), autoescape=True, trim_blocks=True)
    page = environment.get_template("page.html").render(
        version=__version__,
        plotly=get_plotlyjs(),
        run=run.summary,
        headline=headline(figures),
        figures=figures,
        sections=_sections(run, figures),
    )
    unfinished = path.with_name(path.name + ".part")
    try:
        unfinished.write_text(page, encoding="utf-8")
        unfinished.replace(path)
    except OSError as error:
        unfinished.unlink(missing_ok=True)
        raise StorageError(
            f"cannot be written: {error.strerror}", where=str(path), hint="Name another file."
        ) from error


def headline(figures: RunFigures) -> list[tuple[str, str, str]]:
    """Name, value and what it is measured on, of the numbers that come first."""
    own, sources, trips = figures.performance, figures.sources, figures.trips
    sampling = f"{own.samples:,} returns of {_duration(own.step_s)}"
    held = figures.holding
    slippage = figures.slippage_bps
    return [
        ("P&L", f"{sources.total:+,.2f} {figures.currency}", "realised + unrealised - fees"),
        (
            "buy and hold",
            "-" if held is None else f"{held.pnl:+,.2f} {figures.currency}",
            "all of the starting equity, at the first ask" if held is None else f"{', '.join(held.symbols)}",
        ),
        ("largest drawdown", f"{own.max_drawdown:,.2f} {figures.currency}", f"{own.max_drawdown_rate:.3%} of the peak"),
        ("Sharpe", _number(own.sharpe), f"{sampling}; a year: {_number(own.sharpe_annual)}"),
        ("Sortino", _number(own.sortino), f"{sampling}; a year: {_number(own.sortino_annual)}"),
        (
            "hit rate",
            "-" if trips.hit_rate is None else f"{trips.hit_rate:.1%}",
            f"{trips.winners:,} of {trips.count:,} round trips won after fees",
        ),
        (
            "turnover",
            f"{figures.turnover:,.0f} {figures.currency}",
            f"{figures.turnover_times:,.2f} x equity; {figures.maker_fills:,} fills as maker, {figures.taker_fills:,} "
            "as taker",
        ),
        (
            "slippage",
            "-" if slippage.size == 0 else f"{slippage.mean():+.3f} bps",
            f"mean of {slippage.size:,} filled orders, against the touch when they were decided",
        ),
    ]


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:,.3f}"


def _duration(seconds: int) -> str:
    for unit, size in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds % size == 0:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"


def _sections(run: RunFiles, figures: RunFigures) -> list[dict[str, Any]]:
    """Title, note and chart of each part of the page, in reading order. wide: takes the whole width."""
    held = "" if figures.holding is None else " Buy and hold pays the taker fee once and is valued at the mid."
    found = [
        _section(
            "Equity and drawdown",
            "Marked at the mid whenever a bar closes or a position changes." + held,
            charts.equity_chart(figures),
            wide=True,
        )
    ]
    found += [
        _section(
            f"{symbol}: price, fills and position",
            "Filled triangles took liquidity, hollow ones made it.",
            charts.price_chart(run, symbol),
            wide=True,
        )
        for symbol in run.symbols
    ]
    found.append(
        _section(
            "P&L by source",
            "Spread earned: fills against the mid at their time. Price: what the mid did while something was held.",
            charts.sources_chart(figures),
        )
    )
    if figures.slippage_bps.size:
        found.append(
            _section("Slippage of orders", "Average fill against the opposite touch.", charts.slippage_chart(figures))
        )
    if figures.outcomes:
        found.append(_section("What became of orders", "", charts.counts_chart(figures.outcomes)))
    if figures.rejects:
        found.append(
            _section("Refused, by rule", "Ours before sending, and the venue's.", charts.counts_chart(figures.rejects))
        )
    found.append(
        _section("Latency of the stages", "Of the inputs that were timed, in this run.", charts.latency_chart(run))
    )
    return found


def _section(title: str, note: str, figure: go.Figure, *, wide: bool = False) -> dict[str, Any]:
    # A "</" inside a script would end it.
    spec = json.dumps(json.loads(figure.to_json()), separators=(",", ":")).replace("</", "<\\/")
    return {"title": title, "note": note, "spec": spec, "wide": wide}
