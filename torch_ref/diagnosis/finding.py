"""One tensor of one side beside its bound: what is found."""

from dataclasses import dataclass
from enum import Enum
from typing import Any

import numpy as np

from numpy_impl.functions import ieee_arithmetic
from torch_ref.bounds import Ball
from torch_ref.places import is_gradient


class Verdict(Enum):
    """What a comparison comes to, in words."""

    WITHIN = "within"
    OUTSIDE = "OUTSIDE"
    VACUOUS = "the bound is vacuous"
    EVEN = "inconclusive: all entries of the gradient are equal"
    OTHER_SHAPE = "of another shape"
    OTHER_DTYPE = "of another dtype"
    NO_ARRAY = "no array"


SHOWS_NOTHING = (Verdict.VACUOUS, Verdict.EVEN)


@dataclass(frozen=True)
class Finding:
    """One side's tensor beside its bound, by its worst entry. `share` is the share of the radius that is used."""

    verdict: Verdict
    words: str = ""  # where the verdict needs more than its own
    entry: tuple[int, ...] = ()
    value: float = np.nan
    centre: float = np.nan
    distance: float = np.nan
    radius: float = np.nan
    share: float = np.nan

    @property
    def ok(self) -> bool:
        return self.verdict is Verdict.WITHIN

    @property
    def is_wrong(self) -> bool:
        """Whether it is another than it must be: not so where the comparison shows nothing."""
        return not self.ok and self.verdict not in SHOWS_NOTHING

    def __str__(self) -> str:
        return self.words or self.verdict.value


@ieee_arithmetic
def finding(got: Any, ball: Ball, name: str = "y") -> Finding:
    """One tensor beside its bound: shape, dtype, and every entry within its radius. NaN is within NaN only."""
    if not isinstance(got, np.ndarray):
        return Finding(Verdict.NO_ARRAY, f"no array, {type(got).__name__}")
    if got.shape != ball.shape:
        return Finding(Verdict.OTHER_SHAPE, f"shape {got.shape}, not {ball.shape}")
    if got.dtype != ball.format.dtype:
        return Finding(Verdict.OTHER_DTYPE, f"{got.dtype}, not {ball.format.dtype}")
    if not np.isfinite(ball.radius).all():
        return Finding(Verdict.VACUOUS)
    if got.size == 0:
        return Finding(Verdict.WITHIN, share=0.0)
    share = ball.shares(got)
    outside = ~(share <= 1)
    worst = np.unravel_index(np.argmax(share), share.shape)
    rounded = ball.centre.astype(got.dtype)  # e^−10000 is 0 in any format
    is_even = is_gradient(name) and (not rounded.any() or (got.size > 1 and np.ptp(rounded) == 0))
    distance = abs(got.astype(ball.format.wide) - ball.centre)
    return Finding(
        Verdict.OUTSIDE if outside.any() else Verdict.EVEN if is_even else Verdict.WITHIN,
        f"OUTSIDE in {np.count_nonzero(outside)} of {got.size}" if outside.any() else "",
        tuple(map(int, worst)),
        *(float(array[worst]) for array in (got, ball.centre, distance, ball.radius, share)),
    )
