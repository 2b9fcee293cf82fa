"""Slips that embeddings are known for, and what they make of dW."""

from collections.abc import Callable

import numpy as np

from numpy_impl.validation import Array
from torch_ref.bounds import Ball
from torch_ref.diagnosis.case import Case
from torch_ref.diagnosis.cause import Cause, Prediction


def _of_terms(chosen: Callable[[Array], Array]) -> Prediction:
    """dW of some of the ids alone: `chosen` gives their places."""

    def predict(case: Case, name: str) -> Ball | None:
        ids, dout = case.x.reshape(-1), np.asarray(case.dout)
        if name != "dW" or not ids.size:
            return None
        rows = dout.reshape(ids.size, -1)
        places = chosen(ids)
        dW = np.zeros_like(case.params["W"])
        dW[ids[places]] = rows[places]
        return case.exact(dW)

    return predict


def _last(ids: Array) -> Array:
    """The place of the last of each id."""
    return ids.size - 1 - np.unique(ids[::-1], return_index=True)[1]


def _first(ids: Array) -> Array:
    return np.unique(ids, return_index=True)[1]


def _mean(case: Case, name: str) -> Ball | None:
    """Each row divided by how often it was looked up."""
    if name != "dW":
        return None
    right, count = case.right[name], np.bincount(case.x.reshape(-1), minlength=len(case.params["W"]))
    divisor = right.format.exact(np.maximum(count, 1)[:, None] * np.ones(right.shape))
    return right / divisor


def _from_the_end(case: Case, name: str) -> Ball | None:
    return case.given(inputs={next(iter(case.inputs)): len(case.params["W"]) - 1 - case.x})[name]


CAUSES = (
    Cause("repeated ids are lost: dW[ids] += dout keeps the last of them, where all add up", _of_terms(_last)),
    Cause("repeated ids are lost: the first of them alone counts, where all add up", _of_terms(_first)),
    Cause("each row is divided by how often it was looked up: a mean, where it must be a sum", _mean),
    Cause("the rows are counted from the end", _from_the_end),
)
