"""Dropout beside nn.Dropout, in training with the mask that the NumPy layer draws, and in evaluation."""

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import torch
from torch import nn

import numpy_impl
from torch_ref.families.dropout.causes import EVALUATION, TRAINING
from torch_ref.families.dropout.draws import SameDraws, drawn
from torch_ref.families.dropout.formulas import dropout, dropout_backward
from torch_ref.pair import Example, Pair, Refusal
from torch_ref.registry import register
from torch_ref.scenarios import SCENARIOS, Data, Scenario

LEFT_OUT = ("book", "mnist", "remainders", "long-batch")
DATA_SETS = (
    *(one for one in SCENARIOS if one.name not in LEFT_OUT),
    Scenario("none-dropped", "p = 0", settings={"p": 0.0}),
    Scenario("all-dropped", "p = 1, where 1 / (1 - p) is infinite", settings={"p": 1.0}),
    Scenario("a-half", "the share that is kept is the one that is dropped", settings={"p": 0.5}),
)


class DropoutInStep(nn.Dropout):
    """nn.Dropout with the masks that the NumPy layer draws from now on, in the place of its own."""

    def __init__(self, layer: Any) -> None:
        super().__init__(layer.p)
        self.drawing = numpy_impl.Dropout(layer.p, rng=deepcopy(layer.rng))
        self.train(layer.training)

    def forward(self, input: torch.Tensor) -> torch.Tensor:  # noqa: A002 - the name is PyTorch's
        if not self.training:
            return super().forward(input)
        mask = torch.from_numpy(drawn(self.drawing, tuple(input.shape))).to(input.dtype)
        return input * (mask / (1 - self.p) if self.p < 1 else mask)


def _example(*, training: bool) -> Callable[..., Example]:
    def example(cls: Callable[..., Any], data: Data) -> Example:
        layer = cls(data.setting("p", 0.3), rng=SameDraws())
        layer.training = training
        return Example(layer, {"x": data.x()}, {"dout": data.dout(*data.lead, data.D)})

    return example


def _pair(name: str, *, training: bool) -> Pair:
    return Pair(
        name,
        numpy_impl.Dropout,
        DropoutInStep,
        _example(training=training),
        twin_name="Dropout",
        options=("p", "training", "rng"),
        forward=dropout,
        backward=dropout_backward,
        refusals=(
            Refusal("p above 1", lambda e: type(e.layer)(1.5), ValueError),
            Refusal("a negative p", lambda e: setattr(e.layer, "p", -0.1), ValueError),
            Refusal("p of NaN", lambda e: type(e.layer)(float("nan")), ValueError),
            Refusal("p that is a string", lambda e: type(e.layer)("0.5"), TypeError),
            Refusal("a negative seed", lambda e: type(e.layer)(rng=-1), ValueError),
            Refusal("a seed that is a string", lambda e: type(e.layer)(rng="0"), TypeError),
            Refusal("a mode that is a number", lambda e: setattr(e.layer, "training", 1), TypeError),
            Refusal("a state of another kind", lambda e: setattr(e.layer, "state", {"rng": {}}), ValueError),
            Refusal("a state that is none", lambda e: setattr(e.layer, "state", {"rng": None}), TypeError),
            Refusal("a state without its generator", lambda e: setattr(e.layer, "state", {}), ValueError),
        ),
        causes=TRAINING if training else EVALUATION,
        flat_on=("all-dropped",) if training else (),
        data_sets=DATA_SETS,
    )


DROPOUT = register(_pair("dropout", training=True))
DROPOUT_IN_EVALUATION = register(_pair("dropout_in_evaluation", training=False))
