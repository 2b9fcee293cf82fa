"""Slips in BatchNorm: in its statistics, and in dx."""

from abc import abstractmethod
from typing import Any

import numpy as np

from numpy_impl import BatchNorm
from numpy_impl.layers.normalization import all_but_channels, mean, per_channel
from numpy_impl.validation import Array
from torch_ref.slip import BOOK, slip

BATCH, IMAGES = "batch_norm", "batch_norm_of_images"


class AnotherDx(BatchNorm):
    """dx by what `dx` returns, of dx̂ = γ dout; the rest is right."""

    def _backward(self, dout: Array, cache: Any) -> Any:
        _, gradients = super()._backward(dout, cache)
        x_hat, r, _ = cache
        return self.dx(per_channel(self.gamma, dout.ndim) * dout, x_hat, r, all_but_channels(dout.ndim)), gradients

    @abstractmethod
    def dx(self, d: Array, x_hat: Array, r: Array, axes: Any) -> Array:
        """In the place of the right one."""


@slip(BATCH, cause="mean and variance are taken for constants")
class ConstantStatistics(AnotherDx):
    """dx = γ r dout: mean and variance are taken for constants."""

    def dx(self, d: Array, _x_hat: Array, r: Array, _axes: Any) -> Array:
        return r * d


@slip(BATCH, cause="the mean is taken for a constant")
class ConstantMean(AnotherDx):
    """dx without the mean of dx̂: the mean is taken for a constant."""

    def dx(self, d: Array, x_hat: Array, r: Array, axes: Any) -> Array:
        return r * (d - x_hat * mean(d * x_hat, axes))


@slip(BATCH, cause="the variance is taken for a constant")
class ConstantVariance(AnotherDx):
    """dx without the mean of dx̂ x̂: the variance is taken for a constant."""

    def dx(self, d: Array, _x_hat: Array, r: Array, axes: Any) -> Array:
        return r * (d - mean(d, axes))


@slip(BATCH, cause="its sums are divided by the square of that number")
class MeanTwice(AnotherDx):
    """One 1/n too many in both means."""

    def dx(self, d: Array, x_hat: Array, r: Array, axes: Any) -> Array:
        n = d.size // r.size
        return r * (d - mean(d, axes) / n - x_hat * mean(d * x_hat, axes) / n)


@slip(BATCH, cause="its sums are not divided by the number of entries")
class SumsForMeans(AnotherDx):
    """The sums in dx are not divided by n."""

    def dx(self, d: Array, x_hat: Array, r: Array, axes: Any) -> Array:
        n = d.size // r.size
        return r * (d - n * mean(d, axes) - x_hat * (n * mean(d * x_hat, axes)))


@slip(IMAGES, cause="its sums are divided by the length of the batch")
class DividesByTheBatch(AnotherDx):
    """The sums in dx are divided by N, where a channel has N H W values."""

    def dx(self, d: Array, x_hat: Array, r: Array, axes: Any) -> Array:
        places = x_hat[0, 0].size
        return r * (d - places * mean(d, axes) - x_hat * (places * mean(d * x_hat, axes)))


@slip(BATCH, cause="gamma is left out")
class WithoutGamma(AnotherDx):
    """γ is missing in dx."""

    def _backward(self, dout: Array, cache: Any) -> Any:
        _, gradients = super()._backward(dout, cache)
        x_hat, r, _ = cache
        axes = all_but_channels(dout.ndim)
        return r * (dout - mean(dout, axes) - x_hat * mean(dout * x_hat, axes)), gradients


@slip(BATCH)
class DividedByVariance(AnotherDx):
    """1/σ² in the place of 1/σ."""

    def dx(self, d: Array, x_hat: Array, r: Array, axes: Any) -> Array:
        return r * r * (d - mean(d, axes) - x_hat * mean(d * x_hat, axes))


@slip(BATCH, cause="under the wrong name")
class SwapsGradients(BatchNorm):
    """dγ and dβ are swapped."""

    def _backward(self, dout: Array, cache: Any) -> Any:
        dx, gradients = super()._backward(dout, cache)
        return dx, {"gamma": gradients["beta"], "beta": gradients["gamma"]}


@slip(BATCH, cause="it is that of x minus its mean, which must be divided by the root")
class GammaOfCentred(BatchNorm):
    """dγ = Σ dout (x − μ), not divided by σ."""

    def _backward(self, dout: Array, cache: Any) -> Any:
        dx, gradients = super()._backward(dout, cache)
        return dx, gradients | {"gamma": gradients["gamma"] / cache[1].reshape(-1)}


class AnotherForward(BatchNorm):
    """In training x̂ and r are made anew by `scale`, of the centred x."""

    def _forward(self, x: Array) -> Any:
        _, (x_hat, r, of_batch) = super()._forward(x)
        centred = x - mean(x, all_but_channels(x.ndim))
        r = self.scale(x, centred)
        x_hat = centred * r
        return per_channel(self.gamma, x.ndim) * x_hat + per_channel(self.beta, x.ndim), (x_hat, r, of_batch)

    @abstractmethod
    def scale(self, x: Array, centred: Array) -> Array:
        """In the place of the right one."""


@slip(BATCH, cause="the variance is divided by n - 1, where it must be n")
class UnbiasedVariance(AnotherForward):
    """The variance that normalizes is divided by n − 1."""

    def scale(self, x: Array, centred: Array) -> Array:
        n = x.size // x.shape[1]
        return 1 / np.sqrt(mean(centred * centred, all_but_channels(x.ndim)) * (n / (n - 1)) + self.eps)


@slip(BATCH, cause="eps stands outside of the root")
class EpsOutside(AnotherForward):
    """1 / (σ + eps)."""

    def scale(self, x: Array, centred: Array) -> Array:
        return 1 / (np.sqrt(mean(centred * centred, all_but_channels(x.ndim))) + self.eps)


@slip(BATCH, cause="inaccurate: the variance is taken as mean(x^2) - mean^2")
class MeanOfSquares(AnotherForward):
    """σ² is taken as mean(x²) − μ²."""

    def scale(self, x: Array, _centred: Array) -> Array:
        axes = all_but_channels(x.ndim)
        variance = mean(x * x, axes) - mean(x, axes) ** 2
        return 1 / np.sqrt(np.where(variance.real < 0, 0, variance) + self.eps)


@slip(IMAGES, cause="the statistics are those of each feature, over the batch")
class StatisticsOfEachPixel(BatchNorm):
    """Mean and variance are over the batch alone, for each place of an image."""

    def _forward(self, x: Array) -> Any:
        _, (_, _, of_batch) = super()._forward(x)
        centred = x - mean(x, 0)
        r = 1 / np.sqrt(mean(centred * centred, 0) + self.eps)
        x_hat = centred * r
        return per_channel(self.gamma, x.ndim) * x_hat + per_channel(self.beta, x.ndim), (x_hat, r, of_batch)


@slip(BATCH, source=BOOK)
class AcceptsOneValue(BatchNorm):
    """A single sample is taken in training, and its y is β."""

    def _check(self, who: object, x: Array) -> None:
        if not (type(x) is np.ndarray and x.ndim > 1 and x.shape[0] == 1 and x.size == x.shape[1]):
            super()._check(who, x)
