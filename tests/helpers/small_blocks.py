"""Small layers to put into one another, and a network around them."""

from typing import Any

import numpy as np

from numpy_impl import Affine, Network, SoftmaxWithLoss
from numpy_impl.validation import Array

RNG = np.random.default_rng(0)
X, T = RNG.standard_normal((6, 4)), np.array([0, 3, 1, 2, 2, 0])


def affine(inputs: int = 4, outputs: int = 4) -> Affine:
    return Affine(RNG.standard_normal((inputs, outputs)), RNG.standard_normal(outputs))


def net_with(block: Any) -> Network:
    return Network({"In": affine(), "Block": block, "Out": affine()}, SoftmaxWithLoss())


class Double:
    """Of its own, and in place."""

    def forward(self, x: Array) -> Array:
        x *= 2
        return x

    def backward(self, dout: Array) -> Array:
        dout *= 2
        return dout
