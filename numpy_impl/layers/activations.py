"""Activations, entry by entry. Their formulas are derived in activations.md, beside this file."""

from typing import Any

import numpy as np

from numpy_impl.layer import Layer
from numpy_impl.validation import Array


class ReLU(Layer):
    """max(x, 0), entry by entry.

    Backward: dx = dout where x > 0, else 0; at x = 0 the derivative is taken as 0, as in PyTorch. As there, NaN passes
    in both directions, and dout is selected: an infinite dout at x < 0 gives 0, not NaN.

    Shapes: any, kept. Caches the mask; `open`, where the last pass let x through, stays to be read. Of a complex x the
    real part decides. Raises TypeError, ValueError for another dtype, shape of dout; RuntimeError for a backward before
    any forward. Twin: torch.nn.ReLU. Source: Saito, section 5.5.1.

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

    def _keep(self, y: Array, closed: Array) -> None:
        self._closed = closed


def selected(dout: Array, closed: Array) -> Any:
    """dout, and 0 where closed: by a product, for np.where would branch at each entry, and guess wrong."""
    dx = dout * ~closed + 0  # + 0 for the −0 that a negative number times 0 is
    return dx if np.isfinite(dx).all() else np.where(closed, 0, dout)  # infinity · 0 is NaN
