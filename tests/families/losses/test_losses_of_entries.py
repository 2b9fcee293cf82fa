"""Losses entry by entry: the formulas of losses.md by their names, digits that must not be lost, edges, refusals."""

from collections.abc import Callable
from typing import Any

import mpmath
import numpy as np
import pytest
import torch
from jacobians import U
from torch import nn

from numpy_impl import Affine, HuberLoss, Loss, MeanSquaredError, Network, SigmoidWithLoss
from numpy_impl.validation import Array
from torch_ref import twin, verify

X = np.array([[1.0, -2.0, 4.0], [0.5, 3.0, -1.0]])
T = np.array([[1.0, 0.0, 0.25], [0.0, 1.0, 0.75]])
LOSSES: list[Callable[[], Loss]] = [SigmoidWithLoss, MeanSquaredError, HuberLoss]


def dx_of(layer: Loss, x: Array, t: Array, dout: Any = 1) -> Array:
    layer.forward(x, t)
    return layer.backward(dout)


def sigma(x: Array) -> Array:
    return np.asarray(1 / (1 + np.exp(-x)))


def test_the_sigmoid_loss_is_the_cross_entropy_of_sigma() -> None:
    s = sigma(X)
    loss = SigmoidWithLoss().forward(X, T)
    np.testing.assert_allclose(loss, -(T * np.log(s) + (1 - T) * np.log(1 - s)).mean(), rtol=200 * U)


def test_dx_of_the_sigmoid_loss_is_sigma_minus_t_over_n() -> None:
    np.testing.assert_allclose(dx_of(SigmoidWithLoss(), X, T, 3), 3 * (sigma(X) - T) / 6, rtol=0, atol=100 * U)


def test_the_sigmoid_loss_keeps_its_digits_where_it_is_sure() -> None:
    x, t = np.array([40.0, -40.0, 700.0, -700.0]), np.array([1.0, 0.0, 1.0, 0.0])
    with mpmath.workdps(400):
        tails = [float(mpmath.log1p(mpmath.exp(-abs(v)))) for v in x]
        slopes = [float(1 / (1 + mpmath.exp(abs(v)))) for v in x]
    for i in range(4):
        np.testing.assert_allclose(SigmoidWithLoss().forward(x[i : i + 1], t[i : i + 1]), tails[i], rtol=30 * U)
    np.testing.assert_allclose(
        dx_of(SigmoidWithLoss(), x, t), [-slopes[0] / 4, slopes[1] / 4, -slopes[2] / 4, slopes[3] / 4], rtol=30 * U
    )


def test_the_sigmoid_loss_keeps_its_digits_where_t_is_almost_1() -> None:
    """x (1 − t) is one product; in x − x t, x t is rounded by as much as there is of the difference."""
    x, t = np.array([40.0]), np.array([1 - 2.0**-53])
    exact = 40 * 2.0**-53 + float(mpmath.log1p(mpmath.exp(-40)))
    np.testing.assert_allclose(SigmoidWithLoss().forward(x, t), exact, rtol=30 * U)


def test_the_sigmoid_loss_of_large_logits_is_finite() -> None:
    x, t = np.array([800.0, -800.0, 1e4, -1e4]), np.array([0, 1, 1, 0])
    assert SigmoidWithLoss().forward(x, t) == 1600 / 4
    np.testing.assert_array_equal(dx_of(SigmoidWithLoss(), x, t), np.array([1, -1, 0, 0]) / 4)


def test_targets_outside_0_to_1_are_taken_as_pytorch_takes_them() -> None:
    t = np.array([[-1.0, 2.5, 0.0], [7.0, 1.0, -3.0]])
    theirs = nn.BCEWithLogitsLoss()(torch.tensor(X), torch.tensor(t)).item()
    np.testing.assert_allclose(SigmoidWithLoss().forward(X, t), theirs, rtol=100 * U)
    assert verify(SigmoidWithLoss(), X, t).ok


def test_the_squared_error_is_the_mean_of_the_squares_and_dx_twice_the_difference_over_n() -> None:
    assert MeanSquaredError().forward(X, np.zeros_like(X)) == (1 + 4 + 16 + 0.25 + 9 + 1) / 6
    np.testing.assert_allclose(dx_of(MeanSquaredError(), X, T, -2), -2 * 2 * (X - T) / 6, rtol=4 * U)


def test_huber_is_half_the_square_within_delta_and_a_line_beyond() -> None:
    d = np.array([0.0, 0.3, -0.5, 0.5, -2.0, 8.0])
    expected = np.where(abs(d) <= 0.5, d * d / 2, 0.5 * (abs(d) - 0.25))
    for one, f in zip(d, expected, strict=True):
        np.testing.assert_allclose(HuberLoss(0.5).forward(np.array([one]), np.zeros(1)), f, rtol=8 * U)
    np.testing.assert_allclose(dx_of(HuberLoss(0.5), d, np.zeros(6)), np.clip(d, -0.5, 0.5) / 6, rtol=4 * U)


def test_huber_has_no_jump_at_delta() -> None:
    for delta in (0.1, 1.0, 3.0):
        d = np.array([np.nextafter(delta, 0), delta, np.nextafter(delta, 9), -delta])
        x = torch.tensor(d, requires_grad=True)
        nn.HuberLoss(delta=delta)(x, torch.zeros(4, dtype=torch.float64)).backward()
        assert x.grad is not None
        np.testing.assert_allclose(dx_of(HuberLoss(delta), d, np.zeros(4)), x.grad.numpy(), rtol=4 * U)
        assert verify(HuberLoss(delta), d, np.zeros(4)).ok


@pytest.mark.parametrize("make", LOSSES)
@pytest.mark.parametrize("shape", [(), (1,), (3,), (2, 3), (2, 1, 3)])
@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.complex128])
def test_any_rank_will_do_and_the_dtype_is_that_of_x(
    make: Callable[[], Loss], shape: tuple[int, ...], dtype: Any
) -> None:
    x, t = np.full(shape, 0.75, dtype), np.zeros(shape, dtype)
    layer = make()
    loss = layer.forward(x, t)
    assert loss.dtype == dtype
    assert loss.shape == ()
    assert layer.loss == loss
    dx = layer.backward(np.float64(0.5))
    assert (dx.shape, dx.dtype) == (shape, dtype)


@pytest.mark.parametrize("make", LOSSES)
@pytest.mark.parametrize("kind", [bool, np.uint8, np.int64])
@pytest.mark.parametrize("dtype", [np.float32, np.complex128])
def test_integers_and_truth_values_are_taken_at_their_value(make: Callable[[], Loss], kind: Any, dtype: Any) -> None:
    x, t = X.astype(dtype), np.array([[1, 0, 1], [0, 1, 1]])
    np.testing.assert_array_equal(dx_of(make(), x, t.astype(kind)), dx_of(make(), x, t.astype(dtype)))


@pytest.mark.parametrize("make", LOSSES)
def test_bad_targets_are_refused_by_name(make: Callable[[], Loss]) -> None:
    who = type(make()).__name__
    cases: list[tuple[Any, Any, type[Exception], str]] = [
        (X, T.astype(np.float32), TypeError, "t must be float64, integers or booleans, got float32"),
        (X, T.astype(complex), TypeError, "t must be float64, integers or booleans, got complex128"),
        (X, T[:, :1], ValueError, r"t must have shape \(2, 3\), got \(2, 1\)"),
        (X, T[0], ValueError, r"t must have shape \(2, 3\), got \(3,\)"),
        (X, np.float64(1), TypeError, "t must be a NumPy array, got float64"),
        (X, None, TypeError, "t must be a NumPy array, got None"),
        (X.astype(int), T, TypeError, "x must be of a native floating-point dtype"),
        (X[:0], T[:0], ValueError, r"x must have one entry or more, got shape \(0, 3\)"),
    ]
    for x, t, error, message in cases:
        with pytest.raises(error, match=f"{who}: {message}"):
            make().forward(x, t)


@pytest.mark.parametrize(
    ("delta", "error", "message"),
    [
        (0, ValueError, "HuberLoss: delta must be greater than 0, got 0"),
        (-1.0, ValueError, "HuberLoss: delta must be greater than 0, got -1.0"),
        (np.inf, ValueError, "HuberLoss: delta must be finite, got inf"),
        ("1", TypeError, "HuberLoss: delta must be a real number, got '1'"),
    ],
)
def test_a_delta_that_is_not_positive_is_refused(delta: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        HuberLoss(delta)


def test_t_is_not_changed_and_a_later_change_of_it_reaches_no_cache() -> None:
    x, t = X.copy(), T.copy()
    layer = SigmoidWithLoss()
    layer.forward(x, t)
    np.testing.assert_array_equal(t, T)
    t[...], x[...] = 9, 9
    np.testing.assert_array_equal(layer.backward(), dx_of(SigmoidWithLoss(), X, T))


@pytest.mark.parametrize(
    "last", [SigmoidWithLoss(), MeanSquaredError(), HuberLoss(0.5)], ids=lambda one: type(one).__name__
)
def test_a_network_ends_in_any_of_them(last: Loss) -> None:
    rng = np.random.default_rng(0)
    net = Network({"Affine": Affine(rng.standard_normal((5, 3)), rng.standard_normal(3))}, last)
    x, t = rng.standard_normal((4, 5)), (rng.uniform(size=(4, 3)) < 0.5).astype(float)
    report = verify(net, x, t)
    assert report.ok, str(report)
    gradient, numerically = net.gradient(x, t), net.numerical_gradient(x, t)
    for name, value in gradient.items():
        np.testing.assert_allclose(value, numerically[name], rtol=0, atol=1e-9)  # of a central difference, step 1e-5


def test_the_twin_of_huber_has_its_delta() -> None:
    assert twin(HuberLoss(0.3)).delta == 0.3


def test_large_differences_do_not_overflow_on_the_way() -> None:
    x = np.full(4, 2.5e38, np.float32)
    np.testing.assert_array_equal(dx_of(MeanSquaredError(), x, np.zeros(4, np.float32)), x / 2, strict=True)
