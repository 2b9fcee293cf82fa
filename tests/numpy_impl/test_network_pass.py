"""A pass of a network: its gradients, what it calls, what it leaves behind."""

import sys
import weakref
from typing import Any

import numpy as np
import pytest
from small_network import DOUT, ROWS, T, X, small_net

from numpy_impl import Affine, Network, ReLU, Sigmoid, SoftmaxWithLoss, Tanh, TwoLayerNet, complex_step_gradient
from numpy_impl.validation import Array
from torch_ref import verify


@pytest.mark.parametrize("t", [T, ROWS, ROWS.astype(bool), ROWS / 2 + 0.1])
def test_the_two_gradients_agree(t: Array) -> None:
    net = small_net()
    for name in ("b1", "b2"):
        net.params[name][...] = 0.1
    backprop, differences = net.gradient(X, t), net.numerical_gradient(X, t)
    assert list(backprop) == list(differences) == ["W1", "b1", "W2", "b2"]
    assert type(backprop) is type(differences) is dict
    for key, grad in backprop.items():
        # Truncation h²/6 |f‴| and rounding u |f| / h, with h = 1e-5.
        np.testing.assert_allclose(differences[key], grad, rtol=0, atol=1e-9)
        assert np.ptp(grad) > 1e-3


def test_the_complex_step_agrees_to_rounding() -> None:
    net, twin = small_net(), small_net(dtype=np.complex128)
    z = X.astype(complex)
    for key, grad in net.gradient(X, T).items():
        exact = complex_step_gradient(lambda _: twin.loss(z, T), twin.params[key])
        np.testing.assert_allclose(grad, exact, rtol=0, atol=50 * 2.0**-53)  # some fifty roundings of numbers below 1
    for key, grad in twin.gradient(z, T).items():
        np.testing.assert_allclose(grad, net.gradient(X, T)[key], rtol=0, atol=50 * 2.0**-53)


def test_after_gradient_the_loss_of_that_pass_is_kept() -> None:
    net = small_net()
    expected = net.loss(X, T)
    net.loss(X[:2], T[:2])
    net.gradient(X, T)
    assert net.last_layer.loss == expected


def test_a_pass_asks_the_first_layer_for_no_dx(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []
    backward = Affine._backward

    def watched(layer: Affine, dout: Array, x: Array) -> Any:
        asked.append(layer)
        return backward(layer, dout, x)

    monkeypatch.setattr(Affine, "_backward", watched)
    net = small_net()
    net.gradient(X, T)
    assert asked == [net.layers["Affine2"]]


def test_a_pass_keeps_neither_the_batch_nor_the_activations() -> None:
    class Watched(ReLU):
        def _forward(self, x: Array) -> Any:
            y, closed = super()._forward(x)
            seen.extend(weakref.ref(array) for array in (x, y))
            return y, closed

    net, x = small_net(), X.copy()
    net.layers["Relu1"] = Watched()
    for method in (net.loss, net.gradient, net.accuracy):
        seen: list[Any] = []
        method(x, T)
        assert len(seen) == 2
        assert not any(ref() is not None for ref in seen)
    assert sys.getrefcount(x) == 2  # `x` here, and the argument of getrefcount


def test_a_pass_leaves_gradients_masks_and_the_loss() -> None:
    net = small_net()
    gradients = net.gradient(X, T)
    first, relu, second = net.layers.values()
    for layer, number in ((first, 1), (second, 2)):
        assert layer.dW is gradients[f"W{number}"]
        assert layer.db is gradients[f"b{number}"]
    np.testing.assert_array_equal(relu.open, X @ first.W + first.b > 0, strict=True)
    np.testing.assert_array_equal(net.last_layer.t, T, strict=True)
    np.testing.assert_allclose(net.last_layer.y.sum(axis=1), 1, rtol=1e-15)  # three roundings
    reference = SoftmaxWithLoss()
    reference.forward(net.predict(X), T)
    np.testing.assert_array_equal(net.last_layer.backward(), reference.backward(), strict=True)


def test_a_layers_own_backward_belongs_to_its_own_forward() -> None:
    net, layer = small_net(), small_net().layers["Affine1"]
    net.layers["Affine1"] = layer
    net.gradient(X, T)
    with pytest.raises(RuntimeError, match="Affine: backward needs a forward before it"):
        layer.backward(DOUT)
    layer.forward(2 * X)
    net.gradient(X, T)
    layer.backward(DOUT)
    np.testing.assert_array_equal(layer.dW, (2 * X).T @ DOUT, strict=True)


def shared_net() -> tuple[Network, Affine]:
    rng = np.random.default_rng(0)
    shared = Affine(rng.standard_normal((4, 4)), rng.standard_normal(4))
    last = Affine(rng.standard_normal((4, 3)), np.zeros(3))
    layers = {"First": shared, "Relu": ReLU(), "Again": shared, "Last": last}
    return Network(layers, SoftmaxWithLoss()), shared


class OfItsOwn(Affine):
    def forward(self, x: Array) -> Array:
        self.x = [*getattr(self, "x", []), x]
        return x @ self.W + self.b

    def backward(self, dout: Array) -> Any:
        x = self.x.pop()
        self.dW, self.db = x.T @ dout, dout.sum(axis=0)
        return dout @ self.W.T


@pytest.mark.parametrize("kind", [Affine, OfItsOwn])
def test_a_layer_in_two_places_adds_its_gradients_up(kind: Any) -> None:
    net, shared = shared_net()
    expected = net.numerical_gradient(X, T)
    layer = kind(shared.W, shared.b)
    net.layers["First"] = net.layers["Again"] = layer
    gradients = net.gradient(X, T)
    assert list(gradients) == list(net.params) == ["First.W", "First.b", "Last.W", "Last.b"]
    for key, gradient in gradients.items():
        np.testing.assert_allclose(gradient, expected[key], rtol=0, atol=1e-8)  # h² f‴ / 6 and u f / h, h = 1e-5
    np.testing.assert_array_equal(layer.dW, gradients["First.W"], strict=True)


def test_a_forward_or_backward_of_ones_own_is_called(monkeypatch: pytest.MonkeyPatch) -> None:
    net = small_net()
    expected = net.gradient(X, T)
    relu = net.layers["Relu1"]
    monkeypatch.setattr(relu, "backward", lambda dout: 2 * ReLU.backward(relu, dout))
    np.testing.assert_array_equal(net.gradient(X, T)["W1"], 2 * expected["W1"], strict=True)
    monkeypatch.undo()

    class Halved(SoftmaxWithLoss):
        def backward(self, dout: Any = 1) -> Array:
            return super().backward(dout) / 2

    net.last_layer = Halved()
    np.testing.assert_array_equal(net.gradient(X, T)["W2"], expected["W2"] / 2, strict=True)
    assert net.last_layer.loss == net.loss(X, T)
    assert net.accuracy(X, net.predict(X).argmax(axis=1)) == 1


def test_the_first_layer_may_be_any() -> None:
    net = Network({"Tanh": Tanh(), "Affine": Affine(small_net().params["W1"], np.zeros(5))}, SoftmaxWithLoss())
    assert verify(net, X, T).ok


def test_a_network_of_any_layers_has_the_gradient_of_its_loss() -> None:
    rng = np.random.default_rng(0)
    net = Network(
        {
            "In": Affine(rng.standard_normal((4, 6)), rng.standard_normal(6)),
            "Tanh": Tanh(),
            "Middle": Affine(rng.standard_normal((6, 5)), rng.standard_normal(5)),
            "Sigmoid": Sigmoid(),
            "Out": Affine(rng.standard_normal((5, 3)), rng.standard_normal(3)),
        },
        SoftmaxWithLoss(),
    )
    x = np.random.default_rng(1).standard_normal((6, 4))
    report = verify(net, x, T)
    assert report.ok, report
    assert {row.name for row in report.rows} >= {"Tanh.dx", "Middle.dW", "loss", "dOut.b"}
    with pytest.raises(TypeError, match="Network: x must be float64, got float32"):
        net.loss(x.astype(np.float32), T)
    with pytest.raises(KeyError, match=r"Network: a parameter must be one of In\.W, In\.b"):
        net.params["W1"]


def wide_second_layer(net: TwoLayerNet) -> None:
    net.layers["Affine2"] = Affine(np.ones((5, 3), np.float32), np.ones(3, np.float32))


def long_second_layer(net: TwoLayerNet) -> None:
    net.layers["Affine2"] = Affine(np.ones((7, 3)), np.ones(3))


def short_second_layer(net: TwoLayerNet) -> None:
    net.layers["Affine2"] = Affine(np.ones((4, 3)), np.ones(3))


def narrow_first_layer(net: TwoLayerNet) -> None:
    net.layers["Affine1"] = Affine(np.ones((4, 5), np.float32), np.ones(5, np.float32))


def relu_that_drops_rows(net: TwoLayerNet) -> None:
    class Short(ReLU):
        def forward(self, x: Array) -> Array:
            return super().forward(x)[:1]

    net.layers["Relu1"] = Short()


@pytest.mark.parametrize(
    ("change", "error"),
    [
        (wide_second_layer, TypeError),
        (long_second_layer, ValueError),
        (short_second_layer, ValueError),
        (narrow_first_layer, TypeError),
        (relu_that_drops_rows, ValueError),
    ],
)
@pytest.mark.parametrize("method", ["loss", "gradient", "numerical_gradient"])
def test_layers_that_do_not_fit_are_refused_by_name_in_every_method(
    change: Any, error: type[Exception], method: str
) -> None:
    net = small_net()
    change(net)
    with pytest.raises(error, match=r"^(Affine|SoftmaxWithLoss|TwoLayerNet): "):
        getattr(net, method)(X.astype(net.params["W1"].dtype), T)
