"""Softmax as a layer: its formulas in losses.md by their names, and digits that must not be lost."""

from typing import Any

import mpmath
import numpy as np
import pytest
import torch
from entrywise import U

from numpy_impl import Softmax, softmax
from numpy_impl.validation import Array
from torch_ref import verify


def dx_of_softmax(x: Array, dout: Array) -> Array:
    layer = Softmax()
    layer.forward(x)
    return layer.backward(dout)


def test_dx_of_softmax_is_y_times_dout_minus_its_mean_by_y() -> None:
    x, dout = np.array([[1.0, -2.0, 4.0], [0.0, 0.5, 1.0]]), np.array([[1.0, 5.0, -3.0], [2.0, 0.0, 7.0]])
    y = softmax(x)
    by_jacobian = np.stack([(np.diag(p) - np.outer(p, p)) @ d for p, d in zip(y, dout, strict=True)])
    np.testing.assert_allclose(dx_of_softmax(x, dout), by_jacobian, rtol=0, atol=200 * U)
    np.testing.assert_allclose(
        dx_of_softmax(x, dout), y * (dout - (dout * y).sum(1, keepdims=True)), rtol=0, atol=200 * U
    )


def test_a_row_that_nears_certainty_keeps_the_digits_of_its_gradient() -> None:
    x, dout = np.array([[50.0, 0.0, 3.0]]), np.array([[1.0, -2.0, 0.5]])
    with mpmath.workdps(60):
        powers = [mpmath.exp(v) for v in x[0]]
        y = [power / sum(powers) for power in powers]
        mean = sum(p * d for p, d in zip(y, dout[0], strict=True))
        exact = [float(p * (d - mean)) for p, d in zip(y, dout[0], strict=True)]
    np.testing.assert_allclose(dx_of_softmax(x, dout)[0], exact, rtol=60 * U)
    theirs = torch.tensor(x, requires_grad=True)
    torch.softmax(theirs, -1).backward(torch.tensor(dout))  # type: ignore[no-untyped-call]
    assert theirs.grad is not None
    assert abs(theirs.grad[0, 0].item() - exact[0]) >= abs(exact[0])  # a rounding error is all that is left there


def test_an_infinite_dout_is_no_nan_for_the_other_classes() -> None:
    x = np.array([[2.0, 0.0, 1.0]])
    for at in range(3):
        dout = np.zeros((1, 3))
        dout[0, at] = np.inf
        theirs = torch.tensor(x, requires_grad=True)
        torch.softmax(theirs, -1).backward(torch.tensor(dout))  # type: ignore[no-untyped-call]
        assert theirs.grad is not None
        np.testing.assert_array_equal(dx_of_softmax(x, dout), theirs.grad.numpy())


def test_a_dout_that_is_alike_in_a_row_has_no_gradient() -> None:
    np.testing.assert_array_equal(dx_of_softmax(np.array([[1.0, -2.0, 4.0]]), np.full((1, 3), 0.7)), np.zeros((1, 3)))


@pytest.mark.parametrize("shape", [(0, 3), (2, 0, 3), (3,), (2, 2, 3)])
def test_any_leading_axes_will_do(shape: tuple[int, ...]) -> None:
    x = np.linspace(-1, 1, int(np.prod(shape))).reshape(shape)
    assert dx_of_softmax(x, x).shape == shape
    if x.size:
        assert verify(Softmax(), x).ok


@pytest.mark.parametrize(
    ("x", "error", "message"),
    [
        (np.array(1.0), ValueError, r"Softmax: x must have at least one class in its last axis, got shape \(\)"),
        (np.ones((3, 0)), ValueError, r"Softmax: x must have at least one class in its last axis, got shape \(3, 0\)"),
        (np.ones(3, int), TypeError, "Softmax: x must be of a native floating-point dtype"),
    ],
)
def test_what_has_no_classes_is_refused(x: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        Softmax().forward(x)
