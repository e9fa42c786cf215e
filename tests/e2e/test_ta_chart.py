"""The chart of the documentation: its example runs, and draws what the indicators say."""

import importlib.util
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from bot3 import ta

pytest.importorskip("matplotlib", reason="matplotlib is not installed: pip install 'bot3[charts]'")

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "examples" / "charts" / "ta_chart.py"
PNG = b"\x89PNG\r\n\x1a\n"


@pytest.fixture(scope="module")
def example() -> ModuleType:
    spec = importlib.util.spec_from_file_location("ta_chart", EXAMPLE)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_example_writes_pictures(tmp_path: Path) -> None:
    for name, begins in (("chart.png", PNG), ("chart.svg", b"<?xml")):
        command = [sys.executable, str(EXAMPLE), str(tmp_path / name)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        assert (tmp_path / name).read_bytes().startswith(begins)


def test_the_chart_shows_the_indicators(example: ModuleType) -> None:
    bars = example.sample_bars()
    figure = example.draw(bars)
    close = bars["close_raw"] / 10**8
    drawn = {line.get_label(): line.get_ydata() for axes in figure.axes for line in axes.get_lines()}
    np.testing.assert_array_equal(drawn["EMA 12"], ta.ema(close, 12))
    np.testing.assert_array_equal(drawn["RSI 14"], ta.rsi(close, 14))
    np.testing.assert_array_equal(drawn["MACD 12, 26"], ta.macd(close).macd)
    assert len(bars) > 100 and len(figure.axes) == 4


def test_the_picture_is_in_the_documentation() -> None:
    picture = (ROOT / "docs" / "ta_chart.png").read_bytes()
    assert picture.startswith(PNG) and len(picture) < 200_000
    assert "ta_chart.png" in (ROOT / "docs" / "TA.md").read_text(encoding="utf-8")
