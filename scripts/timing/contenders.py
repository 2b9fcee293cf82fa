"""The training steps that benchmark.py times: each takes the indices of a batch."""

from collections.abc import Callable
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import torch
from torch import nn
from training.evaluation import scaled

from numpy_impl import SGD, TwoLayerNet
from numpy_impl.validation import Array
from timing.bare import bare_step
from torch_ref import NumpyTrainer, twin

Step: TypeAlias = Callable[[Array], Any]

LR = 0.1


class Size(NamedTuple):
    """What is varied."""

    hidden: int
    batch: int
    dtype: str


def network(size: Size) -> TwoLayerNet:
    return TwoLayerNet(784, size.hidden, 10, rng=0, dtype=size.dtype)


def numpy_step(size: Size, images: Array, labels: Array) -> Step:
    trainer = NumpyTrainer(network(size), SGD(LR))

    def step(batch: Array) -> float:
        return trainer.step(scaled(images.take(batch, axis=0), size.dtype), labels[batch])

    return step


def torch_step(
    size: Size, images: Array, labels: Array, *, select: bool = True, compiled: bool = False, **sgd: Any
) -> Step:
    """`select` takes the batch by index_select, not by indexing; `sgd` are options of torch.optim.SGD."""
    net, criterion, dtype = twin(network(size)), nn.CrossEntropyLoss(), getattr(torch, size.dtype)
    optimizer = torch.optim.SGD(net.parameters(), LR, **sgd)
    all_images, all_labels = torch.from_numpy(images), torch.from_numpy(labels)

    def loss_of(x: torch.Tensor, t: torch.Tensor) -> Any:
        return criterion(net(x), t)

    loss_function = torch.compile(loss_of) if compiled else loss_of

    def step(batch: Array) -> float:
        chosen = torch.from_numpy(batch)
        rows = all_images.index_select(0, chosen) if select else all_images[chosen]
        x = rows.to(dtype).mul_(1 / 255)
        optimizer.zero_grad()
        loss = loss_function(x, all_labels[chosen])
        loss.backward()
        optimizer.step()
        return float(loss.item())

    return step


def floor(size: Size, images: Array) -> Step:
    """y = x W + b twice, dW twice, dx once."""
    params, rng = network(size).params, np.random.default_rng(0)
    W1, W2 = params["W1"], params["W2"]
    x = scaled(images[: size.batch], size.dtype)
    h, dh = (rng.standard_normal((len(x), size.hidden)).astype(size.dtype) for _ in range(2))
    dout = rng.standard_normal((len(x), 10)).astype(size.dtype)

    def products(_: Array) -> Any:
        return x @ W1, h @ W2, dout @ W2.T, h.T @ dout, x.T @ dh

    return products


def contenders(size: Size, images: Array, labels: Array) -> dict[str, Step]:
    data = size, images, labels
    return {
        "NumPy": numpy_step(*data),
        "bare": bare_step(network(size), LR, *data),
        "eager": torch_step(*data, select=False),
        "index_select": torch_step(*data),
        "foreach": torch_step(*data, foreach=True),
        "fused": torch_step(*data, fused=True),
        "floor": floor(size, images),
    }
