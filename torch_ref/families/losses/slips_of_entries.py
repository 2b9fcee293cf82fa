"""Slips in losses entry by entry, and in their gradients."""

# ruff: noqa: N818 - MeanSquaredError is no exception

from typing import Any

import numpy as np

from numpy_impl import HuberLoss, MeanSquaredError, SigmoidWithLoss
from numpy_impl.layers.activations_smooth import sigmoid
from numpy_impl.validation import Array
from torch_ref.slip import slip

SIGMOID, SQUARE, HUBER, NARROW = "sigmoid_with_loss", "mean_squared_error", "huber_loss", "huber_loss_narrow"


# Sigmoid with loss


@slip(SIGMOID, cause="which underflows to 0 or is rounded to 1")
class LogOfSigmoid(SigmoidWithLoss):
    """−t log σ − (1 − t) log(1 − σ): infinite or NaN where σ is 0 or 1."""

    def _forward(self, x: Array, t: Array) -> Any:
        t, s = t.astype(x.dtype), 1 / (1 + np.exp(-x))
        return -(t * np.log(s) + (1 - t) * np.log(1 - s)).mean(), (x, t)


@slip(SIGMOID, cause="p + 1e-7: an epsilon inside the log")
class EpsilonInBothLogs(SigmoidWithLoss):
    """−t log(σ + 1e-7) − (1 − t) log(1 − σ + 1e-7)."""

    def _forward(self, x: Array, t: Array) -> Any:
        t, s, epsilon = t.astype(x.dtype), sigmoid(x), x.dtype.type(1e-7)
        return -(t * np.log(s + epsilon) + (1 - t) * np.log(1 - s + epsilon)).mean(), (x, t)


@slip(SIGMOID, cause="t is not subtracted")
class SigmoidWithoutTarget(SigmoidWithLoss):
    """dx = dout σ(x) / n."""

    def _backward(self, dout: Any, cache: Any) -> Any:
        x, _ = cache
        return sigmoid(x) * (x.dtype.type(dout) / x.dtype.type(x.size)), {}


@slip(SIGMOID, cause="the derivative of the sigmoid is multiplied in once more")
class SigmoidTwiceDifferentiated(SigmoidWithLoss):
    """dx = dout (σ − t) σ (1 − σ) / n, as if the loss were that of squares."""

    def _backward(self, dout: Any, cache: Any) -> Any:
        x, _ = cache
        return super()._backward(dout, cache)[0] * (sigmoid(x) * sigmoid(-x)), {}


@slip(SIGMOID, cause="it is x - t")
class LogitsForProbabilities(SigmoidWithLoss):
    """dx = dout (x − t) / n: σ is left out."""

    def _backward(self, dout: Any, cache: Any) -> Any:
        x, t = cache
        return (x - t) * (x.dtype.type(dout) / x.dtype.type(x.size)), {}


@slip(SIGMOID, cause="divided by the length of the batch, where it must be the number of entries")
class SigmoidByTheBatch(SigmoidWithLoss):
    """dx is divided by N, the loss by the number of entries."""

    def _backward(self, dout: Any, cache: Any) -> Any:
        dx, _ = super()._backward(dout, cache)
        return dx * dx.dtype.type(dx.size / len(dx)), {}


@slip(SIGMOID, cause="the sign is flipped")
class SigmoidUphill(SigmoidWithLoss):
    """dx = dout (t − σ) / n."""

    def _backward(self, dout: Any, cache: Any) -> Any:
        return -super()._backward(dout, cache)[0], {}


# Mean squared error


@slip(SQUARE, cause="half as large")
class HalfTheSquare(MeanSquaredError):
    """The loss is that of (x − t)² / 2, beside the gradient of (x − t)²."""

    def _forward(self, x: Array, t: Array) -> Any:
        loss, cache = super()._forward(x, t)
        return loss / 2, cache


@slip(SQUARE, cause="half as large")
class WithoutTheTwo(MeanSquaredError):
    """dx = dout (x − t) / n."""

    def _backward(self, dout: Any, cache: Any) -> Any:
        return super()._backward(dout, cache)[0] / 2, {}


@slip(SQUARE, cause="too large by a factor of the number of entries")
class SumOfSquares(MeanSquaredError):
    """The loss is the sum, the gradient that of the mean."""

    def _forward(self, x: Array, t: Array) -> Any:
        loss, cache = super()._forward(x, t)
        return loss * x.dtype.type(x.size), cache


@slip(SQUARE, cause="divided by the length of the batch, where it must be the number of entries")
class MeanOverTheBatch(MeanSquaredError):
    """The loss is divided by N, not by the number of entries."""

    def _forward(self, x: Array, t: Array) -> Any:
        loss, cache = super()._forward(x, t)
        return loss * x.dtype.type(x.size / len(x)), cache


@slip(SQUARE, cause="the mean of |x - t|")
class AbsoluteDifference(MeanSquaredError):
    """The loss is the mean of |x − t|."""

    def _forward(self, x: Array, t: Array) -> Any:
        _, d = super()._forward(x, t)
        return np.where(d.real < 0, -d, d).mean(), d


@slip(SQUARE, cause="the sign is flipped")
class TargetMinusPrediction(MeanSquaredError):
    """dx = 2 dout (t − x) / n."""

    def _backward(self, dout: Any, d: Array) -> Any:
        return super()._backward(dout, -d)


@slip(SQUARE, cause="dout is ignored")
class SquareIgnoresDout(MeanSquaredError):
    """backward(dout) does not use dout."""

    def _backward(self, _dout: Any, d: Array) -> Any:
        return super()._backward(1, d)


# Huber


@slip(HUBER, cause="the difference is not clipped")
class NotClipped(HuberLoss):
    """dx = dout (x − t) / n: the gradient of the square."""

    def _forward(self, x: Array, t: Array) -> Any:
        return super()._forward(x, t)[0], x - t.astype(x.dtype)


@slip(HUBER, cause="that of the square everywhere")
class SquareEverywhere(HuberLoss):
    """The loss is the mean of (x − t)² / 2."""

    def _forward(self, x: Array, t: Array) -> Any:
        d = x - t.astype(x.dtype)
        return (d * d / 2).mean(), super()._forward(x, t)[1]


@slip(HUBER, cause="delta / 2 is not subtracted")
class WithoutHalfDelta(HuberLoss):
    """Where |d| > δ the loss is δ |d|: it jumps at δ."""

    def _forward(self, x: Array, t: Array) -> Any:
        _, c = super()._forward(x, t)
        d, delta = x - t.astype(x.dtype), x.dtype.type(self.delta)
        return (c * (d - np.where(abs(d.real) > delta.real, 0, c / 2))).mean(), c


@slip(HUBER, cause="the sign is flipped")
class HuberUphill(HuberLoss):
    """dx = −dout c / n."""

    def _backward(self, dout: Any, c: Array) -> Any:
        return super()._backward(dout, -c)


@slip(NARROW, cause="delta is left out of the derivative")
class SignForDelta(HuberLoss):
    """Where |d| > δ the derivative is the sign of d: δ is left out."""

    def _forward(self, x: Array, t: Array) -> Any:
        loss, c = super()._forward(x, t)
        d = (x - t.astype(x.dtype)).real
        return loss, np.where(abs(d) > self.delta, np.sign(d), c)


@slip(NARROW, cause="as in SmoothL1Loss")
class SmoothL1(HuberLoss):
    """Loss and gradient are divided by δ, as those of another loss."""

    def _forward(self, x: Array, t: Array) -> Any:
        loss, c = super()._forward(x, t)
        delta = x.dtype.type(self.delta)
        return loss / delta, c / delta


@slip(NARROW, cause="delta is taken as 1")
class DeltaOfOne(HuberLoss):
    """δ = 1, whatever is asked for."""

    def _forward(self, x: Array, t: Array) -> Any:
        return HuberLoss()._forward(x, t)
