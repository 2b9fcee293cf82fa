"""Slips that losses entry by entry are known for, and what they make of them."""

from collections.abc import Callable, Iterator

import numpy as np

from numpy_impl.functions import ieee_arithmetic
from torch_ref.bounds import Ball, log, maximum, sigmoid
from torch_ref.diagnosis.case import Case
from torch_ref.diagnosis.cause import Cause, Prediction
from torch_ref.diagnosis.factors import COUNT, times
from torch_ref.diagnosis.severity import Severity
from torch_ref.families.losses.formulas_of_entries import clipped, huber_loss, mean, shared


def _of(name: str, of_entries: Callable[[Ball, Ball], Ball]) -> Prediction:
    """The mean of these entries as loss, or this slope as dx."""

    def predict(case: Case, of: str) -> Ball | None:
        if of != name:
            return None
        found = of_entries(case.exact(case.x), case.exact(case.inputs["t"]))
        return shared(found, case.dout) if name == "dx" else mean(found)

    return predict


OF_BATCH = Cause(
    "it is divided by the length of the batch, where it must be the number of entries",
    times(lambda case: case.x.size / case.N),
    COUNT,
)


def _log_of_sigmoid(epsilon: float = 0.0) -> Prediction:
    """The loss, by the logarithms of σ and of 1 − σ, which may have been rounded to 0."""

    @ieee_arithmetic
    def predict(case: Case, name: str) -> Ball | None:
        if name != "loss":
            return None
        x, t = case.x, case.inputs["t"]
        s = 1 / (1 + np.exp(-x))
        naive = -(t * np.log(s + x.dtype.type(epsilon)) + (1 - t) * np.log(1 - s + x.dtype.type(epsilon))).mean()
        if not np.isfinite(naive):
            return Ball(np.asarray(naive, case.right[name].centre.dtype), np.asarray(np.nan), case.right[name].format)
        y = sigmoid(case.exact(x))
        of_yes, of_no = (log(_not_negative(one) + epsilon) for one in (y, 1 - y))
        t_ball = case.exact(t)
        return -mean(_or_nothing(t_ball, of_yes) + _or_nothing(1 - t_ball, of_no))

    return predict


def _not_negative(p: Ball) -> Ball:
    low, high = np.maximum(p.centre - p.radius, 0), p.centre + p.radius
    return Ball((low + high) / 2, ((high - low) / 2).astype(float), p.format)


def _or_nothing(weight: Ball, logarithm: Ball) -> Ball:
    """Their product, 0 where the weight is."""
    is_0 = weight.centre == 0
    centre, radius = (np.where(is_0, 0, one) for one in (logarithm.centre, logarithm.radius))
    return weight * Ball(centre, radius, logarithm.format)


def _by_epsilon() -> Iterator[Cause]:
    for power in range(-4, -17, -1):
        says = f"the logarithm is that of p + 1e{power}: an epsilon inside the log"
        yield Cause(says, _log_of_sigmoid(10.0**power), severity=Severity.CONVENTION)


SIGMOID_WITH_LOSS = (
    Cause("t is not subtracted: it is that of sigmoid(x) alone", _of("dx", lambda x, _: sigmoid(x))),
    Cause(
        "the derivative of the sigmoid is multiplied in once more",
        _of("dx", lambda x, t: (sigmoid(x) - t) * (sigmoid(x) * sigmoid(-x))),
    ),
    Cause("it is x - t, where it must be sigmoid(x) - t", _of("dx", lambda x, t: x - t)),
    OF_BATCH,
    *_by_epsilon(),
    Cause(
        "the logarithm is that of sigmoid(x), which underflows to 0 or is rounded to 1",
        _log_of_sigmoid(),
        severity=Severity.INACCURATE,
        overflows=True,
    ),
)


def _size(d: Ball) -> Ball:
    return maximum(d, -d)


MEAN_SQUARED_ERROR = (
    OF_BATCH,
    Cause("it is the mean of |x - t|, where it must be that of its square", _of("loss", lambda x, t: _size(x - t))),
)


def _delta(case: Case) -> float:
    return float(case.layer.delta)


def _of_huber(name: str, of_entries: Callable[[Ball, float], Ball]) -> Prediction:
    return lambda case, of: _of(name, lambda x, t: of_entries(x - t, _delta(case)))(case, of)


def _or_sign(d: Ball, delta: float) -> Ball:
    is_far = abs(d.centre) > delta
    return Ball(np.where(is_far, np.sign(d.centre), d.centre), np.where(is_far, 0, d.radius), d.format)


def _inside(d: Ball, delta: float) -> Ball:
    is_far = abs(d.centre) > delta
    return Ball(np.where(is_far, 0, d.centre), np.where(is_far, 0, d.radius), d.format)


def _of_one(case: Case, name: str) -> Ball | None:
    x, t = case.exact(case.x), case.exact(case.inputs["t"])
    if name == "loss":
        found: Ball = huber_loss(x, t, 1.0)
        return found
    return shared(clipped(x - t, 1.0), case.dout)


HUBER_LOSS = (
    Cause("the difference is not clipped: it is that of the square", _of_huber("dx", lambda d, _: d)),
    Cause("it is that of the square everywhere: (x - t)^2 / 2", _of_huber("loss", lambda d, _: d * d * 0.5)),
    Cause(
        "delta is left out of the derivative where |d| > delta: it is the sign of d",
        _of_huber("dx", _or_sign),
    ),
    Cause(
        "delta / 2 is not subtracted where |d| > delta",
        _of_huber("loss", lambda d, delta: clipped(d, delta) * (d - _inside(d, delta) * 0.5)),
    ),
    Cause("it is divided by delta, as in SmoothL1Loss", times(lambda case: 1 / _delta(case))),
    Cause("delta is taken as 1", _of_one),
    OF_BATCH,
)
