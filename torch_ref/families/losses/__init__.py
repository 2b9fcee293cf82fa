"""Losses beside PyTorch's own: of a classifier, by class indices and by rows; entry by entry in `of_entries`."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from torch import nn

import numpy_impl
from torch_ref.families.losses.causes import SOFTMAX_WITH_LOSS
from torch_ref.families.losses.causes_of_variants import IGNORED, SMOOTHING
from torch_ref.families.losses.formulas import softmax_with_loss, softmax_with_loss_backward
from torch_ref.pair import Example, Kind, Pair, Refusal
from torch_ref.registry import register
from torch_ref.scenarios import SCENARIOS, Data


def loss_of(targets: str, **options: Any) -> Callable[..., Example]:
    def example(cls: Callable[..., Any], data: Data) -> Example:
        return Example(cls(**options), {"x": data.logits(), "t": data.targets(targets)}, {"dout": data.number()})

    return example


def with_ignored(cls: Callable[..., Any], data: Data) -> Example:
    """Every third sample from the second on is ignored."""
    example = loss_of("labels", ignore_index=-100)(cls, data)
    t = example.inputs["t"].copy()
    t[1::3] = -100
    return example._replace(inputs={**example.inputs, "t": data.layout(t)})


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
OF_OPTIONS = (
    Refusal("a smoothing of 1.5", lambda e: type(e.layer)(label_smoothing=1.5), ValueError),
    Refusal("a smoothing of NaN", lambda e: type(e.layer)(label_smoothing=float("nan")), ValueError),
    Refusal("a smoothing that is a string", lambda e: type(e.layer)(label_smoothing="0.1"), TypeError),
    Refusal("an ignore_index of 1.0", lambda e: type(e.layer)(ignore_index=1.0), TypeError),
    Refusal(
        "rows beside an ignore_index that is a class",
        lambda e: type(e.layer)(ignore_index=1).forward(e.inputs["x"], e.inputs["x"]),
        ValueError,
    ),
)
OF_ROWS = (
    with_targets("rows with a class less", lambda t: t[:, 1:], ValueError),
    with_targets("rows of another float dtype", lambda t: t.astype(np.longdouble), TypeError),
)

# Sizes, digits and labels of the data that variants and losses of entries show nothing new on.
OF_VARIANTS = tuple(s for s in SCENARIOS if s.name not in ("remainders", "long-batch", "book", "mnist"))


def module_of(layer: Any) -> nn.Module:
    """PyTorch's own ignores −100, where nothing is said: a label that the layer refuses then."""
    ignored = -100 if layer.ignore_index is None else layer.ignore_index
    return nn.CrossEntropyLoss(label_smoothing=layer.label_smoothing, ignore_index=ignored)


LABELS = register(
    Pair(
        "softmax_with_loss",
        numpy_impl.SoftmaxWithLoss,
        module_of,
        loss_of("labels"),
        twin_name="CrossEntropyLoss",
        kind=Kind.LOSS,
        outputs=("loss",),
        options=("label_smoothing", "ignore_index"),
        forward=softmax_with_loss,
        backward=softmax_with_loss_backward,
        refusals=(*OF_ANY_TARGETS, *OF_LABELS, *OF_OPTIONS),
        causes=(*SMOOTHING, *SOFTMAX_WITH_LOSS),
        batches_only=True,
    )
)
ROWS = register(
    replace(LABELS, name="softmax_with_loss_rows", example=loss_of("rows"), refusals=(*OF_ANY_TARGETS, *OF_ROWS))
)
ONE_HOT = replace(ROWS, name="softmax_with_loss_one_hot", example=loss_of("one-hot"))
SMOOTHED = register(
    replace(
        LABELS,
        name="softmax_with_loss_smoothed",
        example=loss_of("labels", label_smoothing=0.1),
        data_sets=OF_VARIANTS,
    )
)
SMOOTHED_ROWS = register(
    replace(
        SMOOTHED,
        name="softmax_with_loss_smoothed_rows",
        example=loss_of("rows", label_smoothing=0.1),
        refusals=ROWS.refusals,
    )
)
IGNORING = register(
    replace(
        LABELS,
        name="softmax_with_loss_ignoring",
        example=with_ignored,
        refusals=(
            *OF_ANY_TARGETS,
            *(refusal for refusal in OF_LABELS if refusal.what != "a label of -100"),
            with_targets("no label that is not ignored", lambda t: t * 0 - 100, ValueError),
        ),
        causes=(*IGNORED, *SOFTMAX_WITH_LOSS),
        data_sets=OF_VARIANTS,
    )
)

from torch_ref.families.losses import of_entries as of_entries  # noqa: E402 - registered after those above
