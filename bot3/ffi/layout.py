"""numpy dtypes and Arrow schemas of the events, derived from the C declarations and checked against them at import.

The header that every event starts with is flattened: `events["ts_recv_ns"]`, not `events["hdr"]["ts_recv_ns"]`.
Fields named `reserved` are left out and show as gaps. A dtype reads the C struct in place, from numpy as from numba.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from bot3.ffi import ffi, lib

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = [
    "DTYPES",
    "EVENT_MAX",
    "HEADER",
    "KINDS",
    "SLOT_BYTES",
    "Place",
    "arrow_schema",
    "places",
    "slot_events",
    "slot_kinds",
    "struct_dtype",
]

EVENT_MAX: Final = int(lib.B3_EVENT_MAX)

KINDS: Final[dict[str, int]] = {
    "level": lib.B3_LEVEL,
    "trade": lib.B3_TRADE,
    "quote": lib.B3_QUOTE,
    "bar": lib.B3_BAR,
    "timer": lib.B3_TIMER,
    "signal": lib.B3_SIGNAL,
    "request": lib.B3_REQUEST,
    "update": lib.B3_UPDATE,
    "position": lib.B3_POSITION,
    "balance": lib.B3_BALANCE,
    "rate": lib.B3_RATE,
    "funding": lib.B3_FUNDING,
    "decision": lib.B3_DECISION,
    "system": lib.B3_SYSTEM,
    "equity": lib.B3_EQUITY,
}

# numpy type codes by C type; what is not here may not stand in an event.
_CODES: Final = {
    "uint8_t": "u1",
    "uint16_t": "<u2",
    "uint32_t": "<u4",
    "uint64_t": "<u8",
    "int32_t": "<i4",
    "int64_t": "<i8",
    "double": "<f8",
}

Place = tuple[str, str, int]  # name, numpy type code, byte offset


def places(cname: str) -> list[Place]:
    """The fields of a C struct: b3_header flattened, reserved ones left out. TypeError for one of no plain number."""
    return _places(ffi.typeof(cname), 0)


def _places(ctype: Any, base: int) -> list[Place]:
    found: list[Place] = []
    for name, field in ctype.fields:
        offset = base + field.offset
        if name == "hdr":
            found += _places(field.type, offset)
        elif field.bitsize != -1 or field.type.cname not in _CODES:
            raise TypeError(f"{ctype.cname}.{name}: {field.type.cname} has no place in an event")
        elif name != "reserved":
            found.append((name, _CODES[field.type.cname], offset))
    return found


def _dtype(fields: list[Place], itemsize: int) -> np.dtype[np.void]:
    names, formats, offsets = zip(*fields, strict=True)
    spec: Any = {"names": list(names), "formats": list(formats), "offsets": list(offsets), "itemsize": itemsize}
    dtype: np.dtype[np.void] = np.dtype(spec)
    return dtype


def struct_dtype(cname: str) -> np.dtype[np.void]:
    """The dtype that reads a C struct in place, see places()."""
    return _dtype(places(cname), ffi.sizeof(cname))


HEADER: Final = struct_dtype("b3_header")
DTYPES: Final[dict[str, np.dtype[np.void]]] = {name: struct_dtype(f"b3_{name}") for name in KINDS}

# A slot of the engine's tap and inbox, as bytes: its sequence, then an event of any kind.
SLOT_BYTES: Final = ffi.sizeof("b3_tap_slot")
_EVENT_AT: Final = ffi.offsetof("b3_tap_slot", "event")


def slot_kinds(slots: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint16]:
    """The kind of each slot's event. slots: uint8, shape (n, SLOT_BYTES), rows contiguous."""
    kinds: npt.NDArray[np.uint16] = slots[:, _EVENT_AT : _EVENT_AT + 2].view("<u2")[:, 0]
    return kinds


def slot_events(slots: npt.NDArray[np.uint8], kind: str) -> npt.NDArray[np.void]:
    """A copy of the events of one kind in slots (see slot_kinds), in order, dtype DTYPES[kind]."""
    dtype = DTYPES[kind]
    rows = slots[slot_kinds(slots) == KINDS[kind], _EVENT_AT : _EVENT_AT + dtype.itemsize]
    events: npt.NDArray[np.void] = np.ascontiguousarray(rows).view(dtype)[:, 0]
    return events


def _check() -> None:
    """Stops the import when numpy and C would read the same bytes differently."""
    header = places("b3_header")
    for name, kind in KINDS.items():
        cname = f"b3_{name}"
        fields = places(cname)
        if fields[: len(header)] != header:
            raise ImportError(f"{cname}: does not start with b3_header")
        for field, code, offset in fields:
            path = ("hdr", field) if (field, code, offset) in header else (field,)
            if ffi.offsetof(cname, *path) != offset:
                raise ImportError(f"{cname}.{field}: numpy has it at byte {offset}, C does not")
        if not DTYPES[name].itemsize == ffi.sizeof(cname) == lib.b3_event_size(kind) <= EVENT_MAX:
            raise ImportError(f"{cname}: the compiled core is of another version than this Python code; build it again")


_check()


def arrow_schema(kind: str) -> pa.Schema:
    """The Arrow schema of an event kind: the dtype's fields in order, times (`_ns`) as timestamp[ns, UTC]."""
    import pyarrow as pa  # here: it takes longer to import than the rest of the control plane

    types = {code: pa.from_numpy_dtype(np.dtype(code)) for code in _CODES.values()}
    utc = pa.timestamp("ns", tz="UTC")
    return pa.schema([(name, utc if name.endswith("_ns") else types[code]) for name, code, _ in places(f"b3_{kind}")])
