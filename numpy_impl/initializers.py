"""First weights: at random, and of such a size that signals neither grow nor fade from layer to layer."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from numpy_impl.validation import Array, check_float_dtype, check_rng
from numpy_impl.validation.shapes import check_weights_shape

Rng = np.random.Generator | int | None


def he_normal(shape: Sequence[int], rng: Rng = None, dtype: Any = np.float32) -> Array:
    """N(0, 2 / fan_in): for layers that ReLUs follow, which close half of the units.

    shape: (in, out) of an affine layer, of which fan_in = in, or (F, C, KH, KW) of the kernels of a convolution, of
    which fan_in = C·KH·KW: so many terms are in each output. rng: None, an integer seed or a numpy.random.Generator;
    the same seed draws the same weights in every dtype, rounded to it. Raises TypeError, ValueError.
    Twin: torch.nn.init.kaiming_normal_(nonlinearity="relu"). Source: Saito, section 6.2.3; He et al., ICCV 2015.

    >>> he_normal((200, 100), rng=0).std().round(3)  # √(2 / 200) = 0.1
    np.float32(0.1)
    """
    fan_in, _ = _fans("he_normal", shape)
    return _normal("he_normal", shape, math.sqrt(2 / fan_in), rng, dtype)


def he_uniform(shape: Sequence[int], rng: Rng = None, dtype: Any = np.float32) -> Array:
    """U(−a, a) with a = √3 √(2 / fan_in), for a uniform number of bound a has the variance a² / 3.

    All else is as in `he_normal`. Twin: torch.nn.init.kaiming_uniform_(nonlinearity="relu").

    >>> abs(he_uniform((600, 100), rng=0)).max().round(3)  # √(6 / 600) = 0.1
    np.float32(0.1)
    """
    fan_in, _ = _fans("he_uniform", shape)
    return _uniform("he_uniform", shape, math.sqrt(2 / fan_in), rng, dtype)


def xavier_normal(shape: Sequence[int], rng: Rng = None, dtype: Any = np.float32) -> Array:
    """N(0, 2 / (fan_in + fan_out)): for tanh and its like, about linear near 0; between what forward and backward ask.

    fan_out = out of (in, out), F·KH·KW of kernels (F, C, KH, KW). All else is as in `he_normal`. The book's variance is
    1 / fan_in, the same where fan_in = fan_out.
    Twin: torch.nn.init.xavier_normal_. Source: Saito, section 6.2.2; Glorot & Bengio, AISTATS 2010.

    >>> xavier_normal((150, 50), rng=0).std().round(3)  # √(2 / 200) = 0.1
    np.float32(0.1)
    """
    return _normal("xavier_normal", shape, math.sqrt(2 / sum(_fans("xavier_normal", shape))), rng, dtype)


def xavier_uniform(shape: Sequence[int], rng: Rng = None, dtype: Any = np.float32) -> Array:
    """U(−a, a) with a = √3 √(2 / (fan_in + fan_out)): to `xavier_normal` what `he_uniform` is to `he_normal`.

    Twin: torch.nn.init.xavier_uniform_.

    >>> abs(xavier_uniform((500, 100), rng=0)).max().round(3)  # √(6 / 600) = 0.1
    np.float32(0.1)
    """
    return _uniform("xavier_uniform", shape, math.sqrt(2 / sum(_fans("xavier_uniform", shape))), rng, dtype)


def _fans(who: str, shape: Sequence[int]) -> tuple[int, int]:
    """How many terms each output is a sum of, and how many outputs each input goes into."""
    check_weights_shape(who, shape)
    if len(shape) == 2:
        return shape[0], shape[1]
    filters, channels, *window = map(int, shape)
    return channels * math.prod(window), filters * math.prod(window)


def _normal(who: str, shape: Sequence[int], std: float, rng: Rng, dtype: Any) -> Array:
    rng, dtype = _checked(who, rng, dtype)
    return (std * rng.standard_normal(shape)).astype(dtype)


def _uniform(who: str, shape: Sequence[int], std: float, rng: Rng, dtype: Any) -> Array:
    rng, dtype = _checked(who, rng, dtype)
    bound = math.sqrt(3) * std
    return rng.uniform(-bound, bound, shape).astype(dtype)


def _checked(who: str, rng: Rng, dtype: Any) -> tuple[np.random.Generator, np.dtype[Any]]:
    check_rng(who, rng)
    return np.random.default_rng(rng), check_float_dtype(who, dtype)
