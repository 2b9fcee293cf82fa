"""softmax, log_softmax and cross_entropy_error: against PyTorch, against many digits, and what they refuse."""

from typing import Any

import mpmath
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from numpy_impl import cross_entropy_error, log_softmax, softmax
from numpy_impl.validation import Array
from torch_ref.bounds import format_of
from torch_ref.diagnosis.finding import finding
from torch_ref.families.losses import formulas

FUNCTIONS = {"softmax": softmax, "log_softmax": log_softmax}
BOUNDS = {"softmax": formulas.softmax, "log_softmax": formulas.log_softmax}
TORCH = {"softmax": torch.softmax, "log_softmax": torch.log_softmax}
both = pytest.mark.parametrize("name", FUNCTIONS)


def exact_log_softmax(row: Array) -> list[mpmath.mpf]:
    with mpmath.workdps(400):  # exp(-700) beside 1 still counts
        total = mpmath.fsum(mpmath.exp(mpmath.mpf(float(x))) for x in row)
        return [mpmath.mpf(float(x)) - mpmath.log(total) for x in row]


@both
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("shape", [(3,), (4, 3), (2, 3, 5), (0, 3), (3, 1)])
def test_agrees_with_pytorch_over_the_last_axis(name: str, dtype: Any, shape: tuple[int, ...]) -> None:
    x = np.random.default_rng(0).normal(0, 3, shape).astype(dtype)
    before = x.copy()
    got, expected = FUNCTIONS[name](x), TORCH[name](torch.tensor(x), dim=-1).numpy()
    assert got.dtype == dtype
    ball = BOUNDS[name](format_of(np.dtype(dtype)).exact(x))
    assert finding(got, ball).ok
    assert finding(expected, ball).ok
    np.testing.assert_array_equal(x, before, strict=True)


@given(arrays(np.float64, st.integers(1, 6), elements=st.floats(-1e3, 1e3)))
def test_log_softmax_is_exact_to_a_few_units(x: Array) -> None:
    u, s = 2.0**-53, x - x.max()
    for got, exact, shift in zip(log_softmax(x), exact_log_softmax(x), s.tolist(), strict=True):
        # Rounding s moves the result by u |s|, and the terms of the sum likewise, which are 1 − p of it; all else is
        # relative, down to where it underflows.
        radius = u * (abs(shift) + 50 * abs(exact) - float(abs(s).max()) * mpmath.expm1(exact))
        assert abs(mpmath.mpf(float(got)) - exact) <= radius + np.finfo(float).tiny


@pytest.mark.parametrize("gap", [1.0, 10.0, 30.0, 40.0, 100.0, 700.0])
def test_log_softmax_of_a_confident_prediction_has_all_its_digits(gap: float) -> None:
    x = np.array([0.0, gap, -3.0])
    # s is exact here; exp, log1p and two additions: 8 + 8 + 2 roundings, and one for the reference's float.
    np.testing.assert_allclose(log_softmax(x), [float(v) for v in exact_log_softmax(x)], rtol=20 * 2.0**-53)


@both
@pytest.mark.parametrize(
    "row", [[np.inf, 0.0], [-np.inf, 0.0], [-np.inf, -np.inf], [np.nan, 0.0], [1e4, -1e4], [1e308, -1e308], [5.0, 5.0]]
)
def test_edges_are_those_of_pytorch(name: str, row: list[float]) -> None:
    x = np.array([row, [1.0, 2.0]])
    expected = TORCH[name](torch.tensor(x), dim=-1).numpy()
    np.testing.assert_allclose(FUNCTIONS[name](x), expected, rtol=100 * 2.0**-53)  # (2C + 20)(1 + |s|) u each, as above


@given(arrays(np.float32, (3, 4), elements=st.floats(-80, 80, width=32)))
def test_softmax_is_a_distribution(x: Array) -> None:
    p = softmax(x)
    assert (p >= 0).all()
    np.testing.assert_allclose(p.sum(axis=-1), 1, rtol=8 * 2.0**-24)  # four quotients, their sum and the denominator's


def test_complex_numbers_are_ordered_by_their_real_part() -> None:
    x = np.array([1.0 + 5e-200j, 1.0 + 0j, 800.0 - 1e-200j])
    np.testing.assert_array_equal(softmax(x).real, softmax(x.real), strict=True)
    assert np.isfinite(log_softmax(x)).all()


# cross_entropy_error


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_cross_entropy_is_pytorchs_nll_of_log_y(dtype: Any) -> None:
    y = softmax(np.random.default_rng(0).normal(0, 2, (6, 4))).astype(dtype)
    t = np.array([0, 3, 1, 1, 2, 0])
    got = cross_entropy_error(y, t)
    expected = torch.nn.NLLLoss()(torch.log(torch.tensor(y)), torch.tensor(t)).numpy()
    assert got.dtype == dtype
    np.testing.assert_allclose(
        got, expected, rtol=30 * format_of(np.dtype(dtype)).u
    )  # 8 for each log, 6 terms, a quotient
    rows = np.eye(4, dtype=dtype)[t]
    np.testing.assert_allclose(cross_entropy_error(y, rows), expected, rtol=30 * format_of(np.dtype(dtype)).u)


def test_cross_entropy_of_rows_weighs_every_class() -> None:
    y, t = np.array([[0.25, 0.75], [0.5, 0.5]]), np.array([[0.5, 0.5], [2.0, 0.0]])
    expected = -(0.5 * np.log(0.25) + 0.5 * np.log(0.75) + 2 * np.log(0.5)) / 2
    np.testing.assert_allclose(cross_entropy_error(y, t), expected, rtol=30 * 2.0**-53)  # as above: logs on both sides


def test_cross_entropy_has_no_epsilon() -> None:
    certain = np.array([[0.0, 1.0]])
    assert cross_entropy_error(certain, np.array([1])) == 0  # −log(1 + 1e-7) would be −1e-7
    assert cross_entropy_error(certain, np.array([0])) == np.inf
    assert cross_entropy_error(certain, np.array([[0.0, 1.0]])) == 0
    assert cross_entropy_error(np.array([[1e-300, 1.0]]), np.array([0])) == -np.log(1e-300)


def test_an_impossible_class_that_is_expected_costs_without_limit() -> None:
    y = np.array([[0.0, 1.0]])
    assert cross_entropy_error(y, np.array([[0.5, 0.5]])) == np.inf
    assert cross_entropy_error(y, np.array([[-0.5, 1.5]])) == -np.inf  # rows are taken at their value
    assert cross_entropy_error(y, np.array([[0.0, 1.0]])) == 0


def test_nan_propagates_also_where_t_is_0() -> None:
    y = np.array([[np.nan, 0.5]])
    assert np.isnan(cross_entropy_error(y, np.array([[0.0, 1.0]])))
    assert np.isnan(cross_entropy_error(y, np.array([0])))


@pytest.mark.parametrize(
    ("name", "x", "error", "message"),
    [
        ("softmax", None, TypeError, "softmax: x must be a NumPy array, got None"),
        (
            "softmax",
            np.array([1, 2]),
            TypeError,
            "softmax: x must be of a native floating-point dtype, float32 or wider, got int64",
        ),
        (
            "softmax",
            np.array(1.0),
            ValueError,
            r"softmax: x must have at least one class in its last axis, got shape \(\)",
        ),
        ("log_softmax", [1.0], TypeError, "log_softmax: x must be a NumPy array, got list"),
        (
            "log_softmax",
            np.zeros((3, 0)),
            ValueError,
            r"log_softmax: x must have at least one class .* got shape \(3, 0\)",
        ),
    ],
)
def test_bad_x_is_refused(name: str, x: Array, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        FUNCTIONS[name](x)


@pytest.mark.parametrize("function", [softmax, log_softmax, lambda y: cross_entropy_error(y, np.array([0]))])
@pytest.mark.parametrize(
    "junk", [np.ma.masked_array([[0.5, 0.5]]), np.array([[0.5, 0.5]]).view(np.matrix), "x", [[1.0]]]
)
def test_what_only_looks_like_an_array_is_refused(function: Any, junk: Any) -> None:
    with pytest.raises(TypeError, match=r"^(softmax|log_softmax|cross_entropy_error): [xy] must be a NumPy array, got"):
        function(junk)


def test_cross_entropy_takes_complex_probabilities() -> None:
    y, t = softmax(np.array([[1.0, 2.0, 0.5]])), np.array([1])
    wide = cross_entropy_error(y + np.array([[0, 1e-200j, 0]]), t)
    np.testing.assert_allclose(wide.real, cross_entropy_error(y, t), rtol=16 * 2.0**-53)  # two logarithms
    np.testing.assert_allclose(wide.imag * 1e200, -1 / y[0, 1], rtol=8 * 2.0**-53)  # −log′ y, by the complex step


@pytest.mark.parametrize(
    ("y", "t", "error", "message"),
    [
        ("y", np.array([0]), TypeError, "cross_entropy_error: y must be a NumPy array, got 'y'"),
        (np.ones(3) / 3, np.array([0]), ValueError, "cross_entropy_error: y must be a matrix of one row or more"),
        (np.ones((0, 3)), np.array([], int), ValueError, r"one row or more, got shape \(0, 3\)"),
        (
            np.ones((1, 3)) / 3,
            np.array([3]),
            ValueError,
            "cross_entropy_error: class indices in t must be 0 to 2, got 3",
        ),
        (np.ones((1, 3)) / 3, np.array([0.0]), TypeError, "cross_entropy_error: t must be integer class indices"),
    ],
)
def test_bad_arguments_of_cross_entropy_are_refused(y: Array, t: Array, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        cross_entropy_error(y, t)
