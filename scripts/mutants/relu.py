"""Slips in max(x, 0) and its gradient."""

from typing import Any

import numpy as np

from mutants.catalogue import BOOK, mutant
from numpy_impl import ReLU
from numpy_impl.validation import Array


@mutant("relu", source=BOOK, cause="it is open at x = 0")
class OpenAtZero(ReLU):
    """The derivative at 0 is 1: the mask is x < 0 for x ≤ 0."""

    def forward(self, x: Array) -> Array:
        y = super().forward(x)
        self._closed = x.real < 0
        return y


@mutant("relu", cause="taken as 1/2")
class HalfAtZero(ReLU):
    """The derivative at 0 is 1/2."""

    def forward(self, x: Array) -> Array:
        self._x = x.copy()
        return super().forward(x)

    def backward(self, dout: Array) -> Array:
        dx = super().backward(dout)
        return np.where(self._x == 0, dout / 2, dx)


@mutant("relu", source=BOOK, cause="backward changes dout in place")
class WritesIntoDout(ReLU):
    """Zeros are written into the caller's dout, and that array is returned."""

    def backward(self, dout: Array) -> Array:
        dx = super().backward(dout)
        dout[...] = dx
        return dout


@mutant("relu", cause="forward changes x in place")
class WritesIntoX(ReLU):
    """Zeros are written into the caller's x, and that array is returned."""

    def forward(self, x: Array) -> Array:
        y = super().forward(x)
        x[...] = y
        return x


@mutant("relu", cause="the mask is that of dout")
class MaskOfDout(ReLU):
    """dout ≤ 0 is stopped, as if it were x (guided back-propagation stops both)."""

    def backward(self, dout: Array) -> Array:
        super().backward(dout)
        return np.where(dout.real <= 0, 0, dout)


@mutant("relu", cause="where x <= 0 it is 0.01 times")
class LeakyBackward(ReLU):
    """A hundredth of dout passes where x < 0, as in another layer."""

    def backward(self, dout: Array) -> Array:
        dx = super().backward(dout)
        return np.where(self._closed, dout * dout.dtype.type(0.01), dx)


@mutant("relu", cause="where x < 0 it is 0.01 times")
class LeakyForward(ReLU):
    """y is a hundredth of x where x < 0."""

    def forward(self, x: Array) -> Array:
        return np.where(x.real < 0, x * x.dtype.type(0.01), super().forward(x))


@mutant("relu", cause="the mask is left out")
class StraightThrough(ReLU):
    """dx = dout."""

    def backward(self, dout: Array) -> Array:
        super().backward(dout)
        return dout.copy()


@mutant("relu", cause="the mask is inverted")
class InvertedMask(ReLU):
    """dout passes where x ≤ 0."""

    def backward(self, dout: Array) -> Array:
        super().backward(dout)
        return np.where(self._closed, dout, 0)


@mutant("relu", cause="right for the x of the call before")
class StaleMask(ReLU):
    """The mask is that of the first forward, as long as it fits."""

    def forward(self, x: Array) -> Array:
        first = getattr(self, "_first", None)
        y = super().forward(x)
        self._first = self._closed if first is None else first
        self._closed = self._first if self._first.shape == x.shape else self._closed
        return y


@mutant("relu")
class MultipliesByMask(ReLU):
    """dx = dout · mask, which is NaN for an infinite dout on a closed unit."""

    def backward(self, dout: Array) -> Array:
        super().backward(dout)
        with np.errstate(invalid="ignore"):
            return np.asarray(dout * ~self._closed)


@mutant("relu")
class StopsNan(ReLU):
    """NaN becomes 0: the mask is not x > 0."""

    def forward(self, x: Array) -> Array:
        y = super().forward(x)
        self._closed = ~(x.real > 0)
        return np.where(self._closed, 0, y)


@mutant("relu", cause="where x < 0 it is -1 times")
class AbsoluteValue(ReLU):
    """y = |x|."""

    def forward(self, x: Array) -> Array:
        y = super().forward(x)
        return np.where(self._closed, -x, y)


@mutant("relu")
class CappedAtSix(ReLU):
    """y = min(max(x, 0), 6), as in another layer."""

    def forward(self, x: Array) -> Array:
        y = super().forward(x)
        return np.where(y.real > 6, x.dtype.type(6), y)


@mutant("relu")
class ClosedUpToEpsilon(ReLU):
    """Units are closed up to 1e-7."""

    def forward(self, x: Array) -> Array:
        y = super().forward(x)
        self._closed = x.real <= 1e-7
        return y


@mutant("relu")
class MaskOnTheLastAxisReversed(ReLU):
    """The mask is applied in reverse order."""

    def backward(self, dout: Array) -> Array:
        super().backward(dout)
        return np.where(self._closed[..., ::-1], 0, dout)


@mutant("relu", cause="the layer keeps x itself")
class KeepsMaskOfCallersArray(ReLU):
    """The mask is computed in backward, of the caller's x as it is by then."""

    _x: Any

    def forward(self, x: Array) -> Array:
        self._x = x
        return super().forward(x)

    def backward(self, dout: Array) -> Array:
        super().backward(dout)
        return np.where(self._x.real <= 0, 0, dout)
