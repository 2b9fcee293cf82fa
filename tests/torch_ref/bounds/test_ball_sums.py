"""Sums and products: no correct result lies outside, whatever the order and the operands; and no room is idle."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from ball_checks import SINGLE, assert_holds_truth, assert_within, draw, draw_ball, each_format, share
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from noisy import Noise

from numpy_impl.validation import Array
from torch_ref.bounds import Ball, Format, scatter_add
from torch_ref.oracles.many_digits import exactly

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


# Each of balls or of exact numbers, and as it may be computed: a (2, 3, 4), b (2, 4, 3).
ROWS = np.array([[4, 0, 4], [4, 0, 1]])  # of five, where those of a go: three to the last, none to two of them
MEANS: list[Callable[[Noise, Array, Array], Any]] = [
    lambda noise, a, _: noise.rounded(noise.sum(_channels(a)) / 8),
    lambda noise, a, _: noise.sum(noise.rounded(_channels(a) * noise.rounded(1 / 8))),
]
OPERATIONS: dict[str, tuple[Callable[..., Any], list[Callable[[Noise, Array, Array], Any]]]] = {
    "product": (lambda a, b: a @ b, [lambda noise, a, b: noise.matmul(a, b)]),
    "broadcast": (lambda a, b: a @ b[0], [lambda noise, a, b: noise.matmul(a, b[0])]),
    "sum": (lambda a, _: a.sum(1), [lambda noise, a, _: noise.sum(a.swapaxes(1, 2))]),
    "sum over two axes": (lambda a, _: a.sum((0, 2)), [lambda noise, a, _: noise.sum(_channels(a))]),
    "mean": (lambda a, _: a.mean((0, 2)), MEANS),
    "mean of one": (lambda a, _: a[:1].mean(0), [lambda n, a, _: n.rounded(a[0] * n.rounded(1.0))]),
    "scatter-add": (
        lambda a, _: scatter_add(a, ROWS, (5, 4)),
        [lambda noise, a, _: np.array([noise.sum(_only(a, row).reshape(6, 4).T) for row in range(5)])],
    ),
}


def _channels(a: Array) -> Array:
    return a.transpose(1, 0, 2).reshape(3, 8)


def _only(a: Array, row: int) -> Array:
    return np.where(ROWS[..., None] == row, a, 0)


@pytest.mark.parametrize("name", OPERATIONS)
@given(st.integers(0, 2**32), st.sampled_from([0.0, 0.5, 0.9, 1.0]), st.sampled_from([0, 1e-7, 1]))
def test_no_roundings_lead_out(name: str, seed: int, bias: float, radius: float) -> None:
    operate, simulations = OPERATIONS[name]
    noise = Noise(seed, bias)
    a, b = draw_ball(seed, 2, 3, 4, radius=radius), draw_ball(seed + 1, 2, 4, 3, radius=radius)
    ball = operate(a, b)
    moved = [noise.moved(operand.centre, operand.radius) for operand in (a, b)]
    assert_holds_truth(ball, operate(*map(exactly, moved)))
    for simulation in simulations:
        assert_within(simulation(noise, *moved), ball)


@pytest.mark.parametrize("radius", [0, 0.1])
@pytest.mark.parametrize("name", OPERATIONS)
def test_errors_all_alike_use_much_of_the_radius(name: str, radius: float) -> None:
    operate, simulations = OPERATIONS[name]
    noise = Noise(0, 1.0)
    a, b = (Ball(np.full(shape, 1 / 3), np.full(shape, radius), SINGLE) for shape in ((2, 3, 4), (2, 4, 3)))
    ball, moved = operate(a, b), [noise.moved(operand.centre, operand.radius) for operand in (a, b)]
    used = np.max([abs(simulation(noise, *moved) - ball.centre) for simulation in simulations], axis=0)
    assert (used >= 0.5 * ball.radius).all()


TINY = np.full((2, 6), 2.0**-75, np.float32)


@given(
    arrays(np.float32, (2, 6), elements=st.floats(-(2.0**90), 2.0**90, width=32)),
    arrays(np.float32, (6, 2), elements=st.floats(-(2.0**30), 2.0**30, width=32)),
    st.booleans(),
)
@example(a=TINY, b=TINY.T, flush=False)  # the products are half the least subnormal number, and become 0
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
