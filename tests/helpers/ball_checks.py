"""Formats, and what the tests of balls ask of them."""

from typing import Any

import mpmath
import numpy as np
import pytest

from numpy_impl.validation import Array
from torch_ref.bounds import Ball, Format, format_of
from torch_ref.oracles.many_digits import exactly

SINGLE, DOUBLE = format_of(np.dtype(np.float32)), format_of(np.dtype(np.float64))
NO_WIDER = Format(np.float64, wide=np.float64)  # as where longdouble is double
FORMATS = {"float32": SINGLE, "float64": DOUBLE, "no wider": NO_WIDER}
each_format = pytest.mark.parametrize("f", FORMATS.values(), ids=FORMATS)


def share(got: Any, ball: Ball) -> float:
    """How much of its radius the worst entry uses."""
    assert np.isfinite(ball.radius).all()
    return float(np.max(ball.shares(np.asarray(got, ball.format.dtype))))


def assert_holds_truth(ball: Ball, truth: Any) -> None:
    """The exact result, in mpmath's numbers, lies within."""
    with mpmath.workdps(50):
        # A longdouble is a float64 and the float64 that is left.
        centre = exactly(ball.centre) + exactly(ball.centre - ball.centre.astype(float))
        assert np.all(abs(centre - truth) <= ball.radius)


def assert_within(got: Any, ball: Ball) -> None:
    """What was simulated in float64, of whatever was moved and rounded, lies within."""
    assert (abs(got - ball.centre) <= ball.radius).all()


def draw_ball(seed: int, *shape: int, radius: float = 1.0) -> Ball:
    """In float32, with radii of many sizes up to about this one."""
    rng = np.random.default_rng(seed)
    centre = rng.standard_normal(shape)
    return Ball(centre, radius * abs(rng.standard_normal(shape)) * 10 ** rng.uniform(-8, 0, shape), SINGLE)


def draw(f: Format, seed: int, *shape: int) -> Array:
    rng = np.random.default_rng(seed)
    return (rng.standard_normal(shape) * 10 ** rng.uniform(-3, 3, shape)).astype(f.dtype)
