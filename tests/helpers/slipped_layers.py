"""Softmax, losses, an Affine and a flattening with a slip each."""

from typing import Any

import numpy as np

from numpy_impl.validation import Array


class Softmax:
    axis: Any = 1
    axis_of_sum: Any = 1
    subtracted: Any = 1  # of the maximum

    def forward(self, x: Array) -> Array:
        e = np.exp(x - self.subtracted * x.max(axis=self.axis, keepdims=True))
        self.y = e / e.sum(axis=self.axis, keepdims=True)
        return self.y.copy()

    def backward(self, dout: Array) -> Array:
        return self.y * (dout - (dout * self.y).sum(axis=self.axis_of_sum, keepdims=True))


class SoftmaxOverTheBatch(Softmax):
    axis = axis_of_sum = 0


class SoftmaxSumsOverTheBatch(Softmax):
    axis_of_sum = 0


class SoftmaxSumsOverAll(Softmax):
    axis_of_sum = None


class SoftmaxWithoutSum(Softmax):
    def backward(self, dout: Array) -> Array:
        return dout * self.y


class SoftmaxWithoutMaximum(Softmax):
    subtracted = 0


class SoftmaxIsNaNOnAWhim(Softmax):
    """NaN here and there: nothing is known of that."""

    def forward(self, x: Array) -> Array:
        y = super().forward(x)
        return np.where(abs(x) > 30, np.nan, y).astype(x.dtype)


class SoftmaxOffAtTheGreatest(Softmax):
    def backward(self, dout: Array) -> Array:
        return super().backward(dout) + (self.y == self.y.max(axis=1, keepdims=True))


class LogSoftmax(Softmax):
    def forward(self, x: Array) -> Array:
        return np.log(super().forward(x))

    def backward(self, dout: Array) -> Array:
        return dout - self.y * dout.sum(axis=1, keepdims=True)


class LogSoftmaxWithoutMaximum(LogSoftmax):
    subtracted = 0


class LogSoftmaxWithoutSum(LogSoftmax):
    def backward(self, dout: Array) -> Array:
        return dout - self.y


class LogSoftmaxByDout(LogSoftmax):
    def backward(self, dout: Array) -> Array:
        return dout * (1 - self.y)


class CrossEntropy(Softmax):
    """The loss of class indices; dx is right."""

    def forward(self, x: Array, t: Array) -> Any:  # type: ignore[override]
        self.t = t.copy()
        return self.loss(super().forward(x))

    def loss(self, y: Array) -> Any:
        return -np.log(y[np.arange(len(y)), self.t]).mean()

    def backward(self, dout: Any = 1) -> Array:
        return (self.y - np.eye(self.y.shape[1])[self.t]).astype(self.y.dtype) * self.y.dtype.type(dout / len(self.y))


class CrossEntropyOfRows(CrossEntropy):
    def loss(self, y: Array) -> Any:
        return -(np.log(y) * np.eye(y.shape[1], dtype=y.dtype)[self.t]).sum() / len(y)


class CrossEntropyWithoutMaximum(CrossEntropy):
    subtracted = 0


class CrossEntropyOffAtTheLabel(CrossEntropy):
    def backward(self, dout: Any = 1) -> Array:
        dx = super().backward(dout)
        dx[np.arange(len(dx)), self.t] *= self.y.dtype.type(1.25)
        return dx


class CrossEntropyOffBesideTheLabel(CrossEntropyOffAtTheLabel):
    def backward(self, dout: Any = 1) -> Array:
        right, off = CrossEntropy.backward(self, dout), super().backward(dout)
        return right * right.dtype.type(1.25) - (off - right)


class Affine:
    """x W + b; backward leaves what `changed` makes of the gradients."""

    def __init__(self, W: Array, b: Array) -> None:
        self.W, self.b = W, b

    def forward(self, x: Array) -> Array:
        self.x = x.copy()
        return x @ self.W + self.b

    def backward(self, dout: Array) -> Array:
        x, d = self.part(self.x), self.part(dout)
        self.dW, self.db = x.T @ d, d.sum(axis=0)
        return self.changed(dout @ self.W.T)

    def part(self, values: Array) -> Array:
        return values

    def changed(self, dx: Array) -> Array:
        return dx


class Clipped(Affine):
    def changed(self, dx: Array) -> Array:
        return np.clip(dx, -1, 1)


class ClippedX(Affine):
    def forward(self, x: Array) -> Array:
        return super().forward(np.clip(x, -1, 1))


class ClippedSilently(Affine):
    """All that is wrong is alike, but nothing beside it is smaller."""

    def changed(self, dx: Array) -> Array:
        return 3 * np.sign(dx)


class WholeBlocks(Affine):
    def part(self, values: Array) -> Array:
        return values[: len(values) // 2 * 2]


class SumOfAll(Affine):
    def backward(self, dout: Array) -> Array:
        dx = super().backward(dout)
        self.db = dout.sum(keepdims=True)
        return dx


class StepsFirst(Affine):
    def backward(self, dout: Array, lr: float) -> Array:  # type: ignore[override]
        self.W -= lr * (self.x.T @ dout)
        self.b -= lr * dout.sum(axis=0)
        return dout @ self.W.T


class StepsFirstByATenth(Affine):
    """By a rate of its own, and puts W back."""

    def backward(self, dout: Array) -> Array:
        super().backward(dout)
        return dout @ (self.W - self.W.dtype.type(0.1) * self.dW).T


class Flattened:
    """Of images, in Fortran's order on the way back."""

    def forward(self, x: Array) -> Array:
        self.shape = x.shape
        return x.reshape(len(x), -1).copy()

    def backward(self, dout: Array) -> Array:
        return dout.reshape(self.shape, order="F").copy()


class FlattenedByColumns(Flattened):
    def forward(self, x: Array) -> Array:
        super().forward(x)
        return np.array([one.flatten(order="F") for one in x])


class LastRowLost:
    def forward(self, x: Array) -> Array:
        return 3 * x

    def backward(self, dout: Array) -> Array:
        dx = 3 * dout
        dx[..., -1, :] = 0
        return dx
