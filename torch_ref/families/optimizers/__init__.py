"""Optimizers beside those of torch.optim: one step from a given state."""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch

import numpy_impl
from torch_ref.families.optimizers import causes
from torch_ref.families.optimizers.formulas import sgd
from torch_ref.pair import Example, Kind, Pair, Refusal
from torch_ref.registry import register
from torch_ref.scenarios import Data


def example(cls: Callable[..., Any], data: Data) -> Example:
    p = data.weights(data.D, data.H)
    return Example(cls(0.1), {"p": p, "g": data.dout(data.D, data.H)})


def of_gradient(what: str, change: Callable[[Any], Any], error: type[Exception]) -> Refusal:
    return Refusal(what, lambda e: e.layer.update({"p": e.inputs["p"]}, {"p": change(e.inputs["g"])}), error)


SGD = register(
    Pair(
        "sgd",
        numpy_impl.SGD,
        lambda layer: lambda parameters: torch.optim.SGD(parameters, layer.lr),
        example,
        twin_name="SGD",
        kind=Kind.OPTIMIZER,
        outputs=("p",),
        input_gradients=(),
        options=("lr",),
        forward=sgd,
        causes=causes.SGD,
        batches_only=True,
        refusals=(
            of_gradient("a gradient of another shape", lambda g: g[1:], ValueError),
            of_gradient("a gradient of another dtype", lambda g: g.astype(np.longdouble), TypeError),
            of_gradient("a gradient that is a list", lambda g: g.tolist(), TypeError),
            Refusal("gradients of other names", lambda e: e.layer.update({"p": e.inputs["p"]}, {}), ValueError),
        ),
    )
)
