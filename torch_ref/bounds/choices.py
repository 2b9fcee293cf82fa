"""Where a value is chosen: the greatest one, or by a comparison that roundings may turn over.

Masks come in pairs, (surely, possibly): where an entry is chosen whatever the values within the balls, and where it is
for some of them.
"""

from typing import Any

import mpmath
import numpy as np

from numpy_impl.functions import ieee_arithmetic
from numpy_impl.validation import Array
from torch_ref.bounds.ball import Ball

Masks = tuple[Array, Array]

_greater = np.frompyfunc(lambda a, b: a if a.real > b.real else mpmath.convert(b), 2, 1)
_real = np.frompyfunc(lambda value: value.real, 1, 1)


@ieee_arithmetic
def maximum(x: Any, c: Any) -> Any:
    """The greater one: exact, and no further apart than the two; where one is surely greater, than that one."""
    if not isinstance(x, Ball):
        return _greater(x, c) if np.asarray(x).dtype == object else np.maximum(x, c)
    c = x.as_ball(c)
    (x_below, x_above), (c_below, c_above) = x.ends, c.ends
    radius = np.maximum(np.where(x_above < c_below, 0, x.radius), np.where(c_above < x_below, 0, c.radius))
    return x.result(np.maximum(x.centre, c.centre), radius)


def relu(x: Any) -> Any:
    return maximum(x, 0.0)


def greatest(x: Any, axis: int, *, keepdims: bool = False) -> Any:
    """The maximum along an axis; of mpmath's numbers, which may be complex, the first of the greatest real part."""
    if isinstance(x, Ball) or np.asarray(x).dtype != object:
        return x.max(axis, keepdims=keepdims)
    found = np.take_along_axis(x, np.expand_dims(_real(x).argmax(axis), axis), axis)
    return found if keepdims else found.squeeze(axis)


@ieee_arithmetic
def is_above(x: Ball, threshold: float = 0.0) -> Masks:
    """Where x > threshold. NaN is above, as ReLU lets a gradient through there."""
    (below, above), (least, most) = x.ends, x.format.constant(threshold).ends
    return ~(below <= most), ~(above <= least)


@ieee_arithmetic
def is_greatest(x: Ball, axis: int) -> Masks:
    """Where x is the greatest along an axis, the first one where several are: no earlier one reaches it, no later one
    exceeds it."""
    below, above = (np.moveaxis(end, axis, -1) for end in x.ends)
    surely = (below > _greatest_before(above)) & (below >= _greatest_after(above))
    possibly = (above > _greatest_before(below)) & (above >= _greatest_after(below))
    return np.moveaxis(surely, -1, axis), np.moveaxis(possibly, -1, axis)


@ieee_arithmetic
def selected(value: Ball, surely: Array, possibly: Array, otherwise: Ball | float = 0.0) -> Ball:
    """The value where it is chosen, else the other; where either may be, the ball that spans both."""
    other = value.as_ball(otherwise)
    middle = (value.centre + other.centre) / 2
    centre = np.where(surely, value.centre, np.where(possibly, middle, other.centre))
    # Measured from the middle as it was rounded.
    v, w = (abs(ball.centre - centre).astype(float) + ball.radius for ball in (value, other))
    return value.result(centre, np.maximum(np.where(possibly, v, 0), np.where(surely, 0, w)))


def _greatest_before(values: Array) -> Array:
    """Of the entries before each along the last axis: −∞ before the first."""
    first = np.full_like(values[..., :1], -np.inf)
    return np.maximum.accumulate(np.concatenate([first, values[..., :-1]], -1), -1)


def _greatest_after(values: Array) -> Array:
    return _greatest_before(values[..., ::-1])[..., ::-1]
