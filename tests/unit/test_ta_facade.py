"""bot3.ta: arguments, results, errors, and the page about it."""

import doctest
import gc
import importlib
import inspect
import pickle
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bot3 import ta
from bot3.ta import batch
from bot3.ta.reference import reference

ROOT = Path(__file__).resolve().parents[2]
CLOSE = 100.0 + np.sin(np.arange(100.0))


def test_page_is_the_table() -> None:
    page = ROOT / "docs" / "TA.md"
    assert page.read_text(encoding="utf-8") == reference(), "write it anew: python -m bot3.ta.reference > docs/TA.md"


def test_examples_on_the_page_run() -> None:
    results = doctest.testfile(str(ROOT / "docs" / "TA.md"), module_relative=False, verbose=False)
    assert results.attempted >= 8 and results.failed == 0


@pytest.mark.parametrize(
    ("call", "names"),
    [
        (lambda: ta.rsi(CLOSE, 1), "timeperiod"),
        (lambda: ta.rsi(CLOSE, 2.5), "timeperiod"),
        (lambda: ta.rsi(CLOSE, "two"), "timeperiod"),
        (lambda: ta.rsi(CLOSE, "14"), "timeperiod"),
        (lambda: ta.ema(CLOSE, 5, seed="1"), "seed"),
        (lambda: ta.rsi(CLOSE, float("nan")), "timeperiod"),
        (lambda: ta.rsi(CLOSE, 14, timeperiod=14), "timeperiod"),
        (lambda: ta.bbands(CLOSE, 20, 2, 2, 1), "ddof"),
        (lambda: ta.bbands(CLOSE, 20, 2, 2, 0), "ddof"),
        (lambda: ta.ema(CLOSE, 5, 1), "seed"),
        (lambda: ta.ema(CLOSE, 5, smoothing=1.0), "smoothing"),
        (lambda: ta.ewma(CLOSE, adjust=1), "adjust"),
        (lambda: ta.ppo(CLOSE, matype=2), "matype"),
        (lambda: ta.ppo(CLOSE, matype=True), "matype"),
        (lambda: ta.sma(CLOSE, True), "timeperiod"),
        (lambda: ta.sma(CLOSE, np.True_), "timeperiod"),
        (lambda: (ta.sma([1.0], 1), ta.sma([1.0], True)), "timeperiod"),
        (lambda: ta.stream.SMA(timeperiod=True), "timeperiod"),
        (lambda: ta.stream.EMA(5, 1), "seed"),
        (lambda: ta.Graph("a").add("x", "ema", "a", seed=1), "seed"),
        (lambda: ta.Graph("a").add("", "ema", "a"), "name"),
        (lambda: ta.Graph(1), "inputs"),
        (lambda: ta.Graph("a", ""), "inputs"),
        (lambda: ta.matrix.covariance(CLOSE.reshape(2, 50), "sample"), "ddof"),
        (lambda: ta.matrix.EWCovariance(True), "symbols"),
        (lambda: ta.rsi(CLOSE, period=14), "period"),
        (lambda: ta.rsi(CLOSE, 14, "sma", "wilder", 3), "rsi"),
        (lambda: ta.ema(CLOSE, 5, seed="last"), "seed"),
        (lambda: ta.rsi(["a", "b"]), "real"),
        (lambda: ta.rsi(CLOSE * 1j), "real"),
        (lambda: ta.rsi(CLOSE.astype(object)), "real"),
        (lambda: ta.rsi(None), "real"),
        (lambda: ta.rsi(5.0), "real"),
        (lambda: ta.rsi(np.zeros((2, 2, 2))), "real"),
        (ta.rsi, "real"),
        (lambda: ta.atr(CLOSE, CLOSE), "close"),
        (lambda: ta.atr(CLOSE, CLOSE[:5], CLOSE), "low"),
        (lambda: ta.sma(CLOSE, out=CLOSE), "out"),
        (lambda: ta.sma(CLOSE, out=np.zeros(3)), "out"),
        (lambda: ta.sma(CLOSE, out=np.zeros(100, np.float32)), "out"),
        (lambda: ta.sma(CLOSE, out=np.zeros(200)[::2]), "out"),
        (lambda: ta.sma(CLOSE, out=[0.0] * 100), "out"),
        (lambda: ta.macd(CLOSE, out=np.zeros(100)), "out"),
        (lambda: ta.macd(CLOSE, out=[np.zeros(100)] * 3), "out"),
        (lambda: ta.stream.RSI(0), "timeperiod"),
        (lambda: ta.stream.RSI(14).update("x"), "real"),
        (lambda: ta.stream.RSI(14).update(1.0, 2.0), "rsi"),
        (lambda: ta.stream.ATR(14).update_many(CLOSE, CLOSE[:3], CLOSE), "low"),
        (ta.Graph, "inputs"),
        (lambda: ta.Graph("a", "a"), "inputs"),
        (lambda: ta.Graph("a").add("x", "nothing", "a"), "kernel"),
        (lambda: ta.Graph("a").add("x", "ema", "b"), "b"),
        (lambda: ta.Graph("a").add("a", "ema", "a"), "a"),
        (lambda: ta.Graph("a").add("x", "atr", "a"), "x"),
        (lambda: ta.Graph("a").update(1.0, 2.0), "values"),
    ],
)
def test_errors_name_the_argument(call: Any, names: str) -> None:
    with pytest.raises(ValueError, match=f"^{names}: ") as caught:
        call()
    assert isinstance(caught.value, ta.IndicatorError)
    assert caught.value.where == names


def test_masked_values_are_missing() -> None:
    for dtype in (np.float64, np.float32, np.int64):
        series = np.ma.array(np.round(CLOSE).astype(dtype), mask=np.arange(100) == 50)
        holed = np.where(np.arange(100) == 50, np.nan, np.round(CLOSE))
        np.testing.assert_array_equal(ta.sma(series, 5), ta.sma(holed, 5))
        np.testing.assert_array_equal(ta.stream.SMA(5).update_many(series), ta.stream.SMA(5).update_many(holed))
        assert series.mask.sum() == 1


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: ta.rsi(np.float64(5.0)), r"dimensions \(found \(\)\)"),
        (lambda: ta.stream.RSI(14).update_many(CLOSE.reshape(2, 50)), r"one dimension \(found \(2, 50\)\)"),
        (lambda: ta.Graph("real").update_many(CLOSE.reshape(2, 50)), r"one dimension \(found \(2, 50\)\)"),
        (lambda: ta.ema(CLOSE, 5, seed="last"), "is no choice .*'sma', 'first'"),
        (lambda: ta.atr(CLOSE, CLOSE, CLOSE, high=CLOSE), "^high: was given twice"),
        (lambda: ta.ppo(CLOSE, matype=2), r"^matype: is no choice \(found 2\)\. Give one of 'sma', 'ema', 0, 1\."),
        (lambda: ta.matrix.covariance(CLOSE.reshape(2, 50), "sample"), "1 for a sample, 0 for the population"),
    ],
)
def test_errors_say_what_was_wrong(call: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()


def test_choices_are_names_but_matype_is_as_ta_lib_s() -> None:
    for number, name in enumerate(("sma", "ema")):
        want = ta.ppo(CLOSE, 3, 6, name)
        np.testing.assert_array_equal(ta.ppo(CLOSE, 3, 6, number), want)
        np.testing.assert_array_equal(ta.ppo(CLOSE, 3, 6, matype=number), want)
        np.testing.assert_array_equal(ta.ppo(CLOSE, 3, 6, matype=np.int64(number)), want)
        assert ta.stream.PPO(3, 6, matype=number).params["matype"] == name
    for flag, name in ((False, "no"), (True, "yes")):
        np.testing.assert_array_equal(ta.ewma(CLOSE, 0.9, adjust=flag), ta.ewma(CLOSE, 0.9, adjust=name))
    assert "'population' (or 'sample'):" in ta.bbands.__doc__ and "'ema' (or 'sma', 0, 1):" in ta.ppo.__doc__


def test_the_table_cannot_be_changed() -> None:
    with pytest.raises(TypeError):
        ta.KERNELS["rsi"] = ta.KERNELS["sma"]  # type: ignore[index]


def test_unknown_names_say_what_there_is() -> None:
    for module in (ta, ta.stream):
        with pytest.raises(AttributeError, match=r"(?i)rsi"):
            _ = module.nothing


def test_out_is_written_and_returned() -> None:
    out = np.full(100, 7.0)
    assert ta.sma(CLOSE, 5, out=out) is out
    np.testing.assert_array_equal(out, ta.sma(CLOSE, 5))
    outs = (np.empty(100), np.empty(100), np.empty(100))
    result = ta.macd(CLOSE, 3, 6, 2, out=outs)
    assert result.macdsignal is outs[1]


def test_any_real_input_is_taken() -> None:
    want = ta.sma(np.arange(10.0), 3)
    for given in (list(range(10)), np.arange(10), np.arange(10, dtype=np.float32), np.arange(10)[::1], range(10)):
        np.testing.assert_array_equal(ta.sma(given, 3), want)
    np.testing.assert_array_equal(ta.sma(np.arange(10.0).astype(">f8"), 3), want)
    readonly = np.arange(10.0)
    readonly.flags.writeable = False
    np.testing.assert_array_equal(ta.sma(readonly, 3), want)


def test_panel_rows_are_symbols() -> None:
    rng = np.random.default_rng(3)
    panel = 100 + rng.normal(size=(20, batch._THREAD_VALUES // 20 + 1)).cumsum(axis=1)  # enough for two threads
    together = ta.macd(panel)
    for row in range(20):
        for have, want in zip(together, ta.macd(panel[row]), strict=True):
            np.testing.assert_allclose(have[row], want, rtol=0, atol=1e-11 * np.nanmax(np.abs(want)), equal_nan=True)
    turned = np.ascontiguousarray(panel.T).T  # a panel that is not contiguous
    np.testing.assert_array_equal(ta.ema(turned, 9), ta.ema(panel, 9))


def test_series_come_back_with_their_index() -> None:
    pandas = pytest.importorskip("pandas", reason="pandas is not installed")
    series = pandas.Series(CLOSE, index=pandas.date_range("2024-01-01", periods=100, tz="UTC"))
    result = ta.bbands(series, 5).upperband
    assert result.index.equals(series.index) and result.name == "upperband"
    np.testing.assert_array_equal(result.to_numpy(), ta.bbands(CLOSE, 5).upperband)
    with pytest.raises(ValueError, match=r"^real: is a table"):
        ta.sma(pandas.DataFrame({"a": CLOSE}))


def test_polars_series_come_back() -> None:
    polars = pytest.importorskip("polars", reason="polars is not installed")
    result = ta.sma(polars.Series("x", CLOSE), 5)
    assert isinstance(result, polars.Series) and result.name == "sma" and len(result) == 100


def test_importing_does_not_need_pandas_or_polars() -> None:
    import subprocess
    import sys

    code = "import sys; from bot3 import ta; assert not {'pandas', 'polars'} & set(sys.modules); print(ta.isa())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() in {"scalar", "sse42", "avx2", "avx512", "neon"}


def test_functions_describe_themselves() -> None:
    for name, kernel in ta.KERNELS.items():
        text = getattr(ta, name).__doc__
        assert kernel.text in text and kernel.formula in text
        assert all(
            p.name in text and p.text != "" for p in kernel.params if p.name not in ("timeperiod2", "timeperiod3")
        )
        assert importlib.import_module("bot3.ta.stream").__dict__[name.upper()].kernel is kernel


def test_plain_calls_and_all_others_agree() -> None:
    """Arrays and numbers take the short way into the core, everything else the long one."""
    readonly = CLOSE.copy()
    readonly.flags.writeable = False
    want = ta.macd(list(CLOSE), 3, 6, 2)
    calls = [
        lambda: ta.macd(CLOSE, 3, 6, 2),
        lambda: ta.macd(CLOSE, 3, slowperiod=6, signalperiod=2),
        lambda: ta.macd(CLOSE, signalperiod=2, slowperiod=6, fastperiod=3, seed="sma"),
        lambda: ta.macd(CLOSE, fastperiod=3.0, slowperiod=np.int64(6), signalperiod=2, out=None),
        lambda: ta.macd(real=CLOSE, fastperiod=3, slowperiod=6, signalperiod=2),
        lambda: ta.macd(readonly, 3, 6, 2),
        lambda: ta.macd(CLOSE, 3, 6, 2, out=(np.empty(100), np.empty(100), np.empty(100))),
        lambda: ta.macd(CLOSE, 3, 6, 2, out=[np.empty(100), np.empty(100), np.empty(100)]),
    ]
    for call in calls:
        got = call()
        assert type(got).__name__ == "macd" and got._fields == ("macd", "macdsignal", "macdhist")
        for have, model in zip(got, want, strict=True):
            np.testing.assert_array_equal(have, model)
    long = np.arange(20000.0)
    np.testing.assert_array_equal(ta.sma(long, 5000), ta.sma(list(long), 5000))  # a stream too large for the stack
    assert len(ta.sma(np.empty(0), 3)) == 0


def test_calls_keep_nothing() -> None:
    """Whether it works or not, a call gives back every reference and every view of an array."""
    series, out = np.arange(50.0), np.empty(50)
    names = sys.getrefcount(series), sys.getrefcount(out)
    for _ in range(100):
        ta.sma(series, 5, out=out)
        ta.bbands(series, 5)
        for wrong in (
            lambda: ta.sma(series, 0, out=out),
            lambda: ta.sma(series, 5, out=series),
            lambda: ta.sma(series, 5, out=out[1:]),
            lambda: ta.atr(series, series, series[1:]),
            lambda: ta.bbands(series, 5, out=(out, np.empty(50), out)),
        ):
            with pytest.raises(ValueError):
                wrong()
    gc.collect()
    assert (sys.getrefcount(series), sys.getrefcount(out)) == names


def test_functions_look_like_functions() -> None:
    assert str(inspect.signature(ta.ema)) == "(real, timeperiod=30, seed='sma', smoothing='plain', *, out=None)"
    assert ta.ema.__name__ == "ema" and ta.ema.__module__ == "bot3.ta"
    assert pickle.loads(pickle.dumps(ta.ema)) is ta.ema


def test_long_runs_let_other_threads_go_on() -> None:
    """Two threads on arrays of their own give what each gives alone."""
    rng = np.random.default_rng(4)
    inputs = [100 + rng.normal(size=200_000).cumsum() for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        for got, series in zip(pool.map(lambda x: ta.rsi(x, 14), inputs), inputs, strict=True):
            np.testing.assert_array_equal(got, ta.rsi(series, 14))


def test_panels_do_not_depend_on_the_number_of_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(6)
    for rows in (3, 8, 13, 37):
        panel = 100 + rng.normal(size=(rows, batch._THREAD_VALUES // rows + 1)).cumsum(axis=1)
        results = []
        for threads in (1, 2, 5):
            monkeypatch.setattr("os.sched_getaffinity", lambda process, count=threads: set(range(count)))
            results.append(ta.tema(panel))
        for result in results[1:]:
            np.testing.assert_array_equal(result, results[0])


def test_panels_work_in_a_forked_child() -> None:
    """The threads that panels keep are the parent's alone."""
    import subprocess

    code = (
        "import os, signal, numpy as np; from bot3 import ta\n"
        "panel = np.ones((16, 40_000)); ta.sma(panel)\n"
        "child = os.fork()\n"
        "if child == 0: signal.alarm(60), os._exit(int(ta.sma(panel)[15, -1]) + 6)\n"
        "print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "7", done.stderr
