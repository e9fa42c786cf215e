"""bot3.ta.matrix beside numpy: microseconds a call, interleaved medians of CPU time, results compared first.

    python benches/ta_matrix.py [--rounds 21]

call      the C function on arrays that are ready, without the checks of bot3.ta.matrix
core      bot3.ta.matrix with our own loops whatever the size
bot3      bot3.ta.matrix as it is: numpy's BLAS above the crossover
"""

from __future__ import annotations

import argparse
import importlib.util
from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np
from ta_kernels import medians

from bot3 import ta
from bot3.ffi import ffi, lib
from bot3.ta import matrix

SIZES = (4, 8, 16, 32, 48, 64, 96, 128, 192, 256, 512)
LIMITS = ("_GEMM_MAX", "_COVARIANCE_MAX", "_CHOLESKY_MAX")
Call = Callable[[], Any]


def without_crossover() -> ModuleType:
    """bot3.ta.matrix once more, all of it in the core."""
    spec = importlib.util.spec_from_file_location("core_matrix", matrix.__file__)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    for name in LIMITS:
        setattr(module, name, float("inf"))
    return module


def works(n: int, m: Any) -> dict[str, Call]:
    """Each kind of work for n by the module m: matrices of n x n, panels of n x 1,000."""
    rng = np.random.default_rng(1)
    a, b = rng.normal(size=(n, n)), rng.normal(size=(n, n))
    x, y = rng.normal(size=n), rng.normal(size=n)
    panel = 100.0 + rng.normal(size=(n, 1000)).cumsum(axis=1)
    positive = a @ a.T + n * np.eye(n)
    factor = np.linalg.cholesky(positive)
    return {
        "dot": lambda: m.dot(x, y),
        "gemv": lambda: m.gemv(a, x),
        "gemm": lambda: m.gemm(a, b),
        "covariance": lambda: m.covariance(panel),
        "correlation": lambda: m.correlation(panel),
        "cholesky": lambda: m.cholesky(positive),
        "solve": lambda: m.cholesky_solve(factor, x),
        "ew_covariance": lambda: m.ew_covariance(panel[:, :200]),
    }


def c_calls(n: int) -> dict[str, Call]:
    """The same work by the C functions alone."""
    rng = np.random.default_rng(1)
    a, b, x, y, panel = (rng.normal(size=shape) for shape in ((n, n), (n, n), n, n, (n, 1000)))
    positive, out, means = a @ a.T + n * np.eye(n), np.empty((n, n)), np.empty(n)
    pa, pb, px, py, pp, po, pm = (ffi.from_buffer("double[]", array) for array in (a, b, x, y, panel, out, means))
    error = ffi.new("b3_error *")

    def cholesky() -> None:
        out[...] = positive
        lib.b3_matrix_cholesky_blocking(po, n, error)

    return {
        "dot": lambda: lib.b3_matrix_dot(px, py, n),
        "gemv": lambda: lib.b3_matrix_gemv_blocking(pa, n, n, px, pm),
        "gemm": lambda: lib.b3_matrix_gemm_blocking(pa, pb, n, n, n, po),
        "covariance": lambda: lib.b3_matrix_covariance_blocking(pp, n, 1000, 1, pm, po),
        "cholesky": cholesky,
    }


class Numpy:
    """What a numpy user writes."""

    dot = staticmethod(np.dot)
    gemv = gemm = staticmethod(np.matmul)
    covariance = staticmethod(np.cov)
    correlation = staticmethod(np.corrcoef)
    cholesky = staticmethod(np.linalg.cholesky)

    @staticmethod
    def cholesky_solve(factor: Any, x: Any) -> Any:
        """numpy has no triangular solve: two general ones."""
        return np.linalg.solve(factor.T, np.linalg.solve(factor, x))

    @staticmethod
    def ew_covariance(panel: Any, decay: float = 0.94) -> Any:
        """An update a sample."""
        mean, result = panel[:, 0].copy(), np.zeros((len(panel), len(panel)))
        for x in panel.T[1:]:
            d = x - mean
            mean += (1 - decay) * d
            result = decay * (result + (1 - decay) * np.outer(d, d))
        return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=21)
    options = parser.parse_args()
    print(f"{ta.isa()}, median of {options.rounds}, microseconds")
    core = without_crossover()
    for n in SIZES:
        by = {"call": c_calls(n), "core": works(n, core), "bot3": works(n, matrix), "numpy": works(n, Numpy)}
        for name in by["numpy"]:
            calls = {who: of[name] for who, of in by.items() if name in of}
            want = calls["numpy"]()
            for who in ("core", "bot3"):
                np.testing.assert_allclose(calls[who](), want, rtol=1e-9, atol=1e-9 * np.abs(want).max(), err_msg=name)
            us = medians(calls, options.rounds, max(1, 64 // n), 1e3)
            times = "".join(f"{who} {time:10.1f}  " for who, time in us.items())
            print(f"n {n:4d} {name:14s}{times}{us['numpy'] / us['bot3']:.2f} x")


if __name__ == "__main__":
    main()
