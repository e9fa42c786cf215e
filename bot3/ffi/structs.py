"""C structs to plain Python values and back, by their declared fields: for journals and summaries, not hot paths."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bot3.ffi import ffi

if TYPE_CHECKING:
    from bot3.ffi._core import CData

__all__ = ["as_dict", "assign"]


def as_dict(struct: CData) -> dict[str, Any]:
    """The fields of a struct: integers, floats, text (char arrays), and nested dicts. Reserved fields are left out."""
    found: dict[str, Any] = {}
    for name, field in _fields(struct):
        value = getattr(struct, name)
        kind = field.type.kind
        if kind == "struct":
            found[name] = as_dict(value)
        elif kind == "array":
            found[name] = ffi.string(value).decode() if field.type.item.cname == "char" else list(value)
        else:
            found[name] = value
    return found


def assign(struct: CData, values: dict[str, Any]) -> None:
    """Sets the named fields; the others keep what they have.

    Raises KeyError for a name that is no field, TypeError or OverflowError for a value that does not fit.
    """
    fields = dict(_fields(struct))
    for name, value in values.items():
        kind = fields[name].type.kind
        if kind == "struct":
            assign(getattr(struct, name), value)
        elif kind == "array":
            setattr(struct, name, value.encode() if isinstance(value, str) else value)
        else:
            setattr(struct, name, value)


def _fields(struct: CData) -> list[tuple[str, Any]]:
    ctype = ffi.typeof(struct)
    if ctype.kind == "pointer":
        ctype = ctype.item
    return [(name, field) for name, field in ctype.fields if name != "reserved"]
