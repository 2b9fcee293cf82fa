"""Embedding beside nn.Embedding."""

from collections.abc import Callable
from typing import Any

import numpy as np
from torch import nn

import numpy_impl
from torch_ref import places
from torch_ref.bounds import Ball, scatter_add
from torch_ref.families.embedding.causes import CAUSES
from torch_ref.pair import Example, Pair, Refusal
from torch_ref.registry import register
from torch_ref.scenarios import SCENARIOS, Data, Scenario, Sizes, decades, large_integers, normal, positive, tiny

THERE = {one.name: one for one in SCENARIOS}
LOOK_UPS = (
    Scenario("ordinary", "every size another; ids that repeat", Sizes(6, 5, 3)),
    THERE["square"],
    THERE["one-sample"],
    THERE["odd-batch"],
    Scenario("narrow", "one row, one feature", Sizes(5, 1, 1)),
    Scenario("unused-rows", "most rows are not looked up: their gradient is 0", Sizes(4, 23, 3)),
    Scenario("one-id", "one row for all", Sizes(7, 5, 3), settings={"ids": [2] * 7}),
    Scenario("each-once", "no id twice, in another order", Sizes(5, 5, 3), settings={"ids": [3, 0, 4, 1, 2]}),
    Scenario("last-row", "the least and the greatest id", Sizes(4, 5, 3), settings={"ids": [4, 0, 4, 0]}),
    Scenario("small-gradients", "less than any absolute tolerance", dout=normal(1e-12)),
    Scenario("decades", "sums of terms of eight orders of magnitude", dout=decades, is_extreme=True),
    Scenario("tiny", "sums near the smallest normal number", weights=tiny, dout=tiny, is_extreme=True),
    Scenario("integers", "no sum rounds", weights=large_integers, dout=large_integers, is_extreme=True),
    THERE["three-axes"],
    THERE["one-axis"],
    Scenario("long-batch", "4096 terms of one sign, in three rows", Sizes(4096, 3, 2), dout=positive),
)


def example(cls: Callable[..., Any], data: Data) -> Example:
    told = data.setting("ids", None)
    ids = data.ids(*data.lead) if told is None else data.layout(np.array(told))
    return Example(cls(data.weights(data.D, data.H)), {"ids": ids}, {"dout": data.dout(*data.lead, data.H)})


def embedding(ids: Any, W: Any) -> Any:
    return W[ids]


def embedding_backward(ids: Any, dout: Ball, W: Ball) -> dict[str, Ball]:
    return {"dW": scatter_add(dout, ids, W.shape)}


def _with_ids(what: str, change: Callable[[Any], Any], error: type[Exception]) -> Refusal:
    return Refusal(what, lambda e: e.layer.forward(change(e.inputs["ids"])), error)


EMBEDDING = register(
    Pair(
        "embedding",
        numpy_impl.Embedding,
        lambda layer: nn.Embedding(*places.parameter(layer, "W").shape),
        example,
        twin_name="Embedding",
        inputs=("ids",),
        input_gradients=(),
        parameters={"W": "weight"},
        forward=embedding,
        backward=embedding_backward,
        causes=CAUSES,
        refusals=(
            _with_ids("an id beyond the last row", lambda ids: ids + 5, ValueError),
            _with_ids("a negative id", lambda ids: ids - 5, ValueError),
            _with_ids("ids that are a number", lambda ids: int(ids[0]), TypeError),
            Refusal("W of another shape", lambda e: setattr(e.layer, "W", e.layer.W[1:]), ValueError),
            Refusal("W of integers", lambda e: type(e.layer)(e.layer.W.astype(int)), TypeError),
            Refusal("W of one axis", lambda e: type(e.layer)(e.layer.W[0]), ValueError),
        ),
        data_sets=LOOK_UPS,
    )
)
