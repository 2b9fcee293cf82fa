"""Lessons from the sigmoid and from the mean squared error."""

import warnings
from collections.abc import Iterator

import numpy as np
from torch import nn

from lessons import book_techniques as book
from lessons.lesson import Observation, lesson, outcome
from numpy_impl import MeanSquaredError, Sigmoid
from numpy_impl.validation import Array
from torch_ref import autograd


def torch_sigmoid(x: Array) -> dict[str, Array]:
    return autograd(nn.Sigmoid(), x, dout=np.ones_like(x))


@lesson(14, "The sigmoid of -1000 overflows on its way, and its derivative is 0 where y rounds to 1")
def sigmoid_at_its_ends() -> Iterator[Observation]:
    """`1 / (1 + np.exp(-x))` computes e¹⁰⁰⁰, which overflows: the result, 0, is right, but each such batch warns, and
    where warnings are errors, as in many a test suite, it raises. And `dout * (1.0 - out) * out` subtracts y from 1:
    from x = 37 on y is 1 to the last digit, and the derivative, e⁻³⁷, comes out as 0. Here no exponent is positive,
    and 1 - y is σ(-x), with all of its digits.
    """

    def their_y() -> Array:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            try:
                return book.Sigmoid().forward(np.array([-1000.0]))
            except RuntimeWarning as warning:
                raise ValueError(str(warning)) from warning

    far, saturated = np.array([-1000.0]), np.array([40.0])
    yield Observation("σ(-1000), where a warning is an error", outcome(their_y), Sigmoid().forward(far), np.zeros(1))
    theirs, ours, one = book.Sigmoid(), Sigmoid(), np.ones(1)
    theirs.forward(saturated)
    ours.forward(saturated)
    yield Observation("σ'(40)", theirs.backward(one), ours.backward(one), torch_sigmoid(-saturated)["dx"], within=1e-6)


@lesson(15, "mean_squared_error is no mean, but half of the sum over the batch")
def no_mean() -> Iterator[Observation]:
    """`0.5 * np.sum((y - t)**2)` is right for one sample, and for a batch it adds the samples up, while
    `cross_entropy_error` beside it takes their mean: a learning rate that is right for batches of 10 is ten times too
    large for batches of 100. Here it is the mean over all entries, as PyTorch's default.
    """
    rng = np.random.default_rng(0)
    y, t = rng.standard_normal((100, 4)), rng.standard_normal((100, 4))
    yield Observation(
        "L of 100 samples, over L of the first 10",
        book=book.mean_squared_error(y, t) / book.mean_squared_error(y[:10], t[:10]),
        here=MeanSquaredError().forward(y, t) / MeanSquaredError().forward(y[:10], t[:10]),
        right=1,
        by="about 1, for a mean",
        within=0.3,
    )
