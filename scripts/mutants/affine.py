"""Slips in y = x W + b and its gradients."""

from typing import Any

import numpy as np

from mutants.catalogue import mutant
from numpy_impl import Affine
from numpy_impl.validation import Array


def square(W: Array) -> bool:
    return W.shape[0] == W.shape[1]


@mutant("affine", cause="W is used transposed")
class DxWithoutTranspose(Affine):
    """dx = dout W, where the shapes allow it."""

    def backward(self, dout: Array) -> Any:
        dx = super().backward(dout)
        return dout @ self.W if square(self.W) else dx


@mutant("affine", cause="W is used transposed")
class WUsedTransposed(Affine):
    """y = x Wᵀ, where the shapes allow it."""

    def forward(self, x: Array) -> Array:
        y = super().forward(x)
        return x @ self.W.T + self.b if square(self.W) else y


@mutant("affine", cause="it is transposed")
class DWTransposed(Affine):
    """dW = doutᵀ x, as PyTorch stores it."""

    def backward(self, dout: Array) -> Any:
        dx = super().backward(dout)
        self.dW = self.dW.T.copy()
        return dx


@mutant("affine", cause="divided by the length of the batch, once too often")
class DbMean(Affine):
    """db is the mean over the batch, not the sum."""

    def backward(self, dout: Array) -> Any:
        dx = super().backward(dout)
        self.db = self.db / self.db.dtype.type(max(len(self._x), 1))
        return dx


@mutant("affine", cause="summed over its last axis")
class DbOverTheWrongAxis(Affine):
    """db sums over the outputs, where the shapes allow it."""

    def backward(self, dout: Array) -> Any:
        dx = super().backward(dout)
        if dout.ndim == 2 and len(dout) == len(self.b):
            self.db = dout.sum(axis=1)
        return dx


@mutant("affine", cause="of the first sample alone")
class DbOfFirstSample(Affine):
    """db is dout of the first sample alone."""

    def backward(self, dout: Array) -> Any:
        dx = super().backward(dout)
        self.db = dout.reshape(-1, len(self.b))[0].copy()
        return dx


@mutant("affine", cause="it is all 0")
class DbForgotten(Affine):
    """db stays 0."""

    def backward(self, dout: Array) -> Any:
        dx = super().backward(dout)
        self.db = np.zeros_like(self.b)
        return dx


@mutant("affine", cause="b is left out")
class BiasForgotten(Affine):
    """y = x W."""

    def forward(self, x: Array) -> Array:
        super().forward(x)
        return np.asarray(x @ self.W)


@mutant("affine", cause="b is added twice")
class BiasTwice(Affine):
    """y = x W + 2b."""

    def forward(self, x: Array) -> Array:
        return super().forward(x) + self.b


@mutant("affine", cause="divided by the length of the batch, once too often")
class DWMean(Affine):
    """dW is divided by the batch size, which the loss has done already."""

    def backward(self, dout: Array) -> Any:
        dx = super().backward(dout)
        self.dW = self.dW / self.dW.dtype.type(max(len(self._x), 1))
        return dx


@mutant("affine", cause="too large by a factor of the length of the batch")
class DWTimesN(Affine):
    """dW is multiplied by the batch size."""

    def backward(self, dout: Array) -> Any:
        dx = super().backward(dout)
        self.dW = self.dW * self.dW.dtype.type(len(self._x))
        return dx


@mutant("affine", cause="the sign is flipped")
class DxSign(Affine):
    """dx = −dout Wᵀ."""

    def backward(self, dout: Array) -> Any:
        return -super().backward(dout)


@mutant("affine", cause="the last sample is missing")
class LastSampleMissing(Affine):
    """dW leaves out the last sample."""

    def backward(self, dout: Array) -> Any:
        dx = super().backward(dout)
        self.dW = self._x.reshape(-1, len(self.W))[:-1].T @ dout.reshape(-1, len(self.b))[:-1]
        return dx


@mutant("affine", cause="the last column is missing")
class LastFeatureMissing(Affine):
    """dx of the last feature stays 0."""

    def backward(self, dout: Array) -> Any:
        dx = super().backward(dout)
        dx[..., -1] = 0
        return dx


@mutant("affine", cause="it has 0.0001 W added to it")
class DecayInDW(Affine):
    """dW holds the gradient of a weight decay that the loss does not have."""

    def backward(self, dout: Array) -> Any:
        dx = super().backward(dout)
        self.dW = self.dW + self.dW.dtype.type(1e-4) * self.W
        return dx


@mutant("affine")
class SmallEntriesCleaned(Affine):
    """Entries of dx below 1e-8 are set to 0."""

    def backward(self, dout: Array) -> Any:
        dx = super().backward(dout)
        dx[abs(dx) < 1e-8] = 0
        return dx
