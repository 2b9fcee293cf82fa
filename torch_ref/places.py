"""Where a layer keeps its parameters and their gradients: as W and dW, or in the mappings `params` and `grads`."""

from collections.abc import Mapping
from typing import Any

import numpy as np


def is_gradient(name: str) -> bool:
    """Whether a result of this name is a gradient: dW is that of W."""
    return name.startswith("d")


def parameter(layer: Any, name: str) -> Any:
    """layer.params[name], or the attribute of that name."""
    params = getattr(layer, "params", None)
    return params[name] if isinstance(params, Mapping) and name in params else getattr(layer, name)


def gradient(layer: Any, name: str) -> Any:
    """The attribute dW, or W or dW in the mapping `grads`. Raises AttributeError where there is none of them."""
    if hasattr(layer, f"d{name}"):
        return getattr(layer, f"d{name}")
    grads = getattr(layer, "grads", None)
    for key in (name, f"d{name}"):
        if isinstance(grads, Mapping) and key in grads:
            return grads[key]
    raise AttributeError(f"backward must leave a gradient of {name}, as d{name} or in grads[{name!r}], got none")


def assign(layer: Any, name: str, value: Any) -> None:
    """Makes an array the parameter of this name: an attribute, where the layer has it, else an entry of `params`."""
    if hasattr(layer, name):
        setattr(layer, name, value)
    else:
        layer.params[name] = value


def put(layer: Any, name: str, value: Any) -> None:
    """Writes the value into the parameter's array, where it fits, and assigns it too: a layer heeds one of the two."""
    now = parameter(layer, name)
    if now.shape == value.shape and now.flags.writeable and np.can_cast(value.dtype, now.dtype, "same_kind"):
        now[...] = value
    assign(layer, name, value)
