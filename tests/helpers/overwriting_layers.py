"""Layers that change the x that they are given. None knows of this package."""

from typing import Any

from own_layers import Affine


class OverwritesX:
    """A ReLU whose cache is x, overwritten: nothing of it is below 0."""

    def forward(self, x: Any) -> Any:
        y = x
        y[y < 0] = 0
        self.cache = x
        return y

    def backward(self, dout: Any) -> Any:
        dx = dout.copy()
        dx[self.cache < 0] = 0
        return dx


class OverwritesXAndIsRight(OverwritesX):
    def backward(self, dout: Any) -> Any:
        dx = dout.copy()
        dx[self.cache <= 0] = 0
        return dx


class ScalesX(Affine):
    """x is doubled in place before it is used."""

    def forward(self, x: Any) -> Any:
        x *= 2
        return super().forward(x)


class EditsXAndDoublesDb(Affine):
    """Two mistakes that have nothing to do with each other."""

    def forward(self, x: Any) -> Any:
        y = super().forward(x)
        x[...] = 0
        return y

    def backward(self, dout: Any) -> Any:
        dx = super().backward(dout)
        self.db = 2 * self.db
        return dx
