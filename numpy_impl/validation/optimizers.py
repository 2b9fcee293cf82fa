"""Optimizers: their options, each returned as it is kept, and their state."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from numpy_impl.validation.arrays import Array, check_array, check_parameter
from numpy_impl.validation.mappings import check_mapping, check_same_keys
from numpy_impl.validation.options import check_at_least_zero, check_flag, check_real
from numpy_impl.validation.words import is_whole, kind_of, refuse

GREATEST_COUNT = 2**53  # a float64, which powers are taken of, has all integers up to here


def rate(who: object, name: str, value: Any) -> float:
    """A learning rate, an eps, a weight decay."""
    check_at_least_zero(who, name, value)
    return float(value)


def share(who: object, name: str, value: Any) -> float:
    """What a moving mean keeps of what it was; one that keeps all would never move."""
    check_real(who, name, value)
    if not 0 <= float(value) < 1:
        refuse(ValueError, who, f"{name} must be from 0 to below 1", value)
    return float(value)


def two_shares(who: object, name: str, value: Any) -> tuple[float, float]:
    if not isinstance(value, tuple | list):
        refuse(TypeError, who, f"{name} must be two numbers", kind_of(value))
    if len(value) != 2:
        refuse(ValueError, who, f"{name} must be two numbers", f"{len(value)} of them")
    first, second = (share(who, f"{name}[{i}]", one) for i, one in enumerate(value))
    return first, second


def momentum_beside_nesterov(who: object, name: str, value: Any) -> float:
    momentum = rate(who, name, value)
    if momentum == 0 and vars(who).get("nesterov"):
        refuse(ValueError, who, f"{name} must be above 0, for nesterov is True", value)
    return momentum


def nesterov_beside_momentum(who: object, name: str, value: Any) -> bool:
    check_flag(who, name, value)
    if value and vars(who).get("momentum") == 0:
        refuse(ValueError, who, f"{name} must be False, for momentum is 0", value)
    return bool(value)


def check_state(who: object, state: Any, fresh: Mapping[str, Any], known: Mapping[str, Mapping[str, Any]]) -> None:
    """Of each parameter what the optimizer keeps of one, as `fresh` has it.

    Where it has a state of parameters already, of just these, in their shapes and dtypes; but an empty one forgets all.
    """
    check_mapping(who, "state", state)
    if known and state and known.keys() != state.keys():
        refuse(ValueError, who, f"state must be of {', '.join(map(str, known))}", ", ".join(map(str, state)))
    for key, entries in state.items():
        name = f"state[{key!r}]"
        check_same_keys(who, name, entries, fresh)
        arrays = {}
        for entry, like in fresh.items():
            if isinstance(like, int):
                check_count(who, f"{name}[{entry!r}]", entries[entry])
            else:
                check_array(who, f"{name}[{entry!r}]", entries[entry])
                arrays[entry] = entries[entry]
        for entry, value in arrays.items():
            like = known[key][entry] if known else next(iter(arrays.values()))
            check_parameter(who, f"{name}[{entry!r}]", value, like)


def check_count(who: object, name: str, value: Any) -> None:
    """A number of steps: also an array of one, as a file gives it back."""
    if type(value) is np.ndarray and value.shape == ():
        value = value[()]
    if not is_whole(value):
        refuse(TypeError, who, f"{name} must be an integer", kind_of(value))
    if not 0 <= value <= GREATEST_COUNT:
        refuse(ValueError, who, f"{name} must be from 0 to {GREATEST_COUNT}", value)


def check_state_fits(who: object, key: object, state: Mapping[str, Any], p: Array) -> None:
    """A state that was put in place before the parameter was known."""
    for entry, value in state.items():
        if isinstance(value, int):
            continue
        if value.dtype != p.dtype:
            refuse(TypeError, who, f"state[{key!r}][{entry!r}] must be {p.dtype}", value.dtype)
        if value.shape != p.shape:
            refuse(ValueError, who, f"state[{key!r}][{entry!r}] must have shape {p.shape}", value.shape)
