"""Slips of softmax as a layer: over which axis it runs, and what its derivative sums."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np
from torch import Tensor, nn

from numpy_impl.functions import ieee_arithmetic
from numpy_impl.validation import Array
from torch_ref.bounds import Ball
from torch_ref.diagnosis.case import Case
from torch_ref.diagnosis.cause import Cause, Prediction
from torch_ref.diagnosis.severity import Severity
from torch_ref.diagnosis.twins.changed import by_backward, changes, own_forward

AXES = {"over the batch": 0, "over axis 1": 1, "over axis 2": 2, "over the last axis": -1}


def causes_of(module: Any) -> Iterator[Cause]:
    if not isinstance(module, nn.Softmax | nn.LogSoftmax):
        return
    yield from changes("it runs {}, where it must run over another", "dim", AXES, module.dim)
    yield Cause(
        "no maximum is subtracted before exp, which overflows or underflows",
        _without_maximum(module),
        severity=Severity.INACCURATE,
        overflows=True,
    )
    if isinstance(module, nn.Softmax):
        for words, axis in {**AXES, "over all axes": None}.items():
            if axis != module.dim:
                says = f"the sum of dout times y runs {words}, where it must run over that of the softmax"
                yield by_backward(says, partial(_dx, axis))
        yield by_backward(
            "the sum of dout times y is left out: it is dout times y", lambda m, x, dout: dout * own_forward(m, x)
        )
    else:
        yield Cause(
            "the logarithm is that of a softmax that underflows to 0",
            _log_of_softmax(module),
            severity=Severity.INACCURATE,
            overflows=True,
        )
        yield by_backward(
            "dout is not summed: it is dout - softmax(x)", lambda m, x, dout: dout - own_forward(m, x).exp()
        )


def _dx(axis: int | None, module: Any, x: Tensor, dout: Tensor) -> Tensor:
    y = own_forward(module, x)
    weighted = dout * y
    return y * (dout - (weighted.sum() if axis is None else weighted.sum(axis, keepdim=True)))


# What overflows: only where a result is NaN or infinite is predicted, elsewhere it is right or has underflowed


def _naively(compute: Callable[[Array, Array], dict[str, Array]]) -> Prediction:
    """What is computed of x and dout in their own dtype."""

    @ieee_arithmetic
    def predict(case: Case, name: str) -> Ball | None:
        naive = compute(case.x, case.dout).get(name)
        if naive is None:
            return None
        right = case.right[name]
        is_right = abs(naive - right.centre) <= right.radius
        radius = np.where(np.isfinite(naive), right.radius, np.nan)
        return Ball(np.where(is_right, right.centre, naive), radius, right.format)

    return predict


def _without_maximum(module: Any) -> Prediction:
    def compute(x: Array, dout: Array) -> dict[str, Array]:
        e = np.exp(x)
        y = e / e.sum(module.dim, keepdims=True)
        if isinstance(module, nn.LogSoftmax):
            return {"y": np.log(y), "dx": dout - y * dout.sum(module.dim, keepdims=True)}
        return {"y": y, "dx": y * (dout - (dout * y).sum(module.dim, keepdims=True))}

    return _naively(compute)


def _log_of_softmax(module: Any) -> Prediction:
    def compute(x: Array, _: Array) -> dict[str, Array]:
        e = np.exp(x - x.max(module.dim, keepdims=True))
        return {"y": np.log(e / e.sum(module.dim, keepdims=True))}

    return _naively(compute)
