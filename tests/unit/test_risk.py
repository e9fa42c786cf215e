"""Pre-trade risk: every rule at its bound, the order of the checks, and reservations given back once."""

from typing import Any

import pytest
from trading_kit import (
    CANCEL,
    CANCEL_REJECT,
    CANCELED,
    CROSSED,
    EXIT,
    EXPIRED,
    FILLED,
    HALTED,
    LIMIT,
    MARKET,
    MONEY,
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
)

# Prices in cents, quantities in thousandths; currency 0 is what we report in, 1 and 2 are assets.
SCALES = {"price_scale": 2, "qty_scale": 3, "base_currency": 1, "quote_currency": 0}
BOOK = Book(bid=(9990, 500), ask=(10010, 300), asks=((10010, 250), (10020, 400), (10040, 100)))
SECOND = 10**9


@pytest.fixture
def core(internals: tuple[Any, Any]) -> Core:
    return Core(*internals)


class World:
    """One account, two instruments of the reporting currency, and a market that does not move."""

    def __init__(self, core: Core, cash: int = 10**6 * MONEY, base: int = 0, **settings: Any) -> None:
        described = [dict(SCALES), {**SCALES, "base_currency": 2}]
        for field, value in settings.pop("instrument", {}).items():
            described[0][field] = value
        self.core = core
        self.instruments = core.instruments(*described)
        self.account = Account(core, self.instruments, 4, **settings.pop("account", {}))
        self.account.deposit(0, cash)
        self.account.deposit(1, base)
        self.risk = Risk(core, self.account, currency_count=4, **settings)
        self.last_id = 0

    def ask(self, qty: int = 1000, price: int = 10000, **fields: Any) -> Any:
        """A decision on a limit buy unless told otherwise; `book`, `now_ns`, `view_flags`, ... go to the view."""
        view = {name: fields.pop(name) for name in ("now_ns", "view_flags", "touch_ns", "late_ns") if name in fields}
        if "view_flags" in view:
            view["flags"] = view.pop("view_flags")
        book = fields.pop("book", BOOK)
        order_id = fields.pop("order_id", self.last_id + 1)
        request = self.core.request(order_id=order_id, qty_raw=qty, price_raw=price, **fields)
        index = min(request.hdr.instrument, 1)
        decision = self.risk.decide(
            request, self.core.view(self.core.ffi.addressof(self.instruments, index), book, **view)
        )
        if decision.allowed and request.action != CANCEL:
            self.last_id = order_id
        return decision

    def told(self, order_id: int, state: int, qty: int = 1000, **fields: Any) -> None:
        """An update, through the account and then risk, as the engine does."""
        update = self.core.update(order_id=order_id, state=state, qty_raw=qty, **fields)
        assert self.account.on_update(update) in (0, self.core.lib.B3_EMPTY)
        self.risk.on_update(update)

    def buy(self, qty: int, price: int = 10000, instrument: int = 0, state: int = FILLED) -> None:
        """A fill out of the blue: a position to start from."""
        update = self.core.update(state=state, instrument=instrument, last_qty_raw=qty, last_price_raw=price)
        assert self.account.on_update(update) == 0
        self.risk.on_update(update)


def verdict(decision: Any) -> tuple[int, int, int]:
    assert decision.allowed == (decision.rule == 0)
    return decision.rule, decision.limit_raw, decision.value_raw


def rule(core: Core, name: str) -> int:
    return int(getattr(core.lib, f"B3_RULE_{name}"))


def test_an_allowed_order_reserves_what_it_may_become(core: Core) -> None:
    world = World(core, taker_fee=MONEY // 100, exposure_max_raw=10**9 * MONEY)
    decision = world.ask(2000, 10005)
    assert verdict(decision) == (0, 0, 0)
    assert (decision.hdr.kind, decision.action, decision.order_id) == (13, 1, 1)
    assert world.risk.state() == {
        "pending_buy": 2000,
        "pending_sell": 0,
        "best_buy": 10005,
        "best_sell": 0,
        "exposure": 200 * MONEY,  # at the mid
        "net_long": 200 * MONEY,
        "net_short": 0,
        "instrument_orders": 1,
        "open_orders": 1,
        "open_positions": 1,
    }
    assert world.account.balance(0) == (10**6 * MONEY, 202_101 * MONEY // 1000)  # 200.10 + 1 %


def test_a_refused_order_charges_nothing(core: Core) -> None:
    world = World(core, per_instrument={0: {"order_qty_max_raw": 10}}, orders_per_second=1)
    for _ in range(5):
        assert world.ask(11).rule == rule(core, "QTY_MAX")
    assert not any(world.risk.state().values())
    assert world.account.balance(0) == (10**6 * MONEY, 0)
    assert world.ask(10).allowed


@pytest.mark.parametrize(
    "fields",
    [
        {"action": 0},
        {"action": 4},
        {"side": 0},
        {"side": 3},
        {"order_type": 0},
        {"order_type": 5},
        {"order_type": STOP},
        {"order_type": STOP, "stop_price_raw": -1},
        {"order_type": STOP, "stop_price_raw": 10020, "tif": POST_ONLY},
        {"order_type": STOP_LIMIT},
        {"order_type": STOP_LIMIT, "stop_price_raw": 10020, "price": 0},
        {"flags": 4},
        {"tif": 0},
        {"tif": 5},
        {"order_type": MARKET, "tif": POST_ONLY},
        {"price": 0},
        {"price": -1},
        {"qty": 0},
        {"qty": -1},
        {"qty": -(2**63)},
        {"stop_price_raw": 1},
        {"order_id": 0},
        {"instrument": 1, "order_id": 1, "view_of": 0},
        {"instrument": 2},
        {"instrument": 2**32 - 1},
    ],
)
def test_malformed(core: Core, fields: dict[str, Any]) -> None:
    world = World(core)
    if fields.pop("view_of", None) is not None:
        view = core.view(world.instruments, BOOK)
        decision = world.risk.decide(core.request(qty_raw=1, price_raw=10000, **fields), view)
    else:
        decision = world.ask(**fields)
    assert (decision.allowed, decision.rule) == (0, rule(core, "MALFORMED"))
    assert world.ask().allowed


def test_ids_grow(core: Core) -> None:
    world = World(core)
    assert world.ask(order_id=7).allowed
    for known in (7, 6, 1):
        assert verdict(world.ask(order_id=known)) == (rule(core, "DUPLICATE_ID"), 7, known)
    assert world.ask(order_id=8).allowed


def test_a_replace_needs_an_order_that_is_open_here(core: Core) -> None:
    world = World(core)
    assert world.ask(action=REPLACE, orig_order_id=1).rule == rule(core, "UNKNOWN_ORDER")
    assert world.ask().allowed
    assert world.ask(action=REPLACE, orig_order_id=1, instrument=1).rule == rule(core, "UNKNOWN_ORDER")
    assert world.ask(action=REPLACE, orig_order_id=1).allowed
    world.told(1, CANCELED)
    assert world.ask(action=REPLACE, orig_order_id=1).rule == rule(core, "UNKNOWN_ORDER")


@pytest.mark.parametrize(
    ("view", "name"),
    [
        ({"view_flags": 0}, "HALTED"),
        ({"view_flags": SYNCED | HALTED}, "HALTED"),
        ({"view_flags": SYNCED | CROSSED}, "CROSSED"),
        ({"book": Book(bid=(10000, 1), ask=(10000, 1))}, "CROSSED"),
        ({"book": Book(bid=(10001, 1), ask=(10000, 1))}, "CROSSED"),
        ({"book": Book(ask=(10000, 1))}, "NO_TOUCH"),
        ({"book": Book(bid=(10000, 1))}, "NO_TOUCH"),
        ({"book": Book(bid=(10000, 0), ask=(10001, 1))}, "NO_TOUCH"),
        ({"book": Book(bid=(10000, 1), ask=(10001, 0))}, "NO_TOUCH"),
        ({"book": Book(bid=(-5, 1), ask=(10001, 1))}, "NO_TOUCH"),
    ],
)
def test_a_market_that_cannot_be_judged(core: Core, view: dict[str, Any], name: str) -> None:
    world = World(core)
    assert world.ask(**view).rule == rule(core, name)
    assert world.ask(book=Book(bid=(10000, 1), ask=(10001, 1))).allowed


def test_a_venue_that_takes_no_orders(core: Core) -> None:
    assert World(core, instrument={"trading": 0}).ask().rule == rule(core, "NOT_TRADING")


def test_stale(core: Core) -> None:
    world = World(core, stale_after_ns=SECOND)
    assert verdict(world.ask(touch_ns=NOW_NS - SECOND - 1)) == (rule(core, "STALE"), SECOND, SECOND + 1)
    assert world.ask(touch_ns=NOW_NS - SECOND).allowed
    assert world.ask(touch_ns=NOW_NS + 5).allowed
    assert world.ask(touch_ns=0).rule == rule(core, "STALE")
    assert World(core).ask(touch_ns=0).allowed  # off


def test_order_rate(core: Core) -> None:
    """Three a second: a burst of three, then one every third of a second, to the nanosecond."""
    world = World(core, orders_per_second=3)
    assert [world.ask(now_ns=NOW_NS).allowed for _ in range(4)] == [1, 1, 1, 0]
    assert verdict(world.ask(now_ns=NOW_NS)) == (rule(core, "ORDER_RATE"), 3, 4)
    third = SECOND // 3 + 1  # 333,333,334 ns: the first at which a whole token is back
    assert not world.ask(now_ns=NOW_NS + third - 1).allowed
    assert world.ask(now_ns=NOW_NS + third).allowed
    assert not world.ask(now_ns=NOW_NS + third).allowed
    assert not world.ask(now_ns=NOW_NS - 10 * SECOND).allowed  # a clock that steps back gives nothing
    assert [world.ask(now_ns=NOW_NS + 60 * SECOND).allowed for _ in range(4)] == [1, 1, 1, 0]  # no more than the burst


def test_the_highest_rate_does_not_overflow(core: Core) -> None:
    world = World(core, orders_per_second=2**32 - 1, order_capacity=8)
    assert world.ask(now_ns=2**63 - 1).allowed
    assert world.ask(now_ns=1).allowed


def test_cancels_are_never_blocked(core: Core) -> None:
    world = World(core, orders_per_second=1, open_orders_max=1)
    assert world.ask().allowed
    assert not world.ask().allowed
    for view in ({"view_flags": HALTED}, {"book": Book()}, {"touch_ns": 0}, {}):
        decision = world.ask(0, 0, action=CANCEL, orig_order_id=1, side=0, order_type=0, tif=0, **view)
        assert verdict(decision) == (0, 0, 0)
        assert decision.order_id == 1
    assert world.risk.state()["open_orders"] == 1


def test_quantity(core: Core) -> None:
    world = World(core, per_instrument={0: {"order_qty_max_raw": 1500}})
    assert verdict(world.ask(1501)) == (rule(core, "QTY_MAX"), 1500, 1501)
    assert world.ask(1500).allowed
    assert world.ask(1501, instrument=1).allowed


def test_notional(core: Core) -> None:
    world = World(core, order_notional_max_raw=100 * MONEY)
    assert verdict(world.ask(1000, 10001)) == (rule(core, "NOTIONAL_MAX"), 100 * MONEY, 10001 * MONEY // 100)
    assert world.ask(1000, 10000).allowed
    world.told(1, CANCELED)
    assert world.ask(1001, order_type=MARKET, side=SELL).rule == rule(core, "CASH")  # at the bid, 99.90: within
    assert world.ask(1002, order_type=MARKET, side=SELL).rule == rule(core, "NOTIONAL_MAX")


def test_a_market_buy_is_valued_at_the_worst_price_it_reaches(core: Core) -> None:
    world = World(core, order_notional_max_raw=1)
    for qty, price in ((300, 10010), (301, 10020), (700, 10020), (701, 10040), (5000, 10040)):
        assert world.ask(qty, 0, order_type=MARKET).value_raw == qty * price * MONEY // 10**5
    touch_alone = Book(bid=(9990, 5), ask=(10010, 5))
    assert world.ask(500, 0, order_type=MARKET, book=touch_alone).value_raw == 500 * 10010 * MONEY // 10**5


def test_open_orders(core: Core) -> None:
    world = World(core, open_orders_max=2)
    assert world.ask().allowed
    assert world.ask(instrument=1).allowed
    assert verdict(world.ask()) == (rule(core, "OPEN_ORDERS"), 2, 3)
    world.told(2, WORKING, instrument=1)
    assert not world.ask().allowed
    world.told(2, CANCELED, instrument=1)
    assert world.ask().allowed


def test_reservations_that_are_used_up_refuse(core: Core) -> None:
    world = World(core, order_capacity=2)
    assert [world.ask().allowed for _ in range(3)] == [1, 1, 0]
    assert verdict(world.ask()) == (rule(core, "OPEN_ORDERS"), 2, 3)
    world.told(1, REJECTED)
    assert world.ask().allowed


def test_position_in_the_worst_case(core: Core) -> None:
    world = World(core, base=10 * MONEY, per_instrument={0: {"position_max_raw": 3000}})
    world.buy(500)
    assert world.ask(1000).allowed  # 1.5 long at worst
    assert verdict(world.ask(1501)) == (rule(core, "POSITION_MAX"), 3000, 3001)
    assert world.ask(1500).allowed
    assert not world.ask(1).allowed
    assert verdict(world.ask(3501, 10010, side=SELL)) == (rule(core, "POSITION_MAX"), -3000, -3001)
    assert world.ask(3500, 10010, side=SELL).allowed
    assert not world.ask(1, 10010, side=SELL).allowed
    world.told(1, PARTIALLY_FILLED, last_qty_raw=400, last_price_raw=10000, cum_qty_raw=400)  # moves, frees nothing
    assert not world.ask(1).allowed
    world.told(1, CANCELED, cum_qty_raw=400)
    assert verdict(world.ask(601)) == (rule(core, "POSITION_MAX"), 3000, 3001)
    assert world.ask(600).allowed


def test_a_position_beyond_its_limit_can_be_reduced(core: Core) -> None:
    world = World(core, per_instrument={0: {"position_max_raw": 1000}}, exposure_max_raw=100 * MONEY)
    world.buy(5000)
    assert world.ask(1).rule == rule(core, "POSITION_MAX")
    assert world.ask(5000, side=SELL).allowed


def test_exposure_over_instruments(core: Core) -> None:
    """1 and 2 units at a mid of 100, limit 300: the last cent counts."""
    world = World(core, exposure_max_raw=300 * MONEY)
    assert world.ask(1000).allowed
    assert verdict(world.ask(2001, instrument=1)) == (rule(core, "EXPOSURE_MAX"), 300 * MONEY, 30010 * MONEY // 100)
    assert world.ask(2000, instrument=1).allowed
    assert world.risk.state()["exposure"] == 300 * MONEY
    assert not world.ask(1).allowed
    assert not world.ask(1, instrument=1).allowed
    world.risk.on_mark(1, 9999)
    assert world.risk.state()["exposure"] == 29998 * MONEY // 100
    world.told(2, REJECTED, 2000, instrument=1)
    assert world.risk.state()["exposure"] == 100 * MONEY
    assert world.ask(2000).allowed


def test_an_order_that_does_not_enlarge_the_worst_case_passes_a_broken_exposure(core: Core) -> None:
    world = World(core, exposure_max_raw=300 * MONEY)
    world.buy(3000)
    world.risk.on_mark(0, 20000)
    book = Book(bid=(19990, 500), ask=(20010, 300))
    assert world.ask(1, 20000, book=book).rule == rule(core, "EXPOSURE_MAX")
    assert world.ask(1, instrument=1).rule == rule(core, "EXPOSURE_MAX")
    assert world.ask(3000, 20000, side=SELL, book=book).allowed


def test_another_quote_currency_needs_a_rate_where_money_is_limited(core: Core) -> None:
    foreign = {"base_currency": 1, "quote_currency": 3}
    for limit, name in (("exposure_max_raw", "EXPOSURE_MAX"), ("order_notional_max_raw", "NOTIONAL_MAX")):
        world = World(core, instrument=foreign, **{limit: 250 * MONEY})
        world.account.deposit(3, 10**6 * MONEY)
        assert verdict(world.ask()) == (rule(core, name), 250 * MONEY, 2**63 - 1)
        world.risk.on_rate(3, 2, MONEY)  # into what we do not report in: no help
        assert not world.ask().allowed
        world.risk.on_rate(3, 0, 2 * MONEY + MONEY // 2)  # 100 of it are 250 of ours
        assert world.ask(1001).rule == rule(core, name)
        assert world.ask(1000).allowed
        world.risk.on_rate(3, 0, 0)  # not known any more
        assert not world.ask(1).allowed
    world = World(core, instrument=foreign)
    world.account.deposit(3, 10**6 * MONEY)
    assert world.ask().allowed  # no such limit is on


def test_cash_for_a_buy_includes_the_taker_fee(core: Core) -> None:
    world = World(core, cash=101 * MONEY, taker_fee=MONEY // 100)
    assert verdict(world.ask(1000, 10001)) == (rule(core, "CASH"), 101 * MONEY, 1010101 * MONEY // 10000)
    assert world.ask(1000, 10000).allowed
    assert verdict(world.ask(1, 1)) == (rule(core, "CASH"), 0, MONEY // 10**5 + MONEY // 10**7)
    world.told(1, CANCELED)
    assert world.account.balance(0) == (101 * MONEY, 0)
    assert world.ask(1000, 10000).allowed


def test_a_fill_keeps_the_rest_locked(core: Core) -> None:
    world = World(core, cash=101 * MONEY, taker_fee=MONEY // 100)
    assert world.ask(1000, 10000).allowed
    world.told(1, PARTIALLY_FILLED, last_qty_raw=400, last_price_raw=9000, cum_qty_raw=400, fee_raw=36 * MONEY // 100)
    assert world.account.balance(0) == (101 * MONEY - 3636 * MONEY // 100, 606 * MONEY // 10)  # 60 % of 101
    world.told(1, FILLED, last_qty_raw=600, last_price_raw=10000, cum_qty_raw=1000, fee_raw=60 * MONEY // 100)
    assert world.account.balance(0) == (404 * MONEY // 100, 0)
    assert world.account.balance(1) == (MONEY, 0)


def test_a_sell_needs_what_it_sells(core: Core) -> None:
    world = World(core, base=MONEY)
    assert verdict(world.ask(1001, side=SELL)) == (rule(core, "CASH"), MONEY, 1001 * MONEY // 1000)
    assert world.ask(600, side=SELL).allowed
    assert world.account.balance(1) == (MONEY, 6 * MONEY // 10)
    assert verdict(world.ask(401, side=SELL)) == (rule(core, "CASH"), 4 * MONEY // 10, 401 * MONEY // 1000)
    assert world.ask(400, side=SELL).allowed
    world.told(1, EXPIRED, 600, side=SELL)
    assert world.ask(600, side=SELL).allowed


def test_shorting_where_it_is_allowed(core: Core) -> None:
    world = World(core, allow_short=1)
    assert world.ask(5000, side=SELL).allowed
    assert world.account.balance(1) == (0, 0)
    world.told(1, FILLED, 5000, side=SELL, last_qty_raw=5000, last_price_raw=10000, cum_qty_raw=5000)
    assert world.account.balance(1) == (-5 * MONEY, 0)
    assert world.risk.state()["pending_sell"] == 0


def test_lots_are_kept_for_what_may_fill(core: Core) -> None:
    """FIFO with room for 130 lots: two orders of 64 each, and a third one only where it reduces."""
    world = World(core, base=10 * MONEY, account={"method": core.lib.B3_PNL_FIFO, "lots": 130})
    world.buy(1000)
    assert world.ask().allowed
    assert world.ask().allowed
    assert verdict(world.ask()) == (rule(core, "LOTS"), 128, 192)
    assert world.ask(1000, 10020, side=SELL).allowed
    world.told(1, CANCELED)
    world.told(2, CANCELED)
    assert world.ask().allowed


def test_filters_come_last_and_see_what_is_held(core: Core) -> None:
    world = World(
        core, instrument={"price_step_raw": 10, "max_num_orders": 2, "position_max_raw": 4000}, cash=1000 * MONEY
    )
    assert verdict(world.ask(price=10005)) == (rule(core, "PRICE_FILTER"), 10, 5)
    assert world.ask(50_000, 10005).rule == rule(core, "CASH")
    world.account.deposit(1, 2 * MONEY)
    assert world.ask(1000).allowed
    assert verdict(world.ask(1001)) == (rule(core, "MAX_POSITION"), 4000, 4001)
    assert world.ask(1000).allowed
    assert verdict(world.ask(10, 10010, side=SELL)) == (rule(core, "MAX_NUM_ORDERS"), 2, 3)


def test_the_reference_of_filters_is_the_mid(core: Core) -> None:
    world = World(core, instrument={"bid_multiplier_up_raw": 105 * MONEY // 100})
    assert verdict(world.ask(price=10501)) == (rule(core, "PERCENT_PRICE"), 10500, 10501)
    assert world.ask(price=10500).allowed


def test_numbers_that_do_not_fit_are_refused(core: Core) -> None:
    world = World(core, allow_short=1)
    huge = 2**63 - 1
    assert world.ask(huge, huge).rule == rule(core, "OVERFLOW")
    assert world.ask(huge, 1).rule == rule(core, "OVERFLOW")  # at 8 digits
    small = {"price_scale": 0, "qty_scale": 0}
    world = World(core, cash=huge, allow_short=1, instrument=small)
    book = Book(bid=(1, 5), ask=(2, 5))
    assert world.ask(huge // MONEY, 1, side=SELL, book=book).allowed
    world.buy(1000, 1)
    assert world.ask(huge, 1, side=SELL, book=book).rule == rule(core, "OVERFLOW")


def test_limits_that_are_off_do_not_refuse(core: Core) -> None:
    world = World(core, cash=10**9 * MONEY)
    assert all(world.ask(10**6, 10000).allowed for _ in range(60))


def test_nothing_is_given_back_twice(core: Core) -> None:
    world = World(core, exposure_max_raw=10**6 * MONEY)
    assert world.ask(1000).allowed
    assert world.ask(1000).allowed
    one_left = None
    for _ in range(3):
        world.risk.on_update(core.update(order_id=1, state=CANCELED, qty_raw=1000))
        now = (world.risk.state(), world.account.balance(0))
        assert one_left in (None, now)
        one_left = now
    assert world.risk.state()["pending_buy"] == 1000
    world.risk.on_update(core.update(order_id=1, state=FILLED, qty_raw=1000, cum_qty_raw=1000))
    world.risk.on_update(core.update(order_id=99, state=CANCELED, qty_raw=1000))
    world.risk.on_update(core.update(order_id=2, state=UNKNOWN, qty_raw=1000, flags=CANCEL_REJECT))
    world.risk.on_update(core.update(order_id=2, state=UNKNOWN, qty_raw=1000))  # not told: still held
    assert (world.risk.state(), world.account.balance(0)) == one_left


def test_an_older_update_gives_nothing_back(core: Core) -> None:
    world = World(core)
    assert world.ask(1000).allowed
    for cum in (600, 200, 600, -5):
        world.risk.on_update(core.update(order_id=1, state=PARTIALLY_FILLED, qty_raw=1000, cum_qty_raw=cum))
        assert world.risk.state()["pending_buy"] == 400
    world.risk.on_update(core.update(order_id=1, state=PARTIALLY_FILLED, qty_raw=1000, cum_qty_raw=2000))
    assert world.risk.state()["pending_buy"] == 0
    assert world.account.balance(0)[1] == 0


def test_both_legs_of_a_replace_are_held_until_the_venue_has_told(core: Core) -> None:
    world = World(core, per_instrument={0: {"position_max_raw": 2000}})
    assert world.ask(1000).allowed
    assert world.ask(1001, action=REPLACE, orig_order_id=1).rule == rule(core, "POSITION_MAX")
    assert world.ask(1000, action=REPLACE, orig_order_id=1).allowed
    assert world.risk.state()["pending_buy"] == 2000
    world.told(1, CANCELED)
    assert world.risk.state()["pending_buy"] == 1000


def test_the_first_rule_that_refuses_is_the_answer(core: Core) -> None:
    """One order that breaks everything at once; the rules are lifted one by one, in the header's order."""
    limits = {"stale_after_ns": SECOND, "orders_per_second": 1, "order_notional_max_raw": 1, "open_orders_max": 1}
    world = World(
        core,
        cash=50 * MONEY,
        exposure_max_raw=51 * MONEY,
        per_instrument={0: {"order_qty_max_raw": 900, "position_max_raw": 1}, 1: {}},
        instrument={"price_step_raw": 3, "trading": 0},
        **limits,
    )
    bad = {"book": Book(), "view_flags": 0, "touch_ns": 0}
    seen = [world.ask(tif=9, **bad).rule, world.ask(**bad).rule]
    bad["view_flags"] = SYNCED
    seen.append(world.ask(**bad).rule)
    world.instruments[0].trading = 1
    seen.append(world.ask(**bad).rule)
    bad["book"] = Book(bid=(10000, 1), ask=(10000, 1))
    seen.append(world.ask(**bad).rule)
    del bad["touch_ns"]
    seen.append(world.ask(**bad).rule)
    seen.append(world.ask().rule)
    seen.append(world.ask(800).rule)
    names = ("MALFORMED", "HALTED", "NOT_TRADING", "NO_TOUCH", "STALE", "CROSSED", "QTY_MAX", "NOTIONAL_MAX")
    assert seen == [rule(core, name) for name in names]

    world = World(
        core,
        cash=10**6 * MONEY,
        open_orders_max=1,
        exposure_max_raw=51 * MONEY,
        orders_per_second=1,
        per_instrument={0: {"position_max_raw": 600}},
        instrument={"price_step_raw": 3},
    )
    assert world.ask(500, 9999).allowed
    assert world.ask(500, order_id=1).rule == rule(core, "DUPLICATE_ID")
    assert world.ask(500).rule == rule(core, "ORDER_RATE")
    later = {"now_ns": NOW_NS + 10 * SECOND}
    assert world.ask(500, **later).rule == rule(core, "OPEN_ORDERS")
    world.told(1, FILLED, 500, last_qty_raw=500, last_price_raw=9999, cum_qty_raw=500)
    assert world.ask(500, **later).rule == rule(core, "POSITION_MAX")
    assert world.ask(50, **later).rule == rule(core, "EXPOSURE_MAX")
    assert world.ask(501, side=SELL, **later).rule == rule(core, "CASH")
    assert world.ask(500, side=SELL, **later).rule == rule(core, "PRICE_FILTER")
    assert world.ask(500, 9999, side=SELL, order_type=LIMIT, **later).allowed


@pytest.mark.parametrize("settings", [{"order_capacity": 0}, {"reporting": 4}])
def test_an_impossible_setting_is_refused(core: Core, settings: dict[str, int]) -> None:
    assert World(core, **settings).risk.handle == core.ffi.NULL


# ---------------------------------------------------------------- price collar, lateness, positions, net exposure


def test_a_price_is_at_most_so_far_through_the_touch(core: Core) -> None:
    """0.1 % of 100.10 is 0.1001, of 99.90 0.0999: the last cent that is allowed is told."""
    world = World(core, base=100 * MONEY, price_collar_rate_raw=MONEY // 1000)
    collar = rule(core, "PRICE_COLLAR")
    assert verdict(world.ask(price=10021)) == (collar, 10020, 10021)
    assert world.ask(price=10020).allowed
    world.told(1, CANCELED)
    assert verdict(world.ask(price=9980, side=SELL)) == (collar, 9981, 9980)
    assert world.ask(price=9981, side=SELL).allowed
    assert world.ask(price=1, order_type=LIMIT).allowed  # away from the touch: as far as one likes
    assert world.ask(price=10**6, side=SELL).allowed
    assert World(core).ask(price=99999).allowed  # off


def test_a_market_order_is_judged_at_the_worst_displayed_price_it_reaches(core: Core) -> None:
    bids = ((9990, 500), (9985, 500), (9970, 500))
    book = Book(bid=(9990, 500), ask=(10010, 300), bids=bids, asks=BOOK.asks)
    world = World(core, base=100 * MONEY, price_collar_rate_raw=MONEY // 1000)
    collar = rule(core, "PRICE_COLLAR")
    assert verdict(world.ask(701, 0, order_type=MARKET, book=book)) == (collar, 10020, 10040)
    assert world.ask(700, 0, order_type=MARKET, book=book).allowed
    world.told(1, CANCELED, 700)
    assert verdict(world.ask(1001, 0, order_type=MARKET, side=SELL, book=book)) == (collar, 9981, 9970)
    assert world.ask(1000, 0, order_type=MARKET, side=SELL, book=book).allowed


def test_the_collar_of_the_largest_prices_does_not_overflow(core: Core) -> None:
    huge = 2**63 - 1
    book = Book(bid=(huge - 2, 1), ask=(huge - 1, 1))
    fine = {"price_scale": 8, "qty_scale": 8}
    world = World(core, cash=huge, allow_short=1, price_collar_rate_raw=MONEY // 2, instrument=fine)
    assert world.ask(1, huge, book=book).rule != rule(core, "PRICE_COLLAR")
    refused = world.ask(1, huge // 2 - 1, side=SELL, book=book)
    assert verdict(refused) == (rule(core, "PRICE_COLLAR"), huge // 2, huge // 2 - 1)


def test_a_feed_that_is_late(core: Core) -> None:
    world = World(core, late_after_ns=SECOND)
    assert verdict(world.ask(late_ns=SECOND + 1)) == (rule(core, "FEED_LATE"), SECOND, SECOND + 1)
    assert world.ask(late_ns=SECOND).allowed
    assert world.ask(late_ns=0).allowed  # not known: the feed carries no exchange time
    assert World(core).ask(late_ns=2**62).allowed  # off


def test_positions_that_are_open_or_may_be(core: Core) -> None:
    world = World(core, open_positions_max=1, allow_short=1)
    assert world.ask(1000).allowed
    assert verdict(world.ask(1000, instrument=1)) == (rule(core, "OPEN_POSITIONS"), 1, 2)
    assert world.ask(1000).allowed  # the same instrument
    world.told(1, FILLED, last_qty_raw=1000, last_price_raw=10000, cum_qty_raw=1000)
    world.told(2, CANCELED)
    assert not world.ask(1000, side=SELL, instrument=1).allowed  # held
    assert world.ask(1000, side=SELL, price=10010).allowed
    world.told(3, FILLED, side=SELL, last_qty_raw=1000, last_price_raw=10010, cum_qty_raw=1000)
    assert world.risk.state()["open_positions"] == 0
    assert world.ask(1000, side=SELL, instrument=1, price=10010).allowed  # a short counts as well
    assert verdict(world.ask(1000)) == (rule(core, "OPEN_POSITIONS"), 1, 2)


def test_dust_is_no_open_position(core: Core) -> None:
    world = World(core, open_positions_max=1, instrument={"lot_min_raw": 10})
    world.buy(9)
    assert world.risk.state()["open_positions"] == 0
    assert world.ask(1000, instrument=1).allowed
    assert verdict(world.ask(10)) == (rule(core, "OPEN_POSITIONS"), 1, 2)


def test_net_exposure_in_both_directions(core: Core) -> None:
    """1 unit long of one instrument lets another be 3 short; each direction is judged as if only its orders filled."""
    world = World(core, net_exposure_max_raw=200 * MONEY, allow_short=1)
    net = rule(core, "NET_EXPOSURE_MAX")
    for instrument in range(2):
        world.risk.on_mark(instrument, 10000)
    world.buy(1000)
    assert verdict(world.ask(1001)) == (net, 200 * MONEY, 20010 * MONEY // 100)
    assert verdict(world.ask(3001, instrument=1, side=SELL)) == (net, -200 * MONEY, -20010 * MONEY // 100)
    assert world.ask(3000, instrument=1, side=SELL, price=10010).allowed
    assert world.ask(1000).allowed  # the short that is pending does not make room: it may not fill
    assert verdict(world.ask(1, instrument=1)) == (net, 200 * MONEY, 20010 * MONEY // 100)
    assert world.risk.state()["net_long"] == 200 * MONEY
    assert world.risk.state()["net_short"] == -200 * MONEY
    filled = {"side": SELL, "last_qty_raw": 3000, "last_price_raw": 10010, "cum_qty_raw": 3000, "instrument": 1}
    world.told(1, FILLED, 3000, **filled)
    assert world.ask(3000, price=10001).allowed  # held short now: room for 3 more
    assert verdict(world.ask(1)) == (net, 200 * MONEY, 20010 * MONEY // 100)


def test_what_cannot_be_valued_hurts_and_never_helps(core: Core) -> None:
    """Quoted in a currency without a rate: no buy of it, and being short of it makes no room elsewhere."""
    world = World(
        core,
        net_exposure_max_raw=200 * MONEY,
        allow_short=1,
        instrument={"base_currency": 1, "quote_currency": 3},
    )
    world.account.deposit(3, 10**6 * MONEY)
    assert verdict(world.ask()) == (rule(core, "NET_EXPOSURE_MAX"), 200 * MONEY, 2**63 - 1)
    assert verdict(world.ask(side=SELL)) == (rule(core, "NET_EXPOSURE_MAX"), -200 * MONEY, -(2**63 - 1))
    update = core.update(state=FILLED, side=SELL, last_qty_raw=5000, last_price_raw=10000)
    assert world.account.on_update(update) == 0
    world.risk.on_update(update)
    assert world.ask(2001, instrument=1).rule == rule(core, "NET_EXPOSURE_MAX")
    world.risk.on_mark(0, 10000)
    world.risk.on_rate(3, 0, MONEY)  # 500 short of it
    assert world.ask(7000, instrument=1, price=10010).allowed


# ---------------------------------------------------------------- own orders


def test_an_order_does_not_trade_with_one_of_ours(core: Core) -> None:
    world = World(core, base=100 * MONEY)
    crosses = rule(core, "SELF_CROSS")
    assert world.ask(price=9990).allowed
    assert world.ask(price=9995).allowed
    assert world.ask(price=9991).allowed
    assert verdict(world.ask(price=9995, side=SELL, strategy=2)) == (crosses, 9995, 9995)
    assert world.ask(price=9996, side=SELL).allowed
    assert verdict(world.ask(price=9996)) == (crosses, 9996, 9996)
    assert verdict(world.ask(100, 0, order_type=MARKET)) == (crosses, 9996, 10010)
    assert world.ask(price=9995, side=SELL, instrument=1).rule == rule(core, "CASH")  # another instrument: not met
    world.told(2, UNKNOWN)
    world.told(2, UNKNOWN, flags=CANCEL_REJECT)
    assert verdict(world.ask(price=9992, side=SELL)) == (crosses, 9995, 9992)  # while it is not known to be gone
    world.told(2, CANCELED)
    assert world.ask(price=9992, side=SELL).allowed
    assert verdict(world.ask(price=9991, side=SELL)) == (crosses, 9991, 9991)
    assert (world.risk.state()["best_buy"], world.risk.state()["best_sell"]) == (9991, 9992)


def test_a_market_order_crosses_within_its_reach(core: Core) -> None:
    bids = ((9990, 500), (9980, 500), (9970, 500))
    book = Book(bid=(9990, 500), ask=(10010, 300), bids=bids)
    world = World(core, base=100 * MONEY)
    assert world.ask(price=9980).allowed
    assert world.ask(500, 0, side=SELL, order_type=MARKET, book=book).allowed
    world.told(2, CANCELED, 500, side=SELL)
    refused = world.ask(501, 0, side=SELL, order_type=MARKET, book=book)
    assert verdict(refused) == (rule(core, "SELF_CROSS"), 9980, 9980)


def test_a_stop_counts_from_when_it_is_triggered(core: Core) -> None:
    world = World(core, base=100 * MONEY)
    stop = {"side": SELL, "order_type": STOP_LIMIT, "stop_price_raw": 9900}
    assert world.ask(price=9990).allowed
    assert world.ask(price=9890, **stop).allowed  # our bid above it will be gone by then
    assert world.ask(price=9895).allowed
    world.told(2, WORKING, side=SELL)
    assert world.risk.state()["best_sell"] == 0
    world.told(2, WORKING, side=SELL, flags=TRIGGERED)
    assert world.risk.state()["best_sell"] == 9890
    assert verdict(world.ask(price=9890)) == (rule(core, "SELF_CROSS"), 9890, 9890)
    world.told(2, FILLED, side=SELL, last_qty_raw=1000, last_price_raw=9890, cum_qty_raw=1000)
    assert world.risk.state()["best_sell"] == 0


def test_the_best_of_many_orders(core: Core) -> None:
    """Prices in an awkward order, then away one by one, best first and worst first."""
    prices = [9900 + (i * 37) % 61 for i in range(50)]
    for worst_first in (False, True):
        world = World(core, order_capacity=64)
        for price in prices:
            assert world.ask(1, price).allowed
        left = sorted(((price, i + 1) for i, price in enumerate(prices)), reverse=not worst_first)
        while left:
            assert world.risk.state()["best_buy"] == max(left)[0]
            world.told(left.pop(0)[1], CANCELED, 1)
        assert world.risk.state()["best_buy"] == 0


# ---------------------------------------------------------------- stops


def test_stops_are_valued_and_must_not_be_reached_yet(core: Core) -> None:
    world = World(core, base=100 * MONEY, price_collar_rate_raw=MONEY // 100, order_notional_max_raw=1)
    collar = rule(core, "PRICE_COLLAR")
    buy, sell = {"order_type": STOP, "price": 0}, {"order_type": STOP, "price": 0, "side": SELL}
    assert verdict(world.ask(**buy, stop_price_raw=10010)) == (collar, 10010, 10010)
    assert verdict(world.ask(**sell, stop_price_raw=9990)) == (collar, 9990, 9990)
    assert world.ask(**buy, stop_price_raw=10011).value_raw == 10011 * MONEY // 100
    assert world.ask(**sell, stop_price_raw=5000).value_raw == 5000 * MONEY // 100
    limited = {"order_type": STOP_LIMIT, "stop_price_raw": 12000}
    assert verdict(world.ask(price=12121, **limited)) == (collar, 12120, 12121)
    assert world.ask(price=12120, **limited).value_raw == 12120 * MONEY // 100  # within 1 % of where it starts
    limited = {"order_type": STOP_LIMIT, "stop_price_raw": 9000, "side": SELL}
    assert verdict(world.ask(price=8909, **limited)) == (collar, 8910, 8909)


def test_a_stop_buy_locks_what_it_costs_at_its_stop_price(core: Core) -> None:
    world = World(core, taker_fee=MONEY // 100)
    assert world.ask(1000, 0, order_type=STOP, stop_price_raw=11000).allowed
    assert world.account.balance(0)[1] == 1111 * MONEY // 10
    assert world.ask(1000, 12000, order_type=STOP_LIMIT, stop_price_raw=11000).allowed
    assert world.account.balance(0)[1] == 2323 * MONEY // 10


def test_the_venue_filters_a_stop_price_like_a_price(core: Core) -> None:
    world = World(core, instrument={"price_step_raw": 10, "notional_min_raw": 105 * MONEY, "notional_min_on_market": 1})
    assert verdict(world.ask(1000, 0, order_type=STOP, stop_price_raw=10015)) == (rule(core, "PRICE_FILTER"), 10, 5)
    refused = world.ask(1000, 0, order_type=STOP, stop_price_raw=10490)
    assert verdict(refused) == (rule(core, "MIN_NOTIONAL"), 105 * MONEY, 1049 * MONEY // 10)
    assert world.ask(1000, 0, order_type=STOP, stop_price_raw=10500).allowed


# ---------------------------------------------------------------- standing, reductions, exits


def test_reduce_only_never_flips(core: Core) -> None:
    world = World(core, base=10 * MONEY, allow_short=1)
    reduce = rule(core, "REDUCE_ONLY")
    assert verdict(world.ask(1, flags=REDUCE_ONLY)) == (reduce, 0, 1)
    assert verdict(world.ask(1, side=SELL, flags=REDUCE_ONLY)) == (reduce, 0, 1)
    world.buy(1000)
    assert verdict(world.ask(1, flags=REDUCE_ONLY)) == (reduce, 0, 1)
    assert world.ask(400, side=SELL, price=10020).allowed
    assert verdict(world.ask(601, side=SELL, flags=REDUCE_ONLY)) == (reduce, 600, 601)
    assert world.ask(600, side=SELL, flags=REDUCE_ONLY).allowed
    world.told(1, CANCELED, 400, side=SELL)
    world.told(2, CANCELED, 600, side=SELL)
    world.told(3, CANCELED)  # unknown here: nothing
    filled = {"side": SELL, "last_qty_raw": 3000, "last_price_raw": 10000, "cum_qty_raw": 3000}
    assert world.ask(3000, side=SELL).allowed
    world.told(3, FILLED, 3000, **filled)  # 2.0 short
    assert verdict(world.ask(2001, price=9990, flags=REDUCE_ONLY)) == (reduce, 2000, 2001)
    assert world.ask(2000, price=9990, flags=REDUCE_ONLY).allowed


@pytest.mark.parametrize("name", ["DAILY_LOSS", "DRAWDOWN", "BREAKER"])
def test_a_bad_standing_lets_only_reductions_through(core: Core, name: str) -> None:
    world = World(core, base=10 * MONEY)
    world.buy(1000)
    world.risk.standing.rule = rule(core, name)
    world.risk.standing.limit_raw, world.risk.standing.value_raw = 77, 78
    assert verdict(world.ask(1)) == (rule(core, name), 77, 78)
    assert verdict(world.ask(1001, side=SELL)) == (rule(core, name), 77, 78)
    assert world.ask(1000, side=SELL).allowed
    assert verdict(world.ask(1, side=SELL)) == (rule(core, name), 77, 78)
    assert world.ask(0, 0, action=CANCEL, orig_order_id=1).allowed
    world.risk.standing.rule = 0
    assert world.ask(1, price=9990).allowed


def test_the_kill_switch_lets_cancels_and_exits_through(core: Core) -> None:
    world = World(core, base=10 * MONEY)
    world.buy(1000)
    world.risk.standing.rule = rule(core, "KILLED")
    world.risk.standing.limit_raw = 5
    assert verdict(world.ask(100, side=SELL, flags=REDUCE_ONLY)) == (rule(core, "KILLED"), 5, 0)
    assert world.ask(0, 0, action=CANCEL, orig_order_id=1).allowed
    assert world.ask(100, 0, side=SELL, order_type=MARKET, flags=EXIT).allowed


def test_an_instrument_that_is_being_left_takes_nothing_else(core: Core) -> None:
    world = World(core, base=10 * MONEY)
    world.buy(1000)
    world.risk.exiting[0] = 1
    assert verdict(world.ask(100, side=SELL)) == (rule(core, "EXIT"), 0, 0)
    assert world.ask(100, instrument=1).allowed
    assert world.ask(1000, 0, side=SELL, order_type=MARKET, flags=EXIT).allowed
    assert verdict(world.ask(1, 0, side=SELL, order_type=MARKET, flags=EXIT)) == (rule(core, "REDUCE_ONLY"), 0, 1)


def test_an_exit_meets_only_what_keeps_it_from_doing_harm(core: Core) -> None:
    """Every limit broken at once: it goes out all the same, and what it leaves behind is charged."""
    limits = {"orders_per_second": 1, "open_orders_max": 1, "stale_after_ns": 1, "late_after_ns": 1}
    limits |= {"order_notional_max_raw": 1, "price_collar_rate_raw": 1, "exposure_max_raw": 1}
    world = World(
        core, base=10 * MONEY, order_capacity=1, per_instrument={0: {"order_qty_max_raw": 1}}, **limits, cash=0
    )
    world.buy(1000)
    assert not world.ask(1).allowed
    broken = {"view_flags": HALTED, "late_ns": 99, "touch_ns": 1}
    out = {"side": SELL, "order_type": MARKET, "price": 0, "flags": EXIT, **broken}
    assert verdict(world.ask(1001, **out)) == (rule(core, "REDUCE_ONLY"), 1000, 1001)
    assert world.ask(0, **out).rule == rule(core, "MALFORMED")
    assert world.ask(1, **out, order_id=0).rule == rule(core, "MALFORMED")
    assert world.ask(1, **out, book=Book()).allowed  # even where nothing is displayed
    assert world.ask(999, **out).allowed
    assert verdict(world.ask(1, **out)) == (rule(core, "REDUCE_ONLY"), 0, 1)
    assert world.risk.state()["pending_sell"] == 1000
    assert world.account.balance(1)[1] == MONEY
    for order_id, qty in ((1, 1), (2, 999)):
        world.told(order_id, CANCELED, qty, side=SELL)
    assert world.account.balance(1)[1] == 0


def test_exits_have_slots_of_their_own_one_an_instrument(core: Core) -> None:
    world = World(core, base=10 * MONEY, order_capacity=1)
    world.buy(1000)
    out = {"side": SELL, "order_type": MARKET, "price": 0, "flags": EXIT}
    assert world.ask(1).allowed
    assert verdict(world.ask(1)) == (rule(core, "OPEN_ORDERS"), 1, 2)
    assert [world.ask(1, **out).allowed for _ in range(2)] == [1, 1]  # two instruments
    assert verdict(world.ask(1, **out)) == (rule(core, "OPEN_ORDERS"), 3, 4)
    assert not world.ask(1).allowed


def test_a_short_is_left_without_the_cash_for_it(core: Core) -> None:
    world = World(core, cash=0, allow_short=1)
    assert world.ask(1000, side=SELL).allowed
    world.told(1, FILLED, side=SELL, last_qty_raw=1000, last_price_raw=10000, cum_qty_raw=1000)
    world.account.deposit(0, -100 * MONEY)
    assert world.ask(1000, 0, order_type=MARKET).rule == rule(core, "CASH")
    assert world.ask(1000, 0, order_type=MARKET, flags=EXIT).allowed
    assert world.account.balance(0) == (0, 10040 * MONEY // 100)
    world.told(2, CANCELED)
    assert world.account.balance(0) == (0, 0)
