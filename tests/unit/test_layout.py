"""numpy and Arrow read what C wrote: every field of every event, by a value of its own."""

import numpy as np
import pyarrow as pa
import pytest

from bot3.ffi import ffi, lib
from bot3.ffi.layout import DTYPES, KINDS, SLOT_BYTES, arrow_schema, places, slot_events, slot_kinds, struct_dtype
from bot3.ffi.status import text

HEADER = [name for name, _, _ in places("b3_header")]


def written(kind: str) -> tuple[bytes, dict[str, float]]:
    """An event whose fields C code was told one by one, and what it was told."""
    event = ffi.new(f"b3_{kind} *")
    told: dict[str, float] = {}
    for index, (name, code, _) in enumerate(places(f"b3_{kind}")):
        value = index + 1.5 if code == "<f8" else index + 1
        if code == "<i8":
            value = -value - 2**40
        setattr(event.hdr if name in HEADER else event, name, value)
        told[name] = value
    return bytes(ffi.buffer(event)), told


@pytest.mark.parametrize("kind", KINDS)
def test_numpy_reads_every_field(kind: str) -> None:
    data, told = written(kind)
    events = np.frombuffer(data * 3, DTYPES[kind])
    assert len(events) == 3
    assert {name: events[name][2].item() for name in told} == told


@pytest.mark.parametrize("kind", KINDS)
def test_kinds_and_sizes_are_the_core_s(kind: str) -> None:
    assert text(lib.b3_kind_name(KINDS[kind])) == kind
    assert DTYPES[kind].itemsize == lib.b3_event_size(KINDS[kind])


def test_every_kind_of_the_core_is_here() -> None:
    assert sorted(KINDS.values()) == list(range(1, lib.B3_KIND_END))


@pytest.mark.parametrize("kind", KINDS)
def test_arrow_schema_follows_the_dtype(kind: str) -> None:
    schema = arrow_schema(kind)
    assert tuple(schema.names) == DTYPES[kind].names
    for field in schema:
        if field.name.endswith("_ns"):
            assert field.type == pa.timestamp("ns", tz="UTC")
        else:
            assert field.type == pa.from_numpy_dtype(DTYPES[kind][field.name])


def test_slots_give_each_kind_its_events_in_order() -> None:
    kinds = ["trade", "bar", "trade", "quote"]
    slots = np.zeros((len(kinds), SLOT_BYTES), np.uint8)
    for row, kind in enumerate(kinds):
        event = ffi.new(f"b3_{kind} *")
        event.hdr.kind = KINDS[kind]
        event.hdr.input_no = row + 1
        data = bytes(ffi.buffer(event))
        slots[row, 8 : 8 + len(data)] = np.frombuffer(data, np.uint8)
    assert slot_kinds(slots).tolist() == [KINDS[kind] for kind in kinds]
    assert slot_events(slots, "trade")["input_no"].tolist() == [1, 3]
    assert slot_events(slots, "bar")["input_no"].tolist() == [2]
    assert len(slot_events(slots, "signal")) == 0


def test_a_struct_with_a_pointer_is_no_event() -> None:
    with pytest.raises(TypeError, match="no place in an event"):
        struct_dtype("b3_view")
