"""Losses of a user's own, and what is no network at all."""

from typing import Any

import numpy as np
import pytest
from small_network import T, X

from numpy_impl import Affine, Loss, Network, SoftmaxWithLoss
from numpy_impl.validation import Array

RNG = np.random.default_rng(0)
W, B = RNG.standard_normal((4, 3)), RNG.standard_normal(3)


class OwnLoss(SoftmaxWithLoss):
    def forward(self, x: Array, t: Array) -> Any:  # type: ignore[override] # it has targets too
        return super().forward(x, t)


@pytest.mark.parametrize(
    ("x", "t", "error"),
    [
        (X, T[:1], ValueError),
        (X, T + 100, ValueError),
        (X[:0], T[:0], ValueError),
        (X, T.tolist(), TypeError),
        (X, None, TypeError),
    ],
)
def test_accuracy_refuses_targets_whatever_the_loss(x: Array, t: Any, error: type[Exception]) -> None:
    with pytest.raises(error, match="Network: "):
        Network({"Affine": Affine(W, B)}, OwnLoss()).accuracy(x, t)


class SquaredError(Loss):
    """Its loss is a number of Python's."""

    def _forward(self, x: Array, t: Array) -> Any:
        return float(((x - t) ** 2).mean()), x - t

    def _backward(self, dout: Any, difference: Array) -> Any:
        return dout * 2 * difference / difference.size, {}


class Labelled(Loss):
    """A loss of class indices."""

    def _forward(self, x: Array, t: Array) -> Any:
        return -x[np.arange(len(x)), t].mean(), (x, t)

    def _backward(self, dout: Any, cache: Any) -> Any:
        x, t = cache
        dx = np.zeros_like(x)
        dx[np.arange(len(x)), t] = -dout / len(x)
        return dx, {}


def test_a_pure_loss_of_ones_own_may_take_labels_and_return_a_python_number() -> None:
    loss = SquaredError()
    assert loss.forward(X, X + 1) == loss.loss == 1
    np.testing.assert_allclose(loss.backward(2), np.full(X.shape, -4 / X.size))
    labelled = Labelled()
    assert labelled.forward(X, T) == -X[np.arange(len(X)), T].mean()
    assert labelled.backward()[0, T[0]] == -1 / len(X)
    with pytest.raises(TypeError, match="Labelled: x must be a NumPy array, got None"):
        labelled.forward(None, T)  # type: ignore[arg-type] # that is what is tested


@pytest.mark.parametrize(
    ("layers", "loss", "names", "error", "message"),
    [
        ([Affine(W, B)], SoftmaxWithLoss(), None, TypeError, "Network: layers must be a mapping"),
        (None, SoftmaxWithLoss(), None, TypeError, "Network: layers must be a mapping"),
        (
            {"a": None},
            SoftmaxWithLoss(),
            None,
            TypeError,
            "Network: a must be a layer with forward and backward, got N",
        ),
        (
            {"a": Affine(W, B)},
            3,
            None,
            TypeError,
            "Network: last_layer must be a layer with forward and backward, got i",
        ),
        ({}, SoftmaxWithLoss(), None, ValueError, "Network: layers must hold one layer or more, got none"),
        (
            {"a": Affine(W, B)},
            SoftmaxWithLoss(),
            {"W": "b.W"},
            KeyError,
            "Network: a parameter must be one of a.W, a.b",
        ),
    ],
)
def test_junk_is_no_network(layers: Any, loss: Any, names: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        Network(layers, loss, names)
