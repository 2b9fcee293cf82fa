"""A layer of somebody else's that exists already, put behind the face of a pair."""

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

import numpy as np

from numpy_impl.validation import Array
from torch_ref.your_layer.adapt import LayerAdapter, NetworkAdapter, Place, face
from torch_ref.your_layer.build import canonical
from torch_ref.your_layer.match import match, parameters_of
from torch_ref.your_layer.twins import Like, twin_like
from torch_ref.pair import Kind, Pair


def pair_for(layer: Any, like: Like, inputs: tuple[Array, ...]) -> tuple[Pair, LayerAdapter | NetworkAdapter]:
    """The pair of what the layer ought to be like, and the layer in the place of the pair's own.

    Raises ValueError where its parameters cannot be found.
    """
    rows = len(inputs) > 1 and np.ndim(inputs[1]) == 2
    twin = twin_like(like, "rows" if rows else None)
    own = parameters_of(layer)
    if twin.pair:
        return twin.pair, face(layer, _kept_in(layer, twin.pair, own))
    module = twin.make({"in": inputs[0].shape[-1]})
    shapes = {path: tuple(value.shape) for path, value in module.named_parameters()}
    names = match({name: value.shape for name, value in own.items()}, shapes)
    is_loss = len(inputs) > 1
    pair = Pair(
        type(layer).__name__,
        SimpleNamespace,
        lambda _: module,
        _no_example,
        kind=Kind.LOSS if is_loss else Kind.LAYER,
        outputs=("loss" if is_loss else "y",),
        parameters=names,
    )
    return pair, face(layer, {name: Place(name) for name in names})


def _kept_in(layer: Any, pair: Pair, own: Mapping[str, Array]) -> dict[str, Place]:
    """By name; a weight is (out, in) where its first axis, and not its last, is as long as the bias.

    A square one is taken to be stored as its name says: W as here, weight as in PyTorch.
    """
    by_kind = {canonical(name): name for name in own}
    found = {}
    for name in pair.parameters:
        kind, number = canonical(name)
        if (kind, number) not in by_kind:
            raise ValueError(f"{type(layer).__name__}: it must keep {name}, got {', '.join(own) or 'no parameters'}")
        its_name = by_kind[kind, number]
        shape, bias = own[its_name].shape, own.get(by_kind.get(("bias", number), ""))
        turned = bias is not None and len(shape) == 2 and shape[0] == len(bias)
        if turned and shape[0] == shape[1]:
            turned = its_name.startswith("weight")
        found[name] = Place(its_name, turned)
    return found


def _no_example(*_: Any) -> Any:
    raise NotImplementedError("a single layer has no other data than it is given")
