"""ELU, SiLU, softplus and GELU: each formula of activations.md by its name, digits that must not be lost, options."""

from collections.abc import Callable
from typing import Any

import mpmath
import numpy as np
import pytest
import torch
from entrywise import U, derivative, exact
from torch import nn

from numpy_impl import ELU, GELU, Layer, SiLU, Softplus
from numpy_impl.validation import Array
from torch_ref import PAIRS, verify
from torch_ref.bounds import Ball, format_of

X = np.array([-3.0, -1.2784645427610738, -0.5, 0.0, 0.5, 2.0])


def sigma(x: Any) -> Any:
    return 1 / (1 + mpmath.exp(-x))


def z2(x: Any) -> Any:
    return 2 * mpmath.sqrt(2 / mpmath.pi) * (x + mpmath.mpf(0.044715) * x**3)


def gelu(x: Any) -> Any:
    return x * sigma(z2(x))


def slope_of(function: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda x: mpmath.diff(function, x, h=mpmath.mpf(10) ** -100)


def test_dx_of_elu_is_dout_or_alpha_exp_x_dout() -> None:
    dout = np.array([1.0, 2.0, 3.0, 4.0, 5.0, 6.0])
    layer = ELU(0.25)
    np.testing.assert_allclose(layer.forward(X), np.where(X > 0, X, 0.25 * (np.exp(X) - 1)), rtol=0, atol=20 * U)
    np.testing.assert_allclose(layer.backward(dout), dout * np.where(X > 0, 1, 0.25 * np.exp(X)), rtol=20 * U)


def test_the_derivative_of_elu_at_0_is_alpha_as_in_pytorch() -> None:
    x = torch.zeros(3, dtype=torch.float64, requires_grad=True)
    nn.ELU(0.3)(x).backward(torch.ones(3, dtype=torch.float64))
    assert x.grad is not None
    np.testing.assert_array_equal(derivative(ELU(0.3), np.zeros(3)), x.grad.numpy())
    np.testing.assert_array_equal(x.grad.numpy(), [0.3, 0.3, 0.3])


def test_elu_keeps_its_digits_near_0_and_its_derivative_those_of_the_tail() -> None:
    x = np.array([-1e-300, -1e-9, -40.0, -700.0])
    np.testing.assert_allclose(ELU(0.5).forward(x), exact(lambda v: mpmath.expm1(v) / 2, x), rtol=9 * U)
    np.testing.assert_allclose(derivative(ELU(0.5), x), exact(lambda v: mpmath.exp(v) / 2, x), rtol=9 * U)


def test_a_nan_gives_nan_in_elu_and_in_its_derivative() -> None:
    assert np.isnan(ELU().forward(np.array([np.nan]))).all()
    assert np.isnan(derivative(ELU(), np.array([np.nan]))).all()


def test_the_derivative_of_silu_is_by_the_product_rule() -> None:
    s = 1 / (1 + np.exp(-X))
    np.testing.assert_allclose(derivative(SiLU(), X), s + X * s * (1 - s), rtol=0, atol=60 * U)
    assert abs(derivative(SiLU(), X)[1]) < 60 * U  # its least value is there


def test_the_derivative_of_softplus_is_the_sigmoid() -> None:
    np.testing.assert_allclose(derivative(Softplus(), X), 1 / (1 + np.exp(-X)), rtol=20 * U)


def test_softplus_is_exact_beyond_the_threshold_of_pytorch() -> None:
    x = np.array([20.0, 20.5, 30.0, 800.0])
    np.testing.assert_allclose(Softplus().forward(x), exact(lambda v: mpmath.log1p(mpmath.exp(v)), x), rtol=2 * U)
    theirs = nn.Softplus()(torch.from_numpy(x)).numpy()
    assert theirs[1] == 20.5 < Softplus().forward(x)[1]


def test_softplus_of_large_numbers_is_x_or_0() -> None:
    x = np.array([-1e4, -800.0, 800.0, 1e4, np.inf, -np.inf])
    np.testing.assert_array_equal(Softplus().forward(x), [0, 0, 800, 1e4, np.inf, 0])
    np.testing.assert_array_equal(derivative(Softplus(), x), [0, 0, 1, 1, 1, 0])


def test_gelu_is_x_times_the_sigmoid_of_2z() -> None:
    z = np.sqrt(2 / np.pi) * (X + 0.044715 * X**3)
    np.testing.assert_allclose(GELU().forward(X), X * (1 + np.tanh(z)) / 2, rtol=0, atol=60 * U)
    d = (1 - np.tanh(z) ** 2) * np.sqrt(2 / np.pi) * (1 + 3 * 0.044715 * X**2)
    np.testing.assert_allclose(derivative(GELU(), X), (1 + np.tanh(z)) / 2 + X * d / 2, rtol=0, atol=100 * U)


# An exponent of size k that is rounded by 17 u makes an error of 17 k u: so large is 2z at most, below.
TAILS: list[tuple[Layer, Callable[[Any], Any], list[float], float]] = [
    (SiLU(), lambda x: x * sigma(x), [-700.0, -40.0, -1e-300, 1e-9, 40.0, 700.0], 40),
    (Softplus(), lambda x: mpmath.log1p(mpmath.exp(x)), [-700.0, -40.0, -1e-9, 40.0, 700.0], 30),
    (GELU(), gelu, [-5.0, -9.0, -15.0, 1e-300, 5.0, 15.0], 17 * 350),
]


@pytest.mark.parametrize(("layer", "function", "x", "roundings"), TAILS, ids=lambda one: type(one).__name__)
def test_the_tails_keep_their_digits(
    layer: Layer, function: Callable[[Any], Any], x: list[float], roundings: float
) -> None:
    at = np.array(x)
    np.testing.assert_allclose(layer.forward(at), exact(function, at), rtol=roundings * U)
    np.testing.assert_allclose(derivative(layer, at), exact(slope_of(function), at), rtol=roundings * U)


def test_one_plus_tanh_would_lose_the_tail_of_gelu() -> None:
    z = np.sqrt(2 / np.pi) * (-9.0 + 0.044715 * (-9.0) ** 3)
    assert 1 + np.tanh(z) == 0 > GELU().forward(np.array([-9.0]))[0]


@pytest.mark.parametrize("layer", [ELU(), SiLU(), Softplus(), GELU()], ids=lambda layer: type(layer).__name__)
@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.complex128])
def test_results_have_the_dtype_of_x_and_no_warning_at_the_ends(layer: Layer, dtype: Any) -> None:
    x = np.array([-1e30, -800.0, 0.0, 800.0, 1e30], dtype)
    for value in (layer.forward(x), layer.backward(np.ones_like(x))):
        assert value.dtype == dtype
        assert np.isfinite(value).all()


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_options_reach_the_twin_and_the_bounds(dtype: Any) -> None:
    assert verify(ELU(2.5), np.linspace(-4, 4, 12, dtype=dtype)).ok
    assert verify(ELU(-0.5), np.linspace(-4, 4, 12, dtype=dtype)).ok
    assert verify(ELU(np.float64(0.3)), np.linspace(-4, 4, 12, dtype=dtype)).ok


@pytest.mark.parametrize(
    ("alpha", "error", "message"),
    [
        (np.nan, ValueError, "ELU: alpha must be finite, got nan"),
        (-np.inf, ValueError, "ELU: alpha must be finite, got -inf"),
        (None, TypeError, "ELU: alpha must be a real number, got None"),
        (1j, TypeError, "ELU: alpha must be a real number, got complex"),
    ],
)
def test_an_alpha_that_is_no_finite_number_is_refused(alpha: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        ELU(alpha)


def slope_within(pair: str, x: Array, e: float) -> Any:
    """The ball of the derivative at balls of this radius."""
    form = format_of(np.dtype(float))
    ball = Ball(x.astype(form.wide), np.full(x.shape, e), form)
    backward = PAIRS[pair].backward
    assert backward is not None
    return backward(ball, form.exact(np.ones_like(x)))["dx"]


@pytest.mark.parametrize("e", [1e-3, 0.5, 3.0])
@pytest.mark.parametrize(("pair", "layer"), [("silu", SiLU()), ("gelu", GELU()), ("softplus", Softplus())])
def test_the_ball_of_a_derivative_that_turns_holds_all_that_x_may_be(pair: str, layer: Layer, e: float) -> None:
    x = np.linspace(-6, 6, 61)
    ball = slope_within(pair, x, e)
    for part in np.linspace(-1, 1, 21):
        assert (ball.shares(derivative(layer, x + part * e)) <= 1).all()
    assert ball.radius.max() < 1.5 * min(2 * e, 1.2)  # and is no wider than it need be


def test_the_tail_of_silu_is_as_good_as_the_exponential() -> None:
    """Where σ is less than all normal numbers: of a subnormal e it has what e has, and loses nothing more."""
    x = np.linspace(-92, -87, 50).astype(np.float32)
    e = np.exp(x).astype(float)
    y = SiLU().forward(x).astype(float)
    # One product; 1 + e is 1. The least number, for a result that may be subnormal too.
    np.testing.assert_allclose(y, x.astype(float) * e, rtol=2.0**-24, atol=2.0**-149)
