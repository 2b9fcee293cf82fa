"""Pooling of images: a window becomes one number, its maximum or its mean. Derived in pooling.md, beside this file."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from numpy_impl.layer import Layer
from numpy_impl.layers.convolution import output_sizes, places
from numpy_impl.validation import Array, check_images, check_padding, check_pair


class Pooling(Layer):
    """What the two poolings have in common: windows of a size, a stride apart (by default its size), and padding.

    size, stride and padding are integers, or a pair, (rows, columns); padding is at most half of the size.
    """

    def __init__(self, size: Any, *, stride: Any = None, padding: Any = 0) -> None:
        self.size = check_pair(self, "size", size, 1)
        self.stride = self.size if stride is None else check_pair(self, "stride", stride, 1)
        self.padding = check_pair(self, "padding", padding, 0)
        check_padding(self, self.padding, self.size)

    def _check(self, who: object, x: Array) -> None:
        check_images(who, x, self.size, self.padding)

    def _windows(self, x: Array, fill: float) -> Array:
        """One number for each window, (N, C, OH, OW)."""
        sizes = output_sizes(x.shape[2:], self.size, self.stride, self.padding)
        return np.full((*x.shape[:2], *sizes), fill, x.dtype)

    def _places(self, image: Sequence[int]) -> list[tuple[Any, Any]]:
        return list(places(image, self.size, self.stride, self.padding))


class MaxPool2d(Pooling):
    """The maximum of each window: y_ncop = max x_n,c,o·s+i,p·s+j over the entries (i, j) of a window, s the stride.

    Backward: dx is dout where the maximum was, else 0; where windows overlap, the sum of what it gets from each. Of
    several maxima in a window the first, row by row, gets all, as in PyTorch.

    Shapes: x (N, C, H, W), y and dout (N, C, OH, OW) with OH = (H + 2 padding − size) // stride + 1, rounded down: rows
    that are left over after the last window have no part in y, and a gradient of 0. Padding is −∞, and never chosen.
    As in PyTorch, NaN is greater than all numbers, and of several the last one gets dout; dout is selected, an infinite
    one gives no NaN. Of complex numbers the real part decides.

    Caches x and y. Raises TypeError, ValueError for other dtypes, shapes, options; RuntimeError for a backward before
    any forward. Twin: torch.nn.MaxPool2d. Source: Saito, sections 7.3 and 7.4.4.

    >>> pool = MaxPool2d(2)
    >>> pool.forward(np.array([[[[1.0, 2.0, 5.0], [3.0, 3.0, 9.0]]]]))
    array([[[[3.]]]])
    >>> pool.backward(np.array([[[[7.0]]]]))
    array([[[[0., 0., 0.],
             [7., 0., 0.]]]])
    """

    def _forward(self, x: Array) -> tuple[Array, tuple[Array, Array]]:
        greater = _greater if x.dtype.kind == "c" else np.maximum  # which lets NaN win
        y = self._windows(x, -np.inf)
        for windows, entries in self._places(x.shape[2:]):
            y[windows] = greater(y[windows], x[entries])
        return y, (x, y)

    def _backward(self, dout: Array, cache: tuple[Array, Array]) -> tuple[Array, dict[str, Array]]:
        x, y = cache
        dx, waiting = np.zeros_like(x), np.ones(y.shape, bool)

        def give(windows: Any, entries: Any, is_maximum: Array) -> None:
            """To those that nothing before them in their window has taken it from."""
            chosen = waiting[windows] & is_maximum
            waiting[windows] ^= chosen
            dx[entries] += np.where(chosen, dout[windows], 0)

        found = self._places(x.shape[2:])
        for windows, entries in found:
            give(windows, entries, x[entries] == y[windows])
        if waiting.any():  # the windows with NaN, which equals nothing
            for windows, entries in reversed(found):
                give(windows, entries, np.isnan(x[entries]))
        return dx, {}


class AvgPool2d(Pooling):
    """The mean of each window: y_ncop = Σ_ij x_n,c,o·s+i,p·s+j / (KH KW), s the stride.

    Backward: each entry of a window gets dout / (KH KW), where windows overlap from each of them.

    Shapes and options are those of MaxPool2d; padding is 0 and counts, so the divisor is the same everywhere, as by
    PyTorch's default. Caches the shape. Raises TypeError, ValueError for other dtypes, shapes, options; RuntimeError
    for a backward before any forward. Twin: torch.nn.AvgPool2d. Source: LeCun, Bottou, Bengio & Haffner,
    Gradient-based learning applied to document recognition, 1998 (its subsampling, without the weight).

    >>> pool = AvgPool2d(2, stride=1)
    >>> pool.forward(np.array([[[[1.0, 2.0, 5.0], [3.0, 4.0, 9.0]]]]))
    array([[[[2.5, 5. ]]]])
    >>> pool.backward(np.array([[[[4.0, 8.0]]]]))
    array([[[[1., 3., 2.],
             [1., 3., 2.]]]])
    """

    def _forward(self, x: Array) -> tuple[Array, Sequence[int]]:
        y = self._windows(x, 0)
        for windows, entries in self._places(x.shape[2:]):
            y[windows] += x[entries]
        y /= self.size[0] * self.size[1]
        return y, x.shape

    def _backward(self, dout: Array, shape: Sequence[int]) -> tuple[Array, dict[str, Array]]:
        dx, share = np.zeros(shape, dout.dtype), dout / (self.size[0] * self.size[1])
        for windows, entries in self._places(shape[2:]):
            dx[entries] += share[windows]
        return dx, {}


def _greater(a: Array, b: Array) -> Any:
    """Of two complex numbers that of the greater real part, a where they are alike; NaN before all."""
    return np.where((b.real > a.real) | np.isnan(b), b, a)
