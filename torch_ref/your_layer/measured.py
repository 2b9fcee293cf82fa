"""A user's class beside any PyTorch module: its bounds are measured."""

from collections.abc import Callable, Mapping
from types import SimpleNamespace
from typing import Any

import numpy as np
import torch

from numpy_impl.validation import Array
from torch_ref.pair import Example, Kind, Pair
from torch_ref.results import scenarios_of, torch_results
from torch_ref.scenarios import SCENARIOS, USUAL, Data
from torch_ref.training.weights import Names, params_of
from torch_ref.your_layer.maker import Maker, resized
from torch_ref.your_layer.match import Place, Places
from torch_ref.your_layer.twins import Twin


def like_module(maker: Maker, twin: Twin) -> tuple[Pair, Callable[..., Any]]:
    """A pair for the module, and the function that makes the class for it. The pair's names are those of the class."""
    sizes = {"in": USUAL.D, "out": USUAL.H} | dict(maker.sizes)
    theirs = {path: p.detach().double().numpy() for path, p in twin.make(sizes).named_parameters()}
    data_sets = resized(SCENARIOS, maker.sizes, rigid=maker.is_rigid(sizes, theirs))
    ordinary = _inputs(maker, Data(data_sets[0], np.float64))
    names = names_of(maker.places(sizes, theirs, {path: path for path in theirs}, ordinary))

    def example(make: Callable[..., Any], data: Data) -> Example:
        sizes = {"in": data.D, "out": data.H}
        module = twin.make(sizes)
        values = {
            name: data.weights(*value.shape) if value.ndim > 1 else data.biases(*value.shape)
            for name, value in params_of(module, names).items()
        }
        inputs = _inputs(maker, data)
        if maker.kind is Kind.LOSS:
            return Example(make(sizes, values), inputs, {"dout": data.number()})
        with torch.no_grad():
            y = module.double()(torch.from_numpy(inputs["x"].astype(np.float64)))
        return Example(make(sizes, values), inputs, {"dout": data.dout(*y.shape)})

    def factory(sizes: Mapping[str, int], values: Mapping[str, Array]) -> Any:
        layer = maker.made(sizes, values, {name: Place(name) for name in values})
        layer.sizes = sizes
        return layer

    pair = Pair(
        maker.cls.__name__,
        lambda sizes, values: SimpleNamespace(sizes=sizes, params=values),
        lambda layer: twin.make(layer.sizes),
        example,
        kind=maker.kind,
        outputs=outputs_of(maker.kind),
        parameters=names,
        batches_only=bool(maker.shape) or not maker.leading_axes,
        data_sets=data_sets,
    )
    _require_usable(pair, twin.name, maker.shape)
    return pair, factory


def names_of(kept_in: Places) -> Names:
    """The rules for a pair in the names of the layer."""
    return {place.name: path + ".T" * place.transposed for path, place in kept_in.items()}


def outputs_of(kind: Kind) -> tuple[str, ...]:
    return ("loss" if kind is Kind.LOSS else "y",)


def _inputs(maker: Maker, data: Data) -> dict[str, Array]:
    shape, targets = maker.shape, maker.targets
    x = data.x(*data.lead, *shape) if shape else data.x()
    if maker.kind is not Kind.LOSS:
        return {"x": x}
    return {"x": x, "t": data.x(*x.shape) if targets in (None, "values") else data.targets(targets)}


def _require_usable(pair: Pair, name: str, shape: tuple[int, ...]) -> None:
    """The module must take the data, and give the same each time."""
    if pair.ordinary not in scenarios_of(pair):
        n, d = pair.ordinary.sizes[:2]
        raise ValueError(f"{name}: PyTorch's own must take the data, got x of shape {(n, *(shape or (d,)))}")
    data = pair.example(pair.layer, Data(pair.ordinary, np.float64))
    once, again = torch_results(pair, data), torch_results(pair, data)
    if any(not np.array_equal(value, again[name], equal_nan=True) for name, value in once.items()):
        raise ValueError(f"{name}: PyTorch's own must give the same result each time, but it is random")
