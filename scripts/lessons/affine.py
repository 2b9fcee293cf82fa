"""A lesson from Affine."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch

from lessons import book
from lessons.lesson import Observation, lesson, outcome
from numpy_impl import Affine
from numpy_impl.checks import Array


@lesson(12, "Affine takes no x of more than two axes")
def several_leading_axes() -> Iterator[Observation]:
    """`np.dot(x.T, dout)` is xᵀ dout for matrices alone. For x (N, T, D), as a batch of sequences is, forward works
    and backward raises; and where N = T happens to hold it raises nothing and makes a dW of four axes. Here all
    leading axes are summed over, as in `nn.Linear`.
    """
    rng = np.random.default_rng(0)
    W, b, dout = rng.standard_normal((4, 5)), np.zeros(5), rng.standard_normal((3, 3, 5))
    x = rng.standard_normal((3, 3, 4))
    yield Observation(
        "dW_00 of x (2, 3, 4)",
        book=outcome(dW_of, book.Affine(W, b), x[:2], dout[:2]),
        here=dW_of(Affine(W, b), x[:2], dout[:2])[0, 0],
        right=torch_dW(W, x[:2], dout[:2])[0, 0],
    )
    yield Observation(
        "shape of dW for x (3, 3, 4)",
        book=dW_of(book.Affine(W, b), x, dout).shape,
        here=dW_of(Affine(W, b), x, dout).shape,
        right=torch_dW(W, x, dout).shape,
    )


def dW_of(layer: Any, x: Array, dout: Array) -> Any:
    layer.forward(x)
    layer.backward(dout)
    return layer.dW


def torch_dW(W: Array, x: Array, dout: Array) -> Array:
    weight = torch.tensor(W.T, requires_grad=True)
    y = torch.nn.functional.linear(torch.tensor(x), weight)
    (gradient,) = torch.autograd.grad(y, weight, torch.tensor(dout))
    return np.asarray(gradient).T
