"""net.params: live in every form of change, and one array for each name."""

import copy
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from small_network import T, X, small_net

from numpy_impl import Affine, TwoLayerNet
from numpy_impl.validation import Array

CHANGES: dict[str, Callable[[TwoLayerNet, str, Array], None]] = {
    "written-into": lambda net, key, v: net.params[key].__setitem__(..., v),
    "subtracted": lambda net, key, v: net.params.__setitem__(key, net.params[key].__isub__(net.params[key] - v)),
    "rebound": lambda net, key, v: net.params.__setitem__(key, v),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
@pytest.mark.parametrize("key", ["W1", "b1", "W2", "b2"])
def test_a_change_of_params_takes_effect_in_the_layers(
    key: str, change: Callable[[TwoLayerNet, str, Array], None]
) -> None:
    net = small_net()
    before = net.predict(X)
    value = np.random.default_rng(3).integers(-4, 4, net.params[key].shape) / 4
    change(net, key, value)
    layer = net.layers["Affine1" if key.endswith("1") else "Affine2"]
    assert net.params[key] is layer.params[key[0]]
    np.testing.assert_allclose(net.params[key], value, rtol=0, atol=1e-15)  # x − (x − v), a rounding each
    W1, b1, W2, b2 = net.params.values()
    expected = np.maximum(X @ W1 + b1, 0) @ W2 + b2
    np.testing.assert_allclose(net.predict(X), expected, rtol=1e-14, atol=1e-14)  # another order of few sums
    assert (net.predict(X) != before).any()


def test_rebinding_is_an_assignment_and_leaves_the_old_array_alone() -> None:
    net = small_net()
    old, new = net.params["W1"], np.ones((4, 5))
    kept = old.copy()
    net.params["W1"] = new
    assert net.params["W1"] is new
    new *= 2
    np.testing.assert_array_equal(net.layers["Affine1"].params["W"], 2)
    np.testing.assert_array_equal(old, kept, strict=True)


def test_params_themselves_cannot_be_replaced() -> None:
    with pytest.raises(AttributeError):
        small_net().params = {}  # type: ignore[misc, assignment]


def test_a_subclass_with_a_backward_of_its_own_is_asked_as_first_layer() -> None:
    class Wrong(Affine):
        def backward(self, dout: Array) -> Any:
            dx = super().backward(dout)
            self.dW = self.dW * 0
            return dx

    net = small_net()
    net.layers["Affine1"] = Wrong(net.params["W1"], net.params["b1"])
    assert not net.gradient(X, T)["W1"].any()


def test_an_exchanged_layer_is_seen_by_params() -> None:
    net = small_net()
    net.layers["Affine1"] = Affine(np.ones((4, 5)), np.ones(5))
    np.testing.assert_array_equal(net.params["W1"], 1)


def test_a_deep_copy_is_a_network_of_its_own() -> None:
    net = small_net()
    other = copy.deepcopy(net)
    other.params["W1"] *= 0
    assert net.params["W1"].any()
    assert not other.layers["Affine1"].params["W"].any()
