"""Convolution of images, as one product of matrices, and Flatten. Derived in convolution.md, beside this file.

All windows lie in one matrix, a column each: `patches`. What is added up over windows that overlap is added by a loop
over the few entries of one window: `places`. No loop runs over samples, channels or positions.
"""

from collections.abc import Iterator, Sequence
from math import prod
from typing import Any

import numpy as np

from numpy_impl.layer import Layer, Parameter
from numpy_impl.layers.affine import column_sums
from numpy_impl.validation import Array, check_images, check_kernel, check_pair, check_samples_of_any_shape


class Conv2d(Layer):
    """y = W ⋆ x + b, a convolution of images: each filter is laid upon each window of the image, a product each time.

    Forward:  y_nfop = Σ_cij W_fcij x_n,c,o·s+i,p·s+j + b_f,  x padded with zeros, s the stride
    Backward: dW_fcij = Σ_nop dout_nfop x_n,c,o·s+i,p·s+j,  db_f = Σ_nop dout_nfop,
              dx_nchw = Σ dout_nfop W_fcij over all f and all windows (o, p) that have (h, w) as their entry (i, j)
    It is a correlation, as in every framework: the kernel is not flipped.

    Shapes: W (F, C, KH, KW), b (F,), x (N, C, H, W), y and dout (N, F, OH, OW) with OH = (H + 2 padding − KH) // stride
    + 1, rounded down: rows that are left over after the last window have no part in y, and a gradient of 0. stride and
    padding are integers, or a pair, (rows, columns). An empty batch gives an empty y and zero gradients. W and b are
    kept as the arrays given.

    Caches the patches (N, C KH KW, OH OW), KH KW times as many numbers as x. Raises TypeError, ValueError for other
    dtypes, shapes, options; RuntimeError for a backward before any forward. Where padding meets an infinite dout or
    weight it is 0 · ∞, NaN (in PyTorch that depends on the dtype).
    Twin: torch.nn.Conv2d. Source: LeCun, Bottou, Bengio & Haffner, Gradient-based learning applied to document
    recognition, 1998; Saito, sections 7.2 and 7.4, where `patches` is im2col.

    >>> layer = Conv2d(W=np.array([[[[1.0, 10.0]]]]), b=np.array([0.5]))
    >>> layer.forward(np.array([[[[1.0, 2.0, 3.0]]]]))
    array([[[[21.5, 32.5]]]])
    >>> layer.backward(np.array([[[[1.0, -1.0]]]]))
    array([[[[  1.,   9., -10.]]]])
    >>> layer.dW
    array([[[[-1., -1.]]]])
    """

    W, b = Parameter(), Parameter()
    dW: Any
    db: Any

    def __init__(self, W: Array, b: Array, *, stride: Any = 1, padding: Any = 0) -> None:
        check_kernel(self, W, b)
        self.stride, self.padding = check_pair(self, "stride", stride, 1), check_pair(self, "padding", padding, 0)
        self.W, self.b = W, b

    def _forward(self, x: Array) -> tuple[Any, tuple[Array, Sequence[int]]]:
        columns = patches(padded(x, self.padding), self.W.shape[2:], self.stride)
        y = rows(self.W) @ columns  # (F, K) @ (N, K, P) -> (N, F, P): K = C KH KW entries of P = OH OW windows
        y += self.b[:, np.newaxis]
        windows = output_sizes(x.shape[2:], self.W.shape[2:], self.stride, self.padding)
        return y.reshape(len(x), len(self.W), *windows), (columns, x.shape)

    def _backward(self, dout: Array, cache: tuple[Array, Sequence[int]]) -> tuple[Array, dict[str, Array]]:
        _, shape = cache
        filters, channels, *size = self.W.shape
        W = self.W.transpose(2, 3, 1, 0).reshape(-1, filters)  # Wᵀ by entries, for what is added below to lie together
        dpatches = W @ columns_of(dout)  # (K, F) @ (N, F, P) -> (N, K, P)
        dpatches = dpatches.reshape(len(dout), prod(size), channels, *dout.shape[2:])
        dx = np.zeros(shape, dout.dtype)
        for k, (windows, entries) in enumerate(places(shape[2:], size, self.stride, self.padding)):
            dx[entries] += dpatches[:, k][windows]
        return dx, self._gradients(dout, cache)

    def _gradients(self, dout: Array, cache: tuple[Array, Sequence[int]]) -> dict[str, Array]:
        columns, _ = cache
        dW = (columns_of(dout) @ columns.transpose(0, 2, 1)).sum(axis=0)  # (N, F, P) @ (N, P, K), added up over N
        return {"W": dW.reshape(self.W.shape), "b": column_sums(dout.sum(axis=(2, 3)))}

    def _check(self, who: object, x: Array) -> None:
        _, channels, *size = self.W.shape
        check_images(who, x, (size[0], size[1]), self.padding, channels, self.W.dtype)


class Flatten(Layer):
    """y = x with a row for each sample, from images to an Affine: (N, C, H, W) -> (N, C H W).

    Backward: dx is dout in the shape of x.

    Shapes: x (N, ...), of two axes or more, y (N, D). Caches the shape. Raises TypeError, ValueError for another dtype,
    shape; RuntimeError for a backward before any forward. Twin: torch.nn.Flatten.

    >>> Flatten().forward(np.array([[[1.0, 2.0], [3.0, 4.0]]]))
    array([[1., 2., 3., 4.]])
    """

    def _forward(self, x: Array) -> tuple[Array, Sequence[int]]:
        return x.reshape(len(x), prod(x.shape[1:])), x.shape

    def _backward(self, dout: Array, shape: Sequence[int]) -> tuple[Array, dict[str, Array]]:
        return dout.reshape(shape), {}

    def _check(self, who: object, x: Array) -> None:
        check_samples_of_any_shape(who, x)


def output_sizes(
    image: Sequence[int], size: Sequence[int], stride: Sequence[int], padding: Sequence[int]
) -> tuple[int, ...]:
    """How many windows there are, along rows and along columns, rounded down."""
    return tuple((n + 2 * p - k) // s + 1 for n, k, s, p in zip(image, size, stride, padding, strict=True))


def padded(x: Array, padding: Sequence[int]) -> Array:
    """Zeros around each image, (N, C, H, W) -> (N, C, H + 2 PH, W + 2 PW)."""
    return np.pad(x, ((0, 0), (0, 0), *((p, p) for p in padding))) if any(padding) else x


def patches(x: Array, size: Sequence[int], stride: Sequence[int]) -> Array:
    """The windows of images, each a column: (N, C, H, W) -> (N, C KH KW, OH OW).

    >>> patches(np.array([[[[1, 2, 3], [4, 5, 6]]]]), size=(2, 2), stride=(1, 1))
    array([[[1, 2],
            [2, 3],
            [4, 5],
            [5, 6]]])
    """
    views = np.lib.stride_tricks.sliding_window_view(x, tuple(size), axis=(2, 3))  # nothing is copied yet
    views = views[:, :, :: stride[0], :: stride[1]]  # (N, C, OH, OW, KH, KW)
    n, c, oh, ow, kh, kw = views.shape
    return views.transpose(0, 1, 4, 5, 2, 3).reshape(n, c * kh * kw, oh * ow)


def places(
    image: Sequence[int], size: Sequence[int], stride: Sequence[int], padding: Sequence[int]
) -> Iterator[tuple[Any, Any]]:
    """For each entry of a window, row by row: the windows whose entry lies inside of the image, and all these entries.

    Both are slices, of (..., OH, OW) and of (..., H, W), with as many entries: those in the padding are in neither.
    """
    windows = output_sizes(image, size, stride, padding)
    for offset in np.ndindex(*size):
        along = [spans(*of_axis) for of_axis in zip(offset, image, windows, stride, padding, strict=True)]
        yield (..., *(one for one, _ in along)), (..., *(other for _, other in along))


def spans(offset: int, length: int, windows: int, stride: int, padding: int) -> tuple[slice, slice]:
    """Along one axis, where window o has its entry at o · stride + offset − padding; negative ones are padding."""
    entries = range(offset - padding, length, stride)[:windows]
    first = max(0, -((offset - padding) // stride))
    inside = entries[first:]
    return slice(first, first + len(inside)), slice(inside.start, inside.stop, stride)


def rows(W: Array) -> Array:
    return W.reshape(len(W), -1)  # (F, C, KH, KW) -> (F, K)


def columns_of(dout: Array) -> Array:
    return dout.reshape(*dout.shape[:2], prod(dout.shape[2:]))  # (N, F, OH, OW) -> (N, F, P)
