"""Same input, same output: journals replayed, cut, flipped; recordings cut; batches of any size."""

import random
import shutil
from pathlib import Path

import pandas as pd
import pytest
from run_tools import Listener, run, sample_lines, table, written

from bot3.engine.journal import Journal, JournalWriter
from bot3.engine.plan import RunOptions, build_engine
from bot3.engine.session import Result, replay
from bot3.errors import JournalError, ReplayMismatchError
from bot3.ffi import lib
from bot3.recording import RecordingFile, open_recordings

STRATEGIES = ("ema_cross:fast=3,slow=9", "obi:cool_down_ms=0")
LINES = 8_000


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The first lines of the sample: enough for orders, short enough to run often."""
    return written(tmp_path_factory.mktemp("recording") / "part.txt", sample_lines()[:LINES])


@pytest.fixture(scope="module")
def journal(recording: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("first") / "out"
    result = run(recording, strategies=STRATEGIES, out=out)
    assert result.summary["orders"] > 10 and result.summary["fills"] > 10
    return out / "journal.b3j"


def test_a_second_run_writes_the_same_bytes(recording: Path, journal: Path, tmp_path: Path) -> None:
    run(recording, strategies=STRATEGIES, out=tmp_path / "out")
    assert (tmp_path / "out" / "journal.b3j").read_bytes() == journal.read_bytes()


def test_the_journal_names_no_path_and_no_time_of_the_run(recording: Path, journal: Path) -> None:
    text = journal.read_bytes()
    assert str(recording.parent).encode() not in text
    assert b"/tmp/" not in text


@pytest.mark.parametrize("size", [1, 7, 1000])
def test_batches_of_any_size_write_the_same_bytes(recording: Path, journal: Path, tmp_path: Path, size: int) -> None:
    with Journal(journal) as first:
        plan = first.plan()
    options = RunOptions(has_journal=True, sample_every=3)
    with (
        open_recordings([recording]) as opened,
        RecordingFile(opened.path) as file,
        build_engine(plan, options) as engine,
    ):
        writer = JournalWriter(engine, tmp_path / "again.b3j")
        while engine.run(file.pointer, size) != lib.B3_END:
            pass
        writer.close()
    assert (tmp_path / "again.b3j").read_bytes() == journal.read_bytes()


def test_a_replay_is_identical(journal: Path) -> None:
    result = replay(journal, 0.0, Listener())
    assert result.error is None
    found = result.summary["replay"]
    assert (found["identical"], found["differs_at_record"], found["damaged_at_record"]) == (True, None, None)
    assert found["records"] > LINES


def starts_of(journal: Path) -> list[int]:
    """Byte positions of all records, by the format in bot3.h and nothing else."""
    data = journal.read_bytes()
    starts, at = [], 64
    while at < len(data):
        starts.append(at)
        length = int.from_bytes(data[at + 4 : at + 8], "little")
        at += 32 + (length + 7) // 8 * 8
    assert at == len(data)
    return starts


@pytest.mark.parametrize("seed", range(6))
def test_a_truncated_journal_is_replayed_up_to_the_cut(journal: Path, tmp_path: Path, seed: int) -> None:
    starts = starts_of(journal)
    record = random.Random(seed).randrange(20, len(starts))
    cut = starts[record] + random.Random(seed).randrange(
        starts[record + 1] - starts[record] if record + 1 < len(starts) else 96
    )
    damaged = tmp_path / "cut.b3j"
    damaged.write_bytes(journal.read_bytes()[:cut])
    result = replay(damaged, 0.0, Listener())
    assert isinstance(result.error, JournalError) and not isinstance(result.error, ReplayMismatchError)
    found = result.summary["replay"]
    assert (found["damaged_at_record"], found["records"], found["differs_at_record"]) == (record, record, None)
    assert str(damaged) in str(result.error)


@pytest.mark.parametrize("seed", range(6))
def test_a_flipped_bit_is_found_at_its_record(journal: Path, tmp_path: Path, seed: int) -> None:
    starts = starts_of(journal)
    chance = random.Random(seed)
    record = chance.randrange(20, len(starts) - 1)
    data = bytearray(journal.read_bytes())
    length = int.from_bytes(data[starts[record] + 4 : starts[record] + 8], "little")
    data[starts[record] + chance.randrange(8, 32 + length)] ^= 1 << chance.randrange(8)
    damaged = tmp_path / "flipped.b3j"
    damaged.write_bytes(data)
    result = replay(damaged, 0.0, Listener())
    assert isinstance(result.error, JournalError)
    assert result.summary["replay"]["damaged_at_record"] == record
    assert result.summary["replay"]["records"] == record


def crc32c(data: bytes) -> int:
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ 0x82F63B78 * (crc & 1)
    return crc ^ 0xFFFFFFFF


@pytest.mark.parametrize("seed", range(3))
def test_another_decision_is_found_at_its_record(journal: Path, tmp_path: Path, seed: int) -> None:
    """A journal that is whole but says something else, as one of an engine that decides otherwise would."""
    data, starts = bytearray(journal.read_bytes()), starts_of(journal)
    outputs = [i for i, start in enumerate(starts) if data[start + 8] == lib.B3_REC_OUTPUT]
    record = random.Random(seed).choice(outputs)
    start = starts[record]
    end = start + 32 + int.from_bytes(data[start + 4 : start + 8], "little")
    data[end - 1] ^= 1
    data[start : start + 4] = crc32c(data[start + 4 : end]).to_bytes(4, "little")
    path = tmp_path / "other.b3j"
    path.write_bytes(data)
    result = replay(path, 0.0, Listener())
    assert isinstance(result.error, ReplayMismatchError)
    assert result.error.position == result.summary["replay"]["differs_at_record"] == record
    assert result.summary["replay"]["damaged_at_record"] is None


def test_a_journal_that_is_none(tmp_path: Path, recording: Path) -> None:
    for data in (b"", b"x" * 200, recording.read_bytes()[:500]):
        path = tmp_path / "a.b3j"
        path.write_bytes(data)
        with pytest.raises(JournalError, match=str(path)):
            replay(path, 0.0, Listener())
    with pytest.raises(JournalError, match="No such file"):
        replay(tmp_path / "none.b3j", 0.0, Listener())
    with open_recordings([recording]) as opened, pytest.raises(JournalError):
        replay(opened.path, 0.0, Listener())


def test_a_journal_cut_inside_its_configuration(journal: Path, tmp_path: Path) -> None:
    path = tmp_path / "a.b3j"
    path.write_bytes(journal.read_bytes()[: starts_of(journal)[1] + 100])
    with pytest.raises(JournalError) as raised:
        replay(path, 0.0, Listener())
    assert raised.value.position == 1


def trading(out: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    return table(out, "orders"), table(out, "fills")


@pytest.fixture(scope="module")
def whole(journal: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    return trading(journal.parent)


@pytest.mark.parametrize("seed", range(4))
def test_what_comes_later_changes_nothing_earlier(
    recording: Path, whole: tuple[pd.DataFrame, pd.DataFrame], tmp_path: Path, seed: int
) -> None:
    lines = recording.read_bytes().splitlines(keepends=True)
    cut = random.Random(seed).randrange(LINES // 4, LINES)
    run(written(tmp_path / "cut.txt", lines[:cut]), strategies=STRATEGIES, out=tmp_path / "out")
    (orders, fills), (all_orders, all_fills) = trading(tmp_path / "out"), whole
    assert set(orders.order_id) == set(all_orders[all_orders.input_no <= orders.input_no.max()].order_id)
    # An order that was still open at the cut had its end later.
    done = orders[orders.state.isin(["filled", "canceled", "refused", "rejected", "expired"])]
    same(done, all_orders[all_orders.order_id.isin(done.order_id)])
    same(fills, all_fills.head(len(fills)))


def same(now: pd.DataFrame, then: pd.DataFrame) -> None:
    assert len(now) > 0
    by = ["input_no", "order_id"]
    pd.testing.assert_frame_equal(now.sort_values(by, ignore_index=True), then.sort_values(by, ignore_index=True))


def test_no_order_fills_on_the_input_that_triggered_it(recording: Path, tmp_path: Path) -> None:
    from bot3.config import parse_config

    config = parse_config(b'{"paper": {"latency_us": 0}}')
    result: Result = run(recording, strategies=STRATEGIES, out=tmp_path / "out", config=config)
    orders, fills = trading(tmp_path / "out")
    asked = orders.set_index("order_id").input_no
    assert result.summary["fills"] == len(fills) > 10
    assert (fills.input_no > asked.loc[fills.order_id].to_numpy()).all()


def test_a_recording_that_ends_in_damage_is_run_up_to_there(recording: Path, tmp_path: Path) -> None:
    with open_recordings([recording]) as opened:
        shutil.copy(opened.path, tmp_path / "a.b3r")
    data = bytearray((tmp_path / "a.b3r").read_bytes())
    data[len(data) // 2] ^= 1
    (tmp_path / "a.b3r").write_bytes(data)
    result = run(tmp_path / "a.b3r", strategies=STRATEGIES, out=tmp_path / "out")
    assert result.error is not None and "a.b3r" in str(result.error)
    assert result.summary["ended"] == "failed"
    assert 0 < result.summary["inputs"] < LINES
    assert replay(tmp_path / "out" / "journal.b3j", 0.0, Listener()).error is None
