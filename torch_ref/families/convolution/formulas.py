"""The formulas of a convolution, forward for balls and for many digits, backward for balls."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from torch_ref.bounds import Ball
from torch_ref.families.affine.formulas import affine
from torch_ref.families.convolution.windows import Windows


def convolution(x: Any, W: Any, b: Any, stride: Sequence[int], padding: Sequence[int]) -> Any:
    """Each window is a row that meets each filter, and the bias: C KH KW + 1 terms, of which those of padding are 0."""
    return convolved(Windows(x.shape[2:], W.shape[2:], stride, padding), x, W, b)


def convolved(windows: Windows, x: Any, W: Any, b: Any) -> Any:
    y = affine(windows.as_rows(x), W.reshape(W.shape[0], -1).T, b)
    return y.reshape(x.shape[0], *windows.count, W.shape[0]).transpose(0, 3, 1, 2)


def convolution_backward(
    x: Ball, dout: Ball, W: Ball, b: Ball, stride: Sequence[int], padding: Sequence[int]
) -> dict[str, Ball]:
    """dW and db are sums over N OH OW windows, dx over all filters and the windows that a place lies in."""
    windows, drows = Windows(x.shape[2:], W.shape[2:], stride, padding), rows_of(dout, b.shape[0])
    dW = (drows.T @ windows.as_rows(x)).reshape(*W.shape)
    return {"dx": input_gradient(windows, dout, W), "dW": dW, "db": drows.sum(0)}


def rows_of(dout: Any, F: int) -> Any:
    """A row for each window, (N, F, OH, OW) -> (N OH OW, F)."""
    return dout.transpose(0, 2, 3, 1).reshape(-1, F)


def input_gradient(windows: Windows, dout: Ball, W: Ball, *, cut: bool = True) -> Ball:
    """By the matrix T that makes the convolution an Affine, y = x T + b with x and y as vectors: dx = dout Tᵀ.

    One product, so that its terms may be added in any order, over windows first or over filters first; most of its
    entries are 0, and do not count.
    """
    (F, C, KH, KW), (OH, OW) = W.shape, windows.count
    o, p, i, j = np.indices((OH, OW, KH, KW))
    at = np.s_[:, :, o, p, o * windows.stride[0] + i, p * windows.stride[1] + j]
    places = (F, C, OH, OW, *windows.padded)
    taps = W[:, :, i, j]
    T = Ball(_put(taps.centre, at, places), _put(taps.radius, at, places), W.format)
    T = (windows.cut(T) if cut else T).transpose(0, 2, 3, 1, 4, 5)  # (F, OH, OW, C, H, W)
    dx = dout.reshape(dout.shape[0], F * OH * OW) @ T.reshape(F * OH * OW, -1)
    return dx.reshape(dout.shape[0], *T.shape[3:])


def _put(values: Any, at: Any, shape: tuple[int, ...]) -> Any:
    array = np.zeros(shape, values.dtype)
    array[at] = values
    return array


def flatten(x: Any) -> Any:
    return x.reshape(x.shape[0], -1)


def flatten_backward(x: Ball, dout: Ball) -> dict[str, Ball]:
    return {"dx": dout.reshape(*x.shape)}
