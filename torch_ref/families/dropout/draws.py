"""Masks: what a dropout draws next, and draws that are the same at every call, so that all checks can be made."""

from copy import deepcopy
from typing import Any

import numpy as np

import numpy_impl
from numpy_impl.validation import Array


class SameDraws(np.random.Generator):
    """The same numbers for the same shape, each time."""

    def __init__(self) -> None:
        super().__init__(np.random.PCG64(0))

    def random(self, size: Any = None, *args: Any, **named: Any) -> Any:
        return np.random.default_rng(0).random(size, *args, **named)

    def __deepcopy__(self, _memo: Any) -> "SameDraws":
        return SameDraws()  # a plain Generator would be made of it


def mask_of(shape: tuple[int, ...], p: float, rng: np.random.Generator) -> Array:
    """The mask that a dropout with this generator will draw next; a copy of the generator draws it."""
    return drawn(numpy_impl.Dropout(p, rng=deepcopy(rng)), shape)


def drawn(layer: numpy_impl.Dropout, shape: tuple[int, ...]) -> Array:
    layer.forward(np.ones(shape))
    mask: Array = layer.mask
    return mask
