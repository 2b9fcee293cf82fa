"""The formulas of activations, forward for balls and for many digits, backward for balls."""

from typing import Any

import numpy as np

from numpy_impl.functions import ieee_arithmetic
from torch_ref.bounds import LIBM, Ball, is_above, relu, selected, sigmoid, tanh


def relu_backward(x: Ball, dout: Ball) -> dict[str, Ball]:
    """dout or exactly 0; where the sign of x is within its radius either is right: the ball reaches from 0 to dout."""
    return {"dx": selected(dout, *is_above(x))}


def leaky_relu(x: Any, negative_slope: float) -> Any:
    if isinstance(x, Ball):
        return selected(x, *is_above(x), x * negative_slope)
    return negative_slope * x + (1 - negative_slope) * relu(x)


def leaky_relu_backward(x: Ball, dout: Ball, negative_slope: float) -> dict[str, Ball]:
    """dout or s dout, or all between; s dout where x is NaN, which no comparison finds above 0."""
    surely, possibly = (mask & ~np.isnan(x.centre) for mask in is_above(x))
    return {"dx": selected(dout, surely, possibly, dout * negative_slope)}


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
