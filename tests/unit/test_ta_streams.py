"""The contract of streams and of graphs of them: what each method promises, for every indicator."""

import copy
import gc
import inspect
import math
import pickle
import sys
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from bot3 import ta

Array = npt.NDArray[np.float64]


def bars(n: int) -> dict[str, Array]:
    """A random walk as bars. Test data made by us."""
    rng = np.random.default_rng(11)
    close = 100.0 + rng.normal(size=n).cumsum()
    high, low = close + rng.random(n), close - rng.random(n)
    named = {"open": low + (high - low) * rng.random(n), "high": high, "low": low, "close": close}
    return {**named, "volume": 1.0 + rng.random(n), "real": close, "real0": high, "real1": low}


BARS = bars(400)
GRAPH_INPUTS = ("open", "high", "low", "close", "volume")


def series_of(name: str) -> list[Array]:
    return [BARS[i] for i in ta.KERNELS[name].inputs]


def made(name: str) -> Any:
    return getattr(ta.stream, name.upper())()


def same(a: Any, b: Any) -> None:
    np.testing.assert_array_equal(np.atleast_1d(a), np.atleast_1d(b))


@pytest.mark.parametrize("name", sorted(ta.KERNELS))
def test_value_and_ready_follow_update(name: str) -> None:
    stream, lookback = made(name), ta.KERNELS[name].lookback()
    assert not stream.ready and np.isnan(np.atleast_1d(stream.value)).all()
    for i, values in enumerate(zip(*(a[: lookback + 3] for a in series_of(name)), strict=True)):
        got = stream.update(*values)
        same(stream.value, got)
        assert stream.ready == (i >= lookback), i
    assert isinstance(got, float) or all(isinstance(x, float) for x in got)


@pytest.mark.parametrize("name", sorted(ta.KERNELS))
def test_peek_changes_nothing(name: str) -> None:
    stream = made(name).seed(*(a[:200] for a in series_of(name)))
    value, state = stream.value, stream._state.tobytes()
    peeked = [stream.peek(*(a[i] for a in series_of(name))) for i in (300, 200)]
    same(stream.value, value)
    assert stream._state.tobytes() == state
    same(stream.update(*(a[200] for a in series_of(name))), peeked[1])


@pytest.mark.parametrize("name", sorted(ta.KERNELS))
def test_copies_and_pickles_live_on_their_own(name: str) -> None:
    stream = made(name).seed(*(a[:200] for a in series_of(name)))
    others = [stream.copy(), copy.copy(stream), copy.deepcopy(stream), pickle.loads(pickle.dumps(stream))]
    value = stream.value
    rest = [a[200:260] for a in series_of(name)]
    want = stream.update_many(*rest)
    for other in others:
        same(other.value, value)
        for got, model in zip(np.atleast_2d(other.update_many(*rest)), np.atleast_2d(want), strict=True):
            np.testing.assert_array_equal(got, model)
        assert repr(other) == repr(stream)


@pytest.mark.parametrize("name", sorted(ta.KERNELS))
def test_params_and_lookback(name: str) -> None:
    kernel, kind, stream = ta.KERNELS[name], getattr(ta.stream, name.upper()), made(name)
    assert stream.params == {p.name: p.shown for p in kernel.params}
    assert stream.lookback == kernel.lookback(**stream.params)
    assert kind(**stream.params).params == stream.params
    assert ta.stream.BBANDS(7, 2.5, ddof="sample").params == {
        "timeperiod": 7,
        "nbdevup": 2.5,
        "nbdevdn": 2.0,
        "ddof": "sample",
    }
    assert ta.stream.BBANDS(7).lookback == 6


@pytest.mark.parametrize("name", sorted(ta.KERNELS))
def test_signature_and_repr_are_as_one_writes_them(name: str) -> None:
    kernel, kind = ta.KERNELS[name], getattr(ta.stream, name.upper())
    assert {p.name: p.default for p in inspect.signature(kind).parameters.values()} == {
        p.name: p.shown for p in kernel.params
    }
    again = eval(repr(made(name)), {name.upper(): kind})
    same(again.update(*(a[0] for a in series_of(name))), made(name).update(*(a[0] for a in series_of(name))))
    assert repr(ta.stream.EMA(5, seed="first")) == "EMA(timeperiod=5, seed='first', smoothing='plain')"
    assert repr(ta.stream.EWMA(0.123456789)) == "EWMA(decay=0.123456789, adjust='no')"


@pytest.mark.parametrize("name", sorted(n for n, k in ta.KERNELS.items() if len(k.outputs) > 1))
def test_outputs_can_be_pickled_and_are_of_one_type(name: str) -> None:
    outputs = getattr(ta, name)(*series_of(name))
    stream = made(name).seed(*series_of(name))
    for result in (outputs, stream.value, stream.update_many(*series_of(name))):
        for again in (pickle.loads(pickle.dumps(result)), copy.deepcopy(result)):
            assert type(again) is type(outputs) and again._fields == ta.KERNELS[name].outputs
            np.testing.assert_array_equal(again, result)


class Fast(ta.stream.EMA):
    """What a user makes of a stream."""

    def __init__(self) -> None:
        super().__init__(3, seed="first")


def test_subclasses_with_arguments_of_their_own_are_copied_and_pickled() -> None:
    stream = Fast().seed([1.0, 2.0, 4.0, 7.0])
    for other in (stream.copy(), copy.deepcopy(stream), pickle.loads(pickle.dumps(stream))):
        assert type(other) is Fast and other.peek(3.0) == stream.peek(3.0) == ta.ema([1.0, 2, 4, 7, 3], 3, "first")[-1]


class Spread(ta.Graph):
    """A graph that a user made, with arguments of its own."""

    def __init__(self, period: int) -> None:
        super().__init__("bid", "ask")
        self.add("mean", "sma", "bid", timeperiod=period)

    def add(self, *args: Any, **named: Any) -> None:
        super().add(*args, **named)
        self.count = getattr(self, "count", 0) + 1


class Returns(ta.matrix.EWCovariance):
    """A moving covariance that a user made, with arguments of its own."""

    def __init__(self) -> None:
        super().__init__(2, 0.9, adjust=True, zero_mean=True)


@pytest.mark.parametrize("made", [Fast, lambda: Spread(2), Returns, lambda: ta.stream.RSI(3), lambda: ta.Graph("a")])
def test_attributes_of_your_own_go_along(made: Any) -> None:
    kept = made()
    kept.notes = ["first"]
    for other in (kept.copy(), copy.copy(kept)):
        assert type(other) is type(kept) and other.notes is kept.notes and vars(other) == vars(kept)
    for other in (copy.deepcopy(kept), pickle.loads(pickle.dumps(kept))):
        assert type(other) is type(kept) and vars(other) == vars(kept)
        other.notes.append("second")
        assert kept.notes == ["first"]


def test_subclasses_of_graphs_and_covariances_are_copied_in_their_state() -> None:
    graph = Spread(2).seed([1.0, 2.0], [2.0, 3.0])
    moving = Returns()
    moving.update_many([[1.0, 2.0, -1.0], [0.5, 1.0, 2.0]])
    for how in (copy.copy, copy.deepcopy, lambda each: pickle.loads(pickle.dumps(each))):
        assert how(graph).value == graph.value and how(graph).update(3.0, 4.0) == {"mean": 2.5}
        other = how(moving)
        same(other.value, moving.value)
        other.update([3.0, 1.0])
        fresh = Returns()
        fresh.update_many([[1.0, 2.0, -1.0, 3.0], [0.5, 1.0, 2.0, 1.0]])
        np.testing.assert_allclose(other.value, fresh.value, rtol=1e-12)


@pytest.mark.parametrize("name", sorted(ta.KERNELS))
def test_reset_and_seed_start_anew(name: str) -> None:
    stream, fresh = made(name), made(name)
    stream.update_many(*series_of(name))
    stream.reset()
    assert not stream.ready
    head = [a[:150] for a in series_of(name)]
    same(stream.update_many(*head), fresh.update_many(*head))
    same(stream.seed(*head).value, fresh.value)


@pytest.mark.parametrize("name", sorted(ta.KERNELS))
def test_memory_does_not_grow(name: str) -> None:
    stream = made(name)
    state, size = stream._state, stream._state.nbytes
    for _ in range(5):
        stream.update_many(*series_of(name))
        stream.update(*(a[0] for a in series_of(name)))
    assert stream._state is state and state.nbytes == size
    windows = sum(p.default for p in ta.KERNELS[name].params if p.unit == "bars")
    assert size < 400 + 200 * windows


# ---------------------------------------------------------------- graphs


def graph() -> ta.Graph:
    """Every indicator at once, and one on another's output."""
    whole = ta.Graph(*GRAPH_INPUTS)
    for name, kernel in ta.KERNELS.items():
        whole.add(name, name, *({"real": "close", "real0": "high", "real1": "low"}.get(i, i) for i in kernel.inputs))
    whole.add("smooth", "ema", "macd.macdsignal", timeperiod=3, seed="first")
    return whole


def columns(start: int, end: int) -> list[Array]:
    return [BARS[name][start:end] for name in GRAPH_INPUTS]


def bar(i: int) -> list[float]:
    return [float(BARS[name][i]) for name in GRAPH_INPUTS]


def test_graph_value_and_ready_follow_update_and_batches() -> None:
    one, many = graph(), graph()
    assert not one.ready and all(math.isnan(x) for x in one.value.values())
    ready_from = max(kernel.lookback() for kernel in ta.KERNELS.values())
    for i in range(ready_from + 2):
        got = one.update(*bar(i))
        assert one.value == pytest.approx(got, nan_ok=True, rel=0, abs=0)
        assert one.ready == (i >= ready_from)
    outs = many.update_many(*columns(0, ready_from + 2))
    assert many.ready and many.value == {name: array[-1] for name, array in outs.items()}
    assert many.value == pytest.approx(one.value, rel=1e-9, abs=1e-9)


def test_graph_peek_changes_nothing() -> None:
    whole = graph().seed(*columns(0, 200))
    value = whole.value
    far, near = whole.peek(*bar(399)), whole.peek(*bar(200))
    assert whole.value == value and far != near
    assert whole.update(*bar(200)) == near
    with pytest.raises(ValueError, match=r"^values: "):
        whole.peek(1.0)


def test_graph_copies_and_pickles_live_on_their_own() -> None:
    whole = graph().seed(*columns(0, 200))
    others = [whole.copy(), copy.copy(whole), copy.deepcopy(whole), pickle.loads(pickle.dumps(whole))]
    want = [whole.update(*bar(i)) for i in range(200, 220)]
    for other in others:
        assert other.outputs == whole.outputs
        assert [other.update(*bar(i)) for i in range(200, 220)] == want


def test_graph_reset_starts_anew() -> None:
    whole = graph().seed(*columns(0, 300))
    whole.reset()
    assert not whole.ready
    assert whole.seed(*columns(0, 200)).value == graph().seed(*columns(0, 200)).value


@pytest.mark.parametrize("made", [lambda: ta.stream.SMA(5), graph, lambda: ta.matrix.EWCovariance(3)])
def test_what_is_damaged_or_of_another_version_is_refused(made: Any) -> None:
    kept = made()
    restore, (kind, arguments, saved, version), _ = kept.__reduce__()
    name = type(kept).__name__
    for damaged in (saved[:-1], [*saved[:-1], saved[-1][:-8]], []):
        with pytest.raises(ta.IndicatorError, match=rf"^{name}: is damaged"):
            restore(kind, arguments, damaged, version)
    with pytest.raises(ta.IndicatorError, match=rf"^{name}: was saved by bot3 0\.0\.never"):
        restore(kind, arguments, saved, "0.0.never")


NO_NUMBERS = [None, "1.5", 1j, [1.0], np.ones(2), object(), 10**400]


@pytest.mark.parametrize("wrong", NO_NUMBERS, ids=lambda value: type(value).__name__)
def test_what_is_no_number_is_refused_and_changes_nothing(wrong: object) -> None:
    stream, graph = ta.stream.ATR(3).seed(*[np.arange(1.0, 20.0)] * 3), ta.Graph("high", "low", "close")
    graph.add("atr", "atr", timeperiod=3)
    graph.seed(*[np.arange(1.0, 20.0)] * 3)
    for each in (stream, graph):
        before = pickle.dumps(each)
        calls = [each.update, stream.peek, graph.peek] if each is graph else [each.update]
        for call in calls:
            with pytest.raises(ta.IndicatorError, match="low"):
                call(1.0, wrong, 1.0)
        with pytest.raises(ta.IndicatorError, match="high, low, close"):
            each.update(1.0)
        assert pickle.dumps(each) == before


@pytest.mark.parametrize(
    "number", [3, True, np.float32(3.5), np.int64(3), Fraction(7, 2), Decimal("3.5"), np.array(3.5)]
)
def test_whatever_is_a_number_is_taken(number: Any) -> None:
    stream, graph = ta.stream.SMA(1), ta.Graph("real")
    graph.add("sma", "sma", timeperiod=1)
    assert stream.peek(number) == stream.update(number) == graph.update(number)["sma"] == float(number)


def test_updates_keep_nothing() -> None:
    """Whether it works or not, a call gives back every reference, and an object that ends its arrays."""
    value, wrong = 12345.678, object()
    stream, graph = ta.stream.BBANDS(5), ta.Graph("real")
    graph.add("bands", "bbands", timeperiod=5)
    state = stream._state
    held = [sys.getrefcount(each) for each in (value, wrong, stream, graph)]
    for _ in range(100):
        stream.update(value), stream.peek(value), graph.update(value), graph.peek(value)
        for call in (stream.update, stream.peek, graph.update):
            with pytest.raises(ta.IndicatorError):
                call(wrong)
            with pytest.raises(ta.IndicatorError):
                call(value, value)
    del call
    gc.collect()
    now = [sys.getrefcount(each) for each in (value, wrong, stream, graph)]
    assert now == held
    del stream
    gc.collect()
    assert sys.getrefcount(state) == 2


def test_a_graph_of_many_inputs() -> None:
    names = [f"x{i}" for i in range(40)]
    graph = ta.Graph(*names)
    for name in names:
        graph.add(f"sum_{name}", "sum", name, timeperiod=2)
    graph.update(*range(40))
    assert list(graph.update(*range(1, 41)).values()) == [2.0 * i + 1.0 for i in range(40)]
    with pytest.raises(ta.IndicatorError, match="x39"):
        graph.update(*range(39), None)


def test_a_large_stream_peeks() -> None:
    stream = ta.stream.SMA(5000).seed(np.arange(6000.0))
    assert stream.peek(6000.0) == stream.update(6000.0) == 3500.5
