"""bot3.ta beside its peers in one run: ns per element, interleaved medians of CPU time, results compared before timing.

    python benches/ta_kernels.py [--size 100000] [--rounds 31] [name ...]

Peers are those installed of TA-Lib, tulipy, bottleneck, polars and numba.
Ours writes to out=, as a caller in a loop would; the peers allocate, as they offer nothing else.
"""

from __future__ import annotations

import argparse
import importlib
import json
import math
import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from bot3 import ta

Array = npt.NDArray[np.float64]
Calls = dict[str, Callable[[], Any]]

PEER_NAMES = ("talib", "tulipy", "bottleneck", "polars", "numba")
TALIB_NAMES = {"tr": "TRANGE"}
PERIODS = {"sma": 20, "ema": 20, "wma": 20, "bbands": 20, "stddev": 20, "var": 20, "max": 20, "min": 20, "correl": 30}


def installed() -> dict[str, Any]:
    """The peers there are, by name; says which are not."""
    found = {}
    for name in PEER_NAMES:
        try:
            found[name] = importlib.import_module(name)
        except ImportError:
            print(f"{name}: not installed, left out")
    return found


def columns(n: int) -> dict[str, Array]:
    """A random walk as bars: varied inputs, made by us."""
    rng = np.random.default_rng(1)
    close = 60000.0 + rng.normal(size=n).cumsum()
    high, low = close + rng.random(n), close - rng.random(n)
    open_ = low + (high - low) * rng.random(n)
    bars = {"open": open_, "high": high, "low": low, "close": close, "volume": rng.random(n) * 100.0}
    return {**bars, "real": close, "real0": high, "real1": low}


def numba_sma(numba: Any) -> Callable[[Array, int], Array]:
    @numba.njit  # type: ignore[untyped-decorator]
    def sma(x: Array, period: int) -> Array:
        out = np.full(x.size, np.nan)
        total = 0.0
        for i in range(x.size):
            total += x[i]
            if i >= period:
                total -= x[i - period]
            if i >= period - 1:
                out[i] = total / period
        return out

    function: Callable[[Array, int], Array] = sma
    return function


def peer_calls(name: str, series: list[Array], params: dict[str, int], peers: dict[str, Any]) -> Calls:
    """What each peer has for this kernel."""
    calls: Calls = {}
    period = params.get("timeperiod", 0)
    oracle = getattr(peers.get("talib"), TALIB_NAMES.get(name, name.upper()), None)
    if oracle is not None:
        doubles = {"nbdevup": 2.0, "nbdevdn": 2.0} if name == "bbands" else {}
        calls["talib"] = lambda: oracle(*series, **params, **doubles)
    tulip: dict[str, list[Any]] = {
        "sma": [],
        "ema": [],
        "wma": [],
        "rsi": [],
        "max": [],
        "min": [],
        "atr": [],
        "bbands": [2],
    }
    if "tulipy" in peers and name in tulip:
        calls["tulipy"] = lambda: getattr(peers["tulipy"], name)(*series, period, *tulip[name])
    moving = {"sma": "move_mean", "max": "move_max", "min": "move_min"}
    if "bottleneck" in peers and name in moving:
        calls["bottleneck"] = lambda: getattr(peers["bottleneck"], moving[name])(series[0], period)
    rolling = {"sma": "rolling_mean", "max": "rolling_max", "min": "rolling_min"}
    if "polars" in peers and name in rolling:
        column = peers["polars"].Series(series[0])
        calls["polars"] = lambda: getattr(column, rolling[name])(period)
    if "numba" in peers and name == "sma":
        compiled = numba_sma(peers["numba"])
        calls["numba"] = lambda: compiled(series[0], period)
    return calls


def same(ours: Any, peer: Any, what: str) -> None:
    """Stops where a peer computes something else: its time would say nothing. A shorter result is the tail."""
    for have, other in zip(
        ours if isinstance(ours, tuple) else [ours], peer if isinstance(peer, tuple) else [peer], strict=False
    ):
        want = np.asarray(other)
        tail = have[len(have) - len(want) :]
        both = ~np.isnan(want) & ~np.isnan(tail)
        both[: min(len(want) // 2, 2000)] = False  # seeds differ among libraries
        scale = np.abs(want[both]).max(initial=1e-300)
        if np.abs(tail[both] - want[both]).max(initial=0.0) > 1e-6 * scale:
            raise SystemExit(f"{what}: another result than ours")


def measure(name: str, n: int, rounds: int, peers: dict[str, Any]) -> dict[str, float]:
    kernel = ta.KERNELS[name]
    data = columns(n)
    series = [data[i] for i in kernel.inputs]
    params = {"timeperiod": PERIODS.get(name, 14)} if any(p.name == "timeperiod" for p in kernel.params) else {}
    if name == "vwap":
        params = {}
    outs = tuple(np.zeros(n) for _ in kernel.outputs)
    out = outs if len(outs) > 1 else outs[0]
    function = getattr(ta, name)
    calls: Calls = {"bot3": lambda: function(*series, **params, out=out)}
    for peer, call in peer_calls(name, series, params, peers).items():
        if peer in ("talib", "numba", "bottleneck"):  # of the others some order their outputs differently
            same(calls["bot3"](), call(), f"{peer} {name}")
        calls[peer] = call
    times: dict[str, list[float]] = {who: [] for who in calls}
    repeat = max(1, 20_000 // n)
    for _ in range(rounds):
        for who, call in calls.items():
            start = time.thread_time_ns()
            for _ in range(repeat):
                call()
            times[who].append((time.thread_time_ns() - start) / repeat / n)
    return {who: statistics.median(t) for who, t in times.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", default=list(ta.KERNELS))
    parser.add_argument("--size", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=31)
    parser.add_argument("--json", action="store_true", help="one object a line")
    options = parser.parse_args()
    peers = installed()
    ratios = []
    print(f"{ta.isa()}, {options.size} elements, median of {options.rounds}, ns per element")
    for name in options.names:
        found = measure(name, options.size, options.rounds, peers)
        if options.json:
            print(json.dumps({"kernel": name, "size": options.size, "ns": found}))
        else:
            print(f"{name:16s}" + "".join(f"{who} {ns:8.3f}   " for who, ns in found.items()))
        if "talib" in found:
            ratios.append(found["talib"] / found["bot3"])
    if ratios:
        mean = math.exp(statistics.fmean(map(math.log, ratios)))
        print(f"geometric mean over {len(ratios)} kernels: {mean:.2f} x TA-Lib")


if __name__ == "__main__":
    main()
