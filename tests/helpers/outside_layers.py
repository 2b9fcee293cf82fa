"""Layers that are not of this package, each with a pair and two slips, in the form that a user gives them.

Only what numpy_impl and torch_ref export is used. The pairs have no proven bounds: theirs are measured.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import torch
from outside_conv import CONV, ConvFlipsItsKernel, ConvWithoutBias
from torch import nn

from numpy_impl.validation import Array
from torch_ref import Case, Cause, Data, Example, Pair


class Slip(NamedTuple):
    """A layer with a slip, the pair that it belongs to, and what is to be said of it."""

    layer: Callable[..., Any]
    pair: Pair
    says: str


# Sigmoid and tanh


class Sigmoid:
    """1 / (1 + e⁻ˣ), by exponents that are not positive; dx = dout y (1 − y)."""

    def forward(self, x: Array) -> Array:
        e = np.exp(-abs(x))
        self._y = np.where(x >= 0, 1 / (1 + e), e / (1 + e))
        return self._y.copy()

    def backward(self, dout: Array) -> Array:
        return dout * self._y * (1 - self._y)


class SigmoidOfTheFirstBatch(Sigmoid):
    def forward(self, x: Array) -> Array:
        first = getattr(self, "_first", None)
        y = super().forward(x)
        self._first = self._y if first is None else first
        self._y = self._first if self._first.shape == x.shape else self._y
        return y


class SigmoidWithoutItsDerivative(Sigmoid):
    def backward(self, dout: Array) -> Array:
        return dout.copy()


class Tanh:
    """tanh x; dx = dout (1 − y²)."""

    def forward(self, x: Array) -> Array:
        self._y = np.tanh(x)
        return self._y.copy()

    def backward(self, dout: Array) -> Array:
        return dout * (1 - self._y**2)


class TanhFlipped(Tanh):
    def backward(self, dout: Array) -> Array:
        return dout * (self._y**2 - 1)


class TanhInHalfPrecision(Tanh):
    def forward(self, x: Array) -> Array:
        return super().forward(x).astype(np.float16).astype(x.dtype)


def elementwise(name: str, layer: Callable[..., Any], module: type[nn.Module]) -> Pair:
    return Pair(
        name,
        layer,
        lambda _: module(),
        lambda cls, data: Example(cls(), {"x": data.x()}, {"dout": data.dout(*data.lead, data.D)}),
    )


SIGMOID, TANH = elementwise("sigmoid", Sigmoid, nn.Sigmoid), elementwise("tanh", Tanh, nn.Tanh)

# Batch-norm


class BatchNorm:
    """γ x̂ + β with x̂ = (x − mean) / √(var + ε) over the batch; the mean and the variance depend on x as well."""

    def __init__(self, gamma: Array, beta: Array) -> None:
        self.gamma, self.beta = gamma, beta

    def forward(self, x: Array) -> Array:
        centred = x - x.mean(axis=0)
        self._scale = 1 / np.sqrt((centred**2).mean(axis=0) + x.dtype.type(1e-5))
        self._normal = centred * self._scale
        return self.gamma * self._normal + self.beta

    def backward(self, dout: Array) -> Array:
        self.dgamma, self.dbeta = (dout * self._normal).sum(axis=0), dout.sum(axis=0)
        d = dout * self.gamma
        return (d - d.mean(axis=0) - self._normal * (d * self._normal).mean(axis=0)) * self._scale


class BatchNormWithMeanBeta(BatchNorm):
    def backward(self, dout: Array) -> Array:
        dx = super().backward(dout)
        self.dbeta = dout.mean(axis=0)
        return dx


class BatchNormOfConstantStatistics(BatchNorm):
    def backward(self, dout: Array) -> Array:
        super().backward(dout)
        return dout * self.gamma * self._scale


def constant_statistics(case: Case, name: str) -> Any:
    """dx as if mean and variance were numbers: a cause of this layer's own, by autograd on another module."""
    if name != "dx":
        return None
    x = torch.from_numpy(case.x.astype(float))
    scale = (x.var(0, unbiased=False) + 1e-5).rsqrt().numpy()
    dx = case.dout.astype(float) * case.params["gamma"] * scale
    right = case.right["dx"]
    return type(right)(dx.astype(right.centre.dtype), right.radius + 1e-6 * abs(dx), right.format)


BATCH_NORM = Pair(
    "batch_norm",
    BatchNorm,
    lambda layer: nn.BatchNorm1d(len(layer.gamma)),
    lambda cls, data: Example(
        cls(data.weights(data.D), data.biases(data.D)), {"x": data.x()}, {"dout": data.dout(*data.lead, data.D)}
    ),
    parameters={"gamma": "weight", "beta": "bias"},
    causes=[Cause("mean and variance are taken for constants, but they depend on x", constant_statistics)],
    batches_only=True,
)

# Dropout, with a mask that is given


class Dropout:
    """x m / (1 − p) for a mask m (D,) of 0 and 1, of whole features: both ways the same factor."""

    def __init__(self, mask: Array, p: float = 0.5) -> None:
        self.mask, self.p = mask, p

    def _factor(self, dtype: Any) -> Array:
        return self.mask.astype(dtype) / dtype.type(1 - self.p)

    def forward(self, x: Array) -> Array:
        return x * self._factor(x.dtype)

    def backward(self, dout: Array) -> Array:
        return dout * self._factor(dout.dtype)


class DropoutPassesEverythingBack(Dropout):
    def backward(self, dout: Array) -> Array:
        return dout.copy()


class DropoutWithoutScale(Dropout):
    def backward(self, dout: Array) -> Array:
        return dout * self.mask.astype(dout.dtype)


class MaskedDropout(nn.Module):
    """PyTorch's dropout draws its own mask; for a given one this is its formula."""

    def __init__(self, mask: Array, p: float) -> None:
        super().__init__()
        self.mask, self.p = torch.from_numpy(mask.copy()), p

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.where(self.mask, x / (1 - self.p), 0)


def dropout(cls: Callable[..., Any], data: Data) -> Example:
    mask = data.rng.uniform(size=data.D) < 0.5
    return Example(cls(mask), {"x": data.x()}, {"dout": data.dout(*data.lead, data.D)})


DROPOUT = Pair("dropout", Dropout, lambda layer: MaskedDropout(layer.mask, layer.p), dropout)

OUTSIDE = (SIGMOID, TANH, BATCH_NORM, DROPOUT, CONV)
SLIPS = (
    Slip(SigmoidOfTheFirstBatch, SIGMOID, "dx in a second call: it is right for the x of the call before"),
    Slip(SigmoidWithoutItsDerivative, SIGMOID, "dx: dout is passed on as it is: the layer's own derivative is"),
    Slip(TanhFlipped, TANH, "dx: the sign is flipped"),
    Slip(TanhInHalfPrecision, TANH, "y: it is computed in float16, and loses the digits beyond"),
    Slip(BatchNormWithMeanBeta, BATCH_NORM, "dbeta: it is divided by the length of the batch, once too often"),
    Slip(BatchNormOfConstantStatistics, BATCH_NORM, "dx: mean and variance are taken for constants"),
    Slip(DropoutPassesEverythingBack, DROPOUT, "dx: dout is passed on as it is"),
    Slip(DropoutWithoutScale, DROPOUT, "dx: it is half as large as it must be"),
    Slip(ConvFlipsItsKernel, CONV, "dw: its last two axes run backwards"),
    Slip(ConvWithoutBias, CONV, "y: b is left out"),
)
