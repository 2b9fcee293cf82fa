"""TwoLayerNet.numerical_gradient: the central difference of each entry, of any network, leaving it as loss does."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from small_network import T, X, small_net

from numpy_impl import Affine, ReLU, SoftmaxWithLoss, TwoLayerNet, numerical_gradient
from numpy_impl.validation import Array
from torch_ref.checks.contract import LAYOUTS


def test_numerical_gradient_takes_read_only_parameters_and_leaves_them() -> None:
    net = small_net()
    expected, W1 = net.gradient(X, T)["W1"], net.params["W1"]
    W1.setflags(write=False)
    np.testing.assert_allclose(net.numerical_gradient(X, T)["W1"], expected, rtol=0, atol=1e-9)  # as above
    assert net.params["W1"] is W1


def test_numerical_gradient_differentiates_the_forward_of_the_very_layers() -> None:
    class Slipped(Affine):
        def forward(self, x: Array) -> Array:
            return super().forward(x) + self.b

    net = small_net()
    net.layers["Affine1"] = Slipped(net.params["W1"], net.params["b1"])
    got = net.numerical_gradient(X, T)["b1"]
    np.testing.assert_allclose(got, 2 * net.gradient(X, T)["b1"], rtol=0, atol=1e-9)  # h² and u |f| / h, as above


def test_numerical_gradient_calls_no_backward(monkeypatch: pytest.MonkeyPatch) -> None:
    net = small_net()
    before = {key: p.tobytes() for key, p in net.params.items()}

    def forbidden(*_: object) -> None:
        raise AssertionError("backward was called")

    for layer in (Affine, ReLU, SoftmaxWithLoss):
        monkeypatch.setattr(layer, "backward", forbidden)
    net.numerical_gradient(X, T)
    assert {key: p.tobytes() for key, p in net.params.items()} == before


@pytest.mark.parametrize(("at", "value"), [("x", np.inf), ("x", np.nan), ("W1", 1e308), ("W2", np.inf)])
def test_infinity_nan_and_overflow_propagate_without_a_warning(at: str, value: float) -> None:
    net, x = small_net(), 10 * X
    (x if at == "x" else net.params[at])[0, :] = value
    with np.errstate(all="raise"):
        assert np.isnan(net.numerical_gradient(x, T)["b2"]).any()


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS)
def test_x_may_lie_in_any_layout(layout: Callable[[Array], Array]) -> None:
    expected = small_net().numerical_gradient(X, T)
    for key, gradient in small_net().numerical_gradient(layout(X), T).items():
        # A product may sum in another order: u |f| / h, a few times.
        np.testing.assert_allclose(gradient, expected[key], rtol=0, atol=1e-10, strict=True)


def test_what_a_subclass_adds_to_the_loss_is_differentiated_too() -> None:
    class Decayed(TwoLayerNet):
        def loss(self, x: Array, t: Array) -> Any:
            return super().loss(x, t) + 0.5 * (self.params["W1"] ** 2).sum()

    class Doubled(TwoLayerNet):
        def predict(self, x: Array) -> Array:
            return 2 * super().predict(x)

    for kind in (Decayed, Doubled):
        net = kind(4, 5, 3, 0.5, rng=0, dtype=np.float64)
        expected = numerical_gradient(lambda _, net=net: net.loss(X, T), net.params["W1"])  # type: ignore[misc]
        np.testing.assert_array_equal(net.numerical_gradient(X, T)["W1"], expected, strict=True)


def test_what_is_put_in_the_place_of_a_method_is_differentiated_too(monkeypatch: pytest.MonkeyPatch) -> None:
    net = small_net()
    plain = net.predict
    monkeypatch.setattr(net, "predict", lambda x: 2 * plain(x))
    expected = numerical_gradient(lambda _: net.loss(X, T), net.params["b2"])
    np.testing.assert_array_equal(net.numerical_gradient(X, T)["b2"], expected, strict=True)
