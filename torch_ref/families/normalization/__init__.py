"""Normalizations beside PyTorch's own."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch import nn

import numpy_impl
from torch_ref.diagnosis.twins import causes_of_twin
from torch_ref.families.normalization import formulas
from torch_ref.families.normalization.causes import EVALUATION, INACCURATE, TRAINING
from torch_ref.families.normalization.examples import (
    BATCHES,
    GROUPS,
    IMAGES,
    SAMPLES,
    example_of_batch,
    example_of_groups,
    example_of_images,
    example_of_samples,
    example_of_scale,
)
from torch_ref.pair import Example, Pair, Refusal
from torch_ref.registry import register

SCALE, AFFINE = {"gamma": "weight"}, {"gamma": "weight", "beta": "bias"}
STATISTICS = {"running_mean": "running_mean", "running_var": "running_var"}


class BatchNormOfAnyRank(nn.BatchNorm1d):
    """PyTorch's has a class for each rank of x, and they differ in the rank that they ask for alone."""

    def _check_input_dim(self, input: torch.Tensor) -> None: ...  # noqa: A002 - the name is PyTorch's


def in_evaluation(make: Callable[..., Example]) -> Callable[..., Example]:
    def example(cls: Callable[..., Any], data: Any) -> Example:
        made = make(cls, data)
        made.layer.training = False
        return made

    return example


def refused(what: str, call: Callable[[Any], Any], error: type[Exception] = ValueError) -> Refusal:
    return Refusal(what, call, error)


def set_to(name: str, change: Callable[[Any], Any]) -> Callable[[Example], None]:
    return lambda e: setattr(e.layer, name, change(getattr(e.layer, name)))


OF_GAMMA = (
    refused("gamma of another shape", set_to("gamma", lambda a: a[1:])),
    refused("gamma that would broadcast", set_to("gamma", lambda a: a[:1])),
    refused("gamma that is a list", set_to("gamma", lambda a: a.tolist()), TypeError),
)
OF_FEATURES = (*OF_GAMMA, refused("x with a feature less", lambda e: e.layer.forward(e.inputs["x"][..., 1:])))
OF_CHANNELS = (
    *OF_GAMMA,
    refused("x with a channel less", lambda e: e.layer.forward(e.inputs["x"][:, 1:])),
    refused("x without a batch", lambda e: e.layer.forward(e.inputs["x"][0, ..., :1].reshape(-1))),
    refused("beta of another shape", lambda e: type(e.layer)(e.layer.gamma, e.layer.beta[1:], **of_groups(e.layer))),
    refused("a negative eps", lambda e: type(e.layer)(e.layer.gamma, e.layer.beta, eps=-1, **of_groups(e.layer))),
)


def of_groups(layer: Any) -> dict[str, int]:
    return {"groups": layer.groups} if hasattr(layer, "groups") else {}


BATCH_NORM = register(
    Pair(
        "batch_norm",
        numpy_impl.BatchNorm,
        lambda layer: BatchNormOfAnyRank(len(layer.gamma), layer.eps, layer.momentum).train(layer.training),
        example_of_batch,
        twin_name="BatchNorm1d",
        parameters=AFFINE,
        buffers=STATISTICS,
        options=("eps", "momentum", "training"),
        forward=formulas.batch_norm,
        backward=formulas.batch_norm_backward,
        refusals=(
            *OF_CHANNELS,
            refused("one value for each channel", lambda e: e.layer.forward(e.inputs["x"][:1])),
            refused("a momentum above 1", lambda e: type(e.layer)(e.layer.gamma, e.layer.beta, momentum=1.5)),
            refused("a running mean of another shape", set_to("running_mean", lambda a: a[1:])),
            refused("a state with a statistic less", lambda e: setattr(e.layer, "state", {})),
            refused(
                "a state whose second statistic is wrong", set_to("state", lambda state: state | {"running_var": 1}),
                TypeError,
            ),
        ),
        causes=(INACCURATE, *TRAINING, *causes_of_twin(nn.BatchNorm1d(1))),
        flat_on=("tied",),
        data_sets=BATCHES,
    )
)  # fmt: skip
BATCH_NORM_OF_IMAGES = register(
    replace(
        BATCH_NORM,
        name="batch_norm_of_images",
        module=lambda layer: nn.BatchNorm2d(len(layer.gamma), layer.eps, layer.momentum).train(layer.training),
        example=example_of_images,
        twin_name="BatchNorm2d",
        refusals=OF_CHANNELS,
        data_sets=IMAGES,
    )
)
BATCH_NORM_IN_EVALUATION = register(
    replace(
        BATCH_NORM,
        name="batch_norm_in_evaluation",
        module=lambda layer: nn.BatchNorm1d(len(layer.gamma), layer.eps, layer.momentum).train(layer.training),
        example=in_evaluation(example_of_batch),
        refusals=OF_CHANNELS,
        causes=EVALUATION,
        flat_on=(),
        data_sets=tuple(one for one in SAMPLES if one.name != "one-axis"),
    )
)
LAYER_NORM = register(
    Pair(
        "layer_norm",
        numpy_impl.LayerNorm,
        lambda layer: nn.LayerNorm(len(layer.gamma), layer.eps),
        example_of_samples,
        twin_name="LayerNorm",
        parameters=AFFINE,
        options=("eps",),
        forward=formulas.layer_norm,
        backward=formulas.layer_norm_backward,
        refusals=(
            *OF_FEATURES,
            refused("a negative eps", lambda e: type(e.layer)(e.layer.gamma, e.layer.beta, eps=-1e-5)),
        ),
        causes=(INACCURATE, *causes_of_twin(nn.LayerNorm(1))),
        flat_on=("narrow", "tied"),
        data_sets=SAMPLES,
    )
)
RMS_NORM = register(
    Pair(
        "rms_norm",
        numpy_impl.RMSNorm,
        lambda layer: nn.RMSNorm(len(layer.gamma), layer.eps),
        example_of_scale,
        twin_name="RMSNorm",
        parameters=SCALE,
        options=("eps",),
        forward=formulas.rms_norm,
        backward=formulas.rms_norm_backward,
        refusals=(*OF_FEATURES, refused("eps of NaN", lambda e: type(e.layer)(e.layer.gamma, eps=np.nan))),
        causes=causes_of_twin(nn.RMSNorm(1, eps=1e-5)),
        data_sets=SAMPLES,
    )
)
GROUP_NORM = register(
    Pair(
        "group_norm",
        numpy_impl.GroupNorm,
        lambda layer: nn.GroupNorm(layer.groups, len(layer.gamma), layer.eps),
        example_of_groups,
        twin_name="GroupNorm",
        parameters=AFFINE,
        options=("eps", "groups"),
        forward=formulas.group_norm,
        backward=formulas.group_norm_backward,
        refusals=(
            *OF_CHANNELS,
            refused("groups that do not divide", lambda e: type(e.layer)(e.layer.gamma, e.layer.beta, groups=3)),
            refused("no groups", lambda e: type(e.layer)(e.layer.gamma, e.layer.beta, groups=0)),
        ),
        causes=(INACCURATE, *causes_of_twin(nn.GroupNorm(1, 1))),
        flat_on=("tied",),
        infinite_or_nan=("dgamma",),  # PyTorch's is (Σ dout x − μ Σ dout) r, in which two infinities meet
        data_sets=GROUPS,
    )
)
