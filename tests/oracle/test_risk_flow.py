"""Random order flow against slow risk written from risk/limits.h's words: the same decisions, rule, limit and value.

Beside it, what no second implementation is needed for: worst-case positions, exposure, open orders and cash never pass
their limits at any moment, in flight included, and when every order is done nothing is reserved or locked.
"""

from dataclasses import dataclass, field
from fractions import Fraction
from math import ceil, floor
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from trading_kit import (
    BUY,
    CANCEL,
    CANCEL_REJECT,
    CANCELED,
    EXIT,
    EXPIRED,
    FILLED,
    FOK,
    GTC,
    HALTED,
    IOC,
    LIMIT,
    MARKET,
    MONEY,
    NEW,
    NOW_NS,
    PARTIALLY_FILLED,
    POST_ONLY,
    REDUCE_ONLY,
    REJECTED,
    REPLACE,
    SELL,
    STOP,
    STOP_LIMIT,
    SYNCED,
    TRIGGERED,
    UNKNOWN,
    WORKING,
    Account,
    Book,
    Core,
    Risk,
    rule_name,
)

# Currency 0 is reported in. The third instrument is quoted in another one, at a rate that comes and goes.
INSTRUMENTS = (
    {"price_scale": 2, "qty_scale": 3, "base_currency": 1, "quote_currency": 0},
    {"price_scale": 8, "qty_scale": 8, "base_currency": 2, "quote_currency": 0},
    {"price_scale": 3, "qty_scale": 0, "base_currency": 1, "quote_currency": 3},
)
UNITS = tuple((10 ** i["price_scale"], 10 ** i["qty_scale"]) for i in INSTRUMENTS)
FEE = 123_457
UNKNOWN_EXPOSURE = 2**104
DONE = (FILLED, CANCELED, REJECTED, EXPIRED)


@dataclass
class Reservation:
    instrument: int
    side: int
    qty: int
    left: int
    price: int
    reach: int = 0
    crosses: bool = True
    cum: int = 0


@dataclass(frozen=True)
class Market:
    """What a request is judged at."""

    book: Book
    now_ns: int
    flags: int
    age_ns: int
    late_ns: int


Verdict = tuple[str, int | None, int | None] | None


def money(exposure: int) -> int:
    return max(min(-(-exposure // 10**12), 2**63 - 1), -(2**63 - 1))


@dataclass
class NaiveRisk:
    limits: dict[str, int]
    per_instrument: list[dict[str, int]]
    capacity: int
    totals: dict[int, int] = field(default_factory=lambda: dict.fromkeys(range(4), 0))
    positions: list[int] = field(default_factory=lambda: [0, 0, 0])
    marks: list[int] = field(default_factory=lambda: [0, 0, 0])
    rates: dict[int, int] = field(default_factory=lambda: {0: MONEY})
    open: dict[int, Reservation] = field(default_factory=dict)
    last_id: int = 0
    tokens: Fraction = Fraction(0)
    tokens_ns: int = 0
    standing: str = "NONE"
    exiting: list[bool] = field(default_factory=lambda: [False, False, False])

    def limit(self, name: str) -> int:
        return self.limits.get(name, 0)

    @staticmethod
    def notional(instrument: int, price: int, qty: int) -> int:
        price_unit, qty_unit = UNITS[instrument]
        return ceil(Fraction(price * qty * MONEY, price_unit * qty_unit))

    def lock(self, order: Reservation, left: int) -> tuple[int, int]:
        """(currency, amount) that the rest of an order holds."""
        scales = INSTRUMENTS[order.instrument]
        if order.side == SELL:
            amount = 0 if self.limit("allow_short") else left * MONEY // UNITS[order.instrument][1]
            return scales["base_currency"], amount
        notional = self.notional(order.instrument, order.price, left)
        return scales["quote_currency"], notional + ceil(Fraction(notional * FEE, MONEY))

    def locked(self, currency: int) -> int:
        held = (self.lock(order, order.left) for order in self.open.values())
        return sum(amount for of, amount in held if of == currency)

    def pending(self, instrument: int, side: int) -> int:
        return sum(o.left for o in self.open.values() if o.instrument == instrument and o.side == side)

    def worst(self, instrument: int, more: tuple[int, int] = (0, 0)) -> tuple[int, int]:
        held = self.positions[instrument]
        return held + self.pending(instrument, BUY) + more[0], held - self.pending(instrument, SELL) - more[1]

    def value(self, instrument: int, qty: int, up: bool) -> int:
        """20 digits of the reporting currency, to the worse side; what cannot be valued hurts and never helps."""
        rate = self.rates.get(INSTRUMENTS[instrument]["quote_currency"], 0)
        if qty == 0:
            return 0
        if rate == 0 or self.marks[instrument] == 0:
            return UNKNOWN_EXPOSURE if up else 0
        price_unit, qty_unit = UNITS[instrument]
        exact = Fraction(self.marks[instrument] * qty * 10**20, price_unit * qty_unit) * Fraction(rate, MONEY)
        return ceil(exact) if up else floor(exact)

    def exposures(self, instrument: int, more: tuple[int, int] = (0, 0)) -> tuple[int, int]:
        """(long, short), both signed."""
        high, low = self.worst(instrument, more)
        return (
            self.value(instrument, high, up=True) if high >= 0 else -self.value(instrument, -high, up=False),
            -self.value(instrument, -low, up=True) if low <= 0 else self.value(instrument, low, up=False),
        )

    def sums(self, order: Reservation | None = None, more: tuple[int, int] = (0, 0)) -> tuple[int, int, int]:
        """Gross, net long, net short over all instruments, with the order in them."""
        each = [self.exposures(i, more if order is not None and i == order.instrument else (0, 0)) for i in range(3)]
        return sum(max(a, -b) for a, b in each), sum(a for a, _ in each), sum(b for _, b in each)

    def is_open(self, instrument: int, more: tuple[int, int] = (0, 0)) -> bool:
        high, low = self.worst(instrument, more)
        dust = INSTRUMENTS[instrument].get("lot_min_raw", 1)
        return high >= dust or low <= -dust

    def best(self, instrument: int, side: int) -> int:
        prices = [o.reach for o in self.open.values() if o.instrument == instrument and o.side == side and o.crosses]
        return (max if side == BUY else min)(prices, default=0)

    def refilled(self, now_ns: int) -> Fraction:
        rate = self.limit("orders_per_second")
        if now_ns > self.tokens_ns:
            self.tokens = min(Fraction(rate), self.tokens + Fraction((now_ns - self.tokens_ns) * rate, 10**9))
            self.tokens_ns = now_ns
        return self.tokens

    @staticmethod
    def market_reach(order: Reservation, book: Book) -> int:
        touch, levels = (book.ask, book.asks) if order.side == BUY else (book.bid, book.bids)
        price, left = touch[0], order.qty - touch[1]
        for level_price, level_qty in levels:
            if left > 0 and (level_price > price if order.side == BUY else level_price < price):
                price, left = level_price, left - level_qty
        return price

    def judge(self, request: Any, order: Reservation, now: Market) -> tuple[str, int | None, int | None]:
        """(rule, limit, value) by the header's list; None where it does not name one. Values the order on the way."""
        found = self.form(request, order)
        if found:
            return found
        if request.order_type == MARKET:
            order.reach = self.market_reach(order, now.book)
            order.price = order.reach if order.side == BUY else now.book.bid[0]
        else:
            order.price = order.reach = request.stop_price_raw if request.order_type == STOP else request.price_raw
        order.crosses = request.order_type in (MARKET, LIMIT) and order.reach > 0
        high, low = self.worst(order.instrument)
        room = max(-high if order.side == BUY else low, 0)
        if request.hdr.flags & EXIT:
            if order.qty > room:
                return "REDUCE_ONLY", room, order.qty
            slots = self.capacity + 3
            return ("OPEN_ORDERS", slots, len(self.open) + 1) if len(self.open) >= slots else ("NONE", 0, 0)
        checks = (self.market(order, now), self.rate(now), self.reduction(request, order, room))
        later = (lambda: self.size(request, order, now), lambda: self.worst_case(order), lambda: self.cash(order))
        for found in checks:
            if found:
                return found
        for check in later:
            found = check()
            if found:
                return found
        return "NONE", 0, 0

    def form(self, request: Any, order: Reservation) -> Verdict:
        kind, flags = request.order_type, request.hdr.flags
        limited, stopped = kind in (LIMIT, STOP_LIMIT), kind in (STOP, STOP_LIMIT)
        well_formed = (
            request.tif in ((GTC, IOC, FOK, POST_ONLY) if limited else (GTC, IOC, FOK))
            and order.qty > 0
            and request.order_id != 0
            and (not limited or request.price_raw > 0)
            and (request.stop_price_raw > 0 if stopped else request.stop_price_raw == 0)
            and flags in (0, REDUCE_ONLY, EXIT, REDUCE_ONLY | EXIT)
        )
        if not well_formed:
            return "MALFORMED", 0, 0
        if request.order_id <= self.last_id:
            return "DUPLICATE_ID", self.last_id, request.order_id
        if request.action == REPLACE:
            original = self.open.get(request.orig_order_id)
            if original is None or original.instrument != order.instrument:
                return "UNKNOWN_ORDER", 0, request.orig_order_id
        return None

    def market(self, order: Reservation, now: Market) -> Verdict:
        if self.standing == "KILLED":
            return "KILLED", 5, 6
        if self.exiting[order.instrument]:
            return "EXIT", 0, 0
        if now.flags != SYNCED:
            return "HALTED", SYNCED, now.flags
        if 0 in now.book.bid or 0 in now.book.ask:
            return "NO_TOUCH", 0, 0
        stale, late = self.limit("stale_after_ns"), self.limit("late_after_ns")
        if stale and now.age_ns > stale:
            return "STALE", stale, now.age_ns
        if late and now.late_ns > late:
            return "FEED_LATE", late, now.late_ns
        if now.book.bid[0] >= now.book.ask[0]:
            return "CROSSED", now.book.ask[0], now.book.bid[0]
        return None

    def rate(self, now: Market) -> Verdict:
        rate = self.limit("orders_per_second")
        return ("ORDER_RATE", rate, rate + 1) if rate and self.refilled(now.now_ns) < 1 else None

    def reduction(self, request: Any, order: Reservation, room: int) -> Verdict:
        if order.qty <= room:
            return None
        if request.hdr.flags & REDUCE_ONLY:
            return "REDUCE_ONLY", room, order.qty
        return None if self.standing == "NONE" else (self.standing, 5, 6)

    def size(self, request: Any, order: Reservation, now: Market) -> Verdict:
        i, qty, buy = order.instrument, order.qty, order.side == BUY
        maximum = self.per_instrument[i].get("order_qty_max_raw", 0)
        if maximum and qty > maximum:
            return "QTY_MAX", maximum, qty
        start = now.book.ask[0] if buy else now.book.bid[0]
        if request.order_type in (STOP, STOP_LIMIT):
            if request.stop_price_raw <= start if buy else request.stop_price_raw >= start:
                return "PRICE_COLLAR", start, request.stop_price_raw
            start = request.stop_price_raw
        collar = Fraction(self.limit("price_collar_rate_raw"), MONEY)
        if collar and buy and order.reach > start * (1 + collar):
            return "PRICE_COLLAR", floor(start * (1 + collar)), order.reach
        if collar and not buy and order.reach < start * (1 - collar):
            return "PRICE_COLLAR", ceil(start * (1 - collar)), order.reach
        maximum = self.limit("order_notional_max_raw")
        if maximum:
            rate = self.rates.get(INSTRUMENTS[i]["quote_currency"], 0)
            notional = ceil(Fraction(self.notional(i, order.price, qty) * rate, MONEY)) if rate else 2**63 - 1
            if notional > maximum:
                return "NOTIONAL_MAX", maximum, notional
        return None

    def worst_case(self, order: Reservation) -> Verdict:
        i, qty, buy = order.instrument, order.qty, order.side == BUY
        for maximum in (self.limit("open_orders_max"), self.capacity):
            if maximum and len(self.open) >= maximum:
                return "OPEN_ORDERS", maximum, len(self.open) + 1
        more = (qty, 0) if buy else (0, qty)
        high, low = self.worst(i, more)
        maximum = self.per_instrument[i].get("position_max_raw", 0)
        if maximum and buy and high > maximum:
            return "POSITION_MAX", maximum, high
        if maximum and not buy and low < -maximum:
            return "POSITION_MAX", -maximum, low
        maximum = self.limit("open_positions_max")
        count = sum(self.is_open(j) for j in range(3))
        if maximum and count >= maximum and not self.is_open(i) and self.is_open(i, more):
            return "OPEN_POSITIONS", maximum, count + 1
        before = self.worst(i)
        gross, net_long, net_short = self.sums(order, more)
        maximum = self.limit("exposure_max_raw")
        if maximum and max(high, -low) > max(before[0], -before[1]) and gross > maximum * 10**12:
            return "EXPOSURE_MAX", maximum, money(gross)
        maximum = self.limit("net_exposure_max_raw")
        if maximum and buy and net_long > maximum * 10**12:
            return "NET_EXPOSURE_MAX", maximum, money(net_long)
        if maximum and not buy and -net_short > maximum * 10**12:
            return "NET_EXPOSURE_MAX", -maximum, -money(-net_short)
        own = self.best(i, SELL if buy else BUY)
        if own and order.crosses and (own <= order.reach if buy else own >= order.reach):
            return "SELF_CROSS", own, order.reach
        return None

    def cash(self, order: Reservation) -> Verdict:
        currency, amount = self.lock(order, order.qty)
        free = self.totals[currency] - self.locked(currency)
        if amount > free and (order.side == BUY or not self.limit("allow_short")):
            return "CASH", free, amount
        return None


@dataclass
class Bench:
    """Both, side by side, and the market that both see."""

    core: Core
    naive: NaiveRisk
    books: list[Book] = field(default_factory=lambda: [Book(), Book(), Book()])
    now_ns: int = NOW_NS
    fills: int = 0
    allowed: int = 0
    rules: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.start(self.naive)

    def mark(self, instrument: int, book: Book) -> None:
        self.books[instrument] = book
        if 0 not in book.bid and 0 not in book.ask and book.bid[0] < book.ask[0]:
            self.naive.marks[instrument] = (book.bid[0] + book.ask[0]) // 2
            self.risk.on_mark(instrument, self.naive.marks[instrument])

    def submit(self, instrument: int, fields: dict[str, int], flags: int, age_ns: int, late_ns: int = 0) -> None:
        naive, core, book = self.naive, self.core, self.books[instrument]
        request = core.request(instrument=instrument, **fields)
        of = core.ffi.addressof(self.account.instruments, instrument)
        view = core.view(of, book, self.now_ns, flags, self.now_ns - age_ns, late_ns)
        decision = self.risk.decide(request, view)
        if request.action == CANCEL:
            assert (decision.allowed, decision.rule, decision.order_id) == (1, 0, request.orig_order_id)
            return
        order = Reservation(instrument, request.side, request.qty_raw, request.qty_raw, request.price_raw)
        name, limit, value = naive.judge(request, order, Market(book, self.now_ns, flags, age_ns, late_ns))
        self.rules.add(name)
        assert rule_name(core, decision.rule) == name
        assert decision.allowed == (name == "NONE")
        if limit is not None:
            assert (decision.limit_raw, decision.value_raw) == (limit, value), name
        exits = request.hdr.flags & EXIT
        if name == "NONE":
            naive.open[request.order_id] = order
            naive.last_id = request.order_id
            naive.tokens -= 1 if naive.limit("orders_per_second") and not exits else 0
            self.allowed += 1
        if exits:
            self.exited = True  # from here on cash and counts may be past their limits: exits are not held up
        self.check(changed=None if exits or name != "NONE" else instrument)

    def told(self, order_id: int, verb: str, part: int, better: int) -> None:
        """An update that the venue may send of this order; fills at the reserved price or better."""
        order = self.naive.open.get(order_id)
        if order is None:
            repeated = self.core.update(order_id=max(order_id, 0), state=CANCELED, qty_raw=5)
            self.risk.on_update(repeated)
            return
        fields: dict[str, int] = {
            "order_id": order_id,
            "instrument": order.instrument,
            "side": order.side,
            "qty_raw": order.qty,
        }
        if verb == "fill":
            qty = max(1, order.left * part // 4)
            price = max(order.price - better, 1) if order.side == BUY else order.price + better
            self.fill(order, fields, qty, price)
        elif verb in ("ack", "trigger", "unknown"):
            fields |= {"state": UNKNOWN if verb == "unknown" else WORKING, "cum_qty_raw": order.cum}
            if verb == "trigger" and order.reach > 0:
                fields["flags"] = TRIGGERED
                order.crosses = True
        elif verb == "repeat":
            fields |= {"state": PARTIALLY_FILLED, "cum_qty_raw": order.cum}
        elif verb == "cancel_reject":
            fields |= {"state": UNKNOWN, "flags": CANCEL_REJECT, "cum_qty_raw": 0}
        else:
            fields |= {
                "state": {"cancel": CANCELED, "expire": EXPIRED, "reject": REJECTED}[verb],
                "cum_qty_raw": order.cum,
            }
        update = self.core.update(**fields)
        assert self.account.on_update(update) in (0, 1)
        for _ in range(2 if verb == "repeat" else 1):
            self.risk.on_update(update)
        if fields["state"] in DONE:
            del self.naive.open[order_id]
            self.risk.on_update(update)  # a second time: nothing more is given back
        self.check()

    def fill(self, order: Reservation, fields: dict[str, int], qty: int, price: int) -> None:
        naive, scales = self.naive, INSTRUMENTS[order.instrument]
        price_unit, qty_unit = UNITS[order.instrument]
        notional = round(Fraction(price * qty * MONEY, price_unit * qty_unit))
        fee = round(Fraction(notional * FEE, MONEY))
        sign = 1 if order.side == BUY else -1
        naive.positions[order.instrument] += sign * qty
        naive.totals[scales["base_currency"]] += sign * qty * MONEY // qty_unit
        naive.totals[scales["quote_currency"]] -= sign * notional + fee
        order.left -= qty
        order.cum += qty
        self.fills += 1
        fields |= {"state": PARTIALLY_FILLED if order.left else FILLED, "last_qty_raw": qty, "last_price_raw": price}
        fields |= {"cum_qty_raw": order.cum, "fee_raw": fee, "fee_currency": scales["quote_currency"]}

    def restart(self) -> None:
        """What is held is known, nothing is open; rates, marks and the guard's word come anew."""
        naive = self.naive
        self.start(naive)
        naive.open, naive.last_id, naive.rates, naive.marks = {}, 0, {0: MONEY}, [0, 0, 0]
        for instrument, book in enumerate(self.books):
            self.mark(instrument, book)
        self.check()

    def start(self, naive: NaiveRisk) -> None:
        core, limits = self.core, naive.limits
        self.account = Account(core, core.instruments(*INSTRUMENTS), 4)
        for instrument, held in enumerate(naive.positions):
            fill = {"side": BUY if held > 0 else SELL, "last_qty_raw": abs(held), "last_price_raw": 1}
            assert self.account.on_update(core.update(instrument=instrument, state=FILLED, **fill)) == (held == 0)
        for currency, total in naive.totals.items():
            assert self.account.deposit(currency, total - self.account.balance(currency)[0]) == 0
        self.risk = Risk(
            core,
            self.account,
            currency_count=4,
            order_capacity=naive.capacity,
            taker_fee=FEE,
            per_instrument=dict(enumerate(naive.per_instrument)),
            **limits,
        )
        naive.standing, naive.exiting = "NONE", [False, False, False]
        naive.tokens, naive.tokens_ns = Fraction(limits.get("orders_per_second", 0)), 0

    def check(self, changed: int | None = None) -> None:
        """What risk says of itself, and that no limit is passed: exposures after an order, the rest at every moment."""
        naive = self.naive
        gross, net_long, net_short = naive.sums()
        for i in range(3):
            state = self.risk.state(i)
            assert (state["pending_buy"], state["pending_sell"]) == (naive.pending(i, BUY), naive.pending(i, SELL))
            assert (state["best_buy"], state["best_sell"]) == (naive.best(i, BUY), naive.best(i, SELL))
            assert state["instrument_orders"] == sum(o.instrument == i for o in naive.open.values())
            assert state["open_orders"] == len(naive.open)
            assert state["open_positions"] == sum(naive.is_open(j) for j in range(3))
            assert len(naive.open) <= (naive.limit("open_orders_max") or naive.capacity) or self.exited
            assert state["open_positions"] <= (naive.limit("open_positions_max") or 3)
            high, low = naive.worst(i)
            maximum = naive.per_instrument[i].get("position_max_raw", 0)
            assert not maximum or -maximum <= low <= high <= maximum
        for currency in range(4):
            assert self.account.balance(currency) == (naive.totals[currency], naive.locked(currency))
            # Each fill is rounded for itself, notional and fee: at most one unit of 10^-8 a fill.
            free = naive.totals[currency] - naive.locked(currency)
            assert free >= -self.fills or naive.limit("allow_short") or self.exited
        if naive.limit("exposure_max_raw") or naive.limit("net_exposure_max_raw"):
            state = self.risk.state()
            assert (state["exposure"], state["net_long"]) == (money(gross), money(net_long))
            assert state["net_short"] == -money(-net_short)
        if changed is not None and naive.limit("exposure_max_raw") and self.grew:
            assert gross <= naive.limit("exposure_max_raw") * 10**12
        self.grew = False

    exited: bool = False
    grew: bool = False


def bench_of(
    internals: tuple[Any, Any], limits: dict[str, int], own: list[dict[str, int]], capacity: int, cash: tuple[int, ...]
) -> Bench:
    naive = NaiveRisk(limits, own, capacity)
    naive.totals = dict(enumerate(cash))
    return Bench(Core(*internals), naive)


def made_book(random: Random, instrument: int) -> Book:
    tick = (5, 10**6, 1)[instrument]
    mid = (10000, 100 * MONEY, 2000)[instrument] + random.randint(-20, 20) * tick
    unit = UNITS[instrument][1]
    bid, ask = (mid - tick, random.randint(1, 5) * unit), (mid + tick, random.randint(1, 5) * unit)
    if random.random() < 0.05:
        bid, ask = random.choice([((0, 0), ask), (bid, (0, 0)), ((mid, unit), (mid, unit))])
    asks, bids = (
        tuple((mid + sign * k * tick, random.randint(1, 5) * unit) for k in range(4) if random.random() < 0.8)
        for sign in (1, -1)
    )
    return Book(bid, ask, bids, asks)


def made_request(random: Random, bench: Bench, instrument: int) -> dict[str, int]:
    unit = UNITS[instrument][1]
    book = bench.books[instrument]
    price = max(book.bid[0], book.ask[0], 1) * random.randint(97, 103) // 100
    kind = random.choice([LIMIT, LIMIT, LIMIT, MARKET, MARKET, STOP, STOP_LIMIT])
    stop_price = max(book.bid[0], book.ask[0], 1) * random.randint(97, 103) // 100
    return {
        "action": random.choice([NEW] * 6 + [REPLACE, REPLACE, CANCEL]),
        "side": random.choice([BUY, SELL]),
        "order_type": kind,
        "tif": random.choice([GTC, GTC, IOC, FOK, POST_ONLY] + [9] * (random.random() < 0.05)),
        "flags": random.choice([0] * 20 + [REDUCE_ONLY, EXIT, EXIT | REDUCE_ONLY] + [4] * (random.random() < 0.05)),
        "price_raw": price if random.random() < 0.97 else 0,
        "stop_price_raw": stop_price if (kind in (STOP, STOP_LIMIT)) != (random.random() < 0.03) else 0,
        "qty_raw": random.randint(0 if random.random() < 0.05 else 1, 4 * unit) if unit > 1 else random.randint(1, 4),
        "order_id": bench.naive.last_id + random.choice([1, 1, 1, 1, 1, 1, 1, 1, 5, 0]),
        "orig_order_id": max(bench.naive.last_id - random.randint(0, 6), 0),
    }


def set_standing(random: Random, bench: Bench) -> None:
    """The guard's word: mostly nothing."""
    name = random.choice(["NONE"] * 12 + ["KILLED", "BREAKER", "DAILY_LOSS", "DRAWDOWN"])
    bench.naive.standing = name
    bench.naive.exiting = [random.random() < 0.1 for _ in range(3)]
    standing = bench.risk.standing
    standing.rule = getattr(bench.core.lib, f"B3_RULE_{name}")
    standing.limit_raw, standing.value_raw = 5, 6
    for index, on in enumerate(bench.naive.exiting):
        bench.risk.exiting[index] = on


def step(random: Random, bench: Bench) -> None:
    instrument = random.randrange(3)
    verbs = [*["book"] * 4, *["submit"] * 12, *["told"] * 12, "time", "time", "rate", "standing"]
    verb = random.choice(verbs if random.random() < 0.98 else ["restart"])
    if verb == "book":
        bench.mark(instrument, made_book(random, instrument))
    elif verb == "time":
        bench.now_ns += random.choice([1, 10**6, 10**8, 10**9, -(10**7)])
    elif verb == "rate":
        rate = random.choice([0, MONEY, 3 * MONEY // 2, 12_345_679])
        bench.naive.rates[3] = rate
        bench.risk.on_rate(3, 0, rate)
    elif verb == "restart":
        bench.restart()
    elif verb == "standing":
        set_standing(random, bench)
    elif verb == "submit":
        flags = SYNCED if random.random() < 0.96 else random.choice([0, HALTED, SYNCED | HALTED])
        age_ns = random.choice([0, 0, 0, 0, 10**8, 10**9, 10**9 + 1, -5])
        fields = made_request(random, bench, instrument)
        before = bench.naive.worst(instrument)
        sells = fields["side"] == SELL
        after = bench.naive.worst(instrument, (0, fields["qty_raw"]) if sells else (fields["qty_raw"], 0))
        bench.grew = max(after[0], -after[1]) > max(before[0], -before[1])
        bench.submit(instrument, fields, flags, age_ns, random.choice([0, 0, 0, 5, 10**8, 10**8 + 1]))
    else:
        known = sorted(bench.naive.open)
        order_id = (
            random.choice(known) if known and random.random() < 0.9 else bench.naive.last_id - random.randint(0, 9)
        )
        told = random.choice(
            [*["fill"] * 4, "ack", "trigger", "unknown", "repeat", "cancel", "expire", "reject", "cancel_reject"]
        )
        bench.told(order_id, told, random.randint(1, 4), random.randint(0, 3))


def made_limits(random: Random) -> tuple[dict[str, int], list[dict[str, int]]]:
    """Each limit on or off, where it bites."""
    options = {
        "order_notional_max_raw": 300 * MONEY,
        "exposure_max_raw": random.randint(200, 1500) * MONEY + random.randint(0, 99),
        "stale_after_ns": 10**9,
        "orders_per_second": random.randint(1, 40),
        "open_orders_max": random.randint(1, 8),
        "allow_short": 1,
        "open_positions_max": random.randint(1, 2),
        "net_exposure_max_raw": random.randint(200, 1000) * MONEY + random.randint(0, 99),
        "price_collar_rate_raw": random.randint(1, 2_000_000),
        "late_after_ns": 10**8,
    }
    limits = {name: value for name, value in options.items() if random.random() < 0.35}
    own = []
    for _, unit in UNITS:
        chosen = {"order_qty_max_raw": 3 * unit, "position_max_raw": random.randint(2, 9) * unit}
        own.append({name: value for name, value in chosen.items() if random.random() < 0.4})
    return limits, own


def run(internals: tuple[Any, Any], random: Random, steps: int) -> Bench:
    limits, own = made_limits(random)
    cash = tuple(random.randint(0, 2000) * MONEY for _ in range(4))
    bench = bench_of(internals, limits, own, random.choice([4, 12]), cash)
    for instrument in range(3):
        bench.mark(instrument, made_book(random, instrument))
    for _ in range(steps):
        step(random, bench)
    for order_id in sorted(bench.naive.open):
        bench.told(order_id, "cancel", 1, 0)
    state = bench.risk.state()
    assert (state["pending_buy"], state["pending_sell"], state["open_orders"]) == (0, 0, 0)
    assert [bench.account.balance(currency)[1] for currency in range(4)] == [0, 0, 0, 0]
    return bench


@settings(max_examples=60, deadline=None)
@given(st.randoms(use_true_random=False), st.integers(1, 40))
def test_decisions_are_what_the_header_says(internals: tuple[Any, Any], random: Random, steps: int) -> None:
    run(internals, random, steps)


def test_long_flows_agree_and_meet_every_rule(internals: tuple[Any, Any]) -> None:
    """Made from seeds. Every rule that this flow can meet is met, so that agreement means something."""
    met: set[str] = set()
    allowed = fills = 0
    for seed in range(80):
        bench = run(internals, Random(seed), 250)
        met |= bench.rules
        allowed += bench.allowed
        fills += bench.fills
    names = (
        "MALFORMED DUPLICATE_ID UNKNOWN_ORDER KILLED EXIT HALTED NO_TOUCH STALE FEED_LATE CROSSED ORDER_RATE "
        "REDUCE_ONLY DAILY_LOSS DRAWDOWN BREAKER QTY_MAX PRICE_COLLAR NOTIONAL_MAX OPEN_ORDERS POSITION_MAX "
        "OPEN_POSITIONS EXPOSURE_MAX NET_EXPOSURE_MAX SELF_CROSS CASH NONE"
    )
    assert met == set(names.split())
    assert allowed > 500
    assert fills > 300


@pytest.mark.parametrize("held", [5000, -5000])
def test_what_the_account_held_before_counts(internals: tuple[Any, Any], held: int) -> None:
    core = Core(*internals)
    account = Account(core, core.instruments(INSTRUMENTS[0]), 2)
    account.deposit(0, 10**4 * MONEY)
    fields = {"side": BUY if held > 0 else SELL, "state": FILLED, "last_qty_raw": abs(held), "last_price_raw": 10000}
    assert account.on_update(core.update(**fields)) == 0
    risk = Risk(core, account, per_instrument={0: {"position_max_raw": 5999}}, allow_short=1)
    view = core.view(account.instruments, Book(bid=(9990, 1), ask=(10010, 1)))
    side, other = (BUY, SELL) if held > 0 else (SELL, BUY)
    more = risk.decide(core.request(order_id=1, side=side, qty_raw=1000, price_raw=9000), view)
    assert (more.rule, abs(more.value_raw)) == (core.lib.B3_RULE_POSITION_MAX, 6000)
    assert risk.decide(core.request(order_id=2, side=side, qty_raw=999, price_raw=9000), view).allowed
    assert risk.decide(
        core.request(order_id=3, side=other, qty_raw=10999, price_raw=9000 + 100 * (held > 0) - 100 * (held < 0)), view
    ).allowed
