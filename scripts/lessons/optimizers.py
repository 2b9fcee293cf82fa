"""Lessons from the optimizers."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch

from lessons import book_techniques as book
from lessons.lesson import Observation, lesson
from numpy_impl import AdaGrad, Adam, Momentum
from numpy_impl.validation import Array


def moved(optimizer: Any, gradients: list[float]) -> Array:
    """Where a parameter that starts at 0 is after each of the steps."""
    params, path = {"p": np.zeros(1)}, []
    for gradient in gradients:
        optimizer.update(params, {"p": np.array([gradient])})
        path.append(params["p"][0])
    return np.array(path)


def moved_by_torch(make: Any, gradients: list[float]) -> Array:
    parameter = torch.nn.Parameter(torch.zeros(1, dtype=torch.float64))
    optimizer, path = make([parameter]), []
    for gradient in gradients:
        parameter.grad = torch.tensor([gradient], dtype=torch.float64)
        optimizer.step()
        path.append(parameter.item())
    return np.array(path)


@lesson(22, "Nesterov's velocity is updated before it is used")
def velocity_too_early() -> Iterator[Observation]:
    """The step is μ² v - (1 + μ) lr g, of the velocity v as it was; in an edition the two lines that update v come
    first, and the step takes the new one: g counts once more, by μ², from the first step on. Here the buffer is
    b = μ b + g and the step lr (g + μ b), PyTorch's form, which is the same as the book's in its right order.
    """
    gradients = [1.0, 1.0, -2.0]
    yield Observation(
        "p after three steps, lr 0.1",
        book=moved(book.Nesterov(0.1), gradients),
        here=moved(Momentum(0.1, nesterov=True), gradients),
        right=moved_by_torch(lambda p: torch.optim.SGD(p, 0.1, momentum=0.9, nesterov=True), gradients),
    )


@lesson(23, "Adam's epsilon stands beside √v before that is corrected")
def epsilon_before_the_correction() -> Iterator[Observation]:
    """lr √(1 - β₂ᵗ) / (1 - β₁ᵗ) in front of m / (√v + ε) is the step of the paper only without the ε: in the first step
    √(1 - β₂) is 0.03, and ε, which is 10⁻⁷ to begin with, counts as 3 · 10⁻⁶. Gradients of that size, as behind a
    saturated layer, move their weights by a fraction of lr, where Adam is known to move all by about lr. Here it is
    lr m̂ / (√v̂ + ε) with ε = 10⁻⁸, as in the paper and in PyTorch.
    """
    yield Observation(
        "first step of a gradient of 1e-7, in lr",
        book=-moved(book.Adam(), [1e-7]) / 0.001,
        here=-moved(Adam(), [1e-7]) / 0.001,
        right=-moved_by_torch(lambda p: torch.optim.Adam(p, 0.001), [1e-7]) / 0.001,
        within=1e-9,
    )


@lesson(24, "AdaGrad's epsilon is as large as small gradients")
def epsilon_of_adagrad() -> Iterator[Observation]:
    """√h + 10⁻⁷: a weight whose gradients are 10⁻⁸ moves by a tenth of what it should, and AdaGrad is there for just
    such weights. RMSprop has the same number. Here ε is 10⁻¹⁰, and 10⁻⁸ in RMSprop, as in PyTorch.
    """
    yield Observation(
        "first step of a gradient of 1e-8, in lr",
        book=-moved(book.AdaGrad(), [1e-8]) / 0.01,
        here=-moved(AdaGrad(0.01), [1e-8]) / 0.01,
        right=-moved_by_torch(lambda p: torch.optim.Adagrad(p, 0.01), [1e-8]) / 0.01,
        within=1e-9,
    )
