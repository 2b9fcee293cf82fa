"""Another eps than the twin's, of a normalization say: a convention, and named."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from torch import nn

from torch_ref.bounds import Ball
from torch_ref.diagnosis.case import Case
from torch_ref.diagnosis.cause import Cause, Prediction
from torch_ref.diagnosis.severity import Severity
from torch_ref.pair import Example
from torch_ref.right import bounds_of

EPS = (1e-3, 1e-4, 1e-5, 1e-6, 1e-7, 1e-8, 1e-9, 1e-10, 1e-12)


def eps_causes(module: nn.Module) -> tuple[Cause, ...]:
    """One for each eps that is in use, where the twin has one."""
    return tuple(_causes(getattr(module, "eps", None)))


def _causes(own: Any) -> Iterator[Cause]:
    for eps in EPS if isinstance(own, float) else ():
        if eps != own:
            says = f"its eps is {eps:g}, where the twin's is {own:g}"
            yield Cause(says, _with(eps), severity=Severity.CONVENTION)


def _with(eps: float) -> Prediction:
    def predict(case: Case, name: str) -> Ball | None:
        def module(layer: Any) -> Any:
            made = case.pair.module(layer)
            made.eps = eps
            return made

        pair = replace(case.pair, module=module)
        return bounds_of(pair, Example(case.layer, case.inputs, case.upstream), case.params)[name]

    return predict
