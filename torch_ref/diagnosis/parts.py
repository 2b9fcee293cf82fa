"""Slips that leave a part of the data out, or cut what is too large."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from numpy_impl.functions import ieee_arithmetic
from numpy_impl.validation import Array
from torch_ref.bounds import Ball
from torch_ref.diagnosis.case import Case
from torch_ref.diagnosis.cause import Cause, Prediction, Read
from torch_ref.diagnosis.factors import zeros

# Missing samples, rows, columns

MISSING = "missing"


def without_last_sample(case: Case, name: str) -> Ball | None:
    if name[1:] in case.params:
        return _of_samples(case, name, slice(0, -1))
    return _zero(case.right[name], np.s_[-1:])


def of_first_sample(case: Case, name: str) -> Ball | None:
    return _of_samples(case, name, slice(0, 1)) if name[1:] in case.params else None


def of_last_sample(case: Case, name: str) -> Ball | None:
    return _of_samples(case, name, slice(-1, None)) if name[1:] in case.params else None


def of_whole_blocks(size: int) -> Prediction:
    """Without the samples that do not fill a block."""

    def predict(case: Case, name: str) -> Ball | None:
        whole = case.N // size * size
        if name[1:] in case.params:
            return _of_samples(case, name, slice(0, whole))
        return _zero(case.right[name], np.s_[whole:])

    return predict


def without_last_column(case: Case, name: str) -> Ball | None:
    return _zero(case.right[name], np.s_[..., -1:])


def without_last_row(case: Case, name: str) -> Ball | None:
    ball = case.right[name]
    return _zero(ball, np.s_[..., -1:, :]) if len(ball.shape) > 2 else None


def _of_samples(case: Case, name: str, kept: slice) -> Ball | None:
    """The gradient of a parameter from these samples alone; leading axes are taken as one, where the pair can."""
    if not np.ndim(case.dout):
        return None
    lead = case.lead if case.pair.is_proven and not case.pair.batches_only else 1

    def part(values: Mapping[str, Array]) -> dict[str, Array]:
        return {n: value.reshape(-1, *value.shape[lead:])[kept] for n, value in values.items()}

    try:
        inputs = part(case.inputs)
        return case.given(inputs, part(case.upstream))[name] if all(map(len, inputs.values())) else zeros(case, name)
    except (ValueError, IndexError):  # such as PyTorch's, for a batch of one that a batch-norm refuses
        return None


def _zero(ball: Ball, where: Any) -> Ball | None:
    if not ball.shape:
        return None
    centre, radius = ball.centre.copy(), ball.radius.copy()
    centre[where] = radius[where] = 0
    return Ball(centre, radius, ball.format)


# Cut off


@ieee_arithmetic
def _greatest_entry(observation: Any, name: str) -> float:
    """Two or more entries that are wrong, if they are alike but for their sign, beside smaller ones that are right."""
    got, right = observation.got, observation.case.right[name]
    if got.shape != right.shape:
        return 0.0
    is_right = right.shares(got) <= 1
    sizes, others = abs(got[~is_right]), got[is_right]
    return float(sizes[0]) if len(sizes) > 1 and others.any() and np.ptp(sizes) == 0 else 0.0


def _clipped(limit: float) -> Prediction:
    def predict(case: Case, name: str) -> Ball:
        ball = case.right[name]
        size = abs(ball.centre)
        clipped = np.clip(ball.centre, -limit, limit)
        return Ball(clipped, np.where(size > limit + ball.radius, 0, ball.radius), ball.format)

    return predict


def _x_clipped(limit: float) -> Prediction:
    def predict(case: Case, name: str) -> Ball:
        first = next(iter(case.inputs))
        return case.given(inputs={first: np.clip(case.x, -limit, limit)})[name]

    return predict


CLIPPED: tuple[Cause | Read, ...] = (
    Read("it is clipped to [-{a}, {a}]", _greatest_entry, _clipped),
    *(Cause(f"x is clipped to [-{c}, {c}]", _x_clipped(c)) for c in (1, 5, 6, 10)),
)
OF_PARTS = (
    Cause("the last sample is missing", without_last_sample, MISSING),
    *(
        Cause(f"samples that do not fill a block of {n} are missing", of_whole_blocks(n), MISSING)
        for n in (2, 4, 8, 16, 32)
    ),
    Cause("it is that of the first sample alone", of_first_sample),
    Cause("it is that of the last sample alone", of_last_sample),
    Cause("the last column is missing: it is 0 there", without_last_column),
    Cause("the last row is missing: it is 0 there", without_last_row),
)
