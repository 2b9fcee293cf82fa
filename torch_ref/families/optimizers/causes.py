"""Slips that an optimizer is known for, and what they make of a step."""

from collections.abc import Callable
from typing import Any

from torch_ref.bounds import Ball
from torch_ref.diagnosis.case import Case
from torch_ref.diagnosis.cause import Cause, Prediction
from torch_ref.families.optimizers.formulas import sgd


def _step(of: Callable[[Ball, Ball, float], Any]) -> Prediction:
    def predict(case: Case, _: str) -> Ball:
        p, g = (case.exact(value) for value in case.inputs.values())
        return of(p, g, case.layer.lr)

    return predict


SGD = (
    Cause("it is p as it was: the step must change the parameter's own array", _step(lambda p, *_: p)),
    Cause("the step is added, where it must be subtracted", _step(lambda p, g, lr: sgd(p, g, -lr))),
    Cause("lr is left out: the step is the whole gradient", _step(lambda p, g, _: sgd(p, g, 1.0))),
    Cause("lr is multiplied in twice", _step(lambda p, g, lr: sgd(p, g * lr, lr))),
)
