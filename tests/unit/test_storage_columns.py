"""Columns of the Parquet tables: decimals exact, times zone-aware, unknown ones null."""

from decimal import Decimal
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot3.engine.decimals import from_raw, plain, to_raw
from bot3.errors import ArgumentError, StorageError
from bot3.storage import prepare_directory
from bot3.storage.columns import Column, Names, Schema, decimals, timestamps

int64 = st.integers(-(2**63), 2**63 - 1)


@given(st.lists(int64, max_size=20), st.integers(0, 10))
def test_decimals_are_exact(raw: list[int], scale: int) -> None:
    array = decimals(np.array(raw, np.int64), scale)
    array.validate(full=True)
    assert array.type == pa.decimal128(38, scale)
    assert array.to_pylist() == [Decimal(value).scaleb(-scale) for value in raw]


@given(st.lists(st.tuples(int64, st.integers(0, 10)), min_size=1, max_size=20))
def test_decimals_of_several_scales_share_the_largest(rows: list[tuple[int, int]]) -> None:
    scale = max(own for _, own in rows)
    raw = np.array([value for value, _ in rows], np.int64)
    array = decimals(raw, scale, np.array([scale - own for _, own in rows], np.int64))
    assert array.to_pylist() == [from_raw(value, own) for value, own in rows]


@given(int64, st.integers(0, 10))
def test_plain_text_is_the_number(raw: int, scale: int) -> None:
    text = plain(raw, scale)
    assert Decimal(text) == Decimal(raw).scaleb(-scale)
    assert "E" not in text and not (("." in text) and text.endswith(("0", ".")))


def test_plain_text_by_hand() -> None:
    assert [plain(*pair) for pair in ((6160201000000, 8), (6168600000000, 8), (0, 8), (-5, 1), (100, 0), (1, 10))] == [
        "61602.01", "61686", "0", "-0.5", "100", "0.0000000001",
    ]  # fmt: skip


@given(int64, st.integers(0, 10))
def test_to_raw_and_back(raw: int, scale: int) -> None:
    if raw == -(2**63):
        return  # the core's own prices and quantities stop at -INT64_MAX
    assert to_raw(from_raw(raw, scale), scale, "x") == raw


@pytest.mark.parametrize("text", ["0.123456789", "1.0000000000000000000000000000000000001", "1e11", "-1e11", "1e-30"])
def test_to_raw_never_rounds_and_never_wraps(text: str) -> None:
    with pytest.raises(ArgumentError):
        to_raw(Decimal(text), 8, "x")


def test_times_are_utc_and_unknown_is_null() -> None:
    array = timestamps(np.array([0, 1723161254839847267], np.int64))
    assert array.type == pa.timestamp("ns", tz="UTC")
    assert array.to_pylist()[0] is None
    assert str(array[1]).startswith("2024-08-08 23:54:14.839847267")


def test_a_batch_of_two_instruments() -> None:
    names = Names(("AAA", "BBB"), np.array([2, 4]), np.array([0, 0]))
    schema = Schema(
        [Column("instrument", "symbol"), Column("px", "price", "price_raw"), Column("side", "name", names=("", "buy"))],
        names,
    )
    rows = {"instrument": np.array([1, 0]), "price_raw": np.array([12345, 12345]), "side": np.array([1, 7])}
    assert schema.batch(rows).to_pylist() == [
        {"instrument": "BBB", "px": Decimal("1.2345"), "px_raw": 12345, "side": "buy"},
        {"instrument": "AAA", "px": Decimal("123.4500"), "px_raw": 12345, "side": None},
    ]


def test_results_go_to_a_new_or_empty_directory_alone(tmp_path: Path) -> None:
    prepare_directory(tmp_path / "a" / "b")
    prepare_directory(tmp_path / "a" / "b")
    with pytest.raises(StorageError, match="not empty"):
        prepare_directory(tmp_path)
    file = tmp_path / "file"
    file.write_text("x")
    with pytest.raises(StorageError, match="cannot be used"):
        prepare_directory(file)
