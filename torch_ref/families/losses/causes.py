"""Slips that the cross-entropy of softmax is known for, and what they make of it. x are the logits z, (N, C)."""

from collections.abc import Callable, Iterator

import numpy as np

from numpy_impl.functions import ieee_arithmetic
from numpy_impl.validation import Array
from torch_ref.bounds import Ball, exp, log
from torch_ref.diagnosis.case import Case
from torch_ref.diagnosis.cause import Cause, Prediction
from torch_ref.diagnosis.factors import times
from torch_ref.diagnosis.severity import Severity
from torch_ref.families.losses.formulas import log_softmax, softmax
from torch_ref.families.losses.of_case import batch, dx_of, is_counted, logits, loss_of, options, rows, target_rows


def _with_targets(change: Callable[[Array, int], Array]) -> Prediction:
    def predict(case: Case, name: str) -> Ball:
        t = case.inputs["t"]
        changed = change(t, case.outputs)
        if t.ndim == 1 and options(case)["ignore_index"] is not None:
            changed = np.where(is_counted(case), changed, t)
        return case.given(inputs={"t": changed})[name]

    return predict


def _shifted(by: int) -> Prediction:
    """Class indices are shifted, rows are rolled."""
    return _with_targets(lambda t, n: (t + by) % n if t.ndim == 1 else np.roll(t, by, axis=1))


def _of_dx(difference: Callable[[Case], Ball]) -> Prediction:
    return lambda case, name: dx_of(case, difference(case)) if name == "dx" else None


def _p(case: Case) -> Ball:
    return softmax(case.exact(case.x))


def _over_the_batch(case: Case, name: str) -> Ball:
    z = case.exact(case.x).T
    return loss_of(case, log_softmax(z).T) if name == "loss" else dx_of(case, softmax(z).T - target_rows(case))


def _log_of(changed: Callable[[Ball], Ball], z_of: Callable[[Case], Ball]) -> Prediction:
    """The loss, with the logarithm of something else than p = softmax(z)."""

    @ieee_arithmetic
    def predict(case: Case, name: str) -> Ball | None:
        return loss_of(case, log(changed(_not_negative(softmax(z_of(case)))))) if name == "loss" else None

    return predict


def _not_negative(p: Ball) -> Ball:
    """The half of the ball that p is in."""
    low, high = np.maximum(p.centre - p.radius, 0), p.centre + p.radius
    return Ball((low + high) / 2, ((high - low) / 2).astype(float), p.format)


def _at_least(epsilon: float) -> Callable[[Ball], Ball]:
    return lambda p: Ball(np.maximum(p.centre, epsilon), np.where(p.centre < epsilon - p.radius, 0, p.radius), p.format)


def _between(epsilon: float) -> Callable[[Ball], Ball]:
    def clipped(p: Ball) -> Ball:
        below, above = p.centre < epsilon - p.radius, p.centre > 1 - epsilon + p.radius
        radius = np.where(below, 0, np.where(above, p.format.u, p.radius))
        return Ball(np.clip(p.centre, epsilon, 1 - epsilon), radius, p.format)

    return clipped


LOST, EPSILON = Severity.INACCURATE, Severity.CONVENTION


def by_epsilon(z_of: Callable[[Case], Ball]) -> Iterator[Cause]:
    for power in range(-4, -17, -1):
        e = 10.0**power
        added = _log_of(lambda p, e=e: p + e, z_of)  # type: ignore[misc]
        yield Cause(f"the logarithm is that of p + 1e{power}: an epsilon inside the log", added, severity=EPSILON)
        clipped = {f"1e{power}": _at_least(e), f"[1e{power}, 1 - 1e{power}]": _between(e)}
        for to, change in clipped.items():
            yield Cause(f"p is clipped to {to} before the logarithm", _log_of(change, z_of), severity=EPSILON)


def _maximum_subtracted(maximum: Callable[[Array], Array | float]) -> Prediction:
    """Another number than the maximum of the row is subtracted, or none: where exp overflows or underflows, it shows.

    There the radius is NaN: only that both are NaN, infinite or finite is compared.
    """

    @ieee_arithmetic
    def predict(case: Case, name: str) -> Ball:
        x, n = case.x, batch(case)
        naive_exp = np.exp(x - maximum(x))
        naive_p = naive_exp / naive_exp.sum(axis=1, keepdims=True)
        shifted = exp(case.exact(x) - case.exact(np.broadcast_to(maximum(x), x.shape)))
        p = shifted / shifted.sum(1, keepdims=True)
        t = rows(case)
        if name == "loss":
            naive, ball = -np.sum(np.where(t == 0, 0, t * np.log(naive_p))) / n, loss_of(case, _or_nothing(log(p), t))
        else:
            difference = naive_p - t
            naive, ball = difference * (case.dout / n), dx_of(case, p - target_rows(case))
        surprising = ~np.isfinite(naive) | ~np.isfinite(ball.radius)
        return Ball(np.where(surprising, naive, ball.centre), np.where(surprising, np.nan, ball.radius), ball.format)

    return predict


def _log_of_p(*, of_all: bool) -> Prediction:
    """The logarithm of p, which may have underflowed to 0; `of_all`, also where the target is 0: 0 · -inf is NaN."""

    @ieee_arithmetic
    def predict(case: Case, name: str) -> Ball | None:
        if name != "loss":
            return None
        naive_exp = np.exp(case.x - case.x.max(axis=1, keepdims=True))
        t, log_p = rows(case), np.log(naive_exp / naive_exp.sum(axis=1, keepdims=True))
        naive = -np.sum(t * log_p if of_all else np.where(t == 0, 0, t * log_p)) / batch(case)
        if np.isfinite(naive):
            return loss_of(case, _or_nothing(log(_not_negative(softmax(logits(case)))), t))
        return Ball(np.asarray(naive, case.right[name].centre.dtype), np.asarray(np.nan), case.right[name].format)

    return predict


def _or_nothing(log_p: Ball, t: Array) -> Ball:
    """Where the target is 0 the logarithm does not matter, also where it is infinite."""
    return Ball(np.where(t == 0, 0, log_p.centre), np.where(t == 0, 0, log_p.radius), log_p.format)


def _in_bits(base: float) -> Prediction:
    return lambda case, name: (
        case.right[name].scaled(1 / np.log(case.right[name].format.wide.type(base)), 3) if name == "loss" else None
    )


def _kept_in_float32(at_label: Callable[[Ball, Array], Ball]) -> Prediction:
    """p is rounded to float32, and the gradient computed of that."""

    def predict(case: Case, name: str) -> Ball | None:
        if name != "dx" or case.x.dtype == np.float32:
            return None
        p = _p(case).centre
        return dx_of(case, at_label(case.exact(p.astype(np.float32).astype(p.dtype)), rows(case)))

    return predict


def _complement(p: Ball, t: Array) -> Ball:
    """p − t, where p − 1 at a label is computed as minus the sum of the others."""
    others = -(p @ p.format.exact(1 - np.eye(t.shape[1])))
    plain = p - p.format.exact(t)
    return Ball(
        np.where(t == 1, others.centre, plain.centre), np.where(t == 1, others.radius, plain.radius), plain.format
    )


BY_CLASSES = Cause(
    "it is divided by the number of classes, where it must be the length of the batch",
    times(lambda case: batch(case) / case.outputs),
)
LABELS = (
    Cause("the labels are off by one: it is right for t - 1", _shifted(-1)),
    Cause("the labels are off by one: it is right for t + 1", _shifted(1)),
)
SOFTMAX_WITH_LOSS = (
    *LABELS,
    BY_CLASSES,
    Cause("the softmax runs over the batch, where it must run over the classes", _over_the_batch),
    *by_epsilon(logits),
    Cause(
        "no maximum is subtracted before exp, which overflows or underflows",
        _maximum_subtracted(lambda _: 0.0),
        severity=LOST,
        overflows=True,
    ),
    Cause(
        "the maximum of the whole batch is subtracted, where it must be that of the row: exp underflows",
        _maximum_subtracted(np.max),
        severity=LOST,
        overflows=True,
    ),
    *(
        Cause(
            "the logarithm is that of p, which underflows to 0",
            _log_of_p(of_all=of_all),
            severity=LOST,
            overflows=True,
        )
        for of_all in (False, True)
    ),
    Cause("the logarithm is that to base 2", _in_bits(2)),
    Cause("the logarithm is that to base 10", _in_bits(10)),
    Cause("t is not subtracted: it is that of p alone", _of_dx(_p)),
    Cause("t is subtracted twice", _of_dx(lambda case: _p(case) - 2 * target_rows(case))),
    Cause("it is p - t, which holds for rows of t that sum to 1 only", _of_dx(lambda c: _p(c) - target_rows(c))),
    Cause(
        "t is replaced by its greatest entry: it is that of t.argmax",
        _with_targets(lambda t, _: t.argmax(axis=1) if t.ndim == 2 else t),
    ),
    Cause(
        "p is kept in float32, and loses the digits beyond",
        _kept_in_float32(lambda p, t: p - p.format.exact(t)),
        severity=LOST,
    ),
    Cause("p is kept in float32, and loses the digits beyond", _kept_in_float32(_complement), severity=LOST),
)
