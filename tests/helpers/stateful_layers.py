"""Layers that are right in a first call on few plain data, most of them wrong in use. None knows of this package."""

from typing import Any

import numpy as np
from own_layers import Affine

# Parameters that change


class TurnsWUntilBackward(Affine):
    """The transpose is made once, by the first forward since the last backward."""

    _turned: Any = None

    def forward(self, x: Any) -> Any:
        self._turned = self.W.T.copy() if self._turned is None else self._turned
        return super().forward(x)

    def backward(self, dout: Any) -> Any:
        super().backward(dout)
        turned, self._turned = self._turned, None
        return dout @ turned


class RemembersTheArrayOnly(Affine):
    """Nothing is computed anew for the same array, though W may be another; it looks at the array's content."""

    _seen: Any = None
    _copy: Any = None

    def forward(self, x: Any) -> Any:
        if x is not self._seen or not np.array_equal(x, self._copy):
            self._y = super().forward(x)
            self._seen, self._copy = x, x.copy()
        return self._y.copy()


class RemembersHalf(Affine):
    """For the same x b is added twice, if W is another."""

    _x: Any = None
    _W: Any = None

    def forward(self, x: Any) -> Any:
        y = super().forward(x)
        is_same = self._x is not None and np.array_equal(x, self._x) and not np.array_equal(self._W, self.W)
        self._x, self._W = x.copy(), self.W.copy()
        return y + self.b if is_same else y


class FreezesW(Affine):
    """Right; W can be assigned only."""

    def __setattr__(self, name: str, value: Any) -> None:
        if name == "W":
            value = value.copy()
            value.flags.writeable = False
        super().__setattr__(name, value)


class KeepsWOfForward(Affine):
    """Right: as autograd has it."""

    def forward(self, x: Any) -> Any:
        self._W = self.W.copy()
        return super().forward(x)

    def backward(self, dout: Any) -> Any:
        super().backward(dout)
        return dout @ self._W.T


# What belongs to the class


class SharesItsGradients(Affine):
    """The gradients are those of the last backward of any layer."""

    shared: dict[str, Any] = {}  # noqa: RUF012 - what it is there for

    def backward(self, dout: Any) -> Any:
        self.shared.update(dW=self.x.T @ dout, db=dout.sum(axis=0))
        return dout @ self.W.T

    @property
    def dW(self) -> Any:
        return self.shared["dW"]

    @dW.setter
    def dW(self, value: Any) -> None: ...

    @property
    def db(self) -> Any:
        return self.shared["db"]

    @db.setter
    def db(self, value: Any) -> None: ...


class ForgetsForAll(Affine):
    """The caches of all layers are kept by the class, and a backward forgets them all."""

    caches: dict[int, Any] = {}  # noqa: RUF012 - what it is there for

    def forward(self, x: Any) -> Any:
        y = super().forward(x)
        self.caches[id(self)] = self.x
        self.x = x * 0
        return y

    def backward(self, dout: Any) -> Any:
        self.x = self.caches.get(id(self), self.x)
        self.caches.clear()
        return super().backward(dout)


# Convention and worse


class AddsUpAndShares(Affine):
    """Its gradients add up, which is a convention; and its cache is the class's, which is none."""

    cache: Any = None

    def __init__(self, W: Any, b: Any) -> None:
        super().__init__(W, b)
        self.dW, self.db = np.zeros_like(W), np.zeros_like(b)

    def forward(self, x: Any) -> Any:
        AddsUpAndShares.cache = x.copy()
        return x @ self.W + self.b

    def backward(self, dout: Any) -> Any:
        self.dW = self.dW + AddsUpAndShares.cache.T @ dout
        self.db = self.db + dout.sum(axis=0)
        return dout @ self.W.T


class RoundsOtherwise(Affine):
    """Right: from the second call on it adds in another order."""

    _calls = 0

    def forward(self, x: Any) -> Any:
        self._calls += 1
        if self._calls == 1:
            return super().forward(x)
        self.x = x.copy()
        return x[:, ::-1].copy() @ self.W[::-1].copy() + self.b


class StaleAndSaturated(Affine):
    """Two mistakes: dW is of a batch before, if there was one, and it is cut off at 1000."""

    _x: Any = None

    def forward(self, x: Any) -> Any:
        y = super().forward(x)
        self.x, self._x = (self._x if self._x is not None and self._x.shape == x.shape else x.copy()), x.copy()
        return y

    def backward(self, dout: Any) -> Any:
        dx = super().backward(dout)
        self.dW = np.minimum(self.dW, 1000)
        return dx


class StaleAndWithoutB(Affine):
    """Two mistakes: b is left out, and dx is that of the first W."""

    def __init__(self, W: Any, b: Any) -> None:
        super().__init__(W, b)
        self._turned: Any = None

    def forward(self, x: Any) -> Any:
        self._turned = self.W.T.copy() if self._turned is None else self._turned
        self.x = x.copy()
        return x @ self.W

    def backward(self, dout: Any) -> Any:
        super().backward(dout)
        return dout @ self._turned
