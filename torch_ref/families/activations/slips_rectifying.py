"""Slips in ELU, softplus and softmax, and in their gradients."""

from typing import Any

import numpy as np

from numpy_impl import ELU, Softmax, Softplus
from numpy_impl.layers.activations_smooth import sigmoid
from numpy_impl.validation import Array
from torch_ref.slip import slip

# ELU


@slip("elu", cause="the derivative below 0 is taken as y,")
class SlopeIsY(ELU):
    """The derivative below 0 is y: α is not added."""

    def _forward(self, x: Array) -> Any:
        y, slope = super()._forward(x)
        return y, np.where(x.real > 0, slope, y)


@slip("elu", cause="x + alpha below 0")
class ELUOfX(ELU):
    """The derivative below 0 is x + α: it is taken of x, where it must be of y."""

    def _forward(self, x: Array) -> Any:
        y, slope = super()._forward(x)
        return y, np.where(x.real > 0, slope, x + self.alpha)


@slip("elu", cause="the 1 is not subtracted below 0")
class WithoutMinus1(ELU):
    """y = α eˣ below 0."""

    def _forward(self, x: Array) -> Any:
        _, slope = super()._forward(x)
        return np.where(x.real > 0, x, slope), slope


@slip("elu")
class ELUByADifference(ELU):
    """y = α (eˣ − 1), whose digits are lost near 0."""

    def _forward(self, x: Array) -> Any:
        _, slope = super()._forward(x)
        return np.where(x.real > 0, x, slope - x.dtype.type(self.alpha)), slope


@slip("elu", cause="dout is passed on as it is")
class ELUStraightThrough(ELU):
    """dx = dout."""

    def _backward(self, dout: Array, _slope: Array) -> Any:
        return dout, {}


@slip("elu_half", cause="alpha is left out below 0")
class DerivativeWithoutAlpha(ELU):
    """The derivative below 0 is eˣ: α is left out."""

    def _forward(self, x: Array) -> Any:
        y, slope = super()._forward(x)
        return y, np.where(x.real > 0, slope, slope / x.dtype.type(self.alpha))


@slip("elu_half", cause="alpha is left out below 0")
class ForwardWithoutAlpha(ELU):
    """y is eˣ − 1 below 0: α is left out."""

    def _forward(self, x: Array) -> Any:
        y, slope = super()._forward(x)
        return np.where(x.real > 0, y, y / x.dtype.type(self.alpha)), slope


@slip("elu_half", cause="taken as y + 1")
class SlopeIsYPlus1(ELU):
    """The derivative below 0 is y + 1, which holds for α = 1."""

    def _forward(self, x: Array) -> Any:
        y, slope = super()._forward(x)
        return y, np.where(x.real > 0, slope, y + 1)


# Softplus


@slip("softplus", cause="that of the sigmoid")
class SoftplusOfTheSigmoid(Softplus):
    """dx = dout σ(x) (1 − σ(x)): a derivative too many."""

    def _backward(self, dout: Array, x: Array) -> Any:
        return dout * (sigmoid(x) * sigmoid(-x)), {}


@slip("softplus", cause="the derivative is taken at y")
class SoftplusOfY(Softplus):
    """dx = dout σ(y)."""

    def _forward(self, x: Array) -> Any:
        y = super()._forward(x)[0]
        return y, y


@slip("softplus")
class SoftplusThatOverflows(Softplus):
    """y = log(1 + eˣ): infinite at 800, and 0 at −40."""

    def _forward(self, x: Array) -> Any:
        return np.log(1 + np.exp(x)), x


@slip("softplus")
class SoftplusWithoutItsTail(Softplus):
    """y = max(x, 0) + log(1 + e^−|x|), without log1p: 0 at −40."""

    def _forward(self, x: Array) -> Any:
        is_positive = x.real > 0
        return np.where(is_positive, x, 0) + np.log(1 + np.exp(np.where(is_positive, -x, x))), x


@slip("softplus", unseen_in={"float32": "e⁻²⁰ is less than a rounding of 20 to float32"})
class SoftplusWithAThreshold(Softplus):
    """y = x above 20, as PyTorch has it by default."""

    def _forward(self, x: Array) -> Any:
        return np.where(x.real > 20, x, super()._forward(x)[0]), x


# Softmax


@slip("softmax", cause="only the diagonal of the Jacobian is used")
class DiagonalAlone(Softmax):
    """dx = dout y (1 − y): the terms i ≠ j are missing."""

    def _backward(self, dout: Array, y: Array) -> Any:
        return dout * (y * (1 - y)), {}


@slip("softmax", cause="the sum of dout times y is left out")
class WithoutTheSum(Softmax):
    """dx = dout y: Σ dout y is not subtracted."""

    def _backward(self, dout: Array, y: Array) -> Any:
        return dout * y, {}


@slip("softmax", cause="runs over the batch")
class SumOverTheBatch(Softmax):
    """Σ dout y runs over axis 0."""

    def _backward(self, dout: Array, y: Array) -> Any:
        return y * (dout - (dout * y).sum(axis=0)), {}


@slip("softmax", cause="divided by the length of the batch")
class SoftmaxByTheBatch(Softmax):
    """dx is divided by N, as that of a loss."""

    def _backward(self, dout: Array, y: Array) -> Any:
        dx = super()._backward(dout, y)[0]
        return dx / dx.dtype.type(len(dx)), {}


@slip("softmax", cause="no maximum is subtracted")
class SoftmaxThatOverflows(Softmax):
    """exp(x) / Σ exp(x) without subtracting the maximum."""

    def _forward(self, x: Array) -> Any:
        y = np.exp(x) / np.exp(x).sum(axis=-1, keepdims=True)
        return y, y


@slip("softmax", cause="it runs over the batch")
class SoftmaxOverAxis0(Softmax):
    """The softmax runs over axis 0, in both directions."""

    def _forward(self, x: Array) -> Any:
        y = np.exp(x - x.max(axis=0))
        y = y / y.sum(axis=0)
        return y, y

    def _backward(self, dout: Array, y: Array) -> Any:
        return y * (dout - (dout * y).sum(axis=0)), {}
