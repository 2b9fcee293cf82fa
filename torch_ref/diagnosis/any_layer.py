"""Slips that any layer may have, from the most to the least specific, each with what it makes of a tensor."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np

from numpy_impl.validation import Array
from torch_ref.bounds import Ball
from torch_ref.diagnosis.case import Case
from torch_ref.diagnosis.cause import SKIPPED, Cause, Fitted, Prediction, Suspect, along
from torch_ref.diagnosis.factors import OF_AXES, OF_FACTORS
from torch_ref.diagnosis.orders import OF_ORDERS, OF_ORDERS_OF_DOUT, OF_SHAPES
from torch_ref.diagnosis.parts import CLIPPED, OF_PARTS
from torch_ref.diagnosis.severity import Severity
from torch_ref.diagnosis.steps import of_steps


def causes_for(parameters: Iterable[str]) -> list[Suspect]:
    """Those of every layer, and those of each of these parameters."""
    names = list(parameters)
    return [
        *OF_SHAPES, *_of_parameters(names), *OF_PARTS, *OF_AXES, *OF_FACTORS, *_of_decay(names), *OF_ORDERS,
        *CLIPPED, *OF_PRECISION, *of_steps(names), *OF_JACOBIANS, *OF_ORDERS_OF_DOUT,
    ]  # fmt: skip


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
    return lambda case, name: case.right[f"d{p}"] if name[1:] in case.params and name != f"d{p}" else None


def _of_decay(names: list[str]) -> Iterator[Fitted]:
    for p in names:
        says = f"it has {{a}} {p} added to it, the gradient of a weight decay that the loss does not have"
        yield Fitted(says, _itself(p), along(_itself(p)))


def _itself(p: str) -> Prediction:
    return lambda case, name: case.exact(case.params[p]) if name == f"d{p}" else None


# Precision


def narrower(dtype: Any) -> Prediction:
    """Computed in a narrower format, all or the last step: values are numbers of that format, and err as much."""

    def predict(case: Case, name: str) -> Ball | None:
        if np.finfo(dtype).bits >= np.finfo(case.dtype).bits:
            return None
        return case.given(narrower=dtype)[name]

    return predict


OF_PRECISION = tuple(
    Cause(f"it is computed in {wide}, and loses the digits beyond", narrower(narrow), severity=Severity.INACCURATE)
    for wide, narrow in (("float32", np.float32), ("float16", np.float16))
)

# Parts of the derivative

FEW = 16  # features: each takes a run of the twin


def diagonal(case: Case, name: str) -> Ball | None:
    """Of the Jacobian of each sample: from each entry of dout alone its own entry of dx."""
    right = case.right[name]
    if name != "dx" or np.shape(case.dout) != right.shape or not right.shape:
        return None
    if right.shape[-1] > FEW:
        return SKIPPED
    upstream, centre, radius = dict(case.upstream), right.centre.copy(), right.radius.copy()
    for i in range(right.shape[-1]):
        upstream[next(iter(upstream))] = np.where(np.arange(right.shape[-1]) == i, case.dout, 0).astype(case.dtype)
        column = case.given(upstream=upstream)[name]
        centre[..., i], radius[..., i] = column.centre[..., i], column.radius[..., i]
    return Ball(centre, radius, right.format)


OF_JACOBIANS = (
    Cause("only the diagonal of the Jacobian is used: the sum over the other outputs is missing", diagonal),
)

# A factor, where nothing above says which one


def _result(case: Case, name: str) -> Ball:
    return case.right[name]


def _scaled(a: float) -> Prediction:
    return lambda case, name: case.right[name].scaled(case.right[name].format.wide.type(1 + a), 2)


LAST_RESORTS = (Fitted("it is {a} times what it must be", _result, _scaled, shown=lambda a: 1 + a),)
