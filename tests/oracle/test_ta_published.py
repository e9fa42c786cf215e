"""Indicators against worked examples of their authors, as others transcribe them: tests/vectors/outside."""

import json
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bot3 import ta

VECTORS = json.loads((Path(__file__).parents[1] / "vectors" / "outside" / "published.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("vector", VECTORS, ids=lambda v: f"{v['indicator']}: {v['source']}")
def test_as_printed(vector: dict[str, Any]) -> None:
    result = getattr(ta, vector["indicator"])(*vector["inputs"], **vector["params"])
    got = list(result) if isinstance(result, tuple) else [result]
    for have, want in zip(got, vector["outputs"], strict=True):
        assert len(want) >= 3
        np.testing.assert_allclose(have[-len(want) :], want, rtol=0, atol=vector["tolerance"])


def test_chande_s_momentum_oscillator_from_its_parts() -> None:
    """S. B. Achelis, Technical Analysis from A to Z, p. 102: plain sums, where cmo has Wilder's averages."""
    close = np.array([51.0625, 50.125, 52.3125, 52.1875, 53.1875, 53.0625, 54.0625, 53.5, 51.5625, 51.5])
    moved = np.abs(np.diff(close, prepend=close[0]))
    got = 100 * ta.mom(close, 5) / ta.sum(moved, 5)
    np.testing.assert_allclose(got[-5:], [45.7143, 88.7324, 42.2222, -13.5135, -45.7627], rtol=0, atol=1e-4)


def test_on_balance_volume_as_printed() -> None:
    """S. B. Achelis, Technical Analysis from A to Z, p. 231: it starts at 0, TA-Lib's and ours at the first volume."""
    close = [20.5625, 20.375, 20.0625, 19.5, 19.8125, 19.8125, 20.0625, 20.0625, 20.375, 20.75]
    volume = [27802, 16178, 22766, 46074, 22904, 20428, 29260, 30652, 38332, 40054]
    want = [0, -16178, -38944, -85018, -62114, -62114, -32854, -32854, 5478, 45532]
    got = ta.obv(close, volume)
    np.testing.assert_array_equal(got - got[0], want)


# Wilder's worksheet, as text: exact decimals.
WILDER = """54.80 56.80 57.85 59.85 60.57 61.10 62.17 60.60 62.35 62.15 62.35 61.45 62.80 61.37 62.50 62.57
60.80 59.37 60.35 62.35 62.17 62.55 64.55 64.37 65.30 64.42 62.90 61.60 62.05 60.05 59.70 60.90
60.25 58.27 58.70 57.72 58.10 58.20"""


def test_wilder_s_relative_strength_worked_exactly() -> None:
    """100 - 100 / (1 + average gain / average loss); averages of 14 changes, then 13/14 + 1/14: in fractions."""
    price = [Fraction(text) for text in WILDER.split()]
    changes = [new - old for old, new in pairwise(price)]
    gains = [max(change, Fraction()) for change in changes]
    losses = [max(-change, Fraction()) for change in changes]
    gain, loss = sum(gains[:14]) / Fraction(14), sum(losses[:14]) / Fraction(14)
    want = [100 - 100 / (1 + gain / loss)]
    for more, less in zip(gains[14:], losses[14:], strict=True):
        gain, loss = (13 * gain + more) / 14, (13 * loss + less) / 14
        want.append(100 - 100 / (1 + gain / loss))
    got = ta.rsi([float(value) for value in price], 14)
    np.testing.assert_allclose(got[14:], [float(value) for value in want], rtol=1e-13)
