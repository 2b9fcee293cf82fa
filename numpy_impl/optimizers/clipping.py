"""Gradients that are too long, made shorter."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from numpy_impl.functions import ieee_arithmetic
from numpy_impl.validation import Array
from numpy_impl.validation.gradients import check_gradients, check_max_norm


@ieee_arithmetic
def clip_grad_norm(grads: Mapping[str, Array], max_norm: float) -> float:
    """g ← g max_norm / ‖g‖, in place, where ‖g‖, the norm of all gradients as one vector, is above max_norm.

    Returns ‖g‖ as it was: √Σ |g|² over all entries of all arrays, which neither overflows nor underflows on the way.
    Directions stay, and relative sizes. If an entry is NaN, so are the norm and then all entries; if one is infinite,
    so is the norm, and the entry becomes NaN, the others 0: as in PyTorch. PyTorch divides by ‖g‖ + 1e-6; here there is
    no 1e-6: what is clipped has the norm max_norm, and what is no longer than that is left alone.

    grads: a mapping of arrays, as `gradient` of a network returns it. max_norm: at least 0; infinite, it only measures.
    Raises TypeError, ValueError before anything changed. Twin: torch.nn.utils.clip_grad_norm_.
    Source: Pascanu, Mikolov & Bengio, On the difficulty of training recurrent neural networks, ICML 2013.

    >>> grads = {"W": np.array([3.0]), "b": np.array([4.0])}
    >>> clip_grad_norm(grads, 2.5)
    5.0
    >>> grads
    {'W': array([1.5]), 'b': array([2.])}
    """
    grads = check_gradients("clip_grad_norm", grads)
    max_norm = check_max_norm("clip_grad_norm", max_norm)
    scale, length = _norm(grads)
    norm = scale * length
    if not norm <= max_norm:  # NaN is clipped too
        for g in grads.values():
            _shorten(g, max_norm, scale, length)
    return norm


def _norm(grads: Mapping[str, Array]) -> tuple[float, float]:
    """The norm as scale · length: scale is a power of 2 by which the squares neither overflow nor underflow."""
    largest = float(np.max([abs(g).max(initial=0) for g in grads.values()], initial=0))  # NaN, if one of them is
    if largest == 0 or not math.isfinite(largest):
        return largest, 1.0
    scale = 2.0 ** (math.frexp(largest)[1] - 1)
    squares = [np.square(abs(g / scale), dtype=np.float64).sum() for g in grads.values()]
    return scale, math.sqrt(sum(map(float, squares)))


def _shorten(g: Array, max_norm: float, scale: float, length: float) -> None:
    factor: Any = max_norm / (scale * length)
    if 0 < scale < math.inf and factor < np.finfo(g.dtype).smallest_normal:
        g /= scale  # in two, or the factor would have lost digits, or be 0, as where the norm itself overflows
        factor = max_norm / length
    g *= factor
