"""Softmax and cross-entropy: the functions behind the loss layer.

All work on the last axis, one class an entry, and in the dtype that comes in. Complex numbers do too: NumPy orders them
by their real part first, so the maximum is the right one, and the complex step can differentiate through.
"""

from typing import Any

import numpy as np

from numpy_impl.validation import Array, check_batch, check_classes, check_targets

# As in PyTorch, infinity and NaN are values that propagate, not warnings.
ieee_arithmetic = np.errstate(all="ignore")


@ieee_arithmetic
def softmax(x: Array) -> Array:
    """exp(x_i) / Σ_j exp(x_j) over the last axis: from 0 to 1, and 1 in sum.

    The maximum is subtracted first. That changes nothing in exact arithmetic, since exp(x − m) = exp(x) / exp(m), and
    keeps exp from overflowing. Shapes: (..., C), kept. Twin: torch.softmax(x, dim=-1).

    >>> softmax(np.array([1000.0, 1000.0]))
    array([0.5, 0.5])
    """
    check_classes("softmax", "x", x)
    exp = np.exp(x - x.max(axis=-1, keepdims=True))
    return exp / exp.sum(axis=-1, keepdims=True)


@ieee_arithmetic
def log_softmax(x: Array) -> Array:
    """log softmax(x) = x_i − log Σ_j exp(x_j) over the last axis, by log-sum-exp.

    With s = x − max x it is s_i − log S, S = Σ_j exp(s_j): finite where the logarithm of softmax(x) would be log 0.
    S is 1, the maximum's own term, and a rest; log1p of the rest keeps what 1 + rest would round away, all there is
    of the loss when a prediction is confident. Shapes: (..., C), kept. Twin: torch.log_softmax(x, dim=-1).
    Source: Blanchard, Higham & Higham, Accurately computing the log-sum-exp and softmax functions, IMA JNA 2021.

    >>> log_softmax(np.array([0.0, 50.0]))
    array([-5.00000000e+01, -1.92874985e-22])
    """
    check_classes("log_softmax", "x", x)
    return log_softmax_unchecked(x)


def log_softmax_unchecked(x: Array) -> Array:
    """The same, of what has been checked."""
    rows = x.reshape(-1, x.shape[-1])  # (..., C) -> (N, C)
    at_maximum = np.arange(len(rows)), rows.argmax(axis=1)
    s = rows - rows[at_maximum][:, np.newaxis]
    rest = np.exp(s)
    rest[at_maximum] -= 1  # without e⁰, the maximum's own term; NaN stays NaN
    log_p = s - np.log1p(rest.sum(axis=1, keepdims=True))
    return log_p.reshape(x.shape)


@ieee_arithmetic
def cross_entropy_error(y: Array, t: Array) -> Array:
    """−Σ_j t_j log y_j, the mean over the batch, of probabilities y (N, C).

    t: class indices (N,) or probabilities (N, C). The logarithm is exact: no epsilon is added, y = 0 at the label is an
    infinite loss. From logits take SoftmaxWithLoss, which does not round a small probability to 0 on the way.
    Twin: torch.nn.NLLLoss on log y. Raises TypeError and ValueError for other shapes and dtypes, and for N = 0.

    >>> cross_entropy_error(np.array([[0.25, 0.75]]), np.array([0])).round(4)  # −log 0.25
    np.float64(1.3863)
    """
    check_batch("cross_entropy_error", "y", y)
    check_targets("cross_entropy_error", t, y.shape, y.dtype)
    return mean_negative_log_likelihood(np.log(y), t)


def mean_negative_log_likelihood(log_p: Array, t: Array) -> Any:
    """−Σ_j t_j log p_j, the mean over the batch: what all cross-entropies end with. Checks nothing, t is checked.

    log_p (N, C), or several of them, (..., N, C), for each of which there is a result.
    """
    n = log_p.shape[-2]
    if t.ndim == 1:
        return (0 - log_p[..., np.arange(n), t].sum(axis=-1)) / n  # 0 − 0, for −0 would be printed as "-0.0"
    weighted = t.astype(log_p.dtype) * log_p
    impossible = (t == 0) & (log_p.real == -np.inf)
    weighted[impossible] = 0  # 0 log 0 = 0: an impossible class that nobody expected costs nothing
    return (0 - weighted.sum(axis=(-2, -1))) / n
