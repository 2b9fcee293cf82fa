"""Slips in Dropout."""

from typing import Any

import numpy as np

from numpy_impl import Dropout
from numpy_impl.validation import Array
from torch_ref.slip import BOOK, slip

TRAINING, EVALUATED = "dropout", "dropout_in_evaluation"


class AnotherFactor(Dropout):
    """The entries that are kept are multiplied by `factor`, also in backward."""

    def _forward(self, x: Array) -> Any:
        _, (mask, _) = super()._forward(x)
        factor = mask.astype(x.real.dtype) * x.real.dtype.type(self.factor)
        return x * factor, (mask, factor)

    @property
    def factor(self) -> float:
        """Without a division, as in Saito's book."""
        return 1.0


@slip(TRAINING, source=BOOK, cause="it is not divided by 1 - p")
class NotInverted(AnotherFactor):
    """Nothing is divided in training."""


@slip(TRAINING, cause="it is divided by p, where it must be by 1 - p")
class DividedByP(AnotherFactor):
    """The kept entries are divided by p."""

    @property
    def factor(self) -> float:
        return 1 / self.p if self.p else 1.0


@slip(TRAINING, cause="it is divided by 1 - p twice")
class DividedTwice(AnotherFactor):
    """The kept entries are divided by 1 − p twice."""

    @property
    def factor(self) -> float:
        return 1 / (1 - self.p) ** 2 if self.p < 1 else 1.0


@slip(TRAINING, cause="the mask is inverted: what must be dropped is kept")
class KeepsTheDropped(Dropout):
    """The mask is 1 where it must be 0."""

    def _forward(self, x: Array) -> Any:
        _, (mask, _) = super()._forward(x)
        factor = (~mask).astype(x.real.dtype) / x.real.dtype.type(1 - self.p if self.p < 1 else 1)
        return x * factor, (mask, factor)


@slip(TRAINING, source="numpy-ml", cause="the mask is left out")
class BackwardWithoutMask(Dropout):
    """dx = dout / (1 − p): the mask is not used in backward."""

    def _backward(self, dout: Array, _cache: Any) -> Any:
        return dout * dout.dtype.type(1 / (1 - self.p) if self.p < 1 else 1), {}


@slip(TRAINING, cause="dout is passed on as it is")
class BackwardOfEvaluation(Dropout):
    """dx = dout: what dropout does is left out in backward."""

    def _backward(self, dout: Array, _cache: Any) -> Any:
        return dout, {}


@slip(TRAINING)
class AnotherMaskInBackward(Dropout):
    """backward draws a mask of its own."""

    def _backward(self, dout: Array, _cache: Any) -> Any:
        mask = np.random.default_rng(1).random(dout.shape) >= self.p
        return dout * mask * dout.dtype.type(1 / (1 - self.p) if self.p < 1 else 0), {}


@slip(TRAINING, cause="it is not divided by 1 - p")
class BackwardNotScaled(Dropout):
    """dx = dout mask: 1 / (1 − p) is missing in backward."""

    def _backward(self, dout: Array, cache: Any) -> Any:
        return dout * cache[0], {}


@slip(TRAINING)
class SelectsByMask(Dropout):
    """NaN of a dropped entry becomes 0, where PyTorch keeps it."""

    def _forward(self, x: Array) -> Any:
        y, cache = super()._forward(x)
        return np.where(cache[0], y, 0), cache


@slip(EVALUATED, cause="the mask is used in evaluation too")
class MaskInEvaluation(Dropout):
    """The mask is used in evaluation too."""

    def _forward(self, x: Array) -> Any:
        self.training = True
        y, cache = super()._forward(x)
        self.training = False
        return y, cache


@slip(EVALUATED, source=BOOK, cause="it is multiplied by 1 - p in evaluation")
class ScaledInEvaluation(Dropout):
    """y = x (1 − p) in evaluation, which belongs to a dropout that is not inverted."""

    def _forward(self, x: Array) -> Any:
        return x * x.dtype.type(1 - self.p), None

    def _backward(self, dout: Array, _cache: Any) -> Any:
        return dout * dout.dtype.type(1 - self.p), {}
