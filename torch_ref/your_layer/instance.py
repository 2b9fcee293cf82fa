"""A user's layer that exists already, for `verify`: put behind the face of its pair."""

from types import SimpleNamespace
from typing import Any

import numpy as np

from numpy_impl.validation import Array
from torch_ref.oracles.autograd import as_tensors
from torch_ref.pair import Example, Kind, Pair
from torch_ref.results import params_of, twin_of
from torch_ref.scenarios import Data
from torch_ref.your_layer.adapt import adapted
from torch_ref.your_layer.adapter import Adapter, Interface
from torch_ref.your_layer.build import name_of
from torch_ref.your_layer.match import Places, match, parameters_of, settled
from torch_ref.your_layer.measured import names_of
from torch_ref.your_layer.twins import Like, twin_like


def pair_for(layer: Any, like: Like, inputs: tuple[Array, ...]) -> tuple[Pair, Adapter]:
    """The pair that the layer ought to be like, and the layer in the place of the pair's own.

    Raises ValueError where its parameters cannot be found.
    """
    rows = len(inputs) > 1 and np.ndim(inputs[1]) == 2
    twin = twin_like(like, "rows" if rows else None)
    if twin.pair:
        return twin.pair, _like_pair(layer, twin.pair, inputs)
    module = twin.make({"in": inputs[0].shape[-1]})
    shapes = {path: tuple(value.shape) for path, value in module.named_parameters()}
    (kept_in,) = match(type(layer).__name__, parameters_of(layer), {path: path for path in shapes}, shapes)
    kind, names = Kind.LOSS if len(inputs) > 1 else Kind.LAYER, names_of(kept_in)
    places = {name: place._replace(transposed=False) for name, place in zip(names, kept_in.values(), strict=True)}
    pair = Pair(
        type(layer).__name__,
        SimpleNamespace,
        lambda _: module,
        lambda *_: Example(layer, {}),  # there are no other data than the inputs given
        kind=kind,
        outputs=("y" if kind is Kind.LAYER else "loss",),
        parameters=names,
    )
    return pair, adapted(layer, places, Interface(kind))


def _like_pair(layer: Any, pair: Pair, inputs: tuple[Array, ...]) -> Adapter:
    """The pair's sizes are not known: the twin must run on the parameters as they are taken to lie."""
    who, passed = type(layer).__name__, (*pair.options, *pair.outputs[1:], *pair.buffers)
    interface = Interface(pair.kind, pair.input_gradients, pair.outputs, passed)
    own = pair.example(pair.layer, Data(pair.ordinary, np.float64)).layer
    off = {name: getattr(own, name) for name in pair.options if not hasattr(layer, name)}
    missing = [name for name, value in off.items() if value]  # one that is off, such as a smoothing, may be
    if missing:
        raise ValueError(f"{who}: it must have {', '.join(missing)} as attributes, as {name_of(pair.layer)} has")

    def behind_its_face(kept_in: Places) -> Adapter:
        made = adapted(layer, kept_in, interface)
        for name, value in off.items():
            setattr(made, name, value)
        return made

    def runs(kept_in: Places) -> bool:
        given = as_tensors(inputs, inputs[0].dtype)
        try:
            twin = twin_of(pair, behind_its_face(kept_in), inputs[0].dtype)
            twin(*given[: 1 if pair.kind is Kind.NETWORK else None])
        except (ValueError, TypeError, RuntimeError):
            return False
        return True

    shapes = {name: (None,) * value.ndim for name, value in params_of(pair, own).items()}
    answers = match(who, parameters_of(layer), pair.parameters, shapes)
    return behind_its_face(settled(answers, runs))
