"""Arrays put together from others, of balls, of floats or of mpmath's numbers: nothing rounds but sums."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from numpy_impl.validation import Array
from torch_ref.bounds.ball import Ball


def concatenate(parts: Sequence[Any], axis: int = 0) -> Any:
    if not any(isinstance(part, Ball) for part in parts):
        return np.concatenate(parts, axis)
    balls = _balls(*parts)
    centre, radius = (np.concatenate(some, axis) for some in zip(*((b.centre, b.radius) for b in balls), strict=True))
    return Ball(centre, radius, balls[0].format)


def pad(x: Any, widths: Any, value: float = 0.0) -> Any:
    """`widths` before and after each axis, as np.pad takes them; with −∞ for a maximum."""
    if not isinstance(x, Ball):
        return np.pad(x, widths, constant_values=value)
    filling = x.as_ball(value)
    return Ball(
        np.pad(x.centre, widths, constant_values=filling.centre),
        np.pad(x.radius, widths, constant_values=filling.radius),
        x.format,
    )


def where(condition: Array, a: Any, b: Any) -> Any:
    """a or b, by a condition that no rounding touches."""
    if not isinstance(a, Ball) and not isinstance(b, Ball):
        return np.where(condition, a, b)
    a, b = _balls(a, b)
    return Ball(np.where(condition, a.centre, b.centre), np.where(condition, a.radius, b.radius), a.format)


def scatter_add(values: Any, index: Any, shape: tuple[int, ...]) -> Any:
    """An array of this shape, in which values[i] is added to what is at index[i]; k of them at one place are a sum."""

    def add(entries: Array) -> Array:
        total = np.zeros(shape, entries.dtype)
        np.add.at(total, index, entries)
        return total

    return values.added_up(add) if isinstance(values, Ball) else add(values)


def _balls(*values: Any) -> list[Ball]:
    """Numbers among balls as balls of their format."""
    one = next(value for value in values if isinstance(value, Ball))
    return [one.as_ball(value) for value in values]
