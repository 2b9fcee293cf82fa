"""The deep network that `benchmark.py --network mlp` times, with Adam: four layers, 784-100-100-100-10."""

import argparse
from functools import partial
from itertools import pairwise
from typing import Any

import numpy as np
import torch
from training.evaluation import scaled

from numpy_impl import Adam, MultiLayerNet
from numpy_impl.validation import Array
from timing.contenders import Step, numpy_step, torch_step

HIDDEN = [100, 100, 100]
LR = 0.001


def network(options: argparse.Namespace, dtype: str) -> MultiLayerNet:
    return MultiLayerNet(784, HIDDEN, 10, batch_norm=options.batch_norm, dropout=options.dropout, rng=0, dtype=dtype)


def contenders(options: argparse.Namespace, dtype: str, batch: int, images: Array, labels: Array) -> dict[str, Step]:
    """PyTorch's Adam in each of its three implementations, and the matrix products alone."""

    def by_torch(*, select: bool = True, **adam: Any) -> Step:
        make = partial(torch.optim.Adam, lr=LR, **adam)
        return torch_step(network(options, dtype), make, images, labels, select=select)

    return {
        "NumPy": numpy_step(network(options, dtype), Adam(LR), images, labels),
        "eager": by_torch(select=False),
        "index_select": by_torch(),
        "foreach": by_torch(foreach=True),
        "for-loop": by_torch(foreach=False),
        "fused": by_torch(fused=True),
        "floor": floor(dtype, batch, images),
    }


def floor(dtype: str, batch: int, images: Array) -> Step:
    """Of each layer y = x W and dW, of all but the first dx too."""
    rng = np.random.default_rng(0)
    x = scaled(images[:batch], dtype)
    sizes = [784, *HIDDEN, 10]
    inputs = [x, *(rng.standard_normal((len(x), size)).astype(dtype) for size in HIDDEN)]
    weights = [rng.standard_normal(shape).astype(dtype) for shape in pairwise(sizes)]
    douts = [rng.standard_normal((len(x), size)).astype(dtype) for size in sizes[1:]]

    def products(_: Array) -> Any:
        forward = [a @ W for a, W in zip(inputs, weights, strict=True)]
        dW = [a.T @ dout for a, dout in zip(inputs, douts, strict=True)]
        return forward, dW, [dout @ W.T for dout, W in zip(douts[1:], weights[1:], strict=True)]

    return products
