"""How else gradients are compared: the tolerances that suites use, by default or by habit, on the same data as ours.

A rival is a function of a subject and a scenario that says whether it raises an alarm.
"""

from collections.abc import Callable
from functools import lru_cache
from typing import Any, TypeAlias

import numpy as np
import torch

from numpy_impl.functions import ieee_arithmetic
from numpy_impl.validation import Array
from torch_ref import right
from torch_ref.bounds import Ball
from torch_ref.checks.subject import Subject
from torch_ref.diagnosis.finding import finding
from torch_ref.pair import Example, Kind, Pair
from torch_ref.results import forward_of, params_of, results
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
        ours = results(subject.pair, _with_ones(subject.example(scenario)))
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
    """torch.autograd.gradcheck with its defaults, of the layer as an autograd.Function; it is meant for float64.

    An optimizer has no gradient to check.
    """
    if subject.dtype != np.float64 or not scenario.is_small or subject.pair.kind is Kind.OPTIMIZER:
        return False
    example = subject.example(scenario)
    of_inputs = {name: example.inputs[name] for name in subject.pair.input_gradients}
    variables = of_inputs | params_of(subject.pair, example.layer)
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
    """The NumPy layer on tensors: run anew for each call, with these values in the place of inputs and parameters."""

    @staticmethod
    def forward(ctx: Any, subject: Subject, example: Example, names: list[str], *values: torch.Tensor) -> torch.Tensor:
        arrays = {name: value.detach().numpy().copy() for name, value in zip(names, values, strict=True)}
        params = params_of(subject.pair, example.layer)
        for name in params:
            params[name][...] = arrays[name]
        inputs = {name: arrays.get(name, value) for name, value in example.inputs.items()}
        ctx.made = subject.pair, example._replace(inputs=inputs), names
        return torch.as_tensor(forward_of(example.layer, subject.pair)(*inputs.values())).clone()

    @staticmethod
    def backward(ctx: Any, dout: torch.Tensor) -> Any:
        pair, example, names = ctx.made
        upstream = dict.fromkeys(example.upstream, dout.numpy().copy() if dout.ndim else float(dout))
        grads = results(pair, example._replace(upstream=upstream))
        scale = float(dout) if pair.kind is Kind.NETWORK else 1
        return None, None, None, *(torch.as_tensor(grads[f"d{name}"] * scale) for name in names)


@lru_cache(maxsize=100)  # the data of a pair, in both dtypes
def _bounds_with_ones(pair: Pair, scenario: Scenario, dtype: Any, seed: int) -> dict[str, Ball]:
    return right.bounds(pair, _with_ones(Subject(pair, dtype, seed=seed).example(scenario)))


def _with_ones(example: Example) -> Example:
    ones = {name: np.ones_like(value) if np.ndim(value) else 1 for name, value in example.upstream.items()}
    return example._replace(upstream=ones)
