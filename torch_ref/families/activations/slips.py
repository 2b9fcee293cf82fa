"""Slips in max(x, 0) and its gradient."""

from typing import Any

import numpy as np

from numpy_impl import ReLU
from numpy_impl.validation import Array
from torch_ref.slip import BOOK, slip


@slip("relu", source=BOOK, cause="it is open at x = 0")
class OpenAtZero(ReLU):
    """The derivative at 0 is 1: the mask is x < 0 for x ≤ 0."""

    def _forward(self, x: Array) -> Any:
        return super()._forward(x)[0], x.real < 0


@slip("relu", cause="taken as 1/2")
class HalfAtZero(ReLU):
    """The derivative at 0 is 1/2."""

    def _forward(self, x: Array) -> Any:
        return super()._forward(x)[0], x

    def _backward(self, dout: Array, x: Array) -> Any:
        return np.where(x == 0, dout / 2, np.where(x.real <= 0, 0, dout)), {}


@slip("relu", source=BOOK, cause="backward changes dout in place")
class WritesIntoDout(ReLU):
    """Zeros are written into the caller's dout, and that array is returned."""

    def backward(self, dout: Array) -> Any:
        dout[...] = super().backward(dout)
        return dout


@slip("relu", cause="forward changes x in place")
class WritesIntoX(ReLU):
    """Zeros are written into the caller's x, and that array is returned."""

    def forward(self, x: Array) -> Array:
        x[...] = super().forward(x)
        return x


@slip("relu", cause="the mask is that of dout")
class MaskOfDout(ReLU):
    """dout ≤ 0 is stopped, as if it were x (guided back-propagation stops both)."""

    def _backward(self, dout: Array, _closed: Array) -> Any:
        return np.where(dout.real <= 0, 0, dout), {}


@slip("relu", cause="where x <= 0 it is 0.01 times")
class LeakyBackward(ReLU):
    """A hundredth of dout passes where x < 0, as in another layer."""

    def _backward(self, dout: Array, closed: Array) -> Any:
        return np.where(closed, dout * dout.dtype.type(0.01), dout), {}


@slip("relu", cause="where x < 0 it is 0.01 times")
class LeakyForward(ReLU):
    """y is a hundredth of x where x < 0."""

    def _forward(self, x: Array) -> Any:
        y, closed = super()._forward(x)
        return np.where(x.real < 0, x * x.dtype.type(0.01), y), closed


@slip("relu", cause="the mask is left out")
class StraightThrough(ReLU):
    """dx = dout."""

    def _backward(self, dout: Array, _closed: Array) -> Any:
        return dout, {}


@slip("relu", cause="the mask is inverted")
class InvertedMask(ReLU):
    """dout passes where x ≤ 0."""

    def _backward(self, dout: Array, closed: Array) -> Any:
        return super()._backward(dout, ~closed)


@slip("relu", cause="right for the x of the call before")
class StaleMask(ReLU):
    """The mask is that of the first forward, as long as it fits."""

    _first: Any = None

    def forward(self, x: Array) -> Array:
        y = super().forward(x)
        self._first = self._cache if self._first is None else self._first
        self._cache = self._first if self._first.shape == x.shape else self._cache
        return y


@slip("relu")
class MultipliesByMask(ReLU):
    """dx = dout · mask, which is NaN for an infinite dout on a closed unit."""

    def _backward(self, dout: Array, closed: Array) -> Any:
        return dout * ~closed, {}


@slip("relu")
class StopsNan(ReLU):
    """NaN becomes 0: the mask is not x > 0."""

    def _forward(self, x: Array) -> Any:
        closed = ~(x.real > 0)
        return np.where(closed, 0, x), closed


@slip("relu", cause="where x < 0 it is -1 times")
class AbsoluteValue(ReLU):
    """y = |x|."""

    def _forward(self, x: Array) -> Any:
        closed = x.real <= 0
        return np.where(closed, -x, x), closed


@slip("relu", cause="y: it is clipped to [-6, 6] – or x is clipped to [-6, 6]")
class CappedAtSix(ReLU):
    """y = min(max(x, 0), 6), as in another layer."""

    def _forward(self, x: Array) -> Any:
        y, closed = super()._forward(x)
        return np.where(y.real > 6, x.dtype.type(6), y), closed


@slip("relu")
class ClosedUpToEpsilon(ReLU):
    """Units are closed up to 1e-7."""

    def _forward(self, x: Array) -> Any:
        return super()._forward(x)[0], x.real <= 1e-7


@slip("relu")
class MaskOnTheLastAxisReversed(ReLU):
    """The mask is applied in reverse order."""

    def _backward(self, dout: Array, closed: Array) -> Any:
        return super()._backward(dout, closed[..., ::-1])


@slip("relu", cause="the layer keeps x itself")
class KeepsMaskOfCallersArray(ReLU):
    """The mask is computed in backward, of the caller's x as it is by then."""

    def forward(self, x: Array) -> Array:
        y = super().forward(x)
        self._cache = x
        return y

    def _backward(self, dout: Array, x: Array) -> Any:
        return super()._backward(dout, x.real <= 0)
