"""Operations entry by entry: on any values of the balls the result is within, with one rounding, and not much more."""

from collections.abc import Callable
from typing import Any

import mpmath
import numpy as np
import pytest
from ball_checks import SINGLE, draw, each_format, share
from hypothesis import given
from hypothesis import strategies as st

from torch_ref.bounds import Ball, Format

Arithmetic = dict[str, tuple[Callable[..., Any], Callable[..., Any]]]

BINARY: Arithmetic = {
    "+": (lambda a, b: a + b, mpmath.fadd),
    "-": (lambda a, b: a - b, mpmath.fsub),
    "*": (lambda a, b: a * b, mpmath.fmul),
    "/": (lambda a, b: a / b, mpmath.fdiv),
}
moderate = st.floats(-1e4, 1e4, width=32).filter(lambda v: v == 0 or abs(v) > 1e-4)


@pytest.mark.parametrize("name", BINARY)
@given(moderate, moderate, st.floats(0, 0.1), st.floats(0, 0.1), st.sampled_from([(-1, -1), (-1, 1), (1, -1), (1, 1)]))
def test_an_operation_on_any_values_of_the_balls_is_within(
    name: str, a: float, b: float, e: float, d: float, signs: tuple[int, int]
) -> None:
    operate, exact_operation = BINARY[name]
    ball = operate(Ball(np.array(a), np.array(e), SINGLE), Ball(np.array(b), np.array(d), SINGLE))
    x, y = np.float32(a + signs[0] * e), np.float32(b + signs[1] * d)
    if not (abs(float(x) - a) <= e and abs(float(y) - b) <= d):
        return  # rounding to float32 left the operand's ball
    if name == "/" and abs(b) <= d:
        assert ball.radius == np.inf
        return
    assert abs(float(operate(x, y)) - ball.centre) <= ball.radius
    with mpmath.workdps(50):
        assert abs(exact_operation(float(x), float(y)) - float(ball.centre)) <= ball.radius


@each_format
@pytest.mark.parametrize("name", BINARY)
def test_a_rounding_of_each_operation_is_in_the_radius(f: Format, name: str) -> None:
    # Centres as they are, one rounding: at most u of the result, or of its operands, and not much more.
    a, b = draw(f, 2, 300), draw(f, 3, 300)
    ball = BINARY[name][0](f.exact(a), f.exact(b))
    size = np.maximum(abs(ball.centre), 1e-300).astype(float)
    assert 0.5 < share(BINARY[name][0](a, b), ball) <= 1 or f.wide == f.dtype
    assert (ball.radius <= 3.1 * np.finfo(f.dtype).eps / 2 * size + 2 * f.tau).all()


def test_numbers_in_a_formula_are_rounded_to_the_format() -> None:
    x = np.array([0.5, 3.0], np.float32)
    balls = {1: 1 - SINGLE.exact(x), 2: 2 / SINGLE.exact(x), 3: 3 * SINGLE.exact(x), 4: 1 + SINGLE.exact(x)}
    for number, got in {1: 1 - x, 2: 2 / x, 3: 3 * x, 4: 1 + x}.items():
        assert share(got, balls[number]) <= 1
    assert SINGLE.constant(0.5).radius == 0
    assert abs(float(np.float32(0.1)) - 0.1) <= SINGLE.constant(0.1).radius <= 0.1 * 2.0**-23
    assert SINGLE.constant(1e-50).radius >= 1e-50  # which is 0 in float32
    factors = np.array([0.1, 0.2])
    for product in (SINGLE.exact(x) * factors, factors * SINGLE.exact(x)):
        assert 0.3 < share(x * factors.astype(np.float32), product) <= 1


def test_scaling_counts_its_roundings() -> None:
    x = np.array([3.0, -7.0, 0.1], np.float32)
    ball = Ball(x.astype(float), np.array([0.0, 1e-3, 0.0]), SINGLE).scaled(np.float64(1) / 7, 2)
    assert share(x / np.float32(7), ball) <= 1
    assert share(x * (np.float32(1) / np.float32(7)), ball) <= 1
    assert abs((x[1] - 1e-3) / 7 - ball.centre[1]) <= ball.radius[1] <= 1.01e-3 / 7
    two, five = (SINGLE.exact(x).scaled(np.float64(1) / 7, k).radius for k in (2, 5))
    np.testing.assert_allclose(five, 2.5 * two, rtol=1e-6)  # γ_k is k u but for k² u²
