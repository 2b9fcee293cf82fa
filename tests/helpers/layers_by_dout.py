"""Layers that are right on few plain data, and most of them wrong for another dout, or another size."""

from typing import Any

import numpy as np
from own_layers import Affine, CrossEntropy

# What a loss is given


class DividesUnlessOne(CrossEntropy):
    """For dout of 1 the division by the length of the batch is left out."""

    def backward(self, dout: Any = 1) -> Any:
        dx = super().backward(dout)
        return dx * dx.dtype.type(len(dx)) if dout == 1 else dx


class NeedsItsDefault(CrossEntropy):
    """The default is no number."""

    def backward(self, dout: Any = None) -> Any:
        return super().backward(dout)


class DoublesByDefault(CrossEntropy):
    def backward(self, dout: Any = 2) -> Any:
        return super().backward(dout)


class TruthOfDout(CrossEntropy):
    """A dout of 0 is taken for none."""

    def backward(self, dout: Any = None) -> Any:
        return super().backward(dout or 1)


class NoneIsOne(CrossEntropy):
    """Right."""

    def backward(self, dout: Any = None) -> Any:
        return super().backward(1 if dout is None else dout)


class FloatsOnly(CrossEntropy):
    """Right, but for a dout that is no float of Python's."""

    def backward(self, dout: Any = 1.0) -> Any:
        if type(dout) is not float:
            raise TypeError("dout must be a float")
        return super().backward(dout)


# A dout that is edited, or 0


class RemembersDout(Affine):
    """The gradients are computed once for each array of a dout."""

    _dout: Any = None

    def forward(self, x: Any) -> Any:
        self._dout = None
        return super().forward(x)

    def backward(self, dout: Any) -> Any:
        if dout is not self._dout:
            self._dx, self._dout = super().backward(dout), dout
        return self._dx.copy()


class DividesByTheSize(Affine):
    """dout is divided by its size, and the gradients are multiplied by it."""

    def backward(self, dout: Any) -> Any:
        with np.errstate(all="ignore"):
            size = np.exp2(np.floor(np.log2(abs(dout).max())))  # a power of two: nothing is rounded
            dx = super().backward(dout / size)
            self.dW, self.db = self.dW * size, self.db * size
            return dx * size


class SkipsZeros(Affine):
    """Of a dout of zeros nothing is computed: what was left by the call before stays."""

    dW: Any = None

    def backward(self, dout: Any) -> Any:
        if self.dW is None or dout.any():
            return super().backward(dout)
        return np.zeros_like(self.x)


# Sizes


class TenClasses(CrossEntropy):
    """Made for ten digits: a label beyond them is none."""

    def backward(self, dout: Any = 1) -> Any:
        dx = self._p.copy()
        dx[np.arange(len(dx)), self._t] -= self._t < 10
        return dx * dx.dtype.type(dout / len(dx))


class DropsTheLastBlock(Affine):
    """Many features are summed over whole blocks of 16."""

    def forward(self, x: Any) -> Any:
        self.x = x.copy()
        whole = x.shape[1] - (x.shape[1] % 16 if x.shape[1] > 16 else 0)
        return x[:, :whole] @ self.W[:whole] + self.b


class InBlocks(Affine):
    """Right."""

    def forward(self, x: Any) -> Any:
        self.x = x.copy()
        y = np.zeros((len(x), self.W.shape[1]), x.dtype)
        for i in range(0, x.shape[1], 16):
            y += x[:, i : i + 16] @ self.W[i : i + 16]
        return y + self.b
