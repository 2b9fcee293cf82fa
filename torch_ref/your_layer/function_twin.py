"""A twin that is a function of tensors: y = f(x, W, b), or one of torch.nn.functional with its arguments."""

import inspect
import re
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import torch
from torch import nn

from torch_ref.places import canonical
from torch_ref.your_layer.methods import STATES, TARGETS
from torch_ref.your_layer.shapes import LENGTHS, Shape, in_numbers, others_like, shapes_that_run

VECTORS: Sequence[Shape] = (("H",), ("D",), ("4H",), ("3H",))
MATRICES: Sequence[Shape] = (
    ("D", "H"), ("H", "H"), ("D", "4H"), ("H", "4H"), ("D", "3H"), ("H", "3H"),
    ("H", "D"), ("4H", "D"), ("4H", "H"), ("3H", "D"), ("3H", "H"),
)  # fmt: skip


class OfTensors(nn.Module):
    """`function` of its inputs and then its parameters; `takes` are its inputs' shapes, options its attributes."""

    def __init__(
        self,
        function: Callable[..., Any],
        takes: Mapping[str, Shape],
        parameters: Mapping[str, Shape],
        sizes: Mapping[str, int],
        options: Mapping[str, Any] = MappingProxyType({}),
    ) -> None:
        super().__init__()
        self.function, self.takes = function, dict(takes)
        for name, shape in parameters.items():
            self.register_parameter(name, nn.Parameter(torch.randn(in_numbers(shape, sizes))))
        for name, value in options.items():
            vars(self).setdefault(name, value)

    def forward(self, *inputs: torch.Tensor) -> Any:
        return self.function(*inputs, *self.parameters())


def maker_of(
    function: Callable[..., Any],
    x: Shape,
    args: Sequence[Any] = (),
    options: Mapping[str, Any] = MappingProxyType({}),
) -> Callable[[Mapping[str, int]], nn.Module]:
    """Makes the module in any sizes. Raises ValueError where the shapes of the arguments cannot be told."""
    name = getattr(function, "__name__", "the twin")
    names, others = tensors_of(function, len(args))
    named = dict(zip(others, args, strict=False)) | dict(options)
    names = [one for one in names if one not in named]

    def of_tensors(*tensors: torch.Tensor) -> Any:
        return function(*tensors, *args, **options)

    inputs = [one for i, one in enumerate(names) if i == 0 or not is_parameter(one)]
    parameters = [one for one in names if one not in inputs]
    if not names or names[: len(inputs)] != inputs:
        raise ValueError(f"{name}: a function of tensors must take its inputs and then its parameters, got {names}")
    if is_loss(inputs):
        shapes: tuple[Shape, ...] | None = (x, x)
    else:
        choices = [[x], *([others_like(x)] * (len(inputs) - 1)), *([*_choices(one)] for one in parameters)]
        shapes = shapes_that_run(of_tensors, choices)
    if shapes is None:
        told = f"the shapes of its arguments {', '.join(names)} cannot be told: a module must say them"
        raise ValueError(f"{name}: {told}")
    takes, own = dict(zip(inputs, shapes, strict=False)), dict(zip(parameters, shapes[len(inputs) :], strict=True))

    def made(sizes: Mapping[str, int]) -> nn.Module:
        lengths = {"D": sizes["in"], "H": sizes.get("out", LENGTHS["H"])}
        return OfTensors(of_tensors, takes, own, lengths, named)

    return made


def tensors_of(function: Callable[..., Any], literals: int = 0) -> tuple[list[str], list[str]]:
    """The names of the arguments that must be tensors, those without a default; and of those after them.

    The last ones of the former are not tensors where so many literals are given.
    """
    try:
        found = [
            (one.name, one.default is one.empty)
            for one in inspect.signature(function).parameters.values()
            if one.kind in (one.POSITIONAL_ONLY, one.POSITIONAL_OR_KEYWORD)
        ]
    except ValueError:  # one of C's, which tells its arguments in its documentation
        told = re.search(rf"{function.__name__}\((.*?)\)", function.__doc__ or "", re.DOTALL)
        found = [(one.split("=")[0].strip(), "=" not in one) for one in (told[1].split(",") if told else [])]
        found = [(name, needed or name == "bias") for name, needed in found if name != "*"]
    needed = len([name for name, is_needed in found if is_needed])
    tensors = max(needed - literals, 1)
    names = [name for name, _ in found] or ["input"]
    return names[:tensors], names[tensors:]


def is_parameter(name: str) -> bool:
    """Whether an argument of this name is a parameter: W, w1, weight_hh, b, gamma."""
    return canonical(name)[0] in ("weight", "bias") or bool(re.fullmatch(r"(w|b|u|weight|bias)_?\w{0,3}", name.lower()))


def is_loss(inputs: Sequence[str]) -> bool:
    """Of the names of a twin's inputs."""
    return len(inputs) == 2 and inputs[1].lower() in TARGETS and inputs[1].lower() not in STATES


def _choices(name: str) -> Sequence[Shape]:
    return VECTORS if name.lower().startswith("b") else (*MATRICES, *VECTORS)
