"""Softmax as a layer of its own. Its formulas are derived in losses.md, beside this file."""

from typing import Any

import numpy as np

from numpy_impl.functions import softmax
from numpy_impl.layer import Layer
from numpy_impl.validation import Array, check_classes


class Softmax(Layer):
    """y_i = exp(x_i) / Σ_j exp(x_j) over the last axis: from 0 to 1, and 1 in sum.

    Backward: dx_i = y_i (dout_i − Σ_j dout_j y_j), for ∂y_j/∂x_i = y_j (δ_ij − y_i): each x moves every y of its row.

    Before a loss take SoftmaxWithLoss, which needs no quotient. As Σ y = 1, a number that is taken from all dout of a
    row changes nothing: here that of the greatest y, for where y nears 1, dout − Σ dout y would cancel all its digits.

    Shapes: (..., C), kept. Caches y. Raises TypeError, ValueError for another dtype, shape of dout, no classes;
    RuntimeError for a backward before any forward. Twin: torch.nn.Softmax(-1). Source: Bridle, Probabilistic
    interpretation of feedforward classification network outputs, 1990.

    >>> layer = Softmax()
    >>> layer.forward(np.array([[0.0, 0.0], [1000.0, 0.0]]))
    array([[0.5, 0.5],
           [1. , 0. ]])
    >>> layer.backward(np.array([[1.0, 0.0], [1.0, 0.0]]))
    array([[ 0.25, -0.25],
           [ 0.  , -0.  ]])
    """

    def _forward(self, x: Array) -> tuple[Array, Array]:
        y = softmax(x)
        return y, y

    def _backward(self, dout: Array, y: Array) -> tuple[Array, dict[str, Array]]:
        return softmax_backward(dout, y), {}

    def _check(self, who: object, x: Array) -> None:
        check_classes(who, "x", x)


def softmax_backward(dout: Array, y: Array) -> Any:
    """y ∘ (dout − Σ dout y), row by row, where dout at the greatest y was taken from all of a row.

    Not where it is infinite, for ∞ − ∞ is NaN.
    """
    at_greatest = np.take_along_axis(dout, y.real.argmax(axis=-1, keepdims=True), axis=-1)
    d = dout - np.where(np.isfinite(at_greatest), at_greatest, 0)
    return y * (d - (d * y).sum(axis=-1, keepdims=True))
