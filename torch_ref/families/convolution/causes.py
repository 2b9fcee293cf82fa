"""Slips that a convolution is known for, and what they make of it."""

from collections.abc import Callable
from math import prod

import numpy as np

from numpy_impl.validation import Array
from torch_ref.bounds import Ball
from torch_ref.diagnosis.case import Case
from torch_ref.diagnosis.cause import Cause, Prediction
from torch_ref.diagnosis.factors import COUNT, DIVIDED, of_divided_dout, times
from torch_ref.families.convolution.causes_of_windows import (
    STRIDE,
    of_dx,
    of_overlaps,
    of_y,
    one_apart,
    windows_of,
)
from torch_ref.families.convolution.formulas import convolved, input_gradient, rows_of
from torch_ref.families.convolution.windows import Windows


def _exact(case: Case) -> tuple[Ball, Ball, Ball, Ball]:
    return case.exact(case.x), case.exact(case.dout), case.exact(case.params["W"]), case.exact(case.params["b"])


def _y(case: Case, windows: Windows) -> Ball:
    x, _, W, b = _exact(case)
    return convolved(windows, x, W, b)


def _dx(case: Case, windows: Windows, cut: bool) -> Ball:
    _, dout, W, _ = _exact(case)
    return input_gradient(windows, dout, W, cut=cut)


def _in_windows(filters: slice) -> Callable[[Case], Ball]:
    """What these filters send back into each entry of each window."""

    def values(case: Case) -> Ball:
        _, dout, W, _ = _exact(case)
        W, dout = W[filters], dout[:, filters]
        (N, F, OH, OW), K = dout.shape, prod(W.shape[2:])
        found = rows_of(dout, F) @ W.reshape(F, -1)
        return found.reshape(N, OH, OW, -1, K).transpose(0, 3, 1, 2, 4)

    return values


def _dW(case: Case, windows: Windows, part: Callable[[Ball], Ball] = lambda rows: rows) -> Ball:
    x, dout, W, _ = _exact(case)
    return (part(rows_of(dout, W.shape[0])).T @ part(windows.as_rows(x))).reshape(*W.shape)


def _dW_one_apart(case: Case, name: str) -> Ball | None:
    return _dW(case, one_apart(windows_of(case))) if name == "dW" else None


def _dW_of_last_window(case: Case, name: str) -> Ball | None:
    """Of each sample."""
    windows = windows_of(case)
    each = prod(windows.count)
    return _dW(case, windows, lambda rows: rows[each - 1 :: each]) if name == "dW" else None


def _by(change: Callable[[Array], Array | None]) -> Prediction:
    """Computed with another W."""

    def predict(case: Case, name: str) -> Ball | None:
        W = change(case.params["W"])
        return None if W is None or name not in ("y", "dx") else case.given(params={"W": W})[name]

    return predict


def _exchanged(W: Array) -> Array | None:
    return W.transpose(1, 0, 2, 3).copy() if W.shape[0] == W.shape[1] else None


def _dW_exchanged(case: Case, name: str) -> Ball | None:
    return case.right[name].transpose(1, 0, 2, 3) if name == "dW" else None


def _db_of_each_sample(case: Case, name: str) -> Ball | None:
    return case.exact(case.dout).sum((2, 3)) if name == "db" else None


def _windows(case: Case) -> int:
    return int(np.prod(np.shape(case.dout)[2:]))


def _all_windows(case: Case) -> int:
    return case.N * _windows(case)


EXCHANGED = "channels and filters are exchanged"
CONVOLUTION = (
    *of_overlaps(_in_windows(slice(None))),
    Cause(
        "later windows and filters overwrite what is there: it must be added, += for =",
        of_overlaps(_in_windows(slice(-1, None)))[0].predicts,
    ),
    Cause("the kernel is turned by half a turn", _by(lambda W: W[:, :, ::-1, ::-1].copy())),
    *of_y(_y),
    *of_dx(_dx),
    Cause(STRIDE, _dW_one_apart),
    Cause("it is that of the last window alone: it must be added up, += for =", _dW_of_last_window),
    Cause(EXCHANGED, _by(_exchanged)),
    Cause(EXCHANGED, _dW_exchanged),
    Cause("dout is summed over its places alone, and not over the batch", _db_of_each_sample),
    *(
        Cause(DIVIDED.format(what), predicts, COUNT)
        for what, count in (("the number of windows", _windows), ("the number of windows of the batch", _all_windows))
        for predicts in (of_divided_dout(count), times(lambda case, n=count: 1 / n(case)))  # type: ignore[misc]
    ),
)
