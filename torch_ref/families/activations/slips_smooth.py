"""Slips in the sigmoid, in tanh and in the leaky ReLU, and in their gradients."""

from typing import Any

import numpy as np

from numpy_impl import LeakyReLU, Sigmoid, Tanh
from numpy_impl.validation import Array
from torch_ref.slip import slip

# Sigmoid


@slip("sigmoid", cause="the derivative is taken at x")
class SigmoidOfX(Sigmoid):
    """dx = dout x (1 − x): the derivative is taken at x, where it must be of y."""

    def _forward(self, x: Array) -> Any:
        return super()._forward(x)[0], (x, 1 - x)


@slip("sigmoid", cause="its derivative is taken as y,")
class WithoutItsComplement(Sigmoid):
    """dx = dout y."""

    def _backward(self, dout: Array, cache: Any) -> Any:
        return dout * cache[0], {}


@slip("sigmoid", cause="dout is passed on as it is")
class SigmoidStraightThrough(Sigmoid):
    """dx = dout."""

    def _backward(self, dout: Array, _cache: Any) -> Any:
        return dout, {}


@slip("sigmoid", cause="that of tanh")
class DerivativeOfTanh(Sigmoid):
    """dx = dout (1 − y²), the derivative of tanh."""

    def _backward(self, dout: Array, cache: Any) -> Any:
        return dout * (1 - cache[0] ** 2), {}


@slip("sigmoid", cause="the sigmoid is applied twice")
class SigmoidTwice(Sigmoid):
    """The derivative is that at y: backward applies σ to what is already σ(x)."""

    def _forward(self, x: Array) -> Any:
        y = super()._forward(x)[0]
        return y, super()._forward(y)[1]


@slip("sigmoid")
class SigmoidThatOverflows(Sigmoid):
    """y = eˣ / (eˣ + 1), which is NaN where eˣ overflows."""

    def _forward(self, x: Array) -> Any:
        e = np.exp(x)
        y = e / (e + 1)
        return y, (y, 1 - y)


# Tanh


@slip("tanh", cause="the derivative is taken at x")
class TanhOfX(Tanh):
    """dx = dout (1 − x²): the derivative is taken at x, where it must be of y."""

    def _backward(self, dout: Array, x: Array) -> Any:
        return dout * (1 - x * x), {}


@slip("tanh", cause="its derivative is taken as 1 - y,")
class WithoutItsSquare(Tanh):
    """dx = dout (1 − y)."""

    def _backward(self, dout: Array, x: Array) -> Any:
        return dout * (1 - np.tanh(x)), {}


@slip("tanh", cause="that of the sigmoid")
class DerivativeOfTheSigmoid(Tanh):
    """dx = dout y (1 − y), the derivative of the sigmoid."""

    def _backward(self, dout: Array, x: Array) -> Any:
        y = np.tanh(x)
        return dout * (y * (1 - y)), {}


@slip("tanh", cause="the sign is flipped")
class TanhFlipped(Tanh):
    """dx = dout (y² − 1)."""

    def _backward(self, dout: Array, x: Array) -> Any:
        return -super()._backward(dout, x)[0], {}


@slip("tanh")
class TanhByExponentials(Tanh):
    """y = (eˣ − e⁻ˣ) / (eˣ + e⁻ˣ), which is NaN where eˣ overflows."""

    def _forward(self, x: Array) -> Any:
        up, down = np.exp(x), np.exp(-x)
        return (up - down) / (up + down), x


# Leaky ReLU


@slip("leaky_relu", cause="the negative slope is left out")
class ClosedBelowZero(LeakyReLU):
    """y and dx are 0 where x ≤ 0, as in ReLU."""

    def _forward(self, x: Array) -> Any:
        slope = (x.real > 0).astype(x.dtype)
        return slope * x, slope


@slip("leaky_relu", cause="dout is passed on as it is")
class LeakyStraightThrough(LeakyReLU):
    """dx = dout."""

    def _backward(self, dout: Array, _slope: Array) -> Any:
        return dout, {}


@slip("leaky_relu", cause="taken as 1, where it must be the negative slope")
class FromTheOtherSide(LeakyReLU):
    """The derivative at 0 is 1: the side is that of x ≥ 0."""

    def _forward(self, x: Array) -> Any:
        return super()._forward(x)[0], np.where(x.real >= 0, 1, self.negative_slope).astype(x.dtype)


@slip("leaky_relu", cause="the side is that of dout")
class SideOfDout(LeakyReLU):
    """The slope is chosen by the sign of dout."""

    def _backward(self, dout: Array, _slope: Array) -> Any:
        return super()._forward(dout)[0], {}


@slip("leaky_relu", cause="the slopes are exchanged")
class SlopesExchanged(LeakyReLU):
    """The small slope is that of x > 0."""

    def _forward(self, x: Array) -> Any:
        slope = np.where(x.real > 0, self.negative_slope, 1).astype(x.dtype)
        return slope * x, slope
