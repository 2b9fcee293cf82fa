"""Layers made of layers, beside an nn.Sequential of these layers' twins."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

import numpy_impl
from torch_ref.families.composites import formulas
from torch_ref.families.composites.causes import causes_of, causes_of_residual
from torch_ref.families.composites.formulas import Links
from torch_ref.families.composites.twins import links_of, module_of, no_example, rules_of
from torch_ref.pair import Example, Pair, Refusal
from torch_ref.registry import register, register_maker
from torch_ref.scenarios import SCENARIOS, Data

SEQUENTIAL = formulas.sequential, formulas.sequential_backward
RESIDUAL = formulas.residual, formulas.residual_backward


def pair_of_composite(layer: Any) -> Pair:
    """The pair of a Sequential or Residual, put together from those of its layers. Raises TypeError where one has none.

    Its bounds are proven where those of all its layers are.
    """
    links, is_residual = Links(links_of(layer)), isinstance(layer, numpy_impl.Residual)
    forward, backward = RESIDUAL if is_residual else SEQUENTIAL
    causes = causes_of_residual if is_residual else causes_of
    return Pair(
        type(layer).__name__,
        type(layer),
        module_of,
        no_example,
        parameters=rules_of(layer),
        forward=partial(_by_name, forward, links) if links.is_proven else None,
        backward=partial(_by_name, backward, links) if links.is_proven else None,
        causes=causes(links, (forward, backward)) if links.is_proven else (),
    )


def _by_name(formula: Callable[..., Any], links: Links, *arrays: Any, **params: Any) -> Any:
    return formula(links, *arrays, params)


def _affine(data: Data, inputs: int, outputs: int) -> numpy_impl.Affine:
    return numpy_impl.Affine(data.weights(inputs, outputs), data.biases(outputs))


def sequential_example(cls: Callable[..., Any], data: Data) -> Example:
    layer = cls(_affine(data, data.D, data.H), numpy_impl.Tanh())
    return Example(layer, {"x": data.x()}, {"dout": data.dout(*data.lead, data.H)})


def residual_example(cls: Callable[..., Any], data: Data) -> Example:
    layer = cls(_affine(data, data.D, data.H), numpy_impl.ReLU(), _affine(data, data.H, data.D))
    return Example(layer, {"x": data.x()}, {"dout": data.dout(*data.lead, data.D)})


def _registered(name: str, cls: Any, example: Callable[..., Example], **options: Any) -> Pair:
    layer = example(cls, Data(SMALL[0], np.float64)).layer
    return register(replace(pair_of_composite(layer), name=name, example=example, data_sets=SMALL, **options))


# The layers have the large ones themselves; here they would only widen the bounds, which are composed.
SMALL = tuple(one for one in SCENARIOS if one.name not in ("remainders", "long-batch", "book", "mnist"))
FAR_FROM_0 = ("huge", "common-offset", "integers")  # where tanh is flat

_SHARED = (
    Refusal("x with a feature less", lambda e: e.layer.forward(e.inputs["x"][..., 1:]), ValueError),
    Refusal("no layers", lambda e: type(e.layer)(), ValueError),
    Refusal("a layer that is none", lambda e: type(e.layer)(numpy_impl.ReLU(), None), TypeError),
    Refusal(
        "Affine1.b as W", lambda e: e.layer.params.__setitem__("Affine1.b", e.layer.params["Affine1.W"]), ValueError
    ),
)

for kind in (numpy_impl.Sequential, numpy_impl.Residual):
    register_maker(kind, pair_of_composite)
_registered("sequential", numpy_impl.Sequential, sequential_example, refusals=_SHARED, flat_on=FAR_FROM_0)
_registered("residual", numpy_impl.Residual, residual_example, refusals=_SHARED, flat_on=("tiny",))
