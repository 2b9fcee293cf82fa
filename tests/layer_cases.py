"""Each layer with small inputs on which every check of the contract runs."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from numpy_impl import Affine, ReLU, SoftmaxWithLoss
from numpy_impl.checks import Array

W = np.arange(1.0, 7.0).reshape(2, 3)
B = np.array([0.5, -1.0, 2.0])
X = np.array([[1.0, -2.0], [3.0, 0.5], [0.0, 4.0], [-1.0, 1.5]])
DOUT = np.array([[1.0, -2.0, 0.5], [0.0, 3.0, 1.0], [2.0, 1.0, -1.0], [4.0, 0.25, 1.0]])
LOGITS = np.array([[1.0, 2.0, 0.0], [0.0, -1.0, 3.0], [2.0, 2.0, 2.0], [-1.0, 0.5, 0.0]])
LABELS = np.array([1, 2, 0, 1])
ROWS = np.array([[0.2, 0.5, 0.3], [0.0, 0.0, 1.0], [0.7, 0.1, 0.2], [1.0, 0.0, 0.0]])

# Each case: how to make the layer, what forward takes, and an upstream gradient.
Case = tuple[Callable[[], Any], tuple[Array, ...], Any]
CASES: dict[str, Case] = {
    "affine": (lambda: Affine(W.copy(), B.copy()), (X,), DOUT),
    "relu": (ReLU, (X,), X[::-1].copy()),
    "loss-labels": (SoftmaxWithLoss, (LOGITS, LABELS), 1.7),
    "loss-rows": (SoftmaxWithLoss, (LOGITS, ROWS), 1.7),
}
each_layer = pytest.mark.parametrize(("make", "inputs", "dout"), CASES.values(), ids=CASES)


def results(layer: Any, inputs: tuple[Array, ...], dout: Any) -> list[Array]:
    """Everything a layer computes, as copies."""
    y = np.array(layer.forward(*inputs))
    return [y, layer.backward(dout).copy(), *(getattr(layer, n).copy() for n in ("dW", "db") if hasattr(layer, n))]


def assert_same(got: list[Array], expected: list[Array]) -> None:
    assert len(got) == len(expected)
    for a, b in zip(got, expected, strict=True):
        np.testing.assert_array_equal(a, b, strict=True)
