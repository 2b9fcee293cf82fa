"""A wrong formula, or a right one that loses digits: how much a wrong value weighs."""

from collections.abc import Collection, Sequence
from dataclasses import replace

import numpy as np

from numpy_impl.functions import ieee_arithmetic
from torch_ref.checks.subject import Subject
from torch_ref.diagnosis.any_layer import causes_for
from torch_ref.diagnosis.cause import Cause
from torch_ref.diagnosis.severity import Severity
from torch_ref.scenarios import Scenario

GAIN = 1e4  # that float64 has at least over float32 where roundings are to blame; they are smaller by 5e8


def severity_of(subject: Subject, name: str, failed: Sequence[Scenario], causes: Collection[str]) -> Severity:
    """Of a tensor that is wrong on these scenarios, for these causes.

    Digits are lost where the error is one of rounding: float64 has less of it than float32, by far. Overflow is an
    infinite or NaN entry in data that are extreme. Otherwise the formula is another one.
    """
    known = (*subject.pair.causes, *causes_for(subject.pair.parameters))
    severities = {cause.says: cause.severity for cause in known if isinstance(cause, Cause)}
    if causes and all(says in severities for says in causes):
        return max(severities[says] for says in causes)
    if causes or len(failed) == len(subject.scenarios):
        return Severity.WRONG
    is_lost = all(
        _overflows(subject, name, one) or _is_rounding(subject, name, one) or _is_beside_one(subject, name, one)
        for one in failed
    )
    return Severity.INACCURATE if is_lost else Severity.WRONG


def _overflows(subject: Subject, name: str, scenario: Scenario) -> bool:
    got, right = subject.observed(scenario, name).got, subject.bounds(scenario)[name]
    if not scenario.is_extreme or got.shape != right.shape:
        return False
    wrong = ~(right.shares(got) <= 1)
    return not np.isfinite(got[wrong]).any()


def _is_rounding(subject: Subject, name: str, scenario: Scenario) -> bool:
    in_float64, in_float32 = (_error(replace(subject, dtype=np.dtype(dtype)), name, scenario) for dtype in "df")
    return bool(np.isfinite(in_float64)) and in_float64 * GAIN <= in_float32


def _is_beside_one(subject: Subject, name: str, scenario: Scenario) -> bool:
    """Whether the error is what a difference of two numbers near 1 loses: exp(x) - 1, of a tiny x."""
    got, right = subject.observed(scenario, name).got, subject.bounds(scenario)[name]
    if not scenario.is_extreme or got.shape != right.shape:
        return False
    error = abs(got - right.centre.astype(float)).max(initial=0)
    return bool(error <= SOME_ROUNDINGS * right.format.u * np.abs(subject.case(scenario).dout).max(initial=1))


SOME_ROUNDINGS = 16


@ieee_arithmetic
def _error(subject: Subject, name: str, scenario: Scenario) -> float:
    """The greatest, of the size of the tensor; infinite where there is none."""
    got, right = subject.observed(scenario, name).got, subject.bounds(scenario)[name].centre.astype(float)
    if got.shape != right.shape or not np.isfinite(got).all():
        return np.inf
    return float(abs(got - right).max(initial=0) / (abs(right).max(initial=0) or 1))
