"""A tensor to look at: the layer's values, the right ones, and the error in radii, around the worst entry."""

from dataclasses import dataclass, replace

import numpy as np

from numpy_impl.functions import ieee_arithmetic
from numpy_impl.validation import Array
from torch_ref.checks.subject import Subject
from torch_ref.scenarios import Scenario

ROWS, COLUMNS = 16, 24  # of a picture: the part around the worst entry
WORST = 3


@dataclass(frozen=True)
class Entry:
    """One entry, and its error in radii."""

    index: tuple[int, ...]
    got: float
    expected: float
    share: float


@dataclass(frozen=True)
class Picture:
    """A tensor on a scenario, as a matrix or a part of one that begins at `corner`. Without `got`: of another shape."""

    tensor: str
    scenario: str
    why: str
    dtype: str
    shape: tuple[int, ...]
    got_shape: tuple[int, ...]
    corner: tuple[int, int]
    got: Array
    expected: Array
    share: Array
    worst: tuple[Entry, ...]

    @property
    def is_wrong(self) -> bool:
        """Whether an entry is outside its radius, or the shape is another."""
        return self.shape != self.got_shape or any(not entry.share <= 1 for entry in self.worst)


def picture(subject: Subject, name: str, *, must_be_wrong: bool) -> Picture | None:
    """Of the first scenario where the tensor is wrong, or of the ordinary one; None where the layer computes none.

    There a loss has a dout of 1: one that takes none is no wrong one.
    """
    scenarios = subject.scenarios if must_be_wrong else [replace(subject.pair.ordinary, number=1.0)]
    for scenario in scenarios:
        try:
            one = subject.observed(scenario, name)
        except Exception:  # noqa: BLE001 - a user's code may raise anything: there is nothing to look at
            return None
        if not (must_be_wrong and one.is_right(name)):
            return _of(subject, scenario, name, np.asarray(one.got))
    return None


@ieee_arithmetic
def _of(subject: Subject, scenario: Scenario, name: str, got: Array) -> Picture:
    ball = subject.bounds(scenario)[name]
    fits = got.shape == ball.shape
    expected = ball.centre.astype(float)
    shown = got.astype(float) if fits else np.full(ball.shape, np.nan)
    share = ball.shares(got) if fits else np.full(ball.shape, np.nan)
    order = np.argsort(share, axis=None)[::-1]
    indices = [tuple(map(int, np.unravel_index(i, share.shape))) for i in order[:WORST]]
    worst = [Entry(i, float(shown[i]), float(expected[i]), float(share[i])) for i in indices] if fits else []
    matrix = (-1, share.shape[-1] if share.ndim else 1)
    at = np.unravel_index(order[0], share.reshape(matrix).shape)
    limits = zip(at, share.reshape(matrix).shape, (ROWS, COLUMNS), strict=True)
    top, left = (int(max(0, min(i - shown // 2, n - shown))) for i, n, shown in limits)
    part = np.s_[top : top + ROWS, left : left + COLUMNS]
    return Picture(
        name,
        scenario.name,
        scenario.why,
        str(np.dtype(subject.dtype)),
        ball.shape,
        got.shape,
        (top, left),
        shown.reshape(matrix)[part],
        expected.reshape(matrix)[part],
        share.reshape(matrix)[part],
        tuple(worst),
    )
