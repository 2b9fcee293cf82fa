"""Normalizations beyond their pairs: the formulas of normalization.md by their names, options, digits, refusals."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from numpy_impl import BatchNorm, GroupNorm, Layer, LayerNorm, RMSNorm
from numpy_impl.validation import Array

U = 2.0**-53
RNG = np.random.default_rng(0)
GAMMA, BETA = RNG.uniform(0.5, 2, 4), RNG.standard_normal(4)
X, DOUT = RNG.standard_normal((6, 4)), RNG.standard_normal((6, 4))
NEAR = 400 * U  # of numbers of the size of 10: some forty roundings

MAKERS: dict[str, Callable[[Array, Array], Layer]] = {
    "batch": BatchNorm,
    "layer": LayerNorm,
    "rms": lambda gamma, _: RMSNorm(gamma),
    "group": lambda gamma, beta: GroupNorm(gamma, beta, groups=2),
}


def normalized(x: Array, axis: int) -> tuple[Array, Array]:
    r = 1 / np.sqrt(x.var(axis, keepdims=True) + 1e-5)
    return (x - x.mean(axis, keepdims=True)) * r, r


def test_x_hat_has_mean_0_and_variance_1() -> None:
    for layer, axis in ((LayerNorm(np.ones(4), np.zeros(4)), -1), (BatchNorm(np.ones(4), np.zeros(4)), 0)):
        layer.eps = 0.0
        x_hat = layer.forward(1000 + 5 * X)
        np.testing.assert_allclose(x_hat.mean(axis), 0, atol=1e4 * U)  # u μ / σ, a few times
        np.testing.assert_allclose(x_hat.var(axis), 1, atol=1e4 * U)


def jacobian(x: Array) -> Array:
    """∂x̂_i / ∂x_j = r (δ_ij − 1/n − x̂_i x̂_j / n) of a vector."""
    x_hat, r = normalized(x, 0)
    n = len(x)
    return r * (np.eye(n) - 1 / n - np.outer(x_hat, x_hat) / n)


def test_the_jacobian_of_a_normalization_is_two_projections_times_r() -> None:
    x, h = X[:, 0], 1e-5
    differences = [(normalized(x + h * e, 0)[0] - normalized(x - h * e, 0)[0]) / (2 * h) for e in np.eye(6)]
    np.testing.assert_allclose(jacobian(x), np.transpose(differences), atol=1e-8)  # h² and u / h, with room


def test_dx_is_r_times_dx_hat_less_two_means() -> None:
    layer = BatchNorm(GAMMA, BETA)
    layer.forward(X)
    wanted = np.stack([jacobian(X[:, c]).T @ (GAMMA[c] * DOUT[:, c]) for c in range(4)], axis=1)
    np.testing.assert_allclose(layer.backward(DOUT), wanted, atol=NEAR)
    other = LayerNorm(GAMMA, BETA)
    other.forward(X)
    wanted = np.stack([jacobian(X[n]).T @ (GAMMA * DOUT[n]) for n in range(6)])
    np.testing.assert_allclose(other.backward(DOUT), wanted, atol=NEAR)


def test_the_computational_graph_gives_the_same_dx() -> None:
    """Node by node, from the last: x̂ = (x − μ) r, r = v^(−1/2), v = mean(d²) + eps, d = x − μ, μ = mean(x)."""
    n = len(X)
    d = X - X.mean(0)
    r = 1 / np.sqrt((d * d).mean(0) + 1e-5)
    dx_hat = GAMMA * DOUT
    dr = (dx_hat * d).sum(0)
    dv = dr * -0.5 * r**3
    dd = dx_hat * r + dv * 2 * d / n
    dmu = -dd.sum(0)
    layer = BatchNorm(GAMMA, BETA)
    layer.forward(X)
    np.testing.assert_allclose(layer.backward(DOUT), dd + dmu / n, atol=NEAR)


def test_dgamma_and_dbeta_are_sums_over_samples() -> None:
    layer = LayerNorm(GAMMA, BETA)
    layer.forward(X.reshape(2, 3, 4))
    layer.backward(DOUT.reshape(2, 3, 4))
    np.testing.assert_allclose(layer.dgamma, (DOUT * normalized(X, -1)[0]).sum(0), atol=NEAR)
    np.testing.assert_allclose(layer.dbeta, DOUT.sum(0), atol=NEAR)


def test_dx_is_orthogonal_to_1_and_to_x_hat_where_eps_is_0() -> None:
    """Neither an offset nor a scale of what is normalized changes y."""
    layer = LayerNorm(GAMMA, BETA, eps=0)
    layer.forward(X)
    dx = layer.backward(DOUT)
    np.testing.assert_allclose(dx.sum(-1), 0, atol=NEAR)
    np.testing.assert_allclose((dx * X).sum(-1), 0, atol=NEAR)


def test_dx_of_rms_norm_has_one_mean_alone() -> None:
    layer = RMSNorm(GAMMA)
    layer.forward(X)
    r = 1 / np.sqrt((X * X).mean(-1, keepdims=True) + 1e-5)
    d = GAMMA * DOUT
    wanted = r * (d - X * r * (d * X * r).mean(-1, keepdims=True))
    np.testing.assert_allclose(layer.backward(DOUT), wanted, atol=NEAR)


def test_group_norm_of_one_group_and_of_as_many_as_channels() -> None:
    x, rows = RNG.standard_normal((2, 4, 3)), (2, 12)
    y = GroupNorm(np.ones(4), np.zeros(4), groups=1).forward(x)
    np.testing.assert_allclose(y.reshape(rows), normalized(x.reshape(rows), -1)[0], atol=NEAR)
    y = GroupNorm(np.ones(4), np.zeros(4), groups=4).forward(x)
    np.testing.assert_allclose(y, normalized(x, -1)[0], atol=NEAR)


def test_a_large_mean_costs_no_more_digits_than_its_own() -> None:
    """μ errs by some u |μ|, σ² by as much; mean(x²) − μ² would have lost 2 · 10⁻⁸ of it, 10⁸ u."""
    x = X + 1e4
    exact = normalized((x.astype(np.longdouble) - 10000), -1)[0].astype(float)
    y = LayerNorm(np.ones(4), np.zeros(4)).forward(x)
    np.testing.assert_allclose(y, exact, rtol=0, atol=30 * 1e4 * U)
    by_squares = (x - x.mean(-1, keepdims=True)) / np.sqrt(
        (x * x).mean(-1, keepdims=True) - x.mean(-1, keepdims=True) ** 2 + 1e-5
    )
    assert abs(by_squares - exact).max() > 300 * 1e4 * U


def test_what_is_constant_gives_beta() -> None:
    for make in (BatchNorm, LayerNorm):
        layer: Any = make(GAMMA, BETA)
        np.testing.assert_array_equal(layer.forward(np.full((4, 4), 3.0)), np.tile(BETA, (4, 1)))
    np.testing.assert_array_equal(LayerNorm(np.ones(1), np.zeros(1)).forward(X[:, :1]), np.zeros((6, 1)))


@pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.complex128])
def test_results_have_the_dtype_of_the_parameters(make: Any, dtype: Any) -> None:
    layer = make(GAMMA.astype(dtype), BETA.astype(dtype))
    assert layer.forward(X.astype(dtype)).dtype == layer.backward(DOUT.astype(dtype)).dtype == dtype
    assert {getattr(layer, f"d{name}").dtype for name in layer.params} == {np.dtype(dtype)}


@pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)
@pytest.mark.parametrize("shape", [(0, 4), (0, 4, 3, 2), (2, 4, 0)])
def test_an_empty_batch_gives_empty_results_and_zero_gradients(make: Any, shape: tuple[int, ...]) -> None:
    shape = (*shape[:1], *shape[2:], 4) if make in (LayerNorm, MAKERS["rms"]) else shape
    layer, empty = make(GAMMA, BETA), np.empty(shape)
    assert layer.forward(empty).shape == layer.backward(empty).shape == shape
    for name in layer.params:
        np.testing.assert_array_equal(getattr(layer, f"d{name}"), np.zeros(4))
    if isinstance(layer, BatchNorm):
        np.testing.assert_array_equal(layer.running_mean, np.zeros(4))
        np.testing.assert_array_equal(layer.running_var, np.ones(4))


def test_options_of_numpys_own_types_leave_the_dtype() -> None:
    layer = BatchNorm(GAMMA.astype(np.float32), BETA.astype(np.float32), eps=np.float64(1e-3), momentum=np.float64(0.5))
    assert layer.forward(X.astype(np.float32)).dtype == layer.running_var.dtype == np.float32


VECTOR = "gamma must be a vector of one number or more, got shape"
REFUSED: list[tuple[Any, type[Exception], str]] = [
    (lambda: LayerNorm(np.ones((2, 2)), np.ones((2, 2))), ValueError, rf"LayerNorm: {VECTOR} \(2, 2\)"),
    (lambda: RMSNorm(np.ones(0)), ValueError, rf"RMSNorm: {VECTOR} \(0,\)"),
    (lambda: RMSNorm([1.0]), TypeError, "RMSNorm: gamma must be a NumPy array, got list"),  # type: ignore[arg-type]
    (lambda: LayerNorm(GAMMA, BETA[:1]), ValueError, r"LayerNorm: beta must have shape \(4,\), got \(1,\)"),
    (lambda: LayerNorm(GAMMA, None), TypeError, "LayerNorm: beta must be a NumPy array, got None"),  # type: ignore[arg-type]
    (lambda: LayerNorm(GAMMA, BETA.astype("f")), TypeError, "LayerNorm: beta must be float64, got float32"),
    (lambda: LayerNorm(GAMMA, BETA, eps=-1), ValueError, "LayerNorm: eps must be from 0 to 1.8e[+]308, got -1"),
    (lambda: RMSNorm(GAMMA, eps=np.nan), ValueError, "RMSNorm: eps must be from 0 to 1.8e[+]308, got nan"),
    (lambda: GroupNorm(GAMMA, BETA, groups=3), ValueError, "GroupNorm: groups must be a divisor of the 4 channels, g"),
    (lambda: GroupNorm(GAMMA, BETA, groups=0), ValueError, "GroupNorm: groups must be 1 or more, got 0"),
    (lambda: GroupNorm(GAMMA, BETA, groups=2.0), TypeError, "GroupNorm: groups must be an integer, got float"),  # type: ignore[arg-type]
    (
        lambda: GroupNorm(GAMMA, BETA, groups=2).forward(X[0]),
        ValueError,
        "GroupNorm: x must have 4 channels in its sec",
    ),
    (
        lambda: LayerNorm(GAMMA, BETA).forward(X[:, 1:]),
        ValueError,
        "LayerNorm: x must have 4 features in its last axis",
    ),
    (lambda: LayerNorm(GAMMA, BETA).forward(np.array(1.0)), ValueError, "LayerNorm: x must have 4 features"),
]


@pytest.mark.parametrize(("call", "error", "message"), REFUSED)
def test_what_is_refused(call: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        call()


def test_an_infinite_dout_is_nan_in_its_own_sample_as_in_pytorch() -> None:
    dout = DOUT.copy()
    dout[0, 1] = np.inf
    layer, theirs = LayerNorm(GAMMA, BETA), nn.LayerNorm(4, dtype=torch.float64)
    layer.forward(X)
    x = torch.from_numpy(X).requires_grad_()
    theirs(x).backward(torch.from_numpy(dout))
    grad: Any = x.grad
    np.testing.assert_array_equal(np.isnan(layer.backward(dout)), grad.isnan().numpy())
