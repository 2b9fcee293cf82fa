"""Layers of these tests, examined: each examination is computed once."""

from functools import cache
from typing import Any

import hostile_layers
import numpy as np
import odd_layers
import own_layers

from torch_ref import Examination, candidate, examine

MODULES = (hostile_layers, odd_layers, own_layers)


@cache
def examined(layer: Any, like: Any = "Linear", dtypes: tuple[Any, ...] = (np.float32,), **given: Any) -> Examination:
    """`layer` is a class, or the name of one in these modules; `given` is for `candidate`, or `examine`."""
    if isinstance(layer, str):
        layer = next(getattr(module, layer) for module in MODULES if hasattr(module, layer))
    how = {name: given.pop(name) for name in ("skip", "strict", "only", "seed") if name in given}
    return examine(candidate(layer, like, **given), dtypes, **how)
