"""A network small enough to differentiate numerically, and a batch for it."""

from typing import Any

import numpy as np

from numpy_impl import TwoLayerNet

X = np.random.default_rng(1).standard_normal((6, 4))
T = np.array([0, 1, 2, 2, 1, 0])
ROWS = np.eye(3)[T]
DOUT = np.random.default_rng(2).standard_normal((6, 5))  # of the hidden layer


def small_net(dtype: Any = np.float64, std: float = 0.5) -> TwoLayerNet:
    return TwoLayerNet(4, 5, 3, std, rng=0, dtype=dtype)
