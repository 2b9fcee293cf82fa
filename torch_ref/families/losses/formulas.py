"""The formulas of softmax and of the cross-entropy, for balls and for many digits. z are the logits, (..., C)."""

from typing import Any

import numpy as np

from numpy_impl.functions import ieee_arithmetic
from numpy_impl.validation import Array
from torch_ref.bounds import LIBM, Ball, exp, log


def log_softmax(z: Any) -> Any:
    """s − log S over the last axis, with s = z − max z, S = Σ_j exp(s_j)."""
    return _log_softmax(z) if isinstance(z, Ball) else z - log(exp(z).sum(-1, keepdims=True))


@ieee_arithmetic
def _log_softmax(z: Ball) -> Ball:
    """The same for balls, with p = exp(s) / S, and δ the radius of z.

    Every rounding up to S acts as a shift of an exponent: by σ_j for rounding s_j, and by γ_{LIBM+n−1} for exp and the
    sum. With r_j = σ_j + γ_{LIBM+n−1} the computed z_i − log S is −log Σ_j (p_j / p_i) exp(shift_j − shift_i), and no
    further from log p_i than

        drift_i = log(1 + p_i expm1(r_i) + Σ_{j≠i} p_j expm1(δ_i + δ_j + r_j)) ≤ δ_i + max_j (δ_j + r_j),

    downwards as well as upwards, since Σ p_j exp(−a_j) ≥ 1 / Σ p_j exp(a_j). To it come σ_i for s_i itself, the
    logarithm and the last subtraction. After Blanchard, Higham & Higham, Accurately computing the log-sum-exp and
    softmax functions, IMA Journal of Numerical Analysis 2021.
    """
    f, delta, n = z.format, z.radius, z.shape[-1]
    s = z.centre - _greatest(z.centre)
    total = np.exp(s).sum(-1, keepdims=True)
    centre = s - np.log(total)
    p = np.exp(centre).astype(float)

    sigma = f.u * (abs(s).astype(float) + delta + _greatest(delta))  # rounding s, of the magnitude it may have
    r = sigma + f.gamma(LIBM + n - 1)
    worst = _greatest(delta + r)
    # expm1(a + b) = expm1(a) exp(b) + expm1(b) takes δ_i out of the sum.
    others = _all_others(p * np.expm1(delta + r)) * np.exp(delta) + _all_others(p) * np.expm1(delta)
    drift = np.fmin(np.log1p(p * np.expm1(r) + others), delta + worst)

    logarithm = f.gamma(LIBM) * (np.log(total).astype(float) + 2 * worst)
    error = drift + sigma + logarithm
    return z.result(centre, error + f.u * (abs(centre).astype(float) + error) + 2 * n * f.tau)


@ieee_arithmetic
def softmax(z: Ball) -> Ball:
    """exp(s) / S as well as exp(log_softmax): either way an exponent shifted by at most its error, exp and a quotient.

    Where z cannot overflow, 0 ≤ p ≤ 1 but for rounding: the computed S is at least 1 − γ_{LIBM+n}, for exp(0) is a
    term of it, and the exponential of its logarithm errs by LIBM once more. Where it can, p may be NaN.
    """
    f, n, log_p = z.format, z.shape[-1], _log_softmax(z)
    p = np.exp(log_p.centre)
    error = p.astype(float) * np.expm1(log_p.radius + f.gamma(LIBM + 2)) + 3 * f.tau
    is_bounded = np.isfinite(z.radius).all(-1, keepdims=True)
    return z.result(p, np.where(is_bounded, np.fmin(error, 1 + f.gamma(2 * LIBM + n + 2)), np.inf))


def softmax_with_loss(z: Any, t: Any) -> Any:
    """−1/N Σ t log p: one sum of products over classes and batch, and a division by N or a product with 1/N."""
    rows, log_p = targets(z, t), log_softmax(z)
    if not isinstance(z, Ball):
        return -(rows * log_p).sum() / len(z)
    total = rows.reshape(1, -1) @ log_p.reshape(-1, 1)
    return -total.reshape().scaled(z.format.wide.type(1) / z.shape[0], 2)


@ieee_arithmetic
def softmax_with_loss_backward(z: Ball, t: Any, dout: float) -> dict[str, Ball]:
    """dz = (p Σ t − t) dout / N, where p Σ t and t may be scaled before they are subtracted or after.

    At the label of class indices p_t − 1 may as well be computed as −Σ_{j≠t} p_j: there the greater radius holds. Five
    roundings scale the difference: its own, that of dout to the format, 1/N, and two products.
    """
    f, rows, p = z.format, targets(z, t), softmax(z)
    weighted = p * rows.sum(-1, keepdims=True)
    radius = weighted.radius + f.u * (weighted.magnitude + rows.magnitude)
    if t.ndim == 1:
        rest = _all_others(p.radius) + f.gamma(p.shape[-1]) * _all_others(p.magnitude)
        radius = np.where(rows.centre == 1, np.maximum(radius, rest), radius)
    factor = f.wide.type(dout) / z.shape[0]
    return {"dx": z.result(weighted.centre - rows.centre, radius).scaled(factor, 5)}


def targets(z: Any, t: Any) -> Any:
    """As rows, of the kind that z is of: class indices as rows of 0 and 1."""
    rows = np.eye(z.shape[-1], dtype=int)[t] if t.ndim == 1 else t
    return z.format.exact(rows) if isinstance(z, Ball) and not isinstance(rows, Ball) else rows


def _greatest(values: Array) -> Any:
    return values.max(-1, keepdims=True)


def _all_others(values: Array) -> Array:
    """Σ_{j≠i} for each i, without the cancellation of a sum minus one of its terms."""
    return values @ (1 - np.eye(values.shape[-1]))
