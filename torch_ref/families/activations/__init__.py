"""Activations beside PyTorch's own."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

from torch import nn

import numpy_impl
from torch_ref.bounds import gelu, relu, sigmoid, silu, softplus, tanh
from torch_ref.families.activations import causes, causes_smooth, formulas, formulas_smooth
from torch_ref.pair import Example, Pair, Refusal
from torch_ref.registry import register
from torch_ref.scenarios import SCENARIOS, Data, Sizes


def example(cls: Callable[..., Any], data: Data) -> Example:
    return Example(cls(), {"x": data.x()}, {"dout": data.dout(*data.lead, data.D)})


# For a NaN x PyTorch's ELU has a dx of NaN in its vector code, and of dout in the rest of an array: this is no rest.
OF_ELU = tuple(replace(one, sizes=Sizes(14, 5)) if one.name == "ordinary" else one for one in SCENARIOS)

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
ELU = register(
    Pair(
        "elu",
        numpy_impl.ELU,
        lambda layer: nn.ELU(layer.alpha),
        example,
        twin_name="ELU",
        options=("alpha",),
        forward=formulas.elu,
        backward=formulas.elu_backward,
        causes=causes_smooth.ELU,
        data_sets=OF_ELU,
        refusals=(
            Refusal("an alpha of NaN", lambda e: type(e.layer)(float("nan")), ValueError),
            Refusal("an alpha that is a string", lambda e: type(e.layer)("1"), TypeError),
        ),
    )
)
register(
    replace(
        ELU,
        name="elu_half",
        example=lambda cls, data: example(partial(cls, alpha=0.5), data),
        data_sets=[s for s in OF_ELU if s.name in ("ordinary", "odd-batch", "exact-zeros", "decades", "one-axis")],
    )
)
register(
    Pair(
        "silu",
        numpy_impl.SiLU,
        lambda _: nn.SiLU(),
        example,
        twin_name="SiLU",
        forward=silu,
        backward=formulas_smooth.silu_backward,
        causes=causes_smooth.SILU,
    )
)
register(
    Pair(
        "softplus",
        numpy_impl.Softplus,
        # Above the threshold PyTorch's is x itself: from 40 on to the last digit, and where exp does not overflow yet.
        lambda _: nn.Softplus(threshold=40),
        example,
        twin_name="Softplus",
        forward=softplus,
        backward=formulas_smooth.softplus_backward,
        causes=causes_smooth.SOFTPLUS,
    )
)
register(
    Pair(
        "gelu",
        numpy_impl.GELU,
        lambda _: nn.GELU("tanh"),
        example,
        twin_name="GELU",
        forward=gelu,
        backward=formulas_smooth.gelu_backward,
        causes=causes_smooth.GELU,
    )
)
register(
    Pair(
        "softmax",
        numpy_impl.Softmax,
        lambda _: nn.Softmax(-1),
        example,
        twin_name="Softmax",
        forward=formulas_smooth.softmax,
        backward=formulas_smooth.softmax_backward,
        causes=causes_smooth.SOFTMAX,
        flat_on=("narrow", "integers"),
        refusals=(
            Refusal("a number", lambda e: e.layer.forward(e.inputs["x"][0, 0, ...]), ValueError),
            Refusal("no classes", lambda e: e.layer.forward(e.inputs["x"][:, :0]), ValueError),
        ),
    )
)
