"""The training steps that benchmark.py times: each takes the indices of a batch."""

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import torch
from torch import nn
from training.evaluation import scaled

from numpy_impl import SGD, Network, TwoLayerNet
from numpy_impl.validation import Array
from timing.bare import bare_step
from torch_ref import NumpyTrainer, twin
from torch_ref.training.trainers import Optimizer

Step: TypeAlias = Callable[[Array], Any]

LR = 0.1


class Size(NamedTuple):
    """What is varied."""

    hidden: int
    batch: int
    dtype: str


def network(size: Size) -> TwoLayerNet:
    return TwoLayerNet(784, size.hidden, 10, rng=0, dtype=size.dtype)


def numpy_step(net: Network, optimizer: Optimizer, images: Array, labels: Array) -> Step:
    trainer, dtype = NumpyTrainer(net, optimizer), dtype_of(net)

    def step(batch: Array) -> float:
        return trainer.step(scaled(images.take(batch, axis=0), dtype), labels[batch])

    return step


def torch_step(
    net: Network,
    make_optimizer: Callable[..., torch.optim.Optimizer],
    images: Array,
    labels: Array,
    *,
    select: bool = True,
    compiled: bool = False,
) -> Step:
    """`select` takes the batch by index_select, not by indexing; `make_optimizer` is given the parameters."""
    module, criterion, dtype = twin(net), nn.CrossEntropyLoss(), getattr(torch, dtype_of(net))
    optimizer = make_optimizer(module.parameters())
    all_images, all_labels = torch.from_numpy(images), torch.from_numpy(labels)

    def loss_of(x: torch.Tensor, t: torch.Tensor) -> Any:
        return criterion(module(x), t)

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


def dtype_of(net: Network) -> str:
    return str(next(iter(net.params.values())).dtype)


def sgd_step(size: Size, images: Array, labels: Array, *, compiled: bool = False, **options: Any) -> Step:
    """PyTorch's step on the network of this size, with options of torch.optim.SGD."""
    make = partial(torch.optim.SGD, lr=LR, **options)
    return torch_step(network(size), make, images, labels, compiled=compiled)


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
    data = images, labels
    return {
        "NumPy": numpy_step(network(size), SGD(LR), *data),
        "bare": bare_step(network(size), LR, size, *data),
        "eager": torch_step(network(size), partial(torch.optim.SGD, lr=LR), *data, select=False),
        "index_select": sgd_step(size, *data),
        "foreach": sgd_step(size, *data, foreach=True),
        "fused": sgd_step(size, *data, fused=True),
        "floor": floor(size, images),
    }
