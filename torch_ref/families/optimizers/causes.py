"""Slips that any optimizer is known for, and SGD and Momentum, and what they make of a step."""

from collections.abc import Callable
from typing import Any

from torch_ref.bounds import Ball
from torch_ref.diagnosis.case import Case
from torch_ref.diagnosis.cause import Cause, Prediction, Suspect
from torch_ref.diagnosis.severity import Severity
from torch_ref.families.optimizers import formulas
from torch_ref.families.optimizers.formulas import moved
from torch_ref.right import options_of


def by_step(of: Callable[..., Any], only: str = "") -> Prediction:
    """`of(*inputs, ...)` is the step as the slip takes it: p and the state after it. `only` one of them is meant."""

    def predict(case: Case, name: str) -> Ball | None:
        if only and name != only:
            return None
        inputs = (case.exact(value) if value.dtype.kind == "f" else value for value in case.inputs.values())
        found = of(*inputs, **options_of(case.pair, case.layer))
        return dict(zip(case.pair.outputs, found if isinstance(found, tuple) else (found,), strict=False)).get(name)

    return predict


def of_any(step: Callable[..., Any]) -> tuple[Suspect, ...]:
    """Slips in what is done with a step, of which `step` is the right one."""

    def with_rate(change: Callable[[float], float]) -> Callable[..., Any]:
        return lambda *inputs, lr, **options: step(*inputs, lr=change(lr), **options)

    return (
        Cause("it is p as it was: the step must change the parameter's own array", by_step(lambda p, *_, **__: p, "p")),
        Cause("the step is added, where it must be subtracted", by_step(with_rate(lambda lr: -lr), "p")),
        Cause("lr is left out: the step is the whole gradient", by_step(with_rate(lambda _: 1.0), "p")),
    )


def varied(step: Callable[..., Any], only: str = "", /, **by: Any) -> Prediction:
    """`step`, with what `by` says in the place of its parts."""
    return by_step(lambda *inputs, **options: step(*inputs, **options, **by), only)


def without_decay(step: Callable[..., Any]) -> Callable[..., Any]:
    return lambda *inputs, **options: step(*inputs, **{**options, "weight_decay": 0})


def kept(name: str) -> Cause:
    """It stays as it was."""

    def predict(case: Case, tensor: str) -> Ball | None:
        return case.exact(case.inputs[name]) if tensor == name else None

    return Cause(f"{name} is as it was: a step must leave what it makes of it", predict)


SGD = (
    *of_any(formulas.sgd),
    Cause("lr is multiplied in twice", by_step(lambda p, g, lr, **decay: formulas.sgd(p, g * lr, lr, **decay))),
    Cause("the weight decay is left out", by_step(without_decay(formulas.sgd))),
)


def _momentum(
    p: Any, g: Any, v: Any, lr: float, momentum: float, nesterov: bool, weight_decay: float, **by: Any
) -> Any:
    """The right step, with what `by` says in the place of its parts."""
    g = formulas.decayed(g, p, weight_decay)
    after = by.get("after", lambda v, g, mu, _: v * mu + g)(v, g, momentum, lr)
    step = by.get("step", lambda g, v, mu, nesterov: g + v * mu if nesterov else v)(g, after, momentum, nesterov)
    return p - step * by.get("rate", lr), after


MOMENTUM = (
    *of_any(formulas.momentum),
    kept("v"),
    Cause(
        "the gradient is weighed with 1 - momentum, as in a moving mean",
        varied(_momentum, after=lambda v, g, mu, _: moved(v, g, mu)),
        severity=Severity.CONVENTION,
    ),
    Cause(
        "lr is in v: v takes lr g, and p takes v",
        varied(_momentum, after=lambda v, g, mu, lr: v * mu + g * lr, rate=1.0),
        severity=Severity.CONVENTION,
    ),
    Cause("the step is that of Nesterov", varied(_momentum, "p", step=lambda g, v, mu, _: g + v * mu)),
    Cause("the step is that without Nesterov", varied(_momentum, "p", step=lambda _g, v, _mu, _n: v)),
    Cause("the step is the gradient alone: v has no part in it", varied(_momentum, "p", step=lambda g, *_: g)),
    Cause("momentum is left out: v adds up all gradients", varied(_momentum, after=lambda v, g, *_: v + g)),
    Cause(
        "the weight decay is left out",
        by_step(without_decay(_momentum)),
    ),
)
