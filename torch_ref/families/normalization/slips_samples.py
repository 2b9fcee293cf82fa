"""Slips in LayerNorm, RMSNorm and GroupNorm."""

from abc import abstractmethod
from typing import Any

import numpy as np

from numpy_impl import GroupNorm, LayerNorm, RMSNorm
from numpy_impl.layers.normalization import dx_of, mean, per_channel
from numpy_impl.validation import Array
from torch_ref.slip import slip

LAYER, RMS, GROUP = "layer_norm", "rms_norm", "group_norm"


@slip(LAYER, source="a NumPy transformer", cause="gamma stands outside of the sums")
class GammaOutside(LayerNorm):
    """dx = γ r (dout − mean(dout) − x̂ mean(dout x̂)): right only while γ is 1."""

    def _backward(self, dout: Array, cache: Any) -> Any:
        x_hat, r = cache
        return self.gamma * dx_of(dout, x_hat, r, -1), self._gradients(dout, cache)


@slip(LAYER, cause="dout is passed on as it is, but for gamma")
class GammaAlone(LayerNorm):
    """dx = γ dout."""

    def _backward(self, dout: Array, cache: Any) -> Any:
        return self.gamma * dout, self._gradients(dout, cache)


@slip(LAYER, cause="its sums are divided by the length of the batch")
class DividesByTheBatch(LayerNorm):
    """The sums in dx are divided by N, not by D."""

    def _backward(self, dout: Array, cache: Any) -> Any:
        (x_hat, r), d = cache, self.gamma * dout
        share = d.shape[-1] / len(d)
        dx = r * (d - share * mean(d, -1) - x_hat * (share * mean(d * x_hat, -1)))
        return dx, self._gradients(dout, cache)


class AnotherScale(LayerNorm):
    """x̂ and r are made anew by `scale`."""

    def _forward(self, x: Array) -> Any:
        centred = x - mean(x, -1)
        r = self.scale(x, mean(centred * centred, -1))
        return self.gamma * (centred * r) + self.beta, (centred * r, r)

    @abstractmethod
    def scale(self, x: Array, variance: Array) -> Array:
        """In the place of the right one."""


@slip(LAYER)
class WithoutEps(AnotherScale):
    """No eps: a constant sample gives NaN."""

    def scale(self, _x: Array, variance: Array) -> Array:
        return 1 / np.sqrt(variance)


@slip(LAYER, cause="inaccurate: the variance is taken as mean(x^2) - mean^2")
class MeanOfSquares(AnotherScale):
    """σ² is taken as mean(x²) − μ²."""

    def scale(self, _x: Array, _variance: Array) -> Array:
        variance = mean(_x * _x, -1) - mean(_x, -1) ** 2
        return 1 / np.sqrt(np.where(variance.real < 0, 0, variance) + self.eps)


@slip(LAYER, cause="eps stands outside of the root")
class EpsOutside(AnotherScale):
    """1 / (σ + eps)."""

    def scale(self, _x: Array, variance: Array) -> Array:
        return 1 / (np.sqrt(variance) + self.eps)


@slip(LAYER, cause="its eps is 1e-08, where the twin's is 1e-05")
class AnotherEps(AnotherScale):
    """eps is 1e-8."""

    def scale(self, _x: Array, variance: Array) -> Array:
        return 1 / np.sqrt(variance + 1e-8)


@slip(LAYER, cause="it is that of y, where it must be the normalized x")
class GammaOfY(LayerNorm):
    """dγ = Σ dout y."""

    def _gradients(self, dout: Array, cache: Any) -> dict[str, Array]:
        y = self.gamma * cache[0] + self.beta
        return super()._gradients(dout, (y, cache[1]))


@slip(RMS, cause="the mean of the squares is taken for a constant")
class ConstantMeanSquare(RMSNorm):
    """dx = γ r dout."""

    def _backward(self, dout: Array, cache: Any) -> Any:
        return self.gamma * dout * cache[1], self._gradients(dout, cache)


@slip(RMS, cause="gamma stands outside of the sums")
class RMSGammaOutside(RMSNorm):
    """dx = γ r (dout − x̂ mean(dout x̂))."""

    def _backward(self, dout: Array, cache: Any) -> Any:
        x_hat, r = cache
        return self.gamma * r * (dout - x_hat * mean(dout * x_hat, -1)), self._gradients(dout, cache)


@slip(RMS, cause="the mean is subtracted, as in a layer norm")
class SubtractsTheMean(RMSNorm):
    """The mean is subtracted, as in LayerNorm."""

    def _forward(self, x: Array) -> Any:
        return super()._forward(x - mean(x, -1))

    def _backward(self, dout: Array, cache: Any) -> Any:
        dx, gradients = super()._backward(dout, cache)
        return dx - mean(dx, -1), gradients


@slip(RMS, cause="its eps is 1e-08, where the twin's is 1e-05")
class RMSOfAnotherEps(RMSNorm):
    """eps is 1e-8."""

    def _forward(self, x: Array) -> Any:
        r = 1 / np.sqrt(mean(x * x, -1) + 1e-8)
        return self.gamma * (x * r), (x * r, r)


@slip(GROUP, cause="mean and variance are taken for constants")
class ConstantStatisticsOfGroups(GroupNorm):
    """dx = γ r dout."""

    def _backward(self, dout: Array, cache: Any) -> Any:
        d = self._in_groups(per_channel(self.gamma, dout.ndim) * dout)
        return (d * cache[1]).reshape(dout.shape), self._gradients(dout, cache)


@slip(GROUP, cause="gamma stands outside of the sums")
class GammaOutsideOfGroups(GroupNorm):
    """dx = γ r (dout − mean(dout) − x̂ mean(dout x̂))."""

    def _backward(self, dout: Array, cache: Any) -> Any:
        x_hat, r = cache
        dx = dx_of(self._in_groups(dout), self._in_groups(x_hat), r, 2).reshape(dout.shape)
        return per_channel(self.gamma, dout.ndim) * dx, self._gradients(dout, cache)


@slip(GROUP, cause="its channels are dealt out to the groups in turn")
class ChannelsInTurn(GroupNorm):
    """Channel c is in group c mod groups: a reshape to (N, C / groups, groups, ...)."""

    def _in_turn(self, x: Array) -> Array:
        n, c, *places = x.shape
        return x.reshape(n, self.groups, c // self.groups, *places).swapaxes(1, 2).reshape(x.shape)

    def _back(self, x: Array) -> Array:
        n, c, *places = x.shape
        return x.reshape(n, c // self.groups, self.groups, *places).swapaxes(1, 2).reshape(x.shape)

    def _forward(self, x: Array) -> Any:
        _, (x_hat, r) = super()._forward(self._back(x))
        x_hat = self._in_turn(x_hat)
        return per_channel(self.gamma, x.ndim) * x_hat + per_channel(self.beta, x.ndim), (x_hat, r)

    def _backward(self, dout: Array, cache: Any) -> Any:
        x_hat, r = cache
        d = self._back(per_channel(self.gamma, dout.ndim) * dout)
        dx = dx_of(self._in_groups(d), self._in_groups(self._back(x_hat)), r, 2).reshape(dout.shape)
        return self._in_turn(dx), self._gradients(dout, cache)
