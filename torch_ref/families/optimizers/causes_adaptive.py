"""Slips that an optimizer with a root is known for: AdaGrad, RMSprop, Adam, AdamW."""

from collections.abc import Callable
from enum import Enum
from typing import Any

import numpy as np

from torch_ref.bounds import Ball, monotone
from torch_ref.diagnosis.cause import Cause, Suspect
from torch_ref.diagnosis.severity import Severity
from torch_ref.families.optimizers import formulas
from torch_ref.families.optimizers.causes import by_step, kept, of_any, varied, without_decay
from torch_ref.families.optimizers.formulas import correction, moved, over_root


def _root(x: Ball) -> Ball:
    """Of what is at least 0, whatever its ball."""
    return monotone(x, lambda values: np.sqrt(np.maximum(values, 0)), 2)


# What stands in the place of rate m / (√(v / size) + eps).
INSTEAD: dict[str, Callable[..., Any]] = {
    "eps is inside the root": lambda m, v, rate, eps, size=1: m * rate / _root(v / size + eps),
    "eps is left out": lambda m, v, rate, _eps, size=1: over_root(m, v, rate, 0.0, size),
    "the root is left out": lambda m, v, rate, eps, size=1: m * rate / (v / size + eps),
}


def _of_root(step: Callable[..., Any]) -> tuple[Suspect, ...]:
    """`step(*inputs, over=..., **options)` is a step by another quotient."""
    return tuple(
        Cause(
            says,
            by_step(lambda *inputs, over=over, **options: step(*inputs, over=over, **options), "p"),
        )
        for says, over in INSTEAD.items()
    )


def _adaptive(mean: Callable[..., Any]) -> Callable[..., Any]:
    """A step of AdaGrad or RMSprop: `mean(h, g, **options)` is h after it; the quotient is by `of`, h or another."""

    def step(p: Any, g: Any, h: Any, lr: float, eps: float, **by: Any) -> Any:
        over, of = by.pop("over", over_root), by.pop("of", lambda _before, after: after)
        after = by.pop("mean", mean)(h, g, **by)
        return p - over(g, of(h, after), lr, eps), after

    return step


_adagrad = _adaptive(lambda h, g: h + g * g)
_rmsprop = _adaptive(lambda h, g, alpha: moved(h, g * g, alpha))


ADAGRAD = (
    *of_any(formulas.adagrad),
    kept("h"),
    *_of_root(_adagrad),
    Cause("h is that of before the step", varied(_adagrad, "p", of=lambda before, _: before)),
    Cause("h is the square of this gradient alone", varied(_adagrad, mean=lambda _, g: g * g)),
    Cause("h sums the gradients, where it must sum their squares", varied(_adagrad, mean=lambda h, g: h + g)),
)
RMSPROP = (
    *of_any(formulas.rmsprop),
    kept("h"),
    *_of_root(_rmsprop),
    Cause("h is that of before the step", varied(_rmsprop, "p", of=lambda before, _: before)),
    Cause("alpha and 1 - alpha are exchanged", varied(_rmsprop, mean=lambda h, g, alpha: moved(h, g * g, 1 - alpha))),
    Cause("h sums the squares as in AdaGrad", varied(_rmsprop, mean=lambda h, g, **_: h + g * g)),
    Cause("1 - alpha is left out", varied(_rmsprop, mean=lambda h, g, alpha: h * alpha + g * g)),
)


class Count(Enum):
    """How many steps a bias correction counts, t before the step."""

    AFTER = "t + 1"
    BEFORE = "t"
    FIRST = "1"
    NEVER = "none"


def _counted(beta: float, count: Count, t: Any, p: Ball) -> Any:
    steps = {Count.AFTER: int(t) + 1, Count.BEFORE: int(t), Count.FIRST: 1}
    return p.as_ball(1.0) if count is Count.NEVER else correction(beta, steps[count], p)


def _adam(p: Any, g: Any, m: Any, v: Any, t: Any, lr: float, betas: Any, eps: float, **by: Any) -> Any:
    """The right step, with what `by` says in the place of its parts."""
    over, square = by.get("over", over_root), by.get("square", lambda g: g * g)
    beta1, beta2 = by.get("turned", lambda betas: betas)(betas)
    m, v = moved(m, g, beta1), moved(v, square(g), beta2)
    corrected = by.get("corrected", (Count.AFTER, Count.AFTER))
    first, second = (_counted(beta, count, t, p) for beta, count in zip((beta1, beta2), corrected, strict=True))
    return p - over(m, v, lr / first, eps, second), m, v, formulas.as_number(t + 1, p)


def _uncorrected_eps(m: Any, v: Any, rate: Any, eps: float, size: Any) -> Any:
    """√v + eps, corrected after the sum."""
    return over_root(m, v, rate, eps) * _root(size)


def _with_l2(p: Any, g: Any, *state: Any, weight_decay: float, **options: Any) -> Any:
    return formulas.adam(p, formulas.decayed(g, p, weight_decay), *state, **options)


def _decayed_after(p: Any, g: Any, m: Any, v: Any, t: Any, lr: float, weight_decay: float, **options: Any) -> Any:
    p, *state = formulas.adam(p, g, m, v, t, lr, **options)
    return p * formulas.one_minus(lr * weight_decay, p), *state


def _of_adam(step: Callable[..., Any], by: Callable[..., Any]) -> tuple[Suspect, ...]:
    return (
        *of_any(step),
        kept("m"),
        kept("v"),
        kept("t"),
        *_of_root(by),
        Cause("the bias correction is left out", varied(by, "p", corrected=(Count.NEVER, Count.NEVER))),
        Cause("the bias correction of m is left out", varied(by, "p", corrected=(Count.NEVER, Count.AFTER))),
        Cause("the bias correction of v is left out", varied(by, "p", corrected=(Count.AFTER, Count.NEVER))),
        Cause(
            "the bias correction counts from t = 0",
            varied(by, "p", corrected=(Count.BEFORE, Count.BEFORE)),
            overflows=True,
        ),
        Cause(
            "the bias correction does not count: 1 - beta in every step",
            varied(by, "p", corrected=(Count.FIRST, Count.FIRST)),
        ),
        Cause(
            "eps is added before the bias correction, as in TensorFlow",
            varied(by, "p", over=_uncorrected_eps),
            severity=Severity.CONVENTION,
        ),
        Cause("the betas are exchanged", varied(by, turned=lambda betas: betas[::-1])),
        Cause("beta and 1 - beta are exchanged", varied(by, turned=lambda betas: tuple(1 - beta for beta in betas))),
        Cause("v is the mean of the gradient, where it must be that of its square", varied(by, square=lambda g: g)),
    )


def _adamw(p: Any, g: Any, m: Any, v: Any, t: Any, lr: float, weight_decay: float, **options: Any) -> Any:
    return _adam(p * formulas.one_minus(lr * weight_decay, p), g, m, v, t, lr, **options)


ADAM = _of_adam(formulas.adam, _adam)
ADAMW = (
    *_of_adam(formulas.adamw, _adamw),
    Cause("the weight decay is added to the gradient (L2), where it must be taken of p", by_step(_with_l2)),
    Cause(
        "the weight decay is left out",
        by_step(without_decay(formulas.adamw), "p"),
    ),
    Cause("the weight decay is taken of p after the step", by_step(_decayed_after, "p")),
    Cause(
        "the weight decay is taken without lr",
        by_step(
            lambda p, *inputs, weight_decay, **options: formulas.adam(
                p * formulas.one_minus(weight_decay, p), *inputs, **options
            ),
            "p",
        ),
    ),
)
