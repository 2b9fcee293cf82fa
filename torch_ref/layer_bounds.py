"""The bounds of each layer: its formulas forward and backward, written with balls.

Inputs are balls too. Those of a layer on its own are exact, and the bound is sharp; in a network they are what the
layers before it return, and the bounds of the whole compose. x is (..., D) and t rows (N, C) or class indices (N,), as
the layers take them.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from numpy_impl.checks import Array
from numpy_impl.functions import ieee_arithmetic
from torch_ref.bounds import LIBM, Ball


def affine(x: Ball, *, W: Ball, b: Ball) -> Ball:
    """x W + b as one product, [x 1] [W; b]: the bias is one term more, whether it is added first, last or between."""
    rows = x.reshape(-1, len(W.centre))
    ones = np.ones((len(rows.centre), 1))
    extended = Ball(np.hstack([rows.centre, ones]), np.hstack([rows.radius, 0 * ones]), x.format)
    weights = Ball(np.vstack([W.centre, b.centre]), np.vstack([W.radius, b.radius]), x.format)
    return (extended @ weights).reshape(*x.shape[:-1], len(b.centre))


def affine_backward(x: Ball, dout: Ball, *, W: Ball, b: Ball) -> dict[str, Ball]:
    """dx = dout Wᵀ, dW = xᵀ dout, db = Σ dout."""
    rows, drows = x.reshape(-1, len(W.centre)), dout.reshape(-1, len(b.centre))
    return {"dx": (drows @ W.T).reshape(*x.shape), "dW": rows.T @ drows, "db": drows.sum(0)}


@ieee_arithmetic
def relu(x: Ball) -> Ball:
    """max is exact and moves two values no further apart; where all of the ball is negative it is 0."""
    return x.result(np.maximum(x.centre, 0), np.where(x.centre < -x.radius, 0, x.radius))


@ieee_arithmetic
def relu_backward(x: Ball, dout: Ball) -> dict[str, Ball]:
    """dout or exactly 0; where the sign of x is within its radius either is right: the ball reaches from 0 to dout."""
    on = ~(x.centre <= x.radius)  # NaN lets dout through
    off = ~on & ((x.centre < -x.radius) | (x.radius == 0))
    centre = np.where(on, dout.centre, np.where(off, 0, dout.centre / 2))
    reach = abs(dout.centre).astype(float) / 2 + dout.radius
    return {"dx": dout.result(centre, np.where(on, dout.radius, np.where(off, 0, reach)))}


@ieee_arithmetic
def log_softmax(z: Ball) -> Ball:
    """s − log S over the last axis, with s = z − max z, S = Σ_j exp(s_j), p = exp(s) / S, and δ the radius of z.

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
    f, n, log_p = z.format, z.shape[-1], log_softmax(z)
    p = np.exp(log_p.centre)
    error = p.astype(float) * np.expm1(log_p.radius + f.gamma(LIBM + 2)) + 3 * f.tau
    is_bounded = np.isfinite(z.radius).all(-1, keepdims=True)
    return z.result(p, np.where(is_bounded, np.fmin(error, 1 + f.gamma(2 * LIBM + n + 2)), np.inf))


def softmax_with_loss(z: Ball, t: Array) -> Ball:
    """−1/N Σ t log p: one sum of products over classes and batch, and a division by N or a product with 1/N."""
    n = len(z.centre)
    log_p = log_softmax(z)
    return -(_rows(z, t).reshape(1, -1) @ log_p.reshape(-1, 1)).reshape().scaled(z.format.wide.type(1) / n, 2)


@ieee_arithmetic
def softmax_with_loss_backward(z: Ball, t: Array, dout: float) -> dict[str, Ball]:
    """dz = (p Σ t − t) dout / N, where p Σ t and t may be scaled before they are subtracted or after.

    At the label of class indices p_t − 1 may as well be computed as −Σ_{j≠t} p_j: there the greater radius holds. Five
    roundings scale the difference: its own, that of dout to the format, 1/N, and two products.
    """
    f, rows, p = z.format, _rows(z, t), softmax(z)
    weighted = p * rows.sum(-1, keepdims=True)
    radius = weighted.radius + f.u * (weighted.magnitude + rows.magnitude)
    if t.ndim == 1:
        rest = _all_others(p.radius) + f.gamma(p.shape[-1]) * _all_others(p.magnitude)
        radius = np.where(rows.centre == 1, np.maximum(radius, rest), radius)
    factor = f.wide.type(dout) / len(z.centre)
    return {"dx": z.result(weighted.centre - rows.centre, radius).scaled(factor, 5)}


def two_layer_net(x: Ball, t: Array, *, W1: Ball, b1: Ball, W2: Ball, b2: Ball) -> Ball:
    """The loss: the layers', one after another."""
    return softmax_with_loss(affine(relu(affine(x, W=W1, b=b1)), W=W2, b=b2), t)


@dataclass(frozen=True)
class Pass:
    """What flows forward, x → a → h → z, and dz, which flows back."""

    x: Ball
    W1: Ball
    b1: Ball
    W2: Ball
    b2: Ball
    a: Ball
    h: Ball
    dz: Ball

    @classmethod
    def of(cls, x: Ball, t: Array, dout: float, **params: Ball) -> "Pass":
        a = affine(x, W=params["W1"], b=params["b1"])
        h = relu(a)
        z = affine(h, W=params["W2"], b=params["b2"])
        return cls(x, **params, a=a, h=h, dz=softmax_with_loss_backward(z, t, dout)["dx"])

    def back(self, through: Callable[[Ball, Ball], dict[str, Ball]] = relu_backward) -> dict[str, Ball]:
        """The gradients. A pre-activation within its radius of 0 leaves a wide ball: it may be on either side."""
        second = affine_backward(self.h, self.dz, W=self.W2, b=self.b2)
        first = affine_backward(self.x, through(self.a, second["dx"])["dx"], W=self.W1, b=self.b1)
        return {"dW1": first["dW"], "db1": first["db"], "dW2": second["dW"], "db2": second["db"]}


def two_layer_net_backward(x: Ball, t: Array, dout: float, **params: Ball) -> dict[str, Ball]:
    """The same backwards."""
    return Pass.of(x, t, dout, **params).back()


def _greatest(values: Array) -> Any:
    return values.max(-1, keepdims=True)


def _all_others(values: Array) -> Array:
    """Σ_{j≠i} for each i, without the cancellation of a sum minus one of its terms."""
    return values @ (1 - np.eye(values.shape[-1]))


def _rows(z: Ball, t: Array) -> Ball:
    """Class indices as rows of 0 and 1."""
    return z.format.exact(np.eye(z.shape[-1])[t] if t.ndim == 1 else t)
