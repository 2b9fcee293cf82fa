"""Each formula of numpy_impl/README.md, by its name, against what it is derived from.

Where the data are small integers nothing rounds, and equal means equal. u is the unit roundoff of float64.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import mpmath
import numpy as np
import pytest
import torch

from numpy_impl import (
    Affine,
    ReLU,
    SoftmaxWithLoss,
    TwoLayerNet,
    complex_step_gradient,
    log_softmax,
    numerical_gradient,
    softmax,
)
from numpy_impl.checks import Array
from torch_ref import autograd_network, twin

U = 2.0**-53
N, D, M = 6, 5, 3


def integers(*shape: int) -> Array:
    """Uneven, of both signs, without 0."""
    return np.random.default_rng(sum(shape)).choice([-3.0, -2.0, -1.0, 1.0, 2.0, 5.0], shape)


def affine(x: Array, dout: Array) -> Affine:
    layer = Affine(integers(D, M), integers(M))
    layer.forward(x)
    layer.backward(dout)
    return layer


def jacobian(function: Callable[[Any], Any], x: Array) -> Array:
    """∂y_k/∂x_i by autograd, (sizes of y, sizes of x)."""
    return np.asarray(torch.autograd.functional.jacobian(function, torch.tensor(x)))  # type: ignore[no-untyped-call]


# The chain rule


@pytest.mark.parametrize(
    ("layer", "inputs", "dout"),
    [
        (Affine(integers(D, M), integers(M)), (integers(N, D),), integers(N, M)),
        (ReLU(), (integers(N, D),), integers(N, D)[::-1]),
        (SoftmaxWithLoss(), (integers(N, D), np.array([0, 4, 2, 2, 1, 0])), 3.0),
    ],
    ids=["Affine", "ReLU", "SoftmaxWithLoss"],
)
def test_backward_is_the_transposed_jacobian_times_dout(layer: Any, inputs: tuple[Array, ...], dout: Any) -> None:
    x, *others = inputs
    layer.forward(x, *others)
    module = twin(layer, np.float64)
    J = jacobian(lambda x: module(x, *map(torch.tensor, others)), x)
    expected = np.tensordot(dout, J, np.ndim(dout))
    # Of integers nothing rounds; the probabilities of the loss are within a dozen units of 1.
    np.testing.assert_allclose(layer.backward(dout), expected, rtol=0, atol=0 if others == [] else 100 * U)


# Affine


def test_dW_is_x_transposed_times_dout() -> None:
    x, dout = integers(N, D), integers(N, M)
    layer = affine(x, dout)
    for d in range(D):
        for m in range(M):
            assert layer.dW[d, m] == sum(x[n, d] * dout[n, m] for n in range(N))
    J = jacobian(lambda W: torch.tensor(x) @ W + torch.tensor(layer.b), layer.W)  # (N, M, D, M)
    for m in range(M):
        np.testing.assert_array_equal(J[:, m, :, m], x)  # ∂y_nm/∂W_dm = x_nd
    assert np.count_nonzero(J) == M * np.count_nonzero(x)  # and nothing else


def test_db_is_the_sum_of_dout_and_no_mean() -> None:
    dout = integers(N, M)
    layer = affine(integers(N, D), dout)
    for m in range(M):
        assert layer.db[m] == sum(dout[n, m] for n in range(N)) != np.mean(dout[:, m])
    J = jacobian(lambda b: torch.tensor(integers(N, D) @ layer.W) + b, layer.b)  # (N, M, M)
    np.testing.assert_array_equal(J, np.broadcast_to(np.eye(M), (N, M, M)))  # ∂y_nm/∂b_m = 1, N times


def test_dx_is_dout_times_W_transposed() -> None:
    dout = integers(N, M)
    layer = affine(integers(N, D), dout)
    dx = layer.backward(dout)
    for n in range(N):
        for d in range(D):
            assert dx[n, d] == sum(dout[n, m] * layer.W[d, m] for m in range(M))


def test_the_sums_run_over_all_leading_axes() -> None:
    x, dout = integers(2, 4, D), integers(2, 4, M)
    layer, flat = affine(x, dout), affine(x.reshape(8, D), dout.reshape(8, M))
    np.testing.assert_array_equal(layer.dW, np.einsum("atd,atm->dm", x, dout))
    np.testing.assert_array_equal(layer.dW, flat.dW)
    np.testing.assert_array_equal(layer.db, flat.db)


# ReLU


def test_dx_of_relu_is_dout_where_x_is_positive() -> None:
    x, dout = integers(N, D), integers(N, D)[::-1]
    relu = ReLU()
    relu.forward(x)
    dx = relu.backward(dout)
    for k in np.ndindex(x.shape):
        assert dx[k] == (dout[k] if x[k] > 0 else 0)


def test_the_subgradients_of_relu_at_0_are_0_to_1() -> None:
    z = np.linspace(-2, 2, 101)
    lies_below = {g: bool((np.maximum(z, 0) >= g * z).all()) for g in (-0.01, 0.0, 0.3, 1.0, 1.01)}
    assert lies_below == {-0.01: False, 0.0: True, 0.3: True, 1.0: True, 1.01: False}


def test_the_derivative_of_relu_at_0_is_0_as_in_pytorch() -> None:
    relu, x = ReLU(), np.zeros(1)
    relu.forward(x)
    assert relu.backward(np.ones(1)) == jacobian(torch.relu, x)[0, 0] == 0


def test_a_central_difference_at_the_kink_is_a_half() -> None:
    assert numerical_gradient(lambda x: ReLU().forward(x).sum(), np.zeros(1)) == 0.5


# Softmax


def test_softmax_does_not_change_when_all_logits_are_shifted() -> None:
    x = np.array([1.0, -2.0, 4.0])
    with mpmath.workdps(60):

        def exactly(row: list[float]) -> list[Any]:
            powers = [mpmath.exp(entry) for entry in row]
            return [power / mpmath.fsum(powers) for power in powers]

        for p, shifted in zip(exactly(x.tolist()), exactly((x + 900).tolist()), strict=True):
            assert abs(p - shifted) < mpmath.mpf(10) ** -50
    with np.errstate(all="ignore"):
        assert np.isnan(np.exp(x + 900) / np.exp(x + 900).sum()).all()
    np.testing.assert_array_equal(softmax(x + 900), softmax(x))


def test_log_softmax_is_finite_where_the_log_of_softmax_is_not() -> None:
    x = np.array([0.0, 800.0])
    with np.errstate(all="ignore"):
        assert np.log(softmax(x))[0] == -np.inf
    assert log_softmax(x)[0] == -800


def test_log1p_keeps_the_loss_of_a_confident_prediction() -> None:
    assert np.log(1 + np.exp(-50.0)) == 0
    exact = float(mpmath.log1p(mpmath.exp(-50)))
    np.testing.assert_allclose(-log_softmax(np.array([0.0, 50.0]))[1], exact, rtol=20 * U)  # exp, log1p: 8 u each


def test_the_jacobian_of_softmax_is_p_i_times_delta_minus_p_j() -> None:
    x = np.array([1.0, -2.0, 4.0, 0.5])
    p = softmax(x)
    expected = p[:, np.newaxis] * (np.eye(4) - p)
    np.testing.assert_allclose(jacobian(lambda x: torch.softmax(x, -1), x), expected, rtol=0, atol=100 * U)
    for row, unit in zip(expected, np.eye(4), strict=True):
        by_complex_step = complex_step_gradient(partial(entry_of_softmax, unit), x.astype(complex))
        np.testing.assert_allclose(by_complex_step, row, rtol=0, atol=100 * U)


def entry_of_softmax(unit: Array, x: Array) -> Any:
    return softmax(x) @ unit


# The loss

LOGITS = np.array([[1.0, -2.0, 4.0], [0.5, 3.0, -1.0]])
LABELS = np.array([1, 0])


def dx_of_the_loss(x: Array, t: Array) -> Array:
    layer = SoftmaxWithLoss()
    layer.forward(x, t)
    return layer.backward()


def apart(x: Array, t: Array) -> Array:
    """−t/p of the logarithm, then the Jacobian of softmax: two backwards, one after the other."""
    p = softmax(x)
    dp = -t / p / len(x)
    return np.stack([row @ (np.diag(q) - np.outer(q, q)) for row, q in zip(dp, p, strict=True)])


def test_dx_of_the_loss_is_p_minus_t_over_N() -> None:
    t = np.eye(3)[LABELS]
    dx = dx_of_the_loss(LOGITS, LABELS)
    np.testing.assert_allclose(dx, (softmax(LOGITS) - t) / 2, rtol=0, atol=100 * U)
    np.testing.assert_allclose(dx, apart(LOGITS, t), rtol=0, atol=100 * U)
    J = jacobian(lambda x: torch.nn.functional.cross_entropy(x, torch.tensor(LABELS)), LOGITS)
    np.testing.assert_allclose(dx, J, rtol=0, atol=100 * U)


def test_rows_that_do_not_sum_to_1_weigh_p() -> None:
    t = np.array([[0.5, 0.0, 0.2], [2.0, 1.0, 0.0]])
    dx = dx_of_the_loss(LOGITS, t)
    np.testing.assert_allclose(dx, (softmax(LOGITS) * t.sum(1, keepdims=True) - t) / 2, rtol=0, atol=100 * U)
    np.testing.assert_allclose(dx, apart(LOGITS, t), rtol=0, atol=100 * U)
    assert abs(dx - (softmax(LOGITS) - t) / 2).max() > 0.1


def test_apart_softmax_and_log_give_nan_where_p_is_0() -> None:
    x, t = np.array([[0.0, 800.0]]), np.array([[1.0, 0.0]])
    with np.errstate(all="ignore"):
        assert np.isnan(apart(x, t)).any()
    np.testing.assert_array_equal(dx_of_the_loss(x, t), [[-1, 1]])


def test_p_minus_1_at_the_label_is_minus_the_sum_of_the_others() -> None:
    x, t = np.array([[50.0, 0.0, 3.0]]), np.array([0])
    assert softmax(x)[0, 0] - 1 == 0
    exact = -(mpmath.exp(-50) + mpmath.exp(-47)) / (1 + mpmath.exp(-50) + mpmath.exp(-47))
    np.testing.assert_allclose(dx_of_the_loss(x, t)[0, 0], float(exact), rtol=30 * U)  # two exp of 8 u, and S


# The network


def test_the_network_chains_the_layers_backwards() -> None:
    rng = np.random.default_rng(0)
    net = TwoLayerNet(7, 5, 3, weight_init_std=1, rng=rng, dtype=np.float64)
    x, t = rng.standard_normal((4, 7)), np.array([0, 2, 1, 1])
    W1, b1, W2, b2 = (net.params[key] for key in ("W1", "b1", "W2", "b2"))
    a = x @ W1 + b1
    h = np.maximum(a, 0)
    dz = (softmax(h @ W2 + b2) - np.eye(3)[t]) / 4
    da = dz @ W2.T * (a > 0)
    chained = {"W1": x.T @ da, "b1": da.sum(0), "W2": h.T @ dz, "b2": dz.sum(0)}
    autograd = autograd_network(twin(net), x, t)
    for key, gradient in net.gradient(x, t).items():
        # A few dozen roundings of numbers up to 10.
        np.testing.assert_allclose(gradient, chained[key], rtol=0, atol=1000 * U)
        np.testing.assert_allclose(gradient, autograd[f"d{key}"], rtol=0, atol=1000 * U)


# Differentiating without back-propagation


def central_difference(f: Callable[[float], float], x: float, h: float) -> float:
    return (f(x + h) - f(x - h)) / (2 * h)


@pytest.mark.parametrize("h", [1e-1, 1e-2, 1e-3])
def test_a_central_difference_errs_by_h_squared_over_6_of_the_third_derivative(h: float) -> None:
    error = central_difference(np.sin, 1.0, h) - np.cos(1.0)
    # sin‴ = −cos; the next term is h²/20 of this one, and rounding u / h.
    assert error == pytest.approx(-(h**2) / 6 * np.cos(1.0), rel=h**2 / 20 + 20 * U / h**3, abs=0)


def test_the_rounding_of_a_central_difference_is_u_f_over_h() -> None:
    points = np.linspace(0.5, 1.5, 200)
    for h in (1e-7, 1e-9, 1e-11):
        errors = [abs(central_difference(np.sin, x, h) - np.cos(x)) for x in points]
        # Each sine errs by u or less, the points x ± h by u: at most 4 u / h, and in the mean not much less.
        assert 0.1 * U / h < np.mean(errors) < 4 * U / h
    errors_at_1 = {
        h: abs(central_difference(np.sin, 1.0, h) - np.cos(1.0)) for h in (1e-9, 1e-7, np.cbrt(U), 1e-3, 1e-2)
    }
    assert min(errors_at_1, key=errors_at_1.__getitem__) == np.cbrt(U)


def test_the_complex_step_loses_no_digits() -> None:
    x = np.array([1.0, 2.0], complex)
    exact = np.cos(x.real) * np.exp(np.sin(x.real))
    got = complex_step_gradient(lambda z: np.exp(np.sin(z)).sum(), x)
    np.testing.assert_allclose(got, exact, rtol=40 * U)  # four functions of 8 u
    assert central_difference(np.sin, 1.0, 1e-200) == 0  # where a difference has none
