"""Affine beside nn.Linear."""

from collections.abc import Callable
from typing import Any

from torch import nn

import numpy_impl
from torch_ref import places
from torch_ref.families.affine.causes import CAUSES
from torch_ref.families.affine.formulas import affine, affine_backward
from torch_ref.pair import Example, Pair, Refusal
from torch_ref.registry import register
from torch_ref.scenarios import Data
from torch_ref.training.weights import LINEAR


def example(cls: Callable[..., Any], data: Data) -> Example:
    x = data.x()
    layer = cls(data.weights(data.D, data.H), data.biases(data.H))
    return Example(layer, {"x": x}, {"dout": data.dout(*data.lead, data.H)})


AFFINE = register(
    Pair(
        "affine",
        numpy_impl.Affine,
        lambda layer: nn.Linear(*places.parameter(layer, "W").shape),
        example,
        twin_name="Linear",
        forward=affine,
        backward=affine_backward,
        parameters=LINEAR,
        causes=CAUSES,
        refusals=(
            Refusal("x with a feature less", lambda e: e.layer.forward(e.inputs["x"][..., 1:]), ValueError),
            Refusal("W of another shape", lambda e: setattr(e.layer, "W", e.layer.W[1:]), ValueError),
            Refusal("b that would broadcast", lambda e: setattr(e.layer, "b", e.layer.b[:1]), ValueError),
            Refusal("b that is a list", lambda e: setattr(e.layer, "b", e.layer.b.tolist()), TypeError),
        ),
    )
)
