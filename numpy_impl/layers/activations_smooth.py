"""Smooth activations, entry by entry. Their formulas are derived in activations.md, beside this file.

Shapes: any, kept. Raise TypeError, ValueError for another dtype, shape of dout; RuntimeError for a backward before any
forward. As in PyTorch, NaN and infinity are values. Small results keep their relative accuracy.
"""

import math

import numpy as np

from numpy_impl.layer import Layer
from numpy_impl.validation import Array


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


class SiLU(Layer):
    """x σ(x), also called swish: near x far above 0, near 0 far below it, and least at x = −1.28.

    Backward: dx = dout σ(x) (1 + x σ(−x)), by the product rule and σ′(x) = σ(x) σ(−x).

    Caches x, σ(x) and σ(−x). Twin: torch.nn.SiLU. Source: Elfwing, Uchibe & Doya, Sigmoid-weighted linear units, 2018;
    Ramachandran, Zoph & Le, Searching for activation functions, 2017.

    >>> layer = SiLU()
    >>> layer.forward(np.array([-1000.0, 0.0, 1000.0]))
    array([  -0.,    0., 1000.])
    >>> layer.backward(np.array([1.0, 1.0, 1.0]))
    array([-0. ,  0.5,  1. ])
    """

    def _forward(self, x: Array) -> tuple[Array, tuple[Array, Array, Array]]:
        return x_times_sigmoid(x, x), (x, sigmoid(x), sigmoid(-x))

    def _backward(self, dout: Array, cache: tuple[Array, Array, Array]) -> tuple[Array, dict[str, Array]]:
        x, s, one_less_s = cache
        return dout * (s * (1 + x * one_less_s)), {}


class Softplus(Layer):
    """log(1 + eˣ), a smooth max(x, 0).

    Backward: dx = dout σ(x).

    It is computed as max(x, 0) + log1p(e^−|x|), in which nothing overflows and nothing is lost, at any x. PyTorch's
    is x itself above its `threshold` of 20, where that is off by 2e-9: the one difference, and wanted. Caches x.
    Twin: torch.nn.Softplus(threshold=40), whose last digit is right too. Source: Dugas et al., Incorporating
    second-order functional knowledge for better option pricing, 2001.

    >>> layer = Softplus()
    >>> layer.forward(np.array([-1000.0, 0.0, 1000.0])).round(4)
    array([0.000e+00, 6.931e-01, 1.000e+03])
    >>> layer.backward(np.array([1.0, 1.0, 1.0]))
    array([0. , 0.5, 1. ])
    """

    def _forward(self, x: Array) -> tuple[Array, Array]:
        is_positive = x.real > 0
        return np.where(is_positive, x, 0) + np.log1p(np.exp(np.where(is_positive, -x, x))), x

    def _backward(self, dout: Array, x: Array) -> tuple[Array, dict[str, Array]]:
        return dout * sigmoid(x), {}


class GELU(Layer):
    """x Φ(x), with the normal distribution's Φ in its tanh form, as in GPT-2: y = x (1 + tanh z) / 2.

        z = √(2/π) (x + 0.044715 x³),   z′ = √(2/π) (1 + 3 · 0.044715 x²)

    Backward: dx = dout (σ(2z) + x σ(2z) σ(−2z) 2z′). As (1 + tanh z) / 2 = σ(2z), y is computed as x σ(2z): below 0 the
    sum 1 + tanh z loses its digits, at x = −5 two thirds of them, at −9 all.

    PyTorch's default is another form, by erf, which differs by up to 0.0005. Caches x.
    Twin: torch.nn.GELU("tanh"). Source: Hendrycks & Gimpel, Gaussian error linear units, 2016.

    >>> layer = GELU()
    >>> layer.forward(np.array([-1000.0, 0.0, 1000.0]))
    array([  -0.,    0., 1000.])
    >>> layer.backward(np.array([1.0, 1.0, 1.0]))
    array([0. , 0.5, 1. ])
    """

    def _forward(self, x: Array) -> tuple[Array, Array]:
        return x_times_sigmoid(x, twice_z(x)), x

    def _backward(self, dout: Array, x: Array) -> tuple[Array, dict[str, Array]]:
        z2 = twice_z(x)
        s = sigmoid(z2)
        xs = x * (s * sigmoid(-z2))  # x times σ′ first: 0 where x² may overflow
        return dout * (s + SCALE * (xs + 3 * CUBE * (xs * x * x))), {}


SCALE, CUBE = 2 * math.sqrt(2 / math.pi), 0.044715


def twice_z(x: Array) -> Array:
    """2z of GELU."""
    return SCALE * (x * (1 + CUBE * (x * x)))


def x_times_sigmoid(x: Array, a: Array) -> Array:
    """x σ(a), where a < 0 as x eᵃ / (1 + eᵃ): σ may be less than all normal numbers where x σ is not."""
    is_negative = a.real < 0
    e = np.exp(np.where(is_negative, a, -a))
    return np.where(is_negative, x * e, x) / (1 + e)


def sigmoid(x: Array) -> Array:
    """1 / (1 + e⁻ˣ), where x < 0 as eˣ / (1 + eˣ): no exponent is positive, so none overflows."""
    is_negative = x.real < 0
    e = np.exp(np.where(is_negative, x, -x))
    return np.where(is_negative, e, 1) / (1 + e)
