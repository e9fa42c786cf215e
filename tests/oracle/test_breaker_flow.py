"""The breaker's causes against lists of all that happened, searched from the start each time."""

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from trading_kit import Core, rule_name

ONE = 10**8
BUCKETS = 64


class Breaker:
    def __init__(self, core: Core, instruments: int = 2, **config: int) -> None:
        self.core = core
        self.config = core.struct("b3_guard_config", **config)
        self.handle = core.struct("b3_breaker")
        mids = core.keep(core.ffi.new("b3_window[]", instruments))
        assert core.lib.b3_breaker_init(self.handle, self.config, mids, instruments)
        self.finding = core.struct("b3_finding")

    def _named(self, rule: int) -> str:
        return rule_name(self.core, rule)

    def equity(self, now_ns: int, equity: int, peak: int = 0) -> str:
        call = self.core.lib.b3_breaker_on_equity
        return self._named(call(self.handle, self.config, now_ns, equity, peak, self.finding))

    def mid(self, instrument: int, now_ns: int, bid: int, ask: int) -> str:
        touch = self.core.struct("b3_touch", bid_price_raw=bid, bid_qty_raw=1, ask_price_raw=ask, ask_qty_raw=1)
        call = self.core.lib.b3_breaker_on_mid
        return self._named(call(self.handle, self.config, instrument, now_ns, touch, self.finding))

    def request(self, refused: bool) -> str:
        return self._named(self.core.lib.b3_breaker_on_request(self.handle, self.config, refused, self.finding))


def in_window(seen: list[tuple[int, int]], now_ns: int, window_ns: int) -> list[int]:
    """Values whose bucket is one of the newest 64."""
    length = -(-window_ns // BUCKETS)
    return [value for at_ns, value in seen if at_ns // length > now_ns // length - BUCKETS]


STEPS = st.lists(st.tuples(st.integers(0, 40), st.integers(1, 100)), max_size=60)


@given(window_ns=st.integers(1, 300), loss=st.integers(1, 60), steps=STEPS)
def test_the_loss_is_from_the_highest_equity_in_the_window(
    internals: tuple[Any, Any], window_ns: int, loss: int, steps: list[tuple[int, int]]
) -> None:
    breaker = Breaker(Core(*internals), breaker_window_ns=window_ns, breaker_loss_max_raw=loss)
    now_ns, seen = 1000, []
    for elapsed_ns, equity in steps:
        now_ns += elapsed_ns
        seen.append((now_ns, equity))
        lost = max(in_window(seen, now_ns, window_ns)) - equity
        assert breaker.equity(now_ns, equity) == ("LOSS" if lost >= loss else "NONE")
        if lost >= loss:
            assert (breaker.finding.limit_raw, breaker.finding.value_raw) == (loss, lost)


@given(
    window_ns=st.integers(1, 300),
    rate=st.integers(1, ONE - 1),
    steps=st.lists(
        st.tuples(st.integers(0, 40), st.integers(0, 1), st.integers(1, 100), st.integers(0, 3)), max_size=60
    ),
)
def test_a_jump_is_from_any_mid_of_the_instrument_in_the_window(
    internals: tuple[Any, Any], window_ns: int, rate: int, steps: list[tuple[int, int, int, int]]
) -> None:
    breaker = Breaker(Core(*internals), breaker_window_ns=window_ns, breaker_jump_rate_raw=rate)
    now_ns: int = 1000
    seen: tuple[list[tuple[int, int]], list[tuple[int, int]]] = ([], [])
    share = Fraction(rate, ONE)
    for elapsed_ns, instrument, bid, spread in steps:
        now_ns += elapsed_ns
        mid = 2 * bid + spread
        seen[instrument].append((now_ns, mid))
        jumped = any(
            mid >= before * (1 + share) or mid <= before * (1 - share)
            for before in in_window(seen[instrument], now_ns, window_ns)
        )
        told = breaker.mid(instrument, now_ns, bid, bid + spread)
        assert told == ("PRICE_JUMP" if jumped else "NONE")


@given(count=st.integers(1, 1024), rate=st.integers(1, ONE), refused=st.lists(st.booleans(), max_size=80))
def test_the_share_of_refusals_is_of_the_last_so_many(
    internals: tuple[Any, Any], count: int, rate: int, refused: list[bool]
) -> None:
    count = count % 40 or 1024
    breaker = Breaker(Core(*internals), breaker_reject_count=count, breaker_reject_rate_raw=rate)
    for index, said_no in enumerate(refused):
        last = refused[max(0, index + 1 - count) : index + 1]
        opens = len(last) == count and Fraction(sum(last), count) >= Fraction(rate, ONE)
        assert breaker.request(said_no) == ("REJECTS" if opens else "NONE")


@given(peak=st.integers(1, 2**62), equity=st.integers(-(2**62), 2**62), rate=st.integers(1, ONE - 1))
def test_the_drawdown_is_a_share_of_the_peak(internals: tuple[Any, Any], peak: int, equity: int, rate: int) -> None:
    breaker = Breaker(Core(*internals), breaker_drawdown_rate_raw=rate)
    down = Fraction(peak - equity, peak)
    assert breaker.equity(1, equity, peak) == ("DRAWDOWN" if down >= Fraction(rate, ONE) else "NONE")
    told = Breaker(Core(*internals)).core.lib.b3_drawdown_rate(peak, equity)
    assert told == min(max(0, (down * ONE).__floor__()), 2**63 - 1)


@pytest.mark.parametrize(
    "tell",
    [
        lambda breaker: breaker.equity(1, 0, 100),
        lambda breaker: breaker.mid(0, 1, 1, 1),
        lambda breaker: breaker.request(True),
    ],
)
def test_what_is_0_is_off(internals: tuple[Any, Any], tell: Callable[[Breaker], str]) -> None:
    breaker = Breaker(Core(*internals))
    assert [tell(breaker) for _ in range(3)] == ["NONE"] * 3


def test_more_requests_than_are_remembered_are_refused(internals: tuple[Any, Any]) -> None:
    core = Core(*internals)
    config = core.struct("b3_guard_config", breaker_reject_count=1025)
    mids = core.keep(core.ffi.new("b3_window[]", 1))
    assert core.lib.b3_breaker_init(core.struct("b3_breaker"), config, mids, 1) == 0
