"""Losses as functions: loss, dx = f(x, t); a loss and its derivative; loss, dW = f(W, X, y)."""

import inspect
from collections.abc import Callable
from typing import Any

from numpy_impl.validation import Array
from torch_ref.your_layer.forms.function_class import class_of, signature_after
from torch_ref.your_layer.function_twin import is_parameter
from torch_ref.your_layer.methods import targets_come_first


def of_loss(function: Callable[..., Any]) -> type:
    """loss, dx = f(x, t)"""

    def run(self: Any, x: Array, t: Array) -> Any:
        return function(x, t, **self.options)

    if len(inspect.signature(function).parameters) < 2:
        raise ValueError(
            f"{function.__name__}: a function must come with its derivative, as f,g or f_forward, f_backward"
        )
    if is_parameter(next(iter(inspect.signature(function).parameters))):
        return _of_linear_loss(function)
    made = class_of(function, {"forward": (run, function)}, signature_after(function, 2))
    made.returns_dx = True  # type: ignore[attr-defined] # which says that no backward is missing
    return made


def of_loss_and_derivative(function: Callable[..., Any], derivative: Callable[..., Any]) -> type:
    """loss = f(y_true, y_pred), dx = g(y_true, y_pred), or both the other way round."""
    is_turned = targets_come_first(function)

    def run(self: Any, x: Array, t: Array) -> Any:
        self.data = (t.copy(), x.copy()) if is_turned else (x.copy(), t.copy())
        return function(*self.data, **self.options)

    def run_back(self: Any) -> Any:
        return derivative(*self.data, **self.options)

    methods: dict[str, Any] = {"forward": (run, function), "backward": (run_back, derivative)}
    return class_of(function, methods, signature_after(function, 2))


def _of_linear_loss(function: Callable[..., Any]) -> type:
    """loss, dW = f(W, X, y): a network of one layer, whose weights are W."""

    def run(self: Any, x: Array, t: Array) -> Any:
        loss, dW = function(*self.params.values(), x, t, **{"reg": 0.0, **self.options} if takes_reg else self.options)
        return loss, dict(zip(self.params, [dW], strict=True))

    takes_reg = "reg" in inspect.signature(function).parameters
    arguments = inspect.signature(function).parameters.values()
    options = [one for one in list(arguments)[3:] if one.name != "reg"]
    made = class_of(function, {"loss": (run, function)}, inspect.Signature([next(iter(arguments)), *options]))
    made.is_of_weights = True  # type: ignore[attr-defined] # which says that it makes logits too
    return made
