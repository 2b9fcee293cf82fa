"""The derivatives of smooth activations, and softmax, for balls; forward also for many digits.

Each radius is made of two parts. How far the derivative moves while x moves within its own radius, by its turns. And
what computing it errs by, which must hold for every reasonable form of it: those are named.
"""

import math
from typing import Any

import numpy as np

from numpy_impl.functions import ieee_arithmetic
from numpy_impl.validation import Array
from torch_ref.bounds import LIBM, Ball, exp, sigmoid
from torch_ref.bounds.ball import turning
from torch_ref.families.losses.formulas import softmax as softmax_of_balls

# Where the second derivative is 0.
TURN_OF_SILU, TURN_OF_GELU = 2.3993572805154677, 1.4185040087908283


def softplus_backward(x: Ball, dout: Ball) -> dict[str, Ball]:
    return {"dx": dout * sigmoid(x)}


@ieee_arithmetic
def silu_backward(x: Ball, dout: Ball) -> dict[str, Ball]:
    """s (1 + x (1 − s)), s + y (1 − s) or y + s (1 − y), with s = σ(x), y = x s, where 1 − s may be σ(−x).

    Written out, each is a sum of s, x s and x s², and of no more: s (1 + 2 |x|) in magnitude. A term errs by two σ of
    LIBM + 2, and by five products and sums, relatively.
    """
    moved = turning(x, _slope_of_silu, [-TURN_OF_SILU, TURN_OF_SILU], 0)
    terms = sigmoid(x).magnitude * (1 + 2 * x.magnitude)
    flushed = x.format.tau * (3 + 2 * x.magnitude)
    radius = moved.radius + x.format.gamma(2 * LIBM + 9) * terms + flushed
    return {"dx": dout * moved.result(moved.centre, radius, terms)}


def _slope_of_silu(x: Array) -> Any:
    return sigmoid(x) * (1 + x * sigmoid(-x))


@ieee_arithmetic
def gelu_backward(x: Ball, dout: Ball) -> dict[str, Ball]:
    """(1 + tanh z) / 2 + x (1 − tanh² z) z′ / 2, or the same as s + x s s′ 2z′ with s = σ(2z) and s′ = σ(−2z).

    z errs by 17 u relatively (see `bounds.gelu`), z′ by less than 12. By tanh: it errs by LIBM u, and by 17 u of
    |z tanh′ z| < 0.45, 16 u in all; so the first term by 9 u, 1 − tanh² by 34 u, the second by 17 u |x z′| and, with
    its products, 15 u of itself. By σ: (LIBM + 2) u of s, 17 u of 2 |z| s s′ < 0.45, 18 u in all; and the second by
    2 (LIBM + 2) + 17 · 2 |z| + 15 of itself, which is below 4 s s′ |x z′| / 2: less than 33 u |x z′|. So either way
    20 u + 52 u |x z′|, with the sum.

    Where s or s′ is below u², tanh is ±1 in every library, and all that is left of the smaller one, and of the second
    term, may be 0 or twice as much.
    """
    f = x.format
    moved = turning(x, _slope_of_gelu, [-TURN_OF_GELU, TURN_OF_GELU], 0)
    M, least = x.magnitude, np.maximum(abs(x.centre).astype(float) - x.radius, 0)
    M_of_xz = M * _z_slope(M)
    rest = sigmoid(-2 * _z(least))  # the greater of what s and s′ may be, of the smaller
    saturated = f.gamma(LIBM + 4) * abs(moved.centre).astype(float) + 2 * rest * (1 + 2 * M_of_xz)
    computed = np.where(rest < f.u**2, saturated, f.gamma(20) + f.gamma(52) * M_of_xz)
    radius = moved.radius + np.where(rest == 0, f.gamma(LIBM + 4) * abs(moved.centre).astype(float), computed)
    return {"dx": dout * moved.result(moved.centre, radius + 4 * f.tau * (1 + M + M_of_xz))}


def _z(x: Array) -> Any:
    return math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)


def _z_slope(x: Array) -> Any:
    return math.sqrt(2 / math.pi) * (1 + 3 * 0.044715 * x**2)


def _slope_of_gelu(x: Array) -> Any:
    s, one_less_s = sigmoid(2 * _z(x)), sigmoid(-2 * _z(x))
    return s + x * (s * one_less_s) * 2 * _z_slope(x)


def softmax(x: Any) -> Any:
    """exp(x) / Σ exp(x) over the last axis."""
    return softmax_of_balls(x) if isinstance(x, Ball) else exp(x) / exp(x).sum(-1, keepdims=True)


@ieee_arithmetic
def softmax_backward(x: Ball, dout: Ball) -> dict[str, Ball]:
    """dx_i = p_i q_i with q_i = dout_i − Σ_j dout_j p_j, where a number may be taken from all dout first, and p_i may
    be multiplied in first; or q_i as Σ_j p_j (dout_i − dout_j).

    Term by term q_i is a sum of p_j (dout_j + c), with a c no greater than D, the greatest of the row: each errs by the
    error of p_j, the difference, the product and the sum, γ_{C+3}; and dout_i + c, and the last difference, by 3 u.
    """
    f, p, D = x.format, softmax_of_balls(x), dout.magnitude.max(-1, keepdims=True)
    shifted = dout.magnitude + D
    q = dout.centre - (dout.centre * p.centre).sum(-1, keepdims=True)
    terms = shifted * (p.radius + f.gamma(p.shape[-1] + 3) * p.magnitude) + p.magnitude * dout.radius
    e_q = terms.sum(-1, keepdims=True) + dout.radius + 3 * f.u * (shifted + D) + 4 * p.shape[-1] * f.tau
    size = abs(q).astype(float) + e_q
    radius = p.magnitude * e_q + p.radius * size + f.gamma(2) * p.magnitude * (size + shifted) + 3 * f.tau * (1 + size)
    return {"dx": x.result(p.centre * q, radius)}
