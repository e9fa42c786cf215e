"""The command `bot3 tune` (also installed as `hwtune`). Exit codes: 0 good, 1 findings or drift, 2 error."""

from __future__ import annotations

import json
import platform
import sys
from collections.abc import Callable
from dataclasses import asdict
from functools import wraps
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from hwtune import apply as applying
from hwtune import checks, journal, render, report
from hwtune import measure as measuring
from hwtune.dump import DumpHost, take_dump
from hwtune.errors import ExitCode, HwtuneError
from hwtune.facts import Facts
from hwtune.host import Host, LiveHost
from hwtune.model import Result, Row, Severity, catalogue
from hwtune.nic import read_live
from hwtune.plan import Plan, loader_help, make_plan
from hwtune.roles import Roles, from_config, from_options, propose

out = Console()
err = Console(stderr=True)


def _options(*options: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def decorate(function: Any) -> Any:
        for option in reversed(options):
            function = option(function)
        return function

    return decorate


role_options = _options(
    click.option("--config", type=click.Path(path_type=Path), help="Engine configuration with a section `tune`."),
    click.option("--hot-cpus", default="", help="CPUs that run hot, e.g. 2,3 or 4-7."),
    click.option("--nic", help="The trading interface, e.g. eth1."),
    click.option("--node", type=int, help="NUMA node of the hot path."),
    click.option("--policy", type=click.Choice(["other", "fifo"]), default="other", help="Scheduling of hot threads."),
    click.option("--huge2m", type=int, default=0, help="2 MiB pages the engine needs."),
)
root_option = click.option("--root", type=click.Path(), help="Judge a dump (directory or tar archive) of another host.")
json_option = click.option("--json", "as_json", is_flag=True, help="Machine-readable output.")
only_option = click.option("--only", multiple=True, help="Only these checks or groups; * is a wildcard. Repeatable.")
skip_option = click.option("--skip", multiple=True, help="Not these checks or groups. Repeatable.")
severity_option = click.option(
    "--severity",
    type=click.Choice([s.value for s in Severity]),
    default="info",
    help="Only checks of at least this severity.",
)
seconds_option = click.option(
    "--seconds", type=click.FloatRange(0.1, 60), default=2.0, show_default=True, help="How long to watch the counters."
)


def _command(function: Callable[..., ExitCode]) -> Callable[..., None]:
    """Turns errors of hwtune into one line and exit code 2."""

    @wraps(function)
    def run(*args: Any, **kwargs: Any) -> None:
        try:
            code = function(*args, **kwargs)
        except HwtuneError as error:
            err.print(f"error: {error}", style="bold red", markup=False, highlight=False, soft_wrap=True)
            code = ExitCode.ERROR
        except KeyboardInterrupt:
            err.print("interrupted", style="bold red")
            code = ExitCode.ERROR
        sys.exit(int(code))

    return run


def _json(document: Any) -> None:
    click.echo(json.dumps(document, indent=1, default=str))


def _host(root: str | None) -> Host:
    return LiveHost() if root is None else DumpHost(root)


def _roles(
    facts: Facts, config: Path | None, hot_cpus: str, nic: str | None, node: int | None, policy: str, huge2m: int
) -> Roles:
    """The plan: of the configuration, of the options, else what the host claims to be set up for, else proposed."""
    if config is not None:
        roles = from_config(config)
    else:
        roles = from_options(hot_cpus, nic, node, policy, huge2m)
        if not roles.hot and facts.claimed_hot:
            roles = roles.model_copy(update={"hot": {"isolated": facts.claimed_hot}, "source": "as the host is set up"})
            if roles.hot_cpus >= facts.topology.online:
                roles = roles.model_copy(update={"hot": {}})
        if not roles.hot and len(facts.topology.cores) > 1:
            nic_node = facts.nic_node(nic) if nic else None
            proposed = propose(facts.topology, nic, nic_node)
            roles = roles.model_copy(update={"hot": proposed.hot, "source": "proposed; give --hot-cpus for your own"})
    roles.validate_on(facts.topology, facts.host)
    return roles


def _facts(root: str | None, seconds: float, given: dict[str, Any]) -> Facts:
    host = _host(root)
    roles = _roles(Facts(host, Roles()), **given)
    return Facts(host, roles, seconds)


def _host_name(facts: Facts) -> str:
    return facts.host.source if isinstance(facts.host, DumpHost) else platform.node()


def _run(facts: Facts, rows: list[Row], quiet: bool) -> list[Result]:
    if quiet or not err.is_terminal:
        return checks.run(facts, rows)
    with err.status("checking") as status:
        return checks.run(facts, rows, lambda row: status.update(f"checking {row.id}"))


@click.group(invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]})
@click.pass_context
def cli(context: click.Context) -> None:
    """Prepare, prove and restore a trading host. Without a command: check."""
    if context.invoked_subcommand is None:
        context.invoke(check)


@cli.command()
@role_options
@root_option
@only_option
@skip_option
@severity_option
@seconds_option
@json_option
@click.option("--list", "listing", is_flag=True, help="List all checks and end.")
@click.option(
    "--measure", "measured", is_flag=True, help="Also run the checks that keep the hot CPUs busy for a while."
)
@click.option("-v", "--verbose", is_flag=True, help="Show good, unknown and not applicable answers too.")
@_command
def check(
    root: str | None,
    only: tuple[str, ...],
    skip: tuple[str, ...],
    severity: str,
    seconds: float,
    as_json: bool,
    listing: bool,
    measured: bool,
    verbose: bool,
    **given: Any,
) -> ExitCode:
    """What stands between this host and quiet cores, why, and what each fix costs."""
    if listing:
        for row in catalogue().values():
            click.echo(f"{row.id:26} {row.severity.value:9} {row.title}")
        return ExitCode.GOOD
    rows = checks.select(only, skip, Severity(severity))
    facts = _facts(root, seconds, given)
    if measured:
        facts.measurement = measuring.measure(facts, measuring.Wanted(seconds=1.0), err)
    results = _run(facts, rows, as_json)
    if as_json:
        _json(render.check_json(_host_name(facts), facts.roles, results, facts.topology.problems))
    else:
        out.print(render.check_table(_host_name(facts), facts.roles, results, verbose))
        render.print_lines(out, [f"could not be read: {problem}" for problem in facts.topology.problems])
    return ExitCode.FINDINGS if any(result.finding for result in results) else ExitCode.GOOD


@cli.command(name="propose")
@click.option("--nic", help="The trading interface.")
@click.option("--count", type=click.IntRange(1, 1024), default=2, show_default=True, help="How many hot threads.")
@root_option
@json_option
@_command
def propose_command(nic: str | None, count: int, root: str | None, as_json: bool) -> ExitCode:
    """Propose which CPUs to set apart: whole cores, near the NIC, on one last-level cache."""
    facts = Facts(_host(root), Roles(nic=nic))
    roles = propose(facts.topology, nic, facts.nic_node(nic) if nic else None, count)
    roles.validate_on(facts.topology, facts.host)
    quiet = facts.topology.whole_cores(roles.hot_cpus)
    section = {"hot": {name: ",".join(map(str, sorted(c))) for name, c in roles.hot.items()}}
    section |= {"nic": nic} if nic else {}  # type: ignore[dict-item]
    document = {
        "tune": section,
        "isolate": sorted(quiet),
        "idle_siblings": sorted(quiet - roles.hot_cpus),
        "housekeeping": sorted(roles.housekeeping(facts.topology)),
        "node": roles.node,
    }
    if as_json:
        _json(document)
        return ExitCode.GOOD
    render.print_lines(
        out,
        [
            render.roles_line(roles),
            f"isolate CPU {sorted(quiet)} (whole cores)",
            f"housekeeping CPU {sorted(roles.housekeeping(facts.topology))}",
            "for the engine's configuration: " + json.dumps({"tune": section}),
        ],
    )
    if len(roles.hot) < count:
        render.print_lines(
            out, [f"only {len(roles.hot)} of {count} fit near each other with a whole core left for the rest"]
        )
    return ExitCode.GOOD


def _plan(facts: Facts, only: tuple[str, ...], skip: tuple[str, ...], severity: str) -> Plan:
    rows = checks.select(only, skip, Severity(severity))
    return make_plan(facts, _run(facts, rows, quiet=False), frozenset(only))


@cli.command()
@role_options
@root_option
@only_option
@skip_option
@severity_option
@seconds_option
@json_option
@_command
def plan(
    root: str | None,
    only: tuple[str, ...],
    skip: tuple[str, ...],
    severity: str,
    seconds: float,
    as_json: bool,
    **given: Any,
) -> ExitCode:
    """The ordered changes from here to there, for run time and for boot. Writes nothing."""
    facts = _facts(root, seconds, given)
    made = _plan(facts, only, skip, severity)
    loaders = loader_help(facts, made)
    if as_json:
        _json(render.plan_json(made, loaders))
    else:
        out.print(render.plan_lines(made, loaders))
    return ExitCode.FINDINGS if made.steps or made.files or made.added_parameters else ExitCode.GOOD


@cli.command(name="apply")
@role_options
@only_option
@skip_option
@severity_option
@seconds_option
@json_option
@click.option("--persist", is_flag=True, help="Also write the drop-in files for boot; undo removes them.")
@_command
def apply_command(
    only: tuple[str, ...],
    skip: tuple[str, ...],
    severity: str,
    seconds: float,
    as_json: bool,
    persist: bool,
    **given: Any,
) -> ExitCode:
    """Make the planned changes, journal first. On any failure what was done is undone."""
    facts = _facts(None, seconds, given)
    made = _plan(facts, only, skip, severity)
    assert isinstance(facts.host, LiveHost)
    done = applying.apply(facts.host, applying.changes_of(made, persist), facts.roles.model_dump(mode="json"))
    if as_json:
        _json(asdict(done))
    else:
        render.print_lines(
            out, [f"changed {target}" for target in done.changed] + [f"refused {text}" for text in done.refused]
        )
        render.print_lines(
            out, [f"{len(done.changed)} changed, {len(done.refused)} refused; back with: bot3 tune undo"]
        )
    return ExitCode.FINDINGS if done.refused else ExitCode.GOOD


@cli.command()
@json_option
@_command
def undo(as_json: bool) -> ExitCode:
    """Put everything back as it was before apply. May be repeated; safe after a crash."""
    undone = applying.undo(LiveHost())
    if as_json:
        _json(asdict(undone))
    else:
        render.print_lines(
            out,
            [f"restored {t}" for t in undone.restored]
            + [f"gone {t}" for t in undone.gone]
            + [f"NOT restored {t}" for t in undone.failed],
        )
        render.print_lines(
            out,
            [
                f"{len(undone.restored)} restored, {len(undone.unchanged)} were as before, "
                f"{len(undone.gone)} gone, {len(undone.failed)} not restored"
            ],
        )
    return ExitCode.ERROR if undone.failed else ExitCode.GOOD


@cli.command()
@seconds_option
@json_option
@_command
def verify(seconds: float, as_json: bool) -> ExitCode:
    """What drifted since apply, and whether the effects hold."""
    host = LiveHost()
    drifts = applying.verify(host)
    applied = journal.load(host)
    assert applied is not None
    facts = Facts(host, Roles.model_validate(applied.roles), seconds)
    wanted = {entry.check for entry in applied.entries} & set(catalogue())
    effects = ["irq.effective", "irq.delta", "irq.softirq_delta", "meas.tick", "proc.hot_threads"] if facts.hot else []
    rows = [row for row in catalogue().values() if row.id in wanted or row.id in effects]
    results = checks.run(facts, rows)
    failing = [result for result in results if result.finding]
    if as_json:
        _json({"drift": [asdict(d) for d in drifts], "results": [render.result_json(r) for r in results]})
    else:
        render.print_lines(
            out, [f"drifted {d.target} ({d.check}): set to {d.wanted!r}, now {d.now!r} {d.note}" for d in drifts]
        )
        render.print_lines(out, [f"effect missing {r.row.id}: {r.answer.saw}" for r in failing])
        render.print_lines(out, [f"{len(drifts)} drifted, {len(failing)} of {len(results)} checks not good"])
    return ExitCode.FINDINGS if drifts or failing else ExitCode.GOOD


@cli.command()
@json_option
@_command
def status(as_json: bool) -> ExitCode:
    """What is applied, since when, by whom."""
    host = LiveHost()
    applied = applying.status(host)
    if as_json:
        _json(None if applied is None else asdict(applied))
    else:
        same = applied is not None and applied.boot_id == journal.boot_id(host)
        render.print_lines(out, render.status_lines(applied, same))
    return ExitCode.GOOD


@cli.command()
@click.argument("output", type=click.Path(path_type=Path, dir_okay=False))
@seconds_option
@_command
def dump(output: Path, seconds: float) -> ExitCode:
    """Write a dump of this host to OUTPUT (tar.gz) that `--root` can judge elsewhere."""
    host = LiveHost()
    names = [n for n in host.listdir("/sys/class/net") if n != "lo"]
    extra = {f"nic/{name}": json.dumps(read_live(name).as_json()) for name in names}
    count, left_out = take_dump(host, output, extra, seconds)
    render.print_lines(err, [f"left out {text}" for text in left_out])
    render.print_lines(out, [f"{output}: {count} files, {len(left_out)} left out"])
    return ExitCode.GOOD


measure_options = _options(
    click.option(
        "--part", "parts", multiple=True, type=click.Choice(measuring.PARTS), help="Only this part. Repeatable."
    ),
    click.option(
        "--duration", type=click.FloatRange(0.1, 600), default=3.0, show_default=True, help="Seconds of spinning."
    ),
    click.option("--fifo", type=click.IntRange(0, 99), default=0, help="Spin and sleep under SCHED_FIFO."),
    click.option("--peer", help="ADDRESS:PORT of `hwtune-probe echo` on another host, for round trips and stamps."),
    click.option("--memory-mib", type=click.IntRange(1, 65536), default=64, show_default=True),
)


def _measure(
    facts: Facts, parts: tuple[str, ...], duration: float, fifo: int, peer: str | None, memory_mib: int
) -> measuring.Measurement:
    wanted = measuring.Wanted(duration, parts or measuring.PARTS, (), peer, fifo, memory_mib)
    return measuring.measure(facts, wanted, err)


@cli.command(name="measure")
@role_options
@measure_options
@json_option
@click.option(
    "--save", type=click.Path(path_type=Path, dir_okay=False), help="Keep the measurement for a later comparison."
)
@click.option("--before", type=click.Path(path_type=Path), help="A saved measurement to compare with.")
@click.option(
    "--after", type=click.Path(path_type=Path), help="A saved measurement to compare, instead of measuring now."
)
@_command
def measure_command(
    parts: tuple[str, ...],
    duration: float,
    fifo: int,
    peer: str | None,
    memory_mib: int,
    as_json: bool,
    save: Path | None,
    before: Path | None,
    after: Path | None,
    **given: Any,
) -> ExitCode:
    """Measure jitter with its cause, wake-ups, core to core, clocks, memory, round trips, stamps, time."""
    old = measuring.Measurement.load(before) if before is not None else None
    if after is not None:
        found = measuring.Measurement.load(after)
    else:
        found = _measure(_facts(None, 1.0, given), parts, duration, fifo, peer, memory_mib)
    if save is not None:
        found.save(save)
    if as_json:
        _json(asdict(found))
    else:
        out.print(render.measure_table(found, old))
    return ExitCode.GOOD


@cli.command(name="report")
@click.argument("output", type=click.Path(path_type=Path, dir_okay=False))
@role_options
@measure_options
@root_option
@seconds_option
@click.option("--before", type=click.Path(path_type=Path), help="A saved measurement from before.")
@click.option("--after", type=click.Path(path_type=Path), help="A saved measurement, instead of measuring now.")
@_command
def report_command(
    output: Path,
    parts: tuple[str, ...],
    duration: float,
    fifo: int,
    peer: str | None,
    memory_mib: int,
    root: str | None,
    seconds: float,
    before: Path | None,
    after: Path | None,
    **given: Any,
) -> ExitCode:
    """Write OUTPUT: one self-contained HTML page with findings, core matrix, histograms, before against after."""
    facts = _facts(root, seconds, given)
    old = measuring.Measurement.load(before) if before is not None else None
    new = measuring.Measurement.load(after) if after is not None else None
    if new is None and root is None:
        new = _measure(facts, parts, duration, fifo, peer, memory_mib)
    facts.measurement = new
    results = _run(facts, checks.select([], []), quiet=False)
    output.write_text(
        report.page(_host_name(facts), render.roles_line(facts.roles), results, new, old), encoding="utf-8"
    )
    render.print_lines(out, [f"{output}: {render.summary(results)}"])
    return ExitCode.GOOD


@cli.command()
@click.option("--nic", help="Only this interface.")
@click.option("--peer", help="ADDRESS[:PORT] to send test packets to.")
@json_option
@_command
def stamps(nic: str | None, peer: str | None, as_json: bool) -> ExitCode:
    """What the NICs can stamp, which stamps really arrive, how far their clocks are off, what to configure."""
    facts = Facts(LiveHost(), Roles(nic=nic))
    facts.roles.validate_on(facts.topology, facts.host)
    found = measuring.measure(facts, measuring.Wanted(parts=("stamps", "time"), peer=peer), err)
    if as_json:
        _json({"stamps": found.stamps, "time": found.time, "skipped": found.skipped})
    else:
        render.print_lines(out, render.stamp_lines(found))
    loopback = next((s for s in found.stamps if s["interface"] == "lo"), None)
    return ExitCode.GOOD if loopback is not None and loopback["ordered"] == loopback["sent"] else ExitCode.FINDINGS


def main(arguments: list[str] | None = None) -> int:
    """Runs the command on `arguments` (default: those of the process) and gives its exit code."""
    try:
        cli.main(arguments, prog_name="bot3 tune")
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(ExitCode.GOOD if end.code is None else ExitCode.ERROR)
    return int(ExitCode.GOOD)
