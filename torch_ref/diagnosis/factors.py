"""Slips of sums and of factors that any layer may have."""

from collections.abc import Callable, Iterator

import numpy as np

from torch_ref.bounds import Ball
from torch_ref.diagnosis.case import Case
from torch_ref.diagnosis.cause import Cause, Prediction
from torch_ref.places import is_gradient

# The families: of what predicts the same, the first is said.
SUM, COUNT, PASSED_ON = "sum", "count", "passed on"
IGNORED = "dout is ignored: it is the gradient for a dout of 1"
OF_BATCH, OF_ENTRIES = "the length of the batch", "the number of entries"
DIVIDED, TOO_LARGE = "it is divided by {}, once too often", "it is too large by a factor of {}"

# Sums over other axes


def _sum_of_dout(axes: Callable[[int], tuple[int, ...]]) -> Prediction:
    """For a gradient that is a sum of dout, as that of a bias: the sum over these axes instead."""

    def predict(case: Case, name: str) -> Ball | None:
        if name[1:] not in case.params or np.ndim(case.dout) < 1:
            return None
        right, dout = case.right[name], case.exact(case.dout)
        if not any(_agree(dout.sum(tuple(some)), right) for some in _subsets(np.ndim(case.dout))):
            return None
        return dout.sum(axes(np.ndim(case.dout)))

    return predict


def _in_all(rank: int) -> Prediction:
    """The sum over all axes, with some of length 1 kept."""
    total = _sum_of_dout(lambda n: tuple(range(n)))
    return lambda case, name: None if (ball := total(case, name)) is None else ball.reshape(*[1] * rank)


def _subsets(n: int) -> Iterator[list[int]]:
    return ([axis for axis in range(n) if kept >> axis & 1] for kept in range(2**n))


def _agree(one: Ball, other: Ball) -> bool:
    return one.shape == other.shape and bool((abs(one.centre - other.centre) <= one.radius + other.radius).all())


def reversed_axes(case: Case, name: str) -> Ball | None:
    """The kernel of a convolution, say, turned by half a turn."""
    ball = case.right[name]
    if len(ball.shape) < 3:
        return None
    return Ball(ball.centre[..., ::-1, ::-1], ball.radius[..., ::-1, ::-1], ball.format)


OF_AXES = (
    Cause("dout is summed over its last axis, where it must be the others", _sum_of_dout(lambda n: (n - 1,)), SUM),
    Cause("dout is summed over its first axis alone", _sum_of_dout(lambda _: (0,)), SUM),
    Cause("dout is summed over all axes but the first", _sum_of_dout(lambda n: tuple(range(1, n))), SUM),
    Cause("dout is summed over all of its axes", _sum_of_dout(lambda n: tuple(range(n))), SUM),
    Cause("dout is summed over all of its axes", _in_all(1), SUM),
    Cause("dout is summed over all of its axes", _in_all(2), SUM),
    Cause("dout is not summed over the batch", _sum_of_dout(lambda _: ()), SUM),
    Cause("its last two axes run backwards", reversed_axes),
)

# Factors


def zeros(case: Case, name: str) -> Ball:
    return case.exact(np.zeros(case.right[name].shape))


def of_ones(case: Case, name: str) -> Ball | None:
    """As if each upstream gradient were 1."""
    ones = lambda dout: np.ones_like(dout) if np.ndim(dout) else 1.0  # noqa: E731
    return case.upstream_by(ones)[name] if is_gradient(name) else None


def of_squares(case: Case, name: str) -> Ball | None:
    return case.upstream_by(lambda dout: dout * dout)[name] if is_gradient(name) else None


def dout_itself(case: Case, name: str) -> Ball | None:
    is_alike = name[1:] in case.pair.input_gradients and np.shape(case.dout) == case.right[name].shape
    return case.exact(case.dout) if is_alike else None


def times(factor: Callable[[Case], float]) -> Prediction:
    """Of the result, in two roundings: the factor's and the product's."""

    def predict(case: Case, name: str) -> Ball | None:
        size = factor(case)
        return case.right[name].scaled(case.right[name].format.wide.type(size), 2) if size != 1 else None

    return predict


def of_divided_dout(count: Callable[[Case], int]) -> Prediction:
    """The same as a division afterwards, but for rounding."""

    def predict(case: Case, name: str) -> Ball | None:
        if not is_gradient(name) or not np.ndim(case.dout) or count(case) == 1:
            return None
        return case.upstream_by(lambda dout: dout / case.dtype.type(count(case)))[name]

    return predict


def _by_counts() -> Iterator[Cause]:
    for what, count in COUNTS.items():
        yield Cause(DIVIDED.format(what), of_divided_dout(count), COUNT)
        yield Cause(DIVIDED.format(what), times(lambda case, n=count: 1 / n(case)), COUNT)  # type: ignore[misc]
        yield Cause(TOO_LARGE.format(what), times(lambda case, n=count: n(case)), COUNT)  # type: ignore[misc]


COUNTS: dict[str, Callable[[Case], int]] = {
    OF_BATCH: lambda case: case.N,
    "the number of samples, over all leading axes": lambda case: case.rows if case.pair.is_proven else 1,
    "the number of outputs or classes": lambda case: case.outputs if case.x.ndim < 3 else 1,
    OF_ENTRIES: lambda case: 1 if case.params or np.ndim(case.dout) else case.x.size,  # of a loss
    "the number of features": lambda case: case.features if case.x.ndim < 3 else 1,
}

OF_FACTORS = (
    Cause("it is all 0: never computed, or multiplied by 0", zeros),
    Cause("the sign is flipped", times(lambda _: -1)),
    Cause("it is twice as large as it must be", times(lambda _: 2)),
    Cause("it is half as large as it must be", times(lambda _: 0.5)),
    Cause(IGNORED, of_ones),
    Cause("dout is passed on as it is: the layer's own derivative is left out", dout_itself, PASSED_ON),
    *_by_counts(),
    Cause("dout is multiplied in twice", of_squares),
)
