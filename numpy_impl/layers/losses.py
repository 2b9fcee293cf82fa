"""The loss of a classifier. Its formulas are derived in losses.md, beside this file."""

from typing import Any

import numpy as np

from numpy_impl.functions import log_softmax_unchecked, mean_negative_log_likelihood
from numpy_impl.layer import Loss
from numpy_impl.validation import Array, check_batch, check_ignore_index, check_label_smoothing, check_targets


class SoftmaxWithLoss(Loss):
    """The mean cross-entropy of softmax(x): L = −1/N Σ_n Σ_j t_nj log p_nj with p = softmax(x).

    Backward: dx = dout (p Σ_j t_j − t) / N, row by row; for probabilities, which sum to 1, that is dout (p − t) / N.
    The two functions are differentiated as one because the quotient of softmax and the 1/p of log cancel.

    label_smoothing ε, from 0 to 1, compares with t′ = (1 − ε) t + ε / C in the place of t: ε is spread over all C
    classes, the true one too, also in rows. Samples whose label is ignore_index, any integer, add nothing to L or dx,
    and N does not count them. Rows cannot be ignored: with an ignore_index of 0 or more, which could be a class of
    theirs, they are a ValueError, as in PyTorch; and so is a batch of which nothing is left, where PyTorch gives NaN.

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

    def __init__(self, *, label_smoothing: float = 0.0, ignore_index: int | None = None) -> None:
        check_label_smoothing(self, label_smoothing)
        check_ignore_index(self, ignore_index)
        self.label_smoothing = float(label_smoothing)
        self.ignore_index = None if ignore_index is None else int(ignore_index)

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
        p = np.exp(log_p)
        if self._ignores(t):
            counted = t != self.ignore_index
            return self._smoothed_loss(log_p[counted], t[counted]), (p, t)
        return self._smoothed_loss(log_p, t), (p, t)

    def _backward(self, dout: Any, cache: tuple[Array, Array]) -> tuple[Array, dict[str, Array]]:
        p, t = cache
        share = p.dtype.type(dout) / len(p)
        if self._ignores(t):
            counted = t != self.ignore_index
            share = np.where(counted, p.dtype.type(dout) / p.dtype.type(counted.sum()), 0)[:, np.newaxis]
            t = np.where(counted, t, 0)  # any label will do
        if t.ndim == 1:
            dx = minus_labels(p, t, self.label_smoothing)
        else:
            dx = minus_rows(p, smoothed(t.astype(p.dtype), self.label_smoothing))
        dx *= share
        return dx, {}

    def _ignores(self, t: Array) -> bool:
        return self.ignore_index is not None and t.ndim == 1

    def _smoothed_loss(self, log_p: Array, t: Array) -> Any:
        """−1/N Σ t′ log p = (1 − ε) (−1/N Σ t log p) + ε (−1/N Σ log p / C)."""
        if not self.label_smoothing:
            return mean_negative_log_likelihood(log_p, t)
        share = 1 - self.label_smoothing
        of_targets = share * mean_negative_log_likelihood(log_p, t) if share else 0  # 0 · ∞ would be NaN
        return of_targets - self.label_smoothing * log_p.mean()

    def _check(self, who: object, x: Array, t: Array) -> None:
        check_batch(who, "x", x)
        check_targets(who, t, x.shape, x.dtype, self.ignore_index)


def minus_labels(p: Array, t: Array, smoothing: float = 0.0) -> Array:
    """p − t′ for class indices t: p − ε / C, and at the label the complement of its row, which sums to 0.

    Without smoothing that is p_t − 1 = −Σ_{j≠t} p_j. Near p_t = 1 the difference would cancel all but rounding errors.
    """
    at_label = np.arange(len(p)), t
    dx = p - smoothing / p.shape[1] if smoothing else p.copy()
    dx[at_label] *= 0  # but NaN stays NaN
    dx[at_label] = -dx.sum(axis=1)
    return dx


def minus_rows(p: Array, t: Array) -> Array:
    """p Σ_j t_j − t for rows t."""
    return p * t.sum(axis=1, keepdims=True) - t


def smoothed(t: Array, smoothing: float) -> Array:
    """t′ = (1 − ε) t + ε / C for rows t."""
    return (1 - smoothing) * t + smoothing / t.shape[1] if smoothing else t
