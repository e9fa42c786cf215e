"""The paper venue by hand: what each order type takes, when a resting order fills, what is taken once."""

from random import Random
from typing import Any

import pytest
from trading_kit import (
    BUY,
    CANCEL,
    CANCEL_REJECT,
    CANCELED,
    EXPIRED,
    FEE_RECEIVED,
    FEE_THIRD,
    FILLED,
    FOK,
    GTC,
    HALTED,
    IOC,
    LIMIT,
    MARKET,
    MONEY,
    PARTIALLY_FILLED,
    POST_ONLY,
    QUEUE_NONE,
    QUEUE_PROPORTIONAL,
    REJECTED,
    REPLACE,
    SELL,
    STOP,
    STOP_LIMIT,
    SYNCED,
    TRIGGERED,
    UNKNOWN,
    WORKING,
    Book,
    Core,
    Paper,
)

# Prices in cents, quantities in thousandths.
SCALES = {"price_scale": 2, "qty_scale": 3, "base_currency": 1, "quote_currency": 0}
BOOK = Book(
    bid=(9990, 500),
    ask=(10000, 300),
    bids=((9990, 400), (9980, 700), (9970, 1000)),
    asks=((9995, 50), (10000, 250), (10010, 400), (10030, 600)),  # the depth book is older than the touch
)
MAKER, TAKER = 1, 2


@pytest.fixture
def core(internals: tuple[Any, Any]) -> Core:
    return Core(*internals)


@pytest.fixture
def paper(core: Core) -> Paper:
    return Paper(
        core,
        core.instruments(SCALES, {**SCALES, "price_scale": 8, "qty_scale": 8}),
        maker=MONEY // 1000,
        taker=MONEY // 500,
    )


def rule(core: Core, name: str) -> int:
    return int(getattr(core.lib, f"B3_RULE_{name}"))


def brief(updates: list[Any]) -> list[tuple[int, int, int, int, int]]:
    """(order, state, price and quantity of the fill, filled so far)."""
    return [(u.order_id, u.state, u.last_price_raw, u.last_qty_raw, u.cum_qty_raw) for u in updates]


def send(paper: Paper, order_id: int, qty: int, book: Book = BOOK, flags: int = SYNCED, **fields: int) -> list[Any]:
    return paper.arrive(paper.core.request(order_id=order_id, qty_raw=qty, **fields), book, flags)


def test_a_market_order_takes_the_touch_then_the_depth_beyond_it(paper: Paper) -> None:
    updates = send(paper, 1, 800, order_type=MARKET)
    assert brief(updates) == [
        (1, WORKING, 0, 0, 0),
        (1, PARTIALLY_FILLED, 10000, 300, 300),  # the touch's 300, not the older book's 50 + 250
        (1, PARTIALLY_FILLED, 10010, 400, 700),
        (1, FILLED, 10030, 100, 800),
    ]
    assert [u.liquidity for u in updates] == [0, TAKER, TAKER, TAKER]
    assert [u.exec_id for u in updates] == [0, 1, 2, 3]
    assert {u.venue_order_id for u in updates} == {1}
    assert [u.fee_raw for u in updates] == [
        0,
        30 * MONEY // 500,
        4004 * MONEY // 100 // 500,
        1003 * MONEY // 100 // 500,
    ]
    assert {u.hdr.strategy for u in updates} == {1}


def test_what_a_market_order_does_not_find_expires(core: Core, paper: Paper) -> None:
    updates = send(paper, 1, 5000, order_type=MARKET, side=SELL)
    assert brief(updates)[-1] == (1, EXPIRED, 0, 0, 500 + 700 + 1000)
    assert updates[-1].rule == rule(core, "NO_LIQUIDITY")
    nothing = send(paper, 2, 10, Book(), order_type=MARKET)
    assert [(u.state, u.rule) for u in nothing] == [(WORKING, 0), (EXPIRED, rule(core, "NO_LIQUIDITY"))]


def test_a_limit_takes_up_to_its_price_and_rests(paper: Paper) -> None:
    updates = send(paper, 1, 1000, price_raw=10010)
    assert brief(updates) == [
        (1, WORKING, 0, 0, 0),
        (1, PARTIALLY_FILLED, 10000, 300, 300),
        (1, PARTIALLY_FILLED, 10010, 400, 700),
    ]
    traded = paper.trade(10009, 50)  # below our bid: we are hit
    assert brief(traded) == [(1, PARTIALLY_FILLED, 10010, 50, 750)]
    assert traded[0].liquidity == MAKER
    assert traded[0].fee_raw == 5005 * MONEY // 1000 // 1000


def test_a_broken_book_gives_the_touch_alone(paper: Paper) -> None:
    assert brief(send(paper, 1, 800, order_type=MARKET, flags=HALTED))[-1] == (1, EXPIRED, 0, 0, 300)


def test_immediate_or_cancel(core: Core, paper: Paper) -> None:
    updates = send(paper, 1, 500, price_raw=10000, tif=IOC)
    assert brief(updates) == [(1, WORKING, 0, 0, 0), (1, PARTIALLY_FILLED, 10000, 300, 300), (1, EXPIRED, 0, 0, 300)]
    assert updates[-1].rule == 0
    updates = send(paper, 2, 500, price_raw=9999, tif=IOC)
    assert [(u.state, u.rule) for u in updates] == [(WORKING, 0), (EXPIRED, rule(core, "NO_LIQUIDITY"))]


def test_fill_or_kill_takes_all_or_nothing(core: Core, paper: Paper) -> None:
    updates = send(paper, 1, 701, price_raw=10010, tif=FOK)
    assert [(u.state, u.rule) for u in updates] == [(EXPIRED, rule(core, "FOK"))]
    assert brief(send(paper, 2, 700, price_raw=10010, tif=FOK))[-1] == (2, FILLED, 10010, 400, 700)
    assert [u.state for u in send(paper, 3, 2000, order_type=MARKET, tif=FOK)] == [EXPIRED]


def test_post_only_never_takes(core: Core, paper: Paper) -> None:
    assert [(u.state, u.rule) for u in send(paper, 1, 10, price_raw=10000, tif=POST_ONLY)] == [
        (REJECTED, rule(core, "POST_ONLY"))
    ]
    assert [u.state for u in send(paper, 2, 10, price_raw=9999, tif=POST_ONLY)] == [WORKING]
    assert brief(paper.trade(9998, 10)) == [(2, FILLED, 9999, 10, 10)]


def test_displayed_liquidity_is_taken_once(paper: Paper) -> None:
    assert brief(send(paper, 1, 300, price_raw=10000))[-1] == (1, FILLED, 10000, 300, 300)
    assert brief(send(paper, 2, 300, price_raw=10000)) == [(2, WORKING, 0, 0, 0)]
    assert paper.quote(BOOK) == []  # the same again: it still is what we took
    assert paper.quote(Book(bid=(9991, 5), ask=(10000, 300))) == []  # the other side moved
    assert brief(paper.quote(Book(bid=(9991, 5), ask=(10000, 120)))) == [(2, PARTIALLY_FILLED, 10000, 120, 120)]
    assert paper.quote(Book(bid=(9991, 5), ask=(10001, 300))) == []
    assert brief(paper.quote(Book(bid=(9991, 5), ask=(10000, 120)))) == [
        (2, PARTIALLY_FILLED, 10000, 120, 240)
    ]  # it had gone


def test_two_orders_share_the_depth(paper: Paper) -> None:
    send(paper, 1, 500, order_type=MARKET)  # 300 at the touch, 200 of the 400 behind it
    updates = send(paper, 2, 500, order_type=MARKET)
    assert brief(updates)[1:] == [(2, PARTIALLY_FILLED, 10010, 200, 200), (2, FILLED, 10030, 300, 500)]
    changed = Book(BOOK.bid, BOOK.ask, BOOK.bids, ((10010, 410), (10030, 600)))
    updates = send(paper, 3, 710, changed, order_type=MARKET)  # another quantity shows at 10010: it is new
    assert brief(updates)[1:] == [(3, PARTIALLY_FILLED, 10010, 410, 410), (3, FILLED, 10030, 300, 710)]


def test_a_failed_fill_or_kill_takes_nothing(paper: Paper) -> None:
    send(paper, 1, 9999, price_raw=10030, tif=FOK)
    assert brief(send(paper, 2, 1300, price_raw=10030))[-1] == (2, FILLED, 10030, 600, 1300)


def test_a_trade_at_our_price_eats_those_ahead_first(paper: Paper) -> None:
    send(paper, 1, 100, price_raw=9990)  # the touch shows 500 there
    assert paper.ahead(1) == 500
    assert paper.trade(9990, 499) == []
    assert paper.trade(9990, 10_000, seller_takes=False) == []  # it took from the offers
    assert brief(paper.trade(9990, 31)) == [(1, PARTIALLY_FILLED, 9990, 30, 30)]
    send(paper, 2, 100, price_raw=10030, side=SELL)  # the depth book shows 600 there
    assert paper.trade(10030, 640, seller_takes=True) == []
    assert brief(paper.trade(10030, 640, seller_takes=False)) == [(2, PARTIALLY_FILLED, 10030, 40, 40)]


def test_at_a_price_where_nothing_is_displayed_nobody_is_ahead(paper: Paper) -> None:
    for order_id, price in ((1, 9995), (2, 9975), (3, 9980)):
        send(paper, order_id, 100, price_raw=price)
    assert [paper.ahead(order_id) for order_id in (1, 2, 3)] == [0, 0, 700]
    assert brief(paper.trade(9995, 60)) == [(1, PARTIALLY_FILLED, 9995, 60, 60)]


def test_what_of_ours_is_at_the_price_is_ahead_too(paper: Paper) -> None:
    for order_id in (1, 2):
        send(paper, order_id, 100, price_raw=9990)
    assert brief(paper.trade(9990, 650)) == [(1, FILLED, 9990, 100, 100), (2, PARTIALLY_FILLED, 9990, 50, 50)]


def test_a_trade_through_the_price_leaves_nobody_ahead(paper: Paper) -> None:
    send(paper, 1, 100, price_raw=9990)
    assert brief(paper.trade(9989, 40)) == [(1, PARTIALLY_FILLED, 9990, 40, 40)]
    assert paper.ahead(1) == 0


def test_a_trade_that_happened_before_the_order_came_is_not_for_it(core: Core, paper: Paper) -> None:
    slack = core.lib.B3_CLOCK_SLACK_NS
    send(paper, 1, 100, price_raw=9995)
    paper.now_ns += 5_000_000
    assert paper.trade(9990, 50, exchange_ns=1, late_ns=5_000_000 - slack + 2) == []  # through it, and yet
    assert brief(paper.trade(9990, 50, exchange_ns=1, late_ns=5_000_000 - slack)) == [
        (1, PARTIALLY_FILLED, 9995, 50, 50)
    ]


def test_without_a_queue_a_print_at_our_price_fills(core: Core) -> None:
    paper = Paper(core, core.instruments(SCALES), queue_model=QUEUE_NONE)
    send(paper, 1, 100, price_raw=9990)
    assert brief(paper.trade(9990, 30)) == [(1, PARTIALLY_FILLED, 9990, 30, 30)]


def test_cancels_do_not_move_the_conservative_queue(paper: Paper) -> None:
    send(paper, 1, 100, price_raw=9990)
    paper.quote(Book(bid=(9990, 20), ask=(10000, 300), update_id=2))
    assert paper.ahead(1) == 500


@pytest.fixture
def proportional(core: Core) -> Paper:
    """One order of ours behind 500, of 600 displayed since."""
    paper = Paper(core, core.instruments(SCALES), queue_model=QUEUE_PROPORTIONAL)
    send(paper, 1, 100, price_raw=9990)
    paper.quote(Book(bid=(9990, 600), ask=(10000, 300), update_id=2))
    paper.now_ns += 10_000_000  # beyond the slack: what trades from now on happened after the order came
    return paper


def shown(paper: Paper, qty: int, update_id: int) -> None:
    assert paper.quote(Book(bid=(9990, qty), ask=(10000, 300), update_id=update_id)) == []


def test_a_cancel_is_shared_between_those_ahead_and_behind(proportional: Paper) -> None:
    shown(proportional, 540, 3)
    assert proportional.ahead(1) == 450  # 60 of 600 gone, so 50 of the 500 ahead
    shown(proportional, 541, 4)  # who comes stands behind
    assert proportional.ahead(1) == 450


def test_a_trade_and_the_display_that_shows_it_count_once_in_either_order(proportional: Paper) -> None:
    assert proportional.trade(9990, 60, exchange_ns=1) == []
    assert proportional.ahead(1) == 440
    shown(proportional, 540, 3)  # the trade, displayed
    assert proportional.ahead(1) == 440
    shown(proportional, 480, 4)  # the next trade, displayed before it is printed
    assert proportional.ahead(1) == 440 - 440 * 60 // 540  # as long as it may be a cancel
    assert proportional.trade(9990, 60, exchange_ns=1) == []
    assert proportional.ahead(1) == 380


def test_a_decrease_seen_before_the_trade_can_have_been_seen_was_a_cancel(proportional: Paper) -> None:
    shown(proportional, 540, 3)
    proportional.now_ns += 10_000_000
    assert proportional.trade(9990, 60, exchange_ns=1, late_ns=1_000_000) == []
    assert proportional.ahead(1) == 450 - 60
    shown(proportional, 480, 4)
    assert proportional.ahead(1) == 390


def test_a_trade_that_was_refilled_is_forgotten_with_the_next_depth_message(proportional: Paper) -> None:
    proportional.trade(9990, 60, exchange_ns=1000)
    proportional.levels([(BUY, 9980, 5)], 3, exchange_ns=1000)  # may have been made before the trade
    shown(proportional, 600, 4)
    proportional.levels([(BUY, 9980, 5)], 5, exchange_ns=1001)
    shown(proportional, 540, 6)
    assert proportional.ahead(1) == 440 - 440 * 60 // 600


def test_older_displays_change_nothing(proportional: Paper) -> None:
    proportional.levels([(BUY, 9990, 100)], 2)
    assert proportional.ahead(1) == 500
    proportional.levels([(SELL, 9990, 100)], 3)
    assert proportional.ahead(1) == 500
    proportional.levels([(BUY, 9990, 300)], 4)
    assert proportional.ahead(1) == 250


def test_when_the_touch_has_gone_behind_the_price_nobody_is_ahead(proportional: Paper) -> None:
    proportional.quote(Book(bid=(9989, 1000), ask=(10000, 300), update_id=3))
    assert proportional.ahead(1) == 0
    # A trade takes that back, once it turns out that it was it: 450 of the 600 traded, the rest was cancelled.
    assert proportional.trade(9990, 450, exchange_ns=1) == []
    assert brief(proportional.trade(9990, 70, exchange_ns=1)) == [(1, PARTIALLY_FILLED, 9990, 20, 20)]


@pytest.mark.parametrize(
    ("side", "stop", "reaching", "price"),
    [
        (SELL, 9985, Book(bid=(9985, 40), ask=(10000, 300), bids=((9985, 40), (9980, 700)), update_id=2), 9985),
        (BUY, 10005, Book(bid=(9990, 500), ask=(10006, 40), asks=((10006, 40), (10010, 700)), update_id=2), 10006),
    ],
)
def test_a_stop_waits_for_the_touch_then_takes(
    core: Core, paper: Paper, side: int, stop: int, reaching: Book, price: int
) -> None:
    updates = send(paper, 1, 100, order_type=STOP, side=side, stop_price_raw=stop)
    assert brief(updates) == [(1, WORKING, 0, 0, 0)]
    assert paper.ahead(1) is None
    assert paper.trade(stop, 10**6, seller_takes=side == SELL) == []  # the last price does not trigger
    assert paper.quote(BOOK) == []
    updates = paper.quote(reaching)
    assert brief(updates)[:2] == [(1, WORKING, 0, 0, 0), (1, PARTIALLY_FILLED, price, 40, 40)]
    assert brief(updates)[2][1:] == (FILLED, 9980 if side == SELL else 10010, 60, 100)
    assert [u.hdr.flags for u in updates] == [TRIGGERED, 0, 0]
    assert {(u.order_type, u.liquidity) for u in updates[1:]} == {(STOP, TAKER)}
    assert paper.quote(BOOK) == []


def test_a_stop_limit_rests_where_it_may_not_take(paper: Paper) -> None:
    send(paper, 1, 100, order_type=STOP_LIMIT, side=SELL, stop_price_raw=9985, price_raw=9987)
    updates = paper.quote(Book(bid=(9980, 500), ask=(10000, 300), update_id=2))
    assert [(u.state, u.hdr.flags, u.price_raw) for u in updates] == [(WORKING, TRIGGERED, 9987)]
    assert brief(paper.trade(9988, 30, seller_takes=False)) == [(1, PARTIALLY_FILLED, 9987, 30, 30)]


def test_stops_go_in_the_order_in_which_they_are_reached(paper: Paper) -> None:
    for order_id, stop in ((1, 9970), (2, 9980), (3, 9975), (4, 9980), (5, 9960)):
        send(paper, order_id, 100, order_type=STOP, side=SELL, stop_price_raw=stop)
    updates = paper.quote(Book(bid=(9970, 250), ask=(10000, 300), update_id=2))
    assert [u.order_id for u in updates if u.hdr.flags] == [2, 4, 3, 1]
    assert [(u.order_id, u.last_qty_raw) for u in updates if u.last_qty_raw] == [(2, 100), (4, 100), (3, 50)]
    assert [u.order_id for u in updates if u.state == EXPIRED] == [3, 1]


def test_a_stop_that_would_trigger_at_once_is_rejected(core: Core, paper: Paper) -> None:
    for order_id, side, stop, name in (
        (1, SELL, 9990, "WOULD_TRIGGER"),
        (2, BUY, 10000, "WOULD_TRIGGER"),
        (3, SELL, 0, "MALFORMED"),
    ):
        (update,) = send(paper, order_id, 10, order_type=STOP, side=side, stop_price_raw=stop)
        assert (update.state, update.rule) == (REJECTED, rule(core, name))
    assert [u.state for u in send(paper, 4, 10, Book(), order_type=STOP, side=SELL, stop_price_raw=9990)] == [WORKING]


def test_a_stop_is_cancelled_and_replaced_like_any_order(paper: Paper) -> None:
    send(paper, 1, 100, order_type=STOP, side=SELL, stop_price_raw=9980)
    updates = send(paper, 2, 100, order_type=STOP, side=SELL, stop_price_raw=9970, action=REPLACE, orig_order_id=1)
    assert brief(updates) == [(1, CANCELED, 0, 0, 0), (2, WORKING, 0, 0, 0)]
    assert paper.quote(Book(bid=(9975, 500), ask=(10000, 300), update_id=2)) == []
    assert brief(send(paper, 0, 0, action=CANCEL, orig_order_id=2)) == [(2, CANCELED, 0, 0, 0)]
    assert paper.quote(Book(bid=(9960, 500), ask=(10000, 300), update_id=3)) == []


def test_a_fill_or_kill_stop_dies_when_it_cannot_fill(core: Core, paper: Paper) -> None:
    send(paper, 1, 100, order_type=STOP, side=SELL, stop_price_raw=9980, tif=FOK)
    updates = paper.quote(Book(bid=(9980, 99), ask=(10000, 300), update_id=2))
    assert [(u.state, u.rule) for u in updates] == [(WORKING, 0), (EXPIRED, rule(core, "FOK"))]


def test_orders_at_many_prices_go_best_first(core: Core) -> None:
    """Prices that differ in all their bits, in no order: a wrong branch of the tree would show."""
    random = Random(1)
    paper = Paper(
        core,
        core.instruments({**SCALES, "price_scale": 10, "qty_scale": 10}),
        order_capacity=600,
        queue_model=QUEUE_NONE,
    )
    prices = random.sample([1 << bit for bit in range(58)] + [random.getrandbits(55) + 1 for _ in range(500)], 500)
    for order_id, price in enumerate(prices, 1):
        send(paper, order_id, 1, Book(), price_raw=price, side=BUY)
    for order_id in random.sample(range(1, 501), 200):
        send(paper, 0, 0, Book(), action=CANCEL, orig_order_id=order_id)
        prices[order_id - 1] = 0
    left = sorted((price for price in prices if price), reverse=True)
    filled = [u.last_price_raw for _ in range(3) for u in paper.trade(1, 100) if u.last_qty_raw]
    assert filled == left[:300]


def test_price_then_time_and_never_more_than_printed(paper: Paper) -> None:
    for order_id, price in ((1, 9980), (2, 9985), (3, 9985), (4, 9990)):
        send(paper, order_id, 100, price_raw=price)
    assert brief(paper.trade(9979, 250)) == [
        (4, FILLED, 9990, 100, 100),
        (2, FILLED, 9985, 100, 100),
        (3, PARTIALLY_FILLED, 9985, 50, 50),
    ]
    assert brief(paper.trade(9981, 1000)) == [(3, FILLED, 9985, 50, 100)]  # order 1 is not traded through


def test_one_print_is_shared_by_both_sides(paper: Paper) -> None:
    """Our own bid above our own offer: they do not meet, and a trade between them is met once."""
    send(paper, 1, 100, Book(), price_raw=10010)
    send(paper, 2, 100, Book(), price_raw=9990, side=SELL)
    assert brief(paper.trade(10000, 130)) == [(1, FILLED, 10010, 100, 100), (2, PARTIALLY_FILLED, 9990, 30, 30)]


def test_a_quote_that_reaches_resting_orders_fills_what_it_displays(paper: Paper) -> None:
    send(paper, 1, 100, price_raw=9990)
    send(paper, 2, 100, price_raw=9985)
    updates = paper.quote(Book(bid=(9970, 10), ask=(9985, 150)))
    assert brief(updates) == [(1, FILLED, 9990, 100, 100), (2, PARTIALLY_FILLED, 9985, 50, 50)]
    assert {u.liquidity for u in updates} == {MAKER}
    assert (
        brief(send(paper, 3, 10, Book(bid=(9970, 10), ask=(9985, 150)), price_raw=9985, tif=IOC))[-1][1] == EXPIRED
    )  # all taken


def test_cancel_and_replace(core: Core, paper: Paper) -> None:
    send(paper, 1, 100, price_raw=9990)
    paper.trade(9989, 30)
    assert brief(send(paper, 0, 0, action=CANCEL, orig_order_id=1)) == [(1, CANCELED, 0, 0, 30)]
    (refused,) = send(paper, 0, 0, action=CANCEL, orig_order_id=1)
    assert (refused.order_id, refused.hdr.flags, refused.rule) == (1, CANCEL_REJECT, rule(core, "UNKNOWN_ORDER"))
    send(paper, 2, 100, price_raw=9990)
    updates = send(paper, 3, 200, price_raw=10000, action=REPLACE, orig_order_id=2)
    assert brief(updates) == [(2, CANCELED, 0, 0, 0), (3, WORKING, 0, 0, 0), (3, FILLED, 10000, 200, 200)]
    refused, rejected = send(paper, 4, 200, price_raw=9990, action=REPLACE, orig_order_id=2)
    assert (refused.order_id, refused.hdr.flags, refused.state) == (2, CANCEL_REJECT, UNKNOWN)
    assert (rejected.order_id, rejected.state, rejected.rule) == (4, REJECTED, rule(core, "UNKNOWN_ORDER"))


def test_a_replaced_order_that_would_take_is_gone_all_the_same(paper: Paper) -> None:
    send(paper, 1, 100, price_raw=9980)
    updates = send(paper, 2, 100, price_raw=10000, tif=POST_ONLY, action=REPLACE, orig_order_id=1)
    assert [(u.order_id, u.state) for u in updates] == [(1, CANCELED), (2, REJECTED)]
    assert paper.trade(9000, 1000) == []


def test_a_cancel_for_another_instrument_does_not_find_the_order(core: Core, paper: Paper) -> None:
    send(paper, 1, 100, price_raw=9980)
    (update,) = send(paper, 0, 0, action=CANCEL, orig_order_id=1, instrument=1)
    assert update.rule == rule(core, "UNKNOWN_ORDER")


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({"action": 0}, "MALFORMED"),
        ({"action": 9}, "MALFORMED"),
        ({"side": 0}, "MALFORMED"),
        ({"side": 3}, "MALFORMED"),
        ({"order_type": 0}, "MALFORMED"),
        ({"tif": 0}, "MALFORMED"),
        ({"tif": 5}, "MALFORMED"),
        ({"price_raw": 0}, "MALFORMED"),
        ({"price_raw": -1}, "MALFORMED"),
        ({"qty_raw": 0}, "MALFORMED"),
        ({"qty_raw": -5}, "MALFORMED"),
        ({"order_id": 0}, "MALFORMED"),
        ({"stop_price_raw": 1}, "MALFORMED"),
        ({"order_type": MARKET, "tif": POST_ONLY}, "MALFORMED"),
        ({"order_id": 1}, "DUPLICATE_ID"),
    ],
)
def test_what_is_no_order_is_rejected(core: Core, paper: Paper, fields: dict[str, int], name: str) -> None:
    send(paper, 1, 100, price_raw=9980)
    request = core.request(**{"order_id": 2, "qty_raw": 100, "price_raw": 9980, **fields})
    (update,) = paper.arrive(request, BOOK)
    assert (update.state, update.rule, update.order_id) == (REJECTED, rule(core, name), fields.get("order_id", 2))


def test_an_instrument_that_does_not_trade(core: Core) -> None:
    paper = Paper(core, core.instruments({**SCALES, "trading": 0}))
    (update,) = send(paper, 1, 10, price_raw=9990)
    assert (update.state, update.rule) == (REJECTED, rule(core, "NOT_TRADING"))


def test_no_room_to_rest(core: Core) -> None:
    paper = Paper(core, core.instruments(SCALES), order_capacity=1)
    send(paper, 1, 10, price_raw=9990)
    (update,) = send(paper, 2, 10, price_raw=9990)
    assert (update.state, update.rule) == (REJECTED, rule(core, "OPEN_ORDERS"))
    assert brief(send(paper, 3, 10, price_raw=10000))[-1] == (3, FILLED, 10000, 10, 10)  # needs no place
    assert brief(paper.trade(9000, 10)) == [(1, FILLED, 9990, 10, 10)]
    assert [u.state for u in send(paper, 4, 10, price_raw=9990)] == [WORKING]


def test_money_that_does_not_fit_ends_the_order(core: Core, paper: Paper) -> None:
    huge = 2**61
    book = Book(bid=(1, 1), ask=(huge, huge))
    updates = send(paper, 1, huge, book, order_type=MARKET)
    assert [(u.state, u.rule) for u in updates] == [(WORKING, 0), (EXPIRED, rule(core, "OVERFLOW"))]
    send(paper, 2, huge, Book(), price_raw=huge)
    assert [(u.state, u.rule, u.last_qty_raw) for u in paper.trade(1, huge)] == [(EXPIRED, rule(core, "OVERFLOW"), 0)]


def test_scales_and_lists_of_two_instruments_are_their_own(paper: Paper) -> None:
    fine = Book(bid=(60000 * MONEY, MONEY), ask=(60001 * MONEY, MONEY))
    updates = send(paper, 1, MONEY // 10, fine, instrument=1, order_type=MARKET)
    assert updates[-1].fee_raw == 600010000000 // 500
    send(paper, 2, 100, price_raw=9990)
    assert paper.trade(1, 10**6, instrument=1) == []
    assert brief(paper.trade(9989, 100)) == [(2, FILLED, 9990, 100, 100)]


def test_maker_rebates_are_negative_fees(core: Core) -> None:
    paper = Paper(core, core.instruments(SCALES), maker=-MONEY // 10000)
    send(paper, 1, 100, price_raw=9990)
    assert paper.trade(9989, 100)[0].fee_raw == -99900  # 9.99 x 0.0001


def test_answers_come_in_pieces_of_any_size(core: Core) -> None:
    for cap in range(1, 6):
        paper = Paper(core, core.instruments(SCALES), cap=cap)
        assert brief(send(paper, 1, 800, order_type=MARKET))[-1] == (1, FILLED, 10030, 100, 800)
        send(paper, 2, 10, price_raw=9990)
        assert [u.order_id for u in send(paper, 3, 10, price_raw=9980, action=REPLACE, orig_order_id=2)] == [2, 3]


def test_calls_that_cannot_be(core: Core) -> None:
    paper = Paper(core, core.instruments(SCALES), cap=1)
    out = core.ffi.new("b3_slot[]", 4)
    view = core.view(paper.instruments, BOOK)
    first = core.ffi.cast("b3_header *", core.request(order_id=1, qty_raw=800, order_type=MARKET))
    beyond = core.ffi.cast("b3_header *", core.request(order_id=1, qty_raw=800, instrument=1))
    on_event = core.lib.b3_paper_on_event
    assert on_event(paper.handle, first, view, out, 0) == core.lib.B3_ERR_ARGUMENT
    assert on_event(paper.handle, beyond, view, out, 4) == core.lib.B3_ERR_ARGUMENT
    assert on_event(paper.handle, core.ffi.NULL, view, out, 4) == 0
    assert on_event(paper.handle, first, view, out, 2) == 2
    assert on_event(paper.handle, first, view, out, 2) == core.lib.B3_ERR_STATE  # not drained
    assert on_event(paper.handle, core.ffi.NULL, view, out, 4) == 2


@pytest.mark.parametrize(
    "config",
    [
        {"order_capacity": 0},
        {"maker": MONEY + 1},
        {"taker": -MONEY - 1},
        {"queue_model": 0},
        {"queue_model": 4},
        {"fee_asset": 0},
        {"fee_asset": 4},
        {"tiers": ((1, 0, 0),)},
        {"tiers": ((0, 0, 0), (5, 0, 0), (5, 0, 0))},
        {"tiers": ((0, 0, 0), (5, 0, 2 * MONEY))},
        {"order_entry": {"constant_ns": -1}},
        {"market_data": {"spread_ns": 3_600_000_000_001}},
    ],
)
def test_an_impossible_setting_is_refused(core: Core, config: dict[str, int]) -> None:
    assert Paper(core, core.instruments(SCALES), **config).handle == core.ffi.NULL


def test_a_tier_holds_from_its_volume_on(core: Core) -> None:
    paper = Paper(core, core.instruments(SCALES), tiers=((0, 100, 1000), (30 * MONEY, 50, 500)))
    first, second = (send(paper, i, 300 - 1, BOOK, price_raw=10000)[-1] for i in (1, 2))
    assert (first.last_qty_raw, first.fee_raw) == (299, 29_900)  # 29.9 traded: not yet
    assert (second.last_qty_raw, second.fee_raw) == (1, 100)  # the fill that reaches it pays by what was before
    assert brief(send(paper, 3, 10, order_type=MARKET, side=SELL))[-1][1] == FILLED
    assert send(paper, 4, 100, order_type=MARKET, side=SELL)[-1].fee_raw == 999 * 5  # 9.99 x 0.000005
    paper.quote(Book(bid=(9990, 1), ask=(10000, 300), update_id=2))
    send(paper, 5, 100, price_raw=9995)
    assert paper.trade(9994, 100)[0].fee_raw == round(9.995 * 50)


def test_what_a_fill_brings_in_pays_its_fee(core: Core) -> None:
    paper = Paper(core, core.instruments(SCALES), taker=MONEY // 1000, fee_asset=FEE_RECEIVED)
    bought = send(paper, 1, 299, order_type=MARKET)[-1]
    assert (bought.fee_raw, bought.fee_currency) == (299 * MONEY // 1000 // 1000, 1)  # 0.000299 of the base
    sold = send(paper, 2, 299, order_type=MARKET, side=SELL)[-1]
    assert (sold.fee_raw, sold.fee_currency) == (29_87010 * MONEY // 100_000 // 1000, 0)


def test_a_third_currency_pays_at_the_rate_known_then(core: Core) -> None:
    paper = Paper(core, core.instruments(SCALES), taker=MONEY // 1000, fee_asset=FEE_THIRD, fee_currency=2)

    def fee(order_id: int) -> tuple[int, int]:
        filled = send(paper, order_id, 10, order_type=MARKET)[-1]
        assert filled.last_qty_raw == 10
        return filled.fee_raw, filled.fee_currency

    assert fee(1) == (MONEY // 100 // 1000, 1)  # not known yet: as received
    paper.rate(2, 0, 300 * MONEY)
    assert fee(2) == (round(MONEY / 1000 / 300), 2)  # 0.001 of the quote, at 300
    paper.rate(2, 1, 7 * MONEY)  # in another currency than the quote
    paper.rate(1, 0, 7 * MONEY)  # of another currency
    paper.rate(2, 0, 0)
    assert fee(3) == (round(MONEY / 1000 / 300), 2)
    paper.rate(2, 0, 250 * MONEY)
    assert fee(4) == (MONEY // 1000 // 250, 2)


def test_a_third_currency_pays_as_long_as_there_is_some(core: Core) -> None:
    paper = Paper(core, core.instruments(SCALES), taker=MONEY // 1000, fee_asset=FEE_THIRD, fee_currency=2)
    paper.rate(2, 0, MONEY)
    one = MONEY // 1000  # the fee of 10 at 100.00, in quote and here in the third currency
    paper.balance(1, 0)  # of another currency
    paper.balance(2, 2 * one + 10)  # what the first two take, at 100.00 and 100.01
    book = Book(ask=(10000, 10), asks=((10000, 10), (10001, 10), (10002, 10)), bid=(9999, 100))
    fills = [u for u in send(paper, 1, 30, book, order_type=MARKET) if u.last_qty_raw]
    assert [u.fee_currency for u in fills] == [2, 2, 1], "nothing is left for the third"
    paper.balance(2, one)
    assert send(paper, 2, 10, Book(ask=(10003, 10)), order_type=MARKET)[-1].fee_currency == 1
    assert send(paper, 3, 10, Book(ask=(10000, 11)), order_type=MARKET)[-1].fee_currency == 2


def test_fees_are_rounded_half_to_even(core: Core) -> None:
    """A fee of half a unit of 10^-8: to even, either way."""
    for notional, fee in ((1, 0), (3, 2), (5, 2), (7, 4)):
        paper = Paper(core, core.instruments({**SCALES, "price_scale": 8, "qty_scale": 0}), taker=MONEY // 2)
        updates = send(paper, 1, 1, Book(ask=(notional, 1), bid=(1, 1)), order_type=MARKET)
        assert updates[-1].fee_raw == fee


def test_gtc_and_limit_are_what_the_kit_means(core: Core) -> None:
    """The kit's numbers are the core's enumerators."""
    lib = core.lib
    assert (GTC, IOC, FOK, POST_ONLY) == (lib.B3_GTC, lib.B3_IOC, lib.B3_FOK, lib.B3_POST_ONLY)
    assert (BUY, SELL, MARKET, LIMIT) == (lib.B3_BUY, lib.B3_SELL, lib.B3_MARKET, lib.B3_LIMIT)
    assert (CANCEL, REPLACE, CANCEL_REJECT) == (lib.B3_CANCEL, lib.B3_REPLACE, lib.B3_FLAG_CANCEL_REJECT)
    assert (WORKING, PARTIALLY_FILLED, FILLED) == (lib.B3_WORKING, lib.B3_PARTIALLY_FILLED, lib.B3_FILLED)
    assert (CANCELED, REJECTED, EXPIRED, UNKNOWN) == (lib.B3_CANCELED, lib.B3_REJECTED, lib.B3_EXPIRED, lib.B3_UNKNOWN)
