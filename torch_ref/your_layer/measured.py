"""A class that is compared with any PyTorch module: its bounds are measured."""

import inspect
from collections.abc import Callable, Mapping
from types import SimpleNamespace
from typing import Any

import numpy as np
import torch
from torch import nn

from numpy_impl.validation import Array
from torch_ref.your_layer.adapt import Place
from torch_ref.your_layer.build import takes
from torch_ref.your_layer.make import Given, adapted, make, name_of, resized
from torch_ref.your_layer.match import match, parameters_of
from torch_ref.your_layer.twins import Twin
from torch_ref.pair import Example, Kind, Pair
from torch_ref.results import scenarios_of, torch_results
from torch_ref.scenarios import SCENARIOS, USUAL, Data
from torch_ref.training.weights import params_of


def like_module(cls: Any, twin: Twin, given: Given) -> tuple[Pair, Callable[..., Any]]:
    """A pair for the module, and what makes the class in the place of the pair's layer."""
    sizes = {"in": USUAL.D, "out": USUAL.H} | dict(given.sizes)
    module = twin.make(sizes)
    theirs = {path: p.detach().double().numpy() for path, p in module.named_parameters()}
    own = parameters_of(make(cls, sizes, theirs, given.options))
    ours, shapes = ({name: array.shape for name, array in some.items()} for some in (own, theirs))
    names = match(ours, shapes, given.names, shapes_count=not takes(cls, {}, theirs))
    rigid = bool(own) and not takes(cls, sizes, theirs)
    takes_targets = _arity(cls) > 1

    def example(make: Callable[..., Any], data: Data) -> Example:
        sizes = {"in": data.D, "out": data.H}
        module = twin.make(sizes)
        values = {
            name: data.weights(*value.shape) if value.ndim > 1 else data.biases(*value.shape)
            for name, value in params_of(module, names).items()
        }
        x = data.x(*data.lead, *given.shape) if given.shape else data.x()
        if takes_targets:
            t = data.x(*x.shape) if given.targets in (None, "values") else data.targets(given.targets)
            return Example(make(sizes, values), {"x": x, "t": t}, {"dout": data.number()})
        return Example(make(sizes, values), {"x": x}, {"dout": data.dout(*_output_shape(module, x))})

    def factory(sizes: Mapping[str, int], values: Mapping[str, Array]) -> Any:
        layer = adapted(make(cls, sizes, values, given.options), {name: Place(name) for name in values}, values)
        layer.sizes = sizes
        return layer

    pair = Pair(
        name_of(cls),
        lambda sizes, values: SimpleNamespace(sizes=sizes, params=values),
        lambda layer: twin.make(layer.sizes),
        example,
        kind=Kind.LOSS if takes_targets else Kind.LAYER,
        outputs=("loss" if takes_targets else "y",),
        parameters=names,
        batches_only=bool(given.shape) or not given.leading_axes,
        data_sets=resized(SCENARIOS, given.sizes, rigid=rigid),
    )
    if pair.ordinary not in scenarios_of(pair):
        n, d = pair.ordinary.sizes[:2]
        raise ValueError(f"{twin.name}: PyTorch's own must take the data, got x of shape {(n, *(given.shape or (d,)))}")
    data = pair.example(pair.layer, Data(pair.ordinary, np.float64))
    once, again = torch_results(pair, data), torch_results(pair, data)
    if any(not np.array_equal(value, again[name], equal_nan=True) for name, value in once.items()):
        raise ValueError(f"{twin.name}: PyTorch's own must give the same result each time, but it is random")
    return pair, factory


def _output_shape(module: nn.Module, x: Array) -> tuple[int, ...]:
    with torch.no_grad():
        return tuple(module.double()(torch.from_numpy(x.astype(np.float64))).shape)


def _arity(cls: Any) -> int:
    """How many arguments forward must be given."""
    parameters = list(inspect.signature(cls.forward).parameters.values())[1:]
    return sum(p.default is p.empty and p.kind is p.POSITIONAL_OR_KEYWORD for p in parameters)
