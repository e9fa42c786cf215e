"""Recorded sessions of every format opened as one recording, and what becomes of files that are none."""

import gzip
import itertools
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import zstandard

from bot3.errors import InstrumentError, RecordingError
from bot3.recording import (
    Recorder,
    Recording,
    RecordingFile,
    Source,
    first_prices,
    open_recordings,
    read_exchange_info,
)
from bot3.recording.converting import convert_recordings
from bot3.recording.info import describe

FRAME, EVENTS = 4, 5

TRADE = '{"e":"trade","E":1,"s":"%s","t":1,"p":"10.00","q":"1","T":1,"m":true,"M":true}'
DIFF = '{"e":"depthUpdate","E":2,"s":"%s","U":1,"u":2,"b":[["9.99","1"]],"a":[]}'
FUTURES_DIFF = '{"e":"depthUpdate","E":2,"T":2,"s":"%s","U":1,"u":2,"pu":0,"b":[["9.99","1"]],"a":[]}'
SNAPSHOT = '{"lastUpdateId":1,"bids":[["9.98","2"]],"asks":[["10.02","3"]]}'


def frames(path: Path) -> list[tuple[int, str, bytes]]:
    """Receive time, symbol of the source, bytes."""
    found = []
    with RecordingFile(path) as file:
        sources: list[Source] = []
        for record in file.records():
            if record.type == 3:
                sources.append(file.source_of(record))
            elif record.type == FRAME:
                found.append((record.recv_ns, sources[record.source].symbol, bytes(file.payload(record))))
    return found


def opened(*paths: Path) -> tuple[Recording, list[tuple[int, str, bytes]]]:
    with open_recordings(paths) as recording:
        return recording, frames(recording.path)


def lines(*messages: str, start_ns: int = 100) -> bytes:
    return b"".join(f"{start_ns + n} {message}\n".encode() for n, message in enumerate(messages))


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where temporary files go: to be empty again after each test."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    monkeypatch.setattr("tempfile.tempdir", None)
    return folder


@pytest.fixture(autouse=True)
def nothing_is_left(temporary: Path) -> Any:
    yield
    assert list(temporary.iterdir()) == []


PACKERS: list[Callable[[bytes], bytes]] = [
    bytes,
    gzip.compress,
    lambda data: gzip.compress(data[:50]) + gzip.compress(data[50:]),
    lambda data: gzip.compress(data) + bytes(1024),
    zstandard.ZstdCompressor().compress,
    lambda data: zstandard.ZstdCompressor().compress(data[:50]) + zstandard.ZstdCompressor().compress(data[50:]),
]


@pytest.mark.parametrize("pack", PACKERS, ids=["plain", "gzip", "two members", "padded", "zstd", "two frames"])
def test_lines_whatever_they_are_packed_in(tmp_path: Path, pack: Callable[[bytes], bytes]) -> None:
    path = tmp_path / "a name that says nothing"
    data = lines(TRADE % "BTCUSDT", SNAPSHOT, DIFF % "BTCUSDT")
    path.write_bytes(pack(data[:-1]))  # without its last newline
    recording, found = opened(path)
    assert recording.symbols == ("BTCUSDT",)
    assert recording.market == "spot"
    assert recording.exchange_info is None
    assert found == [
        (100, "", (TRADE % "BTCUSDT").encode()),
        (101, "BTCUSDT", SNAPSHOT.encode()),
        (102, "", (DIFF % "BTCUSDT").encode()),
    ]


def test_several_files_follow_one_another(tmp_path: Path) -> None:
    (tmp_path / "1").write_bytes(lines(TRADE % "AUSDT", SNAPSHOT))
    (tmp_path / "2").write_bytes(gzip.compress(lines(SNAPSHOT, TRADE % "BUSDT", start_ns=200)))
    convert_recordings([tmp_path / "1"], tmp_path / "3")
    recording, found = opened(tmp_path / "1", tmp_path / "2", tmp_path / "3")
    assert [(time_ns, symbol) for time_ns, symbol, _ in found] == [
        (100, ""),
        (101, "AUSDT"),
        (200, "BUSDT"),
        (201, ""),
        (100, ""),
        (101, "AUSDT"),
    ]
    assert recording.symbols == ("AUSDT", "BUSDT")
    assert [source.name for source in recording.sources] == [
        "1",
        "1: snapshots",
        "2",
        "2: snapshots",
        "1",
        "1: snapshots",
    ]


def test_a_bad_line_costs_that_line_and_is_named(tmp_path: Path) -> None:
    path = tmp_path / "r"
    path.write_bytes(
        lines(TRADE % "BTCUSDT") + b"no time\n\n99999999999999999999 {}\n" + lines(DIFF % "BTCUSDT") + b"5\n"
    )
    recording, found = opened(path)
    assert [time_ns for time_ns, _, _ in found] == [100, 100]
    assert recording.bad_line_count == 3
    assert [(bad.path, bad.line) for bad in recording.bad_lines] == [(path, 2), (path, 4), (path, 6)]
    assert str(recording.bad_lines[0]) == f"{path}, line 2: it does not start with a receive time in ns and one blank"


def test_bad_lines_in_a_later_block_have_their_number(tmp_path: Path) -> None:
    path = tmp_path / "r"
    good = lines(TRADE % "BTCUSDT") * 30_000  # more than one block
    path.write_bytes(good + b"bad\n" + good + b"bad\n" * 50)
    recording, found = opened(path)
    assert len(found) == 60_000
    assert recording.bad_line_count == 51
    assert [bad.line for bad in recording.bad_lines] == [30_001, *range(60_002, 60_021)]


def test_futures_are_told_from_spot(tmp_path: Path) -> None:
    for number, message in enumerate(
        [FUTURES_DIFF, '{"e":"bookTicker","u":1,"s":"%s","b":"1","B":"1","a":"2","A":"1"}']
    ):
        path = tmp_path / str(number)
        path.write_bytes(lines(message % "BTCUSDT"))
        recording, _ = opened(path)
        assert recording.market == "usdm"
        assert {source.market for source in recording.sources} == {"usdm"}
    (tmp_path / "spot").write_bytes(lines(DIFF % "BTCUSDT"))
    with pytest.raises(RecordingError, match="is of usdm, the files before it of spot"):
        open_recordings([tmp_path / "spot", tmp_path / "0"])


def test_a_snapshot_among_several_symbols_is_nobodys(tmp_path: Path) -> None:
    path = tmp_path / "r"
    path.write_bytes(lines(TRADE % "AUSDT", TRADE % "BUSDT"))
    assert opened(path)[0].symbols == ("AUSDT", "BUSDT")
    for order in itertools.permutations([TRADE % "AUSDT", TRADE % "BUSDT", SNAPSHOT]):
        path.write_bytes(lines(*order))
        with pytest.raises(RecordingError, match="names no symbol") as caught:
            open_recordings([path])
        assert caught.value.where == f"{path}, line {order.index(SNAPSHOT) + 1}"


def test_the_second_symbol_may_come_late(tmp_path: Path) -> None:
    path = tmp_path / "r"
    many = lines(TRADE % "AUSDT") * 30_000
    path.write_bytes(lines(SNAPSHOT) + many + lines(TRADE % "BUSDT"))
    with pytest.raises(RecordingError, match="names no symbol") as caught:
        open_recordings([path])
    assert caught.value.where == f"{path}, line 1"


def test_a_snapshot_before_any_symbol(tmp_path: Path) -> None:
    path = tmp_path / "r"
    big = json.dumps({"lastUpdateId": 1, "bids": [["1", "1"]] * 200_000, "asks": []}, separators=(",", ":"))
    path.write_bytes(lines(big, TRADE % "AUSDT"))
    assert [symbol for _, symbol, _ in opened(path)[1]] == ["AUSDT", ""]


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "is empty"),
        (b"hello\nworld\n", "is of no known format"),
        (b"\x00" * 100, "is of no known format"),
        (b'{"e":"trade","s":"BTCUSDT"}\n', "is of no known format"),
        (b"BOT3REC\0", "the file ends inside it"),
        (lines('{"a":1}'), "no message names a symbol"),
        (lines(SNAPSHOT), "no message names a symbol"),
        (b"123 " + b"x" * (65 << 20), "line of more than 64 MiB"),
        (gzip.compress(b""), "is of no known format"),
        (gzip.compress(lines(TRADE % "BTCUSDT"))[:-3], "damaged gzip data"),
        (gzip.compress(lines(TRADE % "BTCUSDT")) + b"more", "other bytes follow the stream"),
        (gzip.compress(lines(TRADE % "BTCUSDT"))[:-8] + b"\1\2\3\4\5\6\7\x08", "damaged gzip data"),
        (zstandard.ZstdCompressor().compress(lines(TRADE % "BTCUSDT"))[:-3], "damaged zstd data"),
        (b"\x28\xb5\x2f\xfd" + b"\xff" * 50, "damaged zstd data"),
        (b"\x1f\x8b" + b"\xff" * 50, "damaged gzip data"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_cannot_be_read_is_told(tmp_path: Path, data: bytes, says: str) -> None:
    path = tmp_path / "r"
    path.write_bytes(data)
    with pytest.raises(RecordingError, match=says) as caught:
        open_recordings([path])
    assert str(path) in str(caught.value)


def test_every_line_bad(tmp_path: Path) -> None:
    path = tmp_path / "r"
    path.write_bytes(b'5 \n6 \nx 5 {"s":"BTCUSDT"}\n1 y\n')
    recording, found = opened(path)
    assert (recording.bad_line_count, found) == (3, [(1, "", b"y")])
    path.write_bytes(b'12345678901234567890 {"s":"BTCUSDT"}\n99999999999999999999 {"s":"BTCUSDT"}\n')
    with pytest.raises(RecordingError, match="is of no known format"):
        open_recordings([path])
    path.write_bytes(b'9999999999999999999 {"s":"BTCUSDT"}\n')
    with pytest.raises(RecordingError, match="no line of it can be used"):
        open_recordings([path])


def test_paths_that_are_no_files(tmp_path: Path) -> None:
    for path, says in [(tmp_path / "missing", "No such file"), (tmp_path, "Is a directory")]:
        with pytest.raises(RecordingError, match=says):
            open_recordings([path])
    with pytest.raises(RecordingError, match="no recording was given"):
        open_recordings([])


def test_no_room_for_temporary_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "r").write_bytes(lines(TRADE % "BTCUSDT"))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "missing"))
    with pytest.raises(RecordingError, match="no temporary file") as caught:
        open_recordings([tmp_path / "r"])
    assert "TMPDIR" in caught.value.hint


# ---------------------------------------------------------------- captures


def capture(*records: dict[str, Any], exchange: str = "BINANCE") -> bytes:
    header = {"t": "header", "format": 2, "exchange": exchange}
    return b"".join(json.dumps(record).encode() + b"\n" for record in [header, *records])


def received(ts: float, data: str) -> dict[str, Any]:
    return {"t": "recv", "conn": "BINANCE.ws.1", "ts": ts, "data": data}


DEPTH_URL = "https://api.binance.com/api/v3/depth?symbol=%s&limit=1000"


def test_a_capture_is_put_in_order_of_time(tmp_path: Path) -> None:
    path = tmp_path / "r"
    info = {"symbols": [{"symbol": "AUSDT"}]}
    records = [
        {
            "t": "http",
            "conn": "x",
            "ts": 9.0,
            "url": "https://api.binance.com/api/v3/exchangeInfo",
            "data": json.dumps(info),
        },
        {"t": "http", "conn": "x", "ts": 1633998514.64629, "url": DEPTH_URL % "BUSDT", "data": SNAPSHOT},
        {"t": "connect", "conn": "x", "ts": 1.0, "addr": "wss://x"},
        {"t": "send", "conn": "x", "ts": 1.0, "addr": "wss://x", "data": "{}"},
        received(1633998514.6462898, TRADE % "AUSDT"),
        received(1633998514.64629, TRADE % "CUSDT"),
        received(1633998514.25, DIFF % "AUSDT"),
        received(1633998515, DIFF % "AUSDT"),
    ]
    path.write_bytes(zstandard.ZstdCompressor().compress(capture(*records)))
    recording, found = opened(path)
    assert [(time_ns, symbol) for time_ns, symbol, _ in found] == [
        (1633998514250000000, ""),
        (1633998514646289800, ""),
        (1633998514646290000, "BUSDT"),
        (1633998514646290000, ""),
        (1633998515000000000, ""),
    ]
    assert found[2][2] == SNAPSHOT.encode()
    assert recording.symbols == ("AUSDT", "CUSDT", "BUSDT")
    assert recording.exchange_info == info
    assert recording.bad_line_count == 0
    assert [source.name for source in recording.sources] == ["BINANCE.ws.1", "GET /api/v3/depth BUSDT"]


def test_bad_lines_of_a_capture(tmp_path: Path) -> None:
    path = tmp_path / "r"
    bad = [
        b"{nonsense",
        b"[1]",
        b'{"t":5}',
        json.dumps({**received(1.5, "x"), "data": 7}).encode(),
        json.dumps({**received(1.5, "x"), "ts": "now"}).encode(),
        json.dumps({**received(1.5, "x"), "ts": -1.5}).encode(),
        b'{"t":"recv","conn":"c","ts":1e400,"data":"x"}',
        b'{"t":"recv","conn":"c","ts":1e999999999999,"data":"x"}',
        b'{"t":"recv","conn":"c","ts":true,"data":"x"}',
        json.dumps({**received(1.5, ""), "data": ""}).encode(),
        b'{"t":"recv","conn":"c","data":"x"}',
        b'{"t":"http","conn":"c","ts":1.0,"url":"https://api.binance.com/api/v3/depth","data":"{}"}',
        b'{"t":"http","conn":"c","ts":1.0,"url":"https://api.binance.com/api/v3/exchangeInfo","data":"{"}',
        b'{"t":"http","conn":"c","ts":1.0,"url":"https://api.binance.com/api/v3/exchangeInfo","data":"[]"}',
        b'{"t":"http","conn":"c","ts":1.0}',
        b"[" * 100_000,
        b"\xff\xfe",
    ]
    path.write_bytes(
        capture(received(2.5, TRADE % "AUSDT")) + b"\n".join(bad) + b"\n" + json.dumps(received(1.5, "y")).encode()
    )
    recording, found = opened(path)
    assert [data for _, _, data in found] == [b"y", (TRADE % "AUSDT").encode()]
    assert [line.line for line in recording.bad_lines] == list(range(3, 3 + len(bad)))


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (capture(received(1.5, "x"), exchange="KRAKEN"), "is a capture of KRAKEN"),
        (capture(received(1.5, "x")).replace(b'"format": 2', b'"format": 1'), "capture of format 1, not 2"),
        (capture(), "holds no message"),
    ],
)
def test_captures_that_are_refused(tmp_path: Path, data: bytes, says: str) -> None:
    (tmp_path / "r").write_bytes(data)
    with pytest.raises(RecordingError, match=says):
        open_recordings([tmp_path / "r"])


# ---------------------------------------------------------------- bot3's own


def test_an_own_recording_is_used_in_place(tmp_path: Path) -> None:
    info = {"symbols": [{"symbol": "AUSDT", "x": 1}, {"symbol": "ZUSDT"}], "timezone": "UTC"}
    url = "https://api.binance.com/api/v3/exchangeInfo"
    records = [
        {"t": "http", "conn": "x", "ts": 9.0, "url": url, "data": json.dumps(info)},
        received(1.5, TRADE % "AUSDT"),
    ]
    (tmp_path / "r").write_bytes(capture(*records))
    original, expected = opened(tmp_path / "r")
    out = tmp_path / "own"
    assert convert_recordings([tmp_path / "r"], out).symbols == ("AUSDT",)
    with open_recordings([out]) as recording:
        assert (recording.path, recording.temporary) == (out, False)
        assert recording.exchange_info == {"symbols": [{"symbol": "AUSDT", "x": 1}], "timezone": "UTC"}
        assert (recording.symbols, recording.sources) == (original.symbols, original.sources)
    assert out.exists()
    assert frames(out) == expected
    convert_recordings([out], tmp_path / "again")
    assert (tmp_path / "again").read_bytes() == out.read_bytes()


def test_an_own_recording_without_a_summary(tmp_path: Path) -> None:
    path = tmp_path / "own"
    with Recorder(path) as recorder:
        for source in [Source("stream", "", "usdm"), Source("snapshots", "CUSDT", "usdm")]:
            recorder.add_source(source)
        recorder.add_frame(0, 1, (TRADE % "AUSDT").encode())
        recorder.add_frame(0, 2, (TRADE % "BUSDT").encode())
    with open_recordings([path]) as recording:
        assert recording.symbols == ("CUSDT", "AUSDT", "BUSDT")
        assert recording.market == "usdm"
    path.write_bytes(path.read_bytes()[:-200])  # what lies before the damage can still be run
    with open_recordings([path]) as recording:
        assert recording.symbols[:2] == ("CUSDT", "AUSDT")
    assert describe(path).damage is not None


def test_a_recording_that_holds_nothing(tmp_path: Path) -> None:
    with Recorder(tmp_path / "own"):
        pass
    with pytest.raises(RecordingError, match="holds nothing"):
        open_recordings([tmp_path / "own"])


def test_a_summary_that_is_none(tmp_path: Path) -> None:
    for data, says in [
        (b"{", "cannot be read"),
        (b'{"format":2}', "of format 2, not 1"),
        (b'{"format":1}', "cannot be read"),
    ]:
        with Recorder(tmp_path / "own") as recorder:
            recorder.add_config(data)
        with pytest.raises(RecordingError, match=says):
            open_recordings([tmp_path / "own"])


def test_a_conversion_that_fails_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "r").write_bytes(lines(TRADE % "AUSDT"))
    (tmp_path / "out").write_bytes(b"old")
    convert_recordings([tmp_path / "r"], tmp_path / "own")
    (tmp_path / "own").write_bytes((tmp_path / "own").read_bytes()[:-40])
    with pytest.raises(RecordingError, match="ends inside it") as caught:
        convert_recordings([tmp_path / "own"], tmp_path / "out")
    assert caught.value.position == 5  # LAYOUT, summary, two sources, frame; then what is left of END
    assert (tmp_path / "out").read_bytes() == b"old"
    with pytest.raises(RecordingError, match="cannot make the recording"):
        convert_recordings([tmp_path / "r"], tmp_path / "missing" / "out")
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")  # a device would be lost just so
    for name in ("folder", "pipe"):
        with pytest.raises(RecordingError, match="no regular file"):
            convert_recordings([tmp_path / "r"], tmp_path / name)
    assert (tmp_path / "pipe").is_fifo()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["folder", "out", "own", "pipe", "r", "temporary"]


def test_parsed_events_are_those_messages(tmp_path: Path) -> None:
    path = tmp_path / "r"
    path.write_bytes(
        lines(TRADE % "AUSDT", SNAPSHOT, '{"result":null,"id":1}', DIFF % "AUSDT", '{"e":"trade","s":"AUSDT"')
    )
    done = convert_recordings([path], tmp_path / "parsed", parsed=True)
    assert (done.frames, done.events, done.bad_frames) == (5, 4, 1)
    assert done.first_bad_frame.startswith("record 7: ")  # LAYOUT, two sources, four good frames
    info = describe(tmp_path / "parsed")
    assert dict(info.events) == {"trade": 1, "level": 3}
    assert dict(info.records) == {"config": 1, "source": 1, "events": 3}
    assert (info.symbols, info.first_ns, info.last_ns) == (("AUSDT",), 100, 103)
    convert_recordings([path], tmp_path / "raw")
    seen = []
    for name in ("raw", "parsed"):
        with RecordingFile(tmp_path / name) as file:
            seen.append(first_prices(file, ["AUSDT"])["AUSDT"])
    raw, parsed = ([[float(text) for text in column] for column in (one.prices, one.qtys)] for one in seen)
    assert raw == parsed == [[10, 9.98, 10.02, 9.99], [1, 2, 3, 1]]
    with pytest.raises(RecordingError, match="parsed already"):
        convert_recordings([tmp_path / "parsed"], tmp_path / "twice", parsed=True)


def test_the_command_line(tmp_path: Path) -> None:
    (tmp_path / "r").write_bytes(b"bad\n" + lines(TRADE % "AUSDT", DIFF % "AUSDT"))

    def bot3(*arguments: object) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-P", "-m", "bot3.cli", *map(str, arguments)]
        return subprocess.run(command, check=False, capture_output=True, text=True, env=os.environ)

    done = bot3("record", "convert", tmp_path / "r", "-o", tmp_path / "own")
    assert (done.returncode, done.stderr.count("\n")) == (0, 1), done.stderr
    assert f"left out: {tmp_path / 'r'}, line 1: " in done.stderr
    assert "AUSDT" in done.stdout
    done = bot3("record", "info", tmp_path / "own")
    assert done.returncode == 0, done.stderr
    assert "config 1, source 2, frame 2" in done.stdout
    (tmp_path / "own").write_bytes((tmp_path / "own").read_bytes()[:-100])
    done = bot3("record", "info", tmp_path / "own")
    assert done.returncode == 2
    assert "frame 1" in done.stdout
    assert "B3_ERR_TRUNCATED" in done.stderr
    done = bot3("record", "info", tmp_path / "missing")
    assert (done.returncode, done.stdout) == (2, "")
    assert "No such file" in done.stderr


def test_an_exchange_info_file_that_cannot_be_read(tmp_path: Path) -> None:
    for data, says in [
        (b"", "is empty"),
        (b"{", "not JSON"),
        (b"[]", "not an object"),
        (gzip.compress(b"{}")[:-2], "damaged"),
    ]:
        (tmp_path / "info").write_bytes(data)
        with pytest.raises(InstrumentError, match=says):
            read_exchange_info(tmp_path / "info")


# ---------------------------------------------------------------- the recorded sessions


def test_the_whole_session_byte_for_byte(shared_data: Path) -> None:
    paths = [shared_data / "binance" / f"spot_btcusdt_2024080{day}.gz" for day in (8, 9)]
    recording, found = opened(*paths)
    expected = [line.split(b" ", 1) for path in paths for line in gzip.decompress(path.read_bytes()).splitlines()]
    assert [(time_ns, data) for time_ns, _, data in found] == [(int(time), data) for time, data in expected]
    assert [symbol for _, symbol, _ in found if symbol] == ["BTCUSDT"]  # the snapshot
    assert (recording.symbols, recording.market, recording.bad_line_count) == (("BTCUSDT",), "spot", 0)


@pytest.mark.parametrize(
    ("name", "market", "frames_expected", "instruments"),
    [("BINANCE", "spot", 269, 1695), ("BINANCE_FUTURES", "usdm", 1539, 122)],
)
def test_the_captures(shared_data: Path, name: str, market: str, frames_expected: int, instruments: int) -> None:
    recording, found = opened(shared_data / "binance" / f"{name}.jsonl.zst")
    assert (recording.market, len(found), len(recording.symbols)) == (market, frames_expected, 4)
    assert recording.exchange_info is not None
    assert len(recording.exchange_info["symbols"]) == instruments
    times = [time_ns for time_ns, _, _ in found]
    assert times == sorted(times)
    assert {symbol for _, symbol, _ in found} - {""} == set(recording.symbols)
