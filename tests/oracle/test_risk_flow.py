"""Random order flow against slow risk written from risk/limits.h's words: the same decisions, rule, limit and value.

Beside it, what no second implementation is needed for: worst-case positions, exposure, open orders and cash never pass
their limits at any moment, in flight included, and when every order is done nothing is reserved or locked.
"""

from dataclasses import dataclass, field
from fractions import Fraction
from math import ceil
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
    REJECTED,
    REPLACE,
    SELL,
    SYNCED,
    UNKNOWN,
    WORKING,
    Account,
    Book,
    Core,
    Risk,
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
    acked: bool = False
    cum: int = 0
    sent: tuple[int, ...] = ()


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

    def exposure(self, instrument: int, more: tuple[int, int] = (0, 0)) -> int:
        """20 digits of the reporting currency."""
        high, low = self.worst(instrument, more)
        qty = max(high, -low)
        rate = self.rates.get(INSTRUMENTS[instrument]["quote_currency"], 0)
        if qty == 0:
            return 0
        if rate == 0 or self.marks[instrument] == 0:
            return UNKNOWN_EXPOSURE
        price_unit, qty_unit = UNITS[instrument]
        return ceil(Fraction(self.marks[instrument] * qty * 10**20, price_unit * qty_unit) * Fraction(rate, MONEY))

    def refill(self, now_ns: int) -> None:
        rate = self.limit("orders_per_second")
        if now_ns > self.tokens_ns:
            self.tokens = min(Fraction(rate), self.tokens + Fraction((now_ns - self.tokens_ns) * rate, 10**9))
            self.tokens_ns = now_ns

    @staticmethod
    def market_price(order: Reservation, book: Book) -> int:
        if order.side == SELL:
            return book.bid[0]
        price, left = book.ask[0], order.qty - book.ask[1]
        for level_price, level_qty in book.asks:
            if left > 0 and level_price > book.ask[0]:
                price, left = level_price, left - level_qty
        return price

    def judge(
        self, request: Any, order: Reservation, book: Book, now_ns: int, touch_ns: int, flags: int
    ) -> tuple[str, int | None, int | None]:
        """(rule, limit, value); None where the header does not name one."""
        i, qty, buy = order.instrument, order.qty, order.side == BUY
        own = self.per_instrument[i]
        if (
            request.tif not in (GTC, IOC, FOK, POST_ONLY)
            or qty <= 0
            or (request.order_type == MARKET and request.tif == POST_ONLY)
        ):
            return "MALFORMED", None, None
        if request.order_id == 0 or (request.order_type == LIMIT and order.price <= 0):
            return "MALFORMED", None, None
        if request.order_id <= self.last_id:
            return "DUPLICATE_ID", self.last_id, request.order_id
        if request.action == REPLACE:
            original = self.open.get(request.orig_order_id)
            if original is None or original.instrument != i:
                return "UNKNOWN_ORDER", 0, request.orig_order_id
        if flags != SYNCED:
            return "HALTED", None, None
        if 0 in book.bid or 0 in book.ask:
            return "NO_TOUCH", 0, 0
        stale = self.limit("stale_after_ns")
        if stale and now_ns - touch_ns > stale:
            return "STALE", stale, now_ns - touch_ns
        if book.bid[0] >= book.ask[0]:
            return "CROSSED", book.ask[0], book.bid[0]
        rate = self.limit("orders_per_second")
        if rate:
            self.refill(now_ns)
            if self.tokens < 1:
                return "ORDER_RATE", rate, rate + 1
        if own.get("order_qty_max_raw", 0) and qty > own["order_qty_max_raw"]:
            return "QTY_MAX", own["order_qty_max_raw"], qty
        if request.order_type == MARKET:
            order.price = self.market_price(order, book)
        maximum = self.limit("order_notional_max_raw")
        if maximum:
            quote_rate = self.rates.get(INSTRUMENTS[i]["quote_currency"], 0)
            notional = (
                ceil(Fraction(self.notional(i, order.price, qty) * quote_rate, MONEY)) if quote_rate else 2**63 - 1
            )
            if notional > maximum:
                return "NOTIONAL_MAX", maximum, notional
        for maximum in (self.limit("open_orders_max"), self.capacity):
            if maximum and len(self.open) >= maximum:
                return "OPEN_ORDERS", maximum, len(self.open) + 1
        more = (qty, 0) if buy else (0, qty)
        high, low = self.worst(i, more)
        maximum = own.get("position_max_raw", 0)
        if maximum and buy and high > maximum:
            return "POSITION_MAX", maximum, high
        if maximum and not buy and low < -maximum:
            return "POSITION_MAX", -maximum, low
        before = self.worst(i)
        maximum = self.limit("exposure_max_raw")
        if maximum and max(high, -low) > max(before[0], -before[1]):
            total = sum(self.exposure(j) for j in range(3) if j != i) + self.exposure(i, more)
            if total > maximum * 10**12:
                return "EXPOSURE_MAX", maximum, min(-(-total // 10**12), 2**63 - 1)
        currency, amount = self.lock(order, qty)
        free = self.totals[currency] - self.locked(currency)
        if amount > free and (buy or not self.limit("allow_short")):
            return "CASH", free, amount
        return "NONE", 0, 0


@dataclass
class Bench:
    """Both, side by side, and the market that both see."""

    core: Core
    naive: NaiveRisk
    account: Account
    risk: Risk
    books: list[Book]
    now_ns: int = NOW_NS
    fills: int = 0
    allowed: int = 0
    rules: set[str] = field(default_factory=set)

    def mark(self, instrument: int, book: Book) -> None:
        self.books[instrument] = book
        if 0 not in book.bid and 0 not in book.ask and book.bid[0] < book.ask[0]:
            self.naive.marks[instrument] = (book.bid[0] + book.ask[0]) // 2
            self.risk.on_mark(instrument, self.naive.marks[instrument])

    def submit(self, instrument: int, fields: dict[str, int], flags: int, touch_age_ns: int) -> None:
        naive, core, book = self.naive, self.core, self.books[instrument]
        request = core.request(instrument=instrument, **fields)
        view = core.view(
            core.ffi.addressof(self.account.instruments, instrument),
            book,
            self.now_ns,
            flags,
            self.now_ns - touch_age_ns,
        )
        decision = self.risk.decide(request, view)
        if request.action == CANCEL:
            assert (decision.allowed, decision.rule, decision.order_id) == (1, 0, request.orig_order_id)
            return
        order = Reservation(instrument, request.side, request.qty_raw, request.qty_raw, request.price_raw)
        name, limit, value = naive.judge(request, order, book, self.now_ns, self.now_ns - touch_age_ns, flags)
        self.rules.add(name)
        assert decision.rule == getattr(core.lib, f"B3_RULE_{name}"), (name, decision.rule)
        assert decision.allowed == (name == "NONE")
        if limit is not None:
            assert (decision.limit_raw, decision.value_raw) == (limit, value), name
        if name == "NONE":
            naive.open[request.order_id] = order
            naive.last_id = request.order_id
            naive.tokens -= 1 if naive.limit("orders_per_second") else 0
            self.allowed += 1
        self.check(changed=instrument if name == "NONE" else None)

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
        elif verb == "ack":
            fields |= {"state": WORKING, "cum_qty_raw": order.cum}
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

    def check(self, changed: int | None = None) -> None:
        """What risk says of itself, and that no limit is passed: position after an order, the rest at every moment."""
        naive = self.naive
        for i in range(3):
            state = self.risk.state(i)
            assert (state["pending_buy"], state["pending_sell"]) == (naive.pending(i, BUY), naive.pending(i, SELL))
            assert state["instrument_orders"] == sum(o.instrument == i for o in naive.open.values())
            assert state["open_orders"] == len(naive.open) <= (naive.limit("open_orders_max") or naive.capacity)
            high, low = naive.worst(i)
            maximum = naive.per_instrument[i].get("position_max_raw", 0)
            assert not maximum or -maximum <= low <= high <= maximum
        for currency in range(4):
            assert self.account.balance(currency) == (naive.totals[currency], naive.locked(currency))
            # Each fill is rounded for itself, notional and fee: at most one unit of 10^-8 a fill.
            assert naive.totals[currency] - naive.locked(currency) >= -self.fills or naive.limit("allow_short")
        if naive.limit("exposure_max_raw"):
            total = sum(naive.exposure(i) for i in range(3))
            assert self.risk.state()["exposure"] == min(-(-total // 10**12), 2**63 - 1)
            if changed is not None and self.grew:
                assert total <= naive.limit("exposure_max_raw") * 10**12
        self.grew = False

    grew: bool = False


def bench_of(
    internals: tuple[Any, Any], limits: dict[str, int], own: list[dict[str, int]], capacity: int, cash: tuple[int, ...]
) -> Bench:
    core = Core(*internals)
    account = Account(core, core.instruments(*INSTRUMENTS), 4)
    naive = NaiveRisk(limits, own, capacity)
    for currency, amount in enumerate(cash):
        account.deposit(currency, amount)
        naive.totals[currency] = amount
    risk = Risk(
        core,
        account,
        currency_count=4,
        order_capacity=capacity,
        taker_fee=FEE,
        per_instrument=dict(enumerate(own)),
        **limits,
    )
    naive.tokens = Fraction(limits.get("orders_per_second", 0))
    return Bench(core, naive, account, risk, [Book(), Book(), Book()])


def made_book(random: Random, instrument: int) -> Book:
    tick = (5, 10**6, 1)[instrument]
    mid = (10000, 100 * MONEY, 2000)[instrument] + random.randint(-20, 20) * tick
    unit = UNITS[instrument][1]
    bid, ask = (mid - tick, random.randint(1, 5) * unit), (mid + tick, random.randint(1, 5) * unit)
    if random.random() < 0.05:
        bid, ask = random.choice([((0, 0), ask), (bid, (0, 0)), ((mid, unit), (mid, unit))])
    asks = tuple((mid + k * tick, random.randint(1, 5) * unit) for k in range(4) if random.random() < 0.8)
    return Book(bid, ask, (), asks)


def made_request(random: Random, bench: Bench, instrument: int) -> dict[str, int]:
    unit = UNITS[instrument][1]
    book = bench.books[instrument]
    price = max(book.bid[0], book.ask[0], 1) * random.randint(97, 103) // 100
    fields = {
        "action": random.choice([NEW] * 6 + [REPLACE, REPLACE, CANCEL]),
        "side": random.choice([BUY, SELL]),
        "order_type": random.choice([LIMIT, LIMIT, MARKET]),
        "tif": random.choice([GTC, GTC, IOC, FOK, POST_ONLY] + [9] * (random.random() < 0.05)),
        "price_raw": price if random.random() < 0.97 else 0,
        "qty_raw": random.randint(0 if random.random() < 0.05 else 1, 4 * unit) if unit > 1 else random.randint(1, 4),
        "order_id": bench.naive.last_id + random.choice([1, 1, 1, 1, 1, 1, 1, 1, 5, 0]),
        "orig_order_id": max(bench.naive.last_id - random.randint(0, 6), 0),
    }
    return fields


def step(random: Random, bench: Bench) -> None:
    instrument = random.randrange(3)
    verb = random.choice(["book", "submit", "submit", "submit", "told", "told", "told", "time", "rate"])
    if verb == "book":
        bench.mark(instrument, made_book(random, instrument))
    elif verb == "time":
        bench.now_ns += random.choice([1, 10**6, 10**8, 10**9, -(10**7)])
    elif verb == "rate":
        rate = random.choice([0, MONEY, 3 * MONEY // 2, 12_345_679])
        bench.naive.rates[3] = rate
        bench.risk.on_rate(3, 0, rate)
    elif verb == "submit":
        flags = SYNCED if random.random() < 0.96 else random.choice([0, HALTED, SYNCED | HALTED])
        age_ns = random.choice([0, 0, 0, 0, 10**8, 10**9, 10**9 + 1, -5])
        fields = made_request(random, bench, instrument)
        before = bench.naive.worst(instrument)
        sells = fields["side"] == SELL
        after = bench.naive.worst(instrument, (0, fields["qty_raw"]) if sells else (fields["qty_raw"], 0))
        bench.grew = max(after[0], -after[1]) > max(before[0], -before[1])
        bench.submit(instrument, fields, flags, age_ns)
    else:
        known = sorted(bench.naive.open)
        order_id = (
            random.choice(known) if known and random.random() < 0.9 else bench.naive.last_id - random.randint(0, 9)
        )
        told = random.choice(["fill", "fill", "fill", "ack", "repeat", "cancel", "expire", "reject", "cancel_reject"])
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
    }
    limits = {name: value for name, value in options.items() if random.random() < 0.5}
    own = []
    for _, unit in UNITS:
        chosen = {"order_qty_max_raw": 3 * unit, "position_max_raw": random.randint(2, 9) * unit}
        own.append({name: value for name, value in chosen.items() if random.random() < 0.6})
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
    for seed in range(40):
        bench = run(internals, Random(seed), 250)
        met |= bench.rules
        allowed += bench.allowed
        fills += bench.fills
    names = (
        "MALFORMED DUPLICATE_ID UNKNOWN_ORDER HALTED NO_TOUCH STALE CROSSED ORDER_RATE QTY_MAX NOTIONAL_MAX OPEN_ORDERS"
    )
    assert met == {*names.split(), "POSITION_MAX", "EXPOSURE_MAX", "CASH", "NONE"}
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
    assert risk.decide(core.request(order_id=3, side=other, qty_raw=10999, price_raw=9000), view).allowed
