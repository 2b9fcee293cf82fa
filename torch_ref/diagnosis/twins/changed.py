"""A twin with something changed, and what autograd makes of it: the slips of any module, in a few lines each."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import lru_cache, partial
from typing import Any, TypeAlias

import torch
from torch import Tensor, nn

from torch_ref.bounds import Ball
from torch_ref.diagnosis.case import Case
from torch_ref.diagnosis.cause import Cause, Prediction
from torch_ref.diagnosis.severity import Severity
from torch_ref.pair import Example
from torch_ref.right import bounds_of

Change: TypeAlias = Callable[[Any], None]  # of a module that was just made
Forward: TypeAlias = Callable[[Any, Tensor], Tensor]  # of the module and x
Backward: TypeAlias = Callable[[Any, Tensor, Tensor], Tensor]  # of the module, x and dout


def changed(
    says: str, change: Change, tensors: str = "", family: str = "", severity: Severity = Severity.WRONG
) -> Cause:
    """What the twin computes after this change: of "dx" alone, of the "parameters" alone, or of all tensors."""
    return Cause(says, _prediction(change, tensors), family, severity)


def by_forward(says: str, forward: Forward, tensors: str = "", **options: Any) -> Cause:
    """With this forward, and its derivative by autograd."""
    return changed(says, partial(_put, forward), tensors, **options)


def by_backward(says: str, backward: Backward) -> Cause:
    """With this dx beside the twin's own forward."""
    return changed(says, partial(_put, partial(_by_hand, backward)), "dx")


def passing(value: Tensor, gradient: Tensor) -> Tensor:
    """The value of the one with the gradient of the other."""
    return gradient + (value - gradient).detach()


def own_forward(module: Any, x: Tensor) -> Tensor:
    """Of the module's class, whatever was put in its place."""
    found: Tensor = type(module).forward(module, x)
    return found


def derivative(module: Any, x: Tensor) -> Tensor:
    """That of an entry-wise module, at any place."""
    with torch.enable_grad():
        place = x.detach().requires_grad_()
        (found,) = torch.autograd.grad(own_forward(module, place).sum(), place)
    return found


def _put(forward: Forward, module: Any) -> None:
    module.forward = partial(forward, module)


class _ByHand(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, module: nn.Module, backward: Backward) -> Tensor:
        ctx.save_for_backward(x)
        ctx.dx_of = partial(backward, module)
        return torch.zeros_like(own_forward(module, x))

    @staticmethod
    def backward(ctx: Any, dout: Tensor) -> Any:
        (x,) = ctx.saved_tensors
        return ctx.dx_of(x, dout), None, None


def _by_hand(backward: Backward, module: Any, x: Tensor) -> Tensor:
    """Of x no more than this dx comes back; of the parameters all."""
    nothing: Tensor = _ByHand.apply(x, module, backward)  # type: ignore[no-untyped-call]
    return own_forward(module, x.detach()) + nothing


def _prediction(change: Change, tensors: str) -> Prediction:
    def predict(case: Case, name: str) -> Ball | None:
        is_concerned = {"": True, "dx": name == "dx", "parameters": name[1:] in case.params}[tensors]
        return _results(case, change).get(name) if is_concerned else None

    return predict


@lru_cache(maxsize=64)  # the tensors of a layer ask for the same
def _results(case: Case, change: Change) -> dict[str, Ball]:
    """None at all, where the twin does not take the data then."""

    def module(layer: Any) -> Any:
        made = case.pair.module(layer)
        change(made)
        return made

    pair = replace(case.pair, module=module, forward=None, backward=None)  # whose formulas are another module's
    try:
        return bounds_of(pair, Example(case.layer, case.inputs, case.upstream), case.params)
    except (RuntimeError, ValueError, IndexError):
        return {}


def changes(says: str, attribute: str, values: dict[str, Any], own: Any, **options: Any) -> Iterator[Cause]:
    """One for each other value of an attribute of the twin's, in words."""
    for words, value in values.items():
        if value != own:
            yield changed(says.format(words), partial(_set, attribute, value), **options)


def _set(attribute: str, value: Any, module: Any) -> None:
    setattr(module, attribute, value)
