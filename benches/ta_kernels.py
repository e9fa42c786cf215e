"""bot3.ta beside its peers in one run: ns per element, interleaved medians of CPU time, results compared before timing.

    python benches/ta_kernels.py [name ...] [--sizes 1000 100000 10000000] [--rounds 31] [--json]
    python benches/ta_kernels.py --part panel|streams

Peers are those installed of TA-Lib, tulipy, bottleneck, polars and numba; talipp for streams: `pip install '.[peers]'`.

bot3      makes its results anew, as the peers do; out=: into arrays of the caller's, which the peers do not offer
verdict   against the best accurate peer: at most 5 % slower; up to 1,000 elements 30 %, and faster than TA-Lib
--warm    100,000 elements of all peers in turn do not fit the second cache, and kernels that do little take what memory
          takes, whoever made them; this shows the arithmetic
accurate  within 1e-6 of our result on prices near 60,000 that move by 0.01. TA-Lib counts as accurate whatever it gives
panel     held: 6 times as fast as TA-Lib in a loop, or no longer than one CPU takes to copy as many bytes
x memcpy  at 10,000,000 elements: the time of out= over that of copying as many bytes as the kernel reads and writes
"""

from __future__ import annotations

import argparse
import gc
import importlib
import json
import math
import os
import random
import statistics
import subprocess
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from ta_peers import calls_of, installed

from bot3 import ta

Array = npt.NDArray[np.float64]

PERIODS = {"correl": 30, "covariance": 30, "beta": 30, "rsi": 14, "atr": 14, "natr": 14, "adx": 14, "adxr": 14}
SIZES = (1_000, 100_000, 10_000_000)
MEMCPY_FROM = 1_000_000
CPUS = len(os.sched_getaffinity(0))
PANEL_TIMES = 6.0
# Relative to the largest value: how far rounding may take TA-Lib, and an accurate peer; more is another definition.
SAME, ACCURATE, ANOTHER = 1e-6, 1e-6, 1e-3
BUILD = Path(os.environ.get("B3_BUILD", Path(__file__).resolve().parents[1] / "build" / "dev"))
# The indicators of one bar from Python.
STREAMS = ("sma", "ema", "rsi", "macd", "bbands", "atr", "stddev", "max", "wma", "adx")


def columns(n: int, move: float = 1.0, seed: int = 1) -> dict[str, Array]:
    """A random walk as bars: varied inputs, made by us."""
    rng = np.random.default_rng(seed)
    close = 60000.0 + move * rng.normal(size=n).cumsum() if move == 1.0 else 60000.0 + move * rng.integers(-3, 4, n)
    high, low = close + move * rng.random(n), close - move * rng.random(n)
    open_ = low + (high - low) * rng.random(n)
    bars = {"open": open_, "high": high, "low": low, "close": close, "volume": 1.0 + rng.random(n) * 100.0}
    return {**bars, "real": close, "real0": high, "real1": low}


def series_of(name: str, data: dict[str, Array]) -> list[Array]:
    return [data[i] for i in ta.KERNELS[name].inputs]


def parameters(name: str) -> dict[str, Any]:
    """The numbers among the parameters by name, in order, as a caller writes them; choices stay at their defaults."""
    params: dict[str, Any] = {p.name: p.shown for p in ta.KERNELS[name].params if not p.choices}
    if "timeperiod" in params and name != "vwap":
        params["timeperiod"] = PERIODS.get(name, 20)
    return params


def apart(ours: Any, peer: Any) -> float:
    """Largest difference relative to our largest value, in the later half: seeds differ. A shorter one is the tail."""
    worst = 0.0
    have = ours if isinstance(ours, tuple | list) else [ours]
    want = peer if isinstance(peer, tuple | list) else [peer]
    for mine, other in zip(have, want, strict=True):
        array = np.asarray(other, np.float64)
        half = min(len(array), len(mine) // 2)
        a, b = mine[-half:], array[-half:]
        both = np.isfinite(a) & np.isfinite(b)
        scale = np.abs(a[both]).max(initial=1e-300)
        worst = max(worst, float(np.abs(a[both] - b[both]).max(initial=0.0)) / scale)
        if not both.all():
            worst = max(worst, 1.0 - float(both.mean()))
    return worst


def medians(
    calls: dict[str, Callable[[], Any]],
    rounds: int,
    repeat: int,
    per: float,
    clock: Callable[[], int] = time.process_time_ns,
    warm: bool = False,
) -> dict[str, float]:
    """Time of each in ns, over per: of the CPU, in which all threads of the process count, or of another clock.

    Each round has its own order: some leave threads that spin for a while, at the cost of whoever is next.
    warm: each is called once more before it is timed.
    """
    times: dict[str, list[float]] = {who: [] for who in calls}
    order = random.Random(7)
    gc.collect()
    gc.disable()  # what one leaves is not cleared away at the cost of another
    for _ in range(rounds):
        for who, call in order.sample(list(calls.items()), len(calls)):
            if warm:
                call()
            start = clock()
            for _ in range(repeat):
                call()
            times[who].append((clock() - start) / repeat / per)
    gc.enable()
    return {who: statistics.median(t) for who, t in times.items()}


def accurate_peers(name: str, peers: dict[str, Any]) -> dict[str, float]:
    """Error of each peer where prices are large and hardly move."""
    series, params = series_of(name, columns(10_000, move=0.01)), parameters(name)
    ours = getattr(ta, name)(*series, *params.values())
    return {who: apart(ours, call()) for who, call in calls_of(name, series, params, peers).items()}


def measure(name: str, n: int, rounds: int, peers: dict[str, Any], warm: bool) -> dict[str, Any]:
    """One kernel at one size. SystemExit where TA-Lib gives another result; other peers are left out then."""
    kernel, function, params = ta.KERNELS[name], getattr(ta, name), parameters(name)
    series = series_of(name, columns(n))
    outs = tuple(np.zeros(n) for _ in kernel.outputs)
    out = outs if len(outs) > 1 else outs[0]
    theirs = calls_of(name, series, params, peers)
    given = tuple(params.values())
    ours = function(*series, *given)
    for who, call in list(theirs.items()):
        off = apart(ours, call())
        if who == "talib" and off > SAME:
            raise SystemExit(f"{name}: TA-Lib gives another result than ours, {off:.1e} apart")
        if off > ANOTHER:
            print(f"{name}: {who} is left out, its result is {off:.1e} apart")
            del theirs[who]
    calls = {"bot3": lambda: function(*series, *given), "out=": lambda: function(*series, *given, out=out), **theirs}
    ns = medians(calls, rounds, max(1, 20_000 // n), n, warm=warm)
    errors = accurate_peers(name, {who: peers[who] for who in theirs})
    rivals = {who: ns[who] for who in theirs if who == "talib" or errors[who] <= ACCURATE}
    best = min(rivals, key=lambda who: rivals[who]) if rivals else None
    result: dict[str, Any] = {
        "kernel": name,
        "size": n,
        "ns": ns,
        "lost": sorted(set(theirs) - set(rivals)),
        "best": best,
    }
    if best is not None:
        result["ratio"] = ns["bot3"] / ns[best]
        allowed = 1.3 if n <= 1_000 else 1.05
        result["held"] = result["ratio"] <= allowed and not (n <= 1_000 and ns["bot3"] > ns.get("talib", math.inf))
    if n >= MEMCPY_FROM:
        result["memcpy"] = ns["out="] / (memcpy_ns(n) * (len(series) + len(outs)) / 2)
    return result


_memcpy: dict[int, float] = {}


def memcpy_ns(n: int) -> float:
    """ns per element of copying an array, both touched before."""
    if n not in _memcpy:
        source, target = np.ones(n), np.zeros(n)
        _memcpy[n] = medians({"memcpy": lambda: np.copyto(target, source)}, 7, 1, n)["memcpy"]
    return _memcpy[n]


def shown(row: dict[str, Any]) -> str:
    times = "".join(f"{who} {ns:7.3f}{'!' if who in row['lost'] else ' '} " for who, ns in row["ns"].items())
    verdict = (
        "" if row["best"] is None else f"{'held' if row['held'] else 'NOT held'}: {row['ratio']:.2f} x {row['best']}"
    )
    copied = f"  {row['memcpy']:.2f} x memcpy" if "memcpy" in row else ""
    return f"{row['kernel']:16s} {times} {verdict}{copied}"


def geometric_mean(ratios: Sequence[float]) -> float:
    return math.exp(statistics.fmean(map(math.log, ratios)))


def kernels(names: Sequence[str], sizes: Sequence[int], rounds: int | None, warm: bool, as_json: bool) -> None:
    """The table of kernels, and its summary: one row a size."""
    peers = installed()
    for n in sizes:
        times = rounds or (31 if n <= 1_000_000 else 3)
        print(
            f"\n{ta.isa()}, {n:,} elements, median of {times}, ns per element; ! not accurate: left out of the verdict"
        )
        if n >= MEMCPY_FROM:
            print(f"memcpy           {memcpy_ns(n):.3f}")
        rows = []
        for name in names:
            row = measure(name, n, times, peers, warm)
            rows.append(row)
            print(json.dumps(row) if as_json else shown(row), flush=True)
        summary = summarised(n, rows)
        print(json.dumps(summary) if as_json else told(summary))


def told(summary: dict[str, Any]) -> str:
    mean = f"geometric mean {summary['talib']:.2f} x TA-Lib ({summary['kernels']} kernels)"
    least = f"least {summary['least']:.2f} x ({summary['slowest']})"
    return f"{mean}, {least}; {summary['held']} of {summary['judged']} verdicts held"


def summarised(n: int, rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """How many times faster than TA-Lib over all kernels it has, and how many verdicts held."""
    ratios = {row["kernel"]: row["ns"]["talib"] / row["ns"]["bot3"] for row in rows if "talib" in row["ns"]}
    judged = [row for row in rows if row["best"] is not None]
    slowest = min(ratios, key=lambda name: ratios[name]) if ratios else ""
    return {
        "summary": n,
        "talib": geometric_mean(list(ratios.values())) if ratios else math.nan,
        "kernels": len(ratios),
        "least": ratios.get(slowest, math.nan),
        "slowest": slowest,
        "held": sum(row["held"] for row in judged),
        "judged": len(judged),
        "not_held": [row["kernel"] for row in judged if not row["held"]],
    }


def second_thread() -> float:
    """Work that two threads do at once over that of one in the same time, where only arithmetic counts.

    2 on two cores; 1 where the machine's CPUs are two threads of one core, as on many virtual ones.
    """
    series, out = columns(20_000)["close"], [np.empty(20_000) for _ in range(2)]

    def work(own: int) -> None:
        for _ in range(200):
            ta.linearreg(series, 14, out=out[own])

    def together() -> None:
        list(pool.map(work, range(2)))

    with ThreadPoolExecutor(2) as pool:
        took = medians({"one": partial(work, 0), "two": together}, 9, 1, 1, time.perf_counter_ns)
    return 2 * took["one"] / took["two"]


def panel(names: Sequence[str], rounds: int, as_json: bool) -> None:
    """100 symbols x 10,000 bars in one call, beside a loop over TA-Lib: elapsed time, as threads are part of it.

    Each way is measured beside TA-Lib alone: the arrays of three would not fit the cache that those of two share.
    """
    talib = installed(("talib",))
    rng = np.random.default_rng(7)
    print("\npanel of 100 x 10,000, elapsed ns per element")
    print(f"{CPUS} CPUs; two threads do {second_thread():.2f} times the arithmetic of one")
    print(f"memcpy           {memcpy_ns(1_000_000):.3f}, one CPU")
    rows: list[dict[str, Any]] = []
    for name in names:
        base, params, function = columns(10_000), tuple(parameters(name).values()), getattr(ta, name)
        series = [np.stack([array * f for f in rng.uniform(0.5, 2.0, 100)]) for array in series_of(name, base)]
        each = [
            calls_of(name, [array[i] for array in series], parameters(name), talib).get("talib") for i in range(100)
        ]
        if each[0] is None:
            continue
        outs = tuple(np.zeros_like(series[0]) for _ in ta.KERNELS[name].outputs)
        ours: dict[str, Callable[[], Any]] = {
            "bot3": partial(function, *series, *params),
            "out=": partial(function, *series, *params, out=outs if len(outs) > 1 else outs[0]),
        }
        loop = partial(lambda loop: [call() for call in loop], each)
        row: dict[str, Any] = {"panel": name}
        for who, call in ours.items():
            row |= medians({who: call, "talib": loop}, rounds, 5, 1_000_000, time.perf_counter_ns)
        row["times"] = row["talib"] / row["bot3"]
        row["memcpy"] = row["bot3"] / (memcpy_ns(1_000_000) * (len(series) + len(outs)) / 2)
        row["held"] = row["times"] >= PANEL_TIMES or row["memcpy"] <= 1.0
        rows.append(row)
        text = "  ".join(f"{who} {row[who]:6.2f}" for who in ("bot3", "out=", "talib"))
        verdict = f"{row['times']:5.2f} x TA-Lib, {row['memcpy']:4.2f} x memcpy{'' if row['held'] else '  NOT held'}"
        print(json.dumps(row) if as_json else f"{name:16s} {text}  {verdict}", flush=True)
    if rows:
        mean, held = geometric_mean([row["times"] for row in rows]), sum(row["held"] for row in rows)
        summary = {"summary_panel": mean, "held": held, "judged": len(rows)}
        text = f"geometric mean {mean:.2f} x TA-Lib in a loop; {held} of {len(rows)} verdicts held"
        print(json.dumps(summary) if as_json else text)


TALIPP: dict[str, tuple[str, tuple[int, ...]]] = {
    "sma": ("SMA", (20,)),
    "ema": ("EMA", (20,)),
    "rsi": ("RSI", (14,)),
    "macd": ("MACD", (12, 26, 9)),
    "bbands": ("BB", (20, 2)),
    "stddev": ("StdDev", (20,)),
    "wma": ("WMA", (20,)),
    "atr": ("ATR", (14,)),
    "adx": ("ADX", (14, 14)),
}


def c_streams(names: Sequence[str], rounds: int) -> list[dict[str, Any]]:
    """ns an update in C, of the program benches/micro/ta.c: bars of 16 instruments in turn, and of one back to back."""
    program = str(BUILD / "benches" / "ta")
    done = subprocess.run([program, str(rounds), "stream", *names], check=True, capture_output=True, text=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def streams(names: Sequence[str], rounds: int | None, as_json: bool) -> None:
    """One update in C; then one bar through STREAMS from Python: as streams, as a graph, and in talipp."""
    rows = c_streams(names, rounds or 31)
    print("\nstreams: ns an update in C, the bars of 16 instruments in turn; of one instrument back to back")
    for row in rows:
        print(json.dumps(row) if as_json else f"{row['kernel']:16s} {row['ns']:7.2f} {row['one_ns']:7.2f}")
    if not as_json:
        many, one = ([row[key] for row in rows] for key in ("ns", "one_ns"))
        print(f"{'geometric mean':16s} {geometric_mean(many):7.2f} {geometric_mean(one):7.2f}")
        print(f"{'median':16s} {statistics.median(many):7.2f} {statistics.median(one):7.2f}")
    bars = 2_000
    data = columns(bars)
    inputs = ("open", "high", "low", "close", "volume")
    ours = [
        (getattr(ta.stream, name.upper())(), [data[i].tolist() for i in ta.KERNELS[name].inputs]) for name in STREAMS
    ]
    graph = ta.Graph(*inputs)
    for name in STREAMS:
        graph.add(name, name, *("close" if i == "real" else i for i in ta.KERNELS[name].inputs))
    lists = [data[i].tolist() for i in inputs]
    arrays = [data[i] for i in inputs]

    def by_streams() -> None:
        for stream, values in ours:
            for one in zip(*values, strict=True):
                stream.update(*one)

    def by_graph() -> None:
        for one in zip(*lists, strict=True):
            graph.update(*one)

    calls: dict[str, Callable[[], Any]] = {
        "streams": by_streams,
        "graph, a call a bar": by_graph,
        "graph, update_many": lambda: graph.update_many(*arrays),
    }
    if installed(("talipp",)):
        calls["talipp"] = talipp_call(lists)
    ns = medians(calls, rounds or 5, 1, bars)
    print(json.dumps({"python_bar": ns}) if as_json else f"\nPython: ns a bar for {len(STREAMS)} indicators")
    if not as_json:
        for who, value in ns.items():
            print(f"{who:22s} {value:10.0f}")


def talipp_call(lists: list[list[float]]) -> Callable[[], None]:
    """The same bars into talipp's indicators of the same names (of STREAMS it has all but max), made anew each time."""
    indicators = importlib.import_module("talipp.indicators")
    ohlcv = importlib.import_module("talipp.ohlcv").OHLCV
    bars = [ohlcv(*one) for one in zip(*lists, strict=True)]

    def run() -> None:
        for name, (theirs, params) in TALIPP.items():
            indicator = getattr(indicators, theirs)(*params)
            for value in bars if name in ("atr", "adx") else lists[3]:
                indicator.add(value)

    return run


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", default=list(ta.KERNELS))
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES)
    parser.add_argument("--rounds", type=int, help="default: 31, 3 at 10,000,000 elements, 5 for panels and Python")
    parser.add_argument("--part", choices=("kernels", "panel", "streams"), help="default: all three")
    parser.add_argument("--warm", action="store_true", help="time the second of two calls, the arrays in the cache")
    parser.add_argument("--json", action="store_true", help="one object a line")
    options = parser.parse_args()
    if options.part in (None, "kernels"):
        kernels(options.names, options.sizes, options.rounds, options.warm, options.json)
    if options.part in (None, "panel"):
        panel(options.names, options.rounds or 9, options.json)
    if options.part in (None, "streams"):
        streams(options.names, options.rounds, options.json)


if __name__ == "__main__":
    main()
