"""The formulas of an optimizer's step, for balls and for many digits: p and the state after it, from p, its gradient g
and the state before.

Options are numbers of float64, and what is computed of them alone, such as 1 − βᵗ, is computed in float64, as Python
does, and rounded to the format of the parameter. (In float32 1 − 0.999 would have four digits.)
"""

from typing import Any

import numpy as np

from numpy_impl.functions import ieee_arithmetic
from torch_ref.bounds import LIBM, Ball, Format, sqrt

U64 = 2.0**-53


def sgd(p: Any, g: Any, lr: float, weight_decay: float = 0) -> Any:
    """p − lr (g + λ p)."""
    return p - decayed(g, p, weight_decay) * lr


def decayed(g: Any, p: Any, weight_decay: float) -> Any:
    return g + p * weight_decay if weight_decay else g


def momentum(p: Any, g: Any, v: Any, lr: float, momentum: float, nesterov: bool, weight_decay: float) -> Any:
    g = decayed(g, p, weight_decay)
    v = v * momentum + g
    return p - (g + v * momentum if nesterov else v) * lr, v


def adagrad(p: Any, g: Any, h: Any, lr: float, eps: float) -> Any:
    h = h + g * g
    return p - over_root(g, h, lr, eps), h


def rmsprop(p: Any, g: Any, h: Any, lr: float, alpha: float, eps: float) -> Any:
    h = moved(h, g * g, alpha)
    return p - over_root(g, h, lr, eps), h


def adam(p: Any, g: Any, m: Any, v: Any, t: Any, lr: float, betas: Any, eps: float) -> Any:
    beta1, beta2 = betas
    m, v = moved(m, g, beta1), moved(v, g * g, beta2)
    step = over_root(m, v, lr / correction(beta1, t + 1, p), eps, correction(beta2, t + 1, p))
    return p - step, m, v, as_number(t + 1, p)


def adamw(p: Any, g: Any, m: Any, v: Any, t: Any, lr: float, betas: Any, eps: float, weight_decay: float) -> Any:
    return adam(p * one_minus(lr * weight_decay, p), g, m, v, t, lr, betas, eps)


@ieee_arithmetic
def moved(mean: Any, new: Any, beta: float) -> Any:
    """β mean + (1 − β) new, also computed as mean + (1 − β)(new − mean), or from the other end.

    In the first form each term has two roundings, β or 1 − β and the product; in the second 1 − β, the difference and
    the product are three, of (1 − β)|new − mean|; the last, new − β (new − mean), is taken where 1 − β is above 1/2,
    and errs by 2 − (1 − β) ≤ 3 (1 − β) of it. The sum is rounded in each of them.
    """
    if not isinstance(mean, Ball):
        return mean * beta + new * (1 - beta)
    f, b = mean.format, mean.format.wide.type(beta)
    centre, (kept, added) = b * mean.centre + (1 - b) * new.centre, (float(b), float(1 - b))
    error = kept * mean.radius + added * new.radius
    size = mean.magnitude + new.magnitude
    radius = error + f.gamma(2) * kept * mean.magnitude + f.gamma(3) * added * size
    return mean.result(centre, radius + f.u * (abs(centre).astype(float) + error) + 4 * f.tau, size)


def correction(beta: Any, t: Any, like: Any) -> Any:
    """1 − βᵗ: the power errs by LIBM u of it, and the difference is rounded, in float64; then once in the format."""
    if not isinstance(like, Ball):
        return 1 - beta ** int(t)
    power = like.format.wide.type(beta) ** int(t)
    return _constant(like.format, 1 - power, LIBM * float(power))


def one_minus(small: Any, like: Any) -> Any:
    """1 − lr λ, where the product has been rounded, in float64; then once in the format."""
    if not isinstance(like, Ball):
        return 1 - small
    return _constant(like.format, 1 - like.format.wide.type(small), 2 * abs(float(small)))


def _constant(form: Format, centre: Any, roundings: float) -> Ball:
    size = abs(float(centre))
    return Ball(np.asarray(centre), np.asarray(U64 * (roundings + size) + form.u * size + form.tau), form)


def as_number(t: Any, like: Any) -> Any:
    return like.format.exact(t) if isinstance(like, Ball) else t


@ieee_arithmetic
def over_root(m: Any, v: Any, rate: Any, eps: float, size: Any = 1) -> Any:
    """rate m / (√(v / size) + eps), where v is at least 0 and eps above it.

    Up to d = √(v / size) + eps there are at most 8 roundings: two of the root, of v and of the size each, their
    quotient, eps, and the sum. v may be anywhere within its ball, but not below 0: so d is between two ends, of which
    the lower one is never below eps, and 1 / d between the reciprocals of these. The product with the rate, before the
    quotient or after it, may be flushed.
    """
    if not isinstance(m, Ball):
        return m * rate / (sqrt(v / size) + eps)
    f = m.format
    (least, most), (smallest, greatest) = v.ends, m.as_ball(size).ends
    d = np.sqrt(v.centre / m.as_ball(size).centre) + f.wide.type(eps)
    low = (np.sqrt(np.maximum(least, 0) / greatest) + eps) * (1 - f.gamma(8))
    high = (np.sqrt(most / smallest) + eps) * (1 + f.gamma(8)) + f.tau
    step, size_of_rate = m * rate, m.as_ball(rate).magnitude
    quotient = abs(step.centre / d).astype(float)
    reach = abs(step.centre).astype(float) * np.maximum(1 / low - 1 / d, 1 / d - 1 / high).astype(float)
    error = reach + (step.radius / low).astype(float)
    flushed = f.tau * (1 + size_of_rate + 1 / low.astype(float))
    radius = error + f.gamma(2) * (quotient + error) + flushed
    return m.result(step.centre / d, radius, (m.magnitude / low).astype(float))
