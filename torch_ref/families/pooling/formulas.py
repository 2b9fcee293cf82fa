"""The formulas of pooling, forward for balls and for many digits, backward for balls."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from torch_ref.bounds import Ball, greatest, is_greatest, selected
from torch_ref.families.convolution.windows import Windows

Pair = Sequence[int]


def max_pool(x: Any, size: Pair, stride: Pair, padding: Pair) -> Any:
    """Exact: nothing is computed. Padding is −∞."""
    return greatest(Windows(x.shape[2:], size, stride, padding).of(x, -np.inf), -1)


def max_pool_backward(x: Ball, dout: Ball, size: Pair, stride: Pair, padding: Pair) -> dict[str, Ball]:
    """dout or exactly 0; where two entries of a window are within their radii of each other, either. Then their sums,
    of as many terms as are not surely 0, in any order.
    """
    windows = Windows(x.shape[2:], size, stride, padding)
    return {"dx": windows.added_up(chosen(dout, *is_greatest(windows.of(x, -np.inf), -1)))}


def chosen(dout: Ball, surely: Any, possibly: Any) -> Ball:
    """(N, C, OH, OW) -> (N, C, OH, OW, K): dout where it is chosen, else 0."""
    return selected(dout.reshape(*dout.shape, 1), surely, possibly)


def average_pool(x: Any, size: Pair, stride: Pair, padding: Pair) -> Any:
    """A sum of K terms, those of padding among them, and a division before or after it."""
    return Windows(x.shape[2:], size, stride, padding).of(x).mean(-1)


def average_pool_backward(x: Ball, dout: Ball, size: Pair, stride: Pair, padding: Pair) -> dict[str, Ball]:
    """dout / K, as a quotient or as a product with 1 / K, and sums over the windows that a place lies in."""
    return {"dx": Windows(x.shape[2:], size, stride, padding).added_up(shares(dout, size))}


def shares(dout: Ball, size: Pair) -> Ball:
    """(N, C, OH, OW) -> (N, C, OH, OW, K)"""
    k = size[0] * size[1]
    return dout.scaled(dout.format.wide.type(1) / k, 2).reshape(*dout.shape, 1)[..., np.zeros(k, int)]
