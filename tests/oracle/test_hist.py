"""The histogram against a sorted list."""

import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

TOP_NS = 2**41 - 2**34  # where the top bucket begins: it holds all larger values, too
values_ns = st.one_of(
    st.integers(0, 200),
    st.integers(0, 10**6),
    st.integers(0, TOP_NS - 1),
    st.integers(0, 40).flatmap(lambda e: st.integers(max(0, 2**e - 2), 2**e + 2)),
    st.integers(TOP_NS, 2**63 - 1),
)
quantiles = st.one_of(st.sampled_from([0.0, 0.5, 0.9, 0.99, 0.999, 1.0]), st.floats(0, 1))


def filled(internals: tuple[Any, Any], values: list[int]) -> Any:
    ffi, lib = internals
    hist = ffi.new("b3_hist *")
    for value in values:
        lib.b3_hist_record(hist, value)
    return hist


def exact_quantile(values: list[int], q: float) -> int:
    """The smallest value that at least the fraction q of the values do not exceed."""
    rank = min(max(math.ceil(q * len(values)), 1), len(values))
    return sorted(values)[rank - 1]


@settings(max_examples=150, deadline=None)
@given(values=st.lists(values_ns, min_size=1, max_size=200), q=quantiles)
def test_a_quantile_is_the_sorted_list_s_within_its_bucket(
    internals: tuple[Any, Any], values: list[int], q: float
) -> None:
    _, lib = internals
    hist = filled(internals, values)
    exact = exact_quantile(values, q)
    found = lib.b3_hist_quantile(hist, q)
    if exact < TOP_NS:
        assert exact <= found <= exact + exact // 64
    else:
        assert found == max(values)
    assert found <= max(values)
    if exact < 128:
        assert found == exact


@settings(max_examples=100, deadline=None)
@given(values=st.lists(st.one_of(values_ns, st.integers(-(2**63), -1)), max_size=200))
def test_count_sum_max_and_negatives_are_exact(internals: tuple[Any, Any], values: list[int]) -> None:
    hist = filled(internals, values)
    counted = [value for value in values if value >= 0]
    assert hist.count == sum(hist.buckets) == len(counted)
    assert hist.sum_ns == sum(counted) % 2**64
    assert hist.max_ns == max(counted, default=0)
    assert hist.negative == len(values) - len(counted)


@settings(max_examples=100, deadline=None)
@given(first=st.lists(values_ns, max_size=100), second=st.lists(values_ns, max_size=100))
def test_merged_is_what_one_histogram_of_both_would_be(
    internals: tuple[Any, Any], first: list[int], second: list[int]
) -> None:
    ffi, lib = internals
    into = filled(internals, [*first, -1])
    lib.b3_hist_merge(into, filled(internals, [*second, -1, -1]))
    both = filled(internals, [*first, *second, -1, -1, -1])
    assert bytes(ffi.buffer(into)) == bytes(ffi.buffer(both))


def test_every_bucket_bound_is_reached_and_tight(internals: tuple[Any, Any]) -> None:
    """Walks all buckets: the bound of a value's bucket holds the value, and the next value is in the next bucket."""
    ffi, lib = internals
    value, buckets = 0, 0
    while value < TOP_NS:
        hist = filled(internals, [value, 2**62])
        bound = lib.b3_hist_quantile(hist, 0.5)
        if bound == 2**62:
            break
        assert value <= bound <= value + value // 64
        buckets += 1
        value = bound + 1
    assert buckets == lib.B3_HIST_BUCKETS - 1
    assert value == TOP_NS
    assert ffi.sizeof("b3_hist") == 8 * (4 + lib.B3_HIST_BUCKETS)


@pytest.mark.parametrize("q", [-1.0, 0.0, 0.5, 1.0, 2.0, math.inf, -math.inf, math.nan])
def test_any_fraction_is_answered(internals: tuple[Any, Any], q: float) -> None:
    """What lies outside 0..1 counts as the nearer end; not-a-number as 0."""
    ffi, lib = internals
    assert lib.b3_hist_quantile(ffi.new("b3_hist *"), q) == 0
    found = lib.b3_hist_quantile(filled(internals, [10, 20, 30]), q)
    assert found == (30 if q >= 1 else 20 if q == 0.5 else 10)
