"""Slips that dropout is known for, and what they make of it."""

from collections.abc import Callable

from torch_ref.bounds import Ball, where
from torch_ref.diagnosis.case import Case
from torch_ref.diagnosis.cause import Cause, Prediction
from torch_ref.diagnosis.factors import PASSED_ON, dout_itself
from torch_ref.families.dropout.draws import mask_of

Factor = Callable[[float], float]  # a function of p


def _times(kept: Factor, dropped: Factor = lambda _: 0.0, tensor: str = "") -> Prediction:
    """What comes in times one factor where it is kept, and times the other where it is dropped."""

    def predict(case: Case, name: str) -> Ball | None:
        if tensor not in ("", name):
            return None
        value, p = case.exact(case.x if name == "y" else case.dout), case.layer.p
        by = [value.scaled(value.format.wide.type(factor(p)), 5) for factor in (kept, dropped)]
        found: Ball = where(mask_of(value.shape, p, case.layer.rng), *by)
        return found

    return predict


def _inverse(p: float) -> float:
    """1 / (1 − p), and 1 where it is infinite."""
    return 1 / (1 - p) if p < 1 else 1.0


TRAINING = (
    Cause("dout is passed on as it is: the mask and 1 / (1 - p) are left out", dout_itself, PASSED_ON),
    Cause("it is not divided by 1 - p", _times(lambda _: 1.0)),
    Cause("it is divided by p, where it must be by 1 - p", _times(lambda p: 1 / p if p else 1.0)),
    Cause("it is divided by 1 - p twice", _times(lambda p: _inverse(p) ** 2)),
    Cause("the mask is inverted: what must be dropped is kept", _times(lambda _: 0.0, _inverse)),
    Cause("the mask is left out", _times(_inverse, _inverse, "dx")),
)
EVALUATION = (
    Cause("the mask is used in evaluation too", _times(_inverse)),
    Cause("it is multiplied by 1 - p in evaluation", _times(lambda p: 1 - p, lambda p: 1 - p)),
)
