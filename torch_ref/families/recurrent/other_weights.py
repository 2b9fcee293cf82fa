"""A run of a layer by other values of its weights, as slips in the order of gates make it."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from numpy_impl.validation import Array


def by_other_weights(layer: Any, run: Any, **values: Array) -> Any:
    """The result of a run with other values of some parameters."""
    kept = {name: layer.__dict__[name] for name in values}
    layer.__dict__.update(values)
    try:
        return run()
    finally:
        layer.__dict__.update(kept)


def in_order(W: Array, order: Sequence[int]) -> Array:
    return np.concatenate([np.split(W, len(order), axis=-1)[i] for i in order], axis=-1)
