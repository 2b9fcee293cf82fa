"""Slips in smoothing labels and in ignoring some."""

from collections.abc import Callable

import numpy as np

from torch_ref.bounds import Ball
from torch_ref.diagnosis.case import Case
from torch_ref.diagnosis.cause import Cause, Prediction
from torch_ref.diagnosis.factors import times
from torch_ref.families.losses.formulas import log_softmax, softmax, softmax_with_loss, softmax_with_loss_backward
from torch_ref.families.losses.of_case import batch, dx_of, is_counted, logits, loss_of, options, target_rows


def _with_rows(rows_of: Callable[[Case], Ball]) -> Prediction:
    """The loss and the gradient of other rows, where labels are smoothed."""

    def predict(case: Case, name: str) -> Ball | None:
        if not options(case)["label_smoothing"]:
            return None
        t, z = rows_of(case), logits(case)
        if name == "loss":
            return loss_of(case, log_softmax(z), t)
        return dx_of(case, softmax(z) * t.sum(-1, keepdims=True) - t)

    return predict


def _plain(case: Case) -> Ball:
    return target_rows(case, label_smoothing=0.0)


def _spread_over_others(case: Case) -> Ball:
    epsilon, t = options(case)["label_smoothing"], _plain(case)
    return t * (1 - epsilon) + (1 - t) * (epsilon / (t.shape[-1] - 1))


def _added(case: Case) -> Ball:
    t = _plain(case)
    return t + options(case)["label_smoothing"] / t.shape[-1]


SMOOTHING = (
    Cause("the smoothing is left out: it is that of t itself", _with_rows(_plain)),
    Cause(
        "the smoothing is spread over the C - 1 other classes, where it must be all C, the true one too",
        _with_rows(_spread_over_others),
    ),
    Cause("epsilon / C is added to t, which must be multiplied by 1 - epsilon first", _with_rows(_added)),
)


def _as_class_0(case: Case, name: str) -> Ball:
    """Those ignored are samples like others, of class 0."""
    t = np.where(is_counted(case), case.inputs["t"], 0)
    if name == "loss":
        found: Ball = softmax_with_loss(logits(case), t)
        return found
    return softmax_with_loss_backward(logits(case), t, case.dout)[name]


def _of_all(case: Case, name: str) -> Ball | None:
    """The gradient of each sample, divided by the number of those that count."""
    return _as_class_0(case, name).scaled(case.N / batch(case), 2) if name == "dx" else None


IGNORED = (
    Cause(
        "ignored samples count in the denominator: it is divided by the length of the batch",
        times(lambda case: batch(case) / case.N),
    ),
    Cause("ignored samples count as those of class 0", _as_class_0),
    Cause("the gradient of ignored samples is not 0: it is that of class 0", _of_all),
)
