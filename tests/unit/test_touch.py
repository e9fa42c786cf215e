"""The touch fuses ticker and depth by update id: the newer id wins, of equal ids what is there stays."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st


def quote(internals: tuple[Any, Any], update_id: int, bid: int, ask: int, recv_ns: int) -> Any:
    ffi, _ = internals
    made = ffi.new("b3_quote *")
    made.update_id, made.bid_price_raw, made.ask_price_raw = update_id, bid, ask
    made.bid_qty_raw, made.ask_qty_raw, made.hdr.ts_recv_ns = bid + 1, ask + 1, recv_ns
    return made


def fields(touch: Any) -> tuple[int, ...]:
    return (
        touch.bid_price_raw,
        touch.bid_qty_raw,
        touch.ask_price_raw,
        touch.ask_qty_raw,
        touch.update_id,
        touch.ts_recv_ns,
    )


@given(script=st.lists(st.tuples(st.integers(0, 12), st.integers(1, 99), st.integers(1, 99)), max_size=30))
def test_touch_is_the_first_quote_of_the_largest_id(
    internals: tuple[Any, Any], script: list[tuple[int, int, int]]
) -> None:
    ffi, lib = internals
    touch = ffi.new("b3_touch *")
    expected = (0, 0, 0, 0, 0, 0)
    for recv_ns, (update_id, bid, ask) in enumerate(script, start=1):
        newer = update_id > expected[4]
        if newer:
            expected = (bid, bid + 1, ask, ask + 1, update_id, recv_ns)
        taken = lib.b3t_touch_on_quote(touch, quote(internals, update_id, bid, ask, recv_ns))
        assert taken == newer
        assert fields(touch) == expected
