"""Layers of a user's own within a network: subclasses, and layers with a forward or backward of their own."""

from typing import Any

import numpy as np
import pytest
from small_network import T, X

from numpy_impl import Affine, Network, Parameter, Sigmoid, SoftmaxWithLoss, Tanh
from numpy_impl.validation import Array

RNG = np.random.default_rng(0)
V, C, W, B = (RNG.standard_normal(shape) for shape in ((4, 4), 4, (4, 3), 3))


class Doubled(Affine):
    """Its gradients are twice those of its base, also where it is the first layer."""

    def _backward(self, dout: Array, x: Array) -> Any:
        dx, gradients = super()._backward(dout, x)
        return dx, {name: 2 * gradient for name, gradient in gradients.items()}


def test_a_backward_that_extends_another_holds_for_the_first_layer_too() -> None:
    plain = Network({"In": Affine(V, C), "Out": Affine(W, B)}, SoftmaxWithLoss()).gradient(X, T)
    doubled = Network({"In": Doubled(V, C), "Out": Doubled(W, B)}, SoftmaxWithLoss()).gradient(X, T)
    for name, gradient in plain.items():
        np.testing.assert_array_equal(doubled[name], 2 * gradient, strict=True)


class Logged(Affine):
    """It keeps one cache alone, as most layers do."""

    def forward(self, x: Array) -> Array:
        return super().forward(x)


def test_a_layer_with_one_cache_may_stand_in_two_places() -> None:
    def net(layer: Affine) -> Network:
        return Network({"In": layer, "Tanh": Tanh(), "Again": layer, "Out": Affine(W, B)}, SoftmaxWithLoss())

    expected = net(Affine(V, C)).gradient(X, T)
    for name, gradient in net(Logged(V, C)).gradient(X, T).items():
        np.testing.assert_array_equal(gradient, expected[name], strict=True)


class Mean:
    """dx is of a shape that only broadcasts, or of another dtype."""

    def __init__(self, dx: Any) -> None:
        self.dx = dx

    def forward(self, x: Array) -> Array:
        return x.copy()

    def backward(self, dout: Array) -> Any:
        return self.dx(dout)


@pytest.mark.parametrize(
    ("dx", "error", "message"),
    [
        (lambda d: d.mean(0, keepdims=True), ValueError, r"Mean: dx must have shape \(6, 3\), got \(1, 3\)"),
        (lambda d: d.astype(np.float32), TypeError, "Mean: dx must be float64, got float32"),
        (lambda d: d.tolist(), TypeError, "Mean: dx must be a NumPy array, got list"),
    ],
)
def test_what_a_backward_of_ones_own_returns_is_checked(dx: Any, error: type[Exception], message: str) -> None:
    net = Network({"Affine": Affine(W, B), "Mean": Mean(dx)}, SoftmaxWithLoss())
    with pytest.raises(error, match=message):
        net.gradient(X, T)


class InPlace:
    def forward(self, x: Array) -> Array:
        x *= 2
        return x

    def backward(self, dout: Array) -> Array:
        dout *= 2
        return dout


class WritesIntoItsGradient(Affine):
    def forward(self, x: Array) -> Array:
        self.x = x
        return x @ self.W + self.b

    def backward(self, dout: Array) -> Any:
        self.dW = np.zeros_like(self.W) if self.dW is None else self.dW
        np.matmul(self.x.T, dout, out=self.dW)
        self.db = dout.sum(axis=0)
        return dout @ self.W.T


def test_a_layer_that_works_in_place_spoils_nothing() -> None:
    layers = {"Affine": Affine(W, B), "Sigmoid": Sigmoid(), "Double": InPlace()}
    net, x = Network(layers, SoftmaxWithLoss()), X.copy()
    expected = net.numerical_gradient(X, T)
    for name, gradient in net.gradient(X, T).items():
        np.testing.assert_allclose(gradient, expected[name], rtol=0, atol=1e-8)  # h² f‴ / 6 and u f / h, h = 1e-5
    Network({"Double": InPlace(), "Affine": Affine(W, B)}, SoftmaxWithLoss()).gradient(x, T)
    np.testing.assert_array_equal(x, X, strict=True)

    net = Network({"Affine": WritesIntoItsGradient(W, B)}, SoftmaxWithLoss())
    first = net.gradient(X, T)["Affine.W"]
    kept = first.copy()
    net.gradient(2 * X, T)
    np.testing.assert_array_equal(first, kept, strict=True)


class Gain:
    g = Parameter()


class Scaled(Gain, Affine):
    def __init__(self, W: Array, b: Array, g: Array) -> None:
        super().__init__(W, b)
        self.g = g

    def _forward(self, x: Array) -> Any:
        y, _ = super()._forward(x)
        return self.g * y, (x, y)

    def _backward(self, dout: Array, cache: Any) -> Any:
        x, y = cache
        dx, gradients = super()._backward(self.g * dout, x)
        return dx, gradients | {"g": (dout * y).sum(axis=0)}


def test_a_parameter_of_any_base_is_one_of_the_layer() -> None:
    assert Scaled.parameter_names == ("W", "b", "g")
    net = Network({"Scaled": Scaled(W, B, np.array([1.0, 2.0, 3.0]))}, SoftmaxWithLoss())
    expected = net.numerical_gradient(X, T)
    for name, gradient in net.gradient(X, T).items():
        np.testing.assert_allclose(gradient, expected[name], rtol=0, atol=1e-8)  # as above


class ForgetsB(Affine):
    def _backward(self, dout: Array, x: Array) -> Any:
        dx, gradients = super()._backward(dout, x)
        return dx, {"W": gradients["W"]}


def test_where_a_gradient_is_missing_none_is_set() -> None:
    first = Affine(V, C)
    net = Network({"In": first, "Out": ForgetsB(W, B)}, SoftmaxWithLoss())
    with pytest.raises(KeyError, match="b"):
        net.gradient(X, T)
    assert first.dW is None


class Slotted:
    """Without a dictionary of attributes."""

    __slots__ = ("x",)

    def forward(self, x: Array) -> Array:
        return x

    def backward(self, dout: Array) -> Array:
        return dout


def test_a_layer_may_have_slots() -> None:
    net = Network({"Affine": Affine(W, B), "Slotted": Slotted()}, SoftmaxWithLoss())
    expected = Network({"Affine": Affine(W, B)}, SoftmaxWithLoss()).gradient(X, T)
    np.testing.assert_array_equal(net.gradient(X, T)["Affine.W"], expected["Affine.W"], strict=True)
