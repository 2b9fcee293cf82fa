"""Slips in p ← p − lr g, and in what a step keeps and accepts."""

from abc import abstractmethod
from typing import Any

import numpy as np

from numpy_impl import SGD
from numpy_impl.validation import Array
from torch_ref.slip import slip


class AnotherStep(SGD):
    """The step p ← p − lr g with another gradient than g, for slips to name."""

    def update(self, params: Any, grads: Any) -> None:
        super().update(params, {key: self.instead(params[key], grad) for key, grad in grads.items()})

    @abstractmethod
    def instead(self, p: Array, g: Array) -> Array:
        """In the place of g."""


@slip("sgd", cause="the step is added")
class GradientAdded(SGD):
    """p ← p + lr g, uphill."""

    def _step(self, p: Array, g: Array) -> Any:
        return -super()._step(p, g)[0], {}


@slip("sgd", cause="lr is left out")
class LrIgnored(SGD):
    """p ← p − g."""

    def update(self, params: Any, grads: Any) -> None:
        SGD(1.0, weight_decay=self.weight_decay).update(params, grads)


@slip("sgd", cause="lr is multiplied in twice")
class LrTwice(AnotherStep):
    """p ← p − lr² g: the gradient was scaled already."""

    def instead(self, _p: Array, g: Array) -> Array:
        return g * g.dtype.type(self.lr)


@slip("sgd", cause="it is p as it was")
class NewArray(SGD):
    """params[key] = params[key] − lr g: a new array, of which the layer knows nothing."""

    def update(self, params: Any, grads: Any) -> None:
        super().update({key: p.copy() for key, p in params.items()}, grads)


@slip("sgd", cause="update changes g in place")
class ScalesGradientInPlace(SGD):
    """g *= lr; p −= g."""

    def update(self, params: Any, grads: Any) -> None:
        super().update(params, grads)
        for g in grads.values():
            g *= g.dtype.type(self.lr)


@slip("sgd", unseen_in={"float32": "float32 is what it computes in"}, cause="computed in float32")
class StepInFloat32(SGD):
    """The parameter is rounded to float32, as if it were kept so."""

    def update(self, params: Any, grads: Any) -> None:
        super().update(params, grads)
        for p in params.values():
            p[...] = p.astype(np.float32)


@slip("sgd", cause="something is left from the call before")
class MomentumKept(SGD):
    """Half of the last step is taken once more, as by another optimizer."""

    _before: Any = None

    def update(self, params: Any, grads: Any) -> None:
        super().update(params, grads)
        if self._before is not None and self._before.keys() == grads.keys():
            for key, g in self._before.items():
                params[key] -= self.lr / 2 * g
        self._before = {key: g.copy() for key, g in grads.items()}


@slip("sgd", cause="the weight decay is left out")
class DecayIgnored(SGD):
    """p ← p − lr g, whatever the weight decay."""

    def update(self, params: Any, grads: Any) -> None:
        SGD(self.lr).update(params, grads)


@slip("sgd")
class WeightDecayed(AnotherStep):
    """The gradient has 1e-4 p added to it, a weight decay that nobody asked for."""

    def instead(self, p: Array, g: Array) -> Array:
        return g + g.dtype.type(1e-4) * p


@slip("sgd")
class GradientClipped(AnotherStep):
    """Entries of the gradient are clipped to [−1, 1]."""

    def instead(self, _p: Array, g: Array) -> Array:
        return g.clip(-1, 1)


@slip("sgd")
class AcceptsAnotherShape(SGD):
    """A gradient that broadcasts is accepted."""

    def update(self, params: Any, grads: Any) -> None:
        for key, p in params.items():
            p -= self.lr * (grads[key] + self.weight_decay * p)
