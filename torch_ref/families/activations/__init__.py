"""Activations beside PyTorch's own."""

from collections.abc import Callable
from typing import Any

from torch import nn

import numpy_impl
from torch_ref.bounds import relu, sigmoid, tanh
from torch_ref.families.activations import causes, formulas
from torch_ref.pair import Example, Pair, Refusal
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
        backward=formulas.relu_backward,
        causes=causes.RELU,
    )
)
register(
    Pair(
        "leaky_relu",
        numpy_impl.LeakyReLU,
        lambda layer: nn.LeakyReLU(layer.negative_slope),
        example,
        twin_name="LeakyReLU",
        options=("negative_slope",),
        forward=formulas.leaky_relu,
        backward=formulas.leaky_relu_backward,
        causes=causes.LEAKY_RELU,
        refusals=(
            Refusal("a slope of NaN", lambda e: type(e.layer)(float("nan")), ValueError),
            Refusal("a slope that is a string", lambda e: type(e.layer)("0.1"), TypeError),
        ),
    )
)
register(
    Pair(
        "sigmoid",
        numpy_impl.Sigmoid,
        lambda _: nn.Sigmoid(),
        example,
        twin_name="Sigmoid",
        forward=sigmoid,
        backward=formulas.sigmoid_backward,
        causes=causes.SIGMOID,
        flat_on=("huge", "common-offset", "integers"),
    )
)
register(
    Pair(
        "tanh",
        numpy_impl.Tanh,
        lambda _: nn.Tanh(),
        example,
        twin_name="Tanh",
        forward=tanh,
        backward=formulas.tanh_backward,
        causes=causes.TANH,
        flat_on=("huge", "common-offset", "integers"),
    )
)
