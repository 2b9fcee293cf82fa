"""Functions entry by entry, each of balls, of arrays of floats and of arrays of mpmath's numbers."""

import math
from collections.abc import Callable
from typing import Any

import mpmath
import numpy as np

from numpy_impl.functions import ieee_arithmetic
from torch_ref.bounds.ball import LIBM, Ball, monotone, turning
from torch_ref.bounds.choices import maximum


def _elementary(of_floats: Any, of_a_number: Any, roundings: int = LIBM) -> Callable[[Any], Any]:
    """One that only rises, and errs by so many u."""
    of_numbers = np.frompyfunc(of_a_number, 1, 1)

    def function(x: Any) -> Any:
        if isinstance(x, Ball):
            return monotone(x, of_floats, roundings)
        return of_numbers(x) if np.asarray(x).dtype == object else of_floats(x)

    return function


exp = _elementary(np.exp, mpmath.exp)
expm1 = _elementary(np.expm1, mpmath.expm1)
log = _elementary(np.log, mpmath.log)
log1p = _elementary(np.log1p, mpmath.log1p)
tanh = _elementary(np.tanh, mpmath.tanh)
sqrt = _elementary(np.sqrt, mpmath.sqrt, 2)  # PyTorch's errs by up to 1.5 u


def sigmoid(x: Any) -> Any:
    """1 / (1 + e⁻ˣ), or eˣ / (1 + eˣ), whose condition in eˣ is below 1 too: exp, the sum and the quotient."""
    return monotone(x, sigmoid, LIBM + 2) if isinstance(x, Ball) else 1 / (1 + exp(-x))


def softplus(x: Any) -> Any:
    """log(1 + eˣ) = max(x, 0) + log1p(e^−|x|), of a condition in eˣ below 1: exp, log1p and a sum."""
    if isinstance(x, Ball):
        return monotone(x, softplus, 2 * LIBM + 1)
    positive = maximum(x, 0.0)
    return positive + log1p(exp(x - 2 * positive))


@ieee_arithmetic
def silu(x: Any) -> Any:
    """x σ(x), one product more than σ, which may be flushed before it."""
    if not isinstance(x, Ball):
        return x * sigmoid(x)
    y = turning(x, silu, [-1.2784645427610738], LIBM + 3)
    return x.result(y.centre, y.radius + x.magnitude * x.format.tau)


@ieee_arithmetic
def gelu(x: Any) -> Any:
    """x (1 + tanh z) / 2 with z = √(2/π) (x + 0.044715 x³), the form that is called tanh.

    z errs by 17 u relatively: LIBM for the cube, three for each constant, three products and sums. |z tanh′ z| < 0.45:
    that and LIBM for tanh itself, halved, is less than LIBM u of x, also where 1 + tanh z has lost all its digits. The
    sum and two products err relatively to the result.
    """
    if not isinstance(x, Ball):
        return x * (1 + tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3))) / 2
    y = turning(x, gelu, [-0.7524614220710162], 3)
    return x.result(y.centre, y.radius + x.format.gamma(LIBM) * x.magnitude)
