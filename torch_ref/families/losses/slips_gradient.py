"""Slips in the gradient of the mean cross-entropy of softmax."""

from typing import Any

import numpy as np

from numpy_impl import SoftmaxWithLoss
from numpy_impl.validation import Array
from torch_ref.slip import BOOK, slip

LABELS, ROWS = "softmax_with_loss", "softmax_with_loss_rows"


def rows_of(t: Array, like: Array) -> Array:
    return np.eye(like.shape[1], dtype=like.dtype)[t] if t.ndim == 1 else t.astype(like.dtype)


def scale(dout: Any, p: Array) -> Any:
    """dout / N."""
    return p.dtype.type(dout / len(p))


@slip(LABELS, source=BOOK, cause="dout is ignored")
class IgnoresDout(SoftmaxWithLoss):
    """backward(dout) does not use dout."""

    def _backward(self, _dout: Any, cache: Any) -> Any:
        return super()._backward(1, cache)


@slip(LABELS, cause="too large by a factor of the length of the batch")
class NoMeanInGradient(SoftmaxWithLoss):
    """dx is not divided by N."""

    def _backward(self, dout: Any, cache: Any) -> Any:
        dx, _ = super()._backward(dout, cache)
        return dx * dx.dtype.type(len(dx)), {}


@slip(LABELS, cause="divided by the length of the batch, once too often")
class MeanTwice(SoftmaxWithLoss):
    """dx is divided by N twice."""

    def _backward(self, dout: Any, cache: Any) -> Any:
        dx, _ = super()._backward(dout, cache)
        return dx / dx.dtype.type(len(dx)), {}


@slip(LABELS, source=BOOK, cause="divided by the number of classes, where it must be the length")
class DividesByClasses(SoftmaxWithLoss):
    """dx is divided by the number of classes, len() of the wrong thing."""

    def _backward(self, dout: Any, cache: Any) -> Any:
        dx, _ = super()._backward(dout, cache)
        return dx * dx.dtype.type(dx.shape[0] / dx.shape[1]), {}


@slip(LABELS, cause="the sign is flipped")
class GradientSign(SoftmaxWithLoss):
    """dx = (t − p) dout / N."""

    def _backward(self, dout: Any, cache: Any) -> Any:
        return -super()._backward(dout, cache)[0], {}


@slip(LABELS, cause="t is not subtracted")
class TargetNotSubtracted(SoftmaxWithLoss):
    """dx = p dout / N."""

    def _backward(self, dout: Any, cache: Any) -> Any:
        p, _ = cache
        return p * scale(dout, p), {}


@slip(LABELS, cause="t is subtracted twice")
class TargetSubtractedTwice(SoftmaxWithLoss):
    """dx = (p − 2t) dout / N."""

    def _backward(self, dout: Any, cache: Any) -> Any:
        p, t = cache
        return super()._backward(dout, cache)[0] - rows_of(t, p) * scale(dout, p), {}


@slip(ROWS, source=BOOK, cause="rows of t that sum to 1 only")
class RowsSumToOne(SoftmaxWithLoss):
    """dx = p − t also for rows that do not sum to 1."""

    def _backward(self, dout: Any, cache: Any) -> Any:
        p, t = cache
        return (p - rows_of(t, p)) * scale(dout, p), {}


@slip(LABELS, cause="the last sample is missing")
class LastSampleMissing(SoftmaxWithLoss):
    """dx of the last sample stays 0."""

    def _backward(self, dout: Any, cache: Any) -> Any:
        dx, _ = super()._backward(dout, cache)
        dx[-1] = 0
        return dx, {}


@slip(LABELS, cause="right for the x of the call before")
class StaleProbabilities(SoftmaxWithLoss):
    """backward uses the probabilities of the first forward, as long as they fit."""

    _first: Any = None

    def forward(self, x: Array, t: Array) -> Any:  # type: ignore[override] # as of every loss
        loss = super().forward(x, t)
        p, kept_t = self._cache
        self._first = p if self._first is None else self._first
        self._cache = self._first if self._first.shape == p.shape else p, kept_t
        return loss


@slip(LABELS, cause="right for the t of the call before")
class StaleTargets(SoftmaxWithLoss):
    """backward uses the targets of the forward before the last one, as long as they fit."""

    def forward(self, x: Array, t: Array) -> Any:  # type: ignore[override] # as of every loss
        before = self.t
        loss = super().forward(x, t)
        if before is not None and before.shape == t.shape:
            self._cache = self._cache[0], before
        return loss


@slip(LABELS, unseen_in={"float32": "float32 is what it computes in"}, cause="p is kept in float32")
class ProbabilitiesInFloat32(SoftmaxWithLoss):
    """The probabilities are kept in float32."""

    def _forward(self, x: Array, t: Array) -> Any:
        loss, (p, t) = super()._forward(x, t)
        return loss, (p.astype(np.float32).astype(p.dtype) if p.dtype.kind == "f" else p, t)


@slip(LABELS, cause="the layer keeps t itself")
class KeepsTargetsByReference(SoftmaxWithLoss):
    """The cache is the caller's t, which may change before backward."""

    def forward(self, x: Array, t: Array) -> Any:  # type: ignore[override] # as of every loss
        loss = super().forward(x, t)
        self._cache = self._cache[0], t
        return loss


@slip(LABELS, source=BOOK, cause="backward uses up or changes what is kept")
class SubtractsInPlace(SoftmaxWithLoss):
    """backward subtracts 1 from the cached probabilities themselves, so a second one subtracts it again."""

    def _backward(self, dout: Any, cache: Any) -> Any:
        p, t = cache
        p[np.arange(len(p)), t] -= 1
        return p * scale(dout, p), {}


@slip(LABELS)
class SmoothsLabels(SoftmaxWithLoss):
    """The gradient is that of labels smoothed by 0.1."""

    def _backward(self, dout: Any, cache: Any) -> Any:
        p, t = cache
        smooth = (rows_of(t, p) - 1 / p.dtype.type(p.shape[1])) * p.dtype.type(0.1)
        return super()._backward(dout, cache)[0] + smooth * scale(dout, p), {}


@slip(LABELS, unseen_in={"float32": "the sum is at least 1, and float32 rounds 1 + 1e-8 to 1"})
class EpsilonInDenominator(SoftmaxWithLoss):
    """p = exp(s) / (Σ exp(s) + 1e-8)."""

    def _forward(self, x: Array, t: Array) -> Any:
        loss, _ = super()._forward(x, t)
        exp = np.exp(x - x.max(axis=1, keepdims=True))
        return loss, (exp / (exp.sum(axis=1, keepdims=True) + x.dtype.type(1e-8)), t)
