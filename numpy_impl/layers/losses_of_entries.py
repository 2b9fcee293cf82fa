"""Losses entry by entry, of numbers and of yes or no. Their formulas are derived in losses.md, beside this file.

All are means over all entries, as PyTorch's default. Shapes: x of any rank, with one entry or more; t of the shape of
x, in its dtype, or integers or booleans, taken at their value. It has no gradient. `loss`, of the last pass, stays to
be read. Raise TypeError, ValueError for other dtypes, shapes; RuntimeError for a backward before any forward.
"""

from typing import Any

import numpy as np

from numpy_impl.layer import Loss
from numpy_impl.layers.activations_smooth import sigmoid
from numpy_impl.validation import Array, check_delta, check_entries


class MeanOfEntries(Loss):
    """L = 1/n Σ f(x, t), over all n entries."""

    def _check(self, who: object, x: Array, t: Array) -> None:
        check_entries(who, x, t)


class SigmoidWithLoss(MeanOfEntries):
    """The mean binary cross-entropy of σ(x): f = −t log σ(x) − (1 − t) log σ(−x).

    Backward: dx = dout (σ(x) − t) / n. The two functions are differentiated as one, as in SoftmaxWithLoss.

    x are logits; t is 0 or 1, a probability between, or any other real number, as PyTorch takes it. No term of
    (1 − t) max(x, 0) + t max(−x, 0) + log(1 + e^−|x|), which is f, overflows, and σ(x) − t is computed as
    (1 − t) σ(x) − t σ(−x): for a t of 0 or 1 that is one of the two, and keeps its digits where the other form is a
    difference of two numbers near 1. Caches x and t. Twin: torch.nn.BCEWithLogitsLoss. Source: Saito, Deep Learning
    from Scratch 2, section 4.2.

    >>> layer = SigmoidWithLoss()
    >>> layer.forward(np.array([0.0, 1000.0]), t=np.array([1, 1])).round(4)  # log 2 / 2
    np.float64(0.3466)
    >>> layer.backward()
    array([-0.25,  0.  ])
    """

    def _forward(self, x: Array, t: Array) -> tuple[Any, tuple[Array, Array]]:
        t, is_positive = t.astype(x.dtype), x.real > 0
        size = np.where(is_positive, x, -x)
        f = np.where(is_positive, 1 - t, t) * size + np.log1p(np.exp(-size))
        return f.mean(), (x, t)

    def _backward(self, dout: Any, cache: tuple[Array, Array]) -> tuple[Array, dict[str, Array]]:
        x, t = cache
        return ((1 - t) * sigmoid(x) - t * sigmoid(-x)) * (x.dtype.type(dout) / x.size), {}


class MeanSquaredError(MeanOfEntries):
    """f = (x − t)². No half is taken, and it is a mean over all entries, not only over the batch.

    Backward: dx = 2 dout (x − t) / n.

    Caches x − t. Twin: torch.nn.MSELoss. Source: Goodfellow, Bengio & Courville, Deep Learning, section 5.1.2; Saito,
    section 4.2.1, has half the sum.

    >>> layer = MeanSquaredError()
    >>> layer.forward(np.array([[1.0, 2.0]]), t=np.array([[0.0, 4.0]]))  # (1 + 4) / 2
    np.float64(2.5)
    >>> layer.backward()
    array([[ 1., -2.]])
    """

    def _forward(self, x: Array, t: Array) -> tuple[Any, Array]:
        d = x - t.astype(x.dtype)
        return (d * d).mean(), d  # not |d|², which no complex step could differentiate

    def _backward(self, dout: Any, d: Array) -> tuple[Array, dict[str, Array]]:
        return d * (2 * d.dtype.type(dout) / d.size), {}


class HuberLoss(MeanOfEntries):
    """d² / 2 where |d| ≤ δ, with d = x − t, else δ (|d| − δ / 2): an outlier pulls no harder than one at δ.

    Backward: dx = dout c / n, with c = d clipped to [−δ, δ]. The derivative has no jump at δ.

    Both branches are c (d − c / 2). delta: a positive number. Caches c. Of a complex d the real part decides.
    Twin: torch.nn.HuberLoss. Source: Huber, Robust estimation of a location parameter, 1964.

    >>> layer = HuberLoss()
    >>> layer.forward(np.array([0.5, 3.0]), t=np.array([0.0, 0.0]))  # (0.125 + 2.5) / 2
    np.float64(1.3125)
    >>> layer.backward()
    array([0.25, 0.5 ])
    """

    def __init__(self, delta: float = 1.0) -> None:
        check_delta(self, delta)
        self.delta = delta

    def _forward(self, x: Array, t: Array) -> tuple[Any, Array]:
        d, delta = x - t.astype(x.dtype), x.dtype.type(self.delta)
        c = np.where(d.real > delta.real, delta, np.where(d.real < -delta.real, -delta, d))
        return (c * (d - c / 2)).mean(), c

    def _backward(self, dout: Any, c: Array) -> tuple[Array, dict[str, Array]]:
        return c * (c.dtype.type(dout) / c.size), {}
