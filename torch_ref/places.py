"""Where a layer keeps a parameter and its gradient, in all the ways in which people do.

A parameter is told by its path from the layer: "W", "fc1.W", "params[0]"; "W1" may be an entry of the mapping `params`.
It is an array, or an object that holds one in `data` or `value`. Its gradient is dW, dLdW, grad_W, gradient_weights, an
entry of the mapping or the list `grads`, or W.grad.
"""

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any

import numpy as np

PARAMETERS = {
    "weight": ["w", "weight", "weights", "kernel", "kernels", "filter", "filters", "gamma", "scale", "bw"],
    "bias": ["b", "bias", "biases", "beta", "shift", "bb"],
    "weight_ih": ["wx", "w_x", "w_ih", "wih", "wxh", "w_xh", "weight_ih", "weight_ih_l"],  # of a recurrent layer
    "weight_hh": ["wh", "w_h", "w_hh", "whh", "weight_hh", "weight_hh_l"],
    "bias_ih": ["bx", "b_x", "b_ih", "bih", "bias_ih", "bias_ih_l"],
    "bias_hh": ["bh", "b_h", "b_hh", "bhh", "bias_hh", "bias_hh_l"],
}
HOLDERS = ("data", "value")  # of the array, in an object that is a parameter
GRADIENT = re.compile(r"(?:dL?_?d?_?|grads?_?|gradients?_?)(.+)|(.+?)_?(?:grad|gradient)s?", re.IGNORECASE)


def is_gradient(name: str) -> bool:
    """Whether a result of this name is a gradient: dW is that of W."""
    return name.startswith("d")


def canonical(name: str) -> tuple[str, str]:
    """The kind of a parameter, and its number: ("weight", "1") for W1, w1, weight_1, Affine1.weight."""
    owner, _, last = name.rpartition(".")
    word, number = re.fullmatch(r"(.*?)_?(\d*)", last.lower()).groups()  # type: ignore[union-attr] # it always matches
    kind = next((kind for kind, words in PARAMETERS.items() if word in words), word)
    return kind, number or "".join(re.findall(r"\d+$", owner))


def parameter(layer: Any, path: str) -> Any:
    """The array of the parameter."""
    found = _step(*_at(layer, path))
    holder = holder_of(found)
    return getattr(found, holder) if holder else found


def attributes(thing: Any) -> dict[str, Any]:
    """What an object has of its own, in `__slots__` or not, in the order in which it was made or declared."""
    slots = [vars(cls).get("__slots__", ()) for cls in reversed(type(thing).__mro__)]
    names = [name for some in slots for name in ([some] if isinstance(some, str) else some)]
    found = {name: getattr(thing, name) for name in names if hasattr(thing, name) and name != "__dict__"}
    return found | getattr(thing, "__dict__", {})


def holder_of(thing: Any) -> str:
    """The attribute that has the array, of an object that is a parameter; empty for all other things."""
    if isinstance(thing, np.ndarray):
        return ""
    return next((name for name in HOLDERS if isinstance(getattr(thing, name, None), np.ndarray)), "")


def gradient(layer: Any, path: str) -> Any:
    """The gradient of the parameter. Raises AttributeError where there is none."""
    if hasattr(layer, f"d{path}"):  # as it is in most layers
        return getattr(layer, f"d{path}")
    owner, key = _at(layer, path)
    own = _step(owner, key)
    for name in ("grad", "gradient"):
        if not isinstance(own, np.ndarray) and hasattr(own, name):
            return getattr(own, name)
    if isinstance(owner, tuple) and len(owner) == 2:  # of an array and its gradient
        return owner[1]
    whose = layer if isinstance(owner, list | Mapping) else owner
    for found in (*_in_containers(whose, path, key), *_attributes(whose, key)):
        return found
    name = key if whose is owner else path
    raise AttributeError(f"backward must leave a gradient of {name}, as d{name} or in grads[{name!r}], got none")


def _in_containers(layer: Any, path: str, key: str) -> Iterator[Any]:
    """In `grads` under the key, or at the parameter's place in the list of all."""
    for name in ("grads", "gradients"):
        grads = getattr(layer, name, None)
        if isinstance(grads, Mapping):
            yield from (grads[one] for one in (key, f"d{key}") if one in grads)
            yield from (value for one, value in grads.items() if is_gradient_of(str(one), key))
        elif isinstance(grads, list | tuple):
            inside = re.fullmatch(r"\w+\[(\d+)\].*", path)
            at = int(inside[1]) if inside else next((i for i, own in enumerate(_own(layer)) if own == key), len(grads))
            yield from grads[at : at + 1]


def _own(layer: Any) -> list[str]:
    """The names of the arrays that may be parameters, in the order in which they were made."""
    return [name for name, value in attributes(layer).items() if isinstance(value, np.ndarray)]


def _attributes(layer: Any, key: str) -> Iterator[Any]:
    for name, value in attributes(layer).items():
        if name != key and is_gradient_of(name, key) and value is not None:
            yield value


def is_gradient_of(name: str, key: str) -> bool:
    """Whether a name is that of the gradient of this parameter."""
    found = GRADIENT.fullmatch(name)
    return found is not None and canonical(found[1] or found[2]) == canonical(key)


def assign(layer: Any, path: str, value: Any) -> None:
    """Makes an array the parameter."""
    owner, key = (layer, path) if hasattr(layer, path) else _at(layer, path)
    now = _step(owner, key)
    if holder_of(now):
        setattr(now, holder_of(now), value)
    elif isinstance(owner, list):
        owner[int(key)] = value
    elif isinstance(owner, Mapping):
        owner[key] = value  # type: ignore[index] # it is refused, if it cannot be
    else:
        setattr(owner, key, value)


def put(layer: Any, path: str, value: Any) -> None:
    """Writes the value into the parameter's array, which others may hold too, where it fits; else assigns it.

    It is assigned too where the array is of a wider dtype and the layer's alone, which shall compute in the value's.
    """
    now = parameter(layer, path)
    fits = now.shape == value.shape and now.flags.writeable and np.can_cast(value.dtype, now.dtype)
    if fits:
        now[...] = value
    if not fits:
        assign(layer, path, value)
    elif now.dtype != value.dtype and _holders(layer, now, set()) == 1:
        with suppress(AttributeError):  # of a frozen dataclass, which computes in the wider dtype
            assign(layer, path, value)


def _holders(thing: Any, array: Any, seen: set[int]) -> int:
    """In how many places of a layer, of its containers and of its layers this very array is."""
    if thing is array:
        return 1
    inside = thing if isinstance(thing, dict) else attributes(thing)
    parts = thing if isinstance(thing, list | tuple) else list(inside.values())
    if id(thing) in seen or isinstance(thing, type):
        return 0
    seen.add(id(thing))
    return sum(_holders(part, array, seen) for part in parts)


def params_in(layer: Any) -> Any:
    """What the layer calls its params or, in a dict, its parameters."""
    parameters = getattr(layer, "parameters", None)
    return (
        parameters if isinstance(parameters, dict) and not hasattr(layer, "params") else getattr(layer, "params", None)
    )


def _at(layer: Any, path: str) -> tuple[Any, str]:
    """What has the parameter, and its name or number there; a name in `params` may have dots of its own."""
    params = params_in(layer)
    if isinstance(params, Mapping) and path in params:
        return params, path
    *owners, last = re.findall(r"[^.\[\]]+", path)
    for step in owners:
        layer = _step(layer, step)
    return layer, last


def _step(owner: Any, key: str) -> Any:
    params = params_in(owner)
    if isinstance(owner, Mapping):
        return owner[key]
    if isinstance(owner, list | tuple):
        return owner[int(key)]
    return params[key] if isinstance(params, Mapping) and key in params else getattr(owner, key)
