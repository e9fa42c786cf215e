"""Exponentially weighted covariance matrix, as a batch and as a stream. Part of bot3.ta.matrix."""

from __future__ import annotations

from typing import Any

import numpy as np

from bot3.ffi import ffi, lib
from bot3.ta.arrays import Array, doubles, made_for, of_dimensions, same_length
from bot3.ta.kernels import IndicatorError
from bot3.ta.saved import Saved

__all__ = ["EWCovariance", "ew_covariance"]


def ew_covariance(
    panel: Any, decay: float = 0.94, *, adjust: bool = False, zero_mean: bool = False, out: Any = None
) -> Array:
    """Exponentially weighted covariance matrix (symbols, symbols) after a panel (symbols, time): EWCovariance of it."""
    rows = of_dimensions(panel, "panel", 2)
    state = EWCovariance(len(rows), decay, adjust=adjust, zero_mean=zero_mean)
    result = made_for(out, (len(rows), len(rows)), rows)
    state.update_many(rows)
    return state.read(result)


class EWCovariance(Saved):
    """Exponentially weighted covariance matrix, sample by sample. One thread at a time; memory does not grow.

    d = x - mean; mean += gain * d; C = (1 - gain) * (C + gain * d d'), gain = 1 - decay, the first sample is the mean
    (Finch 2009). adjust: gain = 1 / sum(decay^k so far), which a short history needs (pandas' adjust=True, bias=True).
    zero_mean: C = decay * C + gain * x x' (RiskMetrics 1996), the first C is x x'.
    symbols: 1 .. 4096; decay: weight of the past, 0 <= decay < 1. Raises IndicatorError.
    """

    __slots__ = ("_decay", "_flags", "_pointer", "_state", "symbols")

    def __init__(self, symbols: int, decay: float = 0.94, *, adjust: bool = False, zero_mean: bool = False) -> None:
        self._begin(symbols, decay, lib.B3_EW_ADJUST * adjust | lib.B3_EW_ZERO_MEAN * zero_mean)

    def _begin(self, symbols: int, decay: float, flags: int) -> None:
        if not isinstance(symbols, int) or isinstance(symbols, bool) or not 1 <= symbols <= lib.B3_EW_SYMBOLS_MAX:
            hint = f"Give a whole number from 1 to {lib.B3_EW_SYMBOLS_MAX}."
            raise IndicatorError("is out of bounds", where="symbols", value=symbols, hint=hint)
        if not 0 <= decay < 1:
            raise IndicatorError("must be at least 0 and below 1", where="decay", value=decay)
        self.symbols, self._decay, self._flags = symbols, float(decay), flags
        self._state: Array = np.empty(lib.b3_ew_covariance_size(symbols) // 8)
        self._pointer = ffi.cast("void *", self._state.ctypes.data)
        lib.b3_ew_covariance_init(self._pointer, symbols, decay, flags)

    def update(self, x: Any) -> bool:
        """Takes one value of each symbol; False when one is not finite: the sample is left out."""
        values = of_dimensions(x, "x", 1)
        same_length(len(values), self.symbols, "x", "values, one a symbol")
        return bool(lib.b3_ew_covariance_update(self._pointer, doubles(values)))

    def update_many(self, panel: Any) -> int:
        """Takes a panel (symbols, time); returns how many samples were finite and so taken in."""
        rows = of_dimensions(panel, "panel", 2)
        same_length(len(rows), self.symbols, "panel", "rows, one a symbol")
        return lib.b3_ew_covariance_run_blocking(self._pointer, doubles(rows), rows.shape[1])

    def read(self, out: Any = None) -> Array:
        """The covariance matrix (symbols, symbols) now: NaN before the first sample."""
        result, means = made_for(out, (self.symbols, self.symbols)), np.empty(self.symbols)
        lib.b3_ew_covariance_read(self._pointer, doubles(means), doubles(result))
        return result

    @property
    def value(self) -> Array:
        """The covariance matrix now, as read()."""
        return self.read()

    @property
    def mean(self) -> Array:
        """The exponentially weighted means (symbols) now; zeros with zero_mean."""
        matrix, means = np.empty((self.symbols, self.symbols)), np.empty(self.symbols)
        lib.b3_ew_covariance_read(self._pointer, doubles(means), doubles(matrix))
        return means

    @property
    def ready(self) -> bool:
        """Whether there was a sample."""
        return not bool(np.isnan(self.mean[0]))

    def _arguments(self) -> tuple[Any, ...]:
        return self.symbols, self._decay, self._flags

    def _arrays(self) -> list[Array]:
        return [self._state]
