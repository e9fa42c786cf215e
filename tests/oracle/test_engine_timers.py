"""The heap of timers against a sorted list."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

CAPACITY = 16
STEPS = st.lists(st.tuples(st.sampled_from(["push", "pop"]), st.integers(-6, 6)))


@given(STEPS)
def test_timers_fire_by_due_time_then_by_order(internals: tuple[Any, Any], steps: list[tuple[str, int]]) -> None:
    ffi, lib = internals
    timers = lib.b3t_timers_new(CAPACITY)
    waiting: list[tuple[int, int]] = []
    due_ns, token = ffi.new("int64_t *"), ffi.new("uint64_t *")
    for number, (action, time_ns) in enumerate(steps):
        if action == "push":
            full = len(waiting) == CAPACITY
            assert lib.b3t_timers_push(timers, time_ns, number) == (lib.B3_FULL if full else lib.B3_OK)
            if not full:
                waiting.append((time_ns, number))
            continue
        due = min((timer for timer in waiting if timer[0] <= time_ns), default=None)
        status = lib.b3t_timers_pop(timers, time_ns, due_ns, token)
        assert status == (lib.B3_EMPTY if due is None else lib.B3_OK)
        if due is not None:
            assert (due_ns[0], token[0]) == due
            waiting.remove(due)
    lib.b3t_timers_free(timers)
