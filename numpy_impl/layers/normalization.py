"""Normalizations of each sample. Their formulas are derived in normalization.md, beside this file.

Each takes x to x̂, of mean 0 and variance 1 over some of its entries (RMSNorm: of a mean square of 1), and then to
y = γ x̂ + β, so that scale and offset are learned again. BatchNorm, over the batch, is in batch_norm.py.

NaN and infinity are values: they spread over what is normalized together.
"""

from typing import Any

import numpy as np

from numpy_impl.layer import Layer, Parameter
from numpy_impl.validation import Array, check_at_least_zero, check_channels, check_features, check_groups, check_scale

Axes = int | tuple[int, ...]


class LayerNorm(Layer):
    """y = γ x̂ + β with x̂ = (x − μ) r and r = 1 / √(σ² + eps); μ, σ² are mean and variance of each sample's D features.

    Backward: dx = r (dx̂ − mean(dx̂) − x̂ mean(dx̂ x̂)) with dx̂ = γ dout, the means over the D features
              dγ = Σ dout x̂,  dβ = Σ dout, the sums over all samples
              (Each x is in μ and in σ² of its sample too: these are the two means.)

    Shapes: gamma, beta (D,), x, y and dout (..., D). σ² is the biased variance, divided by D, and eps stands inside of
    the root: a constant sample gives β. An empty batch gives an empty y and zero gradients. gamma and beta are kept as
    the arrays given. Caches x̂ and r. Raises TypeError, ValueError for other dtypes, shapes, a negative eps;
    RuntimeError for a backward before any forward. Twin: torch.nn.LayerNorm. Source: Ba, Kiros & Hinton, Layer
    normalization, 2016.

    >>> layer = LayerNorm(gamma=np.array([1.0, 1.0]), beta=np.array([0.0, 10.0]), eps=0.0)
    >>> layer.forward(np.array([[3.0, 5.0], [100.0, 0.0]]))
    array([[-1., 11.],
           [ 1.,  9.]])
    """

    gamma, beta = Parameter(), Parameter()
    dgamma: Any
    dbeta: Any

    def __init__(self, gamma: Array, beta: Array, *, eps: float = 1e-5) -> None:
        check_scale(self, gamma, beta)
        check_at_least_zero(self, "eps", eps, gamma.dtype)
        self.gamma, self.beta, self.eps = gamma, beta, float(eps)

    def _forward(self, x: Array) -> tuple[Array, tuple[Array, Array]]:
        x_hat, r, _, _ = standardized(x, -1, self.eps)
        y = self.gamma * x_hat
        y += self.beta
        return y, (x_hat, r)

    def _backward(self, dout: Array, cache: tuple[Array, Array]) -> tuple[Array, dict[str, Array]]:
        x_hat, r = cache
        return dx_of(self.gamma * dout, x_hat, r, -1), self._gradients(dout, cache)

    def _gradients(self, dout: Array, cache: tuple[Array, Array]) -> dict[str, Array]:
        samples = tuple(range(dout.ndim - 1))
        return {"gamma": (dout * cache[0]).sum(samples), "beta": dout.sum(samples)}

    def _check(self, who: object, x: Array) -> None:
        check_features(who, x, len(self.gamma), self.gamma.dtype)


class RMSNorm(Layer):
    """y = γ x̂ with x̂ = x r and r = 1 / √(mean(x²) + eps), the mean over each sample's D features.

    Backward: dx = r (dx̂ − x̂ mean(dx̂ x̂)) with dx̂ = γ dout;  dγ = Σ dout x̂, the sum over all samples

    LayerNorm without the mean and without β: what is left is as good in a transformer, and cheaper.

    Shapes: gamma (D,), x, y and dout (..., D). eps is 1e-5 by default, where PyTorch's is that of the dtype. An empty
    batch gives an empty y and zero gradients. Caches x̂ and r. Raises as LayerNorm. Twin: torch.nn.RMSNorm.
    Source: Zhang & Sennrich, Root mean square layer normalization, 2019.

    >>> layer = RMSNorm(gamma=np.array([1.0, 10.0]), eps=0.0)
    >>> layer.forward(np.array([[7.0, 1.0], [-2.0, -2.0]]))
    array([[  1.4,   2. ],
           [ -1. , -10. ]])
    """

    gamma = Parameter()
    dgamma: Any

    def __init__(self, gamma: Array, *, eps: float = 1e-5) -> None:
        check_scale(self, gamma)
        check_at_least_zero(self, "eps", eps, gamma.dtype)
        self.gamma, self.eps = gamma, float(eps)

    def _forward(self, x: Array) -> tuple[Array, tuple[Array, Array]]:
        r = 1 / np.sqrt(mean(x * x, -1) + self.eps)
        x_hat = x * r
        return self.gamma * x_hat, (x_hat, r)

    def _backward(self, dout: Array, cache: tuple[Array, Array]) -> tuple[Array, dict[str, Array]]:
        x_hat, r = cache
        dx = self.gamma * dout
        dx -= x_hat * mean(dx * x_hat, -1)
        dx *= r
        return dx, self._gradients(dout, cache)

    def _gradients(self, dout: Array, cache: tuple[Array, Array]) -> dict[str, Array]:
        return {"gamma": (dout * cache[0]).sum(tuple(range(dout.ndim - 1)))}

    def _check(self, who: object, x: Array) -> None:
        check_features(who, x, len(self.gamma), self.gamma.dtype)


class GroupNorm(Layer):
    """y = γ x̂ + β as LayerNorm, but x̂ over each group of C / groups channels of a sample, and all their places.

    Backward: dx as LayerNorm's, the means over what is normalized together
              dγ = Σ dout x̂,  dβ = Σ dout for each channel, the sums over samples and places

    Shapes: gamma, beta (C,), x, y and dout (N, C, ...); groups is a divisor of C. One group is a LayerNorm over all of
    a sample, C groups are an instance norm. An empty batch gives an empty y and zero gradients. Caches x̂ and r. Raises
    as LayerNorm. Twin: torch.nn.GroupNorm. Source: Wu & He, Group normalization, 2018.

    >>> layer = GroupNorm(gamma=np.ones(4), beta=np.zeros(4), groups=2, eps=0.0)
    >>> layer.forward(np.array([[3.0, 5.0, 100.0, 0.0]]))
    array([[-1.,  1.,  1., -1.]])
    """

    gamma, beta = Parameter(), Parameter()
    dgamma: Any
    dbeta: Any

    def __init__(self, gamma: Array, beta: Array, *, groups: int, eps: float = 1e-5) -> None:
        check_scale(self, gamma, beta)
        check_groups(self, groups, len(gamma))
        check_at_least_zero(self, "eps", eps, gamma.dtype)
        self.gamma, self.beta, self.groups, self.eps = gamma, beta, int(groups), float(eps)

    def _forward(self, x: Array) -> tuple[Array, tuple[Array, Array]]:
        x_hat, r, _, _ = standardized(self._in_groups(x), 2, self.eps)
        x_hat = x_hat.reshape(x.shape)
        y = per_channel(self.gamma, x.ndim) * x_hat
        y += per_channel(self.beta, x.ndim)
        return y, (x_hat, r)

    def _backward(self, dout: Array, cache: tuple[Array, Array]) -> tuple[Array, dict[str, Array]]:
        x_hat, r = cache
        dx_hat = per_channel(self.gamma, dout.ndim) * dout
        dx = dx_of(self._in_groups(dx_hat), self._in_groups(x_hat), r, 2)
        return dx.reshape(dout.shape), self._gradients(dout, cache)

    def _gradients(self, dout: Array, cache: tuple[Array, Array]) -> dict[str, Array]:
        axes = all_but_channels(dout.ndim)
        return {"gamma": (dout * cache[0]).sum(axes), "beta": dout.sum(axes)}

    def _in_groups(self, a: Array) -> Array:
        n, c, *places = a.shape
        return a.reshape(n, self.groups, c // self.groups * int(np.prod(places)))  # (N, C, ...) -> (N, groups, M)

    def _check(self, who: object, x: Array) -> None:
        check_channels(who, x, len(self.gamma), self.gamma.dtype)


def standardized(x: Array, axes: Axes, eps: float) -> tuple[Array, Array, Array, Array]:
    """x̂ = (x − μ) r and r = 1 / √(σ² + eps), with the mean μ and the variance σ² over these axes, which are kept.

    The mean is subtracted first, and σ² is the mean of the squares of what is left. As mean(x²) − μ², which is the same
    and passes over x once, it would lose all its digits where the mean is large beside the spread.
    """
    mu = mean(x, axes)
    x_hat = x - mu
    variance = mean(x_hat * x_hat, axes)
    r = 1 / np.sqrt(variance + eps)
    x_hat *= r
    return x_hat, r, mu, variance


def dx_of(dx_hat: Array, x_hat: Array, r: Array, axes: Axes) -> Array:
    """dx = r (dx̂ − mean(dx̂) − x̂ mean(dx̂ x̂)), the means over these axes.

    x̂ has the mean 0, so mean(dx̂) is as well the mean of all that it is subtracted from. Then an infinite dout gives NaN
    throughout, and no infinity of a sign that is not known; PyTorch has NaN, or one of the two, by the data.
    """
    dx = dx_hat - x_hat * mean(dx_hat * x_hat, axes)
    dx -= mean(dx, axes)
    dx *= r
    return dx


def mean(a: Array, axes: Axes) -> Any:
    """Over these axes, which are kept: np.mean in half of the time, and without its warning for an empty array."""
    total = np.add.reduce(a, axes, keepdims=True)
    return total / (a.size // max(total.size, 1))


def per_channel(a: Array, ndim: int) -> Array:
    return a.reshape(1, -1, *[1] * (ndim - 2))  # (C,) -> (1, C, 1, ...)


def all_but_channels(ndim: int) -> tuple[int, ...]:
    return 0, *range(2, ndim)
