"""Activations beyond their pairs: each formula of activations.md by its name, digits that must not be lost, options."""

from typing import Any

import mpmath
import numpy as np
import pytest
from entrywise import U, derivative, exact

from numpy_impl import Layer, LeakyReLU, Sigmoid, Tanh

X = np.array([-3.0, -1.0, -0.5, 0.0, 0.5, 2.0])


def test_dx_of_leaky_relu_is_dout_times_the_slope_of_its_side() -> None:
    dout = np.array([1.0, 2.0, 3.0, 4.0, 5.0, 6.0])
    layer = LeakyReLU(0.25)
    np.testing.assert_array_equal(layer.forward(X), [-0.75, -0.25, -0.125, 0, 0.5, 2], strict=True)
    np.testing.assert_array_equal(layer.backward(dout), [0.25, 0.5, 0.75, 1, 5, 6], strict=True)


def test_the_derivative_of_the_sigmoid_is_y_times_1_minus_y() -> None:
    y = 1 / (1 + np.exp(-X))
    # On either side two factors of 10 u each, as below, and a product.
    np.testing.assert_allclose(derivative(Sigmoid(), X), y * (1 - y), rtol=0, atol=42 * U)


def test_the_derivative_of_tanh_is_1_minus_y_squared() -> None:
    # 24 u on the one side, as below; twice the 8 u of tanh, a square and a difference on the other.
    np.testing.assert_allclose(derivative(Tanh(), X), 1 - np.tanh(X) ** 2, rtol=0, atol=42 * U)


def test_the_tails_of_the_sigmoid_keep_their_digits() -> None:
    x = np.array([-700.0, -40.0, 40.0, 700.0])
    rtol = 22 * U  # each σ errs by 8 u for exp, and by two roundings; a product
    np.testing.assert_allclose(Sigmoid().forward(x), exact(lambda v: 1 / (1 + mpmath.exp(-v)), x), rtol=rtol)
    slope = exact(lambda v: mpmath.exp(-v) / (1 + mpmath.exp(-v)) ** 2, x)
    np.testing.assert_allclose(derivative(Sigmoid(), x), slope, rtol=rtol)


def test_the_tails_of_tanh_keep_their_digits() -> None:
    x = np.array([-350.0, -20.0, 1e-300, 20.0, 350.0])
    np.testing.assert_allclose(Tanh().forward(x), exact(mpmath.tanh, x), rtol=8 * U)
    np.testing.assert_allclose(
        derivative(Tanh(), x), exact(lambda v: mpmath.sech(v) ** 2, x), rtol=24 * U
    )  # two σ, two products


@pytest.mark.parametrize("layer", [Sigmoid(), Tanh(), LeakyReLU()], ids=lambda layer: type(layer).__name__)
@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.complex128])
def test_results_have_the_dtype_of_x(layer: Layer, dtype: Any) -> None:
    x = X.astype(dtype)
    assert layer.forward(x).dtype == layer.backward(x).dtype == dtype


@pytest.mark.parametrize(
    ("slope", "error", "message"),
    [
        (np.nan, ValueError, "LeakyReLU: negative_slope must be finite, got nan"),
        (np.inf, ValueError, "LeakyReLU: negative_slope must be finite, got inf"),
        (-(10**400), ValueError, "LeakyReLU: negative_slope must be finite"),
        ("0.1", TypeError, "LeakyReLU: negative_slope must be a real number, got '0.1'"),
        (True, TypeError, "LeakyReLU: negative_slope must be a real number, got True"),
    ],
)
def test_a_slope_that_is_no_finite_number_is_refused(slope: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        LeakyReLU(slope)
