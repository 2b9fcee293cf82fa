"""The ball: no correct result lies outside, whatever the order, the rounding and the operands; and it is not idle."""

import math
from collections.abc import Callable
from typing import Any

import mpmath
import numpy as np
import pytest
from ball_checks import SINGLE, assert_holds_truth, draw, each_format, share
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from noisy import Noise

from numpy_impl.checks import Array
from torch_ref.bounds import Ball, Format
from torch_ref.many_digits import exactly

Arithmetic = dict[str, tuple[Callable[..., Any], Callable[..., Any]]]

# Sums and products, in any order

ORDERS: dict[str, Callable[[Array], Any]] = {
    "forwards": lambda terms: sum(terms.tolist() and list(terms), terms.dtype.type(0)),
    "backwards": lambda terms: sum(list(terms[::-1]), terms.dtype.type(0)),
    "pairwise": np.sum,
    "by size": lambda terms: sum(sorted(terms, key=abs), terms.dtype.type(0)),
    "exactly": lambda terms: terms.dtype.type(math.fsum(terms.tolist())),
}


@each_format
@pytest.mark.parametrize("order", ORDERS.values(), ids=ORDERS)
@pytest.mark.parametrize("k", [1, 2, 7, 64, 1000])
def test_a_sum_in_any_order_is_within(f: Format, order: Callable[[Array], Any], k: int) -> None:
    for seed in range(5):
        terms = draw(f, seed, k)
        ball = f.exact(terms).sum()
        assert share(order(terms), ball) <= 1
        assert_holds_truth(ball, sum(exactly(terms)))


@each_format
def test_a_product_of_matrices_is_within(f: Format) -> None:
    a, b = draw(f, 0, 5, 40), draw(f, 1, 40, 3)
    ball = f.exact(a) @ f.exact(b)
    one_by_one = sum(np.outer(a[:, i], b[i]) for i in range(40))
    for got in (a @ b, a[:, ::-1] @ b[::-1], (a[:, :, None] * b).sum(1), one_by_one):
        assert share(got, ball) <= 1
        assert share(got, ball) > 0 or f.wide == f.dtype
    assert_holds_truth(ball, exactly(a) @ exactly(b))


@pytest.mark.parametrize("k", [10, 1000, 4000])
def test_an_adversary_uses_nearly_all_of_the_radius(k: int) -> None:
    # 1 + u rounds to 1 each time: k additions lose k u. So an order-free bound could be no smaller.
    terms = np.full(k + 1, 2.0**-24, np.float32)
    terms[0] = 1
    lost = sum(list(terms), np.float32(0))
    assert lost == 1
    assert 0.99 < share(lost, SINGLE.exact(terms).sum()) <= 1


@given(st.integers(0, 2**32), st.sampled_from([0.0, 0.5, 0.9, 1.0]), st.integers(1, 30))
def test_no_roundings_lead_out_of_a_product(seed: int, bias: float, k: int) -> None:
    noise, rng = Noise(seed, bias), np.random.default_rng(seed)
    a, b = (
        Ball(rng.standard_normal(shape), abs(rng.standard_normal(shape)) * 10 ** rng.uniform(-8, 0), SINGLE)
        for shape in ((2, k), (k, 3))
    )
    product, total = a @ b, a.sum(1)
    got = noise.matmul(noise.moved(a.centre, a.radius), noise.moved(b.centre, b.radius))
    assert (abs(got - product.centre) <= product.radius).all()
    assert (abs(noise.sum(noise.moved(a.centre, a.radius)) - total.centre) <= total.radius).all()


@given(
    arrays(np.float32, (2, 6), elements=st.floats(-(2.0**90), 2.0**90, width=32)),
    arrays(np.float32, (6, 2), elements=st.floats(-(2.0**30), 2.0**30, width=32)),
    st.booleans(),
)
def test_products_that_underflow_are_within_also_where_they_are_flushed(a: Array, b: Array, flush: bool) -> None:
    def kept(x: Any) -> Any:
        return np.float32(0) if flush and abs(x) < SINGLE.tau else x

    ball = SINGLE.exact(a) @ SINGLE.exact(b)
    for i in range(2):
        for j in range(2):
            total = np.float32(0)
            for x, y in zip(a[i], b[:, j], strict=True):
                total = kept(total + kept(x * y))
            assert abs(float(total) - ball.centre[i, j]) <= ball.radius[i, j]


def test_tiny_products_use_the_term_for_underflow() -> None:
    a = np.full((1, 3), 2.0**-75, np.float32)  # the products are half the least subnormal number, and become 0
    ball = SINGLE.exact(a) @ SINGLE.exact(a.T)
    assert (a @ a.T == 0).all()
    assert ball.centre[0, 0] == 3 * 2.0**-150
    assert 0 < share(a @ a.T, ball) <= 1


# Operations entry by entry

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
    assert share(x * np.float32(0.1), SINGLE.exact(x) * 0.1) <= 1


def test_scaling_counts_its_roundings() -> None:
    x = np.array([3.0, -7.0, 0.1], np.float32)
    ball = Ball(x.astype(float), np.array([0.0, 1e-3, 0.0]), SINGLE).scaled(np.float64(1) / 7, 2)
    assert share(x / np.float32(7), ball) <= 1
    assert share(x * (np.float32(1) / np.float32(7)), ball) <= 1
    assert abs((x[1] - 1e-3) / 7 - ball.centre[1]) <= ball.radius[1] <= 1.01e-3 / 7
    two, five = (SINGLE.exact(x).scaled(np.float64(1) / 7, k).radius for k in (2, 5))
    np.testing.assert_allclose(five, 2.5 * two, rtol=1e-6)  # γ_k is k u but for k² u²
