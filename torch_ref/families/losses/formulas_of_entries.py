"""The formulas of losses entry by entry, forward for balls and for many digits, backward for balls."""

from typing import Any

import numpy as np

from numpy_impl.functions import ieee_arithmetic
from torch_ref.bounds import LIBM, Ball, maximum, sigmoid, softplus


def sigmoid_with_loss(x: Any, t: Any) -> Any:
    """The mean of log(1 + eˣ) − x t."""
    return mean(_cross_entropy(x, x.as_ball(t)) if isinstance(x, Ball) else softplus(x) - x * t)


@ieee_arithmetic
def _cross_entropy(x: Ball, t: Ball) -> Ball:
    """(1 − t) max(x, 0) + t max(−x, 0) + ℓ with ℓ = log(1 + e^−|x|), max(x, 0) − x t + ℓ, x (1 − t) − log σ(x), or
    −t log σ(x) − (1 − t) log σ(−x).

    No term of them is greater than (|x| + ℓ) (1 + |t| + |1 − t|), and none errs by more than 2 LIBM + 1 for a log σ, 1
    for 1 − t, a product and two sums. Its derivative σ(x) − t is no greater than |t| + |1 − t|, that by t is −x.
    """
    f, v, size = x.format, x.centre, abs(x.centre)
    small = np.log1p(np.exp(-size))
    centre = np.where(v > 0, 1 - t.centre, t.centre) * size + small
    weight = t.magnitude + (1 - t).magnitude
    terms = (x.magnitude + np.log(2)) * (1 + weight)
    moved = x.radius * weight + t.radius * x.magnitude
    return x.result(centre, moved + f.gamma(2 * LIBM + 5) * terms + 4 * f.tau * (1 + weight + x.magnitude), terms)


@ieee_arithmetic
def sigmoid_with_loss_backward(x: Ball, t: Any, dout: float) -> dict[str, Ball]:
    """σ(x) − t, or (1 − t) σ(x) − t σ(−x): a term errs by LIBM + 2 for σ, 1 for 1 − t, a product and a sum."""
    f, t, s, rest = x.format, x.as_ball(t), sigmoid(x), sigmoid(-x)
    centre = (1 - t.centre) * s.centre - t.centre * rest.centre
    terms = s.magnitude * (1 + (1 - t).magnitude) + t.magnitude * rest.magnitude
    radius = s.radius + t.radius + f.gamma(LIBM + 5) * terms + 3 * f.tau * (1 + t.magnitude)
    return {"dx": shared(x.result(centre, radius), dout)}


def mean_squared_error(x: Any, t: Any) -> Any:
    return mean((x - t) ** 2)


def mean_squared_error_backward(x: Ball, t: Any, dout: float) -> dict[str, Ball]:
    return {"dx": shared(2 * (x - t), dout)}


def huber_loss(x: Any, t: Any, delta: float) -> Any:
    """c (d − c / 2) with c = d, clipped to [−δ, δ]: d² / 2 and δ (|d| − δ / 2) err no more than the product does."""
    d = x - t
    c = clipped(d, delta)
    return mean(c * (d - c * 0.5))


def huber_loss_backward(x: Ball, t: Any, dout: float, delta: float) -> dict[str, Ball]:
    return {"dx": shared(clipped(x - t, delta), dout)}


def clipped(d: Any, delta: float) -> Any:
    return maximum(-maximum(-d, -delta), -delta)


def mean(entries: Any) -> Any:
    return entries.mean() if isinstance(entries, Ball) else np.sum(entries) / np.size(entries)


def shared(slope: Ball, dout: Any) -> Ball:
    """slope · dout / n: five roundings, that of dout to the format, those of 1/n or its like, and two products."""
    return slope.scaled(slope.format.wide.type(dout) / slope.size, 5)
