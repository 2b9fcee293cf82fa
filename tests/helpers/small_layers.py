"""Small inputs for single layers, and everything that a layer computes of them."""

from typing import Any

import numpy as np

from numpy_impl.validation import Array

W = np.arange(1.0, 7.0).reshape(2, 3)
B = np.array([0.5, -1.0, 2.0])
X = np.array([[1.0, -2.0], [3.0, 0.5], [0.0, 4.0], [-1.0, 1.5]])
DOUT = np.array([[1.0, -2.0, 0.5], [0.0, 3.0, 1.0], [2.0, 1.0, -1.0], [4.0, 0.25, 1.0]])
LOGITS = np.array([[1.0, 2.0, 0.0], [0.0, -1.0, 3.0], [2.0, 2.0, 2.0], [-1.0, 0.5, 0.0]])
LABELS = np.array([1, 2, 0, 1])
ROWS = np.array([[0.2, 0.5, 0.3], [0.0, 0.0, 1.0], [0.7, 0.1, 0.2], [1.0, 0.0, 0.0]])


def results(layer: Any, inputs: tuple[Array, ...], dout: Any) -> list[Array]:
    """y, dx and the gradients of the parameters, as copies."""
    y = np.array(layer.forward(*inputs))
    return [y, layer.backward(dout).copy(), *(getattr(layer, n).copy() for n in ("dW", "db") if hasattr(layer, n))]


def assert_same(got: list[Array], expected: list[Array]) -> None:
    assert len(got) == len(expected)
    for a, b in zip(got, expected, strict=True):
        np.testing.assert_array_equal(a, b, strict=True)
