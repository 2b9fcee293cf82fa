"""A lesson from Affine."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch

from lessons import book
from lessons.lesson import Observation, lesson, outcome
from numpy_impl import Affine


@lesson(12, "Affine flattens all axes but the first: a batch of sequences is no input, or a wrong one")
def several_leading_axes() -> Iterator[Observation]:
    """The book's Affine reshapes x to (N, all the rest), which serves images. x (N, T, D), as a batch of sequences is,
    raises; and if W happens to have T · D rows, it is taken for N samples of T · D features, without a word. Here the
    last axis is the features and all others count samples, as in `nn.Linear`.
    """
    rng = np.random.default_rng(0)
    x = rng.standard_normal((2, 3, 4))
    for rows, what in ((4, "shape of y for x (2, 3, 4), W (4, 5)"), (12, "shape of y for x (2, 3, 4), W (12, 5)")):
        W, b = rng.standard_normal((rows, 5)), np.zeros(5)
        yield Observation(
            what,
            book=outcome(shape_of, book.Affine(W, b).forward, x),
            here=outcome(shape_of, Affine(W, b).forward, x),
            right=outcome(shape_of, torch.nn.Linear(rows, 5, dtype=torch.float64), torch.tensor(x)),
        )


def shape_of(function: Callable[[Any], Any], x: Any) -> tuple[int, ...]:
    return tuple(function(x).shape)
