"""Decimal text to scaled integers and back, against Python's decimal; every fault with its byte."""

import re
from decimal import Context, Decimal
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

MAX = 2**63 - 1
UNTOUCHED = 0x5A5A
# Wide enough for anything drawn here: no operation below rounds.
EXACT = Context(prec=200)
digits = st.text("0123456789", min_size=1, max_size=22)
plain_text = st.one_of(digits, st.tuples(digits, digits).map(".".join), st.integers(0, MAX).map(str))
any_text = st.one_of(plain_text, st.text("0123456789.-+eE x\0", max_size=25), st.text(max_size=10))


def parsed(internals: tuple[Any, Any], text: bytes, scale: int) -> tuple[int, int]:
    """(status, raw) when it is taken, (status, byte position) when not. The buffer ends with the text."""
    ffi, lib = internals
    raw = ffi.new("int64_t *", UNTOUCHED)
    error = ffi.new("b3_error *")
    block = ffi.new("char[]", text) if text else ffi.NULL
    status = lib.b3_decimal_parse(block, len(text), scale, raw, error)
    assert lib.b3_decimal_parse(block, len(text), scale, ffi.new("int64_t *"), ffi.NULL) == status
    if status == lib.B3_OK:
        assert error.what == ffi.NULL
        return status, raw[0]
    assert raw[0] == UNTOUCHED
    assert error.status == status
    assert ffi.string(error.what).startswith(b"decimal: ")
    return status, error.position


def expected(lib: Any, text: bytes, scale: int) -> tuple[int, int]:
    """The same by looking at longer and longer beginnings: the first byte at fault decides."""
    if not re.fullmatch(rb"[0-9]+(\.[0-9]+)?", text):
        whole = re.match(rb"[0-9]+\.[0-9]*|[0-9]*", text)
        assert whole is not None
        good = whole.group()
        status, position = (
            expected(lib, good + (b"0" if good.endswith(b".") else b""), scale) if good else (lib.B3_OK, 0)
        )
        # What is too large only for want of the digits up to the scale has no byte at fault before the malformed one.
        if status != lib.B3_OK and position < len(good):
            return status, position
        return lib.B3_ERR_FORMAT, len(good)
    point = text.find(b".") if b"." in text else len(text)
    for end in range(1, len(text) + 1):
        if end == point + 1:
            continue
        if end > point + 1 + scale and text[end - 1] != ord("0"):
            return lib.B3_ERR_PRECISION, end - 1
        if int(text[: min(end, point + 1 + scale)].replace(b".", b"")) > MAX:
            return lib.B3_ERR_OVERFLOW, end - 1
    raw = EXACT.scaleb(Decimal(text.decode()), scale)
    assert raw == int(raw)
    return (lib.B3_OK, int(raw)) if raw <= MAX else (lib.B3_ERR_OVERFLOW, len(text))


@settings(max_examples=300, deadline=None)
@given(text=any_text.map(lambda text: text.encode("utf-8", "surrogatepass")), scale=st.integers(0, 18))
@example(text=b"9223372036854775807", scale=0)
@example(text=b"9223372036854775808", scale=0)
@example(text=b"9.223372036854775807", scale=18)
@example(text=b"9.223372036854775808", scale=18)
@example(text=b"10", scale=18)
@example(text=b"0.10000000000000000000000000000000000", scale=1)
def test_parse_is_exact_or_names_the_byte(internals: tuple[Any, Any], text: bytes, scale: int) -> None:
    assert parsed(internals, text, scale) == expected(internals[1], text, scale)


@pytest.mark.parametrize(
    ("text", "scale", "raw"),
    [
        ("0", 0, 0),
        ("61602.01", 2, 6160201),
        ("61602.01000000", 2, 6160201),
        ("0.00000001", 8, 1),
        ("00012.50", 4, 125000),
        ("92233720368.54775807", 8, MAX),
        ("92233720368547758.07000", 2, MAX),
    ],
)
def test_taken_by_hand(internals: tuple[Any, Any], text: str, scale: int, raw: int) -> None:
    assert parsed(internals, text.encode(), scale) == (internals[1].B3_OK, raw)


@pytest.mark.parametrize(
    ("text", "scale", "fault", "position", "what"),
    [
        ("", 2, "FORMAT", 0, "empty"),
        ("-1.5", 2, "FORMAT", 0, "negative"),
        ("1-5", 2, "FORMAT", 1, "minus"),
        ("+1", 2, "FORMAT", 0, "not a digit"),
        (" 1", 2, "FORMAT", 0, "not a digit"),
        ("1 ", 2, "FORMAT", 1, "not a digit"),
        (".5", 2, "FORMAT", 0, "not a digit"),
        ("5.", 2, "FORMAT", 2, "ends"),
        ("1..2", 2, "FORMAT", 2, "not a digit"),
        ("1.2.3", 2, "FORMAT", 3, "not a digit"),
        ("1e5", 2, "FORMAT", 1, "exponent"),
        ("1.0E-7", 8, "FORMAT", 3, "exponent"),
        ("0x10", 2, "FORMAT", 1, "not a digit"),
        ("1,5", 2, "FORMAT", 1, "not a digit"),
        ("NaN", 2, "FORMAT", 0, "not a digit"),
        ("1\x002", 2, "FORMAT", 1, "not a digit"),
        ("\u0661", 2, "FORMAT", 0, "not a digit"),
        ("1.005", 2, "PRECISION", 4, "finer"),
        ("1.00001", 2, "PRECISION", 6, "finer"),
        ("0.5", 0, "PRECISION", 2, "finer"),
        ("1.005x", 2, "PRECISION", 4, "finer"),
        ("9223372036854775808", 0, "OVERFLOW", 18, "too large"),
        ("92233720368.54775808", 8, "OVERFLOW", 19, "too large"),
        ("92233720369", 8, "OVERFLOW", 11, "too large"),
        ("1" * 40, 0, "OVERFLOW", 19, "too large"),
        ("1", 19, "ARGUMENT", 0, "scale"),
        ("1", 2**32 - 1, "ARGUMENT", 0, "scale"),
    ],
)
def test_refused_by_hand(
    internals: tuple[Any, Any], text: str, scale: int, fault: str, position: int, what: str
) -> None:
    ffi, lib = internals
    assert parsed(internals, text.encode(), scale) == (getattr(lib, f"B3_ERR_{fault}"), position)
    error = ffi.new("b3_error *")
    data = text.encode()
    lib.b3_decimal_parse(data, len(data), scale, ffi.new("int64_t *"), error)
    assert what in ffi.string(error.what).decode()
    if fault == "FORMAT":
        assert error.value == (data[position] if position < len(data) else 0)
    else:
        assert error.value == scale


def formatted(internals: tuple[Any, Any], raw: int, scale: int) -> str:
    ffi, lib = internals
    out = ffi.new("char[]", b"\xa5" * (lib.B3_DECIMAL_TEXT_MAX + 8))
    length = lib.b3_decimal_format(raw, scale, out)
    text = ffi.string(out).decode()
    assert length == len(text) < lib.B3_DECIMAL_TEXT_MAX
    assert bytes(ffi.buffer(out))[lib.B3_DECIMAL_TEXT_MAX :].startswith(b"\xa5" * 8)
    return str(text)


@settings(max_examples=250, deadline=None)
@given(raw=st.one_of(st.integers(-(2**63), MAX), st.integers(-2000, 2000)), scale=st.integers(0, 18))
@example(raw=-(2**63), scale=18)
@example(raw=-(2**63), scale=0)
@example(raw=-1, scale=18)
@example(raw=0, scale=18)
def test_format_is_the_shortest_exact_text(internals: tuple[Any, Any], raw: int, scale: int) -> None:
    text = formatted(internals, raw, scale)
    exact = EXACT.scaleb(Decimal(raw), -scale)
    shortest = f"{exact:f}"
    if "." in shortest:
        shortest = shortest.rstrip("0").rstrip(".")
    assert text == ("0" if raw == 0 else shortest)
    assert Decimal(text) == exact
    if raw >= 0:
        assert parsed(internals, text.encode(), scale) == (internals[1].B3_OK, raw)


def test_format_refuses_an_unknown_scale(internals: tuple[Any, Any]) -> None:
    ffi, lib = internals
    assert lib.b3_decimal_format(1, 19, ffi.new("char[64]")) == 0
