"""What people see in the terminal, and the same as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich.console import Console, Group
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from hwtune.checks import score
from hwtune.cpus import format_list
from hwtune.journal import Journal
from hwtune.measure import Measurement
from hwtune.model import Result, Verdict
from hwtune.plan import Plan, Step
from hwtune.report import compare, figures
from hwtune.roles import Roles

STYLE = {"critical": "bold white on red", "high": "bold red", "medium": "yellow", "low": "cyan", "info": "dim"}
MARK = {Verdict.BAD: "✗", Verdict.GOOD: "✓", Verdict.UNKNOWN: "?", Verdict.NOT_APPLICABLE: "-"}


def roles_line(roles: Roles) -> str:
    """The plan of roles in one line."""
    hot = ", ".join(f"{name}: {format_list(cpus)}" for name, cpus in roles.hot.items()) or "none"
    return f"hot CPUs {hot}" + (f"; NIC {roles.nic}" if roles.nic else "") + f" ({roles.source})"


def result_json(result: Result) -> dict[str, Any]:
    """One result with all of its row."""
    row, answer = result.row, result.answer
    return {
        "id": row.id,
        "group": row.group,
        "title": row.title,
        "severity": row.severity.value,
        "weight": row.weight,
        "verdict": answer.verdict.value,
        "finding": result.finding,
        "reason": answer.why,
        "reads": row.reads,
        "saw": answer.saw,
        "good": row.good,
        "why": row.why,
        "risk": row.risk,
        "reversible": row.reversible,
        "fix": {
            "runtime": row.runtime_fix,
            "boot": row.boot_fix,
            "changes": [{"target": c.target, "value": c.value, "opt_in": c.opt_in} for c in answer.changes],
            "boot_settings": [{"kind": b.kind, "key": b.key, "value": b.value} for b in answer.boot],
        },
        "verify_effect": row.verify_effect,
    }


def check_json(host: str, roles: Roles, results: Sequence[Result], problems: Sequence[str]) -> dict[str, Any]:
    """The answer of `check --json`."""
    counts = {verdict.value: sum(r.answer.verdict is verdict for r in results) for verdict in Verdict}
    return {
        "version": 1,
        "host": host,
        "roles": roles.model_dump(mode="json") | {"hot_cpus": sorted(roles.hot_cpus)},
        "score": score(results),
        "counts": counts,
        "problems": list(problems),
        "results": [result_json(result) for result in results],
    }


def check_table(host: str, roles: Roles, results: Sequence[Result], verbose: bool) -> Group:
    """Findings, worst first, by group; then, if `verbose`, all the rest."""
    bad = [r for r in results if r.answer.verdict is Verdict.BAD]
    parts: list[Any] = [Text(f"{host}: {roles_line(roles)}", style="bold")]
    groups = {r.row.group for r in bad}
    # A group is as bad as its worst finding, then as heavy as all of them.
    weight = {
        g: (
            min(r.row.severity.rank for r in bad if r.row.group == g),
            -sum(r.row.weight for r in bad if r.row.group == g),
        )
        for g in groups
    }
    for group in sorted(groups, key=lambda g: weight[g]):
        table = Table(
            title=group,
            title_justify="left",
            title_style="bold underline",
            box=None,
            show_header=False,
            padding=(0, 2, 0, 0),
        )
        table.add_column(no_wrap=True, width=8)
        table.add_column(no_wrap=True, width=5)
        table.add_column(overflow="fold")
        members = [r for r in bad if r.row.group == group]
        for r in sorted(members, key=lambda r: (r.row.severity.rank, -r.row.weight)):
            style = STYLE[r.row.severity.value]
            table.add_row(Text(r.row.severity.value, style), "", Text.assemble((r.row.id, "bold"), f"  {r.row.title}"))
            lines = [("found", r.answer.saw), ("why", r.row.why), *r.fixes()]
            lines += [("risk", r.row.risk)] if r.row.risk not in ("", "-") else []
            for label, text in lines:
                table.add_row("", Text(label, "dim"), Text(text))
        parts.append(table)
    if verbose:
        table = Table(title="all others", title_justify="left", title_style="bold underline", expand=True)
        for column, ratio in (("", None), ("check", 2), ("found", 5), ("why not judged", 4)):
            table.add_column(column, ratio=ratio, overflow="fold")
        order = [Verdict.GOOD, Verdict.UNKNOWN, Verdict.NOT_APPLICABLE]
        for r in sorted((r for r in results if r not in bad), key=lambda r: order.index(r.answer.verdict)):
            table.add_row(
                f"{MARK[r.answer.verdict]} {r.answer.verdict.value}", r.row.id, Text(r.answer.saw), Text(r.answer.why)
            )
        parts.append(table)
    parts.append(Text(summary(results), style="bold"))
    if not verbose:
        parts.append(Text("all answers: --verbose; what to change: bot3 tune plan", style="dim"))
    return Group(*parts)


def summary(results: Sequence[Result]) -> str:
    """Score and counts in one line."""
    counts = {verdict: sum(r.answer.verdict is verdict for r in results) for verdict in Verdict}
    value = score(results)
    shown = "no score: nothing could be judged" if value is None else f"score {value:.0f} of 100"
    return shown + "; " + ", ".join(f"{MARK[v]} {n} {v.value}" for v, n in counts.items())


def _step_lines(step: Step) -> list[Text]:
    now = step.now if step.now is not None else f"({step.note})"
    return [
        Text.assemble(
            (f"  {step.change.target}", "bold"), ("  may be refused" if step.change.may_refuse else "", "dim")
        ),
        Text.assemble(
            ("    - ", "red"),
            (now, "red"),
            ("  ->  ", "dim"),
            ("+ ", "green"),
            (step.change.value or "(empty)", "green"),
        ),
    ]


def plan_lines(plan: Plan, loaders: Sequence[str]) -> Group:
    """The plan as a readable diff: now -> then, with cost."""
    parts: list[Any] = [
        Text(f"At run time, {len(plan.steps)} changes in this order (nothing is written by `plan`)", "bold underline")
    ]
    shown: set[str] = set()
    for step in plan.steps:
        if step.row.id not in shown:
            shown.add(step.row.id)
            undo = step.row.reversible
            parts.append(
                Text.assemble(
                    (step.row.id, "bold cyan"),
                    f": {step.row.title}",
                    (f"   cost: {step.row.risk}; undo: {undo}" if step.row.risk != "-" else f"   undo: {undo}", "dim"),
                )
            )
        parts += _step_lines(step)
    if plan.opt_in:
        parts.append(Text("Only if named with --only, as undo cannot give back all they take", "bold underline"))
        for step in plan.opt_in:
            parts += _step_lines(step)
    if plan.cmdline_then != plan.cmdline_now:
        parts.append(Text("At boot: kernel command line", "bold underline"))
        parts.append(Text.assemble(("- ", "red"), (plan.cmdline_now or "(not known)", "red")))
        parts.append(Text.assemble(("+ ", "green"), (plan.cmdline_then, "green")))
        parts += [Text(f"  {line}", "dim") for line in loaders]
    for path, text in plan.files.items():
        parts.append(Text(f"At boot: {path} (written by apply --persist, removed by undo)", "bold underline"))
        parts.append(Text("".join(f"+ {line}\n" for line in text.splitlines()), "green"))
    if plan.manual:
        parts.append(Text("By hand", "bold underline"))
        for result in plan.manual:
            fix = result.row.runtime_fix if result.row.runtime_fix not in ("none", "-") else result.row.boot_fix
            parts.append(
                Text.assemble((f"  {result.row.id}", "bold"), f": {result.answer.saw}  ", (f"fix: {fix}", "dim"))
            )
    return Group(*parts)


def plan_json(plan: Plan, loaders: Sequence[str]) -> dict[str, Any]:
    """The answer of `plan --json`."""

    def step(s: Step) -> dict[str, Any]:
        return {
            "check": s.row.id,
            "target": s.change.target,
            "now": s.now,
            "then": s.change.value,
            "note": s.note,
            "may_refuse": s.change.may_refuse,
            "risk": s.row.risk,
            "reversible": s.row.reversible,
        }

    return {
        "version": 1,
        "steps": [step(s) for s in plan.steps],
        "opt_in": [step(s) for s in plan.opt_in],
        "cmdline": {"now": plan.cmdline_now, "then": plan.cmdline_then, "add": plan.added_parameters},
        "boot_loaders": list(loaders),
        "files": plan.files,
        "manual": [r.row.id for r in plan.manual],
    }


def measure_table(m: Measurement, before: Measurement | None) -> Group:
    """The figures, beside those from before if there are any; then the causes and what was left out."""
    table = Table(title=f"{m.host}, Linux {m.kernel}, CPU {format_list(m.cpus)}", title_justify="left")
    table.add_column("figure")
    columns = ("before", "after", "ratio") if before is not None else ("now",)
    for column in columns:
        table.add_column(column, justify="right")
    if before is None:
        for name, value in figures(m).items():
            table.add_row(name, f"{value:.2f}")
    else:
        for name, old, new in compare(before, m):
            ratio = new / old if old else float(new != 0)
            style = "green" if ratio < 0.9 else "red" if ratio > 1.1 else ""
            table.add_row(name, f"{old:.2f}", f"{new:.2f}", Text(f"{ratio:.2f}", style))
    parts: list[Any] = [table]
    parts += [Text.assemble((f"CPU {g.cpu}: ", "bold"), g.cause) for g in m.gaps]
    parts += [
        Text(f"memory {name} pages: {why}", "yellow") for name, why in m.memory_ns.items() if isinstance(why, str)
    ]
    parts += [Text(line) for line in stamp_lines(m)]
    return Group(*parts)


def stamp_lines(m: Measurement) -> list[str]:
    """What arrived, what is offered and what to do, a line each; then the time."""
    lines: list[str] = []
    for s in m.stamps:
        arrived = ", ".join(f"{kind} {n}" for kind, n in s.get("arrived", {}).items())
        of = (
            f" of {s['sent']} packets: {arrived or 'no stamp'}"
            if s.get("sent")
            else ": not tested (give --nic and --peer)"
        )
        lines.append(f"stamps on {s['interface']}{of}")
        lines += [f"  offers {', '.join(s['offers']) or 'nothing'}"] if "offers" in s else []
        lines += [f"  {text}" for text in [*s.get("advice", []), s.get("hwstamp", ""), s.get("fault", "")] if text]
    return (
        lines
        + [f"time by {k}: {v}" for k, v in m.time.items()]
        + [f"not measured: {k}: {v}" for k, v in m.skipped.items()]
    )


def status_lines(journal: Journal | None, same_boot: bool) -> list[str]:
    """What is applied, by whom and when."""
    if journal is None:
        return ["nothing is applied"]
    changed = [e for e in journal.entries if e.wanted is not None]
    lines = [f"{len(changed)} changes applied {journal.created} by {journal.user} (uid {journal.uid})"]
    if not journal.complete:
        lines.append("an apply or undo was cut off in the middle: run `bot3 tune undo`")
    if not same_boot:
        lines.append("the host was booted since: run-time changes are gone, drop-ins are in effect")
    lines += [
        f"  {e.check}: {e.target}: {e.original.value[:60]!r} -> {e.wanted[:60] if e.wanted else ''!r}" for e in changed
    ]
    return lines + [f"  refused: {text}" for text in journal.refused]


def print_lines(console: Console, lines: Sequence[str]) -> None:
    """Prints plain lines, none of which is markup."""
    for line in lines:
        console.print(escape(line), highlight=False, soft_wrap=True)
