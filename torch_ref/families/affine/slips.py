"""Slips in y = x W + b and its gradients."""

from typing import Any

import numpy as np

from numpy_impl import Affine
from numpy_impl.validation import Array
from torch_ref.slip import slip


def square(W: Array) -> bool:
    return W.shape[0] == W.shape[1]


@slip("affine", cause="W is used transposed")
class DxWithoutTranspose(Affine):
    """dx = dout W, where the shapes allow it."""

    def _backward(self, dout: Array, x: Array) -> Any:
        dx, grads = super()._backward(dout, x)
        return dout @ self.W if square(self.W) else dx, grads


@slip("affine", cause="W is used transposed")
class WUsedTransposed(Affine):
    """y = x Wᵀ, where the shapes allow it."""

    def _forward(self, x: Array) -> Any:
        return x @ (self.W.T if square(self.W) else self.W) + self.b, x


@slip("affine", cause="it is transposed")
class DWTransposed(Affine):
    """dW = doutᵀ x, as PyTorch stores it."""

    def _gradients(self, dout: Array, x: Array) -> Any:
        grads = super()._gradients(dout, x)
        return grads | {"W": grads["W"].T}


@slip("affine", cause="divided by the length of the batch, once too often")
class DbMean(Affine):
    """db is the mean over the batch, not the sum."""

    def _gradients(self, dout: Array, x: Array) -> Any:
        grads = super()._gradients(dout, x)
        return grads | {"b": grads["b"] / dout.dtype.type(len(x))}


@slip("affine", cause="summed over its last axis")
class DbOverTheWrongAxis(Affine):
    """db sums over the outputs, where the shapes allow it."""

    def _gradients(self, dout: Array, x: Array) -> Any:
        fits = dout.ndim == 2 and square(dout)
        return super()._gradients(dout, x) | ({"b": dout.sum(axis=1)} if fits else {})


@slip("affine", cause="of the first sample alone")
class DbOfFirstSample(Affine):
    """db is dout of the first sample alone."""

    def _gradients(self, dout: Array, x: Array) -> Any:
        return super()._gradients(dout, x) | {"b": dout.reshape(-1, len(self.b))[0]}


@slip("affine", cause="it is all 0")
class DbForgotten(Affine):
    """db stays 0."""

    def _gradients(self, dout: Array, x: Array) -> Any:
        return super()._gradients(dout, x) | {"b": np.zeros_like(self.b)}


@slip("affine", cause="b is left out")
class BiasForgotten(Affine):
    """y = x W."""

    def _forward(self, x: Array) -> Any:
        return x @ self.W, x


@slip("affine", cause="b is added twice")
class BiasTwice(Affine):
    """y = x W + 2b."""

    def _forward(self, x: Array) -> Any:
        return x @ self.W + self.b + self.b, x


@slip("affine", cause="divided by the length of the batch, once too often")
class DWMean(Affine):
    """dW is divided by the batch size, which the loss has done already."""

    def _gradients(self, dout: Array, x: Array) -> Any:
        grads = super()._gradients(dout, x)
        return grads | {"W": grads["W"] / dout.dtype.type(len(x))}


@slip("affine", cause="too large by a factor of the length of the batch")
class DWTimesN(Affine):
    """dW is multiplied by the batch size."""

    def _gradients(self, dout: Array, x: Array) -> Any:
        grads = super()._gradients(dout, x)
        return grads | {"W": grads["W"] * dout.dtype.type(len(x))}


@slip("affine", cause="the sign is flipped")
class DxSign(Affine):
    """dx = −dout Wᵀ."""

    def _backward(self, dout: Array, x: Array) -> Any:
        return -dout @ self.W.T, self._gradients(dout, x)


@slip("affine", cause="the last sample is missing")
class LastSampleMissing(Affine):
    """dW leaves out the last sample."""

    def _gradients(self, dout: Array, x: Array) -> Any:
        rows, drows = x.reshape(-1, len(self.W)), dout.reshape(-1, len(self.b))
        return super()._gradients(dout, x) | {"W": rows[:-1].T @ drows[:-1]}


@slip("affine", cause="the last column is missing")
class LastFeatureMissing(Affine):
    """dx of the last feature stays 0."""

    def _backward(self, dout: Array, x: Array) -> Any:
        dx, grads = super()._backward(dout, x)
        dx[..., -1] = 0
        return dx, grads


@slip("affine", cause="it has 0.0001 W added to it")
class DecayInDW(Affine):
    """dW holds the gradient of a weight decay that the loss does not have."""

    def _gradients(self, dout: Array, x: Array) -> Any:
        grads = super()._gradients(dout, x)
        return grads | {"W": grads["W"] + dout.dtype.type(1e-4) * self.W}


@slip("affine")
class SmallEntriesCleaned(Affine):
    """Entries of dx below 1e-8 are set to 0."""

    def _backward(self, dout: Array, x: Array) -> Any:
        dx, grads = super()._backward(dout, x)
        return np.where(abs(dx) < 1e-8, 0, dx), grads
