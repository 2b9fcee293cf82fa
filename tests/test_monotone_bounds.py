"""The ball of a function that only rises or only falls, and pairs whose layer is flat somewhere."""

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import mpmath
import numpy as np
import pytest
import torch
from hypothesis import example, given
from hypothesis import strategies as st

from numpy_impl import Layer, guarded
from numpy_impl.checks import Array
from torch_ref import Data, Example, Pair, many_digits
from torch_ref.battery import Subject, checks_of
from torch_ref.bounds import LIBM, Ball, exp, format_of, log, monotone
from torch_ref.subject import CheckError

SINGLE, DOUBLE = format_of(np.dtype(np.float32)), format_of(np.dtype(np.float64))


def sigmoid(v: Any) -> Any:
    return 1 / (1 + np.exp(-v))


# Each with its greatest slope on [-5, 5] or the part of it where it is defined.
FUNCTIONS: dict[str, tuple[Callable[[Any], Any], float, float]] = {
    "exp": (np.exp, -5, math.exp(5)),
    "log": (np.log, 0.5, 2),
    "tanh": (np.tanh, -5, 1),
    "sigmoid": (sigmoid, -5, 0.25),
    "falling": (lambda v: -np.tanh(v), -5, 1),
}


@given(
    st.sampled_from(list(FUNCTIONS)),
    st.floats(0, 1),
    st.floats(0, 0.25),
    st.sampled_from([-1.0, 0.0, 1.0]) | st.floats(-1, 1),
    st.sampled_from([-LIBM, 0, LIBM]),
)
@example("exp", 1.0, 0.25, 1.0, LIBM)  # the end of the ball, and all roundings there
def test_f_of_any_value_of_the_ball_is_within(name: str, at: float, e: float, where: float, roundings: int) -> None:
    f, least, slope = FUNCTIONS[name]
    v = least + at * (5 - least)
    ball = monotone(Ball(np.array(v), np.array(e), SINGLE), f)
    got = f(v + where * e) * (1 + roundings * 2.0**-24)
    assert abs(got - ball.centre) <= ball.radius
    # And not much wider: by the slope, which may grow over the ball as that of exp does, and by the roundings.
    assert ball.radius <= 1.4 * slope * e + (LIBM + 1) * 2.0**-24 * (abs(f(v)) + 1.4 * slope * e) + 2 * SINGLE.tau


def test_a_radius_below_the_rounding_of_the_centre_is_not_lost() -> None:
    v, e = np.array(1e4, np.longdouble), np.array(1e-18)
    assert v + e == v
    ball = monotone(Ball(v, e, DOUBLE), lambda v: v, roundings=0)
    assert ball.radius >= 1e-18


def test_exact_numbers_pay_for_the_function_alone() -> None:
    x = np.array([0.5, 1.0, 3.0])
    for f, ball in ((np.exp, exp(DOUBLE.exact(x))), (np.log, log(DOUBLE.exact(x)))):
        np.testing.assert_allclose(ball.radius, DOUBLE.gamma(LIBM) * abs(f(x)) + DOUBLE.tau, rtol=1e-6)


@pytest.mark.parametrize(("v", "e"), [(0.0, 0.0), (0.1, 0.2), (-1.0, 0.0), (0.1, 0.1)])
def test_there_is_no_bound_where_the_function_is_not_finite(v: float, e: float) -> None:
    assert log(Ball(np.array(v), np.array(e), SINGLE)).radius == np.inf


@pytest.mark.parametrize(("v", "e"), [(0.0, np.inf), (1.0, 1e39), (np.inf, 0.0), (np.nan, 0.0)])
def test_there_is_no_bound_where_the_operand_has_none(v: float, e: float) -> None:
    assert monotone(Ball(np.array(v), np.array(e), SINGLE), np.tanh).radius == np.inf


def test_a_function_that_knows_float64_alone_is_given_its_roundings() -> None:
    erf = np.vectorize(math.erf, otypes=[float])
    x = np.random.default_rng(0).uniform(-3, 3, 500)
    ball = monotone(DOUBLE.exact(x), erf, roundings=1)
    with mpmath.workdps(40):
        truth = [mpmath.erf(mpmath.mpf(value)) for value in x.tolist()]
        for share in (1 + 2.0**-53, 1 - 2.0**-53):  # correct but for a rounding
            errors = [abs(mpmath.mpf(float(c)) - share * t) for c, t in zip(ball.centre, truth, strict=True)]
            assert all(error <= radius for error, radius in zip(errors, ball.radius.tolist(), strict=True))
    assert (ball.radius <= 8 * 2.0**-53 * abs(erf(x)) + 2 * DOUBLE.tau).all()


# A layer that is flat far from 0


class Sigmoid(Layer):
    """1 / (1 + e⁻ˣ), by exponents that are not positive."""

    @guarded
    def forward(self, x: Array) -> Array:
        positive = x.real >= 0
        e = np.exp(np.where(positive, -x, x))
        self._y = np.where(positive, 1, e) / (1 + e)
        self._output = x.shape, x.dtype
        return self._y.copy()

    @guarded
    def backward(self, dout: Array) -> Array:
        return dout * self._y * (1 - self._y)


def sigmoid_ball(x: Ball) -> Ball:
    return monotone(x, sigmoid, LIBM + 2)


def an_example(cls: Callable[..., Any], data: Data) -> Example:
    return Example(cls(), (data.x(),), data.dout(*data.lead, data.D))


PAIR = Pair(
    name="sigmoid",
    layer=Sigmoid,
    module=lambda _: torch.nn.Sigmoid(),
    example=an_example,
    forward=sigmoid_ball,
    backward=lambda x, dout: {"dx": dout * sigmoid_ball(x) * (1 - sigmoid_ball(x))},
    formula=lambda x: 1 / (1 + many_digits.exp(-x)),
    flat_on=("huge", "common-offset", "integers"),
)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("check", checks_of(PAIR))
def test_a_sigmoid_is_proven_right(check: str, dtype: Any) -> None:
    checks_of(PAIR)[check](Subject(PAIR, dtype))


def test_a_gradient_of_zeros_passes_only_where_the_pair_says_that_the_layer_is_flat() -> None:
    pair = replace(PAIR, flat_on=("huge", "common-offset"))
    checks = checks_of(pair)
    checks["forward"](Subject(pair, np.float64))
    with pytest.raises(
        CheckError, match=r"dx: an even gradient shows nothing on 'integers', in float64: .* flat_on=\('integers',\)"
    ):
        checks["input_gradient"](Subject(pair, np.float64))


def test_where_a_layer_may_be_flat_and_is_not_it_is_compared() -> None:
    class Doubled(Sigmoid):
        def backward(self, dout: Array) -> Array:
            return 2 * super().backward(dout)

    pair = replace(PAIR, flat_on=tuple(scenario.name for scenario in PAIR.scenarios))
    with pytest.raises(CheckError, match="dx: it is twice as large as it must be"):
        checks_of(pair)["input_gradient"](Subject(pair, np.float64, Doubled))


def test_flat_on_names_scenarios() -> None:
    with pytest.raises(ValueError, match="sigmoid: flat_on must name scenarios, got nowhere"):
        replace(PAIR, flat_on=("huge", "nowhere"))


def test_flat_on_hides_neither_a_vacuous_bound_nor_a_wrong_twin() -> None:
    def unbounded(x: Ball) -> Ball:
        y = sigmoid_ball(x)
        return Ball(y.centre, np.where(abs(x.centre) > 100, np.inf, y.radius), y.format)

    pair = replace(PAIR, forward=unbounded)
    with pytest.raises(CheckError, match="the bound is vacuous, on huge"):
        checks_of(pair)["forward"](Subject(pair, np.float64))
    pair = replace(PAIR, module=lambda _: torch.nn.Tanhshrink())
    with pytest.raises(CheckError, match="wrong on every scenario"):
        checks_of(pair)["input_gradient"](Subject(pair, np.float64))


def test_a_forward_that_overflows_in_complex_numbers_is_told_so() -> None:
    class Plain(Sigmoid):
        @guarded
        def forward(self, x: Array) -> Array:
            super().forward(x)
            return 1 / (1 + np.exp(-x))

    with pytest.raises(CheckError, match="dx on huge: forward is NaN for complex x, where it is a number for real x"):
        checks_of(PAIR)["complex_step"](Subject(PAIR, np.float64, Plain))
