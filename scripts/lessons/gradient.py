"""A lesson from differentiating by evaluation."""

from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np
import torch

from lessons import book
from lessons.lesson import Observation, lesson, outcome
from numpy_impl import SoftmaxWithLoss, numerical_gradient
from numpy_impl.validation import Array


@lesson(8, "numerical_gradient: one step for every dtype, and integers are truncated")
def step_of_the_difference() -> Iterator[Observation]:
    """With h = 1e-4 a difference of float32 numbers is mostly rounding: that error is about eps |f| / h, that of
    the formula h²/6 |f‴|, and their sum is least near h = ∛eps, eps being 1e-7 in float32. In an array of integers
    x ± h is truncated: at 1, x + h is 1 again and x − h is 0, and the result, off by a factor of thousands, looks
    like a gradient. Here the step follows the dtype, 5e-3 in float32 and 1e-5 in float64, and integers are refused,
    as by PyTorch.
    """
    integers = np.array([1, 2, 3])
    yield Observation(
        "∂ Σ x² at integers 1, 2, 3",
        book=book.numerical_gradient(sum_of_squares, integers),
        here=outcome(numerical_gradient, sum_of_squares, integers),
        right=outcome(partial(torch.tensor, requires_grad=True), integers),
    )

    x, t = np.random.default_rng(0).standard_normal((3, 10)).astype(np.float32), np.array([5, 0, 4])
    theirs, ours, double = book.SoftmaxWithLoss(), SoftmaxWithLoss(), SoftmaxWithLoss()
    double.forward(x.astype(np.float64), t)
    exact = double.backward()
    yield Observation(
        "error of ∂L/∂x in float32",
        book=float(abs(book.numerical_gradient(lambda x: theirs.forward(x, t), x) - exact).max()),
        here=float(abs(numerical_gradient(lambda x: ours.forward(x, t), x) - exact).max()),
        right=0.0,
        by="float64",
        within=1e-4,
    )


def sum_of_squares(x: Array) -> Any:
    return (x**2).sum()
