"""A user's class beside a pair of the registry: its bounds are proven."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np

from numpy_impl.validation import Array
from torch_ref.pair import Example, Pair
from torch_ref.results import module_of, params_of
from torch_ref.scenarios import Data
from torch_ref.your_layer.build import name_of, sizes_in
from torch_ref.your_layer.maker import Maker, resized
from torch_ref.your_layer.options import options_from


def like_pair(maker: Maker, pair: Pair) -> tuple[Pair, Callable[..., Any]]:
    """The pair, on data that the class can be given, and the function that makes the class for it."""
    example, params, sizes = _example(pair)
    has_size = bool(sizes_in(maker.options or {}))  # that its user says
    options = options_from(module_of(pair, example.layer), maker.cls)
    maker = replace(maker, options=options | dict(maker.options or {}))
    rigid = maker.is_rigid(sizes, params) or has_size
    if rigid and not maker.sizes:
        raise ValueError(f"{name_of(maker.cls)}: it makes its parameters in sizes of its own, which must be given")
    if not maker.leading_axes:
        pair = _on_batches(pair)
    if maker.sizes:
        pair = replace(pair, data_sets=resized(pair.data_sets, maker.sizes, rigid=rigid))
    if rigid:  # in its one size; else the usual sizes tell more, for they differ
        example, params, sizes = _example(pair)
    kept_in = maker.places(sizes, params, pair.parameters, example.inputs)

    def factory(*args: Any, **kwargs: Any) -> Any:
        params = params_of(pair, pair.layer(*args, **kwargs))
        return maker.made(_sizes_of(example, params), params, kept_in)

    return pair, factory


@cache
def _on_batches(pair: Pair) -> Pair:
    """The same one each time, so that what is right on its data is computed once."""
    return replace(pair, batches_only=True)


def _example(pair: Pair) -> tuple[Example, dict[str, Array], dict[str, int]]:
    """An example of the pair's own layer, its parameters, and its sizes."""
    example = pair.example(pair.layer, Data(pair.ordinary, np.float64))
    params = params_of(pair, example.layer)
    return example, params, _sizes_of(example, params)


def _sizes_of(example: Example, params: Mapping[str, Array]) -> dict[str, int]:
    """By the parameters; where there are none, those of the example."""
    if "W2" in params:
        return {"in": len(params["W1"]), "hidden": len(params["b1"]), "out": len(params["b2"])}
    if "W" in params:
        return {"in": len(params["W"]), "out": len(params["b"])}
    return {"in": example.inputs["x"].shape[-1]}
