"""Layers that are right and odd, or that cannot be made or checked. None knows of this package."""

import sys
from typing import Any

import numpy as np
from own_layers import Affine, CrossEntropy
from torch import nn


class NoParameters:
    def forward(self, x: Any) -> Any:
        return x.copy()

    def backward(self, dout: Any) -> Any:
        return dout.copy()


class WarnsAndIsRight(Affine):
    def forward(self, x: Any) -> Any:
        np.log(np.zeros(1))
        return super().forward(x)


class HasMore(Affine):
    """Right, with a parameter that its twin does not have, and a property that cannot be read at first."""

    def __init__(self, W: Any, b: Any) -> None:
        super().__init__(W, b)
        self.gain = np.ones(3)

    @property
    def last(self) -> Any:
        return self.x[-1]


class LossWithoutDout(CrossEntropy):
    def backward(self) -> Any:  # type: ignore[override] # as people write it
        return super().backward(1)


class OneHotLoss(CrossEntropy):
    """Right for one-hot rows alone."""

    def forward(self, x: Any, t: Any) -> Any:
        loss = super().forward(x, t.argmax(axis=1))
        return np.asarray(loss, x.dtype)


class OtherLog:
    """log x, but log 1 for x < 0.4: where its twin gives numbers, and beside NaN."""

    def forward(self, x: Any) -> Any:
        with np.errstate(all="ignore"):
            self._x = x.copy()
            return np.where((x > 0) & (x < 0.4), 0, np.log(x))

    def backward(self, dout: Any) -> Any:
        with np.errstate(all="ignore"):
            return dout / self._x


class LogModule(nn.Module):
    def forward(self, x: Any) -> Any:
        return x.log()


class CannotBeMade(Affine):
    def __init__(self, W: Any, b: Any) -> None:  # noqa: ARG002 - the signature is the contract's
        raise OSError("no disk")


class ExitsWhenMade(Affine):
    def __init__(self, W: Any, b: Any) -> None:  # noqa: ARG002 - the signature is the contract's
        sys.exit(3)


class OddArgument(Affine):
    def __init__(self, foo: Any) -> None:
        super().__init__(foo, foo)


class Half:
    def forward(self, x: Any) -> Any:
        return x


class LossIgnoresDout(CrossEntropy):
    def backward(self, dout: Any = 1) -> Any:  # noqa: ARG002 - what it is there for
        return super().backward(1)
