"""Series of pandas and polars: they come back as what they were, with their index, whatever holds their values."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from bot3 import ta

Array = npt.NDArray[np.float64]

CLOSE = 100.0 + np.sin(np.arange(120.0))
HIGH, LOW, VOLUME = CLOSE + 1.0, CLOSE - 1.0, np.arange(1.0, 121.0)
COLUMNS = {
    "open": CLOSE,
    "high": HIGH,
    "low": LOW,
    "close": CLOSE,
    "volume": VOLUME,
    "real": CLOSE,
    "real0": HIGH,
    "real1": LOW,
}


def by_name(name: str, wrap: Any) -> tuple[list[Any], list[Array]]:
    """Outputs from wrapped series and from arrays of every indicator of that name."""
    kernel = ta.KERNELS[name]
    wrapped = getattr(ta, name)(*(wrap(COLUMNS[i]) for i in kernel.inputs))
    plain = getattr(ta, name)(*(COLUMNS[i] for i in kernel.inputs))
    if len(kernel.outputs) == 1:
        return [wrapped], [plain]
    assert type(wrapped)._fields == kernel.outputs
    return list(wrapped), list(plain)


@pytest.mark.parametrize("name", sorted(ta.KERNELS))
def test_pandas_series_of_every_indicator(name: str) -> None:
    pandas = pytest.importorskip("pandas", reason="pandas is not installed")
    index = pandas.date_range("2024-01-01", periods=len(CLOSE), freq="h", tz="UTC", name="time")
    got, want = by_name(name, lambda array: pandas.Series(array, index=index))
    for series, array, output in zip(got, want, ta.KERNELS[name].outputs, strict=True):
        assert isinstance(series, pandas.Series) and series.index.equals(index) and series.index.name == "time"
        assert series.name == output
        np.testing.assert_array_equal(series.to_numpy(), array)


@pytest.mark.parametrize("name", sorted(ta.KERNELS))
def test_polars_series_of_every_indicator(name: str) -> None:
    polars = pytest.importorskip("polars", reason="polars is not installed")
    got, want = by_name(name, lambda array: polars.Series("x", array))
    for series, array, output in zip(got, want, ta.KERNELS[name].outputs, strict=True):
        assert isinstance(series, polars.Series) and series.name == output and series.dtype == polars.Float64
        np.testing.assert_array_equal(series.to_numpy(), array)


def test_what_pandas_may_hold() -> None:
    pandas = pytest.importorskip("pandas", reason="pandas is not installed")
    holed = CLOSE.copy()
    holed[50] = np.nan
    want = ta.sma(holed, 5)
    filled = ta.sma(np.round(CLOSE), 5)
    for dtype in ("float64", "Float64", "double[pyarrow]"):
        np.testing.assert_array_equal(ta.sma(pandas.Series(holed).astype(dtype), 5).to_numpy(dtype=float), want)
    for dtype in ("int64", "Int64", "int32", "float32"):
        np.testing.assert_array_equal(
            ta.sma(pandas.Series(np.round(CLOSE)).astype(dtype), 5).to_numpy(dtype=float), filled
        )
    every_second = pandas.DataFrame({"close": np.repeat(CLOSE, 2), "other": 1.0})["close"].iloc[::2]
    result = ta.ema(every_second, 5)
    assert result.index.equals(every_second.index)
    np.testing.assert_array_equal(result.to_numpy(), ta.ema(CLOSE, 5))


def test_objects_are_refused_whatever_holds_them() -> None:
    pandas = pytest.importorskip("pandas", reason="pandas is not installed")
    objects = CLOSE.astype(object)
    for values in (objects, pandas.Series(objects), pandas.Index(objects, dtype=object), pandas.Series(["1", "2"])):
        with pytest.raises(ta.IndicatorError, match=r"^real: must be real numbers"):
            ta.sma(values, 2)


def test_what_polars_may_hold() -> None:
    polars = pytest.importorskip("polars", reason="polars is not installed")
    holed = [None if i == 50 else float(x) for i, x in enumerate(CLOSE)]
    want = ta.sma([np.nan if x is None else x for x in holed], 5)
    np.testing.assert_array_equal(ta.sma(polars.Series("x", holed), 5).to_numpy(), want)
    np.testing.assert_array_equal(ta.sma(polars.Series("x", range(120)), 5).to_numpy(), ta.sma(np.arange(120.0), 5))


def test_the_first_input_says_what_comes_back() -> None:
    pandas = pytest.importorskip("pandas", reason="pandas is not installed")
    index = pandas.RangeIndex(5, 125)
    mixed = ta.atr(pandas.Series(HIGH, index=index), LOW, CLOSE.tolist())
    assert mixed.index.equals(index)
    assert isinstance(ta.atr(HIGH, pandas.Series(LOW), CLOSE), np.ndarray)
    out = np.empty(120)
    assert ta.sma(pandas.Series(CLOSE, index=index), 5, out=out) is out


def test_streams_and_graphs_give_series_for_series() -> None:
    pandas = pytest.importorskip("pandas", reason="pandas is not installed")
    polars = pytest.importorskip("polars", reason="polars is not installed")
    index = pandas.RangeIndex(5, 125)
    bands, graph = ta.stream.BBANDS(5), ta.Graph("close")
    graph.add("mean", "sma", "close", timeperiod=5)
    for series in (pandas.Series(CLOSE, index=index), polars.Series("x", CLOSE)):
        bands.reset(), graph.reset()
        result, mean = bands.update_many(series), graph.update_many(series)["mean"]
        for got, want, name in zip(result, ta.bbands(CLOSE, 5), ta.KERNELS["bbands"].outputs, strict=True):
            assert type(got) is type(series) and got.name == name
            np.testing.assert_array_equal(got.to_numpy(), want)
        assert type(mean) is type(series) and mean.name == "mean"
        np.testing.assert_allclose(mean.to_numpy(), ta.sma(CLOSE, 5), rtol=1e-14)
        if isinstance(series, pandas.Series):
            assert result.upperband.index.equals(index) and mean.index.equals(index)


def test_streams_write_to_out() -> None:
    outs = np.full(120, 7.0), np.full(120, 7.0), np.full(120, 7.0)
    bands = ta.stream.BBANDS(5)
    result = bands.update_many(CLOSE, out=outs)
    assert all(got is out for got, out in zip(result, outs, strict=True)) and bands.value.middleband == outs[1][-1]
    np.testing.assert_array_equal(outs, ta.bbands(CLOSE, 5))
    state = bands._state.tobytes()
    for wrong in (outs[0], outs[:2], (outs[0], outs[1], CLOSE), (np.empty(3),) * 3, (outs[0], outs[0], outs[1])):
        with pytest.raises(ta.IndicatorError, match="out"):
            bands.update_many(CLOSE, out=wrong)
    assert bands._state.tobytes() == state


def test_tables_are_refused_with_the_way_out() -> None:
    pandas = pytest.importorskip("pandas", reason="pandas is not installed")
    polars = pytest.importorskip("polars", reason="polars is not installed")
    for table in (pandas.DataFrame({"a": CLOSE}), polars.DataFrame({"a": CLOSE})):
        with pytest.raises(ValueError, match=r"^real: is a table .*to_numpy"):
            ta.sma(table)


def test_what_has_no_index_gives_an_array() -> None:
    pandas = pytest.importorskip("pandas", reason="pandas is not installed")
    want = ta.sma(CLOSE, 5)
    for values in (pandas.Index(CLOSE), pandas.array(CLOSE), pandas.Series(CLOSE).array):
        result = ta.sma(values, 5)
        assert type(result) is np.ndarray
        np.testing.assert_array_equal(result, want)
    np.testing.assert_array_equal(ta.sma(pandas.array([None, 2, 4], dtype="Int64"), 2), [np.nan, np.nan, 3.0])
