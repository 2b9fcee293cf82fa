"""What a cause is: one slip in words, and what a layer that made it would compute."""

from collections.abc import Callable
from typing import Any, NamedTuple, TypeAlias

from torch_ref.bounds import Ball
from torch_ref.diagnosis.severity import Severity

# Of data so large that a prediction would take long: they neither speak for a cause nor against it.
SKIPPED: Any = object()

# What the slip makes of a tensor of a `Case`, by the tensor's name; None where it changes nothing, or cannot be made.
Prediction: TypeAlias = Callable[[Any, str], Ball | None]


class Cause(NamedTuple):
    """A slip in words, and what it predicts. It is said only where its predictions are what the layer computes.

    Of one family the first is said, where they predict the same. A convention of others is no mistake. One that
    `overflows` may rest on which results are NaN or infinite, on all data sets, if others are finite and right.
    """

    says: str
    predicts: Prediction
    family: str = ""
    severity: Severity = Severity.WRONG
    overflows: bool = False


class Fitted(NamedTuple):
    """A slip with a number a in it, got = right + a · direction: a is read off the values, and goes into the words.

    `says` has a place for it, {a}, and `sign` is −1 where it is subtracted. `predicts` makes a prediction of a.
    """

    says: str
    direction: Prediction
    predicts: Callable[[float], Prediction]
    sign: int = 1
    family: str = ""
    shown: Callable[[float], float] = float  # what stands in the words


class Read(NamedTuple):
    """A slip with a number in it that `reads` finds in an observation; 0 where there is none."""

    says: str  # with a place for it, {a}
    reads: Callable[[Any, str], float]
    predicts: Callable[[float], Prediction]


Suspect: TypeAlias = Cause | Fitted | Read


def along(direction: Prediction) -> Callable[[float], Prediction]:
    """right + a · direction, for directions that are exact."""

    def predicts(a: float) -> Prediction:
        def predict(case: Any, name: str) -> Ball | None:
            ball = direction(case, name)
            return None if ball is None else case.right[name] + a * ball

        return predict

    return predicts
