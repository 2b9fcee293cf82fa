"""How else gradients are compared: the tolerances that suites use, by default or by habit, on the same data as ours.

A rival is a function of a subject and a scenario that says whether it raises an alarm.
"""

from collections.abc import Callable
from functools import cache
from typing import Any, TypeAlias

import numpy as np
import torch

from numpy_impl.validation import Array
from numpy_impl.functions import ieee_arithmetic
from torch_ref.battery import Subject
from torch_ref.bounds import Ball
from torch_ref.comparison import finding
from torch_ref.pair import Example, Pair
from torch_ref.scenarios import Scenario

Rival: TypeAlias = Callable[[Subject, Scenario], bool]


def assert_close(ours: Any, theirs: Array) -> bool:
    """torch.testing.assert_close with its defaults."""
    torch.testing.assert_close(torch.as_tensor(ours), torch.as_tensor(theirs))
    return True


def allclose(ours: Any, theirs: Array) -> bool:
    """numpy.allclose with its defaults."""
    return np.allclose(ours, theirs)


def within(tolerance: float) -> Callable[[Any, Array], bool]:
    """|difference| ≤ tolerance, the same for any size of number."""
    return lambda ours, theirs: bool((abs(ours - theirs) <= tolerance).all())


def compares(agree: Callable[[Any, Array], bool]) -> Rival:
    """A comparison with PyTorch, tensor by tensor, on the very data that our suite has."""

    @ieee_arithmetic
    def alarm(subject: Subject, scenario: Scenario) -> bool:
        theirs = subject.torch_results(scenario)
        try:
            ours = subject.results(scenario)
            return not all(agree(ours[name], theirs[name]) for name in theirs)
        except Exception:  # noqa: BLE001 - whatever stops the layer or the comparison is an alarm
            return True

    return alarm


def all_ones(subject: Subject, scenario: Scenario) -> bool:
    """Our own bounds, under an upstream gradient of ones."""
    bounds = _bounds_with_ones(subject.pair, scenario, np.dtype(subject.dtype), subject.seed)
    try:
        ours = subject.pair.results(_with_ones(subject.example(scenario)))
    except Exception:  # noqa: BLE001 - whatever stops the layer or the comparison is an alarm
        return True
    return not all(finding(ours[name], ball).ok for name, ball in bounds.items())


def book_alone(subject: Subject, scenario: Scenario) -> bool:
    """Our own bounds, on the data of the book's network alone."""
    if scenario.name != "book":
        return False
    ours = subject.results(scenario)
    return not all(finding(ours[name], ball).ok for name, ball in subject.bounds(scenario).items())


def gradcheck(subject: Subject, scenario: Scenario) -> bool:
    """torch.autograd.gradcheck with its defaults, of the layer as an autograd.Function; it is meant for float64."""
    if subject.dtype != np.float64 or not scenario.is_small:
        return False
    example = subject.example(scenario)
    variables = _variables(subject, example)
    tensors = [torch.tensor(value, requires_grad=True) for value in variables.values()]

    def function(*values: torch.Tensor) -> Any:
        return _AsFunction.apply(subject, example, list(variables), *values)  # type: ignore[no-untyped-call] # PyTorch has no type for it

    try:
        return not torch.autograd.gradcheck(function, tensors)
    except Exception:  # noqa: BLE001 - gradcheck's own, or whatever stops the layer
        return True


RIVALS: dict[str, Rival] = {
    "assert_close": compares(assert_close),
    "allclose": compares(allclose),
    "gradcheck": gradcheck,
    "1e-3": compares(within(1e-3)),
    "1e-2": compares(within(1e-2)),
    "ones": all_ones,
    "book": book_alone,
}


class _AsFunction(torch.autograd.Function):
    """The NumPy layer on tensors: made anew for each call, with these values in the place of x and the parameters."""

    @staticmethod
    def forward(ctx: Any, subject: Subject, example: Example, names: list[str], *values: torch.Tensor) -> torch.Tensor:
        layer, arrays = (
            example.layer,
            dict(zip(names, (value.detach().numpy().copy() for value in values), strict=True)),
        )
        for name, array in arrays.items():
            if name != "x":
                layer.params[name][...] = array
        inputs = (arrays.get("x", example.inputs[0]), *example.inputs[1:])
        ctx.made = subject, layer, inputs, names
        return torch.as_tensor(layer.forward(*inputs) if hasattr(layer, "forward") else layer.loss(*inputs)).clone()

    @staticmethod
    def backward(ctx: Any, dout: torch.Tensor) -> Any:
        subject, layer, inputs, names = ctx.made
        grads = subject.pair.results(Example(layer, inputs, _plain(dout)))
        scale = 1 if hasattr(layer, "backward") else float(dout)
        return None, None, None, *(torch.as_tensor(grads[f"d{name}"] * scale) for name in names)


def _plain(dout: torch.Tensor) -> Any:
    return dout.numpy().copy() if dout.ndim else float(dout)


def _variables(subject: Subject, example: Example) -> dict[str, Array]:
    x = {"x": example.inputs[0]} if hasattr(example.layer, "backward") else {}
    return x | subject.pair.params(example.layer)


@cache
def _bounds_with_ones(pair: Pair, scenario: Scenario, dtype: Any, seed: int) -> dict[str, Ball]:
    return pair.bounds(_with_ones(Subject(pair, dtype, seed=seed).example(scenario)))


def _with_ones(example: Example) -> Example:
    return example._replace(dout=np.ones_like(example.dout) if isinstance(example.dout, np.ndarray) else 1)
