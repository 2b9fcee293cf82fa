"""A convolution that is not of this package, with its pair and two slips."""

from collections.abc import Callable
from typing import Any

import numpy as np
from torch import nn

from numpy_impl.validation import Array
from torch_ref import Data, Example, Pair


class Conv2d:
    """y[n, o] = Σ_c w[o, c] ⋆ x[n, c] + b[o] over all windows, as one product: the windows are the rows of a matrix."""

    def __init__(self, w: Array, b: Array) -> None:
        self.w, self.b = w, b

    def forward(self, x: Array) -> Array:
        size = self.w.shape[2:]
        windows = np.lib.stride_tricks.sliding_window_view(x, size, axis=(2, 3))  # (N, C, H', W', h, w)
        self._shape, (n, _, height, width, *_) = x.shape, windows.shape
        self._rows = windows.transpose(0, 2, 3, 1, 4, 5).reshape(n * height * width, -1)  # a copy
        y = self._rows @ self.w.reshape(len(self.w), -1).T + self.b
        return y.reshape(n, height, width, -1).transpose(0, 3, 1, 2).copy()

    def backward(self, dout: Array) -> Array:
        rows = dout.transpose(0, 2, 3, 1).reshape(-1, len(self.w))  # (N H' W', O)
        self.dw, self.db = (rows.T @ self._rows).reshape(self.w.shape), rows.sum(axis=0)
        dwindows = (rows @ self.w.reshape(len(self.w), -1)).reshape(len(dout), *dout.shape[2:], *self.w.shape[1:])
        dx = np.zeros(self._shape, dout.dtype)
        height, width = dout.shape[2:]
        for i, j in np.ndindex(*self.w.shape[2:]):
            dx[:, :, i : i + height, j : j + width] += dwindows[..., i, j].transpose(0, 3, 1, 2)
        return dx


class ConvFlipsItsKernel(Conv2d):
    def backward(self, dout: Array) -> Array:
        dx = super().backward(dout)
        self.dw = self.dw[:, :, ::-1, ::-1].copy()
        return dx


class ConvWithoutBias(Conv2d):
    def forward(self, x: Array) -> Array:
        return super().forward(x) - self.b[:, None, None]


def conv(cls: Callable[..., Any], data: Data) -> Example:
    layer = cls(data.weights(4, 2, 3, 2), data.biases(4))
    return Example(layer, {"x": data.x(min(data.N, 8), 2, 6, 5)}, {"dout": data.dout(min(data.N, 8), 4, 4, 4)})


CONV = Pair(
    "conv2d",
    Conv2d,
    lambda layer: nn.Conv2d(layer.w.shape[1], layer.w.shape[0], layer.w.shape[2:]),
    conv,
    parameters={"w": "weight", "b": "bias"},
    batches_only=True,
)
