"""docs/TA.md from the kernel table: `python -m bot3.ta.reference > docs/TA.md`. A test compares the two."""

from __future__ import annotations

from bot3.ta.kernels import KERNELS, Kernel

__all__ = ["reference"]

_HEAD = """# Indicators: `bot3.ta`

Written by `python -m bot3.ta.reference`, from the kernel table of the core (`csrc/math/kernels.def`).

![Price with Bollinger bands, an EMA and stops, volume, RSI and MACD of three-second bars](ta_chart.png)

The picture is made by [examples/charts/ta_chart.py](../examples/charts/ta_chart.py) from the sample that comes with
bot3.

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
    >>> g.ready, g.peek(9.0, 7.0, 8.0)["fast"] == g.update(9.0, 7.0, 8.0)["fast"]
    (True, True)

## Rules

* **Arguments.** Any real array, list, pandas or polars Series. A Series as the first input gives a Series back, with
  its index, named as the output; several outputs are a named tuple, of Series or of arrays. Tables are refused. `out=`
  takes one array, or one for each output. A two-dimensional array is a panel, a row for each symbol; rows are shared
  among as many threads as the process may use cores. Masked values and nulls are NaN; an index is never aligned:
  values go by position. Names and defaults of parameters are those of TA-Lib 0.8 (0.6 has 5 in `bbands` and plain
  averages in `ppo`); of its `matype` there is only `ppo`'s, a name or TA-Lib's number. All other choices are given
  by name alone (`adjust` also by a bool): a number where TA-Lib has `matype`, as in `bbands(close, 20, 2, 2, 0)`, is
  refused. What cannot be meant is a `ValueError` that names the argument.
* **Warm-up.** Outputs have the inputs' length and are NaN for the first `lookback` values (below;
  `ta.KERNELS["rsi"].lookback(14)`). Input shorter than that gives NaN throughout.
* **NaN in the input.** A window that holds one gives NaN, no other does. A recursion gives NaN there and starts anew
  after it, with its seed; infinities count as NaN in recursions. Sums since the beginning (`obv`, `ad`, `vwap`
  without a window) give NaN there and leave the bar out.
* **Windows** are never kept by adding the new value and subtracting the old one: nothing drifts, and a value of 1e15
  among prices of 1 leaves nothing behind once it left the window. A sum is within `timeperiod` / 2 units in the last
  place of the window's own sum of absolute values. Against exact arithmetic on the same doubles the relative error of
  `var`, `stddev` and the absolute one of `correl` stay below 1e-9 in every window, that of `linearreg` below 1e-12 of
  the largest value in it (tests/oracle/test_ta_windows.py); at a price of 60,000 that moves by 0.01 all stay below
  1e-12 (tests/oracle/test_ta.py). What stands still has a variance of exactly 0.
* **Forms agree.** Streams are single updates. Batches, panels and `update_many` use the widest vectors there are
  (`ta.isa()`; lowered by `BOT3_ISA=scalar|avx2|avx512`; on ARM it is NEON, shown under emulation by tests/cross, its
  speed not measured on a machine), and differ from single updates, and from one another where they cut a series
  differently, by rounding: at most 1e-11 of the largest output, or 1e-13 of the averages where an output is a
  difference of averages (of the price in `macd`, of `ad` in `adosc`, of 100 in `ppo`, `trix`, `cmo`, `adx`, `adxr`),
  or 4e-10 of the largest output in `var`, `stddev`, `zscore`, `correl`, `beta` and `covariance`, where a chunk's one
  anchor may lie so far from a window (`bbands` adds the price, beside which that is little), and in `ewma_covariance`
  at a price of 60,000 that moves by 0.01, where it is the single updates that keep fewer digits. A window with an
  infinity, or whose squares overflow (prices of 1e300), may be infinite in one form and NaN in another (`wma`; `var`,
  `stddev`, `bbands`, `covariance`; `zscore` may be a number and NaN). Scalar batches equal streams bit for bit, and so
  do all forms of `sar` and of kernels that look at one or two bars, except that AVX-512 divides a denormal numerator
  to 41 bits and gives 0 for -0 (`bop`). `stochrsi`, which divides by the range of an
  index: to 1e-7 of its 0 to 100 where the index moved by more than 1e-4.
* **Speed.** A call costs about 0.3 microseconds for contiguous one-dimensional float64 arrays; any
  other input is converted first. Results go to new arrays, or to `out=`. A result of 16,384 values or more takes the
  memory of one that is no longer used, of which up to 256 MB are kept: the first touch of new memory costs more than
  most kernels. Calls over more than 10,000 values let other Python threads run.
* **TA-Lib** agrees to 1e-9 on recorded bars and ticks of eight markets (tests/oracle/test_ta_recorded.py), except where
  the table says so; where a difference of two numbers is nearly 0 (`macd`, `ppo`, `trix`: 1e-12 of the numbers);
  where TA-Lib itself has lost digits and ours are held to exact arithmetic instead (`correl` 1e-7, `beta` and
  `linearreg_slope` 1e-5); and where what is asked is whether two prices are equal that differ by rounding (`mfi`,
  `cci`, `stochrsi`).
* **Published examples.** tests/vectors/outside has worked examples of Achelis and StockCharts, and says who
  transcribes them, and where they differ from each other and from TA-Lib. Defaults are TA-Lib's; the others are
  options: `seed="first"`, `smoothing="plain"` or `"wilder"`, `ddof="sample"`.
* **Streams and graphs** both have `update`, `update_many`, `peek`, `value`, `ready`, `seed`, `reset`, `copy`, and can
  be pickled; a pickle is read by the same version of bot3 alone. Their memory does not grow. `update_many` of a
  Series gives a Series, and a stream's takes `out=`, as the functions do.
* **Cost of a stream.** Constant; windows are two stacks, so one update in `timeperiod` also sums the window before.
  `cci` alone is proportional to `timeperiod`. In C an update takes 1.0 to 7.8 ns, 2.4 in the median (`python
  benches/ta_kernels.py --part streams`): what it takes of a thread that feeds the bars of 16 instruments in turn,
  their streams in the cache. The second column there is one instrument whose next bar comes at once, so that each
  update also waits for the one before: 5 ns for an `ema`. In a batch windows above 1,024 samples go one value at a
  time, but those of `sum`, `sma`, `min`, `max`, `minmax` and `donchian`.

## Matrices: `bot3.ta.matrix`

    >>> from bot3.ta import matrix
    >>> panel = np.array([[1.0, 2.0, 4.0, 3.0], [2.0, 4.0, 8.0, 6.0], [5.0, 4.0, 4.0, 5.0]])
    >>> matrix.correlation(panel).round(3)[0]
    array([ 1.   ,  1.   , -0.447])
    >>> factor = matrix.cholesky(matrix.covariance(panel) + 0.1 * np.eye(3))
    >>> matrix.cholesky_solve(factor, np.ones(3)).round(3)
    array([ 4.191, -1.617,  3.044])
    >>> try:
    ...     matrix.cholesky(matrix.covariance(panel))
    ... except matrix.NotPositiveDefiniteError as error:  # the second symbol is twice the first
    ...     print(error.pivot)
    1
    >>> moving = matrix.EWCovariance(3, decay=0.94)
    >>> moving.update_many(panel), moving.update([2.0, 4.0, np.nan]), moving.ready
    (4, False, True)

A panel has a row for each symbol, time along it; several right sides of `cholesky_solve` are columns, as numpy's and
SciPy's. `dot`, `gemv`, `gemm`, `covariance`, `correlation`, `cholesky`,
`cholesky_solve`, `ew_covariance`; `EWCovariance` as a stream. In C: `b3_matrix_*` and `b3_ew_covariance_*`
(csrc/bot3.h), which allocate nothing.

* **Accuracy.** Products are within n units of 2^-53 of the sum of |terms|. `covariance` takes differences from the
  means (Chan, Golub, LeVeque 1983): 1e-12 of the deviations at a price of 60,000 that moves by 0.01. Instruction sets
  differ by rounding, at most 1e-11 of the largest element.
* **Not-a-number** in a symbol reaches that symbol's row and column alone. `EWCovariance` leaves out a sample in which
  any value is not finite, and says so.
* **Speed, and who computes** (benches/ta_matrix.py, one run, AVX-512, against numpy 2.4 with OpenBLAS). A C call is
  level with OpenBLAS up to 64 rows: `gemm` 0.4 us at 8, 2 us at 32 (numpy 2.2), 12 us at 64 (10), 85 us at 128 (58).
  A call from Python costs 1.5 us more than numpy's own: for `dot`, `gemv` and `gemm` of plain arrays `@` is as good or
  better at any size, and the functions here are for what the C calls give, and for their checks. From Python the
  core is used up to 48^3 multiplications in `gemm`, 64 rows in `cholesky`, 256 symbols x 1,000 samples in `covariance`
  (there 2.3 x numpy's speed at 4 symbols, 1.5 x at 64, level at 256), numpy's BLAS above. `ew_covariance` is 15 to 80
  times as fast as an update a sample in numpy, `cholesky_solve` 2.5 to 16 times as fast as two `numpy.linalg.solve`.

## Table

Lookback is for the default parameters.

| name | what | formula | inputs | outputs | parameters | lookback | start and special cases | source |
|---|---|---|---|---|---|---|---|---|
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
        kernel.source,
    ]
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |\n"


def reference() -> str:
    """The whole page."""
    return _HEAD + "".join(_row(kernel) for kernel in KERNELS.values())


if __name__ == "__main__":
    print(reference(), end="")
