"""The report: one HTML page that needs nothing else, with the findings, the core matrix and before against after."""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape

from hwtune.checks import score
from hwtune.measure import Histogram, Measurement
from hwtune.model import Result, Verdict

STYLE = """
:root{--ink:#1c2330;--soft:#667085;--line:#e4e7ec;--page:#fff;--bad:#c0392b;--ok:#1e8449;--a:#9aa5b8;--b:#2563eb}
@media(prefers-color-scheme:dark){:root{--ink:#e6e9ef;--soft:#98a2b3;--line:#30363f;--page:#14181f;--bad:#ff7b6b;--ok:#5fd38a;
--a:#7a869c;--b:#6ea8fe}}
body{font:15px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--page);
max-width:1080px;margin:2rem auto;padding:0 1rem}
h1{font-size:1.6rem;margin:0}h2{font-size:1.15rem;margin:2.2rem 0 .6rem;border-bottom:1px solid var(--line)}
table{border-collapse:collapse;width:100%;font-size:.9rem}td,th{padding:.35rem .6rem;
border-bottom:1px solid var(--line);text-align:left;vertical-align:top;
overflow-wrap:anywhere}td:first-child,td.n,th.n,td b{white-space:nowrap}
td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}.soft{color:var(--soft)}
.sev{font-weight:600}.critical,.high{color:var(--bad)}.good{color:var(--ok)}.worse{color:var(--bad)}
svg{max-width:100%;height:auto}text{fill:var(--ink);font:11px system-ui,sans-serif}
.score{font-size:2.4rem;font-weight:700}
"""


def _table(head: Sequence[str], rows: Sequence[Sequence[str]], numbers: int = 0) -> str:
    """Cells are HTML already; the last `numbers` columns are right-aligned."""

    def cells(row: Sequence[str], tag: str) -> str:
        plain = len(row) - numbers
        return "".join(f"<{tag}{' class=n' if i >= plain else ''}>{cell}</{tag}>" for i, cell in enumerate(row))

    body = "".join(f"<tr>{cells(row, 'td')}</tr>" for row in rows)
    return f"<table><thead><tr>{cells(head, 'th')}</tr></thead><tbody>{body}</tbody></table>"


def _findings(results: Sequence[Result]) -> str:
    value = score(results)
    counts = {v: sum(r.answer.verdict is v for r in results) for v in Verdict}
    head = f"<p><span class=score>{'?' if value is None else f'{value:.0f}'}</span> of 100 by weight; "
    head += ", ".join(f"{n} {v.value}" for v, n in counts.items()) + "</p>"
    bad = sorted(
        (r for r in results if r.answer.verdict is Verdict.BAD), key=lambda r: (r.row.severity.rank, -r.row.weight)
    )
    rows: list[list[str]] = []
    for r in bad:
        notes = [*r.fixes()] + ([("risk", r.row.risk)] if r.row.risk not in ("", "-") else [])
        todo = "".join(f"<br><span class=soft>{label}: {escape(text)}</span>" for label, text in notes)
        rows.append(
            [
                f"<span class='sev {r.row.severity.value}'>{r.row.severity.value}</span>",
                f"<b>{escape(r.row.id)}</b><br>{escape(r.row.title)}",
                escape(r.answer.saw),
                escape(r.row.why) + todo,
            ]
        )
    return head + (
        _table(["", "check", "found", "why, and what to do"], rows) if rows else "<p class=good>No finding.</p>"
    )


def heat_map(m: Measurement) -> str:
    """One way between each pair of CPUs, as an SVG of coloured cells with the figures in them."""
    cpus = sorted({p.a for p in m.pairs} | {p.b for p in m.pairs})
    if not cpus:
        return f"<p class=soft>Not measured{': ' + escape(m.skipped['pairs']) if 'pairs' in m.skipped else ''}.</p>"
    values = {(p.a, p.b): p.one_way_ns for p in m.pairs} | {(p.b, p.a): p.one_way_ns for p in m.pairs}
    low, high = min(values.values()), max(values.values())
    cell = 44 if len(cpus) <= 20 else 26
    parts: list[str] = []
    for i, a in enumerate(cpus):
        parts.append(f"<text x='{cell * (i + 1.5)}' y='{cell * 0.7}' text-anchor=middle>{a}</text>")
        parts.append(f"<text x='{cell * 0.5}' y='{cell * (i + 1.6)}' text-anchor=middle>{a}</text>")
        for j, b in enumerate(cpus):
            if (a, b) not in values:
                continue
            share = (values[a, b] - low) / (high - low) if high > low else 0.0
            # from green over yellow to red
            colour = f"hsl({120 - 120 * share:.0f} 65% 70%)"
            x, y = cell * (j + 1), cell * (i + 1)
            parts.append(
                f"<rect x='{x}' y='{y}' width='{cell - 2}' height='{cell - 2}' rx=4 fill='{colour}'>"
                f"<title>CPU {a} to {b}: {values[a, b]:.1f} ns</title></rect>"
            )
            if cell > 30:
                parts.append(
                    f"<text x='{x + cell / 2 - 1}' y='{y + cell * 0.6}' text-anchor=middle style='fill:#1c2330'>"
                    f"{values[a, b]:.0f}</text>"
                )
    side = cell * (len(cpus) + 1)
    size = f"viewBox='0 0 {side} {side}' width='{side}'"
    return f"<svg {size} role=img aria-label='core to core latency'>{''.join(parts)}</svg>"


def _label(ns: float) -> str:
    return f"{ns:.0f} ns" if ns < 1e3 else f"{ns / 1e3:.0f} µs" if ns < 1e6 else f"{ns / 1e6:.0f} ms"


def histogram(series: Sequence[tuple[str, Histogram, str]], width: int = 680, height: int = 180) -> str:
    """Histograms over each other, both axes logarithmic: a rare long gap must be seen beside the many short ones."""
    points = [low for _, h, _ in series for low, _ in h if low > 0]
    if not points:
        return "<p class=soft>No gap.</p>"
    left, right = math.floor(math.log10(min(points))), math.ceil(math.log10(max(points) * 1.3))
    top = max(n for _, h, _ in series for _, n in h)

    def x(ns: float) -> float:
        return 40 + (math.log10(max(ns, 1)) - left) / max(right - left, 1) * (width - 60)

    def y(count: float) -> float:
        return height - 24 - math.log10(count + 1) / math.log10(top + 1) * (height - 50)

    parts: list[str] = []
    for power in range(left, right + 1):
        parts.append(
            f"<line x1='{x(10**power):.1f}' x2='{x(10**power):.1f}' y1=14 y2='{height - 24}' stroke='var(--line)'/>"
            f"<text x='{x(10**power):.1f}' y='{height - 8}' text-anchor=middle>{_label(10**power)}</text>"
        )
    parts.append(
        f"<text x=36 y='{y(top):.1f}' text-anchor=end>{top}</text><text x=36 y='{height - 24}' text-anchor=end>0</text>"
    )
    for i, (name, h, colour) in enumerate(series):
        for low, count in h:
            wide = max(2.0, x(low * 1.2) - x(low) - 1)
            parts.append(
                f"<rect x='{x(low):.1f}' y='{y(count):.1f}' width='{wide:.1f}' height='{height - 24 - y(count):.1f}' "
                f"fill='{colour}' fill-opacity='.65'><title>{escape(name)}: {count} from {_label(low)}</title></rect>"
            )
        parts.append(
            f"<rect x='{44 + 130 * i}' y=0 width=10 height=10 fill='{colour}'/>"
            f"<text x='{58 + 130 * i}' y=9>{escape(name)}</text>"
        )
    return f"<svg viewBox='0 0 {width} {height}' width='{width}' role=img aria-label='histogram'>{''.join(parts)}</svg>"


def figures(m: Measurement) -> dict[str, float]:
    """Every figure of a measurement by name; smaller is better for all of them."""
    found: dict[str, float] = {}
    for g in m.gaps:
        found |= {
            f"CPU {g.cpu} gaps per second": g.rate_per_s,
            f"CPU {g.cpu} gap p50 µs": g.p50_us,
            f"CPU {g.cpu} gap p99.9 µs": g.p999_us,
            f"CPU {g.cpu} gap max µs": g.max_us,
            f"CPU {g.cpu} time lost %": g.lost_percent,
        }
        if g.ticks_per_s is not None:
            found[f"CPU {g.cpu} ticks per second"] = g.ticks_per_s
    for w in m.wakeups:
        found |= {f"CPU {w.cpu} wake-up p50 µs": w.p50_us, f"CPU {w.cpu} wake-up p99.9 µs": w.p999_us}
    if m.pairs:
        found["worst core to core ns"] = max(p.one_way_ns for p in m.pairs)
    if m.clocks is not None:
        found |= {f"read {name} ns": ns for name, ns in m.clocks.read_ns.items()}
    found |= {f"memory {name} pages ns": ns for name, ns in m.memory_ns.items() if isinstance(ns, float)}
    for r in m.rtt:
        found |= {f"{r.protocol} {r.peer} p50 µs": r.p50_us, f"{r.protocol} {r.peer} p99 µs": r.p99_us}
    return found


def compare(before: Measurement, after: Measurement) -> list[tuple[str, float, float]]:
    """(figure, before, after) of what both measured."""
    old, new = figures(before), figures(after)
    return [(name, old[name], new[name]) for name in old if name in new]


def _comparison(before: Measurement, after: Measurement) -> str:
    rows: list[list[str]] = []
    for name, old, new in compare(before, after):
        ratio = new / old if old else (1.0 if new == 0 else math.inf)
        mark = "good" if ratio < 0.9 else "worse" if ratio > 1.1 else "soft"
        rows.append([escape(name), f"{old:.2f}", f"{new:.2f}", f"<span class={mark}>{ratio:.2f} x</span>"])
    return _table(["", "before", "after", "after / before"], rows, numbers=3)


def _measured(m: Measurement, before: Measurement | None) -> str:
    out = ["<h2>Jitter of the hot CPUs</h2>"]
    rows = [
        [
            f"CPU {g.cpu}",
            escape(g.cause),
            f"{g.rate_per_s:.0f}",
            f"{g.p50_us:.1f}",
            f"{g.p99_us:.1f}",
            f"{g.p999_us:.1f}",
            f"{g.max_us:.0f}",
            f"{g.lost_percent:.2f}",
        ]
        for g in m.gaps
    ]
    out.append(
        _table(["", "cause, by the counters", "gaps/s", "p50 µs", "p99", "p99.9", "max", "lost %"], rows, numbers=6)
    )
    for g in m.gaps:
        old = next((b for b in before.gaps if b.cpu == g.cpu), None) if before is not None else None
        series = [("before", old.histogram_ns, "var(--a)")] if old is not None else []
        out.append(
            f"<p class=soft>CPU {g.cpu}: gaps by length</p>"
            + histogram([*series, ("after" if old is not None else "now", g.histogram_ns, "var(--b)")])
        )
    out.append("<h2>Core to core, one way in ns</h2>" + heat_map(m))
    if before is not None:
        out.append("<h2>Before against after</h2>" + _comparison(before, m))
    else:
        out.append(
            "<h2>All figures</h2>" + _table(["", "now"], [[escape(n), f"{v:.2f}"] for n, v in figures(m).items()], 1)
        )
    stamps = [
        [
            escape(str(s["interface"])),
            escape(", ".join(f"{k} {v}" for k, v in s.get("arrived", {}).items()) or "not tested"),
            escape(
                "; ".join(filter(None, [*s.get("offers", []), *s.get("advice", []), s.get("hwstamp"), s.get("fault")]))
            ),
        ]
        for s in m.stamps
    ]
    if stamps:
        out.append("<h2>Timestamps</h2>" + _table(["interface", "arrived", "offered, and what to do"], stamps))
    if m.time:
        out.append("<h2>Time</h2>" + _table(["", ""], [[escape(k), escape(v)] for k, v in m.time.items()]))
    if m.skipped:
        out.append(
            "<h2>Not measured</h2>" + _table(["part", "why"], [[escape(k), escape(v)] for k, v in m.skipped.items()])
        )
    return "".join(out)


def page(
    host: str, roles: str, results: Sequence[Result], after: Measurement | None, before: Measurement | None
) -> str:
    """The whole page. `after` is the newest measurement, `before` an older one to hold against it."""
    when = f" · {after.created} · Linux {after.kernel}" if after is not None else ""
    body = f"<h1>{escape(host)}</h1><p class=soft>{escape(roles + when)}</p><h2>Findings</h2>{_findings(results)}"
    body += _measured(after, before) if after is not None else "<p class=soft>Nothing was measured.</p>"
    return (
        f"<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content='width=device-width'>"
        f"<title>Host report: {escape(host)}</title><style>{STYLE}</style><body>{body}</body></html>\n"
    )
