"""Convolution and pooling with a slip each, written with loops."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from numpy_impl.validation import Array


class Windows:
    """Over images (N, C, H, W): windows of 3 by 3."""

    size, stride, padding, fill = 3, 1, 0, 0.0

    def padded(self, x: Array) -> Array:
        p = self.padding
        return np.pad(x, ((0, 0), (0, 0), (p, p), (p, p)), constant_values=self.fill)

    def places(self, x: Array) -> Iterator[tuple[int, int, Any]]:
        H, W = (n + 2 * self.padding - self.size for n in x.shape[2:])
        for i in range(H // self.stride + 1):
            for j in range(W // self.stride + 1):
                r, c = i * self.stride, j * self.stride
                yield i, j, np.s_[:, :, r : r + self.size, c : c + self.size]

    def cut(self, x: Array) -> Array:
        p = self.padding
        return x[:, :, p : x.shape[2] - p, p : x.shape[3] - p]

    def gathered(self, x: Array, of: Any) -> Array:
        found = {(i, j): of(self.padded(x)[at]) for i, j, at in self.places(x)}
        rows = 1 + max(i for i, _ in found)
        return np.stack([np.stack([v for (i, _), v in found.items() if i == row], -1) for row in range(rows)], -2)


class MaxPool(Windows):
    """The first maximum of a window gets dout."""

    def forward(self, x: Array) -> Array:
        self.x = x.copy()
        return self.gathered(x, lambda window: window.max(axis=(2, 3)))

    def mask(self, window: Array) -> Array:
        flat = window.reshape(*window.shape[:2], -1)
        first = np.arange(flat.shape[-1]) == flat.argmax(-1)[..., None]
        return first.reshape(window.shape)

    def backward(self, dout: Array) -> Array:
        x = self.padded(self.x)
        dx = np.zeros_like(x)
        for i, j, at in self.places(self.x):
            self.put(dx, at, self.mask(x[at]), dout[:, :, i : i + 1, j : j + 1])
        return self.cut(dx)

    def put(self, dx: Array, at: Any, mask: Array, dout: Array) -> None:
        dx[at] += mask * dout


class MaxPoolOverwrites(MaxPool):
    def put(self, dx: Array, at: Any, mask: Array, dout: Array) -> None:
        dx[at] = mask * dout


class MaxPoolOverwritesMaxima(MaxPool):
    def put(self, dx: Array, at: Any, mask: Array, dout: Array) -> None:
        dx[at] = np.where(mask, dout, dx[at])


class MaxPoolAllTies(MaxPool):
    stride = 3

    def mask(self, window: Array) -> Array:
        return window == window.max(axis=(2, 3), keepdims=True)


class MaxPoolLastTie(MaxPoolAllTies):
    def mask(self, window: Array) -> Array:
        return MaxPool.mask(self, window[:, :, ::-1, ::-1])[:, :, ::-1, ::-1]


class MaxPoolSharedTies(MaxPoolAllTies):
    def mask(self, window: Array) -> Array:
        ties = super().mask(window)
        return ties / ties.sum(axis=(2, 3), keepdims=True).astype(window.dtype)


class MaxPoolOverChannels(MaxPool):
    stride = 3

    def mask(self, window: Array) -> Array:
        return window == window.max(axis=(1, 2, 3), keepdims=True)


class MaxPoolPaddedWithZeros(MaxPool):
    padding, stride = 1, 3


class AvgPool(Windows):
    def forward(self, x: Array) -> Array:
        self.shape = x.shape
        return self.gathered(x, lambda window: window.mean(axis=(2, 3)))

    def backward(self, dout: Array) -> Array:
        dx = self.padded(np.zeros(self.shape, dout.dtype))
        for i, j, at in self.places(np.zeros(self.shape)):
            dx[at] = dout[:, :, i : i + 1, j : j + 1] / self.size**2
        return self.cut(dx)


class AvgPoolPadded(AvgPool):
    padding, stride = 1, 3


class AvgPoolAdds(AvgPool):
    stride = 3

    def forward(self, x: Array) -> Array:
        return super().forward(x) * x.dtype.type(9)

    def backward(self, dout: Array) -> Array:
        return super().backward(dout) * dout.dtype.type(9)


class Conv(Windows):
    """W (F, C, 3, 3), b (F,)."""

    def __init__(self, W: Array, b: Array) -> None:
        self.W, self.b = W, b

    def forward(self, x: Array) -> Array:
        self.x = x.copy()
        y = self.gathered(x, lambda window: np.einsum("nchw,fchw->nf", window, self.turned()))
        return self.b.reshape(1, -1, 1, 1) + y

    def turned(self) -> Array:
        return self.W

    def backward(self, dout: Array) -> Array:
        x, self.dW, self.db = self.padded(self.x), np.zeros_like(self.W), dout.sum(axis=(0, 2, 3))
        dx = np.zeros_like(x)
        for i, j, at in self.places(self.x):
            self.dW += np.einsum("nchw,nf->fchw", x[at], self.of(dout)[:, :, i, j])
            self.put(dx, at, dout[:, :, i, j])
        return self.cut(dx)

    def of(self, dout: Array) -> Array:
        return dout

    def put(self, dx: Array, at: Any, dout: Array) -> None:
        dx[at] += np.einsum("nf,fchw->nchw", dout, self.turned())


class ConvOverwrites(Conv):
    def put(self, dx: Array, at: Any, dout: Array) -> None:
        dx[at] = np.einsum("nf,fchw->nchw", dout, self.W)


class ConvOverwritesFilters(Conv):
    def put(self, dx: Array, at: Any, dout: Array) -> None:
        for f in range(len(self.W)):
            dx[at] = dout[:, f, None, None, None] * self.W[f]


class ConvTurned(Conv):
    def turned(self) -> Array:
        return self.W[:, :, ::-1, ::-1]


class ConvReshapesDout(Conv):
    def of(self, dout: Array) -> Array:
        N, F, H, W = dout.shape
        return dout.reshape(F, N, H, W).transpose(1, 0, 2, 3)


class ConvReshapesY(Conv):
    def forward(self, x: Array) -> Array:
        y = super().forward(x)
        return y.transpose(0, 2, 3, 1).reshape(y.shape)


class ConvReshapesW(Conv):
    def backward(self, dout: Array) -> Array:
        dx = super().backward(dout)
        self.dW = self.dW.transpose(1, 2, 3, 0).reshape(self.dW.shape)
        return dx


class ConvTurnedApart(ConvTurned):
    stride = 3


class MaxPool1d:
    """Windows of 2, each a step further; a later one overwrites."""

    def forward(self, x: Array) -> Array:
        self.x = x.copy()
        return np.maximum(x[..., :-1], x[..., 1:])

    def backward(self, dout: Array) -> Array:
        dx = np.zeros_like(self.x)
        for i in range(dout.shape[-1]):
            is_first = self.x[..., i] >= self.x[..., i + 1]
            dx[..., i], dx[..., i + 1] = np.where(is_first, dout[..., i], 0), np.where(is_first, 0, dout[..., i])
        return dx
