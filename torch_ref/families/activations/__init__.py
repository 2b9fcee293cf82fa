"""Activations beside PyTorch's own."""

from collections.abc import Callable
from typing import Any

from torch import nn

import numpy_impl
from torch_ref.families.activations.causes import RELU
from torch_ref.families.activations.formulas import relu, relu_backward
from torch_ref.pair import Example, Pair
from torch_ref.registry import register
from torch_ref.scenarios import Data


def example(cls: Callable[..., Any], data: Data) -> Example:
    return Example(cls(), {"x": data.x()}, {"dout": data.dout(*data.lead, data.D)})


register(
    Pair(
        "relu",
        numpy_impl.ReLU,
        lambda _: nn.ReLU(),
        example,
        twin_name="ReLU",
        forward=relu,
        backward=relu_backward,
        causes=RELU,
    )
)
