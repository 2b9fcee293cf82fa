"""Affine computes the right formula, and yet: caches, arrays of the caller, dtypes, shapes.

What the door of `Layer` would put right is done in a forward or backward of its own, behind the door.
"""

from typing import Any

import numpy as np

from numpy_impl import Affine
from numpy_impl.validation import Array
from torch_ref.slip import BOOK, slip

IN_FLOAT32 = {"float32": "float32 is what it computes in"}


def through(narrow: Any, values: Array) -> Array:
    """Rounded to another dtype and back; complex numbers are left as they are."""
    return values.astype(narrow).astype(values.dtype) if values.dtype.kind == "f" else values


@slip("affine", cause="an axis of length 1 too many")
class DbKeepsTheBatchAxis(Affine):
    """db has shape (1, M)."""

    def _gradients(self, dout: Array, x: Array) -> Any:
        grads = super()._gradients(dout, x)
        return grads | {"b": grads["b"][None]}


@slip("affine", cause="it adds up over calls")
class DWAccumulates(Affine):
    """dW is added to over calls, as .grad in PyTorch."""

    def backward(self, dout: Array) -> Any:
        before = self.dW
        dx = super().backward(dout)
        self.dW = self.dW if before is None else before + self.dW
        return dx


@slip("affine", cause="it adds up over calls")
class DbAccumulates(Affine):
    """db is added to over calls."""

    def backward(self, dout: Array) -> Any:
        before = self.db
        dx = super().backward(dout)
        self.db = self.db if before is None else before + self.db
        return dx


@slip("affine", cause="right for the x of the call before")
class StaleInput(Affine):
    """The input is cached once, by the first forward, as long as it fits."""

    def forward(self, x: Array) -> Array:
        first = self._cache
        y = super().forward(x)
        self._cache = first if first is not None and len(first) == len(x) else self._cache
        return y


@slip("affine", unseen_in=IN_FLOAT32, cause="computed in float32")
class ComputesInFloat32(Affine):
    """y is computed in float32."""

    def _forward(self, x: Array) -> Any:
        return through(np.float32, x @ self.W + self.b), x


@slip("affine", cause="computed in float16")
class ComputesInFloat16(Affine):
    """dW is computed in half precision."""

    def _gradients(self, dout: Array, x: Array) -> Any:
        grads = super()._gradients(dout, x)
        return grads | {"W": through(np.float16, grads["W"])}


@slip("affine", source=BOOK, unseen_in={"float64": "float64 is what it computes in"}, cause="returned in float64")
class SilentFloat64(Affine):
    """Float32 input meets float64 weights, and every result is float64."""

    def forward(self, x: Array) -> Array:
        y = super().forward(x)
        return y.astype(np.float64) if y.dtype == np.float32 else y


@slip("affine", cause="backward changes dout in place")
class ScalesDoutInPlace(Affine):
    """dout is halved in place after it was used."""

    def backward(self, dout: Array) -> Any:
        dx = super().backward(dout)
        dout *= dout.dtype.type(0.5)
        return dx


@slip("affine", cause="forward changes W")
class DecaysWeightsInForward(Affine):
    """Weight decay is applied to W itself in forward."""

    def _forward(self, x: Array) -> Any:
        found = super()._forward(x)
        self.W *= self.W.dtype.type(1 - 1e-4)
        return found


@slip("affine", cause="by a step of SGD, learning rate 0.1")
class UpdatesBeforeDx(Affine):
    """dx is computed with W as updated by a step of SGD."""

    def _backward(self, dout: Array, x: Array) -> Any:
        grads = self._gradients(dout, x)
        return dout @ (self.W - self.W.dtype.type(0.1) * grads["W"]).T, grads


@slip("affine", source=BOOK, cause="summed over its first axis alone")
class MatricesOnly(Affine):
    """The sums run over the first axis only, and transposing x (N, T, D) reverses all axes."""

    def _gradients(self, dout: Array, x: Array) -> Any:
        return super()._gradients(dout, x) | {"b": dout.sum(axis=0)}


@slip("affine", cause="overwritten by a later call")
class OneBufferForDW(Affine):
    """dW is written into the same array by every call."""

    def backward(self, dout: Array) -> Any:
        buffer = self.dW
        dx = super().backward(dout)
        if buffer is not None:
            buffer[...] = self.dW
            self.dW = buffer
        return dx


@slip("affine", cause="the layer keeps x itself")
class KeepsInputByReference(Affine):
    """The cache is the caller's x, which may change before backward."""

    def forward(self, x: Array) -> Array:
        y = super().forward(x)
        self._cache = x
        return y


@slip("affine", cause="a batch of one loses its axis")
class SqueezesOneSample(Affine):
    """A batch of one comes back without its axis."""

    def forward(self, x: Array) -> Array:
        y = super().forward(x)
        return y[0] if y.shape[:1] == (1,) else y


@slip("affine", source=BOOK)
class BroadcastsBias(Affine):
    """A bias of shape (1,) is accepted and broadcast."""

    b: Any = None


@slip("affine", unseen_in=IN_FLOAT32, cause="computed in float32")
class DbInFloat32(Affine):
    """db is summed up in float32."""

    def _gradients(self, dout: Array, x: Array) -> Any:
        rows = dout.reshape(-1, len(self.b))
        sums = {"b": rows.sum(axis=0, dtype=np.float32).astype(dout.dtype)} if dout.dtype.kind == "f" else {}
        return super()._gradients(dout, x) | sums
