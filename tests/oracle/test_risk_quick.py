"""The fast way through the pre-trade checks against the exact one: the same decisions, and the same left behind.

Two risks over two accounts hear the same story; one decides as the engine does, the other exactly. Quantities and
prices are drawn where it bends: at each bound of the settings and filters, one below and one above.
"""

from dataclasses import dataclass, field
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from trading_kit import (
    BUY,
    CANCELED,
    FILLED,
    GTC,
    LIMIT,
    MARKET,
    MONEY,
    NEW,
    NOW_NS,
    PARTIALLY_FILLED,
    POST_ONLY,
    SELL,
    STOP,
    SYNCED,
    Account,
    Book,
    Core,
    Risk,
)

FEE = 99_991
SCALES = ((8, 8), (2, 3), (2, 8), (6, 2), (4, 4))


@dataclass
class Twins:
    """Two of everything. instrument, own, limits: the settings that bounds are taken from."""

    core: Core
    instrument: dict[str, int]
    own: dict[str, int]
    limits: dict[str, int]
    cash: int
    mid: int
    accounts: list[Account] = field(default_factory=list)
    risks: list[Risk] = field(default_factory=list)
    open: dict[int, tuple[int, int, int]] = field(default_factory=dict)
    last_id: int = 0
    quick: int = 0
    allowed: int = 0

    def __post_init__(self) -> None:
        for _ in range(2):
            account = Account(self.core, self.core.instruments(self.instrument), 2)
            account.deposit(0, self.cash)
            account.deposit(1, 5 * MONEY)
            self.accounts.append(account)
            self.risks.append(
                Risk(self.core, account, order_capacity=12, taker_fee=FEE, per_instrument={0: self.own}, **self.limits)
            )

    def submit(self, fields: dict[str, int], book: Book, now_ns: int, age_ns: int, late_ns: int) -> None:
        decisions, quick = [], 0
        for index, (account, risk) in enumerate(zip(self.accounts, self.risks, strict=True)):
            request = self.core.request(order_id=self.last_id + 1, **fields)
            view = self.core.view(account.instruments, book, now_ns, SYNCED, now_ns - age_ns, late_ns)
            if index == 0:
                quick = self.core.lib.b3t_risk_passes(risk.handle, request, view)
            decision = risk.decide(request, view) if index == 0 else risk.decide_exactly(request, view)
            decisions.append(
                (decision.allowed, decision.rule, decision.limit_raw, decision.value_raw, decision.order_id)
            )
        assert decisions[0] == decisions[1]
        assert decisions[1][0] or not quick, "the fast way lets pass what the exact one refuses"
        if decisions[0][0]:
            self.last_id += 1
            self.open[self.last_id] = (fields["side"], fields["qty_raw"], 0)
            self.allowed += 1
            self.quick += quick
        self.check()

    def told(self, order_id: int, qty: int, price: int) -> None:
        """A fill, or with qty 0 the end of it."""
        side, whole, cum = self.open[order_id]
        qty = min(qty, whole - cum)
        state = CANCELED if qty == 0 else FILLED if cum + qty == whole else PARTIALLY_FILLED
        fields = {"state": state, "side": side, "qty_raw": whole, "cum_qty_raw": cum + qty}
        for account, risk in zip(self.accounts, self.risks, strict=True):
            update = self.core.update(order_id=order_id, last_qty_raw=qty, last_price_raw=price, **fields)
            assert account.on_update(update) in (0, 1)
            risk.on_update(update)
        self.open[order_id] = (side, whole, cum + qty)
        if state != PARTIALLY_FILLED:
            del self.open[order_id]
        self.check()

    def check(self) -> None:
        assert self.risks[0].state() == self.risks[1].state()
        for currency in range(2):
            assert self.accounts[0].balance(currency) == self.accounts[1].balance(currency)


def near(random: Random, number: int) -> int:
    return number + random.choice([-1, 0, 0, 0, 1])


def made_twins(internals: tuple[Any, Any], random: Random) -> Twins:
    """A market of about 100 with filters and limits on or off, all at odd places."""
    price_scale, qty_scale = random.choice(SCALES)
    one, unit = 10**price_scale, 10**qty_scale
    mid = 100 * one
    instrument = {
        "tick_raw": 1,
        "price_step_raw": random.choice([1, 5, 6, 10]),
        "price_min_raw": mid // 2 + random.randint(0, 9),
        "price_max_raw": mid * 2 + random.randint(0, 9),
        "lot_step_raw": random.choice([1, 2, 7, 10]),
        "lot_min_raw": unit // 100 + random.randint(0, 9),
        "lot_max_raw": 9 * unit + random.randint(0, 9),
        "market_lot_step_raw": random.choice([0, 0, 0, 5]),
        "market_lot_min_raw": unit // 50 + random.randint(0, 9),
        "market_lot_max_raw": 5 * unit + random.randint(0, 9),
        "notional_min_raw": 5 * MONEY + random.randint(0, 9),
        "notional_max_raw": 500 * MONEY + random.randint(0, 9),
        "position_max_raw": 12 * unit + random.randint(0, 9),
        "max_num_orders": 5,
        "bid_multiplier_up_raw": random.choice([MONEY, 102 * MONEY // 100, 5 * MONEY]),
        "bid_multiplier_down_raw": random.choice([MONEY // 5, 98 * MONEY // 100]),
        "ask_multiplier_up_raw": random.choice([102 * MONEY // 100, 5 * MONEY]),
        "ask_multiplier_down_raw": random.choice([MONEY // 5, MONEY]),
    }
    kept = {name: value for name, value in instrument.items() if random.random() < 0.2 or name == "tick_raw"}
    scales = {"price_scale": price_scale, "qty_scale": qty_scale, "base_currency": 1, "quote_currency": 0}
    flags = {"notional_min_on_market": random.randint(0, 1), "notional_max_on_market": random.randint(0, 1)}
    own = {"order_qty_max_raw": 4 * unit + random.randint(0, 9), "position_max_raw": 8 * unit + random.randint(0, 9)}
    limits = {
        "order_notional_max_raw": 450 * MONEY + random.randint(0, 9),
        "exposure_max_raw": 900 * MONEY + random.randint(0, 9),
        "net_exposure_max_raw": 800 * MONEY + random.randint(0, 9),
        "stale_after_ns": 10**9,
        "late_after_ns": 10**8,
        "orders_per_second": random.randint(1, 20),
        "open_orders_max": random.randint(2, 9),
        "open_positions_max": 1,
        "price_collar_rate_raw": random.choice([1, 999_999, MONEY // 64, MONEY]),
        "allow_short": 1,
    }
    return Twins(
        Core(*internals),
        {**kept, **scales, **flags},
        {name: value for name, value in own.items() if random.random() < 0.3},
        {name: value for name, value in limits.items() if random.random() < 0.2},
        cash=random.choice([1000, 2000, 10**6]) * MONEY + random.randint(0, 99),
        mid=mid,
    )


def drawn_qty(random: Random, twins: Twins, book: Book, price: int) -> int:
    """A bound of quantity, or of money at one of the prices that may value it, or something ordinary on the step."""
    instrument, own, limits = twins.instrument, twins.own, twins.limits
    unit = 10 ** instrument["qty_scale"]
    state = twins.risks[0].state()
    position = twins.accounts[0].position()["qty"]
    bounds = [value for name, value in instrument.items() if "lot_m" in name]
    bounds += [own["order_qty_max_raw"]] if "order_qty_max_raw" in own else []
    for bound in (own.get("position_max_raw"), instrument.get("position_max_raw")):
        if bound:
            bounds += [bound - position - state["pending_buy"], bound + position - state["pending_sell"]]
    held = 5 * unit + position - state["pending_buy"]  # the base that it started with counts for the venue
    bounds += [instrument["position_max_raw"] - held] if "position_max_raw" in instrument else []
    per_money = 10 ** (instrument["price_scale"] + instrument["qty_scale"])
    money = [
        limits.get("order_notional_max_raw"),
        instrument.get("notional_min_raw"),
        instrument.get("notional_max_raw"),
    ]
    money += [limits.get("exposure_max_raw"), limits.get("net_exposure_max_raw")]
    free = twins.accounts[0].balance(0)
    money += [free[0] - free[1], (free[0] - free[1]) * MONEY // (MONEY + FEE)]
    mid = (book.bid[0] + book.ask[0]) // 2
    at = random.choice([price, mid, book.bid[0], book.ask[0]])
    bounds += [raw * per_money // (MONEY * max(at, 1)) for raw in money if raw]
    bounds += [
        raw * per_money // (MONEY * max(at, 1)) - max(position, 0) - state["pending_buy"] for raw in money if raw
    ]
    step = max(instrument.get("lot_step_raw", 1), 1)
    ordinary = random.randint(1, 3 * unit) // step * step
    return min(max(random.choice([ordinary, near(random, random.choice(bounds))]), 0), 2**62)


def drawn_price(random: Random, twins: Twins, book: Book) -> int:
    state = twins.risks[0].state()
    rate = twins.limits.get("price_collar_rate_raw", MONEY // 100)
    mid = (book.bid[0] + book.ask[0]) // 2
    bounds = [book.bid[0], book.ask[0], state["best_buy"], state["best_sell"]]
    bounds += [book.ask[0] * (MONEY + rate) // MONEY, book.bid[0] * (MONEY - rate) // MONEY]
    bounds += [mid * value // MONEY for name, value in twins.instrument.items() if "multiplier" in name]
    bounds += [twins.instrument.get("price_min_raw", mid), twins.instrument.get("price_max_raw", mid)]
    step = max(twins.instrument.get("price_step_raw", 1), 1)
    ordinary = random.randint(mid * 98 // 100, mid * 102 // 100) // step * step
    return max(random.choice([ordinary, ordinary, near(random, random.choice(bounds))]), 0)


def run(internals: tuple[Any, Any], random: Random, steps: int) -> Twins:
    twins = made_twins(internals, random)
    now_ns = NOW_NS
    one, unit = 10 ** twins.instrument["price_scale"], 10 ** twins.instrument["qty_scale"]
    for _ in range(steps):
        now_ns += random.choice([0, 1, 10**8, 10**9])
        mid = twins.mid + random.randint(-one, one)
        spread = random.randint(1, max(one // 10, 2))
        book = Book((mid - spread, random.randint(1, 3 * unit)), (mid + spread, random.randint(1, 3 * unit)))
        if twins.open and random.random() < 0.4:
            qty = random.choice([0, random.randint(1, unit), 10 * unit])
            twins.told(random.choice(list(twins.open)), qty, twins.mid)
            continue
        price = drawn_price(random, twins, book)
        kind = random.choice([LIMIT] * 6 + [MARKET] * 3 + [STOP])
        twins.submit(
            {
                "action": NEW,
                "side": random.choice([BUY, SELL]),
                "order_type": kind,
                "tif": random.choice([GTC, GTC, POST_ONLY]),
                "price_raw": price,
                "stop_price_raw": price if kind == STOP else 0,
                "qty_raw": drawn_qty(random, twins, book, price),
                "flags": random.choice([0] * 12 + [1, 2]),
            },
            book,
            now_ns,
            random.choice([0, 0, 0, 10**9, 10**9 + 1]),
            random.choice([0, 0, 10**8, 10**8 + 1]),
        )
    return twins


@settings(max_examples=80, deadline=None)
@given(st.randoms(use_true_random=False), st.integers(1, 60))
def test_both_ways_decide_the_same(internals: tuple[Any, Any], random: Random, steps: int) -> None:
    run(internals, random, steps)


def test_the_fast_way_is_the_usual_one(internals: tuple[Any, Any]) -> None:
    """Made from seeds: the comparison above would mean nothing if the fast way were hardly ever taken."""
    runs = [run(internals, Random(seed), 60) for seed in range(300)]
    allowed, quick = sum(twins.allowed for twins in runs), sum(twins.quick for twins in runs)
    assert allowed > 2000
    assert quick > allowed / 3


@pytest.mark.parametrize("divisor", [1, 2, 3, 5, 7, 8, 10, 24, 1000, 1_000_000, 10**8, 3 * 2**40, 2**62, 2**63 - 1])
def test_a_multiple_is_told_by_one_multiplication(internals: tuple[Any, Any], divisor: int) -> None:
    """Through an order's lot: the only thing that can refuse it here."""
    core = Core(*internals)
    account = Account(core, core.instruments({"lot_step_raw": divisor, "price_scale": 8, "qty_scale": 8,
                                              "base_currency": 1}), 2)  # fmt: skip
    account.deposit(1, 2**63 - 1)
    view = core.view(account.instruments, Book(bid=(1, 2**63 - 1), ask=(2, 1)))
    largest = (2**63 - 1) // divisor * divisor
    for multiple in {divisor, largest, largest // divisor // 2 * divisor}:
        for qty in {multiple, multiple - 1, multiple + 1, multiple + divisor // 2}:
            if not 0 < qty < 2**63:
                continue
            risk = Risk(core, account)
            request = core.request(order_id=1, side=SELL, order_type=MARKET, qty_raw=qty)
            assert core.lib.b3t_risk_passes(risk.handle, request, view) == (qty % divisor == 0), qty


# One order: buy 1.2345 at 99.9901, where notional is price x quantity in 10^-8 exactly. The bound that it just meets.
PRICE, QTY = 999_901, 12_345
NOTIONAL = PRICE * QTY
COST = NOTIONAL + -(-NOTIONAL * FEE // MONEY)
MID = 1_000_000
EXACT_BOUNDS: dict[str, tuple[str, int, int]] = {
    "price_min_raw": ("instrument", PRICE, 1),
    "price_max_raw": ("instrument", PRICE, -1),
    "lot_min_raw": ("instrument", QTY, 1),
    "lot_max_raw": ("instrument", QTY, -1),
    "notional_min_raw": ("instrument", NOTIONAL, 1),
    "notional_max_raw": ("instrument", NOTIONAL, -1),
    "max_num_orders": ("instrument", 2, -1),
    "venue position": ("instrument", QTY + 7 * 10**4, -1),
    "order_qty_max_raw": ("own", QTY, -1),
    "position_max_raw": ("own", QTY + 2 * 10**4, -1),
    "order_notional_max_raw": ("limits", NOTIONAL, -1),
    "exposure_max_raw": ("limits", MID * (QTY + 2 * 10**4), -1),
    "net_exposure_max_raw": ("limits", MID * (QTY + 2 * 10**4), -1),
    "stale_after_ns": ("limits", 77, -1),
    "late_after_ns": ("limits", 55, -1),
    "open_orders_max": ("limits", 2, -1),
    "cash": ("cash", COST, -1),
}


@pytest.mark.parametrize("name", EXACT_BOUNDS)
@pytest.mark.parametrize("tighter", [False, True])
def test_an_order_that_just_meets_a_bound(internals: tuple[Any, Any], name: str, tighter: bool) -> None:
    """2 are held; the bound is met to the last digit, then missed by one."""
    where, bound, step = EXACT_BOUNDS[name]
    changed = {name.replace("venue position", "position_max_raw"): bound + step * tighter}
    core = Core(*internals)
    plain = {"price_scale": 4, "qty_scale": 4, "base_currency": 1}
    account = Account(core, core.instruments({**plain, **(changed if where == "instrument" else {})}), 2)
    account.deposit(1, 5 * MONEY)
    own = changed if where == "own" else {}
    risk = Risk(
        core, account, taker_fee=FEE, per_instrument={0: own}, allow_short=1, **(changed if where == "limits" else {})
    )
    fill = core.update(state=FILLED, last_qty_raw=2 * 10**4, last_price_raw=MID, strategy=1)
    assert account.on_update(fill) == 0
    risk.on_update(fill)
    book = Book((MID - 1, 10**6), (MID + 1, 10**6))
    view = core.view(account.instruments, book, touch_ns=NOW_NS - 77, late_ns=55)
    if name in ("max_num_orders", "open_orders_max"):
        assert risk.decide_exactly(core.request(order_id=1, side=SELL, price_raw=2 * MID, qty_raw=10), view).allowed
    account.deposit(0, (changed["cash"] if where == "cash" else 10**6 * MONEY) - account.balance(0)[0])
    request = core.request(order_id=2, price_raw=PRICE, qty_raw=QTY)
    assert core.lib.b3t_risk_passes(risk.handle, request, view) == (not tighter)
    assert risk.decide_exactly(request, view).allowed == (not tighter)


SELL_BOUNDS: dict[str, tuple[str, int]] = {
    "position_max_raw": ("own", QTY + 2 * 10**4),
    "exposure_max_raw": ("limits", MID * (QTY + 2 * 10**4)),
    "net_exposure_max_raw": ("limits", MID * (QTY + 2 * 10**4)),
    "base": ("cash", QTY * 10**4),
}


@pytest.mark.parametrize("name", SELL_BOUNDS)
@pytest.mark.parametrize("tighter", [False, True])
def test_a_sell_that_just_meets_a_bound(internals: tuple[Any, Any], name: str, tighter: bool) -> None:
    """The other side: 2 are sold short already, or what is sold has to be there."""
    where, bound = SELL_BOUNDS[name]
    changed = {name: bound - tighter}
    core = Core(*internals)
    account = Account(core, core.instruments({"price_scale": 4, "qty_scale": 4, "base_currency": 1}), 2)
    risk = Risk(
        core,
        account,
        per_instrument={0: changed if where == "own" else {}},
        allow_short=int(where != "cash"),
        **(changed if where == "limits" else {}),
    )
    fill = core.update(state=FILLED, side=SELL, last_qty_raw=2 * 10**4, last_price_raw=MID, strategy=1)
    assert account.on_update(fill) == 0
    risk.on_update(fill)
    account.deposit(1, (changed["base"] if where == "cash" else 0) - account.balance(1)[0])
    view = core.view(account.instruments, Book((MID - 1, 10**6), (MID + 1, 10**6)))
    request = core.request(order_id=1, side=SELL, price_raw=MID + 99, qty_raw=QTY)
    assert core.lib.b3t_risk_passes(risk.handle, request, view) == (not tighter)
    assert risk.decide_exactly(request, view).allowed == (not tighter)
