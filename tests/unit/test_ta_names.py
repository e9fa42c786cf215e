"""What the table of indicators has to offer: names, options, and a source for each."""

import ast
import re
from pathlib import Path

import pytest

from bot3 import ta

NAMES = """
    sma ema wma dema tema trima kama hma vwma vwap bbands donchian keltner sar midpoint linearreg linearreg_slope tsf
    rsi macd ppo stoch stochf stochrsi cci mfi adx adxr plus_di minus_di aroon aroonosc roc mom willr trix ultosc cmo
    bop tr atr natr stddev var obv ad adosc cmf min max minmax sum zscore correl beta covariance ewma ewma_covariance
    avgprice medprice typprice wclprice
    """.split()


def test_all_are_there_in_every_form() -> None:
    assert sorted(NAMES) == sorted(ta.KERNELS)
    for name in NAMES:
        assert callable(getattr(ta, name)) and issubclass(getattr(ta.stream, name.upper()), ta.stream.Stream)


@pytest.mark.parametrize(
    ("option", "names", "default"),
    [
        ("seed", "ema dema tema trix rsi cmo macd ppo atr natr stochrsi keltner", "sma"),
        ("smoothing", "rsi cmo atr natr adx adxr plus_di minus_di", "wilder"),
        ("smoothing", "ema", "plain"),
        ("ddof", "stddev var zscore bbands covariance", "population"),
        ("adjust", "ewma ewma_covariance", "no"),
    ],
)
def test_options_are_explicit_and_default_to_ta_lib(option: str, names: str, default: str) -> None:
    for name in names.split():
        (param,) = (p for p in ta.KERNELS[name].params if p.name == option)
        assert param.shown == default, name


def test_each_names_its_source_and_its_formula() -> None:
    for name, kernel in ta.KERNELS.items():
        assert kernel.source and kernel.formula and kernel.text, name
        assert kernel.source == "by definition" or re.search(r"\b(18|19|20)\d\d\b", kernel.source), name


def test_stubs_are_the_table(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(Path(__file__).resolve().parents[2] / "tools")
    from ta_stubs import stubs

    for path, text in stubs().items():
        written = ast.parse(path.read_text(encoding="utf-8"))
        assert ast.dump(written) == ast.dump(ast.parse(text)), "write them anew: python tools/ta_stubs.py"
    assert (path.parents[1] / "py.typed").exists()
