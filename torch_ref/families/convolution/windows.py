"""The windows of images as indices: what formulas gather by them and add up again, of balls and of many digits."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np

from numpy_impl.validation import Array
from torch_ref.bounds import Ball, pad, scatter_add


@dataclass(frozen=True)
class Windows:
    """Of (rows, columns): images of this size, windows of this one, so far apart, over so much padding on each side.

    `count` is how many windows there are: by default as many as fit.
    """

    image: Sequence[int]
    size: Sequence[int]
    stride: Sequence[int]
    padding: Sequence[int]
    counted: Sequence[int] | None = None

    @property
    def padded(self) -> tuple[int, ...]:
        return tuple(n + 2 * p for n, p in zip(self.image, self.padding, strict=True))

    @property
    def count(self) -> tuple[int, ...]:
        fitting = zip(self.padded, self.size, self.stride, strict=True)
        return tuple(self.counted or ((n - k) // s + 1 for n, k, s in fitting))

    @property
    def index(self) -> tuple[Any, ...]:
        """Of (N, C, *padded): where the entries (OH, OW, K) of the windows lie."""
        o, p, i, j = np.indices((*self.count, *self.size)).reshape(4, *self.count, prod(self.size))
        return np.s_[:, :, o * self.stride[0] + i, p * self.stride[1] + j]

    def of(self, x: Any, fill: float = 0.0) -> Any:
        """Their entries, (N, C, H, W) -> (N, C, OH, OW, K)."""
        return pad(x, [(0, 0), (0, 0), *((p, p) for p in self.padding)], fill)[self.index]

    def as_rows(self, x: Any) -> Any:
        """A row each, (N, C, H, W) -> (N OH OW, C K)."""
        found = self.of(x).transpose(0, 2, 3, 1, 4)
        return found.reshape(prod(found.shape[:3]), prod(found.shape[3:]))

    def added_up(self, values: Ball, *, cut: bool = True) -> Ball:
        """What each place of an image has in all windows, (N, C, OH, OW, K) -> (N, C, H, W); but for `cut` padded."""
        total = scatter_add(values, self.index, (*values.shape[:2], *self.padded))
        return self.cut(total) if cut else total

    def cut(self, padded: Ball) -> Ball:
        """Without the padding."""
        return padded[(..., *(slice(p, p + n) for p, n in zip(self.padding, self.image, strict=True)))]

    def is_last_write(self, written: Array, step: int = 1) -> Array:
        """Where in a window, (N, C, OH, OW, K), a value lands that no later window lands on, of those `written`."""
        order = np.arange(prod(self.count))[::step].reshape(*self.count, 1)
        last = np.full((*written.shape[:2], *self.padded), -1)
        np.maximum.at(last, self.index, np.where(written, order, -1))
        return written & (last[self.index] == order)

    def is_first_write(self, written: Array) -> Array:
        """The same of no earlier window."""
        return self.is_last_write(written, -1)
