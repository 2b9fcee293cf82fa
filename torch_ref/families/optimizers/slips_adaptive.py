"""Slips in AdaGrad and RMSprop, in the step and in what is kept."""

from typing import Any

import numpy as np

from numpy_impl import AdaGrad, RMSprop
from numpy_impl.validation import Array
from torch_ref.slip import slip


@slip("adagrad", cause="eps is inside the root")
class EpsInsideTheRoot(AdaGrad):
    """p ← p − lr g / √(h + eps)."""

    def _step(self, p: Array, g: Array, h: Array) -> Any:
        h = super()._step(p, g, h)[1]["h"]
        return self.lr * g / np.sqrt(h + self.eps), {"h": h}


@slip("adagrad")
class NoEps(AdaGrad):
    """p ← p − lr g / √h."""

    def _step(self, p: Array, g: Array, h: Array) -> Any:
        h = super()._step(p, g, h)[1]["h"]
        return self.lr * g / np.sqrt(h), {"h": h}


@slip("adagrad", cause="the root is left out")
class NoRoot(AdaGrad):
    """p ← p − lr g / (h + eps)."""

    def _step(self, p: Array, g: Array, h: Array) -> Any:
        h = super()._step(p, g, h)[1]["h"]
        return self.lr * g / (h + self.eps), {"h": h}


@slip("adagrad", cause="h is the square of this gradient alone")
class ForgetsAtOnce(AdaGrad):
    """h ← g²."""

    def _step(self, p: Array, g: Array, h: Array) -> Any:
        return super()._step(p, g, 0 * h)


@slip("adagrad", cause="h is that of before the step")
class RootOfBefore(AdaGrad):
    """The step divides by the root of h as it was."""

    def _step(self, p: Array, g: Array, h: Array) -> Any:
        return self.lr * g / (np.sqrt(h) + self.eps), super()._step(p, g, h)[1]


@slip("rmsprop", cause="alpha and 1 - alpha are exchanged")
class WeightsExchanged(RMSprop):
    """h ← (1 − α) h + α g²."""

    def _step(self, _p: Array, g: Array, h: Array) -> Any:
        h = (1 - self.alpha) * h + self.alpha * g * g
        return self.lr * g / (np.sqrt(h) + self.eps), {"h": h}


@slip("rmsprop", cause="1 - alpha is left out")
class SumThatForgets(RMSprop):
    """h ← α h + g²."""

    def _step(self, _p: Array, g: Array, h: Array) -> Any:
        h = self.alpha * h + g * g
        return self.lr * g / (np.sqrt(h) + self.eps), {"h": h}


@slip("rmsprop", cause="h sums the squares as in AdaGrad")
class NeverForgets(RMSprop):
    """h ← h + g²."""

    def _step(self, _p: Array, g: Array, h: Array) -> Any:
        h = h + g * g
        return self.lr * g / (np.sqrt(h) + self.eps), {"h": h}


@slip("rmsprop", cause="eps is inside the root")
class EpsInside(RMSprop):
    """p ← p − lr g / √(h + eps)."""

    def _step(self, p: Array, g: Array, h: Array) -> Any:
        h = super()._step(p, g, h)[1]["h"]
        return self.lr * g / np.sqrt(h + self.eps), {"h": h}


@slip("rmsprop", cause="h is as it was")
class NeverKept(RMSprop):
    """h is computed, and not kept."""

    def _step(self, p: Array, g: Array, h: Array) -> Any:
        return super()._step(p, g, h)[0], {"h": h}
