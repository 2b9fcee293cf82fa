"""Slips in Momentum."""

from typing import Any

from numpy_impl import Momentum
from numpy_impl.validation import Array
from torch_ref.slip import slip


@slip("momentum", cause="the gradient is weighed with 1 - momentum")
class MovingMean(Momentum):
    """v ← μ v + (1 − μ) g."""

    def _step(self, p: Array, g: Array, v: Array) -> Any:
        g = g + self.weight_decay * p
        v = self.momentum * v + (1 - self.momentum) * g
        return self.lr * (g + self.momentum * v if self.nesterov else v), {"v": v}


@slip("momentum", cause="v has no part in it")
class VelocityIgnored(Momentum):
    """p ← p − lr g; v is kept for nothing."""

    def _step(self, p: Array, g: Array, v: Array) -> Any:
        return self.lr * (g + self.weight_decay * p), super()._step(p, g, v)[1]


@slip("momentum", cause="momentum is left out: v adds up all gradients")
class NeverSlowsDown(Momentum):
    """v ← v + g."""

    def _step(self, p: Array, g: Array, v: Array) -> Any:
        g = g + self.weight_decay * p
        v = v + g
        return self.lr * (g + self.momentum * v if self.nesterov else v), {"v": v}


@slip("momentum", cause="v is as it was")
class NeverKeepsV(Momentum):
    """v is computed, and not kept."""

    def _step(self, p: Array, g: Array, v: Array) -> Any:
        return super()._step(p, g, v)[0], {"v": v}


@slip("momentum", cause="the step is that of Nesterov")
class AlwaysNesterov(Momentum):
    """p ← p − lr (g + μ v), whether it is asked for or not."""

    def _step(self, p: Array, g: Array, v: Array) -> Any:
        v = super()._step(p, g, v)[1]["v"]
        return self.lr * (g + self.weight_decay * p + self.momentum * v), {"v": v}


@slip("momentum", cause="the step is that without Nesterov")
class NeverNesterov(Momentum):
    """p ← p − lr v, whether Nesterov's is asked for or not."""

    def _step(self, p: Array, g: Array, v: Array) -> Any:
        v = super()._step(p, g, v)[1]["v"]
        return self.lr * v, {"v": v}


@slip("momentum", cause="lr is in v")
class RateInsideV(Momentum):
    """v ← μ v + lr g, p ← p − v: another step as soon as lr changes."""

    def _step(self, p: Array, g: Array, v: Array) -> Any:
        g = g + self.weight_decay * p
        v = self.momentum * v + self.lr * g
        return g + self.momentum * v if self.nesterov else v, {"v": v}


@slip("momentum", cause="the weight decay is left out")
class DecayForgotten(Momentum):
    """The gradient is that of the loss alone."""

    def _step(self, _p: Array, g: Array, v: Array) -> Any:
        v = self.momentum * v + g
        return self.lr * (g + self.momentum * v if self.nesterov else v), {"v": v}
