"""Slips in smoothing labels and in ignoring some."""

from abc import abstractmethod
from typing import Any

import numpy as np

from numpy_impl import SoftmaxWithLoss
from numpy_impl.functions import log_softmax_unchecked, mean_negative_log_likelihood
from numpy_impl.layers.losses import minus_labels, minus_rows
from numpy_impl.validation import Array
from torch_ref.slip import slip

SMOOTHED, ROWS, IGNORING = "softmax_with_loss_smoothed", "softmax_with_loss_smoothed_rows", "softmax_with_loss_ignoring"


class OfOtherRows(SoftmaxWithLoss):
    """Loss and gradient of rows that `smoothed_in_its_way` makes of the targets."""

    @abstractmethod
    def smoothed_in_its_way(self, t: Array, epsilon: float) -> Any:
        """In the place of (1 − ε) t + ε / C."""

    def _forward(self, x: Array, t: Array) -> Any:
        _, cache = super()._forward(x, t)
        return mean_negative_log_likelihood(log_softmax_unchecked(x), self._rows(t, x)), cache

    def _backward(self, dout: Any, cache: Any) -> Any:
        p, t = cache
        return minus_rows(p, self._rows(t, p)) * (p.dtype.type(dout) / p.dtype.type(len(p))), {}

    def _rows(self, t: Array, like: Array) -> Any:
        rows = np.eye(like.shape[1])[t] if t.ndim == 1 else t
        return np.asarray(self.smoothed_in_its_way(rows, self.label_smoothing)).astype(like.dtype)


@slip(SMOOTHED, cause="spread over the C - 1 other classes")
class SpreadOverTheOthers(OfOtherRows):
    """ε is spread over the C − 1 other classes."""

    def smoothed_in_its_way(self, t: Array, epsilon: float) -> Any:
        return (1 - epsilon) * t + epsilon / (t.shape[1] - 1) * (1 - t)


@slip(SMOOTHED, cause="must be multiplied by 1 - epsilon first")
class WithoutOneMinusEpsilon(OfOtherRows):
    """t + ε / C: t is not multiplied by 1 − ε."""

    def smoothed_in_its_way(self, t: Array, epsilon: float) -> Any:
        return t + epsilon / t.shape[1]


@slip(SMOOTHED, cause="the smoothing is left out")
class SmoothsTheLossAlone(SoftmaxWithLoss):
    """The gradient is that of labels which are not smoothed."""

    def _backward(self, dout: Any, cache: Any) -> Any:
        p, t = cache
        return minus_labels(p, t) * (p.dtype.type(dout) / p.dtype.type(len(p))), {}


@slip(ROWS, cause="the smoothing is left out")
class RowsAreNotSmoothed(SoftmaxWithLoss):
    """Only labels are smoothed, rows are taken as they are."""

    def _forward(self, x: Array, t: Array) -> Any:
        loss, cache = super()._forward(x, t)
        return mean_negative_log_likelihood(log_softmax_unchecked(x), t) if t.ndim == 2 else loss, cache


@slip(IGNORING, cause="ignored samples count in the denominator")
class IgnoredInTheDenominator(SoftmaxWithLoss):
    """Loss and gradient are divided by the length of the batch, ignored samples included."""

    def _forward(self, x: Array, t: Array) -> Any:
        loss, cache = super()._forward(x, t)
        return loss * x.dtype.type((t != self.ignore_index).mean()), cache

    def _backward(self, dout: Any, cache: Any) -> Any:
        dx, _ = super()._backward(dout, cache)
        return dx * dx.dtype.type((cache[1] != self.ignore_index).mean()), {}


@slip(IGNORING, cause="ignored samples count as those of class 0")
class IgnoredAsClass0(SoftmaxWithLoss):
    """An ignored label is replaced by 0, to be an index, and nothing is masked then."""

    def _forward(self, x: Array, t: Array) -> Any:
        return super()._forward(x, np.where(t == self.ignore_index, 0, t))


@slip(IGNORING, cause="the gradient of ignored samples is not 0")
class GradientOfTheIgnored(SoftmaxWithLoss):
    """The loss leaves ignored samples out, the gradient takes them for samples of class 0."""

    def _backward(self, dout: Any, cache: Any) -> Any:
        p, t = cache
        counted = t != self.ignore_index
        return minus_labels(p, np.where(counted, t, 0)) * (p.dtype.type(dout) / p.dtype.type(counted.sum())), {}
