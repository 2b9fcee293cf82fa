"""The formulas of normalizations, forward for balls and for many digits, backward for balls.

Their bounds are those of every algorithm that takes a variance from deviations, and not as mean(x²) − μ²: two passes,
Welford's updates, or partial sums that are merged (Chan, Golub & LeVeque, Algorithms for computing the sample
variance, 1983). Beside a large mean the error of μ itself, n u |μ|, is the greatest part of each of them. Three other
arrangements are right too, for they err by no more than a few u |μ|, or n u |μ|: x r − μ r for (x − μ) r, with γ in r
or not; and Σ dout x − μ Σ dout for Σ dout (x − μ). PyTorch has all of them.
"""

from collections.abc import Callable
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from numpy_impl.functions import ieee_arithmetic
from numpy_impl.validation import Array
from torch_ref.bounds import Ball, monotone, sqrt

Axes: TypeAlias = int | tuple[int, ...]
Variance: TypeAlias = Callable[[Ball, Ball, Axes], Ball]  # of x and its mean, over these axes


class Normal(NamedTuple):
    """x̂ = (x − μ) r, of which |x| r and |μ| r together are no more than `size`."""

    x_hat: Any
    r: Any
    mu: Any = None
    variance: Any = None
    size: Any = 0.0


@ieee_arithmetic
def by_statistics(x: Any, mu: Any, variance: Any, eps: float) -> Normal:
    """x r and μ r may be rounded before they are subtracted, and multiplied with γ before that: four roundings."""
    d, r = x - mu, reciprocal_root(variance, eps)
    x_hat = d * r
    if not isinstance(x, Ball):
        return Normal(x_hat, r, mu, variance)
    size = (x.magnitude + mu.magnitude) * r.magnitude
    return Normal(_wider(x_hat, x.format.gamma(4) * size), r, mu, variance, size)


@ieee_arithmetic
def variance_of(x: Ball, mu: Ball, axes: Axes) -> Ball:
    """Σ (x − μ)² / n, by deviations that err by no more than a: μ's error, and that of x.

    Two passes have Σ (d + a)² ≤ n (σ + a)². Welford has Σ (x_k − M_{k−1}) (x_k − M_k) with the means M_k of k numbers;
    by Cauchy and Schwarz Σ |x_k − M_{k−1}| ≤ n √2 σ, and without the √2 for M_k. So both err by less than 3 σ a + a²,
    and relatively by n + 4 roundings: a difference and a square are three, n − 1 sums, two for the division.
    """
    f = x.format
    squares = (x.centre - mu.centre) ** 2
    centre = squares.mean(axes, keepdims=True)
    n = squares.size // max(centre.size, 1)
    sigma = np.sqrt(centre).astype(float)
    a = mu.radius + x.radius.max(axes, keepdims=True, initial=0)
    size = sigma**2 + 3 * sigma * a + a**2
    largest = squares.max(axes, keepdims=True, initial=0).astype(float) * n
    return x.result(centre, 3 * sigma * a + a**2 + f.gamma(n + 4) * size + 2 * n * f.tau, largest)


@ieee_arithmetic
def by_squares(x: Ball, mu: Ball, axes: Axes) -> Ball:
    """mean(x²) − μ², a slip: it errs by n u (σ² + 2 μ²). No bound where it may be negative."""
    right = variance_of(x, mu, axes)
    radius = np.maximum(right.radius, ((x * x).mean(axes, keepdims=True) - mu * mu).radius)
    return right.result(right.centre, np.where(radius < right.centre, radius, np.inf))


def normal(x: Any, axes: Axes, eps: float, variance: Variance) -> Normal:
    """With mean and variance over these axes, which are kept."""
    mu = _mean(x, axes)
    return by_statistics(x, mu, variance(x, mu, axes) if isinstance(x, Ball) else _mean((x - mu) ** 2, axes), eps)


def reciprocal_root(variance: Any, eps: float) -> Any:
    """1 / √(σ² + eps), of a variance that is not negative: a sum under the root, a root of two, and a quotient."""
    if not isinstance(variance, Ball):
        return 1 / sqrt(variance + eps)
    return monotone(variance, lambda values: 1 / np.sqrt(np.maximum(values, 0) + variance.format.wide.type(eps)), 5)


@ieee_arithmetic
def affine(x_hat: Any, gamma: Any, beta: Any) -> Any:
    """γ x̂ + β, where β may be added to −γ μ r before."""
    y = x_hat * gamma + beta
    return _wider(y, 2 * y.format.u * beta.magnitude) if isinstance(y, Ball) else y


@ieee_arithmetic
def sum_of_products(dout: Ball, of: Normal, axes: Axes, *, keepdims: bool = False) -> Ball:
    """Σ dout x̂, or (Σ dout x − μ Σ dout) r: of n terms, with three roundings besides the sums."""
    total = (dout * of.x_hat).sum(axes, keepdims=keepdims)
    roundings = dout.format.gamma(dout.size // max(total.size, 1) + 3)
    return _wider(total, roundings * (dout.magnitude * of.size).sum(axes, keepdims=keepdims))


@ieee_arithmetic
def dx_of(g: Ball, of: Normal, axes: Axes, *, is_centred: bool = True) -> Ball:
    """r (g − mean(g) − x̂ mean(g x̂)), the means over these axes.

    Another order, such as that of the computational graph, has r² and r³ in the place of r, and factors of 2 and 1/n:
    eight roundings more of each term. And it may have the mean of x̂ in it, which is 0 but for the error of x̂: once
    again that of x̂, and once more where x̂ is x r − μ r here.
    """
    n = g.size // max(of.r.size, 1)
    correction = sum_of_products(g, of, axes, keepdims=True).scaled(g.format.wide.type(1) / max(n, 1), 2)
    inner = g - of.x_hat * correction
    size = g.magnitude + of.x_hat.magnitude * correction.magnitude
    if is_centred:
        middle = g.mean(axes, keepdims=True)
        inner, size = inner - middle, size + middle.magnitude
    again = 2 * of.x_hat.radius * correction.magnitude
    return _wider(inner * of.r, (g.format.gamma(8) * size + again) * of.r.magnitude)


# The layers


def layer_norm(x: Any, gamma: Any, beta: Any, eps: float, variance: Variance = variance_of) -> Any:
    return affine(normal(x, -1, eps, variance).x_hat, gamma, beta)


def layer_norm_backward(
    x: Ball, dout: Ball, gamma: Ball, eps: float, variance: Variance = variance_of, **_: Any
) -> dict[str, Ball]:
    of, samples = normal(x, -1, eps, variance), tuple(range(x.ndim - 1))
    dgamma = sum_of_products(dout, of, samples)
    return {"dx": dx_of(dout * gamma, of, -1), "dgamma": dgamma, "dbeta": dout.sum(samples)}


def rms_normal(x: Any, eps: float) -> Normal:
    r = reciprocal_root(_mean(x * x, -1), eps)
    return Normal(x * r, r)


def rms_norm(x: Any, gamma: Any, eps: float) -> Any:
    return rms_normal(x, eps).x_hat * gamma


def rms_norm_backward(x: Ball, dout: Ball, gamma: Ball, eps: float) -> dict[str, Ball]:
    of, samples = rms_normal(x, eps), tuple(range(x.ndim - 1))
    dx = dx_of(dout * gamma, of, -1, is_centred=False)
    return {"dx": dx, "dgamma": (dout * of.x_hat).sum(samples)}


def group_norm(x: Any, gamma: Any, beta: Any, eps: float, groups: int, variance: Variance = variance_of) -> Any:
    x_hat = normal(_in_groups(x, groups), 2, eps, variance).x_hat.reshape(*x.shape)
    return affine(x_hat, per_channel(gamma, x), per_channel(beta, x))


def group_norm_backward(
    x: Ball, dout: Ball, gamma: Ball, eps: float, groups: int, variance: Variance = variance_of, **_: Any
) -> dict[str, Ball]:
    of, g = normal(_in_groups(x, groups), 2, eps, variance), dout * per_channel(gamma, x)
    dx = dx_of(_in_groups(g, groups), of, 2).reshape(*x.shape)
    whole = of._replace(x_hat=of.x_hat.reshape(*x.shape), size=of.size.reshape(x.shape))
    axes = all_but_channels(x)
    return {"dx": dx, "dgamma": sum_of_products(dout, whole, axes), "dbeta": dout.sum(axes)}


def batch_norm(
    x: Any, gamma: Any, beta: Any, running_mean: Any, running_var: Any,
    eps: float, momentum: float, training: bool, variance: Variance = variance_of,
) -> Any:  # fmt: skip
    """y, and the new running statistics."""
    if not training:
        of = by_statistics(x, per_channel(running_mean, x), per_channel(running_var, x), eps)
        return affine(of.x_hat, per_channel(gamma, x), per_channel(beta, x)), running_mean, running_var
    of = normal(x, all_but_channels(x), eps, variance)
    y, n = affine(of.x_hat, per_channel(gamma, x), per_channel(beta, x)), x.size // running_mean.size
    mu, biased = of.mu.reshape(-1), of.variance.reshape(-1)
    unbiased = biased.scaled(x.format.wide.type(n) / (n - 1), 3) if isinstance(x, Ball) else biased * n / (n - 1)
    return y, _moved(running_mean, mu, momentum), _moved(running_var, unbiased, momentum)


def batch_norm_backward(
    x: Ball, dout: Ball, gamma: Ball, running_mean: Ball, running_var: Ball,
    eps: float, training: bool, variance: Variance = variance_of, **_: Any,
) -> dict[str, Ball]:  # fmt: skip
    """In evaluation the statistics are constants: γ r dout, in any order."""
    axes, g = all_but_channels(x), dout * per_channel(gamma, x)
    if training:
        of = normal(x, axes, eps, variance)
        dx = dx_of(g, of, axes)
    else:
        of = by_statistics(x, per_channel(running_mean, x), per_channel(running_var, x), eps)
        dx = (g * of.r).scaled(1, 1)
    return {"dx": dx, "dgamma": sum_of_products(dout, of, axes), "dbeta": dout.sum(axes)}


def all_but_channels(x: Any) -> tuple[int, ...]:
    return 0, *range(2, x.ndim)


def per_channel(a: Any, x: Any) -> Any:
    return a.reshape(1, -1, *[1] * (x.ndim - 2))


def _in_groups(x: Any, groups: int) -> Any:
    return x.reshape(x.shape[0], groups, -1)


def _mean(x: Any, axes: Axes) -> Any:
    if isinstance(x, Ball):
        return x.mean(axes, keepdims=True)
    total = x.sum(axes, keepdims=True)
    return total / (x.size // total.size)


def _moved(old: Any, new: Any, momentum: float) -> Any:
    """(1 − m) old + m new: each factor is rounded, and its product."""
    if not isinstance(new, Ball):
        return (1 - momentum) * old + momentum * new
    m = new.format.wide.type(momentum)
    return old.scaled(1 - m, 2) + new.scaled(m, 2)


def _wider(ball: Ball, by: Array | float) -> Ball:
    return ball.result(ball.centre, ball.radius + by)
