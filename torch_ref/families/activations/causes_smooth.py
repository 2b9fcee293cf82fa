"""Slips that smooth activations, ELU and softmax are known for: those of their twins, and what these do not have."""

import math
from collections.abc import Callable
from typing import Any, cast

import numpy as np
from torch import nn

from torch_ref.bounds import Ball, selected, sigmoid
from torch_ref.diagnosis.case import Case
from torch_ref.diagnosis.cause import Cause, Prediction, Suspect
from torch_ref.diagnosis.factors import PASSED_ON, dout_itself
from torch_ref.diagnosis.twins import causes_of_twin
from torch_ref.results import module_of

OUTRIGHT = Cause("dout is passed on as it is: the derivative is left out", dout_itself, PASSED_ON)


def slope(of: Callable[[Ball], Ball]) -> Prediction:
    """dx = dout times a function of x that is not the derivative; dout may be multiplied in first, and rounds then."""
    return lambda case, name: (case.exact(case.dout) * of(case.exact(case.x))).scaled(1, 1) if name == "dx" else None


def _below_zero(value: Callable[[Case, Ball], Ball]) -> Prediction:
    """dx = dout where x > 0, else dout times something."""

    def predict(case: Case, name: str) -> Ball | None:
        if name != "dx":
            return None
        x, dout = case.exact(case.x), case.exact(case.dout)
        is_above = np.asarray(case.x > 0)
        return selected(dout, is_above, is_above, (dout * value(case, x)).scaled(1, 1))

    return predict


def _y_below(case: Case, _: Ball) -> Ball:
    return case.right["y"]


def _y_and_one(case: Case, _: Ball) -> Ball:
    return case.right["y"] + 1


def _by_alpha(change: Callable[[float], float]) -> Prediction:
    """Below 0 it is so many times too large."""

    def predict(case: Case, name: str) -> Ball | None:
        module: Any = module_of(case.pair, case.layer)
        if float(module.alpha) in (0, 1):
            return None
        right, is_above = case.right[name], np.asarray(case.x > 0)
        return selected(right, is_above, is_above, right.scaled(change(float(module.alpha)), 2))

    return predict


def _without_minus_1(case: Case, name: str) -> Ball | None:
    """y = α eˣ below 0."""
    if name != "y":
        return None
    module: Any = module_of(case.pair, case.layer)
    y, is_above = case.right["y"], np.asarray(case.x > 0)
    return selected(y, is_above, is_above, y + float(module.alpha))


# GELU without its cube, and by another sigmoid


def _gelu(case: Case, name: str, gate: Callable[[Ball], Ball], slope_of_gate: Callable[[Ball], Ball]) -> Ball:
    """x g(x), and its derivative g(x) + x g′(x); by tanh they err as the right ones do."""
    x = case.exact(case.x)
    found = x * gate(x) if name == "y" else case.exact(case.dout) * (gate(x) + x * slope_of_gate(x))
    return found.result(found.centre, found.radius + case.right[name].radius)


def _by_sigmoid(factor: float) -> Prediction:
    def gate(x: Ball) -> Ball:
        return cast("Ball", sigmoid(x * factor))

    return lambda case, name: _gelu(case, name, gate, lambda x: sigmoid(x * factor) * sigmoid(x * -factor) * factor)


def _cube_not_differentiated(case: Case, name: str) -> Ball | None:
    """z′ is taken as that of x alone."""
    if name != "dx":
        return None
    scale = 2 * math.sqrt(2 / math.pi)

    def z2(x: Ball) -> Ball:
        return (x + x * x * x * 0.044715) * scale

    return _gelu(case, name, lambda x: sigmoid(z2(x)), lambda x: sigmoid(z2(x)) * sigmoid(-z2(x)) * scale)


ELU: tuple[Suspect, ...] = (
    OUTRIGHT,
    *causes_of_twin(nn.ELU()),
    Cause("the derivative below 0 is taken as y, where it must be y + alpha", _below_zero(_y_below)),
    Cause(
        "the derivative below 0 is taken as y + 1, where it must be y + alpha",
        _below_zero(_y_and_one),
    ),
    Cause("alpha is left out below 0", _by_alpha(lambda alpha: 1 / alpha)),
    Cause("alpha is multiplied in twice below 0", _by_alpha(lambda alpha: alpha)),
    Cause("the 1 is not subtracted below 0: it is that of alpha exp(x)", _without_minus_1),
)
SILU: tuple[Suspect, ...] = (OUTRIGHT, *causes_of_twin(nn.SiLU()))
SOFTPLUS: tuple[Suspect, ...] = (
    OUTRIGHT,
    *causes_of_twin(nn.Softplus()),
    Cause("its derivative is taken as that of the sigmoid", slope(lambda x: sigmoid(x) * sigmoid(-x))),
)
GELU: tuple[Suspect, ...] = (
    OUTRIGHT,
    *causes_of_twin(nn.GELU("tanh")),
    Cause("the cubed term is left out: z is sqrt(2 / pi) x", _by_sigmoid(2 * math.sqrt(2 / math.pi))),
    Cause("it is the form x sigmoid(1.702 x), where it must be that by tanh", _by_sigmoid(1.702)),
    Cause("the cubed term of z is not differentiated", _cube_not_differentiated),
)
SOFTMAX: tuple[Suspect, ...] = (
    OUTRIGHT,
    *causes_of_twin(nn.Softmax(-1)),
)
