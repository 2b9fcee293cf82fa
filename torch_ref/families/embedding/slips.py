"""Slips in y = W[ids] and in the sum over ids."""

from typing import Any

import numpy as np

from numpy_impl import Embedding
from numpy_impl.validation import Array
from torch_ref.slip import slip


@slip("embedding", source="Saito 2, section 4.1.2, as its first attempt", cause="repeated ids are lost")
class RepeatsLost(Embedding):
    """dW[ids] += dout: of several with the same id one is kept."""

    def _gradients(self, dout: Array, ids: Array) -> Any:
        dW = np.zeros_like(self.W)
        dW[ids] += dout
        return {"W": dW}


@slip("embedding", cause="the first of them alone")
class FirstAlone(Embedding):
    """Each row gets the dout of the first place where its id stands."""

    def _gradients(self, dout: Array, ids: Array) -> Any:
        dW = np.zeros_like(self.W)
        found, at = np.unique(ids.reshape(-1), return_index=True)
        dW[found] = dout.reshape(-1, self.W.shape[1])[at]
        return {"W": dW}


@slip("embedding", cause="it adds up over calls")
class AddsUpOverCalls(Embedding):
    """dW is made once, and each backward adds to it."""

    def _gradients(self, dout: Array, ids: Array) -> Any:
        before = self.dW if self.dW is not None else np.zeros_like(self.W)
        return {"W": before + super()._gradients(dout, ids)["W"]}


@slip("embedding", cause="a mean, where it must be a sum")
class MeanOfRepeats(Embedding):
    """A row that is looked up k times gets a k-th of its gradient."""

    def _gradients(self, dout: Array, ids: Array) -> Any:
        count = np.bincount(ids.reshape(-1), minlength=len(self.W)).astype(dout.real.dtype)
        return {"W": super()._gradients(dout, ids)["W"] / np.maximum(count, 1)[:, None]}


@slip("embedding", cause="counted from the end")
class CountedFromTheEnd(Embedding):
    """The rows are counted from the last one."""

    def _forward(self, ids: Array) -> Any:
        return self.W[::-1][ids], ids


@slip("embedding", cause="divided by the length of the batch")
class DividedByTheBatch(Embedding):
    """dW is divided by the number of samples, which the loss has done."""

    def _gradients(self, dout: Array, ids: Array) -> Any:
        return {"W": super()._gradients(dout, ids)["W"] / dout.dtype.type(max(len(np.atleast_1d(ids)), 1))}


@slip("embedding", cause="right for the ids of the call before")
class StaleIds(Embedding):
    """The ids are those of the first forward, as long as they fit."""

    _first: Any = None

    def forward(self, x: Array) -> Any:
        y = super().forward(x)
        self._first = self._cache if self._first is None else self._first
        self._cache = self._first if self._first.shape == x.shape else self._cache
        return y


@slip("embedding")
class TakesNegativeIds(Embedding):
    """−1 is taken for the last row."""

    def _check(self, who: object, ids: Array) -> None:
        are_ids = type(ids) is np.ndarray and ids.dtype.kind == "i"
        super()._check(who, np.where(ids < 0, ids + len(self.W), ids) if are_ids else ids)
