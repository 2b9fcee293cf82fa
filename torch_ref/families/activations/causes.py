"""Slips that activations are known for, and what they make of them."""

from collections.abc import Callable
from typing import Any

import numpy as np

from numpy_impl.validation import Array
from torch_ref.bounds import Ball, selected, sigmoid, tanh
from torch_ref.diagnosis.case import Case
from torch_ref.diagnosis.cause import Cause, Fitted, Prediction, along
from torch_ref.diagnosis.factors import PASSED_ON, dout_itself
from torch_ref.diagnosis.severity import Severity
from torch_ref.results import module_of


def _dx(open_where: Callable[[Array, Array], Any], of_dout: float = 1.0) -> Prediction:
    """dx is this part of dout there, and 0 elsewhere."""

    def predict(case: Case, name: str) -> Ball | None:
        if name != "dx":
            return None
        dout = case.exact(case.dout)
        return case.exact(np.where(open_where(case.x, case.dout), of_dout * dout.centre, 0))

    return predict


def _half_at_zero(case: Case, name: str) -> Ball | None:
    if name != "dx":
        return None
    dout = case.exact(case.dout).centre
    return case.exact(np.where(case.x > 0, dout, np.where(case.x == 0, dout / 2, 0)))


def _closed_part(case: Case, name: str) -> Ball:
    """Of y or of dx: what a ReLU does not let through."""
    return case.exact(np.where(case.x <= 0, case.x if name == "y" else case.dout, 0))


def _negative_part(case: Case, name: str) -> Ball:
    return case.exact(np.where(case.x < 0, case.x if name == "y" else case.dout, 0))


RELU = (
    Cause("dout is passed on as it is: the mask is left out", dout_itself, PASSED_ON),
    Cause(
        "it is open at x = 0: the mask is x < 0, where it must be x <= 0 (or x >= 0 for x > 0)",
        _dx(lambda x, _: x >= 0),
        severity=Severity.CONVENTION,
    ),
    Cause("its derivative at x = 0 is taken as 1/2, where it must be 0", _half_at_zero, severity=Severity.CONVENTION),
    Cause("the mask is inverted: dout passes where x <= 0", _dx(lambda x, _: x <= 0)),
    Cause("the mask is inverted: dout passes where x < 0", _dx(lambda x, _: x < 0)),
    Cause("the mask is that of dout, where it must be that of x", _dx(lambda _, dout: dout > 0)),
    Cause(
        "the mask is that of x and of dout, where it must be that of x alone", _dx(lambda x, dout: (x > 0) & (dout > 0))
    ),
    Fitted("where x < 0 it is {a} times what comes in, not 0", _negative_part, along(_negative_part), family=PASSED_ON),
    Fitted("where x <= 0 it is {a} times what comes in, not 0", _closed_part, along(_closed_part), family=PASSED_ON),
)


def _slope(of: Callable[[Ball], Ball]) -> Prediction:
    """dx = dout times a function of x that is not the derivative; dout may be multiplied in first, and rounds then."""
    return lambda case, name: (case.exact(case.dout) * of(case.exact(case.x))).scaled(1, 1) if name == "dx" else None


def _rectified(case: Case, name: str) -> Ball | None:
    """As ReLU has it: 0 where x is not above 0."""
    return case.exact(np.where(case.x > 0, case.x if name == "y" else case.dout, 0))


def _of_sigmoid(x: Ball) -> Ball:
    y = sigmoid(x)
    return y * (1 - y)


def _negative_slope(case: Case) -> float:
    """The twin's: a layer of somebody else's may call it what it likes."""
    module: Any = module_of(case.pair, case.layer)
    return float(module.negative_slope)


def _sided(is_right_side: Callable[[Array, Array], Any]) -> Prediction:
    """dx is dout where this holds, else dout times the negative slope."""

    def predict(case: Case, name: str) -> Ball | None:
        dout = case.exact(case.dout)
        chosen = np.asarray(is_right_side(case.x, case.dout))
        return selected(dout, chosen, chosen, dout * _negative_slope(case)) if name == "dx" else None

    return predict


def _exchanged(case: Case, name: str) -> Ball:
    """Of y or of dx."""
    value, is_below = case.exact(case.x if name == "y" else case.dout), case.x <= 0
    return selected(value, is_below, is_below, value * _negative_slope(case))


LEAKY_RELU = (
    Cause("dout is passed on as it is: the slope is left out", dout_itself, PASSED_ON),
    Cause("it is 0 where x <= 0: the negative slope is left out", _rectified),
    Cause("the slopes are exchanged: the negative one is that of x > 0", _exchanged),
    Cause("the side is that of dout, where it must be that of x", _sided(lambda _, dout: dout > 0)),
    Cause(
        "the derivative at x = 0 is taken as 1, where it must be the negative slope",
        _sided(lambda x, _: x >= 0),
        severity=Severity.CONVENTION,
    ),
    Fitted("the negative slope is not that of the layer: {a} is too much", _negative_part, along(_negative_part)),
)
SIGMOID = (
    Cause("the derivative is taken at x, where it must be of y: x (1 - x)", _slope(lambda x: x * (1 - x))),
    Cause("its derivative is taken as y, where it must be y (1 - y)", _slope(sigmoid)),
    Cause("its derivative is taken as 1 - y, where it must be y (1 - y)", _slope(lambda x: 1 - sigmoid(x))),
    Cause("its derivative is taken as 1 - y^2, that of tanh", _slope(lambda x: 1 - sigmoid(x) * sigmoid(x))),
    Cause("the sigmoid is applied twice: it is the derivative at y", _slope(lambda x: _of_sigmoid(sigmoid(x)))),
)
TANH = (
    Cause("the derivative is taken at x, where it must be of y: 1 - x^2", _slope(lambda x: 1 - x * x)),
    Cause("its derivative is taken as 1 - y, where it must be 1 - y^2", _slope(lambda x: 1 - tanh(x))),
    Cause("its derivative is taken as y (1 - y), that of the sigmoid", _slope(lambda x: tanh(x) * (1 - tanh(x)))),
    Cause("its derivative is taken as 1 + y^2, where it must be 1 - y^2", _slope(lambda x: 1 + tanh(x) * tanh(x))),
)
