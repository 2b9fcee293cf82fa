"""Both sides of a training as arrays and JSON, from which they go on bit for bit.

That is their weights, what their optimizers keep, and what their layers keep: running statistics as arrays, generators
as JSON.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from numpy_impl.validation import Array
from torch_ref import SideBySide

Saved = tuple[dict[str, Array], dict[str, Any]]


def saved(sides: SideBySide) -> Saved:
    """Arrays by names such as numpy.W1, numpy.W1.m, numpy.BatchNorm1.running_mean; all else in the form that it has."""
    arrays, rest = {**sides.weights, **sides.optimizer_states}, {}
    for side, layers in sides.layer_states.items():
        rest[side] = {layer: {k: v for k, v in kept.items() if not _is_array(v)} for layer, kept in layers.items()}
        for layer, kept in layers.items():
            arrays |= {f"{side}.{layer}.{key}": value for key, value in kept.items() if _is_array(value)}
    return arrays, rest


def restore(sides: SideBySide, arrays: Mapping[str, Array], rest: Mapping[str, Any]) -> None:
    """Raises ValueError, TypeError, LookupError for those of another training."""
    states = sides.layer_states
    of_layers = set()
    for side, layers in states.items():
        for layer, kept in layers.items():
            names = {key: f"{side}.{layer}.{key}" for key, value in kept.items() if _is_array(value)}
            of_layers |= set(names.values())
            kept |= {key: arrays[name] for key, name in names.items()} | rest[side][layer]
    of_optimizers = arrays.keys() - sides.weights.keys() - of_layers
    sides.load(arrays)
    sides.load_layer_states(states)
    sides.load_optimizer_states({name: arrays[name] for name in of_optimizers})


def _is_array(value: Any) -> bool:
    return isinstance(value, np.ndarray)
