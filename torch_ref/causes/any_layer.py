"""Slips that any layer may have, from the most to the least specific, each with what it makes of a tensor."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np

from numpy_impl.checks import Array
from torch_ref.bounds import Ball
from torch_ref.causes.cause import Case, Cause, Fitted, Prediction, along


def causes_for(parameters: Iterable[str]) -> list[Cause | Fitted]:
    """Those of every layer, and those of each of these parameters."""
    names = list(parameters)
    return [*OF_SHAPES, *_of_parameters(names), *OF_PARTS, *OF_AXES, *OF_FACTORS, *_of_decay(names), *OF_PRECISION]


# A tensor in another shape


def transposed(case: Case, name: str) -> Ball | None:
    ball = case.right[name]
    return ball.T if len(ball.shape) == 2 else None


def with_kept_axis(case: Case, name: str) -> Ball | None:
    return case.right[name].reshape(1, *case.right[name].shape)


def squeezed(case: Case, name: str) -> Ball | None:
    shape = case.right[name].shape
    return case.right[name].reshape(*(n for n in shape if n != 1)) if 1 in shape else None


def without_batch_of_one(case: Case, name: str) -> Ball | None:
    shape = case.right[name].shape
    return case.right[name].reshape(*shape[1:]) if shape[:1] == (1,) else None


def flat(case: Case, name: str) -> Ball | None:
    ball = case.right[name]
    return ball.reshape(-1) if len(ball.shape) > 1 else None


SHAPE, SUM, COUNT, PASSED_ON = "shape", "sum", "count", "passed on"

OF_SHAPES = (
    Cause("it is transposed", transposed),
    Cause("it has an axis of length 1 too many, as from a sum with keepdims=True", with_kept_axis),
    Cause("a batch of one loses its axis", without_batch_of_one, SHAPE),
    Cause("axes of length 1 are lost, as by squeeze", squeezed, SHAPE),
    Cause("it is flattened", flat, SHAPE),
)

# Parameters that are used wrongly


def _of_parameters(names: list[str]) -> Iterator[Cause]:
    for p in names:
        yield Cause(f"{p} is left out", _with_parameter(p, lambda value: 0 * value if value.ndim == 1 else None))
        yield Cause(f"{p} is added twice", _with_parameter(p, lambda value: 2 * value if value.ndim == 1 else None))
        yield Cause(f"{p} is subtracted", _with_parameter(p, lambda value: -value if value.ndim == 1 else None))
        yield Cause(f"{p} is used transposed", _with_parameter(p, _transposed_square))
        yield Cause(f"it is the gradient of {p}, under the wrong name", _gradient_of(p))


def _with_parameter(p: str, change: Callable[[Array], Array | None]) -> Prediction:
    def predict(case: Case, name: str) -> Ball | None:
        value = change(case.params[p])
        return None if value is None else case.given(params={p: value})[name]

    return predict


def _transposed_square(value: Array) -> Array | None:
    return value.T.copy() if value.ndim == 2 and value.shape[0] == value.shape[1] else None


def _gradient_of(p: str) -> Prediction:
    return lambda case, name: case.right[f"d{p}"] if name.startswith("d") and name not in ("dx", f"d{p}") else None


def _of_decay(names: list[str]) -> Iterator[Fitted]:
    for p in names:
        says = f"it has {{a}} {p} added to it, the gradient of a weight decay that the loss does not have"
        yield Fitted(says, _itself(p), along(_itself(p)))


def _itself(p: str) -> Prediction:
    return lambda case, name: case.exact(case.params[p]) if name == f"d{p}" else None


# Parts of the data that are missing


def without_last_sample(case: Case, name: str) -> Ball | None:
    if name.startswith("d") and name != "dx":
        return _of_samples(case, name, slice(0, -1))
    return _zero(case.right[name], np.s_[-1:])


def of_first_sample(case: Case, name: str) -> Ball | None:
    return _of_samples(case, name, slice(0, 1)) if name.startswith("d") and name != "dx" else None


def of_last_sample(case: Case, name: str) -> Ball | None:
    return _of_samples(case, name, slice(-1, None)) if name.startswith("d") and name != "dx" else None


def without_last_column(case: Case, name: str) -> Ball | None:
    return _zero(case.right[name], np.s_[..., -1:])


def _of_samples(case: Case, name: str, kept: slice) -> Ball | None:
    """The gradient of a parameter from these samples alone; leading axes are taken as one, where the pair can."""
    if not np.ndim(case.dout):
        return None
    x, dout = case.x, case.dout
    if case.pair.is_proven:
        x, dout = x.reshape(case.rows, -1), dout.reshape(case.rows, -1)
    if len(x) == 1 and kept == slice(0, -1):
        return zeros(case, name)
    try:
        return case.given(inputs=(x[kept], *(t[kept] for t in case.inputs[1:])), dout=dout[kept])[name]
    except ValueError:  # PyTorch's, for a batch of one that a batch-norm refuses
        return None


def _zero(ball: Ball, where: Any) -> Ball | None:
    if not ball.shape:
        return None
    centre, radius = ball.centre.copy(), ball.radius.copy()
    centre[where] = radius[where] = 0
    return Ball(centre, radius, ball.format)


OF_PARTS = (
    Cause("the last sample is missing", without_last_sample),
    Cause("it is that of the first sample alone", of_first_sample),
    Cause("it is that of the last sample alone", of_last_sample),
    Cause("the last column is missing: it is 0 there", without_last_column),
)

# Sums over other axes


def _sum_of_dout(axes: Callable[[int], tuple[int, ...]]) -> Prediction:
    """For a gradient that is a sum of dout, as that of a bias: the sum over these axes instead."""

    def predict(case: Case, name: str) -> Ball | None:
        if name == "dx" or not name.startswith("d") or np.ndim(case.dout) < 1:
            return None
        right, dout = case.right[name], case.exact(case.dout)
        if not any(_agree(_sum(dout, tuple(some)), right) for some in _subsets(np.ndim(case.dout))):
            return None
        return _sum(dout, axes(np.ndim(case.dout)))

    return predict


def _sum(ball: Ball, axes: tuple[int, ...]) -> Ball:
    for axis in sorted(axes, reverse=True):
        ball = ball.sum(axis)
    return ball


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
    Cause("dout is not summed over the batch", _sum_of_dout(lambda _: ()), SUM),
    Cause("its last two axes run backwards", reversed_axes),
)

# Factors


def zeros(case: Case, name: str) -> Ball:
    return case.exact(np.zeros(case.right[name].shape))


def of_ones(case: Case, name: str) -> Ball | None:
    """As if dout were 1."""
    if not name.startswith("d"):
        return None
    return case.given(dout=np.ones_like(case.dout) if np.ndim(case.dout) else 1.0)[name]


def of_squares(case: Case, name: str) -> Ball | None:
    return case.given(dout=case.dout * case.dout)[name] if name.startswith("d") else None


def dout_itself(case: Case, name: str) -> Ball | None:
    return case.exact(case.dout) if name == "dx" and np.shape(case.dout) == case.x.shape else None


def times(factor: Callable[[Case], float]) -> Prediction:
    """Of the result, in two roundings: the factor's and the product's."""

    def predict(case: Case, name: str) -> Ball | None:
        size = factor(case)
        return case.right[name].scaled(case.right[name].format.wide.type(size), 2) if size != 1 else None

    return predict


def of_divided_dout(count: Callable[[Case], int]) -> Prediction:
    """The same as a division afterwards, but for rounding."""

    def predict(case: Case, name: str) -> Ball | None:
        if not name.startswith("d") or not np.ndim(case.dout) or count(case) == 1:
            return None
        return case.given(dout=case.dout / case.x.dtype.type(count(case)))[name]

    return predict


def _by_counts() -> Iterator[Cause]:
    for what, count in COUNTS.items():
        yield Cause(f"it is divided by {what}, once too often", of_divided_dout(count), COUNT)
        yield Cause(f"it is divided by {what}, once too often", times(lambda case, n=count: 1 / n(case)), COUNT)  # type: ignore[misc]
        yield Cause(f"it is too large by a factor of {what}", times(lambda case, n=count: n(case)), COUNT)  # type: ignore[misc]


COUNTS: dict[str, Callable[[Case], int]] = {
    "the length of the batch": lambda case: case.N,
    "the number of samples, over all leading axes": lambda case: case.rows if case.pair.is_proven else 1,
    "the number of outputs or classes": lambda case: case.outputs if case.x.ndim < 3 else 1,
    "the number of features": lambda case: case.features if case.x.ndim < 3 else 1,
}

OF_FACTORS = (
    Cause("it is all 0: never computed, or multiplied by 0", zeros),
    Cause("the sign is flipped", times(lambda _: -1)),
    Cause("it is twice as large as it must be", times(lambda _: 2)),
    Cause("it is half as large as it must be", times(lambda _: 0.5)),
    Cause("dout is ignored: it is the gradient for a dout of 1", of_ones),
    Cause("dout is passed on as it is: the layer's own derivative is left out", dout_itself, PASSED_ON),
    *_by_counts(),
    Cause("dout is multiplied in twice", of_squares),
)

# Precision


def narrower(dtype: Any) -> Prediction:
    """Computed in a narrower format, all or the last step: values are numbers of that format, and err as much."""

    def predict(case: Case, name: str) -> Ball | None:
        if np.finfo(dtype).bits >= np.finfo(case.x.dtype).bits:
            return None
        return case.given(narrower=dtype)[name]

    return predict


OF_PRECISION = tuple(
    Cause(f"it is computed in {wide}, and loses the digits beyond", narrower(narrow))
    for wide, narrow in (("float32", np.float32), ("float16", np.float16))
)
