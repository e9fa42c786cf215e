"""CRC-32C of every variant against a bit-by-bit one, and against values published elsewhere."""

import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

POLYNOMIAL = 0x82F63B78
# RFC 3720, B.4, and the check value of the CRC catalogue.
PUBLISHED = [
    (b"123456789", 0xE3069283),
    (bytes(32), 0x8A9136AA),
    (b"\xff" * 32, 0x62A8AB43),
    (bytes(range(32)), 0x46DD794E),
    (bytes(range(31, -1, -1)), 0x113FDB5C),
    (
        bytes.fromhex(
            "01c00000" + "00" * 12 + "14000000 00000400 00000014 00000018 28000000 00000000 02000000 00000000"
        ),
        0xD9963A56,
    ),
    (b"", 0),
]


def bitwise(data: bytes, crc: int = 0) -> int:
    crc ^= 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = (crc >> 1) ^ (POLYNOMIAL if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


def all_variants(internals: tuple[Any, Any], data: bytes, crc: int = 0) -> set[int]:
    """Results of all variants that this CPU runs; offsets put the data at every alignment."""
    ffi, lib = internals
    found = set()
    for offset in (0, 1, 7):
        block = ffi.new("uint8_t[]", bytes(offset) + data)
        found |= {lib.b3_crc32c(crc, block + offset, len(data)), lib.b3_crc32c_table(crc, block + offset, len(data))}
        out = ffi.new("uint32_t *")
        if lib.b3t_crc32c_sse42(crc, block + offset, len(data), out):
            found.add(out[0])
    return found


@pytest.mark.parametrize(("data", "expected"), PUBLISHED)
def test_published_values(internals: tuple[Any, Any], data: bytes, expected: int) -> None:
    assert bitwise(data) == expected
    assert all_variants(internals, data) == {expected}


@settings(max_examples=200, deadline=None)
@given(data=st.binary(max_size=700), crc=st.integers(0, 2**32 - 1))
def test_short_data_goes_on_from_any_state(internals: tuple[Any, Any], data: bytes, crc: int) -> None:
    assert all_variants(internals, data, crc) == {bitwise(data, crc)}


# Around the lengths at which the three-run loops start (384 and 3,072) and repeat.
@pytest.mark.parametrize(
    "length", [383, 384, 385, 767, 768, 1151, 1152, 3071, 3072, 3073, 3455, 3456, 6143, 6144, 6528, 9999]
)
def test_long_data(internals: tuple[Any, Any], length: int) -> None:
    data = random.Random(length).randbytes(length)
    for crc in (0, 0xFFFFFFFF, 0x12345678):
        assert all_variants(internals, data, crc) == {bitwise(data, crc)}


@settings(max_examples=50, deadline=None)
@given(seed=st.integers(0, 2**32), length=st.integers(0, 8000), cut=st.floats(0, 1))
def test_in_two_parts_is_in_one(internals: tuple[Any, Any], seed: int, length: int, cut: float) -> None:
    ffi, lib = internals
    data = random.Random(seed).randbytes(length)
    at = int(cut * length)
    block = ffi.from_buffer(data)
    assert lib.b3_crc32c(lib.b3_crc32c(0, block, at), block + at, length - at) == lib.b3_crc32c_table(0, block, length)


def test_one_flipped_bit_shows(internals: tuple[Any, Any]) -> None:
    data = bytearray(random.Random(1).randbytes(4000))
    (whole,) = all_variants(internals, bytes(data))
    for bit in range(0, 8 * len(data), 997):
        data[bit // 8] ^= 1 << bit % 8
        assert whole not in all_variants(internals, bytes(data))
        data[bit // 8] ^= 1 << bit % 8
