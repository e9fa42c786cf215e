"""Messages to integers from Python: orjson and the cheapest exact conversion, against bot3.feed in batches.

    python benches/peers/feed_orjson.py FILE.gz...     ns a message of both, medians of interleaved passes, the ratio

Both read the same recorded messages (of depth, those with at least 20 levels a side, cut to 20); the integers are
compared first. orjson's strings become integers of 8 digits by taking the point out and padding with zeros: exact, and
about as cheap as Python can be.
"""

from __future__ import annotations

import gzip
import json
import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

from bot3.feed import Events, Parser, joined

PASSES = 15
TURNS = (
    20  # of ours in a pass: so that both take about as long, and neither is timed on what the other left in the caches
)
PER_KIND = 2000
Rows = list[tuple[int, ...]]


def raw(text: str) -> int:
    whole, _, fraction = text.partition(".")
    return int(whole + fraction + "00000000"[len(fraction) :])


def by_orjson(messages: list[bytes], loads: Callable[[bytes], Any]) -> Rows:
    rows: Rows = []
    for message in messages:
        data = loads(message)["data"]
        if "U" in data:
            ids = (data["U"], data["u"])
            rows += [(raw(price), raw(qty), *ids) for side in (data["b"], data["a"]) for price, qty in side]
        else:
            rows.append((raw(data["b"]), raw(data["B"]), raw(data["a"]), raw(data["A"]), data["u"]))
    return rows


def as_rows(events: Events) -> Rows:
    levels = events.levels[["price_raw", "qty_raw", "first_update_id", "last_update_id"]].tolist()
    names = ["bid_price_raw", "bid_qty_raw", "ask_price_raw", "ask_qty_raw", "update_id"]
    return list(levels) + list(events.quotes[names].tolist())


def read(path: str) -> dict[str, list[bytes]]:
    found: dict[str, list[bytes]] = {"depth20": [], "bookTicker": []}
    with gzip.open(path) as file:
        for line in file:
            message = line.rstrip(b"\n").split(b" ", 1)[1]
            if b"@bookTicker" in message and len(found["bookTicker"]) < PER_KIND:
                found["bookTicker"].append(message)
            elif b"depthUpdate" in message and len(found["depth20"]) < PER_KIND:
                whole = json.loads(message)
                data = whole["data"]
                if len(data["b"]) >= 20 <= len(data["a"]):
                    data["b"], data["a"] = data["b"][:20], data["a"][:20]
                    found["depth20"].append(json.dumps(whole, separators=(",", ":")).encode())
    return found


def elapsed_ns(work: Callable[[], object], messages: int, turns: int) -> float:
    start = time.thread_time_ns()
    for _ in range(turns):
        work()
    return (time.thread_time_ns() - start) / messages / turns


def main() -> int:
    try:
        import orjson
    except ImportError:
        print("feed_orjson skipped: orjson is not installed (pip install orjson)")
        return 0
    parser = Parser({"BTCUSDT": (8, 8)}, room=1 << 17)
    for path in sys.argv[1:]:
        for kind, messages in read(path).items():
            places = joined(messages)
            assert as_rows(parser.parse(*places)) == by_orjson(messages, orjson.loads)
            ours, theirs = [], []
            for _ in range(PASSES):
                theirs.append(elapsed_ns(lambda m=messages: by_orjson(m, orjson.loads), len(messages), 1))
                ours.append(elapsed_ns(lambda p=places: list(parser.batches(*p)), len(messages), TURNS))
            a, b = statistics.median(ours), statistics.median(theirs)
            result = {"bench": "feed_orjson", "file": path, "kind": kind, "messages": len(messages)}
            print(
                json.dumps(result | {"ours_ns": round(a, 1), "orjson_ns": round(b, 1), "times_faster": round(b / a, 1)})
            )
    return 0


if __name__ == "__main__":
    sys.exit(main())
