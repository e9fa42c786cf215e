"""The account by hand-computed examples: entries, exits, flips, fees, marks, refusals."""

from typing import Any

import pytest
from trading_kit import BUY, FIFO, LIFO, MONEY, PARTIALLY_FILLED, SELL, WEIGHTED_AVERAGE, Account, Core

BASE = {
    "price_scale": 2,
    "qty_scale": 3,
    "base_currency": 1,
    "quote_currency": 0,
}  # price 1.00 is 100, quantity 1 is 1000


@pytest.fixture
def core(internals: tuple[Any, Any]) -> Core:
    return Core(*internals)


def account_of(core: Core, cash: int = 0, **changed: int) -> Account:
    account = Account(core, core.instruments({**BASE, **changed}), 3)
    assert account.deposit(0, cash) == 0
    return account


def fill(account: Account, side: int, price: int, qty: int, fee: int = 0, **fields: int) -> int:
    update = {"side": side, "state": PARTIALLY_FILLED, "last_price_raw": price, "last_qty_raw": qty, "fee_raw": fee}
    return account.on_update(account.core.update(**{**update, **fields}))


def test_a_round_trip(core: Core) -> None:
    account = account_of(core, 1000 * MONEY)
    assert fill(account, BUY, 10000, 2000, fee=2 * MONEY) == 0  # 2 at 100.00
    assert account.position() == {
        "qty": 2000,
        "cost": 200 * MONEY,
        "realized": 0,
        "fees": 2 * MONEY,
        "unrealized": 0,
        "mark_price": 0,
    }
    assert account.balance(0) == (798 * MONEY, 0)
    assert account.balance(1) == (2 * MONEY, 0)
    account.mark(0, 11000)
    assert account.position()["unrealized"] == 20 * MONEY
    assert fill(account, SELL, 12000, 500, fee=MONEY) == 0  # half a unit at 120.00: a quarter of the cost
    position = account.position()
    assert (position["qty"], position["cost"], position["realized"]) == (1500, 150 * MONEY, 10 * MONEY)
    assert account.pnl(0) == {
        "realized": 10 * MONEY,
        "unrealized": 15 * MONEY,
        "fees": 3 * MONEY,
        "total": 22 * MONEY,
    }
    assert fill(account, SELL, 9000, 1500) == 0
    position = account.position()
    assert (position["qty"], position["cost"], position["realized"]) == (0, 0, -5 * MONEY)
    assert account.balance(0) == ((1000 - 5 - 3) * MONEY, 0)
    assert account.balance(1) == (0, 0)


def test_a_fill_through_zero_closes_then_opens(core: Core) -> None:
    account = account_of(core)
    fill(account, BUY, 10000, 1000)
    fill(account, SELL, 10500, 3000)  # closes 1 at +5, opens a short of 2 at 105
    position = account.position()
    assert (position["qty"], position["cost"], position["realized"]) == (-2000, -210 * MONEY, 5 * MONEY)
    account.mark(0, 10000)
    assert account.position()["unrealized"] == 10 * MONEY
    fill(account, BUY, 10000, 2500)
    position = account.position()
    assert (position["qty"], position["cost"], position["realized"]) == (500, 50 * MONEY, 15 * MONEY)


def test_what_does_not_divide_ends_at_zero(core: Core) -> None:
    """3 units that cost 10 in all, sold one by one: each cost is rounded half to even, the last takes the rest."""
    account = account_of(core, price_scale=8, qty_scale=0)
    fill(account, BUY, 5, 1)
    fill(account, BUY, 3, 1)
    fill(account, BUY, 2, 1)
    costs = []
    for _ in range(3):
        before = account.position()["cost"]
        fill(account, SELL, 4, 1)
        costs.append(before - account.position()["cost"])
    assert costs == [3, 4, 3]  # 10/3 = 3.33, 7/2 = 3.5 to even, 3
    assert account.position()["cost"] == 0
    assert account.position()["realized"] == 2


def test_an_update_that_is_no_fill_changes_nothing(core: Core) -> None:
    account = account_of(core, MONEY)
    assert account.on_update(core.update(state=2, qty_raw=5)) == core.lib.B3_EMPTY
    assert account.position()["qty"] == 0
    assert account.balance(0) == (MONEY, 0)


def test_money_that_is_locked_is_not_free(core: Core) -> None:
    account = account_of(core, 10 * MONEY)
    assert core.lib.b3_account_lock(account.handle, 0, 4 * MONEY) == 0
    assert account.balance(0) == (10 * MONEY, 4 * MONEY)
    assert core.lib.b3_account_free(account.handle, 0) == 6 * MONEY
    assert core.lib.b3_account_lock(account.handle, 0, -4 * MONEY) == 0
    assert account.balance(0) == (10 * MONEY, 0)


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"instrument": 1}, "ARGUMENT"),
        ({"side": 3}, "ARGUMENT"),
        ({"last_price_raw": 0}, "ARGUMENT"),
        ({"last_price_raw": -5}, "ARGUMENT"),
        ({"last_qty_raw": -5}, "ARGUMENT"),
        ({"strategy": 3}, "ARGUMENT"),
        ({"fee_raw": 1, "fee_currency": 3}, "ARGUMENT"),
        ({"fee_raw": 1, "fee_currency": 1}, "PRECISION"),  # finer than the quantity's scale
        ({"last_price_raw": 2**62, "last_qty_raw": 2**62}, "OVERFLOW"),
        ({"last_price_raw": 1, "last_qty_raw": 2**62}, "OVERFLOW"),  # the base balance, at 8 digits
        ({"fee_raw": -(2**63)}, "OVERFLOW"),
        ({"fee_raw": -(2**63), "fee_currency": 1}, "OVERFLOW"),
        ({"fee_raw": -(2**63), "fee_currency": 2}, "OVERFLOW"),
        ({"fee_raw": 2**62 // 10**5 * 10**5, "fee_currency": 1}, "OVERFLOW"),
    ],
)
def test_what_is_refused_leaves_the_account_as_it_was(core: Core, fields: dict[str, int], status: str) -> None:
    account = account_of(core, 100 * MONEY)
    fill(account, BUY, 10000, 500)
    before = (account.position(), account.balance(0), account.balance(1), account.balance(2))
    update = {"side": BUY, "state": PARTIALLY_FILLED, "last_price_raw": 10000, "last_qty_raw": 10, **fields}
    assert account.on_update(core.update(**update)) == getattr(core.lib, f"B3_ERR_{status}")
    assert (account.position(), account.balance(0), account.balance(1), account.balance(2)) == before


def test_a_balance_that_would_not_fit_is_refused(core: Core) -> None:
    account = account_of(core, 2**63 - 1)
    assert account.deposit(0, 1) == core.lib.B3_ERR_OVERFLOW
    assert account.deposit(3, 1) == core.lib.B3_ERR_ARGUMENT
    assert fill(account, SELL, 100, 1000) == core.lib.B3_ERR_OVERFLOW
    assert account.balance(0) == (2**63 - 1, 0)
    assert core.lib.b3_account_lock(account.handle, 0, 2**63 - 1) == 0
    assert core.lib.b3_account_lock(account.handle, 0, 1) == core.lib.B3_ERR_OVERFLOW
    assert account.balance(0) == (2**63 - 1, 2**63 - 1)


def test_a_quantity_finer_than_money_is_told(core: Core) -> None:
    account = account_of(core, MONEY, qty_scale=10)
    assert fill(account, BUY, 100, 100) == 0
    assert account.balance(1) == (1, 0)
    assert fill(account, BUY, 100, 101) == core.lib.B3_ERR_PRECISION
    assert account.balance(1) == (1, 0)


def test_an_unrealised_result_that_does_not_fit_is_clamped_or_told(core: Core) -> None:
    account = account_of(core, price_scale=0, qty_scale=8)
    fill(account, BUY, 1, 2**40)
    account.mark(0, 2**60)
    assert account.position()["unrealized"] == 2**63 - 1
    out = core.ffi.new("b3_pnl *")
    assert core.lib.b3_account_read_pnl(account.handle, 0, out) == core.lib.B3_ERR_OVERFLOW
    assert core.lib.b3_account_read_pnl(account.handle, 3, out) == core.lib.B3_ERR_ARGUMENT


def test_futures_are_not_booked(core: Core) -> None:
    account = account_of(core, MONEY, venue=core.lib.B3_VENUE_BINANCE_USDM)
    assert fill(account, BUY, 10000, 10) == core.lib.B3_ERR_UNSUPPORTED
    assert account.balance(0) == (MONEY, 0)


@pytest.mark.parametrize(
    "changed", [{"base_currency": 3}, {"quote_currency": 9}, {"base_currency": 0}, {"price_scale": 11}]
)
def test_an_impossible_instrument_is_refused(core: Core, changed: dict[str, int]) -> None:
    assert Account(core, core.instruments({**BASE, **changed}), 3).handle == core.ffi.NULL


def test_equity_values_every_balance_in_the_reporting_currency(core: Core) -> None:
    """USDT reports; BTC by BTCUSDT's mark, ETH through BTC, BNB by its rate, XYZ by nothing."""
    usdt, btc, eth, bnb, xyz = range(5)
    pair = {"price_scale": 2, "qty_scale": 3}
    described = [{**pair, "base_currency": eth, "quote_currency": btc}, {**pair, "base_currency": btc}]
    account = Account(core, core.instruments(*described), 5, rates={bnb: 500 * MONEY})
    assert account.equity() == 0
    account.deposit(usdt, 1000 * MONEY)
    assert account.equity() == 1000 * MONEY
    account.deposit(btc, 2 * MONEY)
    assert account.equity() is None, "no mark yet"
    account.mark(1, 60_000_00)
    assert account.equity() == 121_000 * MONEY
    account.deposit(eth, 10 * MONEY)
    assert account.equity() is None
    account.mark(0, 5)  # 0.05 BTC
    assert account.equity() == 151_000 * MONEY
    account.mark(1, 50_000_00)  # ETH follows BTC
    assert account.equity() == (1000 + 100_000 + 25_000) * MONEY
    account.deposit(bnb, 3 * MONEY)
    assert account.equity() == (126_000 + 1500) * MONEY
    assert fill(account, SELL, 51_000_00, 2000, fee=MONEY, instrument=1) == 0
    assert account.equity() == (1000 + 102_000 - 1 + 25_000 + 1500) * MONEY
    account.deposit(xyz, 1)
    assert account.equity() is None
    account.deposit(xyz, -1)
    assert account.equity() == 129_499 * MONEY
    account.mark(1, 0)  # nothing that is held needs it but ETH
    assert account.equity() is None


def test_a_rate_serves_until_the_market_tells(core: Core) -> None:
    account = Account(core, core.instruments(BASE), 2, rates={1: 7 * MONEY})
    account.deposit(1, MONEY)
    assert account.equity() == 7 * MONEY
    account.mark(0, 900)
    assert account.equity() == 9 * MONEY
    assert account.core.lib.b3_account_lock(account.handle, 1, MONEY) == 0
    assert account.equity() == 9 * MONEY, "what is locked is still ours"


def test_equity_that_does_not_fit_is_told(core: Core) -> None:
    account = Account(core, core.instruments({**BASE, "price_scale": 0}), 2)
    account.deposit(1, 2**62)
    account.mark(0, 2**40)
    assert core.lib.b3_account_equity(account.handle, core.ffi.new("int64_t *")) == core.lib.B3_ERR_OVERFLOW
    account.mark(0, 1)
    assert account.equity() == 2**62


# ---------------------------------------------------------------- cost methods


@pytest.mark.parametrize(
    ("method", "after_one", "after_two"),
    [
        # Bought 1 at 100, 2 at 110, 1 at 130: 450 for 4. Sold 1.5 at 120 (180), then 2 at 120 (240).
        (WEIGHTED_AVERAGE, ("281.25", "11.25"), ("56.25", "26.25")),  # 112.5 each
        (FIFO, ("295", "25"), ("65", "35")),  # 100 + half of 220/2 = 155; then 110/2x1.5 lots = 165, half of 130 = 65
        (LIFO, ("265", "-5"), ("50", "20")),  # 130 + 55 = 185; then 165 + 50 = 215
    ],
)
def test_three_ways_to_say_what_was_sold(
    core: Core, method: int, after_one: tuple[str, str], after_two: tuple[str, str]
) -> None:
    account = Account(core, core.instruments(BASE), 3, method=method)
    for order_id, (price, qty) in enumerate([(10000, 1000), (11000, 2000), (13000, 1000)]):
        fill(account, BUY, price, qty, order_id=order_id)
    for qty, (cost, realized) in ((1500, after_one), (2000, after_two)):
        fill(account, SELL, 12000, qty, order_id=9)
        position = account.position()
        assert (position["cost"], position["realized"]) == (float(cost) * MONEY, float(realized) * MONEY)
    fill(account, SELL, 12000, 500, order_id=10)
    position = account.position()
    assert (position["qty"], position["cost"], position["realized"]) == (0, 0, 30 * MONEY)


@pytest.mark.parametrize("method", [FIFO, LIFO])
def test_fills_of_one_order_at_one_price_are_one_lot(core: Core, method: int) -> None:
    account = Account(core, core.instruments(BASE), 3, method=method, lots=8)
    free = core.lib.b3_account_lots_free
    assert free(account.handle) == 8
    fill(account, BUY, 10000, 1, order_id=1)
    fill(account, BUY, 10000, 1, order_id=1)
    assert free(account.handle) == 6  # one of the account, one of the strategy
    fill(account, BUY, 10001, 1, order_id=1)
    fill(account, BUY, 10001, 1, order_id=2)
    assert free(account.handle) == 2
    fill(account, SELL, 10001, 3, order_id=3)
    assert free(account.handle) == 6  # FIFO: the first two are gone; LIFO: the last two, and half of the first
    fill(account, SELL, 10001, 2, order_id=4)  # through zero
    assert (free(account.handle), account.position()["qty"]) == (6, -1)


def test_no_room_for_a_lot_is_told_and_nothing_changes(core: Core) -> None:
    account = Account(core, core.instruments({**BASE, "qty_scale": 8}), 3, method=FIFO, lots=5)
    assert fill(account, BUY, 10000, 10, order_id=1) == 0
    assert fill(account, BUY, 10000, 10, order_id=2, fee=1, fee_currency=1) == core.lib.B3_ERR_CAPACITY
    assert fill(account, BUY, 10000, 10, order_id=2) == 0
    before = account.position(), account.balance(0), account.balance(1)
    assert fill(account, BUY, 10000, 10, order_id=3) == core.lib.B3_ERR_CAPACITY
    assert (account.position(), account.balance(0), account.balance(1)) == before
    without = Account(core, core.instruments(BASE), 3)
    assert core.lib.b3_account_lots_free(without.handle) == 2**32 - 1


# ---------------------------------------------------------------- fees in base and in a third asset


def test_a_base_fee_leaves_what_can_be_sold(core: Core) -> None:
    """Buys 2 at 100, 0.1 % of it paid in base: 1.998 held, its cost what is left of 200."""
    account = account_of(core, 1000 * MONEY)
    assert fill(account, BUY, 10000, 2000, fee=MONEY // 500, fee_currency=1) == 0
    assert account.balance(0) == (800 * MONEY, 0)
    assert account.balance(1) == (1998 * MONEY // 1000, 0)
    position = account.position()
    assert (position["qty"], position["fees"], position["realized"]) == (1998, MONEY // 5, 0)
    assert position["cost"] == 200 * MONEY - MONEY // 5
    assert fill(account, SELL, 10000, 1998) == 0
    position = account.position()
    assert (position["qty"], position["cost"], position["realized"]) == (0, 0, 0)
    assert account.pnl(0)["total"] == -MONEY // 5 == account.balance(0)[0] - 1000 * MONEY


def test_a_base_fee_realises_by_what_the_base_cost(core: Core) -> None:
    """1 held at 100, 1 more at 300, and 1 goes as a (large) fee: it cost 200 on average, and is worth 300."""
    account = account_of(core)
    fill(account, BUY, 10000, 1000)
    fill(account, BUY, 30000, 1000, fee=MONEY, fee_currency=1)
    position = account.position()
    assert (position["qty"], position["cost"]) == (1000, 200 * MONEY)
    assert (position["realized"], position["fees"]) == (100 * MONEY, 300 * MONEY)


def test_a_fee_in_a_third_asset_is_converted(core: Core) -> None:
    account = Account(core, core.instruments(BASE), 3, rates={2: 500 * MONEY})
    account.deposit(2, MONEY)
    assert fill(account, BUY, 10000, 1000, fee=3 * MONEY // 1000, fee_currency=2) == 0
    assert account.balance(2) == (997 * MONEY // 1000, 0)
    assert account.balance(0) == (-100 * MONEY, 0)
    assert account.position()["fees"] == 3 * MONEY // 2
    assert account.incomplete() is False


def test_a_third_asset_without_a_rate_makes_it_incomplete(core: Core) -> None:
    account = account_of(core)
    account.deposit(2, MONEY)
    assert fill(account, BUY, 10000, 1000, fee=MONEY, fee_currency=2) == 0
    assert account.balance(2) == (0, 0)
    assert account.position()["fees"] == 0
    assert account.incomplete() and account.incomplete(strategy=1) and not account.incomplete(strategy=2)
    assert fill(account, SELL, 10000, 1000, fee=MONEY) == 0
    assert account.position()["fees"] == MONEY
    assert account.incomplete(), "it stays so"


def test_rates_go_through_the_reporting_currency(core: Core) -> None:
    usdt, btc, bnb, eur = range(4)
    pairs = [{**BASE, "base_currency": btc}, {**BASE, "base_currency": bnb, "quote_currency": btc}]
    account = Account(core, core.instruments(*pairs), 4, rates={eur: 2 * MONEY})
    rate = core.ffi.new("int64_t *")

    def of(base: int, quote: int) -> int | None:
        status = core.lib.b3_account_rate(account.handle, base, quote, rate)
        assert status in (0, core.lib.B3_EMPTY)
        return None if status else int(rate[0])

    assert (of(btc, usdt), of(usdt, usdt), of(eur, usdt), of(usdt, eur)) == (None, MONEY, 2 * MONEY, MONEY // 2)
    account.mark(0, 3_000_000)
    account.mark(1, 2)
    assert (of(btc, usdt), of(bnb, usdt), of(bnb, btc)) == (30_000 * MONEY, 600 * MONEY, MONEY // 50)
    assert (of(bnb, eur), of(btc, btc)) == (300 * MONEY, MONEY)
    assert core.lib.b3_account_rate(account.handle, 4, usdt, rate) == core.lib.B3_ERR_ARGUMENT


# ---------------------------------------------------------------- strategies


def test_each_strategy_has_a_ledger_and_the_account_the_net(core: Core) -> None:
    account = account_of(core)
    fill(account, BUY, 10000, 1000, strategy=1)
    fill(account, SELL, 11000, 1000, strategy=2)  # the account is flat, nobody else is
    assert (account.position()["qty"], account.position()["realized"]) == (0, 10 * MONEY)
    one, two = account.position(strategy=1), account.position(strategy=2)
    assert (one["qty"], one["cost"], one["realized"]) == (1000, 100 * MONEY, 0)
    assert (two["qty"], two["cost"], two["realized"]) == (-1000, -110 * MONEY, 0)
    fill(account, SELL, 9000, 1000, strategy=1)
    fill(account, BUY, 9000, 1000, strategy=2)
    assert (account.position(strategy=1)["realized"], account.position(strategy=2)["realized"]) == (
        -10 * MONEY,
        20 * MONEY,
    )
    assert account.position()["realized"] == 10 * MONEY
    fill(account, BUY, 9000, 500, strategy=0)
    assert [account.position(strategy=s)["qty"] for s in range(3)] == [500, 0, 0]
