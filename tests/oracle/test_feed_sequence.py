"""Depth sequencing: each rule by hand, any traffic against an obvious model, and the recorded sessions."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from feed_native import Native, forms
from feed_oracle import CAPTURES, NAMES, RECORDINGS, SNAPSHOT, Symbol, messages
from hypothesis import given, settings
from hypothesis import strategies as st

APPLY, STALE, KEPT, GAP, SNAPSHOT_TAKEN, SNAPSHOT_OLD = range(6)
LAST, CHAINED = 1, 16


@dataclass(frozen=True)
class Diff:
    """A diff of count levels; previous: of futures."""

    first: int
    last: int
    previous: int | None = None
    count: int = 1


@dataclass(frozen=True)
class Book:
    """A snapshot."""

    last: int


class Sequence:
    """The sequencing in C."""

    def __init__(self, internals: tuple[Any, Any], level_capacity: int = 64) -> None:
        self.ffi, self.lib = internals
        self.handle = self.ffi.gc(self.lib.b3t_sequence_new(level_capacity), self.lib.b3t_sequence_free)
        self.expected, self.found = self.ffi.new("int64_t *"), self.ffi.new("int64_t *")

    def levels(self, message: Diff | Book) -> Any:
        count = message.count if isinstance(message, Diff) else 1
        levels = self.ffi.new("b3_level[]", count)
        for i, level in enumerate(levels):
            level.price_raw = 100 + i
            level.last_update_id = message.last
            level.first_update_id = message.first if isinstance(message, Diff) else message.last
            if isinstance(message, Book):
                level.hdr.flags = SNAPSHOT
            elif message.previous is not None:
                level.hdr.flags, level.prev_update_id = CHAINED, message.previous
        levels[count - 1].hdr.flags |= LAST
        return levels

    def on(self, message: Diff | Book) -> int:
        levels = self.levels(message)
        return int(self.lib.b3t_sequence_on_message(self.handle, levels, len(levels), self.expected, self.found))

    def drain(self) -> list[int]:
        """Last ids of the kept messages that apply; -1 at the end for a broken chain."""
        out = []
        pointer = self.ffi.new("b3_level **")
        while (count := self.lib.b3t_sequence_next(self.handle, pointer, self.expected, self.found)) > 0:
            levels = [pointer[0][i] for i in range(count)]
            assert [level.price_raw for level in levels] == [100 + i for i in range(count)]
            assert [level.hdr.flags & LAST for level in levels] == [0] * (count - 1) + [LAST]
            assert len({level.last_update_id for level in levels}) == 1
            out.append(levels[0].last_update_id)
        return [*out, -1] if count < 0 else out

    def gap(self) -> tuple[int, int]:
        return self.expected[0], self.found[0]

    @property
    def stats(self) -> Any:
        out = self.ffi.new("b3t_sequence_stats *")
        self.lib.b3t_sequence_stats_of(self.handle, out)
        return out


@pytest.fixture
def sequence(internals: tuple[Any, Any]) -> Sequence:
    return Sequence(internals)


def test_diffs_wait_for_a_snapshot_and_the_stale_ones_go(sequence: Sequence) -> None:
    for diff in (Diff(1, 5), Diff(6, 9), Diff(10, 12, count=3)):
        assert sequence.on(diff) == KEPT
    assert sequence.stats.kept == 3 and not sequence.stats.synced
    assert sequence.on(Book(7)) == SNAPSHOT_TAKEN
    assert sequence.drain() == [9, 12]
    assert (sequence.stats.stale, sequence.stats.applied, sequence.stats.last_update_id) == (1, 2, 12)
    assert sequence.stats.synced and sequence.stats.kept == 0


@pytest.mark.parametrize("first", [90, 100, 101])
def test_spot_takes_the_snapshot_or_the_one_after_it_inside_the_first_diff(sequence: Sequence, first: int) -> None:
    assert sequence.on(Book(100)) == SNAPSHOT_TAKEN
    assert sequence.drain() == []
    assert sequence.on(Diff(first, 105)) == APPLY


def test_spot_gap_halts_until_a_snapshot_that_reaches_the_kept_diffs(sequence: Sequence) -> None:
    sequence.on(Book(100))
    assert sequence.on(Diff(101, 105)) == APPLY
    assert sequence.on(Diff(107, 110)) == GAP
    assert sequence.gap() == (106, 107)
    assert not sequence.stats.synced and sequence.stats.gaps == 1
    assert sequence.on(Diff(111, 112)) == KEPT
    assert sequence.on(Book(105)) == SNAPSHOT_OLD
    assert sequence.on(Book(106)) == SNAPSHOT_TAKEN
    assert sequence.drain() == [110, 112]


def test_spot_older_and_equal_diffs_are_stale_and_overlapping_ones_apply(sequence: Sequence) -> None:
    sequence.on(Book(100))
    assert sequence.on(Diff(95, 100)) == STALE
    assert sequence.on(Diff(90, 99)) == STALE
    assert sequence.on(Diff(99, 103)) == APPLY
    assert sequence.on(Diff(103, 104)) == APPLY
    assert sequence.stats.last_update_id == 104


def test_a_broken_chain_among_the_kept_diffs_is_found_while_draining(sequence: Sequence) -> None:
    for diff in (Diff(1, 5), Diff(8, 9), Diff(10, 11)):
        sequence.on(diff)
    assert sequence.on(Book(3)) == SNAPSHOT_TAKEN
    assert sequence.drain() == [5, -1]
    assert sequence.gap() == (6, 8)
    assert not sequence.stats.synced and sequence.stats.kept == 2
    assert sequence.on(Book(8)) == SNAPSHOT_TAKEN
    assert sequence.drain() == [9, 11]


def test_futures_chain_by_the_previous_id(sequence: Sequence) -> None:
    assert sequence.on(Diff(10, 20, 5)) == KEPT
    assert sequence.on(Diff(31, 40, 20)) == KEPT
    assert sequence.on(Book(35)) == SNAPSHOT_TAKEN
    assert sequence.drain() == [40]
    assert sequence.on(Diff(55, 60, 40)) == APPLY
    assert sequence.on(Diff(55, 60, 40)) == STALE
    assert sequence.on(Diff(70, 80, 61)) == GAP
    assert sequence.gap() == (60, 61)


@pytest.mark.parametrize(
    ("diff", "verdict"),
    [(Diff(90, 99, 80), STALE), (Diff(90, 100, 80), APPLY), (Diff(100, 110, 99), APPLY), (Diff(101, 110, 100), APPLY),
     (Diff(101, 110, 99), GAP)],
)  # fmt: skip
def test_futures_first_diff_after_a_snapshot(sequence: Sequence, diff: Diff, verdict: int) -> None:
    sequence.on(Book(100))
    assert sequence.on(diff) == verdict


def test_a_full_store_drops_the_oldest_and_the_snapshot_is_then_old(internals: tuple[Any, Any]) -> None:
    sequence = Sequence(internals, level_capacity=4)
    for i in range(1, 6):
        assert sequence.on(Diff(i, i, count=2)) == KEPT
    assert (sequence.stats.kept, sequence.stats.dropped) == (2, 3)
    assert sequence.on(Book(2)) == SNAPSHOT_OLD
    assert sequence.on(Book(3)) == SNAPSHOT_TAKEN
    assert sequence.drain() == [4, 5]


def test_a_message_larger_than_the_store_is_dropped_with_all_before_it(internals: tuple[Any, Any]) -> None:
    sequence = Sequence(internals, level_capacity=4)
    sequence.on(Diff(1, 1))
    sequence.on(Diff(2, 2, count=5))
    sequence.on(Diff(3, 3))
    assert (sequence.stats.kept, sequence.stats.dropped) == (1, 2)
    assert sequence.on(Book(1)) == SNAPSHOT_OLD


def test_newer_snapshots_replace_and_older_ones_are_refused(sequence: Sequence) -> None:
    sequence.on(Book(100))
    sequence.on(Diff(101, 120))
    assert sequence.on(Book(119)) == SNAPSHOT_OLD
    assert sequence.stats.synced and sequence.stats.last_update_id == 120
    assert sequence.on(Book(130)) == SNAPSHOT_TAKEN
    assert sequence.on(Diff(121, 130)) == STALE
    assert sequence.on(Diff(125, 131)) == APPLY


def test_reset_forgets_all_but_the_counters(sequence: Sequence) -> None:
    sequence.on(Book(100))
    sequence.on(Diff(101, 120))
    sequence.lib.b3t_sequence_reset(sequence.handle)
    assert not sequence.stats.synced and sequence.stats.last_update_id == 0 and sequence.stats.applied == 1
    assert sequence.on(Diff(121, 122)) == KEPT


# ---------------------------------------------------------------- any traffic


@dataclass
class Model:
    """The rules over a plain list. What comes out: verdicts, and last ids of what the book was given."""

    capacity: int
    local: int = 0
    synced: bool = False
    fresh: bool = False
    kept: list[Diff] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(("applied", "stale", "gaps", "snapshots"), 0))

    def verdict(self, diff: Diff) -> int:
        if diff.previous is None:
            if diff.last <= self.local:
                return STALE
            return APPLY if diff.first <= self.local + 1 else GAP
        holds = self.fresh and diff.first <= self.local <= diff.last
        if diff.previous == self.local or holds:
            return APPLY
        return STALE if diff.last <= self.local else GAP

    def take(self, diff: Diff) -> int:
        verdict = self.verdict(diff)
        if verdict == APPLY:
            self.local, self.fresh = diff.last, False
            self.counts["applied"] += 1
        elif verdict == STALE:
            self.counts["stale"] += 1
        else:
            self.synced = False
            self.counts["gaps"] += 1
        return verdict

    def keep(self, diff: Diff) -> None:
        self.kept.append(diff)

    def on(self, message: Diff | Book) -> int:
        if isinstance(message, Book):
            if self.synced and message.last < self.local:
                return SNAPSHOT_OLD
            if not self.synced and self.kept:
                oldest = self.kept[0]
                reaches = message.last >= oldest.first - (oldest.previous is None)
                if not reaches and message.last != oldest.previous:
                    return SNAPSHOT_OLD
            self.local, self.synced, self.fresh = message.last, True, True
            self.counts["snapshots"] += 1
            return SNAPSHOT_TAKEN
        if not self.synced:
            self.keep(message)
            return KEPT
        verdict = self.take(message)
        if verdict == GAP:
            self.keep(message)
        return verdict

    def drain(self) -> list[int]:
        out = []
        while self.kept:
            diff = self.kept[0]
            verdict = self.take(diff)
            if verdict == GAP:
                return [*out, -1]
            self.kept.pop(0)
            if verdict == APPLY:
                out.append(diff.last)
        return out


@st.composite
def traffic(draw: st.DrawFn) -> list[Diff | Book]:
    """Diffs that mostly chain, with some lost, repeated or overlapping, and snapshots of about now."""
    futures = draw(st.booleans())
    now, previous = 100, 99
    out: list[Diff | Book] = []
    for _ in range(draw(st.integers(1, 40))):
        if draw(st.integers(0, 5)) == 0:
            out.append(Book(now + draw(st.integers(-12, 6))))
            continue
        first = now + 1 + (draw(st.integers(0, 3)) if futures else 0)
        last = first + draw(st.integers(0, 4))
        diff = Diff(first, last, previous if futures else None, draw(st.integers(1, 6)))
        now, previous = last, last
        fate = draw(st.integers(0, 11))
        if fate != 0:
            out.append(diff)
        if fate == 1:
            out.append(diff)
        if fate == 2 and not futures:
            out.append(Diff(max(1, diff.first - 3), diff.last + 1, None, 2))
    return out


@settings(max_examples=150, deadline=None)
@given(traffic())
def test_any_traffic_equals_the_model(internals: tuple[Any, Any], messages: list[Diff | Book]) -> None:
    sequence, model = Sequence(internals, level_capacity=1000), Model(1000)
    for message in messages:
        verdict = sequence.on(message)
        assert verdict == model.on(message), message
        if verdict == SNAPSHOT_TAKEN:
            assert sequence.drain() == model.drain()
        stats = sequence.stats
        assert {name: getattr(stats, name) for name in model.counts} == model.counts
        assert (stats.kept, bool(stats.synced)) == (len(model.kept), model.synced)
        assert not model.synced or stats.last_update_id == model.local


@settings(max_examples=80, deadline=None)
@given(st.lists(st.integers(1, 9), max_size=60), st.integers(1, 20))
def test_a_store_of_any_size_keeps_the_newest_messages_whole(
    internals: tuple[Any, Any], counts: list[int], capacity: int
) -> None:
    sequence = Sequence(internals, capacity)
    for i, count in enumerate(counts, 1):
        assert sequence.on(Diff(i, i, count=count)) == KEPT
        assert sequence.stats.kept + sequence.stats.dropped == i
    kept = int(sequence.stats.kept)
    if kept:
        oldest = len(counts) - kept + 1
        assert sequence.on(Book(oldest - 2)) == SNAPSHOT_OLD
        assert sequence.on(Book(oldest - 1)) == SNAPSHOT_TAKEN
        assert sequence.drain() == list(range(oldest, len(counts) + 1))
        assert sum(counts[oldest - 1 :]) <= capacity


# ---------------------------------------------------------------- recorded sessions


def replay(internals: tuple[Any, Any], data: Path, names: tuple[str, ...]) -> dict[str, Sequence]:
    """Each symbol's sequencing after the recordings, parsed by the best form here. No gap is forgiven on the way."""
    symbols = {name: Symbol(i, 8, 8) for i, name in enumerate(NAMES)}
    parser = Native(internals, symbols, forms(internals)[-1])
    ffi, lib = internals
    sequences: dict[str, Sequence] = {}
    for name in names:
        for message, source_symbol in messages(data, name):
            if b"depthUpdate" not in message and b"lastUpdateId" not in message:
                continue
            assert parser.parse(message, symbols[source_symbol].index if source_symbol else -1) == "B3_OK"
            sequence = sequences.setdefault(NAMES[parser.parsed.instrument], Sequence(internals, 1 << 16))
            levels = ffi.cast("b3_level *", parser.out)
            verdict = lib.b3t_sequence_on_message(
                sequence.handle, levels, parser.parsed.count, sequence.expected, sequence.found
            )
            assert verdict not in (GAP, SNAPSHOT_OLD)
            if verdict == SNAPSHOT_TAKEN:
                drain(sequence)
    return sequences


def drain(sequence: Sequence) -> None:
    pointer = sequence.ffi.new("b3_level **")
    while (count := sequence.lib.b3t_sequence_next(sequence.handle, pointer, sequence.expected, sequence.found)) > 0:
        assert pointer[0][count - 1].hdr.flags & LAST
    assert count == 0


def test_spot_session(internals: tuple[Any, Any], shared_data: Path) -> None:
    stats = replay(internals, shared_data, RECORDINGS[:2])["BTCUSDT"].stats
    assert (stats.stale, stats.applied, stats.gaps, stats.snapshots) == (2, 6493, 0, 1)
    assert (stats.last_update_id, stats.synced) == (50093696318, 1)


def test_futures_session_is_one_chain(internals: tuple[Any, Any], shared_data: Path) -> None:
    stats = replay(internals, shared_data, RECORDINGS[2:])["BTCUSDT"].stats
    assert (stats.gaps, stats.snapshots, stats.synced) == (0, 1, 1)
    assert stats.applied + stats.stale == 6551


@pytest.mark.parametrize("name", CAPTURES)
def test_captures_synchronise_every_symbol_without_a_gap(
    internals: tuple[Any, Any], shared_data: Path, name: str
) -> None:
    sequences = replay(internals, shared_data, (name,))
    assert len(sequences) == 4
    for symbol, sequence in sequences.items():
        assert sequence.stats.synced and sequence.stats.gaps == 0, symbol
        assert sequence.stats.snapshots == 1 and sequence.stats.kept == 0, symbol
