"""Functions entry by entry: any correct computation of them, anywhere in the ball, lies within; and no room is idle."""

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import mpmath
import numpy as np
import pytest
import torch
from ball_checks import DOUBLE, SINGLE, assert_holds_truth, assert_within, share
from hypothesis import example, given
from hypothesis import strategies as st
from noisy import Flushed, Noise
from torch.nn.functional import gelu as torch_gelu
from torch.nn.functional import silu as torch_silu

from numpy_impl.functions import ieee_arithmetic
from torch_ref import bounds
from torch_ref.bounds import LIBM, Ball, Format, monotone, sigmoid, softplus, turning
from torch_ref.oracles.many_digits import exactly

U = SINGLE.u


class Function(NamedTuple):
    """One of balls and of exact numbers, with ways to compute it, from `least` to `most`."""

    of: Callable[[Any], Any]
    least: float
    most: float
    roundings: int
    ways: list[Callable[[Noise, Any], Any]]
    twin: Callable[[torch.Tensor], torch.Tensor] | None = None


def sigmoid_by_growth(n: Noise, x: Any) -> Any:
    e = n.exp(np.minimum(x, 80))
    return n.rounded(e / n.rounded(1 + e))


def sigmoid_by_decay(n: Noise, x: Any) -> Any:
    return n.rounded(1 / n.rounded(1 + n.exp(-x)))


def softplus_as_sum(n: Noise, x: Any) -> Any:
    return n.rounded(np.maximum(x, 0) + n.library(np.log1p, n.exp(-abs(x))))


def softplus_as_logarithm(n: Noise, x: Any) -> Any:
    e = n.exp(x)
    return np.where(x > 0, n.log(n.rounded(1 + e)), n.library(np.log1p, e))


def gelu_by_steps(n: Noise, x: Any) -> Any:
    a, k = (n.rounded(n.rounded(np.array(value, x.dtype))) for value in (0.044715, math.sqrt(2 / math.pi)))
    inner = n.rounded(x + n.rounded(a * n.library(lambda v: v**3, x)))
    return n.rounded(n.rounded(x / 2) * n.rounded(1 + n.library(np.tanh, n.rounded(k * inner))))


SILUS: list[Callable[[Noise, Any], Any]] = [
    lambda n, x: n.rounded(x * sigmoid_by_decay(n, x)),
    lambda n, x: n.rounded(x * sigmoid_by_growth(n, x)),
    lambda n, x: n.rounded(x / n.rounded(1 + n.exp(-x))),
]
FUNCTIONS = {
    "exp": Function(bounds.exp, -100, 75, LIBM, [Noise.exp], torch.exp),
    "expm1": Function(bounds.expm1, -100, 75, LIBM, [lambda n, x: n.library(np.expm1, x)], torch.expm1),
    "log": Function(bounds.log, 0.3, 5, LIBM, [Noise.log], torch.log),
    "log1p": Function(bounds.log1p, -0.7, 5, LIBM, [lambda n, x: n.library(np.log1p, x)], torch.log1p),
    "sqrt": Function(bounds.sqrt, 0.3, 5, 2, [lambda n, x: n.rounded(np.sqrt(x), 2)], torch.sqrt),
    "tanh": Function(bounds.tanh, -120, 120, LIBM, [lambda n, x: n.library(np.tanh, x)], torch.tanh),
    "sigmoid": Function(sigmoid, -120, 120, LIBM + 2, [sigmoid_by_decay, sigmoid_by_growth], torch.sigmoid),
    "softplus": Function(softplus, -120, 75, 2 * LIBM + 1, [softplus_as_sum, softplus_as_logarithm]),
    "silu": Function(bounds.silu, -120, 120, LIBM + 3, SILUS, torch_silu),
    "gelu": Function(bounds.gelu, -120, 120, 3, [gelu_by_steps], lambda x: torch_gelu(x, approximate="tanh")),
    "square": Function(lambda x: x**2, -5, 5, 1, [lambda n, x: n.rounded(x * x)], torch.square),
    "cube": Function(lambda x: x**3, -5, 5, LIBM, [lambda n, x: n.library(lambda v: v**3, x)]),
    "reciprocal": Function(lambda x: x**-1, 0.3, 5, LIBM, [lambda n, x: n.library(lambda v: 1 / v, x)]),
    "1.5": Function(lambda x: x**1.5, 0.3, 5, LIBM, [lambda n, x: n.rounded(x * n.rounded(np.sqrt(x), 2))]),
    "-0.5": Function(lambda x: x**-0.5, 0.3, 5, LIBM, [lambda n, x: n.library(lambda v: v**-0.5, x)], torch.rsqrt),
}
UP_UP_DOWN_DOWN, UP_DOWN_UP_UP = 3, 12  # seeds that draw such errors first
each_function = pytest.mark.parametrize("name", FUNCTIONS)


@each_function
@given(
    st.floats(0, 1) | st.floats(0.45, 0.55),  # of the way from the least to the greatest: often near the turns
    st.sampled_from([0.0, 1e-6]) | st.floats(0, 0.25),  # of as much as the range of f allows
    st.sampled_from([-1.0, 0.0, 1.0]) | st.floats(-1, 1),
    st.integers(0, 99),
    st.sampled_from([0.0, 0.5, 1.0]),
)
@example(1.0, 0.25, 1.0, 0, 1.0)  # the end of the ball, and all roundings there
@example(0.0, 0.25, 1.0, 0, 0.0)
@example(0.45417, 0.25, 0.97215, 0, 1.0)  # the turns of silu and gelu, further down than the ends
@example(0.45625, 0.25, 0.97475, 0, 1.0)
@example(0.4, 0.0, 0.0, UP_UP_DOWN_DOWN, 0.5)  # roundings that add up in a quotient
@example(0.4, 0.0, 0.0, UP_DOWN_UP_UP, 0.5)
def test_f_of_any_value_of_the_ball_is_within(
    name: str, at: float, e: float, where: float, seed: int, bias: float
) -> None:
    f = FUNCTIONS[name]
    v, e = f.least + at * (f.most - f.least), e * (40 if f.least <= -100 else 1)
    ball, moved = f.of(Ball(np.array(v), np.array(e), SINGLE)), np.array(v + where * e)
    assert_holds_truth(ball, f.of(exactly(moved)))
    for way in f.ways:
        assert_within(way(Noise(seed, bias), moved), ball)
    # And not much wider than what the ball is taken to, and the roundings of that.
    values = f.of(v + e * np.linspace(-1, 1, 401))
    reach, size = max(abs(values - values[200])), max(abs(values))
    own = 2 * SINGLE.tau * (1 + abs(v)) + (LIBM + 1) * U * (abs(v) + e) * (name == "gelu")
    assert ball.radius <= 1.05 * reach + (f.roundings + 0.1) * U * size + own


@pytest.mark.parametrize("form", [SINGLE, DOUBLE], ids=["float32", "float64"])
@each_function
@ieee_arithmetic
def test_numpy_and_pytorch_are_within_also_where_results_are_flushed(name: str, form: Format) -> None:
    f = FUNCTIONS[name]
    x = np.linspace(f.least, f.most, 4001).astype(form.dtype)
    ball = f.of(form.exact(x))
    for way in f.ways:
        assert share(way(Flushed(), x), ball) <= 1
    if f.twin is not None:
        assert share(f.twin(torch.from_numpy(x)).numpy(), ball) <= 1


def test_a_form_that_loses_small_results_is_outside() -> None:
    x = np.array([-30.0, -80.0])
    assert share((1 + np.tanh(x / 2)) / 2, sigmoid(DOUBLE.exact(x))) > 1
    assert share(np.log(1 + np.exp(x)), softplus(DOUBLE.exact(x))) > 1


def test_a_function_may_turn_more_than_once() -> None:
    v, e = np.linspace(-7, 7, 57), 2.0
    ball = turning(Ball(v, np.full(57, e), SINGLE), np.sin, [(k + 0.5) * math.pi for k in range(-4, 4)], 1)
    for share_of_e in np.linspace(-1, 1, 41):
        assert_within(np.sin(v + share_of_e * e), ball)
    assert (ball.radius <= 2 + 1e-6).all()


def test_a_radius_below_the_rounding_of_the_centre_is_not_lost() -> None:
    v, e = np.array(1e4, np.longdouble), np.array(1e-18)
    assert v + e == v
    ball = monotone(Ball(v, e, DOUBLE), lambda v: v, roundings=0)
    assert ball.radius >= 1e-18


@pytest.mark.parametrize(
    ("f", "v", "e"),
    [
        *((bounds.log, v, e) for v, e in [(0.0, 0.0), (0.1, 0.2), (-1.0, 0.0), (0.1, 0.1)]),
        *((bounds.tanh, v, e) for v, e in [(0.0, np.inf), (1.0, 1e39), (np.inf, 0.0), (np.nan, 0.0)]),
        *((f, v, np.inf) for f in (bounds.silu, bounds.gelu, softplus) for v in (0.0, -1e4)),
        (lambda x: x**-1, 0.1, 0.2),
        (lambda x: x**0.5, 0.1, 0.2),
        (bounds.exp, 88.5, 0.3),
    ],
)
def test_there_is_no_bound_where_the_operand_or_the_function_has_none(f: Any, v: float, e: float) -> None:
    assert f(Ball(np.array(v), np.array(e), SINGLE)).radius == np.inf


def test_a_function_that_knows_float64_alone_is_given_its_roundings() -> None:
    erf = np.vectorize(math.erf, otypes=[float])
    x = np.random.default_rng(0).uniform(-3, 3, 500)
    ball = monotone(DOUBLE.exact(x), erf, roundings=1)
    with mpmath.workdps(40):
        truth = np.array([mpmath.erf(mpmath.mpf(value)) for value in x.tolist()])
        for error in (2.0**-53, -(2.0**-53)):  # correct but for a rounding
            assert_holds_truth(ball, truth * (1 + error))
    assert (ball.radius <= 8 * 2.0**-53 * abs(erf(x)) + 2 * DOUBLE.tau).all()


@each_function
def test_many_digits_go_through_with_a_complex_step(name: str) -> None:
    f, step = FUNCTIONS[name], mpmath.mpf(10) ** -60
    with mpmath.workdps(200):
        for v in map(mpmath.mpf, (max(f.least, -9), 0.7, min(f.most, 9))):
            slope = f.of(np.array([mpmath.mpc(v, step)], object))[0].imag / step
            assert abs(slope - mpmath.diff(lambda u: f.of(np.array([u], object))[0], v)) <= 1e-30 * abs(slope)
