"""Slips in the mean cross-entropy of softmax, and in what it accepts."""

from abc import abstractmethod
from typing import Any

import numpy as np

from numpy_impl import SoftmaxWithLoss, log_softmax, softmax
from numpy_impl.functions import mean_negative_log_likelihood
from numpy_impl.validation import Array
from torch_ref.slip import BOOK, slip

LABELS, ROWS = "softmax_with_loss", "softmax_with_loss_rows"


class AnotherLogarithm(SoftmaxWithLoss):
    """The loss by what `log_p` returns, for slips to change; the gradient is the right one."""

    def _forward(self, x: Array, t: Array) -> Any:
        _, (p, t) = super()._forward(x, t)
        return mean_negative_log_likelihood(self.log_p(x, p), t), (p, t)

    @abstractmethod
    def log_p(self, x: Array, p: Array) -> Array:
        """In the place of the right ones."""


class AnotherSoftmax(SoftmaxWithLoss):
    """The loss, and the gradient as p − t, by what `p` returns.

    Without the complement that SoftmaxWithLoss takes at the label: it holds for rows that sum to 1.
    """

    def _forward(self, x: Array, t: Array) -> Any:
        p = self.p(x)
        return mean_negative_log_likelihood(np.log(p), t), (p, t)

    def _backward(self, dout: Any, cache: Any) -> Any:
        p, t = cache
        dx = p.copy()
        dx[np.arange(len(dx)), t] -= 1
        return dx * p.dtype.type(dout / len(p)), {}

    @abstractmethod
    def p(self, x: Array) -> Array:
        """In the place of the right ones."""


@slip(LABELS, source=BOOK, cause="p + 1e-7: an epsilon inside the log")
class EpsilonInLog(AnotherLogarithm):
    """The loss is −log(p + 1e-7), its gradient that of −log p."""

    def log_p(self, x: Array, p: Array) -> Array:
        return np.log(p + x.dtype.type(1e-7))


@slip(LABELS, cause="p + 1e-12: an epsilon inside the log")
class SmallEpsilonInLog(AnotherLogarithm):
    """The loss is −log(p + 1e-12)."""

    def log_p(self, x: Array, p: Array) -> Array:
        return np.log(p + x.dtype.type(1e-12))


@slip(LABELS, cause="p is clipped to 1e-12")
class ClipsProbabilities(AnotherLogarithm):
    """p is clipped to [1e-12, 1] before the logarithm."""

    def log_p(self, x: Array, p: Array) -> Array:
        return np.log(np.maximum(p, x.dtype.type(1e-12)))


@slip(ROWS, source=BOOK, cause="t.argmax")
class ArgmaxOfSoftTargets(SoftmaxWithLoss):
    """The loss is that of the largest entry of each row, the gradient that of the whole row."""

    def _forward(self, x: Array, t: Array) -> Any:
        loss, cache = super()._forward(x, t)
        return mean_negative_log_likelihood(log_softmax(x), t.argmax(axis=1)) if t.ndim == 2 else loss, cache


@slip(LABELS, cause="too large by a factor of the length of the batch")
class SumInLoss(SoftmaxWithLoss):
    """The loss is the sum over the batch."""

    def _forward(self, x: Array, t: Array) -> Any:
        loss, cache = super()._forward(x, t)
        return loss * x.dtype.type(len(x)), cache


@slip(LABELS, cause="no maximum is subtracted")
class NoMaximumSubtracted(AnotherSoftmax):
    """exp(x) / Σ exp(x) without subtracting the maximum: it overflows."""

    def p(self, x: Array) -> Array:
        return np.exp(x) / np.exp(x).sum(axis=1, keepdims=True)


@slip(LABELS, cause="the maximum of the whole batch")
class MaximumOfTheBatch(SoftmaxWithLoss):
    """The maximum of the whole batch is subtracted, not that of the row."""

    def _forward(self, x: Array, t: Array) -> Any:
        exp = np.exp(x - x.max())
        p = exp / exp.sum(axis=1, keepdims=True)
        return mean_negative_log_likelihood(np.log(p), t), (p, t)


@slip(LABELS)
class MaximumAddedToLog(AnotherLogarithm):
    """log p = x − (max + log S): where the maximum is large, the digits of log S are lost in it."""

    def log_p(self, x: Array, _p: Array) -> Array:
        top = x.max(axis=1, keepdims=True)
        return x - (top + np.log(np.exp(x - top).sum(axis=1, keepdims=True)))


@slip(LABELS, cause="the softmax runs over the batch")
class SoftmaxOverTheBatch(AnotherSoftmax):
    """The softmax runs over axis 0."""

    def _forward(self, x: Array, t: Array) -> Any:
        return mean_negative_log_likelihood(log_softmax(x.T).T, t), (softmax(x.T).T, t)


@slip(LABELS, cause="right for t - 1")
class LabelsOffByOne(SoftmaxWithLoss):
    """Labels are taken to count from 1."""

    def _forward(self, x: Array, t: Array) -> Any:
        return super()._forward(x, t - 1 if t.min() > 0 else (t - 1) % x.shape[1])


@slip(LABELS, source=BOOK)
class AcceptsNegativeLabels(SoftmaxWithLoss):
    """Label −1 is the last class, for NumPy counts from the end."""

    def forward(self, x: Array, t: Array) -> Any:  # type: ignore[override] # as of every loss
        if np.ndim(x) == 2 and np.ndim(t) == 1 and np.asarray(t).dtype.kind == "i":
            t = np.where((t < 0) & (t >= -x.shape[1]), t % x.shape[1], t)
        return super().forward(x, t)


@slip(LABELS, source=BOOK)
class AcceptsOneSample(SoftmaxWithLoss):
    """A single sample (C,) is taken for a batch, and its gradient divided by the number of classes."""

    def forward(self, x: Array, t: Array) -> Any:  # type: ignore[override] # as of every loss
        return super().forward(x[None], t[None]) if np.ndim(x) == 1 else super().forward(x, t)


@slip(LABELS, cause="to base 2")
class BinaryLogarithm(SoftmaxWithLoss):
    """The loss is in bits: log2."""

    def _forward(self, x: Array, t: Array) -> Any:
        loss, cache = super()._forward(x, t)
        return loss / x.dtype.type(np.log(2)), cache


@slip(LABELS, cause="the sign is flipped")
class LossIsNegative(SoftmaxWithLoss):
    """The loss is the mean of log p, without the minus."""

    def _forward(self, x: Array, t: Array) -> Any:
        loss, cache = super()._forward(x, t)
        return -loss, cache


@slip(LABELS, unseen_in={"float32": "2.302585 is log 10 to 4e-8, less than a rounding to float32"})
class TruncatedConstant(SoftmaxWithLoss):
    """The loss is taken by log10 and multiplied by 2.302585."""

    def _forward(self, x: Array, t: Array) -> Any:
        loss, cache = super()._forward(x, t)
        return loss / x.dtype.type(np.log(10)) * x.dtype.type(2.302585), cache


@slip(LABELS, unseen_in={"float32": "float32 is what it computes in"}, cause="computed in float32")
class LossInFloat32(SoftmaxWithLoss):
    """The loss is summed up in float32."""

    def _forward(self, x: Array, t: Array) -> Any:
        loss, cache = super()._forward(x, t)
        return x.dtype.type(np.float32(loss)) if x.dtype.kind == "f" else loss, cache
