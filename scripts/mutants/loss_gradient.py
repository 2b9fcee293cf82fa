"""Slips in the gradient of the mean cross-entropy of softmax."""

from typing import Any

import numpy as np

from mutants.catalogue import BOOK, mutant
from numpy_impl import SoftmaxWithLoss
from numpy_impl.validation import Array
from numpy_impl.functions import ieee_arithmetic

LABELS, ROWS = "softmax_with_loss", "softmax_with_loss_rows"


def rows_of(t: Array, like: Array) -> Array:
    return np.eye(like.shape[1], dtype=like.dtype)[t] if t.ndim == 1 else t.astype(like.dtype)


@mutant(LABELS, source=BOOK, cause="dout is ignored")
class IgnoresDout(SoftmaxWithLoss):
    """backward(dout) does not use dout."""

    def backward(self, dout: Any = 1) -> Array:
        super().backward(dout)
        return super().backward(1)


@mutant(LABELS, cause="too large by a factor of the length of the batch")
class NoMeanInGradient(SoftmaxWithLoss):
    """dx is not divided by N."""

    def backward(self, dout: Any = 1) -> Array:
        return super().backward(dout) * self._y.dtype.type(len(self._y))


@mutant(LABELS, cause="divided by the length of the batch, once too often")
class MeanTwice(SoftmaxWithLoss):
    """dx is divided by N twice."""

    def backward(self, dout: Any = 1) -> Array:
        return super().backward(dout) / self._y.dtype.type(len(self._y))


@mutant(LABELS, source=BOOK, cause="divided by the number of classes, where it must be the length")
class DividesByClasses(SoftmaxWithLoss):
    """dx is divided by the number of classes, len() of the wrong thing."""

    def backward(self, dout: Any = 1) -> Array:
        n, classes = self._y.shape
        return super().backward(dout) * self._y.dtype.type(n / classes)


@mutant(LABELS, cause="the sign is flipped")
class GradientSign(SoftmaxWithLoss):
    """dx = (t − p) dout / N."""

    def backward(self, dout: Any = 1) -> Array:
        return -super().backward(dout)


@mutant(LABELS, cause="t is not subtracted")
class TargetNotSubtracted(SoftmaxWithLoss):
    """dx = p dout / N."""

    def backward(self, dout: Any = 1) -> Array:
        super().backward(dout)
        return np.asarray(self._y * self._y.dtype.type(dout / len(self._y)))


@mutant(LABELS, cause="t is subtracted twice")
class TargetSubtractedTwice(SoftmaxWithLoss):
    """dx = (p − 2t) dout / N."""

    def backward(self, dout: Any = 1) -> Array:
        return super().backward(dout) - rows_of(self._t, self._y) * self._y.dtype.type(dout / len(self._y))


@mutant(ROWS, source=BOOK, cause="rows of t that sum to 1 only")
class RowsSumToOne(SoftmaxWithLoss):
    """dx = p − t also for rows that do not sum to 1."""

    def backward(self, dout: Any = 1) -> Array:
        super().backward(dout)
        dtype = self._y.dtype
        return (self._y - rows_of(self._t, self._y)) * (dtype.type(dout) / dtype.type(len(self._y)))


@mutant(LABELS, cause="the last sample is missing")
class LastSampleMissing(SoftmaxWithLoss):
    """dx of the last sample stays 0."""

    def backward(self, dout: Any = 1) -> Array:
        dx = super().backward(dout)
        dx[-1] = 0
        return dx


@mutant(LABELS, cause="right for the x of the call before")
class StaleProbabilities(SoftmaxWithLoss):
    """backward uses the probabilities of the first forward, as long as they fit."""

    def forward(self, x: Array, t: Array) -> Any:
        first = getattr(self, "_first", None)
        loss = super().forward(x, t)
        self._first = self._y if first is None else first
        self._y = self._first if self._first.shape == x.shape else self._y
        return loss


@mutant(LABELS, cause="right for the t of the call before")
class StaleTargets(SoftmaxWithLoss):
    """backward uses the targets of the forward before the last one, as long as they fit."""

    def forward(self, x: Array, t: Array) -> Any:
        before = getattr(self, "_t", t)
        loss = super().forward(x, t)
        self._t = self._t if before is None or before.shape != t.shape else before
        return loss


@mutant(LABELS, unseen_in={"float32": "float32 is what it computes in"}, cause="p is kept in float32")
class ProbabilitiesInFloat32(SoftmaxWithLoss):
    """The probabilities are kept in float32."""

    def forward(self, x: Array, t: Array) -> Any:
        loss = super().forward(x, t)
        self._y = self._y.astype(np.float32).astype(x.dtype) if x.dtype.kind == "f" else self._y
        return loss


@mutant(LABELS, cause="the layer keeps t itself")
class KeepsTargetsByReference(SoftmaxWithLoss):
    """The cache is the caller's t, which may change before backward."""

    def forward(self, x: Array, t: Array) -> Any:
        loss = super().forward(x, t)
        self._t = t
        return loss


@mutant(LABELS, source=BOOK, cause="backward uses up or changes what is kept")
class SubtractsInPlace(SoftmaxWithLoss):
    """backward subtracts 1 from the cached probabilities themselves, so a second one subtracts it again."""

    def backward(self, dout: Any = 1) -> Array:
        super().backward(dout)
        dtype, n = self._y.dtype, len(self._y)
        self._y[np.arange(n), self._t] -= 1
        return self._y * (dtype.type(dout) / n)


@mutant(LABELS)
class SmoothsLabels(SoftmaxWithLoss):
    """The gradient is that of labels smoothed by 0.1."""

    def backward(self, dout: Any = 1) -> Array:
        dx = super().backward(dout)
        rows, dtype = rows_of(self._t, self._y), self._y.dtype
        smooth = (rows - 1 / dtype.type(rows.shape[1])) * dtype.type(0.1)
        return dx + smooth * dtype.type(dout / len(rows))


@mutant(LABELS, unseen_in={"float32": "the sum is at least 1, and float32 rounds 1 + 1e-8 to 1"})
class EpsilonInDenominator(SoftmaxWithLoss):
    """p = exp(s) / (Σ exp(s) + 1e-8)."""

    @ieee_arithmetic
    def forward(self, x: Array, t: Array) -> Any:
        loss = super().forward(x, t)
        exp = np.exp(x - x.max(axis=1, keepdims=True))
        self._y = exp / (exp.sum(axis=1, keepdims=True) + x.dtype.type(1e-8))
        return loss
