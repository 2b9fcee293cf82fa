"""numerical_gradient and complex_step_gradient: right, harmless to x, and clear about what they refuse."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from numpy_impl import complex_step_gradient, numerical_gradient
from numpy_impl.validation import Array
from torch_ref.checks.contract import LAYOUTS


def squares(x: Array) -> Any:
    return (x**2).sum()


def wave(x: Array) -> Any:
    return (np.sin(x) * np.exp(x / 2)).sum()


def wave_derivative(x: Array) -> Array:
    return np.exp(x / 2) * (np.cos(x) + np.sin(x) / 2)


@pytest.mark.parametrize(
    ("dtype", "error"),
    # The sum of truncation, h²/6 |f‴|, and rounding, u |f| / h, for |f| and |f‴| up to 30.
    [(np.float32, 1e-3), (np.float64, 1e-9), (np.longdouble, 1e-11), (np.complex128, 1e-9)],
)
@pytest.mark.parametrize("shape", [(), (4,), (2, 3), (0, 3)])
def test_central_difference_is_right_for_its_dtype(dtype: Any, error: float, shape: tuple[int, ...]) -> None:
    x = np.array(np.random.default_rng(0).uniform(-2, 2, shape), dtype=dtype)
    got = numerical_gradient(wave, x)
    assert (got.dtype, got.shape) == (x.dtype, shape)
    np.testing.assert_allclose(got, wave_derivative(x), rtol=0, atol=error)


@pytest.mark.parametrize(("dtype", "h"), [(np.float32, 2.0 ** (-23 / 3)), (np.float64, 1e-5)])
def test_the_step_suits_the_dtype(dtype: Any, h: float) -> None:
    seen = []

    def f(x: Array) -> float:
        seen.append(x[0].copy())
        return 0.0

    numerical_gradient(f, np.zeros(1, dtype))
    assert seen == [dtype(h), -dtype(h)]


def test_it_divides_by_the_step_that_x_really_took() -> None:
    # Near 1000 a float32 step of 1e-2 is rounded to a multiple of 6e-5: dividing by 2h would be 0.2 % off.
    x = np.array([1000.1], np.float32)
    np.testing.assert_allclose(numerical_gradient(lambda x: float(x[0]), x), 1, rtol=1e-6)  # a float32 quotient


def test_no_warning_for_values_that_overflow() -> None:
    x = np.ones(1, complex)
    assert complex_step_gradient(lambda _: np.complex128(1e200j), x) == np.inf
    assert np.isnan(numerical_gradient(lambda _: np.inf, np.ones(1)))


def test_a_step_lost_in_rounding_is_nan() -> None:
    np.testing.assert_array_equal(numerical_gradient(squares, np.array([1e20, np.inf, np.nan])), np.nan)


@pytest.mark.parametrize("value", [3, 3.0, np.uint8(3), np.array(3.0), np.float32(3)])
def test_f_may_return_any_kind_of_scalar(value: Any) -> None:
    assert numerical_gradient(lambda _: value, np.ones(2)).tolist() == [0, 0]


def test_small_unsigned_values_do_not_wrap() -> None:
    got = numerical_gradient(lambda x: np.uint8(5) if x[0] > 0 else np.uint8(7), np.zeros(1))
    np.testing.assert_allclose(got, [-1e5], rtol=1e-12)  # -2 / (2h), and 2h is exact


def test_the_complex_step_leaves_the_real_part_where_it_is() -> None:
    x, seen = np.array([0.0, 1e-250, 3.0], complex), []

    def f(z: Array) -> float:
        seen.append(z.copy())
        return 0.0

    complex_step_gradient(f, x)
    for i, point in enumerate(seen):
        np.testing.assert_array_equal(point, x + 1j * 1e-200 * (np.arange(3) == i), strict=True)


def test_a_tiny_f_keeps_its_digits() -> None:
    x = np.array([1.0, 2.0])
    np.testing.assert_allclose(numerical_gradient(lambda x: 1e-30 * squares(x), x), [2e-30, 4e-30], rtol=1e-9)


def test_f_may_read_what_holds_x() -> None:
    x = np.array([1.0, 2.0])
    np.testing.assert_allclose(numerical_gradient(lambda _: squares(x), x), [2, 4], rtol=1e-9)  # u |f| / h
    z = x.astype(complex)
    np.testing.assert_array_equal(complex_step_gradient(lambda _: squares(z), z), [2, 4])


def test_a_read_only_x_is_differentiated_untouched() -> None:
    x = np.frombuffer(np.array([1.0, 2.0]).tobytes())
    np.testing.assert_allclose(numerical_gradient(squares, x), [2, 4], rtol=1e-9)  # u |f| / h


@given(arrays(np.float64, array_shapes(min_dims=0, max_dims=2, max_side=3)), st.booleans())
def test_x_comes_back_bit_for_bit(x: Array, fortran: bool) -> None:
    x = np.asfortranarray(x) if fortran else x
    before = x.tobytes()
    numerical_gradient(lambda _: 0.0, x)
    assert x.tobytes() == before


@pytest.mark.parametrize("gradient", [numerical_gradient, complex_step_gradient])
@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS)
def test_x_may_lie_in_any_layout(layout: Callable[[Array], Array], gradient: Callable[..., Array]) -> None:
    x = np.random.default_rng(0).uniform(-2, 2, (3, 4)).astype(float if gradient is numerical_gradient else complex)
    # Of another layout the sum in f may run in another order: u |f| / h.
    np.testing.assert_allclose(gradient(wave, layout(x)), gradient(wave, x), rtol=0, atol=1e-9, strict=True)


@pytest.mark.parametrize("gradient", [numerical_gradient, complex_step_gradient])
@pytest.mark.parametrize("junk", [np.ma.masked_array([1.0]), np.array([[1.0]]).view(np.matrix)])
def test_what_only_looks_like_an_array_is_refused(junk: Any, gradient: Callable[..., Array]) -> None:
    with pytest.raises(TypeError, match=r"x must be a NumPy array, got (MaskedArray|matrix)"):
        gradient(squares, junk)


@pytest.mark.parametrize("gradient", [numerical_gradient, complex_step_gradient])
def test_x_comes_back_when_f_raises_or_writes_to_it(gradient: Callable[..., Array]) -> None:
    x = np.array([1.0, -0.0, 3.0]).astype(np.float64 if gradient is numerical_gradient else np.complex128)
    before = x.tobytes()
    calls = 0

    def stumbling(point: Array) -> float:
        nonlocal calls
        calls += 1
        point[...] = 7
        if calls == 2:
            raise KeyError("f's own")
        return 0.0

    with pytest.raises(KeyError, match="f's own"):
        gradient(stumbling, x)
    assert x.tobytes() == before


@pytest.mark.parametrize("shape", [(), (4,), (2, 3), (0, 3)])
def test_complex_step_is_exact_to_rounding(shape: tuple[int, ...]) -> None:
    x = np.array(np.random.default_rng(0).uniform(-2, 2, shape), dtype=complex)
    got = complex_step_gradient(wave, x)
    assert got.dtype == np.float64
    assert got.shape == shape
    # One evaluation: four functions of 4 ulp and as many products of numbers up to 3, and the reference's own.
    np.testing.assert_allclose(got, wave_derivative(x.real), rtol=0, atol=100 * 2.0**-53)


@pytest.mark.parametrize(
    ("gradient", "f", "x", "error", "message"),
    [
        (
            numerical_gradient,
            squares,
            np.array([1, 2]),
            TypeError,
            "x must be of a native floating-point dtype, float32 or wider, got int64",
        ),
        (numerical_gradient, squares, [1.0], TypeError, "numerical_gradient: x must be a NumPy array, got list"),
        (numerical_gradient, None, np.ones(2), TypeError, "numerical_gradient: f must be a function, got None"),
        (numerical_gradient, lambda x: x, np.ones(2), ValueError, r"value of f must be a scalar, got shape \(2,\)"),
        (numerical_gradient, lambda x: x, np.ones(1), ValueError, r"value of f must be a scalar, got shape \(1,\)"),
        (numerical_gradient, lambda _: [1, [2]], np.ones(1), TypeError, "value of f must be a real number, got list"),
        (
            numerical_gradient,
            lambda _: np.ma.masked,
            np.ones(1),
            TypeError,
            "must be a real number, got MaskedConstant",
        ),
        (numerical_gradient, lambda _: 10**400, np.ones(1), TypeError, "must be a real number, got int"),
        (numerical_gradient, lambda _: None, np.ones(1), TypeError, "value of f must be a real number, got None"),
        (numerical_gradient, lambda _: 1j, np.ones(1), TypeError, "value of f must be a real number, got complex"),
        (
            complex_step_gradient,
            squares,
            np.ones(2),
            TypeError,
            "complex_step_gradient: x must be complex128, got float64",
        ),
        (
            complex_step_gradient,
            squares,
            np.array([1j]),
            ValueError,
            "x must have no imaginary part, got one that is not 0",
        ),
        (
            complex_step_gradient,
            5,
            np.ones(1, complex),
            TypeError,
            "complex_step_gradient: f must be a function, got int",
        ),
        (complex_step_gradient, lambda _: "", np.ones(1, complex), TypeError, "value of f must be a number, got ''"),
    ],
)
def test_bad_arguments_are_refused(
    gradient: Callable[..., Array], f: Any, x: Any, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        gradient(f, x)


def test_a_function_may_return_x_itself() -> None:
    for shape in ((1,), ()):
        x = np.full(shape, 3.0 + 0j)
        np.testing.assert_array_equal(complex_step_gradient(lambda p: p.reshape(()), x), np.ones(shape), strict=True)
