"""Slips that attention is known for, and what they make of it."""

from collections.abc import Callable, Sequence
from functools import lru_cache
from math import sqrt
from typing import Any

from torch_ref.bounds import Ball
from torch_ref.diagnosis.case import Case
from torch_ref.diagnosis.cause import SKIPPED, Cause
from torch_ref.families.affine.formulas import affine_backward
from torch_ref.families.attention import variants
from torch_ref.families.attention.formulas import joined, projected
from torch_ref.families.attention.variants import Balls, Variant
from torch_ref.right import options_of

OF_BOTH: Sequence[tuple[str, Variant]] = (
    ("the scale 1/√d is left out", Variant(factor=lambda d, _: sqrt(d))),
    ("the scale 1/√d is left out on the way back", Variant(back=lambda d, _: sqrt(d))),
    (
        "the scale 1/√d is there on the way back alone",
        Variant(factor=lambda d, _: sqrt(d), back=lambda d, _: 1 / sqrt(d)),
    ),
    ("the logits are divided by d, where it must be √d", Variant(factor=lambda d, _: 1 / sqrt(d))),
    ("the mask is left out: it looks ahead", Variant(weights=variants.looks_ahead)),
    (
        "the mask is applied after softmax: the weights that are left do not sum to 1",
        Variant(weights=variants.masked_after),
    ),
    ("masked logits are -1e4, where they must be -inf", Variant(weights=variants.masked_by(-1e4))),
    (
        "the mask is counted from the last query and key, where it must be from the first",
        Variant(weights=variants.from_the_last_key),
    ),
    (
        "softmax runs over the queries, where it must run over the keys",
        Variant(weights=variants.over_queries, dS=variants.backward_over_queries),
    ),
    ("softmax's backward is P dP: the sum over the keys is missing", Variant(dS=lambda dp, p: p * dp)),
    (
        "softmax's backward is P (1 - P) dP: the terms of the other keys are missing",
        Variant(dS=variants.diagonal_backward),
    ),
    ("softmax's backward is left out: dS is dP", Variant(dS=lambda dp, _: dp)),
)  # fmt: skip
OF_HEADS: Sequence[tuple[str, Variant]] = (
    (
        "the scale is that of the whole width, where it must be that of one head",
        Variant(factor=lambda d, D: sqrt(d / D)),
    ),
    ("the gradients of q and k are exchanged", Variant(order=(1, 0, 2))),
    ("the gradients of k and v are exchanged", Variant(order=(0, 2, 1))),
    (
        "heads are cut by a reshape alone: they hold other positions, where they must hold other features",
        Variant(cut=variants.cut_first),
    ),
    (
        "heads are cut and joined by a reshape alone: they hold other positions, where they must hold other features",
        Variant(cut=variants.cut_first, joined=variants.joined_as_they_lie),
    ),
    (
        "heads are joined by a reshape alone, without their axis behind the positions",
        Variant(joined=variants.joined_as_they_lie),
    ),
    (
        "the features go to the heads in turn, where each head must have those side by side",
        Variant(cut=variants.cut_in_turn, joined=variants.joined_in_turn),
    ),
)  # fmt: skip


def _cause(says: str, results: Callable[[Case], Balls]) -> Cause:
    kept = lru_cache(maxsize=64)(results)

    def predict(case: Case, name: str) -> Any:
        T, S = _lengths(case)
        if "over the queries" in says and T != S and _options(case)["causal"]:
            return SKIPPED  # some keys have no query at all
        return kept(case).get(name)

    return Cause(says, predict)


def _lengths(case: Case) -> tuple[int, int]:
    return case.x.shape[-2], case.inputs.get("k", case.x).shape[-2]


def _options(case: Case) -> dict[str, Any]:
    return options_of(case.pair, case.layer)


def _of_three(variant: Variant) -> Callable[[Case], Balls]:
    def results(case: Case) -> Balls:
        q, k, v = (case.exact(value) for value in case.inputs.values())
        return variant.attention(q, k, v, case.exact(case.dout), **_options(case))

    return results


def _of_heads(variant: Variant) -> Callable[[Case], Balls]:
    def results(case: Case) -> Balls:
        return variant.multi_head(case.exact(case.x), case.exact(case.dout), _params(case), **_options(case))

    return results


def _params(case: Case) -> dict[str, Ball]:
    return {name: case.exact(value) for name, value in case.params.items()}


def _by_x(case: Case) -> Balls:
    return {"dW_out": affine_backward(case.exact(case.x), case.exact(case.dout), *_out(case))["dW"]}


def _by_values(case: Case) -> Balls:
    p, options = _params(case), _options(case)
    v = projected(case.exact(case.x), p["W_in"], p["b_in"], options["heads"])[2]
    return {"dW_out": affine_backward(joined(v), case.exact(case.dout), *_out(case))["dW"]}


def _out(case: Case) -> tuple[Ball, Ball]:
    return case.exact(case.params["W_out"]), case.exact(case.params["b_out"])


ATTENTION = tuple(_cause(says, _of_three(variant)) for says, variant in OF_BOTH)
MULTI_HEAD = (
    *(_cause(says, _of_heads(variant)) for says, variant in (*OF_HEADS, *OF_BOTH)),
    _cause("it is taken with x, where it must be what the heads give", _by_x),
    _cause("it is taken with v, where it must be what the heads give", _by_values),
)
