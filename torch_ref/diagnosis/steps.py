"""A backward that takes its own step, and computes dx with the parameters after it."""

from collections.abc import Callable, Iterable, Iterator

from torch_ref.bounds import Ball
from torch_ref.diagnosis.case import Case
from torch_ref.diagnosis.cause import Cause, Fitted, Prediction

# A learning rate so great that a parameter after the step is the step, to the last digit: layers are examined with it.
STEP = 2.0**60
OWN_STEP = "{} is updated before it is used, by the step that backward takes"
A_STEP = "{} is updated before it is used: by a step of SGD, learning rate {{a}}"


def of_steps(names: Iterable[str]) -> Iterator[Cause | Fitted]:
    for p in names:
        yield Cause(OWN_STEP.format(p), _after_a_step(p)(-STEP))
        yield Fitted(A_STEP.format(p), _by_the_gradient(p), _after_a_step(p), -1)


def _by_the_gradient(p: str) -> Prediction:
    """What a dx that is linear in a parameter changes by; for any other nothing will fit."""

    def predict(case: Case, name: str) -> Ball | None:
        gradient = case.right[f"d{p}"].centre.astype(case.params[p].dtype)
        return None if case.pair.is_proven or name != "dx" else case.given(params={p: gradient})[name]

    return predict


def _after_a_step(p: str) -> Callable[[float], Prediction]:
    def predicts(a: float) -> Prediction:
        def predict(case: Case, name: str) -> Ball | None:
            if case.pair.is_proven or name != "dx":
                return None
            value = case.params[p]
            after = value + a * case.right[f"d{p}"].centre.astype(value.dtype)
            return case.given(params={p: after.astype(value.dtype)})[name]

        return predict

    return predicts
