"""The NumPy network beside its PyTorch twin: gradients, single steps and whole trainings agree."""

from typing import Any

import numpy as np
import pytest
import torch
from pair_inputs import both_dtypes, normal, one_hot
from tolerances import affine_radii, assert_entries_within, assert_within, loss_radii, unit_roundoff

from numpy_impl import SGD, Affine, TwoLayerNet
from numpy_impl.checks import Array
from torch_ref import (
    NumpyTrainer,
    TorchTrainer,
    autograd_layer,
    autograd_loss,
    autograd_network,
    backprop_layer,
    backprop_loss,
    backprop_network,
    drift,
    params_of,
    twin,
)


def book_net(dtype: Any, std: float = 0.01) -> TwoLayerNet:
    return TwoLayerNet(784, 50, 10, std, rng=0, dtype=dtype)


def network_radius(expected: Array) -> float:
    """For what went through the whole network: 10,000 u of the largest entry, in both dtypes alike.

    Each product is within γ_784 Σ |a||b| of the exact one, and Σ |a||b| is about 10 times the product here. That is
    weak for small entries in float32; the layers where they stand are compared entry by entry.
    """
    return 10_000 * unit_roundoff(expected.dtype) * float(abs(expected).max())


def assert_networks_agree(net: TwoLayerNet, x: Array, t: Array) -> None:
    got, expected = backprop_network(net, x, t), autograd_network(twin(net), x, t)
    assert list(got) == list(expected) == ["loss", "dW1", "db1", "dW2", "db2"]
    for name, value in got.items():
        assert_entries_within(name, value, expected[name], network_radius(expected[name]))


@both_dtypes
@pytest.mark.parametrize("std", [0.01, 0.1])
@pytest.mark.parametrize("rows", [False, True])
def test_network_agrees_on_mnist(mnist: tuple[Array, Array], std: float, rows: bool, dtype: Any) -> None:
    x, t = mnist[0][:100].astype(dtype), mnist[1][:100]
    net = book_net(dtype, std)
    for name in ("b1", "b2"):  # zero biases would hide that they are missing
        net.params[name][...] = normal(1, *net.params[name].shape, dtype=dtype) * dtype(0.1)
    assert_networks_agree(net, x, one_hot(t, 10, dtype) if rows else t)
    got, expected = NumpyTrainer(net, lr=0.1).predict(x), TorchTrainer(net, lr=0.1).predict(x)
    assert_entries_within("logits", got, expected, network_radius(expected))


@both_dtypes
@pytest.mark.parametrize("std", [0.01, 0.1])
def test_each_layer_agrees_where_it_stands_in_the_network(mnist: tuple[Array, Array], std: float, dtype: Any) -> None:
    """On the inputs and the upstream gradients that it really gets, to its own rounding bound, entry by entry."""
    net, x, t = book_net(dtype, std), mnist[0][:100].astype(dtype), mnist[1][:100]
    net.gradient(x, t)
    inputs = [x]
    for layer in net.layers.values():
        inputs.append(layer.forward(inputs[-1]))
    loss = net.last_layer
    got, expected = backprop_loss(loss, inputs[-1], t), autograd_loss(twin(loss), inputs[-1], t)
    assert_within(got, expected, loss_radii(inputs[-1], one_hot(t, 10, dtype)))
    dout = got["dx"]
    for layer, layer_input in zip(reversed(net.layers.values()), reversed(inputs[:-1]), strict=True):
        got, expected = backprop_layer(layer, layer_input, dout), autograd_layer(twin(layer), layer_input, dout)
        if isinstance(layer, Affine):
            assert_within(got, expected, affine_radii(layer.W, layer.b, layer_input, dout))
        else:
            np.testing.assert_array_equal(got["dx"], expected["dx"], strict=True)
        dout = got["dx"]


@both_dtypes
def test_network_agrees_with_exact_zeros_at_the_relu(dtype: Any) -> None:
    net = TwoLayerNet(4, 3, 2, 1.0, rng=1, dtype=dtype)
    x = normal(2, 6, 4, dtype=dtype)
    x[::2] = 0  # with zero biases every pre-activation of these rows is exactly 0
    assert_networks_agree(net, x, np.array([0, 1, 1, 0, 1, 0]))
    assert (net.layers["Affine1"].forward(x)[::2] == 0).all()


@both_dtypes
def test_ten_steps_of_sgd_agree_after_each(mnist: tuple[Array, Array], dtype: Any) -> None:
    net = book_net(dtype)
    ours, theirs = NumpyTrainer(net, lr=0.1), TorchTrainer(net, lr=0.1)
    before = {name: value.copy() for name, value in net.params.items()}
    for step in range(10):
        x, t = (part[step * 100 : step * 100 + 100] for part in mnist)
        x = x.astype(dtype)
        loss, their_loss = ours.step(x, t), theirs.step(x, t)
        assert abs(loss - their_loss) <= 10_000 * unit_roundoff(dtype)
        for name, value in params_of(theirs.net).items():
            assert_entries_within(name, net.params[name], value, (step + 1) * network_radius(value))
            assert abs(value - before[name]).max() > 1e-4, "the step moved nothing"


def test_float64_trajectories_stay_within_1e12_for_600_steps(mnist: tuple[Array, Array]) -> None:
    net = book_net(np.float64)
    ours, theirs = NumpyTrainer(net, lr=0.1), TorchTrainer(net, lr=0.1)
    start = net.params["W1"].copy()
    rng = np.random.default_rng(0)
    for _ in range(600):
        batch = rng.integers(0, 1000, 100)
        x, t = mnist[0][batch], mnist[1][batch]
        ours.step(x, t)
        theirs.step(x, t)
        assert drift(ours, theirs) <= 1e-12
    assert abs(net.params["W1"] - start).max() > 0.1


def test_sgd_equals_pytorch_in_float64() -> None:
    # lr = 2^-3 makes lr · grad exact, so that the two round once, with or without FMA.
    p, g = normal(0, 5, 4), normal(1, 5, 4)
    theirs = torch.nn.Parameter(torch.tensor(p))
    theirs.grad = torch.tensor(g)
    torch.optim.SGD([theirs], lr=0.125).step()
    SGD(0.125).update({"p": p}, {"p": g})
    np.testing.assert_array_equal(p, theirs.detach().numpy(), strict=True)
