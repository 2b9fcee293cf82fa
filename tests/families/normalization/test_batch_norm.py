"""BatchNorm's statistics: the running ones, its two modes, its state."""

from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from numpy_impl import Affine, BatchNorm, Network, ReLU, SoftmaxWithLoss
from torch_ref import twin, verify

U = 2.0**-53
RNG = np.random.default_rng(0)
GAMMA, BETA = RNG.uniform(0.5, 2, 4), RNG.standard_normal(4)
X, DOUT = RNG.standard_normal((6, 4)), RNG.standard_normal((6, 4))
NEAR = 200 * U


def layer_after(*batches: Any, **options: Any) -> BatchNorm:
    layer = BatchNorm(GAMMA, BETA, **options)
    for batch in batches:
        layer.forward(batch)
    return layer


def test_the_running_variance_is_the_unbiased_one_and_momentum_weighs_the_new() -> None:
    layer = layer_after(X, momentum=0.25)
    np.testing.assert_allclose(layer.running_mean, 0.25 * X.mean(0), atol=NEAR)
    np.testing.assert_allclose(layer.running_var, 0.75 + 0.25 * X.var(0, ddof=1), atol=NEAR)


def test_the_running_statistics_are_pytorchs_after_many_batches() -> None:
    layer = layer_after()
    module: Any = nn.BatchNorm2d(4, dtype=torch.float64)
    for _ in range(20):
        batch = RNG.standard_normal((3, 4, 2, 5))
        layer.forward(batch)
        module(torch.from_numpy(batch))
    np.testing.assert_allclose(layer.running_mean, module.running_mean, atol=20 * NEAR)
    np.testing.assert_allclose(layer.running_var, module.running_var, atol=20 * NEAR)


def test_in_evaluation_the_statistics_are_constants() -> None:
    layer = layer_after(X, 2 * X + 1)
    layer.training = False
    r = 1 / np.sqrt(layer.running_var + 1e-5)
    y = layer.forward(X)
    np.testing.assert_allclose(y, GAMMA * (X - layer.running_mean) * r + BETA, atol=NEAR)
    np.testing.assert_allclose(layer.backward(DOUT), GAMMA * r * DOUT, atol=NEAR)
    np.testing.assert_allclose(layer.dgamma, (DOUT * (X - layer.running_mean) * r).sum(0), atol=NEAR)
    np.testing.assert_array_equal(layer.forward(X[:1]), y[:1])  # a sample by itself


def test_evaluation_moves_nothing_and_a_pass_replaces_the_statistics() -> None:
    layer = layer_after(X)
    mean, kept = layer.running_mean, layer.running_mean.copy()
    layer.training = False
    layer.forward(X)
    assert layer.running_mean is mean
    layer.training = True
    layer.forward(X)
    np.testing.assert_array_equal(mean, kept)  # the array that was read is as it was
    assert layer.running_mean is not mean


def test_the_mode_at_forward_decides() -> None:
    layer = layer_after(X)
    dx = layer.backward(DOUT)
    layer.training = False
    np.testing.assert_array_equal(layer.backward(DOUT), dx)
    layer.forward(X)
    dx = layer.backward(DOUT)
    layer.training = True
    np.testing.assert_array_equal(layer.backward(DOUT), dx)


@pytest.mark.parametrize("momentum", [0, 1])
def test_a_momentum_of_0_keeps_the_first_and_of_1_the_last(momentum: float) -> None:
    layer = layer_after(X, momentum=momentum)
    np.testing.assert_allclose(layer.running_mean, momentum * X.mean(0), atol=NEAR)
    np.testing.assert_allclose(layer.running_var, X.var(0, ddof=1) if momentum else np.ones(4), atol=NEAR)


def test_one_value_a_channel_is_refused_in_training_alone() -> None:
    layer = layer_after(X)
    before = layer.state
    with pytest.raises(
        ValueError, match=r"BatchNorm: x must have more than one value for each channel in training, got "
    ):
        layer.forward(X[:1])
    np.testing.assert_array_equal(layer.running_mean, before["running_mean"])
    assert layer.forward(X[:1, :, None].repeat(2, 2)).shape == (1, 4, 2)  # of two places
    layer.training = False
    assert layer.forward(X[:1]).shape == (1, 4)


def test_its_state_is_of_copies_and_can_be_put_back() -> None:
    layer = layer_after(X)
    state = layer.state
    state["running_mean"][...] = 7
    assert not (layer.running_mean == 7).any()
    other = layer_after()
    other.state = state
    state["running_mean"][...] = 8
    np.testing.assert_array_equal(other.running_mean, np.full(4, 7.0))
    np.testing.assert_array_equal(other.running_var, layer.running_var)


def test_a_state_that_is_refused_changes_nothing() -> None:
    layer = layer_after(X)
    before = layer.state
    for state, error, message in (
        ({}, ValueError, "BatchNorm: state must have the keys running_mean, running_var, got none"),
        (
            {**before, "running_var": np.ones(3)},
            ValueError,
            r"BatchNorm: running_var must have shape \(4,\), got \(3,\)",
        ),
        ({**before, "running_mean": np.ones(4), "running_var": None}, TypeError, "running_var must be a NumPy array"),
    ):
        with pytest.raises(error, match=message):
            layer.state = state
        np.testing.assert_array_equal(layer.running_mean, before["running_mean"])
    with pytest.raises(TypeError, match="BatchNorm: running_mean must be float64, got float32"):
        layer.running_mean = np.ones(4, np.float32)
    with pytest.raises(ValueError, match="BatchNorm: momentum must be from 0 to 1, got 2"):
        BatchNorm(GAMMA, BETA, momentum=2)


def network() -> Network:
    rng = np.random.default_rng(1)
    first, last = ((rng.standard_normal(shape), rng.standard_normal(shape[1])) for shape in ((3, 4), (4, 2)))
    layers = {"affine": Affine(*first), "norm": BatchNorm(GAMMA, BETA), "relu": ReLU(), "last": Affine(*last)}
    return Network(layers, SoftmaxWithLoss())


def test_in_a_network_each_pass_moves_them_once_and_differences_not_at_all() -> None:
    net, t = network(), np.array([0, 1, 0, 1, 1, 0])
    x = RNG.standard_normal((6, 3))
    affine, norm = net.layers["affine"], net.layers["norm"]
    h = x @ affine.W + affine.b
    numerical = net.numerical_gradient(x, t)
    np.testing.assert_allclose(norm.running_mean, 0.1 * h.mean(0), atol=NEAR)  # of the one pass at its end
    for name, gradient in net.gradient(x, t).items():
        np.testing.assert_allclose(numerical[name], gradient, rtol=0, atol=1e-8)  # h² and u / h, with room
    assert {*net.state} == {"norm"}


def test_its_twin_is_a_batch_norm_of_any_rank_and_verify_takes_it() -> None:
    layer = layer_after(X)
    module = twin(layer)
    assert isinstance(module, nn.BatchNorm1d)
    for shape in ((6, 4), (3, 4, 2), (2, 4, 3, 2)):
        x = RNG.standard_normal(shape)
        report = verify(layer, x, dout=RNG.standard_normal(shape))
        assert report.ok, report
