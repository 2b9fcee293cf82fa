"""Mappings of names to arrays: parameters and their gradients."""

from collections.abc import Collection, Mapping
from typing import Any, NoReturn

import numpy as np

from numpy_impl.validation.arrays import check_array, check_parameter, check_writeable, is_float
from numpy_impl.validation.words import kind_of, refuse


def refuse_key(who: object, key: object, keys: Collection[str]) -> NoReturn:
    refuse(KeyError, who, f"a parameter must be one of {', '.join(keys)}", repr(key))


def check_mapping(who: object, name: str, value: object) -> None:
    if not isinstance(value, dict | Mapping):  # a dict, as most are, is known at once
        refuse(TypeError, who, f"{name} must be a mapping of arrays", kind_of(value))


def check_same_keys(who: object, name: str, mapping: Any, like: Mapping[str, Any]) -> None:
    check_mapping(who, name, mapping)
    if mapping.keys() != like.keys():
        wanted, got = (", ".join(map(str, keys)) or "none" for keys in (like, mapping))
        refuse(ValueError, who, f"{name} must have the keys {wanted}", got)


def check_update(who: object, params: Mapping[str, Any], grads: Any) -> None:
    """Parameters that can be changed in place, and a gradient like it for each."""
    check_same_keys(who, "grads", grads, params)
    for key, param in params.items():
        grad = grads[key]
        # All at once, for this is asked in every step; where something is wrong, what it is.
        alike = type(param) is type(grad) is np.ndarray and param.dtype == grad.dtype and param.shape == grad.shape
        if not (alike and param.flags.writeable and is_float(param.dtype)):
            check_array(who, f"params[{key!r}]", param)
            check_parameter(who, f"grads[{key!r}]", grad, param)
            check_writeable(who, f"params[{key!r}]", param)
