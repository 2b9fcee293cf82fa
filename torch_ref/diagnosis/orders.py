"""Tensors in another shape, and entries in another order: a reshape where a transpose is meant."""

from collections.abc import Callable, Iterator
from itertools import permutations
from math import prod

import numpy as np

from numpy_impl.validation import Array
from torch_ref.bounds import Ball
from torch_ref.diagnosis.case import Case
from torch_ref.diagnosis.cause import Cause, Prediction

SHAPE, ORDER = "shape", "order"
RESHAPED = "its entries are in another order, as from a reshape where a transpose is meant"
OF_DOUT = "it is that of dout with its entries in another order, as from a reshape where a transpose is meant"
Reorder = Callable[[Array], Array | None]  # another order of the same shape; None where there is none


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


OF_SHAPES = (
    Cause("it is transposed", transposed, ORDER),
    Cause("it has an axis of length 1 too many, as from a sum with keepdims=True", with_kept_axis),
    Cause("a batch of one loses its axis", without_batch_of_one, SHAPE),
    Cause("axes of length 1 are lost, as by squeeze", squeezed, SHAPE),
    Cause("it is flattened", flat, SHAPE),
)


def _by(reorder: Reorder) -> Prediction:
    def predict(case: Case, name: str) -> Ball | None:
        ball = case.right[name]
        centre, radius = reorder(ball.centre), reorder(ball.radius)
        return None if centre is None or radius is None else Ball(centre, radius, ball.format)

    return predict


def _of_dout(reorder: Reorder) -> Prediction:
    def predict(case: Case, name: str) -> Ball | None:
        dout = reorder(np.asarray(case.dout))
        first = next(iter(case.upstream), "")
        return None if dout is None or name[1:] not in case.params else case.given(upstream={first: dout})[name]

    return predict


def _in_fortrans_order(case: Case, name: str) -> Ball | None:
    """Between the shapes of x and of y, which must have as many entries."""
    x, y = case.x.shape, np.shape(case.dout)
    if x == y or prod(x) != prod(y) or name not in ("y", "dx"):
        return None
    before, after = (y, x) if name == "dx" else (x, y)
    return _by(lambda values: values.reshape(before).reshape(after, order="F"))(case, name)


def _orders(rank: int) -> Iterator[Reorder]:
    """Transposed and then reshaped, or the other way round."""
    for axes in list(permutations(range(rank)))[1:]:
        back = tuple(np.argsort(axes))

        def then_reshaped(values: Array, axes: tuple[int, ...] = axes) -> Array | None:
            return values.transpose(axes).reshape(values.shape) if values.ndim == len(axes) else None

        def then_transposed(values: Array, axes: tuple[int, ...] = axes, back: tuple[int, ...] = back) -> Array | None:
            if values.ndim != len(axes):
                return None
            return values.reshape([values.shape[axis] for axis in axes]).transpose(back)

        yield then_reshaped
        yield then_transposed


OF_ORDERS = (
    Cause("its shape is changed in Fortran's order (order='F'), where it must be C's", _in_fortrans_order, ORDER),
    *(Cause(RESHAPED, _by(reorder), ORDER) for rank in (2, 3, 4) for reorder in _orders(rank)),
)
OF_ORDERS_OF_DOUT = tuple(Cause(OF_DOUT, _of_dout(reorder)) for rank in (3, 4) for reorder in _orders(rank))
