"""Record files against a second, slow implementation of the format, and damage of every kind told where it is."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

KIND_END = 16  # the kinds of this version: 1 to 15
RECORDING, JOURNAL = 1, 2
LAYOUT, CONFIG, SOURCE, FRAME, EVENTS, COMMAND, OUTPUT, END = range(1, 9)
EMPTY, AT_END = 1, 3
ERR_FORMAT, ERR_CORRUPT, ERR_TRUNCATED, ERR_VERSION = -5, -6, -7, -8
TRADE = 2
TRADE_BYTES = 80

SLOW = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def crc32c(data: bytes) -> int:
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = (crc >> 1) ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


@dataclass(frozen=True)
class Record:
    type: int
    payload: bytes
    source: int = 0
    stamp: int = 0
    kind: int = 0
    recv_ns: int = 0
    input_no: int = 0

    def bytes(self) -> bytes:
        tail = struct.pack(
            "<IHHBBHqQ",
            len(self.payload),
            self.type,
            self.source,
            self.stamp,
            0,
            self.kind,
            self.recv_ns,
            self.input_no,
        )
        padding = bytes(-len(self.payload) % 8)
        return struct.pack("<I", crc32c(tail + self.payload)) + tail + self.payload + padding


def file_header(content: int = RECORDING, magic: bytes = b"BOT3REC\0", version: int = 1) -> bytes:
    head = struct.pack("<8sII44x", magic, version, content)
    return head + struct.pack("<I", crc32c(head))


def layout(sizes: list[int]) -> Record:
    return Record(LAYOUT, struct.pack(f"<{len(sizes)}H", *sizes))


def source(index: int = 0, symbol: bytes = b"BTCUSDT") -> Record:
    return Record(SOURCE, struct.pack("<64s24sHHBBH", b"made by the test", symbol, 1, 1, 0, 0, 0), source=index)


END_RECORD = Record(END, bytes(64))


def our_sizes(lib: Any) -> list[int]:
    return [lib.b3_event_size(kind) for kind in range(KIND_END)]


def whole(lib: Any, records: list[Record]) -> bytes:
    return file_header() + b"".join(r.bytes() for r in [layout(our_sizes(lib)), *records, END_RECORD])


def trade_event(price_raw: int, size: int = TRADE_BYTES) -> bytes:
    """A b3_trade as a version with this event size writes it: what lies beyond our 80 bytes is 0xAA."""
    event = struct.pack("<HBBHHIHBBqqQqqqqq", TRADE, 1, 0, 0, 0, 7, 0, 0, 0, 11, 12, 13, price_raw, 5, 6, 7, 8)
    return (event + b"\xaa" * 40)[:size]


def parse(data: bytes) -> Iterator[Record]:
    """Every record after the file header, END included. Asserts what a reader would refuse."""
    assert data[:64] == file_header(struct.unpack_from("<I", data, 12)[0])
    at = 64
    while at < len(data):
        crc, length, kind, index, stamp, _, event_kind, recv_ns, input_no = struct.unpack_from("<IIHHBBHqQ", data, at)
        payload = data[at + 32 : at + 32 + length]
        record = Record(kind, payload, index, stamp, event_kind, recv_ns, input_no)
        assert record.bytes() == data[at : at + len(record.bytes())], f"record at byte {at}"
        assert crc == crc32c(data[at + 4 : at + 32 + length])
        at += len(record.bytes())
        yield record


class Core:
    """The C reader and recorder, driven as Python does."""

    def __init__(self, internals: tuple[Any, Any]) -> None:
        self.ffi, self.lib = internals
        self.error = self.ffi.new("b3_error *")

    def what(self) -> str:
        return str(self.ffi.string(self.error.what).decode())

    def open(self, path: Path, content: int = RECORDING) -> Any:
        return self.lib.b3_recording_open_blocking(bytes(path), content, self.error)

    def read(self, path: Path, ahead: int = 1 << 30) -> tuple[list[Record], int, int]:
        """Records until the end, the last outcome of check, and the record number it told."""
        handle = self.open(path)
        assert handle, self.what()
        records: list[Record] = []
        outcome, pointer = 0, self.ffi.new("const b3_record **")
        self.error.position = 0
        while True:
            step = self.lib.b3_recording_next(handle, pointer)
            if step == EMPTY:
                outcome = self.lib.b3_recording_check_blocking(handle, ahead, self.error)
            elif step == AT_END:
                break
            else:
                records.append(self.record(pointer[0]))
                self.lib.b3t_recording_read_padding(pointer[0])
        self.lib.b3_recording_free(handle)
        return records, outcome, int(self.error.position)

    def record(self, pointer: Any) -> Record:
        payload = bytes(self.ffi.buffer(self.lib.b3t_recording_payload(pointer), pointer.len))
        return Record(
            pointer.type, payload, pointer.source, pointer.stamp, pointer.kind, pointer.recv_ns, pointer.input_no
        )

    def write(self, path: Path, records: list[Record], content: int = RECORDING) -> None:
        recorder = self.lib.b3_recorder_new_blocking(bytes(path), content, self.error)
        assert recorder, self.what()
        for record in records:
            fields = {
                name: getattr(record, name) for name in ("type", "source", "stamp", "kind", "recv_ns", "input_no")
            }
            head = self.ffi.new("b3_record *", fields)
            status = self.lib.b3_recorder_write_blocking(
                recorder, head, record.payload, len(record.payload), self.error
            )
            assert status == 0, self.what()
        assert self.lib.b3_recorder_close_blocking(recorder, self.error) == 0, self.what()


@pytest.fixture
def core(internals: tuple[Any, Any]) -> Core:
    return Core(internals)


times = st.integers(-(2**63), 2**63 - 1)
frames = st.builds(Record, st.just(FRAME), st.binary(max_size=300), st.integers(0, 1), st.integers(0, 4), recv_ns=times)
trades = st.lists(times, min_size=1, max_size=4).map(lambda prices: b"".join(trade_event(p) for p in prices))
events = st.builds(Record, st.just(EVENTS), trades, st.integers(0, 1), kind=st.just(TRADE), recv_ns=times)
commands = st.builds(
    Record,
    st.sampled_from([COMMAND, OUTPUT]),
    times.map(trade_event),
    kind=st.just(TRADE),
    input_no=st.integers(0, 2**64 - 1),
)
configs = st.builds(Record, st.just(CONFIG), st.binary(max_size=50))
bodies = st.lists(st.one_of(frames, events, commands, configs), max_size=12)


def with_sources(body: list[Record]) -> list[Record]:
    return [source(0), source(1, b""), *body]


def test_the_oracle_checksum_is_the_published_one() -> None:
    assert crc32c(b"123456789") == 0xE3069283


@SLOW
@given(bodies)
def test_what_the_recorder_writes_is_the_format(core: Core, tmp_path: Path, body: list[Record]) -> None:
    records = with_sources(body)
    core.write(tmp_path / "r", records)
    assert (tmp_path / "r").read_bytes() == whole(core.lib, records)
    assert list(parse((tmp_path / "r").read_bytes()))[1:-1] == records


@SLOW
@given(bodies, st.sampled_from([0, 1, 100, 1 << 40]))
def test_what_the_format_says_is_read(core: Core, tmp_path: Path, body: list[Record], ahead: int) -> None:
    records = with_sources(body)
    (tmp_path / "r").write_bytes(whole(core.lib, records))
    assert core.read(tmp_path / "r", ahead)[:2] == (records, AT_END)


def test_a_payload_larger_than_the_buffer(core: Core, tmp_path: Path) -> None:
    records = [source(), Record(FRAME, b"a" * 5), Record(FRAME, bytes(range(256)) * 5000), Record(FRAME, b"b")]
    core.write(tmp_path / "r", records)
    assert core.read(tmp_path / "r")[:2] == (records, AT_END)


def test_cut_at_every_byte(core: Core, tmp_path: Path) -> None:
    """The records that lie before the cut are read, the first incomplete one is named."""
    records = [source(), Record(FRAME, b"abc"), Record(EVENTS, trade_event(1) * 2, kind=TRADE), Record(FRAME, b"")]
    data = whole(core.lib, records)
    ends = [64]
    for record in [layout(our_sizes(core.lib)), *records, END_RECORD]:
        ends.append(ends[-1] + len(record.bytes()))
    assert ends[-1] == len(data)
    for cut in range(len(data)):
        (tmp_path / "r").write_bytes(data[:cut])
        if cut < ends[1]:  # inside file header or LAYOUT
            assert not core.open(tmp_path / "r"), cut
            assert core.error.status == ERR_TRUNCATED, cut
            continue
        left = sum(end <= cut for end in ends[2:])
        assert core.read(tmp_path / "r") == (records[:left], ERR_TRUNCATED, left + 1), cut


def test_every_flipped_bit_is_found_at_its_record(core: Core, tmp_path: Path) -> None:
    records = [source(), Record(FRAME, b"abcdefgh"), Record(FRAME, b"ijk"), Record(FRAME, b"lmn")]
    data = whole(core.lib, records)
    start = 64 + sum(len(r.bytes()) for r in [layout(our_sizes(core.lib)), *records[:2]])
    for bit in range(8 * (32 + 3)):  # of record 3: head and payload, not its padding
        damaged = bytearray(data)
        damaged[start + bit // 8] ^= 1 << bit % 8
        (tmp_path / "r").write_bytes(damaged)
        read, outcome, number = core.read(tmp_path / "r")
        assert (read, number) == (records[:2], 3), bit
        assert outcome in (ERR_CORRUPT, ERR_TRUNCATED), bit
    for byte in range(start):
        damaged = bytearray(data)
        damaged[byte] ^= 0x10
        (tmp_path / "r").write_bytes(damaged)
        if core.open(tmp_path / "r"):
            read, outcome, number = core.read(tmp_path / "r")
            assert number < 3, byte
            assert outcome < 0 or read == records, byte


def refused(core: Core, path: Path, data: bytes) -> tuple[int, str]:
    path.write_bytes(data)
    assert not core.open(path)
    return int(core.error.status), core.what()


def test_a_foreign_file_is_refused_by_its_header(core: Core, tmp_path: Path) -> None:
    rest = layout(our_sizes(core.lib)).bytes() + END_RECORD.bytes()
    path = tmp_path / "r"
    assert refused(core, path, file_header(magic=b"BOT3RECX") + rest)[0] == ERR_FORMAT
    assert refused(core, path, file_header(version=2) + rest)[0] == ERR_VERSION
    assert core.error.value == 2
    assert refused(core, path, file_header(JOURNAL) + rest) == (
        ERR_FORMAT,
        "file header: not a recording, but another file of bot3",
    )
    assert refused(core, path, file_header()[:60] + b"\0\0\0\0" + rest)[0] == ERR_CORRUPT
    assert refused(core, path, file_header() + END_RECORD.bytes())[0] == ERR_FORMAT
    assert refused(core, path, file_header() + layout([0, 41]).bytes() + END_RECORD.bytes())[0] == ERR_FORMAT
    assert refused(core, path, file_header() + layout([0, 32]).bytes() + END_RECORD.bytes())[0] == ERR_FORMAT
    path.write_bytes(file_header() + rest)
    assert core.open(path, JOURNAL) == core.ffi.NULL


ONE_TRADE = trade_event(1)


@pytest.mark.parametrize(
    ("bad", "status", "says"),
    [
        (Record(FRAME, b"x", source=1), ERR_FORMAT, "frame of no known source"),
        (Record(EVENTS, ONE_TRADE, source=1, kind=TRADE), ERR_FORMAT, "events of no known source"),
        (source(2), ERR_FORMAT, "SOURCE out of order"),
        (Record(SOURCE, b"short", source=1), ERR_FORMAT, "SOURCE that is too short"),
        (Record(SOURCE, b"n" * 64 + bytes(32), source=1), ERR_FORMAT, "name has no end"),
        (Record(SOURCE, bytes(64) + b"s" * 24 + bytes(8), source=1), ERR_FORMAT, "symbol has no end"),
        (Record(EVENTS, ONE_TRADE[:-8], kind=TRADE), ERR_FORMAT, "length does not fit"),
        (Record(EVENTS, b"", kind=TRADE), ERR_FORMAT, "length does not fit"),
        (Record(COMMAND, ONE_TRADE * 2, kind=TRADE), ERR_FORMAT, "length does not fit"),
        (Record(EVENTS, ONE_TRADE, kind=3), ERR_FORMAT, "another kind"),
        (Record(EVENTS, ONE_TRADE, kind=99), ERR_FORMAT, "kind that LAYOUT does not know"),
        (layout([0]), ERR_FORMAT, "cannot stand here"),
        (Record(0, b""), ERR_FORMAT, "cannot stand here"),
        (Record(9, b""), ERR_VERSION, "does not know"),
        (END_RECORD, ERR_FORMAT, "not at the end"),
        (Record(END, b""), ERR_FORMAT, "not at the end"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_records_that_make_no_sense(core: Core, tmp_path: Path, bad: Record, status: int, says: str) -> None:
    good = [source(), Record(FRAME, b"good")]
    (tmp_path / "r").write_bytes(whole(core.lib, [*good, bad, Record(FRAME, b"after")]))
    assert core.read(tmp_path / "r") == (good, status, 3)
    assert says in core.what()
    # What a reader would refuse the recorder does not write.
    recorder = core.lib.b3_recorder_new_blocking(bytes(tmp_path / "w"), RECORDING, core.error)
    for record, expected in [*((r, 0) for r in good), (bad, -1), (Record(FRAME, b"after"), 0)]:
        fields = {"type": record.type, "source": record.source, "kind": record.kind}
        head = core.ffi.new("b3_record *", fields)
        got = core.lib.b3_recorder_write_blocking(recorder, head, record.payload, len(record.payload), core.error)
        assert got == expected
    assert core.lib.b3_recorder_close_blocking(recorder, core.error) == 0
    assert core.read(tmp_path / "w")[:2] == ([*good, Record(FRAME, b"after")], AT_END)


@pytest.mark.parametrize("size", [48, 72, 80, 88, 120])
def test_events_of_older_and_newer_versions(core: Core, tmp_path: Path, size: int) -> None:
    """Trades that lack fields are zero-filled, of those that have more the rest is cut; a copy has them at our size."""
    sizes = our_sizes(core.lib)
    sizes[TRADE] = size
    sizes.append(64)  # a kind of a later version
    theirs = [trade_event(price, size) for price in (1, -2, 3)]
    records = [source(), Record(EVENTS, b"".join(theirs), kind=TRADE, recv_ns=5), Record(FRAME, b"f")]
    path = tmp_path / "r"
    path.write_bytes(file_header() + b"".join(r.bytes() for r in [layout(sizes), *records, END_RECORD]))
    expected = [event[:TRADE_BYTES].ljust(TRADE_BYTES, b"\0") for event in theirs]

    handle = core.open(path)
    assert [core.lib.b3_recording_event_size(handle, kind) for kind in range(KIND_END + 2)] == [*sizes, 0]
    assert core.lib.b3_recording_check_blocking(handle, 1 << 30, core.error) == AT_END
    pointer, slot = core.ffi.new("const b3_record **"), core.ffi.new("b3_slot *")
    for _ in range(2):
        assert core.lib.b3_recording_next(handle, pointer) == 0
    for index, event in enumerate(expected):
        core.ffi.buffer(slot)[:] = b"\xee" * 120
        assert core.lib.b3_recording_event_at(handle, pointer[0], index, slot) == 0
        assert bytes(core.ffi.buffer(slot)) == event.ljust(120, b"\0")
    assert core.lib.b3_recording_event_at(handle, pointer[0], 3, slot) == AT_END

    core.lib.b3_recording_rewind(handle)
    recorder = core.lib.b3_recorder_new_blocking(bytes(tmp_path / "c"), RECORDING, core.error)
    assert core.lib.b3_recorder_copy_blocking(recorder, handle, 0, core.error) == 0, core.what()
    assert core.lib.b3_recorder_close_blocking(recorder, core.error) == 0
    core.lib.b3_recording_free(handle)
    assert core.read(tmp_path / "c")[0] == [source(), replace(records[1], payload=b"".join(expected)), records[2]]


def test_a_kind_of_a_later_version_is_told(core: Core, tmp_path: Path) -> None:
    event = struct.pack("<H", KIND_END) + bytes(62)
    records = [source(), Record(EVENTS, event, kind=KIND_END)]
    data = b"".join(r.bytes() for r in [layout([*our_sizes(core.lib), 64]), *records, END_RECORD])
    (tmp_path / "r").write_bytes(file_header() + data)
    assert core.read(tmp_path / "r")[:2] == (records, AT_END)
    handle = core.open(tmp_path / "r")
    core.lib.b3_recording_check_blocking(handle, 1 << 30, core.error)
    pointer, slot = core.ffi.new("const b3_record **"), core.ffi.new("b3_slot *")
    for _ in range(2):
        core.lib.b3_recording_next(handle, pointer)
    assert core.lib.b3_recording_event_at(handle, pointer[0], 0, slot) == ERR_VERSION
    core.lib.b3_recording_free(handle)


@SLOW
@given(bodies, bodies)
def test_a_copy_appends_with_its_own_sources(
    core: Core, tmp_path: Path, first: list[Record], second: list[Record]
) -> None:
    parts = [with_sources(first), with_sources(second)]
    recorder = core.lib.b3_recorder_new_blocking(bytes(tmp_path / "c"), RECORDING, core.error)
    for number, records in enumerate(parts):
        path = tmp_path / str(number)
        path.write_bytes(whole(core.lib, records))
        handle = core.open(path)
        assert core.lib.b3_recorder_copy_blocking(recorder, handle, 2 * number, core.error) == 0, core.what()
        core.lib.b3_recording_free(handle)
    assert core.lib.b3_recorder_close_blocking(recorder, core.error) == 0
    moved = [replace(r, source=r.source + 2) if r.type in (SOURCE, FRAME, EVENTS) else r for r in parts[1]]
    expected = [r for r in parts[0] + moved if r.type != CONFIG]
    assert core.read(tmp_path / "c")[:2] == (expected, AT_END)


def test_a_copy_of_a_damaged_file_keeps_what_lies_before(core: Core, tmp_path: Path) -> None:
    records = [source(), Record(FRAME, b"one"), Record(FRAME, b"two")]
    (tmp_path / "r").write_bytes(whole(core.lib, records)[:-100])
    handle = core.open(tmp_path / "r")
    recorder = core.lib.b3_recorder_new_blocking(bytes(tmp_path / "c"), RECORDING, core.error)
    assert core.lib.b3_recorder_copy_blocking(recorder, handle, 0, core.error) == ERR_TRUNCATED
    assert core.error.position == 3
    core.lib.b3_recording_free(handle)
    assert core.lib.b3_recorder_close_blocking(recorder, core.error) == 0
    assert core.read(tmp_path / "c")[:2] == (records[:2], AT_END)


def test_rewind_and_position(core: Core, tmp_path: Path) -> None:
    records = with_sources([Record(FRAME, b"x" * n) for n in range(20)])
    (tmp_path / "r").write_bytes(whole(core.lib, records))
    handle = core.open(tmp_path / "r")
    size = (tmp_path / "r").stat().st_size
    total = core.ffi.new("uint64_t *")
    assert core.lib.b3_recording_size(handle) == size
    assert core.lib.b3_recording_source_count(handle) == 0
    assert core.lib.b3t_recording_drain(handle, total) == 0  # nothing is handed out unchecked
    assert core.lib.b3_recording_check_blocking(handle, 0, core.error) == 0
    assert core.lib.b3t_recording_drain(handle, total) == 1
    assert core.lib.b3_recording_check_blocking(handle, 1 << 30, core.error) == AT_END
    assert core.lib.b3_recording_source_count(handle) == 2
    for _ in range(2):
        core.lib.b3_recording_rewind(handle)
        assert core.lib.b3_recording_position(handle) == 64 + len(layout(our_sizes(core.lib)).bytes())
        assert core.lib.b3t_recording_drain(handle, total) == len(records)
        assert total[0] == sum(len(r.payload) for r in records)
        assert core.lib.b3_recording_position(handle) == size - 96
    core.lib.b3_recording_free(handle)


def test_a_file_cut_while_it_is_read(core: Core, tmp_path: Path) -> None:
    records = [source(), *[Record(FRAME, bytes(5000))] * 10]
    (tmp_path / "r").write_bytes(whole(core.lib, records))
    handle = core.open(tmp_path / "r")
    assert core.lib.b3_recording_check_blocking(handle, 1, core.error) == 0
    with (tmp_path / "r").open("r+b") as file:
        file.truncate(4096)
    assert core.lib.b3_recording_check_blocking(handle, 1 << 30, core.error) == ERR_TRUNCATED
    assert "shorter" in core.what()
    core.lib.b3_recording_free(handle)
