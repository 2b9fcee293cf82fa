"""Slips in the mean cross-entropy of softmax, and in what it accepts."""

from typing import Any

import numpy as np

from mutants.catalogue import BOOK, mutant
from numpy_impl import SoftmaxWithLoss, log_softmax, softmax
from numpy_impl.validation import Array
from numpy_impl.functions import ieee_arithmetic, mean_negative_log_likelihood

LABELS, ROWS = "softmax_with_loss", "softmax_with_loss_rows"


def p_minus_t(p: Array, t: Array) -> Array:
    """Without the complement that SoftmaxWithLoss takes at the label: it holds for rows that sum to 1."""
    dx = p.copy()
    dx[np.arange(len(dx)), t] -= 1
    return dx


class AnotherLogarithm(SoftmaxWithLoss):
    """The loss by what `log_p` returns, for mutants to change; the gradient is the right one."""

    @ieee_arithmetic
    def forward(self, x: Array, t: Array) -> Any:
        super().forward(x, t)
        self.loss = mean_negative_log_likelihood(self.log_p(x), t)
        return self.loss

    def log_p(self, x: Array) -> Array:
        raise NotImplementedError


@mutant(LABELS, source=BOOK, cause="p + 1e-7: an epsilon inside the log")
class EpsilonInLog(AnotherLogarithm):
    """The loss is −log(p + 1e-7), its gradient that of −log p."""

    def log_p(self, x: Array) -> Array:
        return np.log(self.y + x.dtype.type(1e-7))


@mutant(LABELS, cause="p + 1e-12: an epsilon inside the log")
class SmallEpsilonInLog(AnotherLogarithm):
    """The loss is −log(p + 1e-12)."""

    def log_p(self, x: Array) -> Array:
        return np.log(self.y + x.dtype.type(1e-12))


@mutant(LABELS, cause="p is clipped to 1e-12")
class ClipsProbabilities(AnotherLogarithm):
    """p is clipped to [1e-12, 1] before the logarithm."""

    def log_p(self, x: Array) -> Array:
        return np.log(np.maximum(self.y, x.dtype.type(1e-12)))


@mutant(ROWS, source=BOOK, cause="t.argmax")
class ArgmaxOfSoftTargets(SoftmaxWithLoss):
    """The loss is that of the largest entry of each row, the gradient that of the whole row."""

    def forward(self, x: Array, t: Array) -> Any:
        loss = super().forward(x, t)
        if t.ndim == 2:
            loss = self.loss = mean_negative_log_likelihood(log_softmax(x), t.argmax(axis=1))
        return loss


@mutant(LABELS, cause="too large by a factor of the length of the batch")
class SumInLoss(SoftmaxWithLoss):
    """The loss is the sum over the batch."""

    def forward(self, x: Array, t: Array) -> Any:
        self.loss = super().forward(x, t) * x.dtype.type(len(x))
        return self.loss


@mutant(LABELS, cause="no maximum is subtracted")
class NoMaximumSubtracted(SoftmaxWithLoss):
    """exp(x) / Σ exp(x) without subtracting the maximum: it overflows."""

    @ieee_arithmetic
    def forward(self, x: Array, t: Array) -> Any:
        super().forward(x, t)
        self._y = np.exp(x) / np.exp(x).sum(axis=1, keepdims=True)
        self.loss = mean_negative_log_likelihood(np.log(self._y), t)
        return self.loss

    def backward(self, dout: Any = 1) -> Array:
        super().backward(dout)
        return p_minus_t(self._y, self._t) * self._y.dtype.type(dout / len(self._y))


@mutant(LABELS, cause="the maximum of the whole batch")
class MaximumOfTheBatch(SoftmaxWithLoss):
    """The maximum of the whole batch is subtracted, not that of the row."""

    @ieee_arithmetic
    def forward(self, x: Array, t: Array) -> Any:
        super().forward(x, t)
        exp = np.exp(x - x.max())
        self._y = exp / exp.sum(axis=1, keepdims=True)
        self.loss = mean_negative_log_likelihood(np.log(self._y), t)
        return self.loss


@mutant(LABELS)
class MaximumAddedToLog(AnotherLogarithm):
    """log p = x − (max + log S): where the maximum is large, the digits of log S are lost in it."""

    def log_p(self, x: Array) -> Array:
        top = x.max(axis=1, keepdims=True)
        return x - (top + np.log(np.exp(x - top).sum(axis=1, keepdims=True)))


@mutant(LABELS, cause="the softmax runs over the batch")
class SoftmaxOverTheBatch(SoftmaxWithLoss):
    """The softmax runs over axis 0."""

    def forward(self, x: Array, t: Array) -> Any:
        super().forward(x, t)
        self._y = softmax(x.T).T
        self.loss = mean_negative_log_likelihood(log_softmax(x.T).T, t)
        return self.loss

    def backward(self, dout: Any = 1) -> Array:
        super().backward(dout)
        return p_minus_t(self._y, self._t) * self._y.dtype.type(dout / len(self._y))


@mutant(LABELS, cause="right for t - 1")
class LabelsOffByOne(SoftmaxWithLoss):
    """Labels are taken to count from 1."""

    def forward(self, x: Array, t: Array) -> Any:
        super().forward(x, t)
        return super().forward(x, t - 1 if t.min() > 0 else (t - 1) % x.shape[1])


@mutant(LABELS, source=BOOK)
class AcceptsNegativeLabels(SoftmaxWithLoss):
    """Label −1 is the last class, for NumPy counts from the end."""

    def forward(self, x: Array, t: Array) -> Any:
        if np.ndim(x) == 2 and np.ndim(t) == 1 and np.asarray(t).dtype.kind == "i":
            t = np.where((t < 0) & (t >= -x.shape[1]), t % x.shape[1], t)
        return super().forward(x, t)


@mutant(LABELS, source=BOOK)
class AcceptsOneSample(SoftmaxWithLoss):
    """A single sample (C,) is taken for a batch, and its gradient divided by the number of classes."""

    def forward(self, x: Array, t: Array) -> Any:
        return super().forward(x[None], t[None]) if np.ndim(x) == 1 else super().forward(x, t)


@mutant(LABELS, cause="to base 2")
class BinaryLogarithm(SoftmaxWithLoss):
    """The loss is in bits: log2."""

    def forward(self, x: Array, t: Array) -> Any:
        self.loss = super().forward(x, t) / x.dtype.type(np.log(2))
        return self.loss


@mutant(LABELS, cause="the sign is flipped")
class LossIsNegative(SoftmaxWithLoss):
    """The loss is the mean of log p, without the minus."""

    def forward(self, x: Array, t: Array) -> Any:
        self.loss = -super().forward(x, t)
        return self.loss


@mutant(LABELS, unseen_in={"float32": "2.302585 is log 10 to 4e-8, less than a rounding to float32"})
class TruncatedConstant(SoftmaxWithLoss):
    """The loss is taken by log10 and multiplied by 2.302585."""

    @ieee_arithmetic
    def forward(self, x: Array, t: Array) -> Any:
        self.loss = super().forward(x, t) / x.dtype.type(np.log(10)) * x.dtype.type(2.302585)
        return self.loss


@mutant(LABELS, unseen_in={"float32": "float32 is what it computes in"}, cause="computed in float32")
class LossInFloat32(SoftmaxWithLoss):
    """The loss is summed up in float32."""

    def forward(self, x: Array, t: Array) -> Any:
        loss = super().forward(x, t)
        self.loss = x.dtype.type(np.float32(loss)) if x.dtype.kind == "f" else loss
        return self.loss
