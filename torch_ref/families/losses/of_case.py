"""What predictions of a classifier's loss are made of: its options, its targets as rows, its mean."""

from typing import Any, cast

import numpy as np

from numpy_impl.validation import Array
from torch_ref.bounds import Ball, where
from torch_ref.diagnosis.case import Case
from torch_ref.families.losses.formulas import counted, targets


def logits(case: Case) -> Ball:
    return case.exact(case.x)


def options(case: Case) -> dict[str, Any]:
    """How labels are smoothed, and which are ignored: of the loss itself, or of a network's."""
    layer = getattr(case.layer, "last_layer", case.layer)
    return {name: getattr(layer, name, off) for name, off in (("label_smoothing", 0.0), ("ignore_index", None))}


def target_rows(case: Case, **others: Any) -> Ball:
    """The targets as rows, class indices as well, with the case's options, or others."""
    like_logits = case.exact(np.zeros(case.outputs))
    return cast("Ball", targets(like_logits, case.inputs["t"], **(options(case) | others)))


def rows(case: Case) -> Array:
    return np.asarray(target_rows(case).centre, float)


def is_counted(case: Case) -> Array:
    """Which samples are not ignored."""
    return counted(case.inputs["t"], options(case)["ignore_index"])


def batch(case: Case) -> int:
    """The samples that are not ignored."""
    return int(is_counted(case).sum())


def loss_of(case: Case, log_p: Ball, t: Ball | None = None) -> Ball:
    """−1/N Σ t log p."""
    weighted = (target_rows(case) if t is None else t) * log_p
    return -weighted.sum().scaled(log_p.format.wide.type(1) / batch(case), 2)


def dx_of(case: Case, difference: Ball) -> Ball:
    """A difference, mostly p − t, times dout / N; 0 where a label is ignored."""
    dx = difference.scaled(difference.format.wide.type(case.dout) / batch(case), 5)
    return cast("Ball", where(is_counted(case)[:, np.newaxis], dx, 0.0))
