"""Layers that are right but for one thing. None knows of this package."""

import random
import sys
from typing import Any

import numpy as np
from own_layers import Affine


class Raises(Affine):
    def backward(self, dout: Any) -> Any:  # noqa: ARG002 - the signature is the contract's
        raise RuntimeError("no gradient yet")


class RaisesForOneSample(Affine):
    def forward(self, x: Any) -> Any:
        if len(x) == 1:
            raise ValueError("a batch of one")
        return super().forward(x)


class ReturnsNone(Affine):
    def backward(self, dout: Any) -> Any:
        super().backward(dout)


class ReturnsList(Affine):
    def forward(self, x: Any) -> Any:
        return super().forward(x).tolist()


class ReturnsObjects(Affine):
    def forward(self, x: Any) -> Any:
        return super().forward(x).astype(object)


class WrongShape(Affine):
    def forward(self, x: Any) -> Any:
        return super().forward(x).T


class WrongDtype(Affine):
    def backward(self, dout: Any) -> Any:
        return super().backward(dout).astype(np.float64)


class GivesNan(Affine):
    def forward(self, x: Any) -> Any:
        return super().forward(x) * np.nan


class Prints(Affine):
    def forward(self, x: Any) -> Any:
        print("forward", x.shape)
        return super().forward(x)


class Doubles(Affine):
    def forward(self, x: Any) -> Any:
        x *= 2
        return super().forward(x / 2)


class KeepsX(Affine):
    def forward(self, x: Any) -> Any:
        self.x = x
        return x @ self.W + self.b


class Exits(Affine):
    def backward(self, dout: Any) -> Any:  # noqa: ARG002 - the signature is the contract's
        sys.exit(0)


class EditsWeights(Affine):
    def forward(self, x: Any) -> Any:
        self.W *= self.W.dtype.type(0.999)
        return super().forward(x)


class SeedsNumPy(Affine):
    def forward(self, x: Any) -> Any:
        np.random.seed(0)  # noqa: NPY002 - what it is there for
        return super().forward(x)


class SeedsPython(Affine):
    def forward(self, x: Any) -> Any:
        random.seed(0)
        return super().forward(x)


class IsRandom(Affine):
    def forward(self, x: Any) -> Any:
        return super().forward(x) * x.dtype.type(np.random.random())  # noqa: NPY002 - what it is there for


class NoGradient(Affine):
    def backward(self, dout: Any) -> Any:
        return dout @ self.W.T


class GradientIsAList(Affine):
    def backward(self, dout: Any) -> Any:
        dx = super().backward(dout)
        self.db = self.db.tolist()
        return dx


class OnlyContiguous(Affine):
    def forward(self, x: Any) -> Any:
        if not x.flags.c_contiguous:
            raise ValueError("x must be contiguous")
        return super().forward(x)


class WrongForFortran(Affine):
    def forward(self, x: Any) -> Any:
        return super().forward(x) * (2 if x.flags.f_contiguous and not x.flags.c_contiguous else 1)


class KeepsACopyOfW(Affine):
    def __init__(self, W: Any, b: Any) -> None:
        super().__init__(W, b)
        self._turned = W.T.copy()

    def backward(self, dout: Any) -> Any:
        super().backward(dout)
        return dout @ self._turned


class ReusesItsBuffer(Affine):
    _y: Any = None

    def forward(self, x: Any) -> Any:
        y = super().forward(x)
        if self._y is None or self._y.shape != y.shape:
            self._y = np.empty_like(y)
        self._y[...] = y
        return self._y


class SharesItsCache(Affine):
    cache: Any = None

    def forward(self, x: Any) -> Any:
        SharesItsCache.cache = x.copy()
        return x @ self.W + self.b

    def backward(self, dout: Any) -> Any:
        self.x = SharesItsCache.cache
        return super().backward(dout)


class KeepsTheFirstUntilBackward(Affine):
    _first: Any = None

    def forward(self, x: Any) -> Any:
        y = super().forward(x)
        self._first = self.x if self._first is None else self._first
        return y

    def backward(self, dout: Any) -> Any:
        if self._first is not None and len(self._first) == len(dout):
            self.x = self._first
        self._first = None
        return super().backward(dout)


class StaleAfterAnotherSize(Affine):
    _size = 0

    def forward(self, x: Any) -> Any:
        y = super().forward(x)
        if self._size not in (0, len(x)):
            self.x = self.x * 2
        self._size = len(x)
        return y


class RemembersTheArray(Affine):
    _seen: Any = None
    _params = b""

    def forward(self, x: Any) -> Any:
        params = self.W.tobytes() + self.b.tobytes()
        if x is not self._seen or params != self._params:
            self._y = super().forward(x)
            self._seen, self._params = x, params
        return self._y.copy()


class ReshapesX(Affine):
    def forward(self, x: Any) -> Any:
        y = super().forward(x)
        x.shape = (1, *x.shape)
        return y


class FreezesX(Affine):
    def forward(self, x: Any) -> Any:
        x.flags.writeable = False
        return super().forward(x)


class TurnsW(Affine):
    def forward(self, x: Any) -> Any:
        y = super().forward(x)
        self.W = self.W.T
        return y


class RemovesW(Affine):
    def forward(self, x: Any) -> Any:
        y = super().forward(x)
        del self.W
        return y


class ReturnsIntegers(Affine):
    def backward(self, dout: Any) -> Any:
        return super().backward(dout).astype(int)
