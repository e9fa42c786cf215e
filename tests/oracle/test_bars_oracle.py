"""Bars against plain Python, on made-up trades: all kinds and scales, late and bad trades, gaps, overflow, any room."""

from __future__ import annotations

from typing import Any

from bars_oracle import NOTIONAL, TICK, TIME, VOLUME, YEAR_2200_NS, Bars, Trade
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

MS = 10**6
START = 1_723_161_253_900 * MS
INT64_MAX = 2**63 - 1


class Core:
    def __init__(self, internals: tuple[Any, Any], oracle: Bars) -> None:
        self.ffi, self.lib = internals
        self.memory = self.ffi.new("b3_slot[]", self.lib.b3_bars_size() // 120 + 2)
        address = int(self.ffi.cast("uintptr_t", self.memory))
        self.bars = self.ffi.cast("void *", address + (-address % 16))
        config = self.ffi.new("b3_bars_config *", {"kind": oracle.kind, "size": oracle.size, "grace_ns": oracle.grace})
        scales = {"price_scale": oracle.price_scale, "qty_scale": oracle.qty_scale}
        assert self.lib.b3_bars_init(self.bars, config, self.ffi.new("b3_instrument *", scales)) == 0
        self.time = oracle.kind == TIME

    def event(self, item: Trade | int) -> Any:
        made = self.ffi.new("b3_trade *")
        made.hdr.instrument, made.hdr.input_no = 5, 77
        if isinstance(item, int):
            made.hdr.kind, made.hdr.ts_exchange_ns = self.lib.B3_QUOTE, item
            return made
        made.hdr.kind, made.hdr.ts_exchange_ns = self.lib.B3_TRADE, item.ts
        made.hdr.flags = self.lib.B3_FLAG_AGGREGATE if item.aggregate else 0
        made.price_raw, made.qty_raw = item.price, item.qty
        made.first_trade_id, made.last_trade_id = item.first_id, item.last_id
        return made

    def feed(self, item: Trade | int, cap: int) -> list[tuple[Any, ...]]:
        slots = self.ffi.new("b3_slot[]", cap)
        event, null, out = self.event(item), self.ffi.NULL, []
        header = self.ffi.addressof(event, "hdr")
        while True:
            count = self.lib.b3_bars_on_event(self.bars, header, null, slots, cap)
            assert 0 <= count <= cap
            out += [self.meaning(slots + index) for index in range(count)]
            if count < cap:
                return out
            header = null

    def meaning(self, slot: Any) -> tuple[Any, ...]:
        header = self.ffi.cast("b3_header *", slot)
        assert (header.instrument, header.input_no) == (5, 77)
        if header.kind == self.lib.B3_SYSTEM:
            told = self.ffi.cast("b3_system *", slot)
            return ("system", told.code, told.a, told.b)
        bar = self.ffi.cast("b3_bar *", slot)
        assert header.kind == self.lib.B3_BAR and header.flags & self.lib.B3_FLAG_CLOSED
        assert bar.interval_ms == ((bar.close_ts_ns - bar.open_ts_ns) // MS if self.time else 0)
        prices = (bar.open_raw, bar.high_raw, bar.low_raw, bar.close_raw)
        sums = (bar.volume_raw, bar.notional_raw, bar.vwap_raw, bar.trade_count)
        return ("bar", bar.open_ts_ns, bar.close_ts_ns, *prices, *sums, bool(header.flags & self.lib.B3_FLAG_EMPTY))

    def stats(self) -> Any:
        stats = self.ffi.new("b3_bars_stats *")
        self.lib.b3_bars_read_stats(self.bars, stats)
        return stats


@st.composite
def runs(draw: DrawFn) -> tuple[Bars, list[Trade | int], int]:
    kind = draw(st.sampled_from([TIME, TIME, TICK, VOLUME, NOTIONAL]))
    size = draw(
        {
            TIME: st.sampled_from([1, 100, 1_000, 60_000, 2**32 - 1]).map(lambda ms: ms * MS),
            TICK: st.integers(1, 6),
            VOLUME: st.one_of(st.integers(1, 500), st.integers(1, INT64_MAX)),
            NOTIONAL: st.one_of(st.integers(1, 10**6), st.integers(1, INT64_MAX)),
        }[kind]
    )
    grace = draw(st.sampled_from([0, 1, 100 * MS, 5_000 * MS]))
    oracle = Bars(kind, size, grace, draw(st.integers(0, 10)), draw(st.integers(0, 10)), 0)
    step = st.one_of(
        st.integers(-2, 3), st.integers(-3_000 * MS, 3_000 * MS), st.integers(0, 90_000 * MS), st.just(-START)
    )
    price = st.one_of(st.integers(1, 99), st.integers(6_000_000, 6_000_200), st.integers(-1, INT64_MAX))
    qty = st.one_of(st.integers(1, 99), st.integers(1, 10**9), st.integers(-1, INT64_MAX))
    ids = st.one_of(st.tuples(st.integers(1, 9), st.integers(1, 9)), st.tuples(st.just(0), st.integers(0, 2**33)))
    script: list[Trade | int] = []
    now = START
    for delta, is_clock, p, q, (first, last), aggregate in draw(
        st.lists(st.tuples(step, st.integers(0, 3), price, qty, ids, st.booleans()), max_size=40)
    ):
        ts = now + delta
        # Long jumps only where they do not make more than some hundred empty bars; those are tested apart.
        if kind == TIME and delta > 300 * size:
            ts = now + delta % (300 * size)
        now = max(now, ts)
        script.append(ts if is_clock == 0 else Trade(ts, p, q, first, last, aggregate))
    return oracle, script, draw(st.integers(1, 5))


@settings(max_examples=250, deadline=None)
@given(run=runs())
def test_bars_equal_plain_python(internals: tuple[Any, Any], run: tuple[Bars, list[Trade | int], int]) -> None:
    oracle, script, cap = run
    oracle.gap_max = internals[1].b3t_bars_gap_max()
    core = Core(internals, oracle)
    told: list[tuple[Any, ...]] = []
    for item in script:
        expected = oracle.on_clock(item) if isinstance(item, int) else oracle.on_trade(item)
        assert core.feed(item, cap) == expected
        told += expected
    stats = core.stats()
    made = [event for event in told if event[0] == "bar"]
    assert (stats.bars, stats.empty) == (len(made), sum(event[-1] for event in made))
    assert stats.late_trades == sum(event[:2] == ("system", 10) for event in told)
    assert stats.overflows == sum(event[:3] == ("system", 8, -9) for event in told)
    assert stats.bad_trades == sum(event[:3] == ("system", 8, -1) for event in told)
    assert stats.skipped == oracle.skipped


def test_a_gap_too_long_to_fill_is_skipped_and_counted(internals: tuple[Any, Any]) -> None:
    ffi, lib = internals
    limit = lib.b3t_bars_gap_max()
    slots = ffi.new("b3_slot[]", 4_096)
    for jump, bars, skipped in ((limit + 1, limit + 1, 0), (limit + 2, 1, limit + 1)):
        oracle = Bars(TIME, 1 * MS, 0, 2, 8, limit)
        core = Core(internals, oracle)
        assert core.feed(Trade(START, 100, 5), 4) == oracle.on_trade(Trade(START, 100, 5)) == []
        later = core.event(Trade(START + jump * MS, 101, 6))
        count = made = lib.b3_bars_on_event(core.bars, ffi.addressof(later, "hdr"), ffi.NULL, slots, 4_096)
        while count == 4_096:
            count = lib.b3_bars_on_event(core.bars, ffi.NULL, ffi.NULL, slots, 4_096)
            made += count
        assert (made, core.stats().bars, core.stats().skipped) == (bars, bars, skipped)
        oracle.open_ts, oracle.trades, oracle.last = START + jump * MS, [Trade(START + jump * MS, 101, 6)], 101
        end = START + (jump + 1) * MS
        assert core.feed(end, 4) == oracle.on_clock(end) != []


def test_an_event_while_bars_are_still_to_be_fetched_is_refused(internals: tuple[Any, Any]) -> None:
    ffi, lib = internals
    core = Core(internals, Bars(TIME, 1_000 * MS, 0, 2, 8, 0))
    core.feed(Trade(START, 100, 5), 4)
    slots, later = ffi.new("b3_slot[]", 2), core.event(Trade(START + 5_000 * MS, 101, 6))
    header = ffi.addressof(later, "hdr")
    assert lib.b3_bars_on_event(core.bars, header, ffi.NULL, slots, 0) == lib.B3_ERR_ARGUMENT
    assert lib.b3_bars_on_event(core.bars, header, ffi.NULL, slots, 2) == 2
    assert lib.b3_bars_on_event(core.bars, header, ffi.NULL, slots, 2) == lib.B3_ERR_STATE
    assert [lib.b3_bars_on_event(core.bars, ffi.NULL, ffi.NULL, slots, 2) for _ in range(3)] == [2, 1, 0]


def test_time_ends_in_2200(internals: tuple[Any, Any]) -> None:
    oracle = Bars(TIME, (2**32 - 1) * MS, 0, 8, 8, internals[1].b3t_bars_gap_max())
    core = Core(internals, oracle)
    for item in (Trade(START, 9, 9), Trade(YEAR_2200_NS, 9, 9), Trade(YEAR_2200_NS + 1, 9, 9), INT64_MAX, -INT64_MAX):
        expected = oracle.on_clock(item) if isinstance(item, int) else oracle.on_trade(item)
        assert core.feed(item, 3) == expected


def run(internals: tuple[Any, Any], oracle: Bars, script: list[Trade | int]) -> list[tuple[Any, ...]]:
    """What both say to a script written by hand."""
    core, told = Core(internals, oracle), []
    for item in script:
        expected = oracle.on_clock(item) if isinstance(item, int) else oracle.on_trade(item)
        assert core.feed(item, 4) == expected
        told += expected
    return told


def test_the_greatest_notional_that_fits_and_the_tie_beyond(internals: tuple[Any, Any]) -> None:
    full = Trade(START, INT64_MAX, 10)  # at 8 + 1 digits: INT64_MAX of money to the last digit
    fits = run(internals, Bars(TICK, 2, 0, 8, 1, 0), [full, Trade(START, 4, 1)])
    assert [event[8] for event in fits] == [INT64_MAX]
    tie = run(internals, Bars(TICK, 2, 0, 8, 1, 0), [full, Trade(START, 5, 1)])
    assert tie == [("system", 8, -9, 0)]


def test_an_interval_that_overflowed_gives_no_bar_but_its_last_price(internals: tuple[Any, Any]) -> None:
    script = [Trade(START, 2**62, 2**62), Trade(START, 7, 1), START + 3_000 * MS]
    told = run(internals, Bars(TIME, 1_000 * MS, 0, 2, 8, internals[1].b3t_bars_gap_max()), script)
    assert told[0] == ("system", 8, -9, 0)
    assert [(event[3], event[6], event[-1]) for event in told[1:]] == [(7, 7, True)] * 2


def test_vwap_is_rounded_half_to_even(internals: tuple[Any, Any]) -> None:
    prices = [2, 3, 3, 4]
    told = run(internals, Bars(TICK, 2, 0, 0, 0, 0), [Trade(START, price, 1) for price in prices])
    assert [event[9] for event in told] == [2, 4]
