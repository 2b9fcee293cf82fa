"""The formulas of softmax and of the loss in numpy_impl/README.md, by their names, as in test_derivations."""

from functools import partial
from typing import Any

import mpmath
import numpy as np
import pytest
import torch
from jacobians import U, jacobian

from numpy_impl import (
    SoftmaxWithLoss,
    complex_step_gradient,
    log_softmax,
    softmax,
)
from numpy_impl.validation import Array

# Softmax


def test_softmax_does_not_change_when_all_logits_are_shifted() -> None:
    x = np.array([1.0, -2.0, 4.0])
    with mpmath.workdps(60):

        def exactly(row: list[float]) -> list[Any]:
            powers = [mpmath.exp(entry) for entry in row]
            return [power / mpmath.fsum(powers) for power in powers]

        for p, shifted in zip(exactly(x.tolist()), exactly((x + 900).tolist()), strict=True):
            assert abs(p - shifted) < mpmath.mpf(10) ** -50
    with np.errstate(all="ignore"):
        assert np.isnan(np.exp(x + 900) / np.exp(x + 900).sum()).all()
    np.testing.assert_array_equal(softmax(x + 900), softmax(x), strict=True)


@pytest.mark.parametrize(("dtype", "largest"), [(np.float32, 88.72), (np.float64, 709.78)])
def test_exp_overflows_above_its_limit_and_softmax_does_not(dtype: Any, largest: float) -> None:
    at, above = np.array(largest, dtype), np.array(largest + 0.01, dtype)
    with np.errstate(over="ignore"):
        assert np.isfinite(np.exp(at))
        assert np.exp(above) == np.inf
    np.testing.assert_array_equal(softmax(np.stack([above, above])), np.array([0.5, 0.5], dtype), strict=True)


def test_log_softmax_is_finite_where_the_log_of_softmax_is_not() -> None:
    x = np.array([0.0, 800.0])
    with np.errstate(all="ignore"):
        assert np.log(softmax(x))[0] == -np.inf
    assert log_softmax(x)[0] == -800


def test_log1p_keeps_the_loss_of_a_confident_prediction() -> None:
    assert np.log(1 + np.exp(-50.0)) == 0
    exact = float(mpmath.log1p(mpmath.exp(-50)))
    np.testing.assert_allclose(-log_softmax(np.array([0.0, 50.0]))[1], exact, rtol=20 * U)  # exp, log1p: 8 u each


def test_the_jacobian_of_softmax_is_p_i_times_delta_minus_p_j() -> None:
    x = np.array([1.0, -2.0, 4.0, 0.5])
    p = softmax(x)
    expected = p[:, np.newaxis] * (np.eye(4) - p)
    np.testing.assert_allclose(jacobian(lambda x: torch.softmax(x, -1), x), expected, rtol=0, atol=100 * U)
    for row, unit in zip(expected, np.eye(4), strict=True):
        by_complex_step = complex_step_gradient(partial(entry_of_softmax, unit), x.astype(complex))
        np.testing.assert_allclose(by_complex_step, row, rtol=0, atol=100 * U)


def entry_of_softmax(unit: Array, x: Array) -> Any:
    return softmax(x) @ unit


# The loss

LOGITS = np.array([[1.0, -2.0, 4.0], [0.5, 3.0, -1.0]])
LABELS = np.array([1, 0])


def dx_of_the_loss(x: Array, t: Array) -> Array:
    layer = SoftmaxWithLoss()
    layer.forward(x, t)
    return layer.backward()


def apart(x: Array, t: Array) -> Array:
    """−t/p of the logarithm, then the Jacobian of softmax: two backwards, one after the other."""
    p = softmax(x)
    dp = -t / p / len(x)
    return np.stack([row @ (np.diag(q) - np.outer(q, q)) for row, q in zip(dp, p, strict=True)])


def test_dx_of_the_loss_is_p_minus_t_over_N() -> None:
    t = np.eye(3)[LABELS]
    dx = dx_of_the_loss(LOGITS, LABELS)
    np.testing.assert_allclose(dx, (softmax(LOGITS) - t) / 2, rtol=0, atol=100 * U)
    np.testing.assert_allclose(dx, apart(LOGITS, t), rtol=0, atol=100 * U)
    J = jacobian(lambda x: torch.nn.functional.cross_entropy(x, torch.tensor(LABELS)), LOGITS)
    np.testing.assert_allclose(dx, J, rtol=0, atol=100 * U)


def test_rows_that_do_not_sum_to_1_weigh_p() -> None:
    t = np.array([[0.5, 0.0, 0.2], [2.0, 1.0, 0.0]])
    dx = dx_of_the_loss(LOGITS, t)
    np.testing.assert_allclose(dx, (softmax(LOGITS) * t.sum(1, keepdims=True) - t) / 2, rtol=0, atol=100 * U)
    np.testing.assert_allclose(dx, apart(LOGITS, t), rtol=0, atol=100 * U)
    assert abs(dx - (softmax(LOGITS) - t) / 2).max() > 0.1


def test_apart_softmax_and_log_give_nan_where_p_is_0() -> None:
    x, t = np.array([[0.0, 800.0]]), np.array([[1.0, 0.0]])
    with np.errstate(all="ignore"):
        assert np.isnan(apart(x, t)).any()
    np.testing.assert_array_equal(dx_of_the_loss(x, t), [[-1, 1]])


def test_p_minus_1_at_the_label_is_minus_the_sum_of_the_others() -> None:
    x, t = np.array([[50.0, 0.0, 3.0]]), np.array([0])
    assert softmax(x)[0, 0] - 1 == 0
    exact = -(mpmath.exp(-50) + mpmath.exp(-47)) / (1 + mpmath.exp(-50) + mpmath.exp(-47))
    np.testing.assert_allclose(dx_of_the_loss(x, t)[0, 0], float(exact), rtol=30 * U)  # two exp of 8 u, and S
