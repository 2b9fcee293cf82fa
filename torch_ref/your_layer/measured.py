"""A user's class beside any PyTorch module: its bounds are measured."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import torch

from numpy_impl.validation import Array
from torch_ref import places
from torch_ref.pair import Example, Kind, Pair
from torch_ref.results import scenarios_of, torch_results
from torch_ref.scenarios import SCENARIOS, USUAL, Data
from torch_ref.training.weights import Names, params_of
from torch_ref.your_layer.adapter import Adapter
from torch_ref.your_layer.eps import eps_causes
from torch_ref.your_layer.maker import Maker, resized
from torch_ref.your_layer.match import Place, Places
from torch_ref.your_layer.options import options_from
from torch_ref.your_layer.twins import Twin, shape_for


def like_module(maker: Maker, twin: Twin) -> tuple[Pair, Callable[..., Any]]:
    """A pair for the module, and the function that makes the class for it. The pair's names are those of the class."""
    sizes = {"in": USUAL.D, "hidden": USUAL.H, "out": USUAL.C if maker.kind is Kind.NETWORK else USUAL.H}
    sizes |= dict(maker.sizes)
    module = twin.make(sizes)
    shape = maker.shape or shape_for(module)
    own = dict(maker.sizes) | ({"in": shape[0]} if shape else {})
    maker = replace(maker, shape=shape, sizes=own, options=options_from(module, maker.cls) | dict(maker.options or {}))
    theirs = {path: p.detach().double().numpy() for path, p in module.named_parameters()}
    maker = replace(maker, targets=maker.targets or _targets_of(module, maker, shape))
    data_sets = resized(SCENARIOS, maker.sizes, rigid=maker.is_rigid(sizes, theirs))
    ordinary = _inputs(maker, Data(data_sets[0], np.float64))
    found = maker.places(sizes, theirs, {path: path for path in theirs}, ordinary)
    names = names_of(found)
    kept_in = {_label(place, path): place._replace(transposed=False) for path, place in found.items()}

    def example(make: Callable[..., Any], data: Data) -> Example:
        sizes = {"in": data.D, "hidden": data.H, "out": data.C if maker.kind is Kind.NETWORK else data.H}
        module = twin.make(sizes)
        values = {
            name: data.weights(*value.shape) if value.ndim > 1 else data.biases(*value.shape)
            for name, value in params_of(module, names).items()
        }
        inputs = _inputs(maker, data)
        if maker.kind is Kind.NETWORK:
            net = make(sizes, values)
            for name, place in kept_in.items() if isinstance(net, Adapter) else ():
                places.put(net.layer, place.name, place.of_layer(values[name]))
            return Example(net, inputs)
        if maker.kind is Kind.LOSS:
            return Example(make(sizes, values), inputs, {"dout": data.number()})
        with torch.no_grad():
            y = module.double()(torch.from_numpy(inputs["x"].astype(np.float64)))
        return Example(make(sizes, values), inputs, {"dout": data.dout(*y.shape)})

    def factory(sizes: Mapping[str, int], values: Mapping[str, Array]) -> Any:
        layer = maker.made(sizes, values, kept_in)
        layer.sizes = sizes
        return layer

    pair = Pair(
        maker.cls.__name__,
        lambda sizes, values: SimpleNamespace(sizes=sizes, params=values),
        lambda layer: twin.make(layer.sizes),
        example,
        kind=maker.kind,
        outputs=outputs_of(maker.kind),
        input_gradients=() if maker.kind is Kind.NETWORK else ("x",),
        parameters=names,
        causes=eps_causes(module),
        batches_only=bool(maker.shape) or not maker.leading_axes,
        data_sets=data_sets,
    )
    _require_usable(pair, twin.name, maker.shape)
    return pair, factory


def _targets_of(module: Any, maker: Maker, shape: tuple[int, ...]) -> str | None:
    """The form of t that a loss takes, where nobody says it: values, or class indices."""
    data = Data(SCENARIOS[0], np.float64)
    x = torch.from_numpy(data.x(*data.lead, *shape) if shape else data.x())
    for targets in ("values", "labels") if maker.kind is Kind.LOSS else ():
        t = torch.ones(x.shape) if targets == "values" else torch.zeros(len(x), dtype=torch.int64)
        try:
            module.double()(x, t.to(x.dtype) if targets == "values" else t)
        except (RuntimeError, ValueError, IndexError, TypeError):
            continue
        return targets
    return None


def names_of(kept_in: Places) -> Names:
    """The rules for a pair in the names of the layer."""
    return {_label(place, path): path + ".T" * place.transposed for path, place in kept_in.items()}


def _label(place: Place, path: str) -> str:
    """The layer's name for a parameter; PyTorch's for one in a list, which has no name."""
    return path if "[" in place.name else place.name


def outputs_of(kind: Kind) -> tuple[str, ...]:
    return ("y" if kind is Kind.LAYER else "loss",)


def _inputs(maker: Maker, data: Data) -> dict[str, Array]:
    shape, targets = maker.shape, maker.targets
    x = data.x(*data.lead, *shape) if shape else data.x()
    if maker.kind is Kind.NETWORK:
        return {"x": x, "t": data.labels()}
    if maker.kind is Kind.LAYER:
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
