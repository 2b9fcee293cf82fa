"""Slips in attention of queries, keys and values.

−1e9 in place of −∞ is none of them: it shows only in a row that is masked all over, and of a causal mask no row is.
"""

import math
from abc import abstractmethod
from typing import Any

import numpy as np

from numpy_impl import ScaledDotProductAttention, softmax
from numpy_impl.layers.attention import scaled
from numpy_impl.layers.softmax import softmax_backward
from numpy_impl.validation import Array
from torch_ref.slip import slip

PAIR = "attention"


def mask(z: Array, offset: int = 0) -> Array:
    """Where a query may look."""
    return np.arange(z.shape[-2])[:, None] + offset >= np.arange(z.shape[-1])


def masked(z: Array, causal: bool, value: float = -np.inf) -> Array:
    return np.where(mask(z), z, value) if causal else z


class AnotherWay(ScaledDotProductAttention):
    """By other logits, weights or softmax's backward, for slips to change."""

    def _forward(self, q: Array, k: Array, v: Array) -> Any:
        p = self.p(self.logits(q, k))
        return p @ v, (q, k, v, p)

    def _backward(self, dout: Array, cache: Any) -> Any:
        q, k, v, p = cache
        dS = self.dS(dout @ v.swapaxes(-1, -2), p)
        return (*self.of_logits(q, k, dS), p.swapaxes(-1, -2) @ dout), {}

    def logits(self, q: Array, k: Array) -> Array:
        return scaled(q) @ k.swapaxes(-1, -2)

    def p(self, z: Array) -> Array:
        return softmax(masked(z, self.causal))

    def dS(self, dp: Array, p: Array) -> Array:
        return softmax_backward(dp, p)

    def of_logits(self, q: Array, k: Array, dS: Array) -> tuple[Array, Array]:
        return dS @ scaled(k), dS.swapaxes(-1, -2) @ scaled(q)


class AnotherFactor(AnotherWay):
    """The logits times a number more."""

    def logits(self, q: Array, k: Array) -> Array:
        return super().logits(q, k) * self.factor(q.shape[-1])

    def of_logits(self, q: Array, k: Array, dS: Array) -> tuple[Array, Array]:
        return super().of_logits(q, k, dS * self.factor(q.shape[-1]))

    @abstractmethod
    def factor(self, d: int) -> float:
        """More than 1/√d."""


@slip(PAIR, cause="the scale 1/√d is left out")
class NoScale(AnotherFactor):
    """The logits are q kᵀ, not divided by √d."""

    def factor(self, d: int) -> float:
        return math.sqrt(d)


@slip(PAIR, cause="divided by d, where it must be √d")
class DividedByD(AnotherFactor):
    """The logits are q kᵀ / d."""

    def factor(self, d: int) -> float:
        return 1 / math.sqrt(d)


@slip(PAIR, cause="left out on the way back")
class NoScaleInBackward(AnotherWay):
    """dq and dk are not divided by √d."""

    def of_logits(self, q: Array, k: Array, dS: Array) -> tuple[Array, Array]:
        return dS @ k, dS.swapaxes(-1, -2) @ q


@slip(PAIR, cause="on the way back alone")
class NoScaleInForward(AnotherWay):
    """The logits are q kᵀ, and backward divides by √d all the same."""

    def logits(self, q: Array, k: Array) -> Array:
        return q @ k.swapaxes(-1, -2)


@slip(PAIR, cause="it looks ahead")
class LooksAhead(AnotherWay):
    """causal has no effect."""

    def p(self, z: Array) -> Array:
        return softmax(z)


@slip(PAIR, cause="the mask is applied after softmax")
class MaskAfterSoftmax(AnotherWay):
    """The weights of later keys are set to 0 after softmax: the others do not sum to 1."""

    def p(self, z: Array) -> Array:
        return np.where(mask(z) if self.causal else True, softmax(z), 0)

    def dS(self, dp: Array, p: Array) -> Array:
        return p * (dp - (p * dp).sum(axis=-1, keepdims=True))


@slip(PAIR, cause="masked logits are -1e4")
class MaskOfMinus1e4(AnotherWay):
    """Masked logits are −1e4, which others may be as well."""

    def p(self, z: Array) -> Array:
        return softmax(masked(z, self.causal, -1e4))


@slip(PAIR, cause="counted from the last query and key")
class MaskFromTheLastKey(AnotherWay):
    """The mask lies against the lower right corner: the last query takes all keys."""

    def p(self, z: Array) -> Array:
        offset = max(z.shape[-1] - z.shape[-2], 0)
        return softmax(np.where(mask(z, offset) if self.causal else True, z, -np.inf))


@slip(PAIR)
class NotItself(AnotherWay):
    """A query may not take the key of its own place: the first one has none, and its row is NaN."""

    def p(self, z: Array) -> Array:
        return softmax(np.where(mask(z, -1) if self.causal else True, z, -np.inf))


@slip(PAIR, cause="softmax runs over the queries")
class SoftmaxOverQueries(AnotherWay):
    """softmax over axis −2."""

    def p(self, z: Array) -> Array:
        return softmax(masked(z, self.causal).swapaxes(-1, -2)).swapaxes(-1, -2)

    def dS(self, dp: Array, p: Array) -> Array:
        return softmax_backward(dp.swapaxes(-1, -2), p.swapaxes(-1, -2)).swapaxes(-1, -2)


@slip(PAIR, cause="the sum over the keys is missing")
class SumMissing(AnotherWay):
    """dS = P ∘ dP."""

    def dS(self, dp: Array, p: Array) -> Array:
        return p * dp


@slip(PAIR, cause="P (1 - P) dP")
class DiagonalAlone(AnotherWay):
    """dS = P (1 − P) dP: the derivative of each weight by its own logit alone."""

    def dS(self, dp: Array, p: Array) -> Array:
        return p * (1 - p) * dp


@slip(PAIR, cause="softmax's backward is left out")
class NoSoftmaxInBackward(AnotherWay):
    """dS = dP."""

    def dS(self, dp: Array, _p: Array) -> Array:
        return dp


@slip(PAIR, cause="the sign is flipped")
class DkNegative(AnotherWay):
    """dk = −dSᵀ q / √d."""

    def of_logits(self, q: Array, k: Array, dS: Array) -> tuple[Array, Array]:
        dq, dk = super().of_logits(q, k, dS)
        return dq, -dk


@slip(PAIR)
class NoMaximumSubtracted(AnotherWay):
    """exp(z) / Σ exp(z) without subtracting the maximum: it overflows."""

    def p(self, z: Array) -> Array:
        e = np.exp(masked(z, self.causal))
        return e / e.sum(axis=-1, keepdims=True)


@slip(PAIR)
class StaleQueries(ScaledDotProductAttention):
    """backward uses the queries of the first forward, as long as they fit."""

    _first: Any = None

    def forward(self, q: Array, k: Array, v: Array) -> Array:  # type: ignore[override] # as its base
        y = super().forward(q, k, v)
        self._first = q.copy() if self._first is None or self._first.shape != q.shape else self._first
        self._cache = self._first, *self._cache[1:]
        return y
