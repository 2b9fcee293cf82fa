"""Each formula of numpy_impl/README.md, by its name, against what it is derived from.

Where the data are small integers nothing rounds, and equal means equal. u is the unit roundoff of float64.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from jacobians import U, jacobian

from numpy_impl import (
    Affine,
    ReLU,
    SoftmaxWithLoss,
    TwoLayerNet,
    complex_step_gradient,
    numerical_gradient,
    softmax,
)
from numpy_impl.validation import Array
from torch_ref import Example, pair_of, torch_results, twin

N, D, M = 6, 5, 3


def integers(*shape: int) -> Array:
    """Uneven, of both signs, without 0."""
    return np.random.default_rng(sum(shape)).choice([-3.0, -2.0, -1.0, 1.0, 2.0, 5.0], shape)


def affine(x: Array, dout: Array) -> Affine:
    layer = Affine(integers(D, M), integers(M))
    layer.forward(x)
    layer.backward(dout)
    return layer


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
    exact = isinstance(layer, Affine | ReLU)
    np.testing.assert_allclose(layer.backward(dout), expected, rtol=0, atol=0 if exact else 100 * U)


# Affine


def test_dW_is_x_transposed_times_dout() -> None:
    x, dout = integers(N, D), integers(N, M)
    layer = affine(x, dout)
    for d in range(D):
        for m in range(M):
            assert layer.dW[d, m] == sum(x[n, d] * dout[n, m] for n in range(N))
    J = jacobian(lambda W: torch.tensor(x) @ W + torch.tensor(layer.b), layer.W)  # (N, M, D, M)
    for m in range(M):
        np.testing.assert_array_equal(J[:, m, :, m], x, strict=True)  # ∂y_nm/∂W_dm = x_nd
    assert np.count_nonzero(J) == M * np.count_nonzero(x)  # and nothing else


def test_db_is_the_sum_of_dout_and_no_mean() -> None:
    dout = integers(N, M)
    layer = affine(integers(N, D), dout)
    for m in range(M):
        assert layer.db[m] == sum(dout[n, m] for n in range(N)) != np.mean(dout[:, m])
    J = jacobian(lambda b: torch.tensor(integers(N, D) @ layer.W) + b, layer.b)  # (N, M, M)
    np.testing.assert_array_equal(J, np.broadcast_to(np.eye(M), (N, M, M)), strict=True)  # ∂y_nm/∂b_m = 1, N times


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
    np.testing.assert_array_equal(layer.dW, np.einsum("atd,atm->dm", x, dout), strict=True)
    np.testing.assert_array_equal(layer.db, dout.sum((0, 1)), strict=True)
    np.testing.assert_array_equal(layer.dW, flat.dW, strict=True)
    dx = flat.backward(dout.reshape(8, M)).reshape(2, 4, D)
    np.testing.assert_array_equal(layer.backward(dout), dx, strict=True)


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
    autograd = torch_results(pair_of(net), Example(net, {"x": x, "t": t}))
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


@pytest.mark.parametrize("offset", [0.0, 1000.0])
def test_the_rounding_of_a_central_difference_is_u_f_over_h(offset: float) -> None:
    points = np.linspace(0.5, 1.5, 200)

    def mean_error(h: float) -> Any:
        return np.mean([abs(central_difference(lambda x: offset + np.sin(x), x, h) - np.cos(x)) for x in points])

    for h in (1e-7, 1e-9, 1e-11):
        # Each f errs by u |f| or less, the points x ± h by u: 2 (|f| + 1) u / 2h, and in the mean not much less.
        assert 0.1 * (offset + 0.5) * U / h < mean_error(h) < (offset + 2) * U / h
    if not offset:
        assert min((1e-7, 1e-6, np.cbrt(U), 3e-5, 3e-4), key=mean_error) == np.cbrt(U)


def test_the_step_of_numerical_gradient_is_near_the_best_one() -> None:
    x = np.linspace(0.5, 1.5, 200)
    errors = abs(numerical_gradient(lambda x: np.sin(x).sum(), x) - np.cos(x))
    # h = 1e-5: h²/6 of truncation, and the sum of 200 sines, 168, is rounded by 10 u of it or less.
    assert errors.max() < 1e-10 / 6 + 10 * 168 * U / 1e-5


def test_the_complex_step_loses_no_digits() -> None:
    x = np.array([1.0, 2.0], complex)
    exact = np.cos(x.real) * np.exp(np.sin(x.real))
    got = complex_step_gradient(lambda z: np.exp(np.sin(z)).sum(), x)
    np.testing.assert_allclose(got, exact, rtol=40 * U)  # four functions of 8 u
    assert central_difference(np.sin, 1.0, 1e-200) == 0  # where a difference has none
