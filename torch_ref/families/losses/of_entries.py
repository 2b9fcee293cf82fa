"""Losses entry by entry beside PyTorch's own."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
from torch import nn

import numpy_impl
from numpy_impl.validation import Array
from torch_ref.families.losses import causes_of_entries as causes
from torch_ref.families.losses import formulas_of_entries as formulas
from torch_ref.pair import Example, Kind, Pair, Refusal
from torch_ref.registry import register
from torch_ref.scenarios import SCENARIOS, Data

DATA_SETS = tuple(s for s in SCENARIOS if s.name not in ("remainders", "long-batch", "book", "mnist"))
OF_SQUARES = tuple(s for s in DATA_SETS if s.name != "tiny")  # times the complex step of 1e-200 they underflow


def of_numbers(cls: Callable[..., Any], data: Data) -> Example:
    return Example(cls(), {"x": data.x(), "t": data.x()}, {"dout": data.number()})


def of_probabilities(cls: Callable[..., Any], data: Data) -> Example:
    """A third of them exactly 0, a third 1."""
    x = data.x()
    share = data.of_domain("unit", *x.shape)
    t = np.where(share.real < 1 / 3, 0, np.where(share.real > 2 / 3, 1, share)).astype(share.dtype)
    return Example(cls(), {"x": x, "t": data.layout(t)}, {"dout": data.number()})


def _with(what: str, change: Callable[[Array, Array], tuple[Any, Any]], error: type[Exception]) -> Refusal:
    return Refusal(what, lambda e: e.layer.forward(*change(*e.inputs.values())), error)


REFUSALS = (
    _with("t of another batch", lambda x, t: (x, t[1:]), ValueError),
    _with("t as a column, which would broadcast", lambda x, t: (x, t[:, :1]), ValueError),
    _with("t that is a number", lambda x, _: (x, 1.0), TypeError),
    _with("t that is a list", lambda x, t: (x, t.tolist()), TypeError),
    _with("t of objects", lambda x, t: (x, t.astype(object)), TypeError),
    _with("t of another float dtype", lambda x, t: (x, t.astype(np.longdouble)), TypeError),
    _with("no entries", lambda x, t: (x[:0], t[:0]), ValueError),
    *(
        Refusal(f"dout {dout!r}", lambda e, dout=dout: e.layer.backward(dout), error)  # type: ignore[misc]
        for dout, error in ((None, TypeError), ("1", TypeError), (1j, TypeError), (np.ones(1), ValueError))
    ),
)

register(
    Pair(
        "sigmoid_with_loss",
        numpy_impl.SigmoidWithLoss,
        lambda _: nn.BCEWithLogitsLoss(),
        of_probabilities,
        twin_name="BCEWithLogitsLoss",
        kind=Kind.LOSS,
        outputs=("loss",),
        forward=formulas.sigmoid_with_loss,
        backward=formulas.sigmoid_with_loss_backward,
        refusals=REFUSALS,
        causes=causes.SIGMOID_WITH_LOSS,
        data_sets=DATA_SETS,
    )
)
register(
    Pair(
        "mean_squared_error",
        numpy_impl.MeanSquaredError,
        lambda _: nn.MSELoss(),
        of_numbers,
        twin_name="MSELoss",
        kind=Kind.LOSS,
        outputs=("loss",),
        forward=formulas.mean_squared_error,
        backward=formulas.mean_squared_error_backward,
        refusals=REFUSALS,
        causes=causes.MEAN_SQUARED_ERROR,
        data_sets=OF_SQUARES,
        flat_on=("tied",),
    )
)
HUBER = register(
    Pair(
        "huber_loss",
        numpy_impl.HuberLoss,
        lambda layer: nn.HuberLoss(delta=layer.delta),
        of_numbers,
        twin_name="HuberLoss",
        kind=Kind.LOSS,
        outputs=("loss",),
        options=("delta",),
        forward=formulas.huber_loss,
        backward=formulas.huber_loss_backward,
        refusals=(
            *REFUSALS,
            Refusal("a delta of 0", lambda e: type(e.layer)(0), ValueError),
            Refusal("a delta of NaN", lambda e: type(e.layer)(float("nan")), ValueError),
            Refusal("a delta that is a string", lambda e: type(e.layer)("1"), TypeError),
        ),
        causes=causes.HUBER_LOSS,
        data_sets=OF_SQUARES,
        flat_on=("tied",),
    )
)
register(
    replace(
        HUBER,
        name="huber_loss_narrow",
        example=lambda cls, data: of_numbers(partial(cls, delta=0.375), data),
        data_sets=[s for s in OF_SQUARES if s.name in ("ordinary", "odd-batch", "exact-zeros", "decades", "one-axis")],
        flat_on=(),
    )
)
