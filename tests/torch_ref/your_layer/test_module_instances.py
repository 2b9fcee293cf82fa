"""Layers beside a module of PyTorch's that was made already: its class alone does not say what it does."""

from typing import Any

import numpy as np
import pytest
from torch import nn

from numpy_impl.validation import Array
from torch_ref import candidate, examine


class LeakyRelu:
    slope = 0.3

    def forward(self, x: Array) -> Array:
        self.mask = x > 0
        return np.where(self.mask, x, self.slope * x)

    def backward(self, dout: Array) -> Array:
        return np.where(self.mask, dout, self.slope * dout)


class LeakyReluOfAnotherSlope(LeakyRelu):
    def backward(self, dout: Array) -> Array:
        return np.where(self.mask, dout, 0.01 * dout)


class Table:
    def __init__(self, W: Array) -> None:
        self.W = W

    def forward(self, ids: Array) -> Array:
        self.ids = ids.copy()
        return self.W[ids]

    def backward(self, dout: Array) -> None:
        self.dW = np.zeros_like(self.W)
        np.add.at(self.dW, self.ids, dout)


class TableThatLosesRepeats(Table):
    def backward(self, dout: Array) -> None:
        self.dW = np.zeros_like(self.W)
        self.dW[self.ids] = dout


class FlatTanh:
    def forward(self, x: Array) -> Array:
        self.shape, self.y = x.shape, np.tanh(x.reshape(len(x), -1))
        return self.y.copy()

    def backward(self, dout: Array) -> Array:
        return (dout * (1 - self.y**2)).reshape(self.shape)


class FlatTanhInAnotherOrder(FlatTanh):
    def backward(self, dout: Array) -> Array:
        return (dout * (1 - self.y**2)).reshape(self.shape, order="F")


@pytest.mark.parametrize(
    ("layer", "like", "first"),
    [
        (LeakyRelu, nn.LeakyReLU(0.3), "right"),
        (LeakyReluOfAnotherSlope, nn.LeakyReLU(0.3), "WRONG: dx"),
        (Table, nn.Embedding(7, 3), "right"),
        (TableThatLosesRepeats, nn.Embedding(7, 3), "WRONG: dW"),
        (FlatTanh, nn.Sequential(nn.Flatten(), nn.Tanh()), "right"),
        (FlatTanhInAnotherOrder, nn.Sequential(nn.Flatten(), nn.Tanh()), "WRONG: dx"),
    ],
)
def test_they_are_judged(layer: Any, like: Any, first: str) -> None:
    examination = examine(candidate(layer, like=like), [np.float64])
    assert str(examination).splitlines()[0].endswith(first), str(examination)
