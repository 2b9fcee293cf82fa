"""A user's class beside a pair of the registry: its bounds are proven."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np

from numpy_impl.validation import Array
from torch_ref.pair import Example, Pair
from torch_ref.results import module_of, params_of
from torch_ref.right import options_of
from torch_ref.scenarios import Data, Scenario
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
    pair = _with_its_options(pair)
    if not maker.leading_axes:
        pair = _on_batches(pair)
    if maker.sizes:
        pair = replace(pair, data_sets=resized(pair.data_sets, maker.sizes, rigid=rigid))
    if rigid:  # in its one size; else the usual sizes tell more, for they differ
        example, params, sizes = _example(pair)
    x, shape_of_y = next(iter(example.inputs.values())), None
    if x.ndim > 2:
        maker, shape_of_y = replace(maker, shape=x.shape[1:]), np.shape(example.upstream["dout"])
    kept_in = maker.places(sizes, params, pair.parameters, example.inputs, shape_of_y)

    def factory(*args: Any, **kwargs: Any) -> Any:
        own = pair.layer(*args, **kwargs)
        params = params_of(pair, own)
        made = maker.made(_sizes_of(example, params), params, kept_in)
        vars(made).update(options_of(pair, own))  # which the formulas and the twin need, and a user calls otherwise
        return made

    return pair, factory


@cache
def _with_its_options(pair: Pair) -> Pair:
    """On data for the options of the ordinary layer alone, in which the class is made."""

    def options(scenario: Scenario) -> dict[str, Any]:
        return options_of(pair, pair.example(pair.layer, Data(scenario, np.float64)).layer)

    if not pair.options:
        return pair
    kept = [one for one in pair.data_sets if options(one) == options(pair.ordinary)]
    names = {one.name for one in kept}
    return replace(pair, data_sets=kept, flat_on=[name for name in pair.flat_on if name in names])


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
        size = params["W"].shape
        # Of a kernel (F, C, KH, KW) the filters are a bias's; of ids the features are what comes out.
        return {"in": size[1 if len(size) > 2 else 0], "out": len(params["b"]) if "b" in params else size[-1]}
    if "Wh" in params:
        return {"in": len(params["Wx"]), "hidden": len(params["Wh"])}
    return {"in": next(iter(example.inputs.values())).shape[-1]}
