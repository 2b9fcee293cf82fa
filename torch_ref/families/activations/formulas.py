"""The formulas of activations, forward for balls and for many digits, backward for balls."""

from typing import Any

import numpy as np

from numpy_impl.functions import ieee_arithmetic
from numpy_impl.validation import Array
from torch_ref.bounds import LIBM, Ball, exp, expm1, is_above, maximum, relu, selected, sigmoid, tanh


def relu_backward(x: Ball, dout: Ball) -> dict[str, Ball]:
    """dout or exactly 0; where the sign of x is within its radius either is right: the ball reaches from 0 to dout."""
    return {"dx": selected(dout, *is_above(x))}


def leaky_relu(x: Any, negative_slope: float) -> Any:
    if isinstance(x, Ball):
        return selected(x, *is_above(x), x * negative_slope)
    return negative_slope * x + (1 - negative_slope) * relu(x)


def leaky_relu_backward(x: Ball, dout: Ball, negative_slope: float) -> dict[str, Ball]:
    """dout or s dout, or all between; s dout where x is NaN, which no comparison finds above 0."""
    return {"dx": selected(dout, *_is_above(x), dout * negative_slope)}


def elu(x: Any, alpha: float) -> Any:
    """x or α expm1(x), where the sign of x is within its radius either of them."""
    if isinstance(x, Ball):
        return selected(x, *is_above(x), expm1(_not_above_zero(x)) * alpha)
    return relu(x) + alpha * expm1(x - relu(x))


@ieee_arithmetic
def elu_backward(x: Ball, dout: Ball, alpha: float) -> dict[str, Ball]:
    """dout or α eˣ dout, or all between; α eˣ may as well be computed as y + α, which errs by its terms."""
    slope = exp(_not_above_zero(x)) * alpha
    by_y = expm1(_not_above_zero(x)) * alpha + alpha
    slope = slope.result(slope.centre, np.maximum(slope.radius, by_y.radius))
    return {"dx": selected(dout, *_is_above(x), dout * slope)}


def _is_above(x: Ball) -> tuple[Array, Array]:
    """Of numbers: NaN is not."""
    surely, possibly = (mask & ~np.isnan(x.centre) for mask in is_above(x))
    return surely, possibly


def _not_above_zero(x: Ball) -> Ball:
    return -maximum(-x, 0.0)


def sigmoid_backward(x: Ball, dout: Ball) -> dict[str, Ball]:
    """y (1 − y), or y σ(−x), whose error is less."""
    y = sigmoid(x)
    return {"dx": dout * (y * (1 - y))}


@ieee_arithmetic
def tanh_backward(x: Ball, dout: Ball) -> dict[str, Ball]:
    """1 − y², or a form without its cancellation, which errs relatively: 4 σ(2x) σ(−2x), two σ and two products, or
    1 / cosh² x. Either is right, so the greater radius holds.
    """
    y = tanh(x)
    slope = 1 - y * y
    relative = slope.format.gamma(2 * LIBM + 6) * slope.magnitude
    return {"dx": dout * slope.result(slope.centre, np.maximum(slope.radius, relative))}
