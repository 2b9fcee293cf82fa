"""The PyTorch twin of each NumPy layer and of the network: PyTorch's own modules, nothing retyped."""

from collections import OrderedDict
from collections.abc import Callable
from functools import singledispatch
from typing import Any, TypeVar

import torch
from torch import nn

import numpy_impl
from torch_ref.weights import copy_to_torch, to_tensor

Module = TypeVar("Module", bound=nn.Module)


class TwoLayerNet(nn.Sequential):
    """nn.Linear → nn.ReLU → nn.Linear under the names of numpy_impl's layers: x (N, D) to logits (N, C)."""

    def __init__(self, input_size: int, hidden_size: int, output_size: int) -> None:
        super().__init__(
            OrderedDict(
                Affine1=nn.Linear(input_size, hidden_size),
                Relu1=nn.ReLU(),
                Affine2=nn.Linear(hidden_size, output_size),
            )
        )


@singledispatch
def twin(layer: object) -> Any:
    """The PyTorch module that does what this layer or network does, in its dtype, with copies of its weights.

    Copies, never the same memory: a pair that shares its weights would agree even where one side went wrong.
    Raises TypeError for a layer without a twin. Register the twin of a new layer beside these::

        @twin.register
        def _(layer: MyLayer) -> nn.MyModule: ...
    """
    raise TypeError(f"twin: there must be a PyTorch twin registered for the layer, got {type(layer).__name__}")


@twin.register
def _(layer: numpy_impl.Affine) -> nn.Linear:
    return _filled(lambda: nn.Linear(*layer.W.shape), layer)


@twin.register
def _(_layer: numpy_impl.ReLU) -> nn.ReLU:
    return nn.ReLU()


@twin.register
def _(_layer: numpy_impl.SoftmaxWithLoss) -> nn.CrossEntropyLoss:
    return nn.CrossEntropyLoss()


@twin.register
def _(layer: numpy_impl.TwoLayerNet) -> TwoLayerNet:
    input_size, hidden_size = layer.params["W1"].shape
    output_size = layer.params["W2"].shape[1]
    return _filled(lambda: TwoLayerNet(input_size, hidden_size, output_size), layer)


def _filled(make: Callable[[], Module], layer: numpy_impl.Affine | numpy_impl.TwoLayerNet) -> Module:
    with torch.random.fork_rng(devices=[]):  # PyTorch draws first weights; its global state shall not notice
        module = make()
    module.to(to_tensor(next(iter(layer.params.values()))).dtype)
    copy_to_torch(layer.params, module)
    return module
