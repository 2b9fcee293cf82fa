"""Activations with a kink, entry by entry. Their formulas are derived in activations.md, beside this file.

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


class ELU(Layer):
    """x where x > 0, else α (eˣ − 1), which nears −α far below 0.

    Backward: dx = dout where x > 0, else α eˣ dout; at x = 0 the derivative is taken from the left, α, as in PyTorch
    (with α = 1 there is no kink). Near 0 the difference eˣ − 1 would lose its digits, expm1 has them; y + α, which is
    α eˣ too, would lose those of the tail.

    A NaN x gives NaN, in dx too; there PyTorch has NaN or dout, by the place in memory (its vector code and the rest).

    alpha: a finite number. Caches the slope of each entry. Of a complex x the real part decides.
    Twin: torch.nn.ELU. Source: Clevert, Unterthiner & Hochreiter, Fast and accurate deep network learning by
    exponential linear units, 2016.

    >>> elu = ELU()
    >>> elu.forward(np.array([-1000.0, 0.0, 2.0]))
    array([-1.,  0.,  2.])
    >>> elu.backward(np.array([5.0, 6.0, 7.0]))
    array([0., 6., 7.])
    """

    def __init__(self, alpha: float = 1.0) -> None:
        check_real(self, "alpha", alpha)
        self.alpha = alpha

    def _forward(self, x: Array) -> tuple[Any, Any]:
        alpha, is_above = x.dtype.type(self.alpha), x.real > 0
        below = np.where(is_above, 0, x)  # no exponent is positive, so none overflows
        return np.where(is_above, x, alpha * np.expm1(below)), np.where(is_above, 1, alpha * np.exp(below))

    def _backward(self, dout: Array, slope: Array) -> tuple[Array, dict[str, Array]]:
        return slope * dout, {}


def selected(dout: Array, closed: Array) -> Any:
    """dout, and 0 where closed: by a product, for np.where would branch at each entry, and guess wrong."""
    dx = dout * ~closed + 0  # + 0 for the −0 that a negative number times 0 is
    return dx if np.isfinite(dx).all() else np.where(closed, 0, dout)  # infinity · 0 is NaN
