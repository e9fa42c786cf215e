"""What the guard stands at: precedence, days, cool-down, latch; how much an exit may take; which orders are open."""

from typing import Any

import pytest
from trading_kit import BUY, CANCEL, FILLED, NEW, PENDING_CANCEL, SELL, Core, Orders, rule_name

DAY_NS = 86_400 * 10**9
DAY = 20_000
NOON_NS = DAY * DAY_NS + DAY_NS // 2


class Guard:
    def __init__(self, core: Core, config: dict[str, int], limits: dict[str, int], saved: dict[str, int]) -> None:
        self.core = core
        parts = (("b3_guard_config", config), ("b3_limits", limits), ("b3_guard_saved", saved))
        memory = core.memory(core.lib.b3_guard_size(2))
        self.handle = core.lib.b3_guard_init(memory, *(core.struct(name, **fields) for name, fields in parts), 2)

    @property
    def rule(self) -> str:
        return rule_name(self.core, self.handle.standing.rule)

    def __getattr__(self, name: str) -> Any:
        call = getattr(self.core.lib, f"b3_guard_{name}")
        return lambda *arguments: call(self.handle, *arguments)


@pytest.fixture
def core(internals: tuple[Any, Any]) -> Core:
    return Core(*internals)


def guard(
    core: Core, *, saved: dict[str, int] | None = None, limits: dict[str, int] | None = None, **config: int
) -> Guard:
    return Guard(core, config, limits or {}, saved or {})


def test_the_strictest_rule_stands(core: Core) -> None:
    made = guard(core, limits={"daily_loss_max_raw": 10, "drawdown_max_rate_raw": 10**7}, cool_down_ns=100)
    assert made.on_exchange_time(NOON_NS, NOON_NS) == 1
    made.on_equity(1, 1000)
    made.start_day()
    assert made.rule == "NONE"
    made.on_equity(1, 900)
    assert made.rule == "DAILY_LOSS"
    assert (made.handle.standing.limit_raw, made.handle.standing.value_raw) == (10, 100)
    assert made.open(core.lib.B3_RULE_PRICE_JUMP, 1000) == 1
    assert made.rule == "BREAKER"
    made.kill()
    assert made.rule == "KILLED"
    made.on_equity(1, 2000)
    assert made.rule == "KILLED"
    made.reset()
    assert made.rule == "NONE"


def test_a_loss_that_is_made_good_lets_orders_through_again(core: Core) -> None:
    made = guard(core, limits={"daily_loss_max_raw": 10})
    made.on_exchange_time(NOON_NS, NOON_NS)
    for equity, rule in ((1000, "NONE"), (991, "NONE"), (990, "DAILY_LOSS"), (991, "NONE")):
        made.on_equity(1, equity)
        assert made.rule == rule


def test_a_day_begins_with_its_own_equity(core: Core) -> None:
    made = guard(core, limits={"daily_loss_max_raw": 10})
    made.on_exchange_time(NOON_NS, NOON_NS)
    made.on_equity(1, 1000)
    made.on_equity(1, 985)
    assert made.rule == "DAILY_LOSS"
    assert made.on_exchange_time((DAY + 1) * DAY_NS - 1, NOON_NS) == 0
    assert made.on_exchange_time((DAY + 1) * DAY_NS, NOON_NS) == 1
    made.start_day()
    assert made.rule == "NONE"
    assert (made.handle.saved.day, made.handle.saved.day_start_equity_raw) == (DAY + 1, 985)
    assert made.on_exchange_time(NOON_NS, NOON_NS) == 0, "it does not go back"


def test_a_time_far_ahead_of_the_receive_time_is_not_believed(core: Core) -> None:
    made = guard(core)
    assert made.on_exchange_time(NOON_NS + 10 * DAY_NS, NOON_NS) == 0
    assert made.on_exchange_time(0, NOON_NS) == 0
    assert made.on_exchange_time(NOON_NS, NOON_NS) == 1


def test_the_drawdown_is_from_the_highest_equity_ever_looked_at(core: Core) -> None:
    made = guard(core, limits={"drawdown_max_rate_raw": 10**7}, saved={"peak_equity_raw": 2000})
    made.on_equity(1, 1801)
    assert made.rule == "NONE"
    made.on_equity(1, 1800)
    assert made.rule == "DRAWDOWN"
    assert (made.handle.standing.limit_raw, made.handle.standing.value_raw) == (10**7, 10**7)


@pytest.mark.parametrize(
    ("limit", "rule"), [("daily_loss_max_raw", "DAILY_LOSS"), ("drawdown_max_rate_raw", "DRAWDOWN")]
)
def test_what_cannot_be_judged_is_refused(core: Core, limit: str, rule: str) -> None:
    made = guard(core, limits={limit: 10**6})
    assert made.rule == rule
    made.on_equity(1, 1000)
    assert made.rule == "NONE"
    made.on_equity(0, 0)
    assert made.rule == rule and made.handle.standing.value_raw == 2**63 - 1


def test_the_breaker_closes_after_its_cool_down_by_receive_time(core: Core) -> None:
    made = guard(core, cool_down_ns=100)
    assert made.handle.timed == 0
    assert made.open(core.lib.B3_RULE_LATENCY, 1000) == 1
    assert made.open(core.lib.B3_RULE_LOSS, 1001) == 0, "it is open already"
    assert (made.handle.saved.breaker_until_ns, made.handle.saved.breaker_cause) == (1100, core.lib.B3_RULE_LATENCY)
    assert made.handle.timed == 1
    assert made.on_time(1099) == 0
    assert made.on_time(1100) == 1
    assert (made.rule, made.handle.saved.breaker_until_ns, made.handle.timed) == ("NONE", 0, 0)


def test_without_cool_down_a_person_closes_it(core: Core) -> None:
    made = guard(core)
    made.open(core.lib.B3_RULE_LATENCY, 1000)
    assert made.on_time(2**62) == 0
    made.reset()
    assert made.rule == "NONE"


def test_it_starts_as_the_one_before_ended(core: Core) -> None:
    made = guard(core, saved={"killed": 1})
    assert made.rule == "KILLED"
    made = guard(core, saved={"breaker_until_ns": 5000, "breaker_cause": core.lib.B3_RULE_LOSS})
    assert (made.rule, made.on_time(5000), made.rule) == ("BREAKER", 1, "NONE")
    made = guard(core, saved={"day": DAY, "day_start_equity_raw": 1000}, limits={"daily_loss_max_raw": 10})
    assert made.on_exchange_time(NOON_NS, NOON_NS) == 0, "it is the same day"
    made.on_equity(1, 990)
    assert made.rule == "DAILY_LOSS"


TOUCH = {"bid_price_raw": 100, "bid_qty_raw": 1, "ask_price_raw": 102, "ask_qty_raw": 1}


@pytest.mark.parametrize(
    ("facts", "own", "held", "size"),
    [
        ({}, {}, 7, 7),
        ({"lot_step_raw": 5, "lot_min_raw": 5}, {}, 17, 15),
        ({"lot_step_raw": 5, "lot_min_raw": 5}, {}, 4, 0),
        ({"lot_step_raw": 2, "market_lot_step_raw": 6}, {}, 17, 12),
        ({"lot_min_raw": 10}, {}, 9, 0),
        ({"lot_max_raw": 10}, {}, 25, 10),
        ({"market_lot_max_raw": 6}, {}, 25, 6),
        ({}, {"order_qty_max_raw": 3}, 25, 3),
        ({"notional_min_raw": 506, "notional_min_on_market": 1}, {}, 5, 0),
        ({"notional_min_raw": 505, "notional_min_on_market": 1}, {}, 5, 5),
        ({"notional_min_raw": 506}, {}, 5, 5),
    ],
)
def test_an_exit_takes_whole_lots_and_leaves_dust(
    core: Core, facts: dict[str, int], own: dict[str, int], held: int, size: int
) -> None:
    (instrument,) = core.instruments({"price_scale": 0, "qty_scale": 8, **facts})
    limits, touch = core.struct("b3_instrument_limits", **own), core.struct("b3_touch", **TOUCH)
    assert core.lib.b3_exit_size(core.ffi.addressof(instrument), limits, touch, SELL, held) == size


def open_ids(orders: Orders, instrument: int = 0) -> list[int]:
    at = orders.core.ffi.new("uint32_t *")
    found = []
    while (order := orders.core.lib.b3_orders_next(orders.handle, instrument, at)) != orders.core.ffi.NULL:
        found.append(order.request.order_id)
    return found


def test_the_open_orders_of_an_instrument_one_by_one(core: Core) -> None:
    orders = Orders(core, capacity=8, instruments=2)
    assert open_ids(orders) == []
    for order_id, instrument in ((1, 0), (2, 1), (3, 0), (4, 0)):
        request = core.request(order_id=order_id, instrument=instrument, side=BUY, qty_raw=5, price_raw=10, action=NEW)
        assert orders.on_request(request) == 0
    assert (open_ids(orders), open_ids(orders, 1)) == ([1, 3, 4], [2])
    assert orders.on_request(core.request(action=CANCEL, orig_order_id=3)) == 0
    found = orders.find(3)
    assert found is not None and found.state == PENDING_CANCEL
    fill = core.update(order_id=1, qty_raw=5, state=FILLED, last_qty_raw=5, cum_qty_raw=5, last_price_raw=10)
    assert orders.on_update(fill) == 0
    assert open_ids(orders) == [3, 4]
