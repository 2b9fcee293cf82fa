"""A pair with the options that a module of PyTorch's has: those of its layer, or those of its data."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any, TypeAlias

import numpy as np

from torch_ref.pair import Pair
from torch_ref.results import module_of
from torch_ref.scenarios import Data

Arguments: TypeAlias = tuple[list[Any], dict[str, Any]]


def with_options(pair: Pair, cls: Any, arguments: Arguments | None) -> Pair | None:
    """The pair with the options of PyTorch's module of this class; None where the module does something else.

    So GELU, which is the erf form, is not the pair of GELU("tanh"). An option of None is left open.
    """
    args, named = arguments or ([], {})
    try:
        module = cls(*args, **named)
    except Exception:  # noqa: BLE001 - there is none, or it takes other arguments
        return pair if arguments is None else None
    own = module_of(pair, pair.example(pair.layer, Data(pair.ordinary, np.float64)).layer)
    others = {
        name: value
        for name, value in vars(module).items()
        if not name.startswith("_") and name != "inplace" and value is not None and value != getattr(own, name, None)
    }
    if not others:
        return pair
    if not set(others) <= set(pair.options) - {"ignore_index"}:  # the data know which labels there are
        return None
    return replace(pair, example=lambda made, data: pair.example(partial(made, **others), data))


def with_settings(pair: Pair, module: Any, shape: Sequence[int]) -> Pair | None:
    """The pair on data for a convolution or pooling with this stride, padding, ...; None where it has none for it."""
    like: Any = pair.like
    settings = {scenario: like(module, shape, scenario) for scenario in pair.data_sets}
    if settings[pair.ordinary] is None:
        return None
    data_sets = [replace(one, settings=found) for one, found in settings.items() if found is not None]
    return replace(pair, data_sets=data_sets)
