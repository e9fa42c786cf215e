"""Makes paper_cases.json: orders of ours in the recorded session, with the queue position worked out as by hand.

    python tests/oracle/paper_cases.py FOLDER_OF_THE_RECORDINGS > tests/oracle/paper_cases.json

It reads the raw messages, imports nothing of bot3, and works with hindsight, which the venue does not have: it knows of
each displayed decrease whether a trade made it, because it finds the trades of that exact quantity around it. A case is
taken only where that is beyond doubt:

*   every group of trades at our price (same exchange millisecond) is, to the last digit, the sum of consecutive
    displayed decreases, and no other decrease lies in the time in which the venue could take one for the other;
*   the case ends before any doubt comes up.

Then, for an order of ours behind `displayed`:

    conservative   ahead = displayed - sum of trades since
    proportional   a trade: ahead -= quantity; any other decrease c of what was displayed b:
                   ahead -= floor(ahead x c / b), at most what is left displayed; in the order of the messages
    fills          what a trade at our price has beyond `ahead`; at a trade through it, its quantity

Prices and quantities are integers of 10^-8. Lines are counted over both files. Each case lists what followed as
[line, milliseconds after arrival, what, quantity, ahead conservative, ahead proportional, filled conservative, filled
proportional]: small enough to be read, and it was.
"""

from __future__ import annotations

import gzip
import json
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

PARTS = ("spot_btcusdt_20240808.gz", "spot_btcusdt_20240809.gz")
ORDER_QTY = 1_000_000  # 0.01 BTC
SLACK_NS = 2_000_000
FOLLOW_NS = 4_000_000_000
TICK = 1_000_000


def raw(text: str) -> int:
    """Of a decimal with 8 digits after the point, as Binance writes them."""
    whole, fraction = text.split(".")
    assert len(fraction) == 8, text
    return int(whole + fraction)


@dataclass
class Message:
    line: int
    recv_ns: int
    kind: str
    data: dict[str, Any]
    offset_ns: int = 0  # smallest receive time - exchange time up to here


def messages(folder: Path) -> list[Message]:
    found, offset, line = [], None, 0
    for part in PARTS:
        with gzip.open(folder / part, "rt") as lines:
            for text in lines:
                line += 1
                stamp, body = text.split(" ", 1)
                recv_ns, message = int(stamp), json.loads(body)
                data = message.get("data", message)
                kind = {"depthUpdate": "depth", "trade": "trade"}.get(data.get("e"), "")
                kind = kind or ("snapshot" if "lastUpdateId" in data else "ticker")
                exchange_ms = {"depth": data.get("E"), "trade": data.get("T")}.get(kind)
                if exchange_ms is not None:
                    difference = recv_ns - exchange_ms * 10**6
                    offset = difference if offset is None else min(offset, difference)
                found.append(Message(line, recv_ns, kind, data, offset or 0))
    return found


@dataclass
class Market:
    """Depth book and touch as of the messages so far."""

    levels: dict[str, dict[int, int]] = field(default_factory=lambda: {"b": {}, "a": {}})
    depth_id: int = 0
    synced: bool = False
    touch: dict[str, tuple[int, int]] = field(default_factory=dict)
    touch_id: int = 0
    early: list[Message] = field(default_factory=list)  # depth messages before the snapshot

    def take(self, message: Message) -> None:
        data = message.data
        if message.kind == "snapshot":
            self.levels = {s: {raw(p): raw(q) for p, q in data[n]} for s, n in (("b", "bids"), ("a", "asks"))}
            self.depth_id, self.synced = data["lastUpdateId"], True
            self.from_depth()
            for depth in self.early:
                self.take(depth)
        elif message.kind == "depth" and self.synced and data["u"] > self.depth_id:
            for side in "ba":
                for price, qty in data[side]:
                    if raw(qty):
                        self.levels[side][raw(price)] = raw(qty)
                    else:
                        self.levels[side].pop(raw(price), None)
            self.depth_id = data["u"]
            self.from_depth()
        elif message.kind == "depth" and not self.synced:
            self.early.append(message)
        elif message.kind == "ticker" and data["u"] > self.touch_id:
            self.touch = {"b": (raw(data["b"]), raw(data["B"])), "a": (raw(data["a"]), raw(data["A"]))}
            self.touch_id = data["u"]

    def from_depth(self) -> None:
        if self.depth_id > self.touch_id:
            bid, ask = max(self.levels["b"]), min(self.levels["a"])
            self.touch = {"b": (bid, self.levels["b"][bid]), "a": (ask, self.levels["a"][ask])}
            self.touch_id = self.depth_id

    def shown(self, side: str, price: int) -> tuple[int, int]:
        """What is displayed at a price, and the update id that this is known from."""
        best, qty = self.touch[side]
        if price == best:
            return qty, self.touch_id
        if price > best if side == "b" else price < best:
            return 0, self.touch_id
        return self.levels[side].get(price, 0), self.depth_id


@dataclass
class Case:
    side: str
    price: int
    at: Message
    displayed: int
    update_id: int
    where: str
    bid: tuple[int, int] = (0, 0)
    ask: tuple[int, int] = (0, 0)
    touch_id: int = 0
    depth_id: int = 0


@dataclass
class Change:
    """Something that happened at our price. group: of trades, or the one that a decrease belongs to."""

    message: Message
    what: str  # trade, through, less, more
    qty: int
    before: int = 0
    after: int = 0
    group: tuple[int, int] | None = None


def worse(side: str, price: int, than: int) -> bool:
    return price < than if side == "b" else price > than


def follow(case: Case, market: Market, after: list[Message]) -> list[Change] | None:
    """What follows at the price, in the order of the messages; None when a display cannot be told from another."""
    shown, shown_id, changes = case.displayed, case.update_id, []
    for message in after:
        if message.recv_ns > case.at.recv_ns + FOLLOW_NS:
            break
        if message.kind == "trade":
            data = message.data
            price, hits = raw(data["p"]), "b" if data["m"] else "a"
            happened = data["T"] * 10**6 + message.offset_ns - SLACK_NS
            if price == case.price and hits == case.side:
                if happened <= case.at.recv_ns:
                    return None if abs(happened - case.at.recv_ns) < SLACK_NS else changes
                group = (data["T"], price)
                changes.append(Change(message, "trade", raw(data["q"]), group=group))
            elif worse(case.side, price, case.price) and happened > case.at.recv_ns:
                return [*changes, Change(message, "through", raw(data["q"]))]
            continue
        market.take(message)
        opposite = market.touch["a" if case.side == "b" else "b"][0]
        if not worse("a" if case.side == "b" else "b", opposite, case.price):
            return changes
        if message.kind == "depth":
            listed = {raw(p): raw(q) for p, q in message.data[case.side]}
            seen, seen_id = listed.get(case.price, shown), message.data["u"]
            if case.price not in listed and market.touch_id != seen_id:
                continue
            if market.touch_id == seen_id:
                seen, seen_id = market.shown(case.side, case.price)
        else:
            best = market.touch[case.side][0]
            if message.kind != "ticker" or worse(case.side, case.price, best):
                continue
            seen, seen_id = market.shown(case.side, case.price)
        if seen_id <= shown_id:
            continue
        if seen != shown:
            what = "less" if seen < shown else "more"
            changes.append(Change(message, what, abs(seen - shown), before=shown, after=seen))
        shown, shown_id = seen, seen_id
    return changes


def explain(changes: list[Change]) -> list[Change]:
    """Finds the decreases that each group of trades made. Returns the changes up to the first that is in doubt."""
    groups: dict[tuple[int, int], list[int]] = {}
    for i, change in enumerate(changes):
        if change.what == "trade":
            assert change.group is not None
            groups.setdefault(change.group, []).append(i)
    limit = len(changes)
    for group, members in groups.items():
        total = sum(changes[i].qty for i in members)
        first, last = changes[members[0]].message, changes[members[-1]].message
        earliest = group[0] * 10**6 + first.offset_ns - SLACK_NS
        latest = last.recv_ns + 20_000_000
        near = [
            i
            for i, c in enumerate(changes)
            if c.what == "less" and c.group is None and earliest <= c.message.recv_ns <= latest
        ]
        run = next(
            (
                near[a:b]
                for a in range(len(near))
                for b in range(a + 1, len(near) + 1)
                if sum(changes[i].qty for i in near[a:b]) == total
            ),
            None,
        )
        before = [i for i in near if i < members[-1]]
        if run is None or (before and before != [i for i in run if i < members[-1]]):
            limit = min(limit, members[0], *near[:1])
            break
        if any(i > members[0] and i < run[-1] and i not in run and i not in members for i in near):
            limit = min(limit, members[0])
            break
        for i in run:
            changes[i].group = group
    # A decrease whose trade may still be to come cannot be told.
    kept = changes[:limit]
    while kept and kept[-1].what == "less" and kept[-1].group is None and limit < len(changes):
        kept.pop()
    # A group is whole or not there.
    whole = {c.group for c in changes[len(kept) :] if c.group is not None}
    cut = next((i for i, c in enumerate(kept) if c.group in whole), len(kept))
    return kept[:cut]


def work_out(case: Case, changes: list[Change]) -> list[list[Any]]:
    """The ledger."""
    conservative = proportional = case.displayed
    filled_c = filled_p = 0
    rows = []
    for change in changes:
        if change.what == "through":
            conservative = proportional = 0
            filled_c += min(ORDER_QTY - filled_c, change.qty)
            filled_p += min(ORDER_QTY - filled_p, change.qty)
        elif change.what == "trade":
            filled_c += min(ORDER_QTY - filled_c, max(change.qty - conservative, 0))
            filled_p += min(ORDER_QTY - filled_p, max(change.qty - proportional, 0))
            conservative, proportional = max(conservative - change.qty, 0), max(proportional - change.qty, 0)
        elif change.what == "less" and change.group is None:
            proportional = min(proportional - proportional * change.qty // change.before, change.after)
        what = change.what if change.what != "less" else "traded" if change.group else "cancelled"
        rows.append(
            [
                change.message.line,
                round((change.message.recv_ns - case.at.recv_ns) / 1e6, 3),
                what,
                change.qty,
                conservative,
                proportional,
                filled_c,
                filled_p,
            ]
        )
        if filled_c == filled_p == ORDER_QTY:
            break
    return rows


def kinds(rows: list[list[Any]]) -> str:
    """What a case shows, so that the table holds some of each."""
    order = [row[2] for row in rows]
    if "through" in order:
        return "through"
    if "trade" not in order:
        return "cancels"
    first_trade, first_shown = order.index("trade"), order.index("traded") if "traded" in order else len(order)
    late = "display first" if first_shown < first_trade else "trade first"
    filled = "filled" if rows[-1][7] else "waiting"
    return f"{late}, {filled}" + (", cancels" if "cancelled" in order else "")


def candidates(market: Market, message: Message) -> list[Case]:
    found = []
    for side in "ba":
        best = market.touch[side][0]
        behind = sorted((p for p in market.levels[side] if worse(side, p, best)), reverse=side == "b")
        for where, price in (("touch", best), ("behind", behind[0])):
            displayed, update_id = market.shown(side, price)
            found.append(Case(side, price, message, displayed, update_id, where, market.touch["b"], market.touch["a"]))
            found[-1].touch_id, found[-1].depth_id = market.touch_id, market.depth_id
    return found


def copy(market: Market) -> Market:
    levels = {side: dict(prices) for side, prices in market.levels.items()}
    return Market(levels, market.depth_id, market.synced, dict(market.touch), market.touch_id)


def main() -> None:
    session = messages(Path(sys.argv[1]))
    market, next_ns = Market(), 0
    table: dict[str, list[dict[str, Any]]] = {}
    for i, message in enumerate(session):
        market.take(message)
        if (
            not market.synced
            or message.kind not in ("ticker", "depth")
            or message.recv_ns < next_ns
            or not market.touch
        ):
            continue
        next_ns = message.recv_ns + 1_500_000_000
        for case in candidates(market, message):
            changes = follow(case, copy(market), session[i + 1 : i + 3000])
            rows = work_out(case, explain(changes)[:14]) if changes else []
            if len(rows) < 2:
                continue
            kind = f"{kinds(rows)} ({case.where})"
            table.setdefault(kind, []).append(described(case, rows))
    picked = []
    for kind in sorted(table):
        ranked = sorted(table[kind], key=lambda case: (-len({row[2] for row in case["followed"]}), case["line"]))
        picked += [{"id": f"{kind} {n}", **case} for n, case in enumerate(ranked[:4], 1)]
    head = "Made by paper_cases.py, which says how, from the session of hftbacktest (MIT, bot3/sample/PROVENANCE.md)."
    lines = ",\n".join(json.dumps(case) for case in picked)
    print(f'{{"source": {json.dumps(head)}, "order_qty": {ORDER_QTY}, "cases": [\n{lines}\n]}}')


def described(case: Case, rows: list[list[Any]]) -> dict[str, Any]:
    return {
        "line": case.at.line,
        "recv_ns": case.at.recv_ns,
        "side": "buy" if case.side == "b" else "sell",
        "price": case.price,
        "displayed": case.displayed,
        "bid": case.bid,
        "ask": case.ask,
        "touch_id": case.touch_id,
        "depth_id": case.depth_id,
        "followed": rows,
    }


if __name__ == "__main__":
    main()
