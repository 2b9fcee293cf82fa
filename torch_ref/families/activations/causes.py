"""Slips that a ReLU is known for, and what they make of it."""

from collections.abc import Callable
from typing import Any

import numpy as np

from numpy_impl.validation import Array
from torch_ref.bounds import Ball
from torch_ref.diagnosis.case import Case
from torch_ref.diagnosis.cause import Cause, Fitted, Prediction, along
from torch_ref.diagnosis.factors import PASSED_ON, dout_itself


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
    ),
    Cause("its derivative at x = 0 is taken as 1/2, where it must be 0", _half_at_zero),
    Cause("the mask is inverted: dout passes where x <= 0", _dx(lambda x, _: x <= 0)),
    Cause("the mask is inverted: dout passes where x < 0", _dx(lambda x, _: x < 0)),
    Cause("the mask is that of dout, where it must be that of x", _dx(lambda _, dout: dout > 0)),
    Cause(
        "the mask is that of x and of dout, where it must be that of x alone", _dx(lambda x, dout: (x > 0) & (dout > 0))
    ),
    Fitted("where x < 0 it is {a} times what comes in, not 0", _negative_part, along(_negative_part), family=PASSED_ON),
    Fitted("where x <= 0 it is {a} times what comes in, not 0", _closed_part, along(_closed_part), family=PASSED_ON),
)
