"""The recorder: lines into frames, and faults of the file system told with their errno."""

import errno
import os
import resource
import signal
from pathlib import Path
from typing import Any

import pytest

FRAME, SOURCE = 4, 3
OK, AT_END = 0, 3
ERR_ARGUMENT, ERR_IO, ERR_FORMAT = -1, -3, -5
RECORDED = 4


class Recorder:
    """A recorder with two sources: 0 the stream, 1 its snapshots."""

    def __init__(self, internals: tuple[Any, Any], path: Path) -> None:
        self.ffi, self.lib = internals
        self.error = self.ffi.new("b3_error *")
        self.path = path
        self.handle = self.lib.b3_recorder_new_blocking(bytes(path), 1, self.error)
        assert self.handle, self.ffi.string(self.error.what)
        for index in range(2):
            assert self.write(SOURCE, bytes(96), index) == OK

    def write(self, kind: int, payload: bytes, source: int = 0) -> int:
        head = self.ffi.new("b3_record *", {"type": kind, "source": source})
        return int(self.lib.b3_recorder_write_blocking(self.handle, head, payload, len(payload), self.error))

    def lines(self, data: bytes) -> tuple[int, int]:
        used = self.ffi.new("uint64_t *", 12345)
        status = self.lib.b3_recorder_lines_blocking(self.handle, data, len(data), 0, 1, used, self.error)
        return int(status), int(used[0])

    def close(self) -> int:
        return int(self.lib.b3_recorder_close_blocking(self.handle, self.error))

    def what(self) -> str:
        return str(self.ffi.string(self.error.what).decode())

    def frames(self) -> list[tuple[int, int, bytes]]:
        """Closes, and reads back: (source, recv_ns, payload)."""
        assert self.close() == OK
        reader = self.lib.b3_recording_open_blocking(bytes(self.path), 1, self.error)
        assert self.lib.b3_recording_check_blocking(reader, 1 << 40, self.error) == AT_END
        pointer, found = self.ffi.new("const b3_record **"), []
        while self.lib.b3_recording_next(reader, pointer) == OK:
            record = pointer[0]
            if record.type == FRAME:
                assert record.stamp == RECORDED
                payload = bytes(self.ffi.buffer(self.lib.b3t_recording_payload(record), record.len))
                found.append((record.source, record.recv_ns, payload))
        self.lib.b3_recording_free(reader)
        return found


@pytest.fixture
def recorder(internals: tuple[Any, Any], tmp_path: Path) -> Recorder:
    return Recorder(internals, tmp_path / "r")


def test_lines_become_frames(recorder: Recorder) -> None:
    data = b'1723161253937085768 {"a":1}\n\n\r\n5 x y\r\n9223372036854775807 {"lastUpdateId":7}\n0 z\n6 half'
    assert recorder.lines(data) == (OK, len(data) - len(b"6 half"))
    assert recorder.lines(b"6 half a line\n") == (OK, 14)
    assert recorder.lines(b"") == (OK, 0)
    assert recorder.frames() == [
        (0, 1723161253937085768, b'{"a":1}'),
        (0, 5, b"x y"),
        (1, 2**63 - 1, b'{"lastUpdateId":7}'),
        (0, 0, b"z"),
        (0, 6, b"half a line"),
    ]


@pytest.mark.parametrize(
    ("line", "says"),
    [
        (b"nonsense", "does not start with a receive time"),
        (b"-5 {}", "does not start with a receive time"),
        (b" 5 {}", "does not start with a receive time"),
        (b"5\t{}", "does not start with a receive time"),
        (b"5", "does not start with a receive time"),
        (b"12345678901234567890 {}", "does not start with a receive time"),
        (b"9223372036854775808 {}", "does not fit 64 bits"),
        (b"5 ", "no message"),
        (b"5 \r", "no message"),
    ],
)
def test_a_bad_line_is_told_and_can_be_skipped(recorder: Recorder, line: bytes, says: str) -> None:
    data = b"1 before\n" + line + b"\n2 after\n"
    assert recorder.lines(data) == (ERR_FORMAT, 9)
    assert recorder.error.position == 9
    assert says in recorder.what()
    assert recorder.lines(data[data.index(b"2 after") :]) == (OK, 8)
    assert recorder.frames() == [(0, 1, b"before"), (0, 2, b"after")]


def test_a_full_disk(internals: tuple[Any, Any]) -> None:
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("no /dev/full here to write to")
    recorder = Recorder(internals, full)
    status = OK
    for _ in range(3):  # the buffer takes 1 MiB before it is written
        status = status or recorder.write(FRAME, bytes(1 << 19))
    assert (status, recorder.error.os_errno) == (ERR_IO, errno.ENOSPC)
    assert (recorder.write(FRAME, b"x"), recorder.error.os_errno) == (ERR_IO, errno.ENOSPC)
    assert (recorder.close(), recorder.error.os_errno) == (ERR_IO, errno.ENOSPC)
    assert "cannot write" in recorder.what()


def test_a_disk_that_fills_at_close(internals: tuple[Any, Any]) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("no /dev/full here to write to")
    recorder = Recorder(internals, Path("/dev/full"))
    assert (recorder.close(), recorder.error.os_errno) == (ERR_IO, errno.ENOSPC)


def test_what_reached_the_file_before_the_fault_is_readable(recorder: Recorder) -> None:
    old = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (3_000_000, old[1]))
    try:
        written = 0
        while recorder.write(FRAME, bytes(100_000)) == OK:
            written += 1
        assert recorder.error.os_errno == errno.EFBIG
        assert recorder.close() == ERR_IO
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, old)
        signal.signal(signal.SIGXFSZ, handler)
    reader = recorder.lib.b3_recording_open_blocking(bytes(recorder.path), 1, recorder.error)
    assert recorder.lib.b3_recording_check_blocking(reader, 1 << 40, recorder.error) == -7
    total = recorder.ffi.new("uint64_t *")
    readable = recorder.lib.b3t_recording_drain(reader, total) - 2  # the sources
    assert recorder.error.position == readable + 3
    assert 20 <= readable <= written
    recorder.lib.b3_recording_free(reader)


@pytest.mark.parametrize(
    ("path", "number"),
    [("missing/r", errno.ENOENT), (".", errno.EISDIR), ("file/r", errno.ENOTDIR), ("x" * 300, errno.ENAMETOOLONG)],
)
def test_a_path_that_cannot_be_written(internals: tuple[Any, Any], tmp_path: Path, path: str, number: int) -> None:
    ffi, lib = internals
    (tmp_path / "file").write_bytes(b"")
    error = ffi.new("b3_error *")
    assert not lib.b3_recorder_new_blocking(bytes(tmp_path / path), 1, error)
    assert (error.status, error.os_errno) == (ERR_IO, number)


def test_an_impossible_content(internals: tuple[Any, Any], tmp_path: Path) -> None:
    ffi, lib = internals
    error = ffi.new("b3_error *")
    assert not lib.b3_recorder_new_blocking(bytes(tmp_path / "r"), 3, error)
    assert (error.status, error.value) == (ERR_ARGUMENT, 3)
    assert not (tmp_path / "r").exists()


def test_paths_that_cannot_be_read(internals: tuple[Any, Any], tmp_path: Path) -> None:
    ffi, lib = internals
    error = ffi.new("b3_error *")
    assert not lib.b3_recording_open_blocking(bytes(tmp_path / "missing"), 1, error)
    assert (error.status, error.os_errno) == (ERR_IO, errno.ENOENT)
    assert not lib.b3_recording_open_blocking(bytes(tmp_path), 1, error)
    assert error.status == ERR_FORMAT
    os.mkfifo(tmp_path / "pipe")  # opening it must not wait for a writer
    assert not lib.b3_recording_open_blocking(bytes(tmp_path / "pipe"), 1, error)
    assert error.status == ERR_FORMAT
    lib.b3_recording_free(ffi.NULL)
    assert lib.b3_recorder_close_blocking(ffi.NULL, error) == OK
