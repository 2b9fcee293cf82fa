"""The twin of a chain of layers, made from the layers' twins: PyTorch's modules, rules for the parameters, formulas."""

from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

import torch
from torch import nn

import numpy_impl
from numpy_impl.chain.parameters import owner_of
from torch_ref.families.composites.formulas import Link
from torch_ref.registry import pair_of
from torch_ref.results import buffers_of, twin_of
from torch_ref.right import options_of

Twins = dict[int, nn.Module]  # by the id of a layer, which has one, wherever it stands


class TorchResidual(nn.Sequential):
    """x + f(x)."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y: torch.Tensor = super().forward(x)  # type: ignore[no-untyped-call] # in PyTorch
        return x + y


def module_of(chain: Any, twins: Twins | None = None) -> nn.Sequential:
    """The layers' twins one after another, under the layers' names."""
    twins = {} if twins is None else twins
    modules = OrderedDict((name, _twin(layer, twins)) for name, layer in chain.layers.items())
    return (TorchResidual if isinstance(chain, numpy_impl.Residual) else nn.Sequential)(modules)


def _twin(layer: Any, twins: Twins) -> nn.Module:
    if id(layer) not in twins:
        is_chain = isinstance(layer, numpy_impl.Sequential | numpy_impl.Residual)
        twins[id(layer)] = module_of(layer, twins) if is_chain else twin_of(pair_of(layer), layer)
    return twins[id(layer)]


def rules_of(chain: Any) -> dict[str, str]:
    """The rules of the layers' parameters under the chain's names of them."""
    places = chain.params.places.items()
    return {key: within(place, pair_of(chain.layers[place]).parameters[own]) for key, (place, own) in places}


def links_of(chain: Any) -> list[Link]:
    """A link for each layer. Raises TypeError where one has no pair."""
    keys = {(id(owner), own): key for key in chain.params for owner, own in [chain.params.owner(key)]}

    def names(layer: Any) -> Mapping[str, str]:
        owners = {name: owner_of(layer, name) for name in getattr(layer, "parameter_names", ())}
        return {name: keys[id(owner), own] for name, (owner, own) in owners.items() if (id(owner), own) in keys}

    pairs = {place: pair_of(layer) for place, layer in chain.layers.items()}
    return [
        Link(place, pairs[place], names(layer), options_of(pairs[place], layer) | buffers_of(pairs[place], layer))
        for place, layer in chain.layers.items()
    ]


def within(place: str, rule: str) -> str:
    """The rule of a layer's parameter, as one of the chain's."""
    for sign in "+|":
        rule = f"{sign}{place}.".join(rule.split(sign))
    return f"{place}.{rule}"


def no_example(*_: Any) -> Any:
    raise NotImplementedError("a chain of layers that exists has no other data than it is given")
