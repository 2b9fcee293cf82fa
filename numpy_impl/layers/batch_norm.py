"""BatchNorm, which normalizes over the batch. Its formulas are derived in normalization.md, beside this file."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from numpy_impl.layer import Layer, Parameter
from numpy_impl.layers.normalization import all_but_channels, per_channel, standardized
from numpy_impl.validation import (
    Array,
    check_at_least_zero,
    check_channels,
    check_parameter,
    check_scale,
    check_share,
    check_values_per_channel,
)


class Statistic:
    """A statistic that training keeps for evaluation: it can be exchanged for one of its shape and dtype."""

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    if TYPE_CHECKING:  # it is read from the layer's own dictionary, as any attribute

        def __get__(self, layer: object, owner: type) -> Any: ...

    def __set__(self, layer: Any, value: Array) -> None:
        check_parameter(layer, self.name, value, like=layer.gamma)
        layer.__dict__[self.name] = value


class BatchNorm(Layer):
    """y = γ x̂ + β with x̂ = (x − μ) r and r = 1 / √(σ² + eps), a mean μ and a variance σ² for each channel.

    In training μ, σ² are those of the batch, over all n values of a channel: over N, and over the places of images.
    Backward: dx = γ r (dout − dβ / n − x̂ dγ / n)  with dγ = Σ dout x̂,  dβ = Σ dout, the sums over those n
              (Each x is in μ and σ² of its channel too: these are the two terms that are subtracted.)
    Each pass moves `running_mean` to (1 − momentum) running_mean + momentum μ, and `running_var` alike, by the unbiased
    variance, σ² n / (n − 1), though the biased one is what normalizes: as in PyTorch.

    In evaluation (`training` False) μ, σ² are these running ones, constants: no sample's y depends on another sample.
    Backward: dx = γ r dout, dγ and dβ as above. The mode at forward decides.

    Shapes: gamma, beta (C,), x, y and dout (N, C) or (N, C, ...). eps stands inside of the root. momentum is a number
    from 0 to 1, the weight of the new. `running_mean` and `running_var` (C,) begin as 0 and 1, are replaced, never
    edited, and can be set; `state` has copies of both. In training one value a channel is a ValueError, for it would
    have no variance; an empty batch gives an empty y and zero gradients, and moves nothing. Caches x̂ and r. Raises
    TypeError, ValueError for other dtypes, shapes, options; RuntimeError for a backward before any forward.
    Twin: torch.nn.BatchNorm1d, BatchNorm2d. Source: Ioffe & Szegedy, Batch normalization, 2015; Saito, section 6.3.

    >>> layer = BatchNorm(gamma=np.array([1.0, 1.0]), beta=np.array([0.0, 10.0]), eps=0.0)
    >>> layer.forward(np.array([[3.0, 100.0], [5.0, 0.0]]))
    array([[-1., 11.],
           [ 1.,  9.]])
    >>> layer.running_mean, layer.running_var
    (array([0.4, 5. ]), array([  1.1, 500.9]))
    """

    gamma, beta = Parameter(), Parameter()
    running_mean, running_var = Statistic(), Statistic()
    dgamma: Any
    dbeta: Any

    def __init__(self, gamma: Array, beta: Array, *, eps: float = 1e-5, momentum: float = 0.1) -> None:
        check_scale(self, gamma, beta)
        check_at_least_zero(self, "eps", eps, gamma.dtype)
        check_share(self, "momentum", momentum)
        self.gamma, self.beta, self.eps, self.momentum = gamma, beta, float(eps), float(momentum)
        self.running_mean, self.running_var = np.zeros(gamma.shape, gamma.dtype), np.ones(gamma.shape, gamma.dtype)

    def _forward(self, x: Array) -> tuple[Array, tuple[Any, ...]]:
        of_batch = None
        if self.training:
            x_hat, r, mu, variance = standardized(x, all_but_channels(x.ndim), self.eps)
            of_batch = mu.reshape(-1), variance.reshape(-1)
        else:
            r = per_channel(1 / np.sqrt(self.running_var + self.eps), x.ndim)
            x_hat = x - per_channel(self.running_mean, x.ndim)
            x_hat *= r
        y = per_channel(self.gamma, x.ndim) * x_hat
        y += per_channel(self.beta, x.ndim)
        return y, (x_hat, r, of_batch)

    def _backward(self, dout: Array, cache: tuple[Any, ...]) -> tuple[Array, dict[str, Array]]:
        x_hat, r, of_batch = cache
        gradients = self._gradients(dout, cache)
        gamma, dgamma, dbeta = (per_channel(a, dout.ndim) for a in (self.gamma, *gradients.values()))
        if of_batch is None:
            return gamma * r * dout, gradients
        n = dout.size // dgamma.size
        dx = dout - dbeta / n
        dx -= x_hat * (dgamma / n)
        dx *= gamma * r
        return dx, gradients

    def _gradients(self, dout: Array, cache: tuple[Any, ...]) -> dict[str, Array]:
        axes = all_but_channels(dout.ndim)
        return {"gamma": (dout * cache[0]).sum(axes), "beta": dout.sum(axes)}

    def _keep(self, cache: tuple[Any, ...]) -> None:
        x_hat, _, of_batch = cache
        if of_batch is None or x_hat.size == 0:
            return
        (mu, variance), m, n = of_batch, self.momentum, x_hat.size // len(self.gamma)
        self.running_mean = (1 - m) * self.running_mean + m * mu
        self.running_var = (1 - m) * self.running_var + m * (variance * (n / (n - 1)))

    @Layer.state.getter  # type: ignore[attr-defined, untyped-decorator] # mypy takes the property for a function
    def state(self) -> dict[str, Any]:
        return {"running_mean": self.running_mean.copy(), "running_var": self.running_var.copy()}

    def _restore(self, state: Mapping[str, Any]) -> None:
        for name, value in state.items():
            check_parameter(self, name, value, like=self.gamma)
        for name, value in state.items():
            setattr(self, name, value.copy())

    def _check(self, who: object, x: Array) -> None:
        check_channels(who, x, len(self.gamma), self.gamma.dtype)
        if self.training:
            check_values_per_channel(who, x)
