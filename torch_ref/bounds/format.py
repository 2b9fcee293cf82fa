"""A floating-point format: its roundoff, and the balls of numbers that are given in it."""

from functools import cache
from typing import Any

import numpy as np

from numpy_impl.functions import ieee_arithmetic
from torch_ref.bounds.ball import Ball


class Format:
    """A floating-point format, and the wider one that its centres are computed in."""

    def __init__(self, dtype: Any, wide: Any = None) -> None:
        info = np.finfo(dtype)
        self.dtype = np.dtype(dtype)
        self.wide = np.dtype(wide or (np.float64 if info.bits < 64 else np.longdouble))
        self.u = float(info.eps) / 2 + float(np.finfo(self.wide).eps)
        self.tau = float(info.smallest_normal)
        self.largest = float(info.max)
        self.exact_integers = 2 / float(info.eps)  # below this all of them are numbers of the format

    def gamma(self, roundings: Any) -> Any:
        """γ_k, for a number or an array of them."""
        ku = np.multiply(roundings, self.u)
        return np.where(ku < 1, ku / np.maximum(1 - ku, self.u), np.inf)

    def exact(self, values: Any) -> Ball:
        """Numbers that every implementation is given alike: radius 0."""
        centre = np.asarray(values, self.wide)
        return Ball(centre, np.zeros(centre.shape), self)

    def rounded(self, values: Any) -> Ball:
        """Numbers of a wider format, once they are rounded to this one."""
        centre = np.asarray(values, self.wide)
        return Ball(centre, abs(centre).astype(float) * self.u + self.tau, self)

    @ieee_arithmetic
    def constant(self, values: Any) -> Ball:
        """Numbers in a formula, those of which the format does not have it rounds."""
        ball = self.rounded(values)
        return Ball(ball.centre, np.where(ball.centre.astype(self.dtype) == ball.centre, 0, ball.radius), self)


@cache
def format_of(dtype: np.dtype[Any]) -> Format:
    return Format(dtype)
