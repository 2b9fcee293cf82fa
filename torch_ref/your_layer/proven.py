"""A class that is compared with a pair of the registry: its bounds are proven."""

import contextlib
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np

from numpy_impl.validation import Array
from torch_ref.your_layer.adapt import LayerAdapter, NetworkAdapter, Place
from torch_ref.your_layer.build import takes
from torch_ref.your_layer.make import Given, adapted, make, name_of, resized
from torch_ref.your_layer.match import match, parameters_of
from torch_ref.pair import Example, Pair
from torch_ref.results import params_of, twin_of
from torch_ref.scenarios import Data


def like_pair(cls: Any, pair: Pair, given: Given) -> tuple[Pair, Callable[..., Any]]:
    """The pair, on data that the class can be given, and what makes the class in the place of the pair's layer."""
    example = _example(pair)
    params = params_of(pair, example.layer)
    rigid = bool(params) and not takes(cls, _sizes_of(example, params), params)
    if params and not parameters_of(_made_somehow(cls, example, params, given)):
        raise ValueError(
            f"{name_of(cls)}: it must keep its parameters as attributes or in a dict `params`, as arrays, got none;"
            f" its twin has {', '.join(pair.parameters.values())}"
        )
    if rigid and not given.sizes:
        raise ValueError(f"{name_of(cls)}: it makes its parameters in sizes of its own, which must be given")
    if not given.leading_axes:
        pair = _on_batches(pair)
    if given.sizes:
        pair = replace(pair, data_sets=resized(pair.data_sets, given.sizes, rigid=rigid))
    if rigid:  # it has but one size; else the usual sizes tell more, for they differ
        example = _example(pair)
    kept_in = _kept_in(cls, pair, example, given)

    def factory(*args: Any, **kwargs: Any) -> Any:
        params = params_of(pair, pair.layer(*args, **kwargs))
        return _made(cls, example, params, kept_in, given)

    return pair, factory


@cache
def _on_batches(pair: Pair) -> Pair:
    """The same one each time, for what is right on its data is kept by the pair."""
    return replace(pair, batches_only=True)


def _example(pair: Pair) -> Example:
    return pair.example(pair.layer, Data(pair.ordinary, np.float64))


def _sizes_of(example: Example, params: Mapping[str, Array]) -> dict[str, int]:
    """By the parameters; where there are none, those of the example."""
    if "W2" in params:
        return {"in": len(params["W1"]), "hidden": len(params["b1"]), "out": len(params["b2"])}
    if "W" in params:
        return {"in": len(params["W"]), "out": len(params["b"])}
    return {"in": example.inputs["x"].shape[-1]}


def _made(
    cls: Any, example: Example, params: Mapping[str, Array], kept_in: Mapping[str, Place], given: Given
) -> LayerAdapter | NetworkAdapter:
    own = {name: place.read(params[name]) for name, place in kept_in.items()}
    layer = make(cls, _sizes_of(example, params), own, given.options)
    return adapted(layer, kept_in, own if hasattr(layer, "backward") else {})


def _kept_in(cls: Any, pair: Pair, example: Example, given: Given) -> dict[str, Place]:
    """Where the class keeps the parameters. One that takes arrays may want W as (in, out) or (out, in): it is tried."""
    if not pair.parameters:
        return {}
    params = params_of(pair, example.layer)
    theirs = {path: tuple(value.shape) for path, value in twin_of(pair, example.layer).named_parameters()}
    own = parameters_of(_made_somehow(cls, example, params, given))
    shapes, takes_arrays = {name: array.shape for name, array in own.items()}, takes(cls, {}, params)
    names = match(shapes, theirs, given.names, shapes_count=not takes_arrays)
    by_path = {path.removesuffix(".T"): (name, path.endswith(".T")) for name, path in names.items()}
    found = {}
    for name, path in pair.parameters.items():
        its_name, is_turned = by_path[path.removesuffix(".T")]
        found[name] = Place(its_name, is_turned != path.endswith(".T"))
    if given.names or not takes_arrays:
        return found
    straight = {name: Place(place.name) for name, place in found.items()}
    turned = {name: Place(place.name, params[name].ndim == 2) for name, place in found.items()}
    runs = [_runs(cls, example, params, kept_in, given) for kept_in in (straight, turned)]
    return turned if runs == [False, True] else straight


def _made_somehow(cls: Any, example: Example, params: Mapping[str, Array], given: Given) -> Any:
    """Of the parameters as they are, or of their transposes, where it wants those."""
    sizes = _sizes_of(example, params)
    try:
        return make(cls, sizes, params, given.options)
    except ValueError:
        with contextlib.suppress(ValueError):
            return make(cls, sizes, {name: value.T for name, value in params.items()}, given.options)
        raise


def _runs(cls: Any, example: Example, params: Mapping[str, Array], kept_in: Mapping[str, Place], given: Given) -> bool:
    inputs = map(np.array, example.inputs.values())
    try:
        layer = _made(cls, example, params, kept_in, given)
        _ = layer.forward(*inputs) if isinstance(layer, LayerAdapter) else layer.gradient(*inputs)
    except Exception:  # noqa: BLE001 - whatever somebody's code raises
        return False
    return True
