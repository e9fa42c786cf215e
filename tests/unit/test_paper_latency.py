"""Drawn latencies: the distribution against its formula, the same for the same seed, in order."""

import math
from decimal import Decimal, localcontext
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from trading_kit import NOW_NS, Core


@pytest.fixture
def core(internals: tuple[Any, Any]) -> Core:
    return Core(*internals)


def mixed(seed: int, n: int) -> int:
    """SplitMix64's n-th output, from the paper's words."""
    mask = 2**64 - 1
    word = (seed + (n + 1) * 0x9E3779B97F4A7C15) & mask
    word = ((word ^ word >> 30) * 0xBF58476D1CE4E5B9) & mask
    word = ((word ^ word >> 27) * 0x94D049BB133111EB) & mask
    return word ^ word >> 31


@given(st.integers(0, 2**64 - 1), st.integers(0, 2**40), st.integers(0, 3_600_000_000_000))
def test_a_draw_is_the_mean_times_the_logarithm(internals: tuple[Any, Any], seed: int, n: int, mean_ns: int) -> None:
    """To 32 binary digits of the logarithm, and the whole nanosecond below."""
    drawn = internals[1].b3_latency_draw(seed, n, mean_ns)
    with localcontext(prec=50):
        exact = -(Decimal(max(mixed(seed, n), 1)) / 2**64).ln() * mean_ns
        assert abs(drawn - exact) <= 1 + Decimal(mean_ns) / 2**31


def test_known_outputs_of_the_generator() -> None:
    """From the reference implementation's first outputs for the seed 1234567 (https://prng.di.unimi.it/splitmix64.c)."""
    assert [mixed(1234567, n) for n in range(3)] == [6457827717110365317, 3203168211198807973, 9817491932198370423]


def test_mean_and_spread_of_many_draws(core: Core) -> None:
    """An exponential distribution: mean and standard deviation are the same, and P(x > 2 mean) = e^-2."""
    draws = [core.lib.b3_latency_draw(7, n, 1_000_000) for n in range(40_000)]
    mean = sum(draws) / len(draws)
    deviation = math.sqrt(sum((x - mean) ** 2 for x in draws) / len(draws))
    assert mean == pytest.approx(1e6, rel=0.02)
    assert deviation == pytest.approx(1e6, rel=0.03)
    assert sum(x > 2e6 for x in draws) / len(draws) == pytest.approx(math.exp(-2), rel=0.05)


def state(core: Core, **fields: Any) -> Any:
    made = core.struct("b3_latency_state")
    assert core.lib.b3_latency_init(made, core.struct("b3_paper_config", **fields)) == 0
    return made


def arrivals(core: Core, made: Any, sent: list[int]) -> list[int]:
    return [core.lib.b3_latency_arrival(made, NOW_NS + at) - NOW_NS for at in sent]


def test_a_constant_latency_adds_both_parts(core: Core) -> None:
    made = state(core, order_entry={"constant_ns": 300}, market_data={"constant_ns": 50})
    assert arrivals(core, made, [0, 10, 10]) == [350, 360, 360]


def test_requests_do_not_overtake_and_the_same_seed_repeats(core: Core) -> None:
    fields: dict[str, Any] = {
        "order_entry": {"constant_ns": 1000, "spread_ns": 5000},
        "market_data": {"constant_ns": 10, "spread_ns": 700},
    }
    sent = [i * 400 for i in range(300)]
    first = arrivals(core, state(core, seed=11, **fields), sent)
    assert first == sorted(first)
    assert first == arrivals(core, state(core, seed=11, **fields), sent)
    assert first != arrivals(core, state(core, seed=12, **fields), sent)
    last = 0
    for n, (at, arrival) in enumerate(zip(sent, first, strict=True)):
        draw = core.lib.b3_latency_draw
        last = max(last, at + 1010 + draw(11, 2 * n, 5000) + draw(11, 2 * n + 1, 700))
        assert arrival == last


@pytest.mark.parametrize("part", ["order_entry", "market_data"])
@pytest.mark.parametrize("fields", [{"constant_ns": -1}, {"spread_ns": -1}, {"constant_ns": 3_600_000_000_001}])
def test_a_latency_that_cannot_be_is_refused(core: Core, part: str, fields: dict[str, int]) -> None:
    made = core.struct("b3_latency_state")
    assert core.lib.b3_latency_init(made, core.struct("b3_paper_config", **{part: fields})) == core.lib.B3_ERR_ARGUMENT
