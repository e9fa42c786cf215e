"""bot3.ta.matrix against exact arithmetic, numpy and pandas, on every instruction set there is."""

import math
import os
import pickle
import subprocess
import sys
import warnings
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot3 import ta
from bot3.ta import matrix

Array = npt.NDArray[np.float64]
Exact = list[list[Fraction]]

# Rounding of a sum of n products, relative to the sum of their magnitudes, whatever the order (Higham 2002, 3.1).
UNIT = 2.0**-53

sizes = st.integers(0, 40)
seeds = st.integers(0, 2**32 - 1)


def made(seed: int, *shape: int) -> Array:
    """Normal values of very different magnitudes. Test data made by us."""
    rng = np.random.default_rng(seed)
    return rng.normal(size=shape) * 10.0 ** rng.integers(-3, 4, shape)


def exact(a: Array) -> Exact:
    return [[Fraction(x) for x in row] for row in a.tolist()]


def product(a: Exact, b: Exact) -> Exact:
    return [
        [sum((x * y for x, y in zip(row, column, strict=True)), Fraction()) for column in zip(*b, strict=True)]
        for row in a
    ]


def assert_within(got: Array, want: Exact, bound: Array) -> None:
    for (i, j), value in np.ndenumerate(got):
        assert abs(Fraction(value) - want[i][j]) <= Fraction(bound[i, j]), (i, j, value, float(want[i][j]))


@given(seeds, st.integers(1, 20), st.integers(1, 40), st.integers(1, 20))
def test_products_are_exact_to_rounding(seed: int, rows: int, inner: int, columns: int) -> None:
    a, b = made(seed, rows, inner), made(seed + 1, inner, columns)
    want, bound = product(exact(a), exact(b)), (inner + 1) * UNIT * (np.abs(a) @ np.abs(b)) * 1.01
    assert_within(matrix.gemm(a, b), want, bound)
    by_columns = np.stack([matrix.gemv(a, column) for column in b.T], axis=1)
    assert_within(by_columns, want, bound)
    one_by_one = np.array([[matrix.dot(row, column) for column in b.T] for row in a])
    assert_within(one_by_one, want, bound)


@given(sizes, sizes, sizes)
def test_products_of_any_shape(rows: int, inner: int, columns: int) -> None:
    a, b = made(1, rows, inner), made(2, inner, columns)
    assert matrix.gemm(a, b).shape == (rows, columns)
    np.testing.assert_allclose(
        matrix.gemm(a, b), a @ b, rtol=0, atol=1e-14 * (np.abs(a) @ np.abs(b)).max(initial=1e-300)
    )


@pytest.mark.parametrize("n", [47, 48, 49, 300])
def test_both_sides_of_the_crossovers(n: int) -> None:
    a, panel = made(3, n, n), 100.0 + made(4, n, 1100).cumsum(axis=1)
    np.testing.assert_allclose(matrix.gemm(a, a.T), a @ a.T, rtol=1e-11, atol=1e-13 * np.abs(a @ a.T).max())
    cov = np.cov(panel)
    np.testing.assert_allclose(matrix.covariance(panel), cov, rtol=1e-9, atol=1e-12 * np.abs(cov).max())
    positive = a @ a.T + n * np.eye(n)
    factor = matrix.cholesky(positive)
    np.testing.assert_allclose(factor @ factor.T, positive, rtol=1e-10, atol=1e-12 * np.abs(positive).max())
    assert np.array_equal(factor, np.tril(factor))


# ---------------------------------------------------------------- covariance


def exact_covariance(panel: Array, ddof: int) -> Exact:
    rows = exact(panel)
    centred = [[x - sum(row, Fraction()) / len(row) for x in row] for row in rows]
    divisor = panel.shape[1] - ddof
    return [[x / divisor for x in row] for row in product(centred, [list(c) for c in zip(*centred, strict=True)])]


@pytest.mark.parametrize(("price", "move"), [(60000.0, 0.01), (1e-7, 1e-14), (1.0, 1.0)])
@pytest.mark.parametrize("ddof", [0, 1])
def test_covariance_keeps_its_digits_at_any_price(price: float, move: float, ddof: int) -> None:
    panel = price + move * np.random.default_rng(3).integers(-3, 4, (9, 300))
    want = exact_covariance(panel, ddof)
    got, related = matrix.covariance(panel, ddof), matrix.correlation(panel)
    for i in range(9):
        for j in range(9):
            scale = math.sqrt(want[i][i] * want[j][j])
            assert abs(Fraction(got[i, j]) - want[i][j]) <= 1e-12 * scale
            assert abs(related[i, j] - float(want[i][j]) / scale) <= 1e-12
    assert np.array_equal(got, got.T) and np.array_equal(related.diagonal(), np.ones(9))


@given(seeds, st.integers(1, 30), st.integers(2, 600))
def test_covariance_of_any_panel_is_numpys(seed: int, symbols: int, length: int) -> None:
    panel = made(seed, symbols, length)
    want = np.atleast_2d(np.cov(panel))
    scale = np.sqrt(np.outer(want.diagonal(), want.diagonal()))
    assert (np.abs(matrix.covariance(panel) - want) <= 1e-12 * scale).all()
    assert (np.abs(matrix.correlation(panel)) <= 1.0).all()


def test_a_hole_is_seen_by_its_symbol_alone_and_a_constant_has_no_correlation() -> None:
    panel = made(5, 20, 400)
    whole = matrix.covariance(panel)
    panel[7, 13] = math.nan
    got = matrix.covariance(panel)
    assert np.isnan(got[7]).all() and np.isnan(got[:, 7]).all()
    others = np.arange(20) != 7
    assert np.array_equal(got[np.ix_(others, others)], whole[np.ix_(others, others)])
    panel[7] = 0.1
    related = matrix.correlation(panel)
    assert np.isnan(related[7]).all() and not np.isnan(related[np.ix_(others, others)]).any()
    assert np.isnan(matrix.covariance(panel[:, :1])).all() and matrix.covariance(panel[:, :1], 0)[0, 0] == 0.0


# ---------------------------------------------------------------- exponentially weighted


def exact_ew(panel: Sequence[Sequence[float]], decay: float, adjust: bool, zero_mean: bool) -> Exact:
    """By definition: sums of weights that fall by decay, the first sample's weight as the rule says."""
    length = len(panel[0])
    lam = Fraction(decay)
    weights = [lam ** (length - 1 - t) * (1 if adjust or t == 0 else 1 - lam) for t in range(length)]
    total = sum(weights, Fraction())
    rows = [[Fraction(x) for x in row] for row in panel]
    means = [
        Fraction() if zero_mean else sum((w * x for w, x in zip(weights, row, strict=True)), Fraction()) / total
        for row in rows
    ]
    return [
        [
            sum((w * (x - mx) * (y - my) for w, x, y in zip(weights, a, b, strict=True)), Fraction()) / total
            for b, my in zip(rows, means, strict=True)
        ]
        for a, mx in zip(rows, means, strict=True)
    ]


@given(
    seeds, st.integers(1, 6), st.integers(1, 30), st.sampled_from([0.0, 0.5, 0.94, 0.999]), st.booleans(), st.booleans()
)
def test_ew_covariance_is_its_weighted_sum(
    seed: int, symbols: int, length: int, decay: float, adjust: bool, zero: bool
) -> None:
    panel = made(seed, symbols, length)
    want = exact_ew(panel.tolist(), decay, adjust, zero)
    step = matrix.EWCovariance(symbols, decay, adjust=adjust, zero_mean=zero)
    for x in panel.T:
        assert step.update(x)
    scale = float((panel**2).max())
    for got in (step.value, matrix.ew_covariance(panel, decay, adjust=adjust, zero_mean=zero)):
        assert_within(got, want, np.full(got.shape, 1e-13 * scale))


@pytest.mark.parametrize("adjust", [True, False])
def test_ew_covariance_is_pandas(adjust: bool) -> None:
    pandas = pytest.importorskip("pandas", reason="pandas is not installed")
    panel = 100.0 + made(8, 5, 300)
    want = pandas.DataFrame(panel.T).ewm(alpha=0.06, adjust=adjust).cov(bias=True).to_numpy()[-5:]
    got = matrix.ew_covariance(panel, 0.94, adjust=adjust)
    np.testing.assert_allclose(got, want, rtol=1e-9, atol=1e-12 * np.abs(want).max())


def test_ew_covariance_goes_on_where_it_stopped() -> None:
    panel = made(9, 17, 101)
    whole = matrix.ew_covariance(panel, 0.97)
    state = matrix.EWCovariance(17, 0.97)
    assert not state.ready and np.isnan(state.value).all() and np.isnan(state.mean).all()
    nbytes = state._state.nbytes
    for i, j in ((0, 1), (1, 9), (9, 50), (50, 101)):
        assert state.update_many(panel[:, i:j]) == j - i
        state = pickle.loads(pickle.dumps(state.copy()))
    assert state.ready and state._state.nbytes == nbytes
    np.testing.assert_allclose(state.value, whole, rtol=0, atol=1e-14 * np.abs(whole).max())
    np.testing.assert_allclose(state.mean, [ta.ewma(row, 0.97)[-1] for row in panel], rtol=1e-12, atol=1e-13)


def test_ew_covariance_leaves_out_samples_that_are_not_finite() -> None:
    panel = made(10, 4, 60)
    holed = np.insert(panel, [0, 7, 60], math.nan, axis=1)
    holed[1:, 8] = 1.0
    state = matrix.EWCovariance(4)
    assert state.update_many(holed) == 60 and not state.update([1.0, 2.0, math.inf, 3.0])
    assert np.array_equal(state.value, matrix.ew_covariance(panel))


def test_ew_covariance_does_not_drift() -> None:
    """A million samples near 60,000 that move by 0.01, and a spike long ago."""
    panel = 60000.0 + 0.01 * np.random.default_rng(1).integers(-3, 4, (3, 1_000_000))
    panel[:, 1000] = 1e9
    want = exact_ew(panel[:, -400:].tolist(), 0.9375, False, False)
    got = matrix.ew_covariance(panel, 0.9375)
    assert_within(got, want, np.full((3, 3), 1e-9 * float(want[0][0])))


# ---------------------------------------------------------------- Cholesky


@given(seeds, st.integers(1, 30), st.integers(1, 3))
def test_cholesky_factors_and_solves(seed: int, n: int, systems: int) -> None:
    rng = np.random.default_rng(seed)
    a = rng.normal(size=(n, n))
    a = a @ a.T + n * np.eye(n)
    factor = matrix.cholesky(a)
    back = product(exact(factor), exact(np.ascontiguousarray(factor.T)))
    assert_within(a, back, (n + 2) * UNIT * (np.abs(factor) @ np.abs(factor).T) * 1.01)
    b = rng.normal(size=(n, systems))
    x = matrix.cholesky_solve(factor, b)
    np.testing.assert_allclose(a @ x, b, rtol=0, atol=1e-12 * np.linalg.cond(a) * np.abs(b).max())
    assert np.array_equal(matrix.cholesky_solve(factor, b[:, 0]), x[:, 0])


def test_right_sides_are_columns_as_numpy_has_them() -> None:
    a, b = np.array([[4.0, 2.0], [2.0, 5.0]]), np.array([[8.0, 0.0], [12.0, 16.0]])
    x = matrix.cholesky_solve(matrix.cholesky(a), b)
    np.testing.assert_allclose(x, [[1.0, -2.0], [2.0, 4.0]], rtol=1e-15)
    np.testing.assert_allclose(x, np.linalg.solve(a, b), rtol=1e-14)
    assert b[0, 0] == 8.0 and x.flags.c_contiguous
    np.testing.assert_allclose(matrix.cholesky_solve(matrix.cholesky(a), b[:, :1]), x[:, :1], rtol=1e-15)
    assert matrix.cholesky_solve(np.empty((0, 0)), np.empty((0, 2))).shape == (0, 2)


@pytest.mark.parametrize("cell", [(0, 2, 1e-300), (1, 2, math.nan), (1, 1, 0.0), (2, 2, -1.0), (0, 0, math.nan)])
def test_what_is_no_lower_factor_is_refused(cell: tuple[int, int, float]) -> None:
    factor, out = np.tril(np.ones((3, 3))), np.full(3, 7.0)
    row, column, factor[row, column] = cell
    with pytest.raises(ta.IndicatorError, match=rf"^factor: must be lower.*row {row}'.*cholesky\(\)") as caught:
        matrix.cholesky_solve(factor, np.ones(3), out=out)
    assert caught.value.position == row and (out == 7.0).all()


def test_errors_of_matrices_do_not_talk_of_series() -> None:
    cube = np.ones((3, 1, 1))
    for call in (lambda: matrix.gemm(cube, SQUARE), lambda: matrix.cholesky_solve(SQUARE, cube)):
        with pytest.raises(ta.IndicatorError, match="dimensions") as caught:
            call()
        assert "symbol" not in str(caught.value) and "time" not in str(caught.value)


def test_cholesky_reads_the_lower_triangle_alone() -> None:
    a = np.array([[4.0, math.nan, math.nan], [2.0, 5.0, math.nan], [2.0, 3.0, 6.0]])
    assert np.array_equal(matrix.cholesky(a), [[2.0, 0.0, 0.0], [1.0, 2.0, 0.0], [1.0, 1.0, 2.0]])


@pytest.mark.parametrize("n", [5, 40, 90])
@pytest.mark.parametrize("pivot", [0, 3])
@pytest.mark.parametrize("bad", [0.0, -1.0, math.nan, math.inf])
def test_the_pivot_that_fails_is_named(n: int, pivot: int, bad: float) -> None:
    a = np.diag(np.arange(1.0, n + 1.0))
    a[pivot, pivot] = bad
    with pytest.raises(
        matrix.NotPositiveDefiniteError, match=rf"^a: is not positive definite \(found 'pivot {pivot}'\)"
    ) as caught:
        matrix.cholesky(a)
    assert caught.value.pivot == pivot and isinstance(caught.value, ValueError)


def test_a_combination_of_others_is_not_definite() -> None:
    panel = made(11, 6, 50)
    panel[4] = panel[0] + panel[1]
    covariance = matrix.covariance(np.round(panel))
    covariance[4] = covariance[0] + covariance[1]
    covariance[:, 4] = covariance[:, 0] + covariance[:, 1]
    covariance[4, 4] -= 1e-6 * covariance[4, 4]
    with pytest.raises(matrix.NotPositiveDefiniteError) as caught:
        matrix.cholesky(covariance)
    assert caught.value.pivot == 4


# ---------------------------------------------------------------- arguments

SQUARE = np.eye(3)


@pytest.mark.parametrize(
    ("call", "names"),
    [
        (lambda: matrix.dot([1.0], [1.0, 2.0]), "y"),
        (lambda: matrix.dot(SQUARE, [1.0]), "x"),
        (lambda: matrix.dot(["a"], [1.0]), "x"),
        (lambda: matrix.gemv(SQUARE, [1.0, 2.0]), "x"),
        (lambda: matrix.gemv([1.0], [1.0]), "a"),
        (lambda: matrix.gemv(SQUARE, np.ones(3), out=np.ones(2)), "out"),
        (lambda: matrix.gemm(SQUARE, np.ones((2, 3))), "b"),
        (lambda: matrix.gemm(SQUARE * 1j, SQUARE), "a"),
        (lambda: matrix.gemm(SQUARE, SQUARE, out=SQUARE), "out"),
        (lambda: matrix.gemm(SQUARE, SQUARE, out=np.ones((3, 3), np.float32)), "out"),
        (lambda: matrix.covariance([1.0, 2.0]), "panel"),
        (lambda: matrix.covariance(SQUARE, 2), "ddof"),
        (lambda: matrix.correlation(SQUARE, out=np.ones((3, 6))[:, ::2]), "out"),
        (lambda: matrix.cholesky(np.ones((2, 3))), "a"),
        (lambda: matrix.cholesky_solve(SQUARE, np.ones(4)), "b"),
        (lambda: matrix.cholesky_solve(np.ones((2, 3)), np.ones(2)), "factor"),
        (lambda: matrix.ew_covariance(SQUARE, 1.0), "decay"),
        (lambda: matrix.EWCovariance(0), "symbols"),
        (lambda: matrix.EWCovariance(4097), "symbols"),
        (lambda: matrix.EWCovariance(2.0), "symbols"),  # type: ignore[arg-type]
        (lambda: matrix.EWCovariance(2, math.nan), "decay"),
        (lambda: matrix.EWCovariance(2).update([1.0]), "x"),
        (lambda: matrix.EWCovariance(2).update_many(SQUARE), "panel"),
    ],
)
def test_errors_name_the_argument(call: Any, names: str) -> None:
    with pytest.raises(ValueError, match=f"^{names}: ") as caught:
        call()
    assert isinstance(caught.value, ta.IndicatorError) and caught.value.where == names


def test_out_is_written_and_returned_and_any_real_input_is_taken() -> None:
    a = made(12, 4, 4)
    positive = a @ a.T + np.eye(4)
    for function, arguments in (
        (matrix.gemv, (a, a[0])),
        (matrix.gemm, (a, a)),
        (matrix.covariance, (a,)),
        (matrix.correlation, (a,)),
        (matrix.cholesky, (positive,)),
        (matrix.cholesky_solve, (np.tril(positive), a[:, :3])),
        (matrix.ew_covariance, (a,)),
    ):
        want = function(*arguments)  # type: ignore[operator]
        out = np.full(want.shape, 7.0)
        assert function(*arguments, out=out) is out and np.array_equal(out, want)  # type: ignore[operator]
        strided = [np.repeat(np.atleast_1d(x), 2, axis=-1)[..., ::2] for x in arguments]
        assert np.array_equal(function(*strided), want)  # type: ignore[operator]
        lists = [x.tolist() for x in arguments]
        assert np.array_equal(function(*lists), want)  # type: ignore[operator]
    assert matrix.dot(np.arange(3), np.arange(3, dtype=np.float32)) == 5.0


# ---------------------------------------------------------------- instruction sets

_DIGEST = """
import sys, pickle, numpy as np
sys.path.insert(0, sys.argv[1])
from test_ta_matrix import digest
from bot3 import ta
sys.stdout.buffer.write(pickle.dumps((ta.isa(), digest())))
"""


def digest() -> list[Array]:
    """Results of every call, of sizes around the widths of vectors and panels."""
    results = []
    for n in (1, 2, 3, 7, 8, 9, 15, 16, 17, 33, 47):
        a, panel = made(n, n, n), 100.0 + made(n + 1, n, 300)
        positive = a @ a.T + n * 1e6 * np.eye(n)
        factor = matrix.cholesky(positive)
        results += [np.array([matrix.dot(a[0], a[-1])]), matrix.gemv(a, a[0]), matrix.gemm(a, a), factor]
        results += [matrix.covariance(panel), matrix.correlation(panel), matrix.ew_covariance(panel)]
        results += [matrix.cholesky_solve(factor, a)]
    return results


def test_instruction_sets_agree() -> None:
    found: dict[str, list[Array]] = {}
    for isa in ("scalar", "avx2", "avx512"):
        command = [sys.executable, "-c", _DIGEST, str(Path(__file__).parent)]
        done = subprocess.run(command, env={**os.environ, "BOT3_ISA": isa}, capture_output=True, check=False)
        assert done.returncode == 0, done.stderr.decode()
        used, results = pickle.loads(done.stdout)
        if used != isa:
            warnings.warn(f"{isa} is not checked: this machine has {used}", stacklevel=1)
            continue
        found[isa] = results
    for isa, results in found.items():
        for got, want in zip(results, found["scalar"], strict=True):
            np.testing.assert_allclose(got, want, rtol=0, atol=1e-11 * np.abs(want).max(), err_msg=isa)


def test_errors_come_through_a_process_pool_as_they_are() -> None:
    with pytest.raises(matrix.NotPositiveDefiniteError) as caught:
        matrix.cholesky(np.diag([1.0, -1.0]))
    again = pickle.loads(pickle.dumps(caught.value))
    assert type(again) is matrix.NotPositiveDefiniteError and again.pivot == 1 and str(again) == str(caught.value)
