"""A class made of functions, for the interface that the adapters expect."""

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from numpy_impl.validation import Array


class OfFunctions:
    """Of functions that are given all arrays at each call; `params` are the arrays after the inputs."""

    data_names: Sequence[str] = ("x",)

    def __init__(self, **given: Any) -> None:
        self.params = {name: value for name, value in given.items() if isinstance(value, np.ndarray)}
        self.options = {name: value for name, value in given.items() if name not in self.params}


def class_of(
    of: Any,
    methods: Mapping[str, tuple[Callable[..., Any], Any]],
    signature: inspect.Signature,
    inputs: Sequence[str] = ("x",),
) -> type:
    """With the lines of what the user wrote, for the places that a report tells."""
    members: dict[str, Any] = {"__module__": of.__module__, "__doc__": of.__doc__, "data_names": tuple(inputs)}
    for name, (method, written) in methods.items():
        method.written = written  # type: ignore[attr-defined] # a function takes any
        members[name] = method
    made = type(of.__name__, (OfFunctions,), members)
    made.__signature__ = signature  # type: ignore[attr-defined] # which says what its constructor takes
    return made


def signature_after(function: Callable[..., Any], skipped: int) -> inspect.Signature:
    """Of the arguments after the first ones, which are the data."""
    own = list(inspect.signature(function).parameters.values())[skipped:]
    kept = [one for one in own if one.kind in (one.POSITIONAL_OR_KEYWORD, one.KEYWORD_ONLY)]
    return inspect.Signature([one.replace(kind=inspect.Parameter.KEYWORD_ONLY) for one in kept])


def in_names(returned: Any, inputs: Sequence[str], params: Mapping[str, Array]) -> Any:
    """(dx, dw, db) in the order of the function's arguments, as a mapping; of ids there is no dx."""
    if isinstance(returned, tuple | list) and params:
        inputs = () if len(returned) == len(params) else inputs
        return dict(zip((f"d{name}" for name in (*inputs, *params)), returned, strict=False))
    return returned
