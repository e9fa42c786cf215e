"""The table of what is claimed: our figures beside the peers', from one run on this machine. `make bench` prints it.

Absolute times depend on the machine and on what else it does; the ratio to a peer of the same run is what counts.
The peers live in an environment of their own (build/peers), so that what they require does not touch ours.
"""

from __future__ import annotations

import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from recordings import BUILD, ROOT, SHARED, sample_lines, sample_recording, session_recording
from rich.console import Console
from rich.table import Table

PASSES = "101"
RUNS = "21"
PEERS = ROOT / "build" / "peers"
BENCHES = BUILD / "benches"


@dataclass(frozen=True)
class Row:
    """One line of the table. ours and peer are figures with their unit; held: None where there is nothing to hold."""

    work: str
    ours: str
    peer: str
    target: str
    held: bool | None


def output(command: list[str], **variables: str) -> str:
    """Return the standard output; CalledProcessError when the command fails."""
    environment = {**os.environ, **variables}
    return subprocess.run(command, check=True, capture_output=True, text=True, env=environment).stdout


def json_lines(text: str) -> list[dict[str, Any]]:
    """Every line of a bench's output that is a JSON object."""
    return [json.loads(line) for line in text.splitlines() if line.startswith("{")]


def sessions() -> list[Path]:
    """The recorded BTCUSDT session where the shared recordings are there, else the sample."""
    whole = [SHARED / f"spot_btcusdt_{day}.gz" for day in ("20240808", "20240809")]
    if all(part.is_file() for part in whole):
        return whole
    return [sample_lines()]


def parser_rows(folder: Path) -> list[Row]:
    """JSON to events, beside simdjson on-demand where its header is installed."""
    source = ROOT / "benches" / "peers" / "feed_simdjson.cpp"
    program = folder / "feed_simdjson"
    libraries = [str(BUILD / "csrc" / f"libbot3_{part}.a") for part in ("core", "kernels", "sse42", "avx2", "avx512")]
    command = ["c++", "-std=c++17", "-O3", "-flto=auto", f"-I{ROOT / 'csrc'}", str(source), "-o", str(program)]
    command += ["-Wl,--start-group", *[name for name in libraries if Path(name).is_file()], "-Wl,--end-group"]
    compiled = subprocess.run(
        [*command, "-lsimdjson", "-lpthread", "-lm"],
        capture_output=True,
        text=True,
        check=False,
    )
    files = [str(path) for path in sessions()]
    if compiled.returncode == 0:
        return [
            Row(
                f"JSON to events: {row['kind']}",
                f"{row['ours_ns']:.1f} ns",
                f"simdjson on-demand {row['simdjson_ns']:.1f} ns",
                "<= 0.45 x",
                row["ours_ns"] <= 0.45 * row["simdjson_ns"],
            )
            for row in json_lines(output([str(program), PASSES, *files[:1]]))
        ]
    print(f"simdjson is not measured (apt-get install libsimdjson-dev): {compiled.stderr.splitlines()[:1]}")
    rows = json_lines(output([str(BENCHES / "feed_json"), PASSES, *files[:1]]))
    return [Row(f"JSON to events: {row['kind']}", f"{row['ns_median']:.1f} ns", "-", "-", None) for row in rows]


def python_rows() -> list[Row]:
    """The same asked from Python, in batches, beside orjson and the conversion to integers."""
    script = ROOT / "benches" / "peers" / "feed_orjson.py"
    rows = json_lines(output([sys.executable, str(script), str(sessions()[0])]))
    return [
        Row(
            f"the same from Python: {row['kind']}",
            f"{row['ours_ns']:.0f} ns",
            f"orjson and int {row['orjson_ns']:.0f} ns",
            ">= 50 x faster",
            row["times_faster"] >= 50,
        )
        for row in rows
    ]


def book_row() -> Row:
    """One level applied, best known after it."""
    result = json_lines(output([str(BENCHES / "book_l2"), PASSES, *map(str, sessions())]))[0]
    ns = result["message_ns"]
    return Row("L2 book, per level", f"{ns:.1f} ns", "hftbacktest's loop, see below", "<= 10 ns", ns <= 10)


def peer_environment() -> Path | None:
    """The interpreter that has the peers, made when what is wanted has changed; None where they cannot be installed.

    It finds bot3 and what bot3 requires behind its own packages, so that both can be called in one process.
    """
    python = PEERS / "bin" / "python"
    wanted = output([sys.executable, str(ROOT / "tools" / "requires.py"), "peers"])
    stamp = PEERS / "wanted.txt"
    if not stamp.is_file() or stamp.read_text(encoding="utf-8") != wanted:
        subprocess.run([sys.executable, "-m", "venv", str(PEERS)], check=True)
        done = subprocess.run([str(python), "-m", "pip", "install", "-q", *wanted.split()], check=False)
        if done.returncode != 0:
            shutil.rmtree(PEERS)
            return None
        site = Path(output([str(python), "-c", "import sysconfig; print(sysconfig.get_paths()['purelib'])"]).strip())
        (site / "bot3.pth").write_text(sysconfig.get_paths()["purelib"] + "\n", encoding="utf-8")
        stamp.write_text(wanted, encoding="utf-8")
    return python


def main_job_rows(folder: Path) -> tuple[list[Row], dict[str, Any]]:
    """Bytes to fills per book level or trade, beside two peers on the same session; and what those peers told."""
    recording = session_recording(folder) or sample_recording(folder)
    python = peer_environment()
    peer: dict[str, Any] = {}
    if python is None:
        print("hftbacktest and nautilus_trader are not measured: they could not be installed")
    else:
        for name in ("hftbacktest_job", "nautilus_job"):
            script = ROOT / "benches" / "peers" / f"{name}.py"
            peer |= json_lines(output([str(python), str(script), *map(str, sessions())]))[0]
    rows = []
    result: dict[str, Any] = {}
    for strategy, beside in (("-", "ns_no_orders"), ("ema_cross", "ns_market_maker"), ("obi", "ns_market_maker")):
        result = json_lines(output([str(BENCHES / "main_job"), str(recording), strategy, RUNS, "-"]))[0]
        ours = result["ns_per_unit"]
        theirs = peer.get(beside)
        rows.append(
            Row(
                f"main job, {'no strategy' if strategy == '-' else strategy}, per level or trade",
                f"{ours:.1f} ns",
                "-" if theirs is None else f"hftbacktest, {beside[3:].replace('_', ' ')}: {theirs:.1f} ns",
                "<= 0.5 x",
                None if theirs is None else ours <= 0.5 * theirs,
            )
        )
        if strategy == "ema_cross" and python is not None:
            theirs = peer["ns_ema_cross"]
            beside_text = f"nautilus_trader {peer['version']}, same strategy: {theirs:.0f} ns"
            rows.append(Row("the same", f"{ours:.1f} ns", beside_text, ">= 25 x faster", theirs >= 25 * ours))
    start, memory = result["start_ms"], result["memory_mib"]
    rows.append(Row("engine, from nothing to the first event", f"{start:.1f} ms", "-", "<= 10 ms", start <= 10))
    rows.append(Row("its memory, journal's log left out", f"{memory:.1f} MiB", "-", "<= 10 MiB", memory <= 10))
    return rows, peer


# The kernels that the table shows one by one, and what each is to reach of the best accurate peer at 100,000 elements.
TA_SHOWN = ("sma", "ema", "rsi", "macd", "bbands", "atr", "stddev", "max", "wma", "correl")
TA_SHARE = 0.5


def indicator_rows() -> list[Row]:
    """Summary of benches/ta_kernels.py, which prints every kernel."""
    python = peer_environment()
    if python is None:
        print("indicators are not measured: their peers could not be installed")
        return []
    bench = [str(python), str(ROOT / "benches" / "ta_kernels.py"), "--json"]
    found = json_lines(output(bench))
    *warm, in_cache = json_lines(output([*bench, "--part", "kernels", "--sizes", "100000", "--warm"]))
    cold = {one["kernel"]: one["ns"] for one in found if one.get("size") == 100_000}
    rows = []
    for one in warm:
        if one["kernel"] in TA_SHOWN and one["best"] is not None:
            best = one["best"]
            ours, theirs = ([ns[who] for ns in (one["ns"], cold[one["kernel"]])] for who in ("bot3", best))
            rows.append(
                Row(
                    f"{one['kernel']}, 100,000 elements, each: in the cache; after all peers",
                    f"{ours[0]:.2f}; {ours[1]:.2f} ns",
                    f"{best} {theirs[0]:.2f}; {theirs[1]:.2f} ns",
                    f"<= {TA_SHARE} x",
                    ours[0] <= TA_SHARE * theirs[0],
                )
            )
    told = f"{in_cache['talib']:.2f} x TA-Lib's speed, least {in_cache['least']:.2f} x ({in_cache['slowest']})"
    peer = f"best peer of each: {in_cache['held']} of {in_cache['judged']} held"
    rows.append(Row("all indicators, 100,000 elements, in the cache", told, peer, ">= 3 x", in_cache["talib"] >= 3))
    for one in found:
        if "summary" in one:
            work = f"all indicators, {one['summary']:,} elements"
            ours = f"{one['talib']:.2f} x TA-Lib's speed, least {one['least']:.2f} x ({one['slowest']})"
            peer = f"best peer of each: {one['held']} of {one['judged']} held"
            target = "none slower than its best peer" if one["summary"] > 1000 else "<= 1.3 x its best peer"
            rows.append(Row(work, ours, peer, target, one["held"] == one["judged"]))
        elif "summary_panel" in one:
            mean = one["summary_panel"]
            bound = f"{one['held']} of {one['judged']} at 6 x, or at what one CPU takes to copy the arrays"
            ours = f"{mean:.2f} x TA-Lib's speed; {bound}"
            rows.append(Row("panel of 100 x 10,000", ours, "TA-Lib in a loop", ">= 6 x", mean >= 6))
        elif "python_bar" in one:
            ns = one["python_bar"]
            rows.append(
                Row(
                    "10 indicators from Python, a bar",
                    f"graph {ns['graph, a call a bar']:.0f} ns, in arrays {ns['graph, update_many']:.0f} ns",
                    f"talipp (9 of them) {ns['talipp']:.0f} ns" if "talipp" in ns else "-",
                    "< talipp",
                    ns["graph, a call a bar"] < ns["talipp"] if "talipp" in ns else None,
                )
            )
    updates = [one["ns"] for one in found if one.get("form") == "stream"]
    median = statistics.median(updates)
    ours = f"{median:.1f} ns, {min(updates):.1f} to {max(updates):.1f}"
    work = f"an indicator's update in C, 16 instruments in turn, median of {len(updates)}"
    rows.append(Row(work, ours, "-", "<= 3 ns", median <= 3))
    return rows


def trading_rows(peer: dict[str, Any]) -> list[Row]:
    """Risk checks, and an order's whole cycle; peer: of main_job_rows."""
    risk = json_lines(output([str(BENCHES / "trading_cycle"), "risk", "200000"]))[0]
    cycle = json_lines(output([str(BENCHES / "trading_cycle"), "cycle", "1000000"]))[0]
    resting = [json_lines(output([str(BENCHES / "trading_cycle"), "resting", n]))[0] for n in ("1", "1000", "100000")]
    return [
        Row(
            "full set of risk checks, an order that passes them",
            f"{risk['allowed_ns']:.1f} ns (refused by the last one {risk['refused_by_last_rule_ns']:.1f} ns)",
            "-",
            "<= 20 ns",
            risk["allowed_ns"] <= 20,
        ),
        Row(
            "an order's whole cycle, 1,000,000 orders",
            f"{cycle['cycle_ns']:.0f} ns (first tenth {cycle['first_tenth_ns']:.0f}, "
            f"last {cycle['last_tenth_ns']:.0f})",
            f"nautilus_trader {peer['us_order_cycle']:.0f} us" if peer else "-",
            "<= 500 ns, flat",
            cycle["cycle_ns"] <= 500,
        ),
        Row(
            "rest, and cancel, beside 1; 1,000; 100,000 of ours at as many prices",
            "; ".join(f"{run['order_ns']:.0f}" for run in resting) + " ns",
            "-",
            "-",
            None,
        ),
    ]


def median_ms(work: Callable[[], object], times: int) -> float:
    """Median wall time of a call."""
    taken = []
    for _ in range(times):
        started = time.perf_counter()
        work()
        taken.append((time.perf_counter() - started) * 1e3)
    return statistics.median(taken)


def start_row() -> Row:
    """`bot3 --version` against a bare interpreter, interleaved."""
    bot3 = str(Path(sys.executable).with_name("bot3"))
    ours, bare = [], []
    for _ in range(21):
        ours.append(median_ms(lambda: output([bot3, "--version"]), 1))
        bare.append(median_ms(lambda: output([sys.executable, "-c", "pass"]), 1))
    a, b = statistics.median(ours), statistics.median(bare)
    return Row("bot3 --version", f"{a:.1f} ms", f"bare python {b:.1f} ms", "<= 1.5 x", a <= 1.5 * b)


def size_rows() -> list[Row]:
    """The compiled core, stripped."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "core.so"
        shutil.copy(BUILD / "bot3" / "ffi" / "_core.abi3.so", copy)
        subprocess.run(["strip", str(copy)], check=True)
        size = copy.stat().st_size
    return [Row("compiled core, stripped", f"{size / 1024:.0f} KiB", "-", "< 1024 KiB", size < 1 << 20)]


def machine() -> str:
    """What the figures were measured on."""
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    model = next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), platform.machine())
    from bot3.ffi import ffi, lib

    isa = ffi.string(lib.b3_isa_name()).decode()
    return f"{model}, {os.cpu_count()} CPUs, load {os.getloadavg()[0]:.1f}, {isa}, Python {platform.python_version()}"


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        job, peer = main_job_rows(folder)
        rows = [
            *parser_rows(folder),
            *python_rows(),
            book_row(),
            *job,
            *trading_rows(peer),
            *indicator_rows(),
            start_row(),
            *size_rows(),
        ]
    table = Table("work", "bot3", "peer, same run", "target", "held", title=machine())
    for row in rows:
        held = "" if row.held is None else "yes" if row.held else "no"
        table.add_row(row.work, row.ours, row.peer, row.target, held)
    Console(width=150).print(table)


if __name__ == "__main__":
    main()
