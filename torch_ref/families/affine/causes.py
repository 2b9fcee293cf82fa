"""Slips that an Affine is known for, and what they make of it."""

from torch_ref.bounds import Ball
from torch_ref.diagnosis.case import Case
from torch_ref.diagnosis.cause import Cause, Fitted, Prediction
from torch_ref.diagnosis.steps import A_STEP, OWN_STEP, STEP
from torch_ref.families.affine.formulas import affine_backward


def _by_dw(case: Case, name: str) -> Ball | None:
    return case.given(params={"W": case.right["dW"].centre.astype(case.x.dtype)})[name] if name == "dx" else None


def _after_a_step(a: float) -> Prediction:
    """dx by W + a dW."""

    def predict(case: Case, name: str) -> Ball | None:
        W, b = case.exact(case.params["W"]), case.exact(case.params["b"])
        return affine_backward(case.exact(case.x), case.exact(case.dout), W + case.right["dW"] * a, b).get(name)

    return predict


CAUSES = (
    Cause(OWN_STEP.format("W"), _after_a_step(-STEP)),
    Fitted(A_STEP.format("W"), _by_dw, _after_a_step, -1),
)
