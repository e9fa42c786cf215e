"""The charts of a report, as plotly figures."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from bot3.report.figures import Curve, RunFigures
from bot3.report.files import Floats, RunFiles, Times, floats, names, times
from bot3.report.performance import drawdown

__all__ = ["counts_chart", "equity_chart", "latency_chart", "price_chart", "slippage_chart", "sources_chart"]

_POINTS: Final = 4_000  # of a line: more cannot be seen, and make the page slow
_OURS, _OTHER, _DOWN, _UP = "#1f5fbf", "#8a94a6", "#c0392b", "#1e8449"
_LAYOUT: Final[dict[str, Any]] = {
    "template": "plotly_white",
    "margin": {"l": 70, "r": 20, "t": 30, "b": 40},
    "font": {"family": "system-ui, sans-serif", "size": 12},
    "legend": {"orientation": "h", "y": 1.06, "x": 0},
    "hovermode": "x unified",
}


def _thinned(at: Times, value: Floats) -> tuple[Times, Floats]:
    """At most _POINTS of them: of each stretch the lowest and the highest, so that no peak is lost."""
    if value.size <= _POINTS:
        return at, value
    parts = np.array_split(np.arange(value.size), _POINTS // 2)
    kept = sorted({int(part[pick(value[part])]) for part in parts for pick in (np.argmin, np.argmax)})
    return at[kept], value[kept]


def _line(curve: Curve, name: str, colour: str, **style: Any) -> go.Scatter:
    at, value = _thinned(curve.at, curve.value)
    return go.Scatter(x=at, y=value, name=name, mode="lines", line={"color": colour, "width": 1.5, **style})


def _figure(height: int, rows: int = 1, heights: list[float] | None = None) -> go.Figure:
    figure = make_subplots(rows=rows, cols=1, shared_xaxes=True, row_heights=heights, vertical_spacing=0.06)
    figure.update_layout(height=height, **_LAYOUT)
    figure.update_yaxes(tickformat=",")
    return figure


def equity_chart(figures: RunFigures) -> go.Figure:
    """Equity beside buy-and-hold, and the drawdown below."""
    figure = _figure(420, rows=2, heights=[0.68, 0.32])
    figure.add_trace(_line(figures.equity, "equity", _OURS), row=1, col=1)
    if figures.holding is not None:
        name = f"buy and hold {', '.join(figures.holding.symbols)}"
        figure.add_trace(_line(figures.holding.curve, name, _OTHER, dash="dot"), row=1, col=1)
    below = Curve(figures.equity.at, drawdown(figures.equity.value))
    figure.add_trace(_line(below, "drawdown", _DOWN).update(fill="tozeroy", showlegend=False), row=2, col=1)
    figure.update_yaxes(title_text=figures.currency, row=1, col=1)
    figure.update_yaxes(title_text="drawdown", row=2, col=1)
    return figure


def price_chart(run: RunFiles, symbol: str) -> go.Figure:
    """The mid with our fills on it, and the position below."""
    figure = _figure(460, rows=2, heights=[0.72, 0.28])
    book, fills, positions = (run.of(table, symbol) for table in ("book", "fills", "positions"))
    bid, ask = floats(book, "bid_px"), floats(book, "ask_px")
    whole = (bid > 0) & (ask > 0)
    figure.add_trace(_line(Curve(times(book)[whole], 0.5 * (bid + ask)[whole]), "mid", _OTHER), row=1, col=1)
    side, maker = names(fills, "side"), names(fills, "liquidity") == "maker"
    for name, symbol_shape, colour in (("buy", "triangle-up", _UP), ("sell", "triangle-down", _DOWN)):
        for kind, chosen in (("maker", maker), ("taker", ~maker)):
            mine = (side == name) & chosen
            if not mine.any():
                continue
            marker = {
                "symbol": symbol_shape + ("-open" if kind == "maker" else ""),
                "color": colour,
                "size": 9,
                "line": {"width": 1.5, "color": colour},
            }
            qty = floats(fills, "qty")[mine]
            figure.add_trace(
                go.Scatter(
                    x=times(fills)[mine],
                    y=floats(fills, "px")[mine],
                    mode="markers",
                    name=f"{name}, {kind}",
                    marker=marker,
                    customdata=qty,
                    hovertemplate="%{y} x %{customdata}",
                ),
                row=1,
                col=1,
            )
    held = Curve(times(positions), floats(positions, "qty"))
    figure.add_trace(_line(held, "position", _OURS, shape="hv").update(showlegend=False), row=2, col=1)
    figure.update_yaxes(title_text=symbol, row=1, col=1)
    figure.update_yaxes(title_text="position", row=2, col=1)
    return figure


def sources_chart(figures: RunFigures) -> go.Figure:
    """Price, spread earned and fees, adding up to the total."""
    sources = figures.sources
    values = [float(sources.price), float(sources.spread), -float(sources.fees), float(sources.total)]
    figure = _figure(320)
    figure.add_trace(
        go.Waterfall(
            x=["price", "spread earned", "fees", "total"],
            y=values,
            measure=["relative", "relative", "relative", "total"],
            text=[f"{value:,.2f}" for value in values],
            textposition="outside",
            increasing={"marker": {"color": _UP}},
            decreasing={"marker": {"color": _DOWN}},
            totals={"marker": {"color": _OURS}},
        )
    )
    figure.update_layout(showlegend=False, hovermode="closest")
    figure.update_yaxes(title_text=figures.currency)
    return figure


def counts_chart(counts: dict[str, int]) -> go.Figure:
    """Counts by name, the largest on top."""
    ordered = sorted(counts.items(), key=lambda item: item[1])
    figure = _figure(90 + 28 * max(len(ordered), 2))
    figure.add_trace(
        go.Bar(
            x=[count for _, count in ordered],
            y=[name.replace("_", " ") for name, _ in ordered],
            orientation="h",
            text=[f"{count:,}" for _, count in ordered],
            marker={"color": _OURS},
        )
    )
    figure.update_layout(showlegend=False, hovermode="closest")
    return figure


def slippage_chart(figures: RunFigures) -> go.Figure:
    """Orders by their slippage."""
    figure = _figure(320)
    figure.add_trace(go.Histogram(x=figures.slippage_bps, nbinsx=60, marker={"color": _OURS}))
    figure.add_vline(x=0, line={"color": _OTHER, "width": 1})
    figure.update_layout(showlegend=False, hovermode="closest")
    figure.update_xaxes(title_text="bps against the touch at the decision; right is worse")
    figure.update_yaxes(title_text="orders")
    return figure


def latency_chart(run: RunFiles) -> go.Figure:
    """p50 and p99 of each stage that was timed, on a logarithmic scale."""
    rows = {stage: row for stage, row in run.summary["latency_ns"].items() if row["count"] and stage != "wire"}
    figure = _figure(90 + 40 * max(len(rows), 2))
    stages = list(reversed(rows))
    for name, colour in (("p99", _OTHER), ("p50", _OURS)):
        figure.add_trace(
            go.Bar(x=[rows[s][name] for s in stages], y=stages, orientation="h", name=name, marker={"color": colour})
        )
    figure.update_xaxes(type="log", title_text="ns")
    figure.update_layout(barmode="group", hovermode="closest")
    return figure
