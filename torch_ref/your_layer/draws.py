"""The random numbers that a user's layer draws: the same ones each time."""

import contextlib
import sys
from collections.abc import Iterator
from typing import Any

import numpy as np

from torch_ref.checks.chance import seeded
from torch_ref.places import attributes


@contextlib.contextmanager
def same_draws(layer: Any) -> Iterator[None]:
    """From the same state: NumPy's and Python's global ones, the generators of the layer, and those of its module."""
    start = np.random.default_rng(0).bit_generator.state
    places = (attributes(layer), vars(sys.modules.get(type(layer).__module__, sys)))
    for own in [one for place in places for one in place.values() if isinstance(one, np.random.Generator)]:
        with contextlib.suppress(ValueError):  # of another kind of bits
            own.bit_generator.state = start
    with seeded(0):
        yield
