"""SoftmaxWithLoss beside nn.CrossEntropyLoss, of class indices and of rows."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from torch import nn

import numpy_impl
from torch_ref.families.losses.causes import SOFTMAX_WITH_LOSS
from torch_ref.families.losses.formulas import softmax_with_loss, softmax_with_loss_backward
from torch_ref.pair import Example, Kind, Pair, Refusal
from torch_ref.registry import register


def loss_of(targets: str) -> Callable[..., Example]:
    return lambda cls, data: Example(cls(), {"x": data.logits(), "t": data.targets(targets)}, {"dout": data.number()})


def with_targets(what: str, change: Callable[[Any], Any], error: type[Exception]) -> Refusal:
    return Refusal(what, lambda e: e.layer.forward(e.inputs["x"], change(e.inputs["t"])), error)


def with_dout(dout: Any, error: type[Exception]) -> Refusal:
    return Refusal(f"dout {dout!r}", lambda e: e.layer.backward(dout), error)


OF_ANY_TARGETS = (
    with_targets("t of another batch", lambda t: t[1:], ValueError),
    with_targets("t that is a list", lambda t: t.tolist(), TypeError),
    with_targets("t of objects", lambda t: t.astype(object), TypeError),
    Refusal(
        "a sample without a batch",
        lambda e: e.layer.forward(*(np.asarray(a[0]) for a in e.inputs.values())),
        ValueError,
    ),
    Refusal("an empty batch", lambda e: e.layer.forward(e.inputs["x"][:0], e.inputs["t"]), ValueError),
    with_dout(None, TypeError),
    with_dout("1", TypeError),
    with_dout(1j, TypeError),
    with_dout(np.ones(1), ValueError),
)
OF_LABELS = (
    with_targets("a label of -1", lambda t: t * 0 - 1, ValueError),
    with_targets("a label of -100", lambda t: t * 0 - 100, ValueError),
    with_targets("a label of C", lambda t: t * 0 + 4, ValueError),
    with_targets("labels as a column", lambda t: t[:, None], ValueError),
    with_targets("labels as numbers", lambda t: t.astype(float), TypeError),
    with_targets("labels as truth values", lambda t: t > 0, TypeError),
)
OF_ROWS = (
    with_targets("rows with a class less", lambda t: t[:, 1:], ValueError),
    with_targets("rows of another float dtype", lambda t: t.astype(np.longdouble), TypeError),
)

LABELS = register(
    Pair(
        "softmax_with_loss",
        numpy_impl.SoftmaxWithLoss,
        lambda _: nn.CrossEntropyLoss(),
        loss_of("labels"),
        twin_name="CrossEntropyLoss",
        kind=Kind.LOSS,
        outputs=("loss",),
        forward=softmax_with_loss,
        backward=softmax_with_loss_backward,
        refusals=(*OF_ANY_TARGETS, *OF_LABELS),
        causes=SOFTMAX_WITH_LOSS,
        batches_only=True,
    )
)
ROWS = register(
    replace(LABELS, name="softmax_with_loss_rows", example=loss_of("rows"), refusals=(*OF_ANY_TARGETS, *OF_ROWS))
)
ONE_HOT = replace(ROWS, name="softmax_with_loss_one_hot", example=loss_of("one-hot"))
