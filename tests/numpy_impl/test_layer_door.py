"""What belongs to the caller stays the caller's, beyond what test_battery checks of every pair."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_layers import LABELS, LOGITS, ROWS, B, W, X

from numpy_impl import Affine, Layer, Parameter, SoftmaxWithLoss
from numpy_impl.validation import Array
from torch_ref.checks.contract import LAYOUTS


@pytest.mark.parametrize("t", [LABELS, ROWS])
def test_edits_of_what_the_loss_keeps_do_not_reach_backward(t: Array) -> None:
    layer, handed_in = SoftmaxWithLoss(), t.copy()
    layer.forward(LOGITS, handed_in)
    expected = layer.backward()
    layer.y[...] = 0
    layer.t[...] = 0
    np.testing.assert_array_equal(layer.backward(), expected, strict=True)
    np.testing.assert_array_equal(handed_in, t, strict=True)


def test_a_loss_of_0_is_not_minus_0() -> None:
    for t in (np.array([1]), np.array([[0.0, 1.0]])):
        assert not np.signbit(SoftmaxWithLoss().forward(np.array([[-1e4, 1e4]]), t))


def test_affine_sees_updates_in_place_and_rebinding() -> None:
    weights, bias = W.copy(), B.copy()
    layer = Affine(weights, bias)
    assert layer.W is weights
    assert layer.b is bias
    weights *= 2
    bias += 1
    np.testing.assert_array_equal(layer.forward(X), X @ (2 * W) + (B + 1), strict=True)
    layer.W = W
    np.testing.assert_array_equal(layer.forward(X), X @ W + (B + 1), strict=True)


@given(st.data())
def test_affine_treats_leading_axes_as_one(data: st.DataObject) -> None:
    leading = tuple(data.draw(st.lists(st.integers(0, 4), max_size=3)))
    rng = np.random.default_rng(data.draw(st.integers(0, 2**32)))
    x, dout = (rng.integers(-9, 9, (*leading, size)).astype(float) for size in (2, 3))
    layout = data.draw(st.sampled_from(list(LAYOUTS.values()))) if leading else np.asarray
    one, other = Affine(layout(W), layout(B)), Affine(W, B)
    y, dx = one.forward(layout(x)), one.backward(layout(dout))
    np.testing.assert_array_equal(y.reshape(-1, 3), other.forward(x.reshape(-1, 2)), strict=True)
    np.testing.assert_array_equal(dx.reshape(-1, 2), other.backward(dout.reshape(-1, 3)), strict=True)
    np.testing.assert_array_equal(one.dW, other.dW, strict=True)
    np.testing.assert_array_equal(one.db, other.db, strict=True)
    assert (y.shape, dx.shape) == (dout.shape, x.shape)


def test_a_memory_map_is_an_array(tmp_path: Any) -> None:
    mapped = np.memmap(tmp_path / "x", dtype=float, mode="w+", shape=X.shape)
    mapped[...] = X
    np.testing.assert_array_equal(Affine(W, B).forward(mapped), X @ W + B, strict=True)


class Identity(Layer):
    """Hands out what it was given, and keeps it."""

    def _forward(self, x: Array) -> Any:
        return x, x

    def _backward(self, dout: Array, _x: Array) -> Any:
        return dout, {}


class Scale(Layer):
    """gamma x, whose gradient of gamma is an array that it keeps."""

    gamma = Parameter()

    def _forward(self, x: Array) -> Any:
        return self.gamma * x, x

    def _backward(self, dout: Array, x: Array) -> Any:
        return self.gamma * dout, {"gamma": x}


def test_what_is_handed_out_is_the_callers_also_where_a_layer_hands_out_what_it_keeps() -> None:
    layer, x = Identity(), X.copy()
    y = layer.forward(x)
    assert not np.shares_memory(y, x)
    y[...] = 0
    np.testing.assert_array_equal(layer._cache, X, strict=True)
    dx = layer.backward(x)
    assert not np.shares_memory(dx, x)
    scale = Scale()
    scale.gamma = np.ones(2)
    scale.forward(x)
    scale.backward(x)
    assert not np.shares_memory(scale.dgamma, scale._cache)  # type: ignore[attr-defined]


def test_a_parameter_is_declared_and_has_a_gradient() -> None:
    class Shifted(Scale):
        beta = Parameter()

    layer = Shifted()
    assert Shifted.parameter_names == ("gamma", "beta")
    assert (layer.dgamma, layer.dbeta) == (None, None)  # type: ignore[attr-defined]
    layer.gamma, layer.beta = np.array([2.0, 3.0]), np.array([1.0])
    assert {name: value.tolist() for name, value in layer.params.items()} == {"gamma": [2, 3], "beta": [1]}
    with pytest.raises(ValueError, match=r"Shifted: gamma must have shape \(2,\), got \(1,\)"):
        layer.gamma = np.ones(1)
    assert isinstance(Scale.gamma, Parameter)


def test_a_layer_must_have_both_methods() -> None:
    class Mute(Layer):
        pass

    with pytest.raises(NotImplementedError, match="Mute: a layer must have _forward, or a forward of its own"):
        Mute().forward(X)
    with pytest.raises(NotImplementedError, match="Mute: a layer must have _backward, or a backward of its own"):
        Mute()._backward(X, None)
