"""Chance: probabilities, and the states of generators."""

from copy import deepcopy
from typing import Any

import numpy as np

from numpy_impl.validation.options import check_real
from numpy_impl.validation.words import kind_of, refuse


def check_share(who: object, name: str, value: Any) -> None:
    """A number from 0 to 1: a probability, a weight."""
    check_real(who, name, value)
    if not 0 <= value <= 1:
        refuse(ValueError, who, f"{name} must be from 0 to 1", value)


def check_generator_state(who: object, name: str, value: Any, rng: np.random.Generator) -> None:
    """What a generator of this kind can be put back to: tried on a copy of it."""
    wanted = f"{name} must be a state of {type(rng.bit_generator).__name__}"
    if not isinstance(value, dict):
        refuse(TypeError, who, wanted, kind_of(value))
    try:
        deepcopy(rng.bit_generator).state = value
    except Exception:  # noqa: BLE001 - of many kinds, by what is wrong with it
        refuse(ValueError, who, wanted, value.get("bit_generator", "another dict"))
