"""Functions as people write them, in the form of a class: a pair of functions, a loss, a torch.autograd.Function."""

import inspect
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch

from numpy_impl.validation import Array
from torch_ref.your_layer.methods import targets_come_first


def as_class(found: Any) -> Any:
    """The class itself, or one for a function, for a pair (forward, backward), for an autograd.Function.

    Raises ValueError for anything else.
    """
    if isinstance(found, type):
        return _of_autograd(found) if issubclass(found, torch.autograd.Function) else found
    if isinstance(found, tuple) and len(found) == 2 and all(map(callable, found)):
        return _of_functions(*found)
    if inspect.isroutine(found):
        return _of_loss(found)
    raise ValueError(f"candidate: it must be a class or a function, got {type(found).__name__}")


class _OfFunctions:
    """Of functions that are given all arrays at each call; `params` are the arrays after the first."""

    def __init__(self, **given: Any) -> None:
        self.params = {name: value for name, value in given.items() if isinstance(value, np.ndarray)}
        self.options = {name: value for name, value in given.items() if name not in self.params}


def _of_functions(forward: Callable[..., Any], backward: Callable[..., Any]) -> type:
    names = [list(inspect.signature(one).parameters) for one in (forward, backward)]
    if names[0][:2] == names[1][:2] and len(names[0]) > 1:
        return _of_loss_and_derivative(forward, backward)

    def run(self: Any, x: Array) -> Any:
        return forward(x, **self.params, **self.options)

    def run_back(self: Any, dout: Array, cache: Any) -> Any:
        return _in_names(backward(dout, cache), self.params)

    return _class(forward, {"forward": (run, forward), "backward": (run_back, backward)}, _signature(forward, 1))


def _of_loss_and_derivative(function: Callable[..., Any], derivative: Callable[..., Any]) -> type:
    """loss = f(y_true, y_pred), dx = g(y_true, y_pred), or both the other way round."""
    is_turned = targets_come_first(function)

    def run(self: Any, x: Array, t: Array) -> Any:
        self.data = (t.copy(), x.copy()) if is_turned else (x.copy(), t.copy())
        return function(*self.data, **self.options)

    def run_back(self: Any) -> Any:
        return derivative(*self.data, **self.options)

    methods: dict[str, Any] = {"forward": (run, function), "backward": (run_back, derivative)}
    return _class(function, methods, _signature(function, 2))


def _in_names(returned: Any, params: Mapping[str, Array]) -> Any:
    """(dx, dw, db) in the order of the function's arguments, or a mapping of them."""
    if isinstance(returned, tuple | list) and params:
        return dict(zip(("dx", *(f"d{name}" for name in params)), returned, strict=False))
    return returned


def _of_loss(function: Callable[..., Any]) -> type:
    """loss, dx = f(x, t)"""

    def run(self: Any, x: Array, t: Array) -> Any:
        return function(x, t, **self.options)

    if len(inspect.signature(function).parameters) < 2:
        raise ValueError(
            f"{function.__name__}: a function must come with its derivative, as f,g or f_forward, f_backward"
        )
    made = _class(function, {"forward": (run, function)}, _signature(function, 2))
    made.returns_dx = True  # type: ignore[attr-defined] # which says that no backward is missing
    return made


def _of_autograd(cls: Any) -> type:
    """Beside NumPy's layers it is one whose backward is asked by PyTorch."""

    def run(self: Any, x: Array) -> Array:
        arrays = [x, *self.params.values()]
        self.inputs = [torch.from_numpy(np.array(one)).requires_grad_(one.dtype.kind == "f") for one in arrays]
        self.y = cls.apply(*self.inputs, *self.options.values())
        return self.y.detach().numpy().copy()

    def run_back(self: Any, dout: Array) -> Any:
        found = torch.autograd.grad(
            self.y, self.inputs, torch.from_numpy(np.array(dout)), retain_graph=True, allow_unused=True
        )
        arrays = [
            one.numpy().copy() if one is not None else np.zeros(of.shape)
            for one, of in zip(found, self.inputs, strict=True)
        ]
        return _in_names(tuple(arrays), self.params) if self.params else arrays[0]

    return _class(
        cls, {"forward": (run, cls.forward), "backward": (run_back, cls.backward)}, _signature(cls.forward, 2)
    )


def _class(of: Any, methods: Mapping[str, tuple[Callable[..., Any], Any]], signature: inspect.Signature) -> type:
    """With the lines of what the user wrote, for the places that a report tells."""
    members: dict[str, Any] = {"__module__": of.__module__, "__doc__": of.__doc__}
    for name, (method, written) in methods.items():
        method.written = written  # type: ignore[attr-defined] # a function takes any
        members[name] = method
    made = type(of.__name__, (_OfFunctions,), members)
    made.__signature__ = signature  # type: ignore[attr-defined] # which says what its constructor takes
    return made


def _signature(function: Callable[..., Any], skipped: int) -> inspect.Signature:
    """Of the arguments after the first ones, which are the data."""
    own = list(inspect.signature(function).parameters.values())[skipped:]
    kept = [one for one in own if one.kind in (one.POSITIONAL_OR_KEYWORD, one.KEYWORD_ONLY)]
    return inspect.Signature([one.replace(kind=inspect.Parameter.KEYWORD_ONLY) for one in kept])
