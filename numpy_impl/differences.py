"""Derivatives by evaluating a function only: two oracles that know nothing of back-propagation."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from numpy_impl.validation import Array, check_array, check_function, check_scalar


def numerical_gradient(f: Callable[[Array], Any], x: Array) -> Array:
    """∂f/∂x_i ≈ (f(x + h e_i) − f(x − h e_i)) / 2h, the central difference, for every entry of x.

    f takes x and gives a scalar. The entries of x are shifted in place, one at a time, so f may also be a function of
    something that holds x, as in `numerical_gradient(lambda _: net.loss(x, t), net.params["W1"])`. Afterwards x is bit
    for bit as it was, also when f raises. (A read-only x stays untouched: f gets a copy.)

    The truncation error is h²/6 |f‴|, that of rounding about eps |f| / h; their sum is least near h = ∛eps, 5e-3 in
    float32. In float64 it is 6e-6, and h the usual 1e-5. The difference is divided by the shift that x really took;
    where h is lost in the rounding of an entry the result is NaN.
    Raises TypeError for an x that is not floating-point. Source: Saito, chapter 4 and section 5.7.3.

    >>> numerical_gradient(lambda x: (x**2).sum(), np.array([1.0, 2.0, 3.0])).round(9)
    array([2., 4., 6.])
    """
    check_function("numerical_gradient", "f", f)
    check_array("numerical_gradient", "x", x)

    def evaluate(point: Array) -> Any:
        value = f(point)
        check_scalar("numerical_gradient", "the value of f", value, complex_too=x.dtype.kind == "c")
        return np.asarray(value) + 0.0  # a number of its own, and no unsigned integer, whose differences wrap

    h = _step(x.dtype)
    gradient = np.empty(x.shape, x.dtype)
    with _restored(x) as (point, original):
        for i in np.ndindex(x.shape):
            with np.errstate(all="ignore"):
                above, below = original[i] + h, original[i] - h
            point[i] = above
            f_above = evaluate(point)
            point[i] = below
            f_below = evaluate(point)
            point[i] = original[i]
            with np.errstate(all="ignore"):
                gradient[i] = (f_above - f_below) / (above - below)
    return gradient


def _step(dtype: Any) -> Any:
    eps = np.finfo(dtype).eps
    return dtype.type(1e-5 if eps == 2.0**-52 else np.cbrt(eps))


def complex_step_gradient(f: Callable[[Array], Any], x: Array) -> Array:
    """∂f/∂x_i = Im f(x + ih e_i) / h with h = 1e-200, for every entry of x: a derivative without cancellation.

    No difference is taken, so nothing limits how small h may be, and the error is that of evaluating f once. f must
    be analytic where it is evaluated and compute in complex numbers, as all layers here do; x is a complex128 array
    with no imaginary part, and is shifted and restored as in `numerical_gradient`. The result is real.
    Raises TypeError for an x that is not complex128, ValueError for one with an imaginary part.
    Source: Squire & Trapp, Using complex variables to estimate derivatives of real functions, SIAM Review 1998.

    >>> complex_step_gradient(lambda x: (x**2).sum(), np.array([1.0, 2.0, 3.0], dtype=np.complex128))
    array([2., 4., 6.])
    """
    check_function("complex_step_gradient", "f", f)
    check_array("complex_step_gradient", "x", x, np.dtype(np.complex128))
    if x.imag.any():
        raise ValueError("complex_step_gradient: x must have no imaginary part, got one that is not 0")
    h = 1e-200
    gradient = np.empty(x.shape, x.real.dtype)
    with _restored(x) as (point, original):
        for i in np.ndindex(x.shape):
            point[i] = original[i] + 1j * h
            value = f(point)
            check_scalar("complex_step_gradient", "the value of f", value, complex_too=True)
            value = np.array(value)  # a number of its own: f may return a view of x
            point[i] = original[i]
            with np.errstate(all="ignore"):
                gradient[i] = np.imag(value) / np.float64(h)
    return gradient


@contextmanager
def _restored(x: Array) -> Iterator[tuple[Array, Array]]:
    """An array to shift, x itself where that can be written, and the original values, put back at the end."""
    original = x.copy()
    point = x if x.flags.writeable else x.copy()
    try:
        yield point, original
    finally:
        point[...] = original
