"""The order state machine: its legal paths, the illegal refused without a trace, random sequences against a model."""

from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from trading_kit import (
    CANCEL,
    CANCEL_REJECT,
    CANCELED,
    EXPIRED,
    FILLED,
    NEW,
    PARTIALLY_FILLED,
    PENDING_CANCEL,
    PENDING_NEW,
    REJECTED,
    REPLACE,
    SELL,
    STOP,
    STOP_LIMIT,
    TRIGGERED,
    UNKNOWN,
    WORKING,
    Core,
    Orders,
)


@pytest.fixture
def core(internals: tuple[Any, Any]) -> Core:
    return Core(*internals)


@pytest.fixture
def orders(core: Core) -> Orders:
    return Orders(core, capacity=4)


def new(orders: Orders, order_id: int, qty: int = 10, **fields: Any) -> int:
    return orders.on_request(orders.core.request(order_id=order_id, qty_raw=qty, price_raw=100, **fields))


def cancel(orders: Orders, order_id: int, **fields: Any) -> int:
    return orders.on_request(orders.core.request(action=CANCEL, orig_order_id=order_id, **fields))


def told(orders: Orders, order_id: int, state: int, last: int = 0, cum: int = 0, **fields: Any) -> int:
    update = {"order_id": order_id, "state": state, "qty_raw": 10, "last_qty_raw": last, "cum_qty_raw": cum, **fields}
    return orders.on_update(orders.core.update(**update))


def state(orders: Orders, order_id: int) -> int | None:
    found = orders.find(order_id)
    return None if found is None else found.state


def test_the_usual_life(orders: Orders) -> None:
    assert new(orders, 1) == 0
    assert state(orders, 1) == PENDING_NEW
    assert told(orders, 1, WORKING, venue_order_id=77) == 0
    assert state(orders, 1) == WORKING
    assert told(orders, 1, PARTIALLY_FILLED, 4, 4) == 0
    assert (state(orders, 1), orders.find(1).cum_qty_raw, orders.find(1).venue_order_id) == (PARTIALLY_FILLED, 4, 77)
    assert orders.open(0) == orders.open(0, 1) == 1
    assert told(orders, 1, FILLED, 6, 10) == 0
    assert orders.find(1) is None
    assert orders.open(0) == 0
    assert orders.stats() == {
        "open": 0,
        "sent": 1,
        "filled": 1,
        "canceled": 0,
        "rejected": 0,
        "expired": 0,
        "fills": 2,
        "cancels_sent": 0,
    }


def test_fills_may_come_before_the_ack(orders: Orders) -> None:
    new(orders, 1)
    assert told(orders, 1, PARTIALLY_FILLED, 4, 4) == 0
    assert told(orders, 1, WORKING, cum=4) == 0
    assert state(orders, 1) == PARTIALLY_FILLED
    assert told(orders, 1, REJECTED, cum=4) == orders.core.lib.B3_ERR_STATE


def test_a_cancel_that_is_refused_leaves_the_order_as_it_was(orders: Orders) -> None:
    new(orders, 1)
    told(orders, 1, WORKING)
    assert cancel(orders, 1) == 0
    assert state(orders, 1) == PENDING_CANCEL
    assert told(orders, 1, PARTIALLY_FILLED, 3, 3) == 0  # a fill that crossed the cancel counts
    assert state(orders, 1) == PENDING_CANCEL
    assert told(orders, 1, UNKNOWN, flags=CANCEL_REJECT) == 0
    assert state(orders, 1) == PARTIALLY_FILLED
    assert cancel(orders, 1) == 0
    assert told(orders, 1, CANCELED, cum=3) == 0
    assert orders.find(1) is None
    assert told(orders, 1, UNKNOWN, flags=CANCEL_REJECT) == orders.core.lib.B3_EMPTY  # the second of two cancels
    assert orders.stats()["cancels_sent"] == 2


def test_a_replace_is_a_new_order_and_a_pending_cancel(orders: Orders) -> None:
    new(orders, 1)
    told(orders, 1, WORKING)
    assert new(orders, 2, action=REPLACE, orig_order_id=1) == 0
    assert (state(orders, 1), state(orders, 2)) == (PENDING_CANCEL, PENDING_NEW)
    assert told(orders, 1, CANCELED) == 0
    assert told(orders, 2, WORKING) == 0
    assert orders.open(0) == 1


def test_an_unknown_order_is_believed_again_when_the_venue_tells(orders: Orders) -> None:
    new(orders, 1)
    assert told(orders, 1, UNKNOWN) == 0
    assert state(orders, 1) == UNKNOWN
    assert told(orders, 1, WORKING) == 0
    assert state(orders, 1) == WORKING


def test_ids_grow_so_that_a_done_order_is_never_sent_again(orders: Orders) -> None:
    assert new(orders, 5) == 0
    assert told(orders, 5, REJECTED) == 0
    for known in (5, 4, 0):
        assert new(orders, known) == orders.core.lib.B3_ERR_STATE
    assert new(orders, 6) == 0


def test_capacity_is_told_and_a_done_slot_is_used_again(orders: Orders) -> None:
    for order_id in (1, 2, 3, 4):
        assert new(orders, order_id) == 0
    assert new(orders, 5) == orders.core.lib.B3_FULL
    assert new(orders, 5, action=REPLACE, orig_order_id=4) == orders.core.lib.B3_FULL
    assert state(orders, 4) == PENDING_NEW
    assert told(orders, 2, EXPIRED) == 0
    assert new(orders, 5) == 0
    assert orders.open(0) == 4


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"action": 0}, "ARGUMENT"),
        ({"action": 4}, "ARGUMENT"),
        ({"action": NEW, "instrument": 1}, "ARGUMENT"),
        ({"action": NEW, "strategy": 3}, "ARGUMENT"),
        ({"action": CANCEL, "orig_order_id": 9}, "STATE"),
        ({"action": CANCEL, "orig_order_id": 0}, "STATE"),
        ({"action": REPLACE, "orig_order_id": 9, "order_id": 3}, "STATE"),
    ],
)
def test_a_request_that_cannot_be_is_refused_without_a_trace(
    orders: Orders, fields: dict[str, int], status: str
) -> None:
    new(orders, 1)
    before = orders.stats()
    assert new(orders, fields.get("order_id", 3), **{k: v for k, v in fields.items() if k != "order_id"}) == getattr(
        orders.core.lib, f"B3_ERR_{status}"
    )
    assert orders.stats() == before
    assert state(orders, 1) == PENDING_NEW
    assert orders.find(3) is None


def test_a_cancel_for_another_instrument_is_refused(core: Core) -> None:
    orders = Orders(core, instruments=2)
    new(orders, 1)
    assert cancel(orders, 1, instrument=1) == core.lib.B3_ERR_STATE
    assert cancel(orders, 1, instrument=0) == 0


@pytest.mark.parametrize(
    "fields",
    [
        {"order_id": 9, "state": WORKING},
        {"state": FILLED, "last": 0, "cum": 0},
        {"state": FILLED, "last": 4, "cum": 4},  # not whole
        {"state": PARTIALLY_FILLED, "last": 10, "cum": 10},  # whole
        {"state": PARTIALLY_FILLED, "last": 4, "cum": 5},
        {"state": PARTIALLY_FILLED, "last": -4, "cum": -4},
        {"state": FILLED, "last": 11, "cum": 11},
        {"state": PARTIALLY_FILLED, "last": 2**63 - 1, "cum": -(2**63)},
        {"state": WORKING, "last": 4, "cum": 4},
        {"state": CANCELED, "last": 4, "cum": 4},
        {"state": CANCELED, "cum": 4},
        {"state": WORKING, "side": SELL},
        {"state": WORKING, "qty_raw": 11},
        {"state": WORKING, "instrument": 1},
        {"state": PENDING_NEW},
        {"state": PENDING_CANCEL},
        {"state": 0},
        {"state": 10},
    ],
)
def test_an_update_that_cannot_be_changes_nothing(orders: Orders, fields: dict[str, int]) -> None:
    new(orders, 1)
    before = orders.stats()
    given_fields = {"order_id": 1, **fields}
    assert told(orders, **given_fields) == orders.core.lib.B3_ERR_STATE
    assert state(orders, 1) == PENDING_NEW
    assert orders.find(1).cum_qty_raw == 0
    assert orders.stats() == before


def test_the_same_fill_twice_counts_once(orders: Orders) -> None:
    new(orders, 1)
    assert told(orders, 1, PARTIALLY_FILLED, 4, 4) == 0
    assert told(orders, 1, PARTIALLY_FILLED, 4, 4) == orders.core.lib.B3_ERR_STATE
    assert orders.find(1).cum_qty_raw == 4


def test_a_second_ack_and_a_reject_after_the_ack_are_faults(orders: Orders) -> None:
    new(orders, 1)
    told(orders, 1, WORKING)
    assert told(orders, 1, WORKING) == orders.core.lib.B3_ERR_STATE
    assert told(orders, 1, REJECTED) == orders.core.lib.B3_ERR_STATE
    assert state(orders, 1) == WORKING


@pytest.mark.parametrize("order_type", [STOP, STOP_LIMIT])
def test_a_stop_is_triggered_once_and_before_it_fills(orders: Orders, order_type: int) -> None:
    error = orders.core.lib.B3_ERR_STATE
    kind = {"order_type": order_type}
    new(orders, 1, stop_price_raw=90, **kind)
    assert told(orders, 1, WORKING, flags=TRIGGERED, **kind) == error  # not acked yet
    assert told(orders, 1, WORKING, **kind) == 0
    assert told(orders, 1, PARTIALLY_FILLED, 4, 4, **kind) == error  # still a stop
    assert told(orders, 1, PARTIALLY_FILLED, 4, 4, flags=TRIGGERED, **kind) == error
    cancel(orders, 1)
    assert told(orders, 1, WORKING, flags=TRIGGERED, **kind) == 0
    assert state(orders, 1) == PENDING_CANCEL
    assert orders.find(1).triggered == 1
    assert told(orders, 1, WORKING, flags=TRIGGERED, **kind) == error
    assert told(orders, 1, PARTIALLY_FILLED, 4, 4, **kind) == 0
    assert told(orders, 1, UNKNOWN, flags=CANCEL_REJECT, **kind) == 0
    assert state(orders, 1) == PARTIALLY_FILLED
    assert told(orders, 1, FILLED, 6, 10, **kind) == 0


def test_what_is_no_stop_is_not_triggered(orders: Orders) -> None:
    new(orders, 1)
    told(orders, 1, WORKING)
    assert told(orders, 1, WORKING, flags=TRIGGERED) == orders.core.lib.B3_ERR_STATE


@dataclass
class Naive:
    """One open order, by the header's drawing."""

    qty: int
    strategy: int
    cum: int = 0
    acked: bool = False
    canceling: bool = False
    unknown: bool = False

    def state(self) -> int:
        if self.unknown:
            return UNKNOWN
        if self.canceling:
            return PENDING_CANCEL
        if self.cum:
            return PARTIALLY_FILLED
        return WORKING if self.acked else PENDING_NEW

    def legal(self, state: int, last: int, cum: int) -> bool:
        if state in (PARTIALLY_FILLED, FILLED):
            return last > 0 and cum == self.cum + last and cum <= self.qty and (state == FILLED) == (cum == self.qty)
        if last != 0 or cum != self.cum:
            return False
        if state == REJECTED:
            return not self.acked and self.cum == 0
        return state in (CANCELED, EXPIRED, UNKNOWN) or (state == WORKING and not self.acked)

    def apply(self, state: int, cum: int) -> bool:
        """Returns whether the order is done."""
        self.unknown = state == UNKNOWN
        if state == UNKNOWN:
            self.canceling = False
        if state == WORKING:
            self.acked = True
        self.cum = cum
        return state in (FILLED, CANCELED, EXPIRED, REJECTED)


steps = st.lists(
    st.tuples(
        st.sampled_from(["new", "cancel", "replace", "told", "told", "told", "cancel_reject"]),
        st.integers(0, 7),  # which order, counted from the newest
        st.integers(0, 11),  # state
        st.integers(0, 6),  # last quantity
        st.integers(-1, 1),  # error in the cumulative quantity, mostly none
        st.integers(0, 2),  # strategy
    ),
    max_size=80,
)


@settings(max_examples=150, deadline=None)
@given(steps)
def test_random_sequences_agree_with_the_drawing(
    internals: tuple[Any, Any], sequence: list[tuple[str, int, int, int, int, int]]
) -> None:
    core = Core(*internals)
    orders, open_orders, last_id = Orders(core, capacity=5), dict[int, Naive](), 0
    for verb, back, new_state, last, error, strategy in sequence:
        meant = last_id - back
        naive = open_orders.get(meant)
        if verb in ("new", "replace"):
            fields = {"action": NEW} if verb == "new" else {"action": REPLACE, "orig_order_id": max(meant, 0)}
            expected = core.lib.B3_ERR_STATE if verb == "replace" and naive is None else 0
            if expected == 0 and len(open_orders) == 5:
                expected = core.lib.B3_FULL
            assert new(orders, last_id + 1, strategy=strategy, **fields) == expected
            if expected == 0:
                last_id += 1
                open_orders[last_id] = Naive(10, strategy)
                if verb == "replace":
                    naive.canceling, naive.unknown = True, False
        elif verb == "cancel":
            assert cancel(orders, max(meant, 0)) == (core.lib.B3_ERR_STATE if naive is None else 0)
            if naive is not None:
                naive.canceling, naive.unknown = True, False
        elif verb == "cancel_reject":
            assert told(orders, max(meant, 0), UNKNOWN, flags=CANCEL_REJECT) == (
                core.lib.B3_EMPTY if naive is None else 0
            )
            if naive is not None:
                naive.canceling = naive.unknown = False
        else:
            filled = last if new_state in (PARTIALLY_FILLED, FILLED) else 0
            cum = (naive.cum if naive else 0) + filled + (error if back == 7 else 0)
            legal = naive is not None and naive.legal(new_state, filled, cum)
            assert told(orders, max(meant, 0), new_state, filled, cum) == (0 if legal else core.lib.B3_ERR_STATE)
            if legal and naive is not None and naive.apply(new_state, cum):
                del open_orders[meant]
        assert orders.open(0) == orders.stats()["open"] == len(open_orders)
        for strategy_id in (1, 2):
            assert orders.open(0, strategy_id) == sum(o.strategy == strategy_id for o in open_orders.values())
        for order_id, order in open_orders.items():
            found = orders.find(order_id)
            assert found is not None
            assert (found.state, found.cum_qty_raw) == (order.state(), order.cum)


def test_many_orders_leave_the_store_as_it_was(core: Core) -> None:
    """Slots and map entries are used again. (Speed over a million orders: benches/micro/trading_cycle.c.)"""
    orders = Orders(core, capacity=3)
    request = core.request(qty_raw=10, price_raw=100)
    update = core.update(qty_raw=10)
    for order_id in range(1, 20_001):
        request.order_id = update.order_id = order_id
        assert orders.on_request(request) == 0
        update.state = REJECTED if order_id % 2 else EXPIRED
        assert orders.on_update(update) == 0
    assert orders.stats()["sent"] == 20_000
    for order_id in (20_001, 20_002, 20_003):
        assert new(orders, order_id) == 0
    assert new(orders, 20_004) == core.lib.B3_FULL
