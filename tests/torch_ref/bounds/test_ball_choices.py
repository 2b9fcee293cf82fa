"""What moves entries about, and what chooses among them."""

from collections.abc import Callable
from typing import Any

import mpmath
import numpy as np
import pytest
from ball_checks import SINGLE, assert_holds_truth, assert_within, draw_ball
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from noisy import Noise

from numpy_impl.validation import Array
from torch_ref.bounds import Ball, concatenate, greatest, is_above, is_greatest, maximum, pad, relu, selected, where
from torch_ref.oracles.many_digits import exactly

MASK = np.arange(24).reshape(2, 3, 4) % 3 == 0
MOVES: dict[str, Callable[[Any], Any]] = {
    "reshape": lambda x: x.reshape(4, -1),
    "transpose": lambda x: x.transpose(1, 2, 0),
    "T": lambda x: x.T,
    "slice": lambda x: x[:, ::-2, None, 1:],
    "row": lambda x: x[1, ..., 2],
    "gather": lambda x: x[np.array([[0, 1], [1, 1]])],
    "concatenate": lambda x: concatenate([x, x[:, :1]], 1),
    "concatenate with numbers": lambda x: concatenate([np.full((1, 3, 4), 2.0), x]),
    "pad": lambda x: pad(x, ((0, 0), (1, 2), (0, 1)), 2.0),
    "pad by the least": lambda x: pad(x, 1, -np.inf).max(2),
    "where": lambda x: where(MASK, x, x[::-1]),
    "where a number": lambda x: where(MASK, 2.0, x),
}


@pytest.mark.parametrize("name", MOVES)
def test_entries_move_with_their_radii(name: str) -> None:
    move, x = MOVES[name], draw_ball(0, 2, 3, 4)
    moved = move(x)
    assert moved.shape == moved.centre.shape == moved.radius.shape
    assert (moved.ndim, moved.size) == (moved.centre.ndim, moved.centre.size)
    np.testing.assert_array_equal(moved.centre, move(x.centre), strict=True)
    if "least" not in name:  # a number in a formula is exact where the format has it
        for end, got in zip(x.ends, moved.ends, strict=True):
            np.testing.assert_array_equal(got, move(end), strict=True)
        assert_holds_truth(moved, move(exactly(x.centre)))


def test_numbers_that_the_format_rounds_pad_with_their_radius() -> None:
    x = draw_ball(0, 2)
    for ball in (pad(x, 1, 0.1)[:1], where(np.array([True, False]), 0.1, x)[:1], concatenate([np.array([0.1]), x])[:1]):
        np.testing.assert_array_equal(ball.radius, [SINGLE.constant(0.1).radius], strict=True)


# Choices. The ends of no two of these balls are equal, but for exact numbers.
VALUES = arrays(np.int8, (3, 4), elements=st.integers(-2, 2))
RADII = arrays(np.float64, (3, 4), elements=st.sampled_from([0.0, 0.4, 1.3]))
seeds = st.integers(0, 2**32)


def somewhere(x: Ball, seed: int) -> Array:
    """A value of each ball, often its ends."""
    return x.centre + x.radius * np.clip(np.random.default_rng(seed).uniform(-2, 2, x.shape), -1, 1)


@given(VALUES, RADII, seeds)
def test_the_greatest_of_any_values_is_within_and_not_wider_than_what_may_be_it(v: Array, e: Array, seed: int) -> None:
    x = Ball(v.astype(float), e, SINGLE)
    other, moved = x[::-1], somewhere(x, seed)
    for axis in (0, -1, (0, 1), None):
        assert_within(moved.max(axis), x.max(axis))
    assert x.max(1, keepdims=True).shape == greatest(x, 1, keepdims=True).shape == (3, 1)
    surely, possibly = is_greatest(x, 1)
    np.testing.assert_allclose(x.max(1).radius, np.where(possibly, e, 0).max(1), rtol=1e-8)
    for c, c_moved in ((other, somewhere(other, seed + 1)), (0.0, 0.0)):
        assert_within(np.maximum(moved, c_moved), maximum(x, c))
    w, d = v[::-1], e[::-1]
    radius = np.where(v - e > w + d, e, np.where(v + e < w - d, d, np.maximum(e, d)))
    np.testing.assert_allclose(maximum(x, other).radius, radius, rtol=1e-8)
    np.testing.assert_allclose(relu(x).radius, np.where(v < -e, 0, e), rtol=1e-8)
    assert not maximum(x, 100.0).radius.any()
    assert (surely <= possibly).all()


@given(VALUES, RADII, seeds, st.integers(0, 3))
def test_an_entry_is_possibly_the_greatest_where_some_values_make_it_so(v: Array, e: Array, seed: int, i: int) -> None:
    x = Ball(v.astype(float), e, SINGLE)
    surely, possibly = is_greatest(x, -1)
    for mask, turned in zip((surely, possibly), is_greatest(x.T, 0), strict=True):
        np.testing.assert_array_equal(mask.T, turned, strict=True)
    chosen = np.eye(4, dtype=bool)[somewhere(x, seed).argmax(-1)]  # the first of equals
    assert (surely <= chosen).all()
    assert (chosen <= possibly).all()
    sign = np.where(np.arange(4) == i, 1, -1)
    np.testing.assert_array_equal(possibly[:, i], (v + sign * e).argmax(-1) == i, strict=True)
    np.testing.assert_array_equal(surely[:, i], (v - sign * e).argmax(-1) == i, strict=True)


@given(VALUES, RADII, seeds, st.sampled_from([-1.0, 0.0, 1.0]))
def test_above_a_threshold_is_what_may_be(v: Array, e: Array, seed: int, threshold: float) -> None:
    x = Ball(v.astype(float), e, SINGLE)
    surely, possibly = is_above(x, threshold)
    above = somewhere(x, seed) > threshold
    assert (surely <= above).all()
    assert (above <= possibly).all()
    np.testing.assert_array_equal(surely, v - e > threshold, strict=True)
    np.testing.assert_array_equal(possibly, v + e > threshold, strict=True)


def test_nan_is_above_and_a_threshold_may_be_rounded() -> None:
    assert all(mask.all() for mask in is_above(SINGLE.exact(np.array([np.nan]))))
    surely, possibly = is_above(SINGLE.exact(np.array([np.float32(0.1)])), 0.1)
    assert possibly.all()
    assert not surely.any()


@given(VALUES, RADII, seeds, st.booleans())
def test_a_gradient_goes_where_it_may(v: Array, e: Array, seed: int, by_number: bool) -> None:
    x, dout, other = Ball(v.astype(float), e, SINGLE), draw_ball(seed, 3, 4), draw_ball(seed + 1, 3, 4)
    if by_number:
        other = SINGLE.exact(np.full((3, 4), 0.5))
    surely, possibly = is_above(x)
    ball = selected(dout, surely, possibly, 0.5 if by_number else other)
    noise = Noise(seed, 0.5)
    value, else_value = noise.moved(dout.centre, dout.radius), noise.moved(other.centre, other.radius)
    assert_within(np.where(somewhere(x, seed) > 0, value, else_value), ball)
    both = np.maximum(dout.radius, other.radius) + abs(dout.centre - other.centre) / 2
    exact = np.where(surely, dout.radius, np.where(possibly, both, other.radius))
    assert (ball.radius <= exact * (1 + 1e-8) + 1e-15).all()


def test_the_greatest_of_complex_numbers_is_that_of_the_real_parts() -> None:
    z = np.array([[mpmath.mpc(1, 50), mpmath.mpc(2, -9), mpmath.mpc(2, 3)]], object)
    assert greatest(z, 1)[0] == greatest(z, 1, keepdims=True)[0, 0] == mpmath.mpc(2, -9)
    assert maximum(z, z[:, ::-1]).tolist() == [[z[0, 2], z[0, 1], z[0, 2]]]
    assert maximum(z, 1.5).tolist() == [[1.5, z[0, 1], z[0, 2]]]
    assert relu(-z).tolist() == [[0, 0, 0]]
    np.testing.assert_array_equal(greatest(np.array([[1.0, 3.0]]), 1), [3.0], strict=True)
