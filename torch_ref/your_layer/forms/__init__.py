"""Functions as people write them, in the form of a class: a pair of functions, a loss, a torch.autograd.Function."""

import inspect
from collections.abc import Callable
from typing import Any

import torch

from numpy_impl.validation import Array
from torch_ref.your_layer.forms.autograd_function import of_autograd
from torch_ref.your_layer.forms.derivatives import of_derivative
from torch_ref.your_layer.forms.function_class import class_of, in_names, signature_after
from torch_ref.your_layer.forms.losses import of_loss, of_loss_and_derivative
from torch_ref.your_layer.methods import arguments_of, data_of


def as_class(found: Any) -> Any:
    """The class itself, or one for a function, for a pair (forward, backward), for an autograd.Function.

    Raises ValueError for anything else.
    """
    if isinstance(found, type):
        return of_autograd(found) if issubclass(found, torch.autograd.Function) else found
    if isinstance(found, tuple) and len(found) == 2 and all(map(callable, found)):
        return _of_functions(*found)
    if inspect.isroutine(found):
        return of_loss(found)
    raise ValueError(f"candidate: it must be a class or a function, got {type(found).__name__}")


def _of_functions(forward: Callable[..., Any], backward: Callable[..., Any]) -> type:
    names = [list(inspect.signature(one).parameters) for one in (forward, backward)]
    if names[0][:2] == names[1][:2] and len(names[0]) > 1:
        return of_loss_and_derivative(forward, backward)
    inputs = data_of(arguments_of(forward))
    if len([one for one in arguments_of(backward) if one.default is one.empty]) == 1:
        return of_derivative(forward, backward)

    def run(self: Any, *data: Array) -> Any:
        return forward(*data, **self.params, **self.options)

    def run_back(self: Any, *upstream_and_cache: Any) -> Any:
        return in_names(backward(*upstream_and_cache), inputs, self.params)

    *upstream, cache = [one.replace(annotation=one.empty) for one in arguments_of(backward)]
    own = inspect.Parameter("self", inspect.Parameter.POSITIONAL_ONLY)
    run_back.__signature__ = inspect.Signature([own, *upstream, cache.replace(name="cache")])  # type: ignore[attr-defined]
    methods: dict[str, Any] = {"forward": (run, forward), "backward": (run_back, backward)}
    return class_of(forward, methods, signature_after(forward, len(inputs)), inputs)
