"""The gradients of TwoLayerNet: by back-propagation, what runs and what is guarded on the way."""

from typing import Any

import numpy as np
import pytest
from small_network import DOUT, ROWS, T, X, small_net

from numpy_impl import Affine, ReLU, TwoLayerNet, complex_step_gradient
from numpy_impl.validation import Array


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


def test_gradient_runs_each_forward_once_and_no_dx_of_the_first_layer(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[str] = []

    def watch(method: str) -> None:
        original = getattr(Affine, method)

        def watched(layer: Affine, argument: Array) -> Any:
            result = original(layer, argument)
            is_dx = method == "backward" and result is not None
            calls.append(f"{method} {len(layer.b)}" + ": dx" * is_dx)
            return result

        monkeypatch.setattr(Affine, method, watched)

    for method in ("forward", "backward"):
        watch(method)
    net = small_net()
    net.gradient(X, T)
    assert calls == ["forward 5", "forward 3", "backward 3: dx", "backward 5"]
    first = net.layers["Affine1"]
    assert first.backward(DOUT).shape == X.shape  # of its own, the layer has its dx


def test_layers_are_guarded_again_after_a_gradient() -> None:
    net = small_net()
    x = X.copy()
    net.gradient(x, T)

    class Broken(ReLU):
        def backward(self, _: Array) -> Array:
            raise ArithmeticError

    net.layers["Relu1"] = Broken()
    with pytest.raises(ArithmeticError):
        net.gradient(x, T)
    for layer in (*net.layers.values(), net.last_layer):
        assert layer.guarded
    first = net.layers["Affine1"]
    with pytest.raises(TypeError, match="Affine: x must be float64, got float32"):
        first.forward(X.astype(np.float32))
    first.forward(x)
    x[...] = 0  # which does not reach the copy that the layer has made
    np.testing.assert_array_equal(first.backward(DOUT), DOUT @ net.params["W1"].T, strict=True)
    np.testing.assert_array_equal(first.dW, X.T @ DOUT, strict=True)


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
    assert all(layer.guarded for layer in net.layers.values())


@pytest.mark.parametrize("method", ["gradient", "numerical_gradient"])
def test_both_gradients_leave_every_layer_guarded(method: str) -> None:
    net = small_net()
    getattr(net, method)(X, T)
    assert all(layer.guarded for layer in (*net.layers.values(), net.last_layer))


def test_a_gradient_leaves_what_was_said_of_the_input_gradient() -> None:
    net = small_net()
    for said in (False, True):
        net.layers["Affine1"].needs_input_grad = said
        net.gradient(X, T)
        assert net.layers["Affine1"].needs_input_grad is said


def test_within_a_gradient_x_is_not_copied() -> None:
    net = small_net()
    net.gradient(X, T)
    assert np.shares_memory(net.layers["Affine1"]._x, X)
    net.loss(X, T)
    assert not np.shares_memory(net.layers["Affine1"]._x, X)
