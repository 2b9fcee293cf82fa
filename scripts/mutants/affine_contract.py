"""Affine computes the right formula, and yet: caches, arrays of the caller, dtypes, shapes."""

from typing import Any

import numpy as np

from mutants.catalogue import BOOK, mutant
from numpy_impl import Affine
from numpy_impl.validation import Array


@mutant("affine", cause="an axis of length 1 too many")
class DbKeepsTheBatchAxis(Affine):
    """db has shape (1, M)."""

    def backward(self, dout: Array) -> Any:
        dx = super().backward(dout)
        self.db = self.db[None]
        return dx


@mutant("affine", cause="it adds up over calls")
class DWAccumulates(Affine):
    """dW is added to over calls, as .grad in PyTorch."""

    def backward(self, dout: Array) -> Any:
        before = self.dW
        dx = super().backward(dout)
        self.dW = self.dW if before is None else before + self.dW
        return dx


@mutant("affine", cause="it adds up over calls")
class DbAccumulates(Affine):
    """db is added to over calls."""

    def backward(self, dout: Array) -> Any:
        before = self.db
        dx = super().backward(dout)
        self.db = self.db if before is None else before + self.db
        return dx


@mutant("affine", cause="right for the x of the call before")
class StaleInput(Affine):
    """The input is cached once, by the first forward."""

    def forward(self, x: Array) -> Array:
        first = getattr(self, "_x", None)
        y = super().forward(x)
        self._x = self._x if first is None or len(first) != len(self._x) else first
        return y


@mutant("affine", unseen_in={"float32": "float32 is what it computes in"}, cause="computed in float32")
class ComputesInFloat32(Affine):
    """y is computed in float32."""

    def forward(self, x: Array) -> Array:
        y = super().forward(x)
        return y.astype(np.float32).astype(y.dtype) if y.dtype.kind == "f" else y


@mutant("affine", cause="computed in float16")
class ComputesInFloat16(Affine):
    """dW is computed in half precision."""

    def backward(self, dout: Array) -> Any:
        dx = super().backward(dout)
        with np.errstate(all="ignore"):
            self.dW = self.dW.astype(np.float16).astype(dout.dtype) if dout.dtype.kind == "f" else self.dW
        return dx


@mutant("affine", source=BOOK, unseen_in={"float64": "float64 is what it computes in"}, cause="returned in float64")
class SilentFloat64(Affine):
    """Float32 input meets float64 weights, and every result is float64."""

    def forward(self, x: Array) -> Array:
        y = super().forward(x)
        return y.astype(np.float64) if y.dtype == np.float32 else y


@mutant("affine", cause="backward changes dout in place")
class ScalesDoutInPlace(Affine):
    """dout is halved in place after it was used."""

    def backward(self, dout: Array) -> Any:
        dx = super().backward(dout)
        dout *= dout.dtype.type(0.5)
        return dx


@mutant("affine", cause="forward changes W")
class DecaysWeightsInForward(Affine):
    """Weight decay is applied to W itself in forward."""

    def forward(self, x: Array) -> Array:
        y = super().forward(x)
        self.W *= self.W.dtype.type(1 - 1e-4)
        return y


@mutant("affine", cause="by a step of SGD, learning rate 0.1")
class UpdatesBeforeDx(Affine):
    """dx is computed with W as updated by a step of SGD."""

    def backward(self, dout: Array) -> Any:
        super().backward(dout)
        return dout @ (self.W - self.W.dtype.type(0.1) * self.dW).T


@mutant("affine", source=BOOK, cause="summed over its first axis alone")
class MatricesOnly(Affine):
    """The sums run over the first axis only, and transposing x (N, T, D) reverses all axes."""

    def backward(self, dout: Array) -> Any:
        dx = super().backward(dout)
        self.db = dout.sum(axis=0)
        return dx


@mutant("affine", cause="overwritten by a later call")
class OneBufferForDW(Affine):
    """dW is written into the same array by every call."""

    def backward(self, dout: Array) -> Any:
        buffer = self.dW
        dx = super().backward(dout)
        if buffer is not None:
            buffer[...] = self.dW
            self.dW = buffer
        return dx


@mutant("affine", cause="the layer keeps x itself")
class KeepsInputByReference(Affine):
    """The cache is the caller's x, which may change before backward."""

    def forward(self, x: Array) -> Array:
        y = super().forward(x)
        self._x = x.reshape(-1, len(self.W))
        return y


@mutant("affine", cause="a batch of one loses its axis")
class SqueezesOneSample(Affine):
    """A batch of one comes back without its axis."""

    def forward(self, x: Array) -> Array:
        y = super().forward(x)
        return y[0] if y.shape[:1] == (1,) else y


@mutant("affine", source=BOOK)
class BroadcastsBias(Affine):
    """A bias of shape (1,) is accepted and broadcast."""

    b: Any = None


@mutant("affine", unseen_in={"float32": "float32 is what it computes in"}, cause="computed in float32")
class DbInFloat32(Affine):
    """db is summed up in float32."""

    def backward(self, dout: Array) -> Any:
        dx = super().backward(dout)
        rows = dout.reshape(-1, len(self.b))
        self.db = rows.sum(axis=0, dtype=np.float32).astype(dout.dtype) if dout.dtype.kind == "f" else self.db
        return dx
