"""docs/TA.md from the kernel table: `python -m bot3.ta.reference > docs/TA.md`. A test compares the two."""

from __future__ import annotations

from bot3.ta.kernels import KERNELS, Kernel

__all__ = ["reference"]

_HEAD = """# Indicators: `bot3.ta`

Written by `python -m bot3.ta.reference`, from the kernel table of the core (`csrc/math/kernels.def`).

    >>> import numpy as np
    >>> from bot3 import ta
    >>> close = 100 + np.sin(np.arange(60) / 5)
    >>> ta.rsi(close, 14).round(2)[[13, 14, 59]]
    array([  nan, 60.06, 38.02])
    >>> bands = ta.bbands(close, timeperiod=20, nbdevup=2.0, nbdevdn=2.0)
    >>> bands._fields
    ('upperband', 'middleband', 'lowerband')

The same numbers as streams, which can go on where a batch ended, be copied and pickled:

    >>> s = ta.stream.RSI(14).seed(close[:50])
    >>> float(s.peek(101.0)) == s.update(101.0)
    True

Many streams in one call:

    >>> g = ta.Graph("high", "low", "close")
    >>> g.add("fast", "ema", "close", timeperiod=2)
    >>> g.add("smooth", "sma", "fast", timeperiod=2)
    >>> [g.update(x + 1, x - 1, x)["smooth"] for x in (1.0, 2.0, 3.0)]
    [nan, nan, 2.0]

## Rules

* **Arguments.** Any real array, list, pandas or polars Series; a Series comes back as one, with its index. `out=`
  takes one array, or one for each output. A two-dimensional array is a panel, a row for each symbol; rows are shared
  among threads. Names and defaults of parameters are TA-Lib's. What cannot be meant is a `ValueError` that names the
  argument.
* **Warm-up.** Outputs have the inputs' length and are NaN for the first `lookback` values (below;
  `ta.KERNELS["rsi"].lookback(14)`). Input shorter than that gives NaN throughout.
* **NaN in the input.** A window that holds one gives NaN, no other does. A recursion gives NaN there and starts anew
  after it, with its seed; infinities count as NaN in recursions. Sums since the beginning (`obv`, `ad`, `vwap`
  without a window) give NaN there and leave the bar out.
* **Windows** are never kept by adding the new value and subtracting the old one: nothing drifts, and sums of squares
  are of differences inside the window. The relative error of `var`, `stddev`, `bbands`, `linearreg` against exact
  arithmetic stays below 1e-12 at a price of 60,000 that moves by 0.01 (tests/oracle/test_ta.py).
* **Forms agree.** Streams are single updates. Batches, panels and `update_many` use the widest vectors there are
  (`ta.isa()`; lowered by `BOT3_ISA=scalar|avx2|avx512`), and differ from single updates, and from one another where
  they cut a series differently, by rounding: at most 1e-11 of the largest output, or 1e-14 of the averages where an
  output is a difference of averages (`macd`, `ppo`, `trix`). Scalar batches equal streams bit for bit, and so do all
  forms of `sar` and of kernels that look at one or two bars.
* **Speed.** A call costs about 0.3 microseconds for contiguous one-dimensional float64 arrays (results go to new
  arrays, or to `out=`, which also saves the first touch of new memory: at 10 million values that costs more than most
  kernels); any other input is converted first. Calls over more than 10,000 values let other Python threads run.
* **TA-Lib** agrees to 1e-9 of the largest output on real bars, except where the table says so, and where TA-Lib
  itself has lost digits (`var`, `stddev`, `correl`, `beta`, `linearreg_slope`: to 1e-6).
* **Cost of a stream.** Constant; windows are two stacks, so one update in `timeperiod` also sums the window before.
  `cci` alone is proportional to `timeperiod`. Vector windows end at 1,024 samples, longer ones go one value at a
  time.

## Table

Lookback is for the default parameters.

| name | what | formula | inputs | outputs | parameters | lookback | start and special cases |
|---|---|---|---|---|---|---|---|
"""


def _row(kernel: Kernel) -> str:
    params = "; ".join(f"`{p.name}={p.shown!r}` {p.text}".strip() for p in kernel.params) or "-"
    cells = [
        f"`{kernel.name}`",
        kernel.text,
        kernel.formula,
        ", ".join(kernel.inputs),
        ", ".join(kernel.outputs),
        params,
        str(kernel.lookback()),
        kernel.start,
    ]
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |\n"


def reference() -> str:
    """The whole page."""
    return _HEAD + "".join(_row(kernel) for kernel in KERNELS.values())


if __name__ == "__main__":
    print(reference(), end="")
