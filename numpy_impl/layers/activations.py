"""Activations, entry by entry. Their formulas are derived in activations.md, beside this file.

Shapes: any, kept. Raise TypeError, ValueError for another dtype, shape of dout; RuntimeError for a backward before any
forward. As in PyTorch, NaN and infinity are values.
"""

from typing import Any

import numpy as np

from numpy_impl.layer import Layer
from numpy_impl.validation import Array, check_real


class ReLU(Layer):
    """max(x, 0).

    Backward: dx = dout where x > 0, else 0; at x = 0 the derivative is taken as 0, as in PyTorch. As there, a NaN x
    gives NaN and lets dout through, and dout is selected: an infinite dout at x < 0 gives 0, not NaN.

    Caches the mask; `open`, where the last pass let x through, stays to be read. Of a complex x the real part decides.
    Twin: torch.nn.ReLU. Source: Saito, section 5.5.1.

    >>> relu = ReLU()
    >>> relu.forward(np.array([-1.0, 0.0, 2.0]))
    array([0., 0., 2.])
    >>> relu.backward(np.array([5.0, 6.0, 7.0]))
    array([0., 0., 7.])
    """

    _closed: Any = None

    @property
    def open(self) -> Any:
        """Where the last pass let x through; None before any."""
        return None if self._closed is None else np.asarray(~self._closed)

    def _forward(self, x: Array) -> tuple[Any, Any]:
        closed = x.real <= 0  # false for NaN
        return np.where(closed, 0, x) if x.dtype.kind == "c" else np.maximum(x, 0), closed

    def _backward(self, dout: Array, closed: Array) -> tuple[Any, dict[str, Array]]:
        return selected(dout, closed), {}

    def _keep(self, closed: Array) -> None:
        self._closed = closed


class LeakyReLU(Layer):
    """x where x > 0, else s x, with a small slope s = negative_slope, so that no unit is ever closed.

    Backward: dx = dout where x > 0, else s dout; at x = 0 the derivative is taken from the left, s, as in PyTorch.

    negative_slope: a finite number. Caches the slope of each entry. Of a complex x the real part decides.
    Twin: torch.nn.LeakyReLU. Source: Maas, Hannun & Ng, Rectifier nonlinearities improve neural network acoustic
    models, 2013.

    >>> leaky = LeakyReLU(0.5)
    >>> leaky.forward(np.array([-1.0, 0.0, 2.0]))
    array([-0.5,  0. ,  2. ])
    >>> leaky.backward(np.array([5.0, 6.0, 7.0]))
    array([2.5, 3. , 7. ])
    """

    def __init__(self, negative_slope: float = 0.01) -> None:
        check_real(self, "negative_slope", negative_slope)
        self.negative_slope = negative_slope

    def _forward(self, x: Array) -> tuple[Array, Array]:
        slope = np.where(x.real > 0, 1, self.negative_slope).astype(x.dtype)
        return slope * x, slope

    def _backward(self, dout: Array, slope: Array) -> tuple[Array, dict[str, Array]]:
        return slope * dout, {}


class Sigmoid(Layer):
    """σ(x) = 1 / (1 + e⁻ˣ), from 0 to 1.

    Backward: dx = dout y (1 − y) with y = σ(x). The difference would lose its digits as y nears 1; σ(−x), which is the
    same, has all of them.

    Caches y and σ(−x). Twin: torch.nn.Sigmoid. Source: Saito, section 5.5.2.

    >>> layer = Sigmoid()
    >>> layer.forward(np.array([-1000.0, 0.0, 1000.0]))
    array([0. , 0.5, 1. ])
    >>> layer.backward(np.array([1.0, 1.0, 1.0]))
    array([0.  , 0.25, 0.  ])
    """

    def _forward(self, x: Array) -> tuple[Array, tuple[Array, Array]]:
        y = sigmoid(x)
        return y, (y, sigmoid(-x))

    def _backward(self, dout: Array, cache: tuple[Array, Array]) -> tuple[Array, dict[str, Array]]:
        y, one_less_y = cache
        return dout * y * one_less_y, {}


class Tanh(Layer):
    """tanh(x) = (eˣ − e⁻ˣ) / (eˣ + e⁻ˣ), from −1 to 1.

    Backward: dx = dout (1 − y²) with y = tanh(x). The difference would lose its digits as y nears 1; 4 σ(2x) σ(−2x),
    which is the same, has all of them.

    Caches x. Twin: torch.nn.Tanh. Source: LeCun, Bottou, Orr & Müller, Efficient backprop, 1998, section 4.4.

    >>> layer = Tanh()
    >>> layer.forward(np.array([-1000.0, 0.0, 1000.0]))
    array([-1.,  0.,  1.])
    >>> layer.backward(np.array([1.0, 1.0, 1.0]))
    array([0., 1., 0.])
    """

    def _forward(self, x: Array) -> tuple[Array, Array]:
        return np.tanh(x), x

    def _backward(self, dout: Array, x: Array) -> tuple[Array, dict[str, Array]]:
        return dout * (4 * sigmoid(2 * x) * sigmoid(-2 * x)), {}


def selected(dout: Array, closed: Array) -> Any:
    """dout, and 0 where closed: by a product, for np.where would branch at each entry, and guess wrong."""
    dx = dout * ~closed + 0  # + 0 for the −0 that a negative number times 0 is
    return dx if np.isfinite(dx).all() else np.where(closed, 0, dout)  # infinity · 0 is NaN


def sigmoid(x: Array) -> Array:
    """1 / (1 + e⁻ˣ), where x < 0 as eˣ / (1 + eˣ): no exponent is positive, so none overflows."""
    is_negative = x.real < 0
    e = np.exp(np.where(is_negative, x, -x))
    return np.where(is_negative, e, 1) / (1 + e)
