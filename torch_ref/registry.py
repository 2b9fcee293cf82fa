"""The registry: one entry for each pair. Every check of `checks.battery` runs on every entry, on every scenario."""

from collections.abc import Callable
from typing import Any

import numpy as np

from torch_ref.pair import Kind, Pair
from torch_ref.results import twin_of

PAIRS: dict[str, Pair] = {}
_MAKERS: dict[type, Callable[[Any], Pair]] = {}


def register(pair: Pair) -> Pair:
    """Adds an entry. Raises ValueError for a name that is taken."""
    if pair.name in PAIRS:
        raise ValueError(f"register: a pair must have a name of its own, got {pair.name!r} once more")
    PAIRS[pair.name] = pair
    return pair


def register_maker(kind: type, maker: Callable[[Any], Pair]) -> None:
    """What makes the pair of any object of this class, such as a network of whatever layers."""
    _MAKERS[kind] = maker


def pair_of(layer: object, inputs: int = 1) -> Pair:
    """The entry of a layer's class, or of the nearest that it extends. Raises TypeError where there is none.

    Of several it is the first that takes so many inputs, else the first.
    """
    for kind, maker in _MAKERS.items():
        if isinstance(layer, kind):
            return maker(layer)
    for cls in type(layer).__mro__:
        found = [pair for pair in PAIRS.values() if pair.layer is cls]
        if found:
            return next((pair for pair in found if len(pair.input_names) == inputs), found[0])
    raise TypeError(f"pairs: the layer must be registered, with its PyTorch twin, got {type(layer).__name__}")


def twin(layer: Any, dtype: Any = np.float32) -> Any:
    """The PyTorch module that does what this layer or network does, in its dtype, with copies of its weights.

    The twin of an optimizer is what makes PyTorch's for a list of parameters. A layer without parameters has no dtype
    of its own. Raises TypeError for a layer that is not registered.
    """
    pair = pair_of(layer)
    return pair.module(layer) if pair.kind is Kind.OPTIMIZER else twin_of(pair, layer, dtype)


def pair_like(name: str) -> Pair | None:
    """The entry of this name, or the first one of a layer or of a PyTorch class called so."""
    named = (
        pair for pair in PAIRS.values() if name in (pair.name, pair.twin_name, getattr(pair.layer, "__name__", ""))
    )
    return next(named, None)
