"""Losses. Their formulas are derived in losses.md, beside this file."""

from typing import Any

import numpy as np

from numpy_impl.functions import log_softmax_unchecked, mean_negative_log_likelihood
from numpy_impl.layer import Loss
from numpy_impl.validation import Array, check_batch, check_targets


class SoftmaxWithLoss(Loss):
    """The mean cross-entropy of softmax(x): L = −1/N Σ_n Σ_j t_nj log p_nj with p = softmax(x).

    Backward: dx = dout (p Σ_j t_j − t) / N, row by row; for probabilities, which sum to 1, that is dout (p − t) / N.
    The two functions are differentiated as one because the quotient of softmax and the 1/p of log cancel.

    Shapes: logits x (N, C) with N ≥ 1; t class indices (N,), or rows (N, C) of probabilities in the dtype of x, or of
    integers or booleans (one-hot); rows need not sum to 1. L is the mean over the batch, as PyTorch's default. The log
    is taken by log-sum-exp, without epsilon. In rows too 0 log 0 = 0, where PyTorch gives NaN. `y`, the probabilities,
    `t` and `loss` stay to be read. Raises TypeError, ValueError for other dtypes, shapes, labels out of range;
    RuntimeError for a backward before any forward. Twin: torch.nn.CrossEntropyLoss. Source: Saito, section 5.6.3, for
    t one-hot. Rows, also one-hot ones, are subtracted as they are: near p = t they lose the digits that class indices
    keep. dout is a factor, also where it is infinite; there PyTorch's chain gives NaN at the label.

    >>> layer = SoftmaxWithLoss()
    >>> layer.forward(np.array([[0.0, 0.0]]), t=np.array([1])).round(4)  # log 2
    np.float64(0.6931)
    >>> layer.backward()
    array([[ 0.5, -0.5]])
    """

    @property
    def y(self) -> Any:
        """The probabilities (N, C) of the last pass, a copy; None before any."""
        return None if self._cache is None else self._cache[0].copy()

    @property
    def t(self) -> Any:
        """Its targets, a copy."""
        return None if self._cache is None else self._cache[1].copy()

    def _forward(self, x: Array, t: Array) -> tuple[Any, tuple[Array, Array]]:
        log_p = log_softmax_unchecked(x)
        return mean_negative_log_likelihood(log_p, t), (np.exp(log_p), t)

    def _backward(self, dout: Any, cache: tuple[Array, Array]) -> tuple[Array, dict[str, Array]]:
        p, t = cache
        dx = minus_labels(p, t) if t.ndim == 1 else minus_rows(p, t.astype(p.dtype))
        dx *= p.dtype.type(dout) / len(p)
        return dx, {}

    def _check(self, who: object, x: Array, t: Array) -> None:
        check_batch(who, "x", x)
        check_targets(who, t, x.shape, x.dtype)


def minus_labels(p: Array, t: Array) -> Array:
    """p − t for class indices t: p, and at the label p_t − 1 as its complement −Σ_{j≠t} p_j.

    Near p_t = 1 the difference would cancel all but rounding errors.
    """
    at_label = np.arange(len(p)), t
    dx = p.copy()
    dx[at_label] *= 0  # but NaN stays NaN
    dx[at_label] = -dx.sum(axis=1)
    return dx


def minus_rows(p: Array, t: Array) -> Array:
    """p Σ_j t_j − t for rows t."""
    return p * t.sum(axis=1, keepdims=True) - t
