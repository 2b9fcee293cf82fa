"""Which parameter of a layer is which of PyTorch's: by name, by shape, transposed where only that fits, or as told."""

import contextlib
from collections.abc import Mapping
from typing import Any

import numpy as np

from torch_ref.your_layer.build import canonical
from torch_ref.training.weights import Names


def parameters_of(layer: Any) -> dict[str, Any]:
    """The arrays that may be parameters: those of the mapping `params`, or the attributes that are float arrays."""
    params = getattr(layer, "params", None)
    if isinstance(params, Mapping):
        return {name: value for name, value in params.items() if _is_parameter(value)}
    names = [name for name in getattr(layer, "__dict__", {}) if not name.startswith("_")]
    for cls in type(layer).__mro__:
        names += [name for name, value in vars(cls).items() if isinstance(value, property)]
    arrays = {}
    for name in names:
        with contextlib.suppress(Exception):  # a property may be one of what forward leaves
            arrays[name] = getattr(layer, name)
    found = {name: value for name, value in arrays.items() if _is_parameter(value)}
    return {name: value for name, value in found.items() if not (name[0] == "d" and name[1:] in found)}


def _is_parameter(value: Any) -> bool:
    return isinstance(value, np.ndarray) and value.ndim > 0 and value.dtype.kind == "f"


def match(
    ours: Mapping[str, tuple[int, ...]],
    theirs: Mapping[str, tuple[int, ...]],
    told: Names | None = None,
    *,
    shapes_count: bool = True,
) -> dict[str, str]:
    """PyTorch's names, with ".T" where the matrix is transposed, by ours; the sizes ought to be different ones.

    Where a class is made of arrays, its shapes are ours, and say nothing of which it wants: what is told then counts.
    Raises ValueError where a parameter of PyTorch's has no counterpart, or more than one.
    """
    found = dict(told or {})
    for name, path in found.items():
        if name not in ours or path.removesuffix(".T") not in theirs:
            raise ValueError(
                f"map {name}={path}: the parameters are {_listed(ours)}; those of the twin are {_listed(theirs)}"
            )
        shape = theirs[path.removesuffix(".T")]
        if shapes_count and ours[name] != (shape[::-1] if path.endswith(".T") else shape):
            raise ValueError(f"map {name}={path}: the shapes do not fit, {ours[name]} and {shape}")
    for path, shape in theirs.items():
        if path in {value.removesuffix(".T") for value in found.values()}:
            continue
        fitting = {n: fit for n, own in ours.items() if n not in found and (fit := _fit(own, shape)) is not None}
        named = {name: fit for name, fit in fitting.items() if canonical(name) == canonical(path)}
        straight = {name: fit for name, fit in fitting.items() if not fit}
        for some in (named, straight, fitting):
            if len(some) == 1:
                ((name, fit),) = some.items()
                found[name] = path + fit
                break
        else:
            what = "none of that shape" if not fitting else f"{' and '.join(fitting)}"
            if len(shape) == 2 and shape[0] == shape[1] and shape in ours.values():
                what = "a square one, of which nobody can tell whether it is transposed"
            raise ValueError(
                f"the twin's parameter {path} {shape} must have one counterpart, got {what}; the parameters are"
                f" {_listed(ours)}: keep them as attributes or in a dict `params`, or say which is which, W={path}.T"
            )
    return found


def _fit(ours: tuple[int, ...], theirs: tuple[int, ...]) -> str | None:
    """How one is made of the other: not at all, "" or ".T". Of a square one nobody can tell."""
    if len(ours) == 2 and ours == theirs and ours[0] == ours[1]:
        return None
    if ours == theirs:
        return ""
    return ".T" if len(ours) == 2 and ours == theirs[::-1] else None


def _listed(shapes: Mapping[str, tuple[int, ...]]) -> str:
    return ", ".join(f"{name} {shape}" for name, shape in shapes.items()) or "none"
