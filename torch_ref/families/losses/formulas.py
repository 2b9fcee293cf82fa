"""The formulas of softmax and of the cross-entropy, for balls and for many digits. z are the logits, (..., C)."""

from typing import Any

import numpy as np

from numpy_impl.functions import ieee_arithmetic
from numpy_impl.validation import Array
from torch_ref.bounds import LIBM, Ball, exp, log, where


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


def softmax_with_loss(z: Any, t: Any, label_smoothing: Any = 0.0, ignore_index: int | None = None) -> Any:
    """−1/N Σ t log p: one sum of products over classes and batch, and a division by N or a product with 1/N."""
    rows, log_p = targets(z, t, label_smoothing, ignore_index), log_softmax(z)
    n = int(counted(t, ignore_index).sum())
    if not isinstance(z, Ball):
        return -(rows * log_p).sum() / n
    total = rows.reshape(1, -1) @ log_p.reshape(-1, 1)
    return -total.reshape().scaled(z.format.wide.type(1) / n, 2)


@ieee_arithmetic
def softmax_with_loss_backward(
    z: Ball, t: Any, dout: float, label_smoothing: float = 0.0, ignore_index: int | None = None
) -> dict[str, Ball]:
    """dz = (p Σ t − t) dout / N, where p Σ t and t may be scaled before they are subtracted or after; 0 where ignored.

    At the label of class indices p_t − t may as well be computed as −Σ_{j≠t} (p_j − t_j): there the greater radius
    holds. Five roundings scale the difference: its own, that of dout to the format, 1/N, and two products. With
    smoothed labels it may be (1 − ε) (p − t) + ε (p − 1/C): six roundings of each term.
    """
    f, rows, p = z.format, targets(z, t, label_smoothing, ignore_index), softmax(z)
    weighted = p * rows.sum(-1, keepdims=True)
    roundings = f.gamma(6) if label_smoothing else f.u
    radius = weighted.radius + rows.radius + roundings * (weighted.magnitude + rows.magnitude)
    is_counted = counted(t, ignore_index)
    if t.ndim == 1:
        others = p.magnitude + rows.magnitude
        rest = _all_others(p.radius + rows.radius) + f.gamma(p.shape[-1]) * _all_others(others)
        is_label = np.arange(p.shape[-1]) == t[:, np.newaxis]
        radius = np.where(is_label, np.maximum(radius, rest), radius)
    factor = f.wide.type(dout) / int(is_counted.sum())
    dz = z.result(weighted.centre - rows.centre, radius).scaled(factor, 5)
    return {"dx": where(is_counted[:, np.newaxis], dz, 0.0)}


def counted(t: Any, ignore_index: int | None = None) -> Array:
    """Which samples are not ignored."""
    return np.ones(len(t.centre) if isinstance(t, Ball) else len(t), bool) if t.ndim == 2 else t != ignore_index


def targets(z: Any, t: Any, label_smoothing: Any = 0.0, ignore_index: int | None = None) -> Any:
    """As rows, of the kind that z is of: class indices as rows of 0 and 1, ignored ones of 0; smoothed.

    Smoothed, (1 − ε) t + ε / C, a term errs by six roundings: two of 1 − ε and its product, two of ε / C, the sum, and
    one more where the two parts are summed up over the batch apart; where t is negative, that is another sum.
    """
    is_counted, classes = counted(t, ignore_index), z.shape[-1]
    rows = np.eye(classes, dtype=int)[np.where(is_counted, t, 0)] * is_counted[:, np.newaxis] if t.ndim == 1 else t
    if not isinstance(z, Ball):
        spread = label_smoothing / classes * is_counted[:, np.newaxis]
        return (1 - label_smoothing) * rows + spread if label_smoothing else rows
    ball: Ball = rows if isinstance(rows, Ball) else z.format.exact(rows)
    if not label_smoothing:
        return ball
    f, epsilon = z.format, z.format.wide.type(label_smoothing)
    spread = epsilon / classes * is_counted[:, np.newaxis]
    centre, size = (1 - epsilon) * ball.centre + spread, ((1 - epsilon) * ball.magnitude + spread).astype(float)
    radius = ball.radius + f.gamma(6) * size + f.gamma(ball.size) * (size - abs(centre).astype(float))
    return ball.result(centre, radius)


def _greatest(values: Array) -> Any:
    return values.max(-1, keepdims=True)


def _all_others(values: Array) -> Array:
    """Σ_{j≠i} for each i, without the cancellation of a sum minus one of its terms."""
    return values @ (1 - np.eye(values.shape[-1]))
