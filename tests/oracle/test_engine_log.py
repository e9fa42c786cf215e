"""The journal's log: whatever the lengths, what comes out is what went in, record by record, checksums included."""

import os
import struct
import tempfile
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

HEAD = struct.Struct("<IIHHBBHqQ")  # b3_record
RING = 1 << 16


def crc32c(data: bytes) -> int:
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = (crc >> 1) ^ (0x82F63B78 & -(crc & 1))
    return crc ^ 0xFFFFFFFF


@settings(max_examples=30)
@given(st.lists(st.one_of(st.integers(0, 200), st.integers(20_000, 40_000)), max_size=12))
def test_records_come_out_as_they_went_in(internals: tuple[Any, Any], lengths: list[int]) -> None:
    ffi, lib = internals
    written = ffi.new("uint64_t *")
    with tempfile.TemporaryFile() as file:
        assert lib.b3t_log_roundtrip(RING, lengths, len(lengths), file.fileno(), written) == lib.B3_OK
        file.seek(0)
        data = file.read()
    assert len(data) == written[0]
    at = 0
    for number, length in enumerate(lengths):
        crc, length_found, _, _, _, _, _, recv_ns, input_no = HEAD.unpack_from(data, at)
        payload = data[at + HEAD.size : at + HEAD.size + length]
        assert (length_found, recv_ns, input_no) == (length, number, number)
        assert payload == bytes([number & 0xFF]) * length
        if length <= 200:
            assert crc == crc32c(data[at + 4 : at + HEAD.size + length])
        padded = -(-length // 8) * 8
        assert data[at + HEAD.size + length : at + HEAD.size + padded] == bytes(padded - length)
        at += HEAD.size + padded
    assert at == len(data)


def test_a_record_larger_than_the_log_is_refused(internals: tuple[Any, Any]) -> None:
    ffi, lib = internals
    written = ffi.new("uint64_t *")
    assert lib.b3t_log_size(RING) == RING
    assert lib.b3t_log_roundtrip(RING, [RING], 1, -1, written) == lib.B3_ERR_IO


def test_a_disk_that_refuses_is_told(internals: tuple[Any, Any]) -> None:
    ffi, lib = internals
    written = ffi.new("uint64_t *")
    with Path(os.devnull).open("rb") as read_only:  # writing to it fails with EBADF
        assert lib.b3t_log_roundtrip(RING, [10], 1, read_only.fileno(), written) == lib.B3_ERR_IO
