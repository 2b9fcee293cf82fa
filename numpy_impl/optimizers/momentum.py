"""Momentum: a velocity that gathers the gradients of the steps before."""

from typing import Any

import numpy as np

from numpy_impl.optimizers.optimizer import Optimizer, Option
from numpy_impl.optimizers.sgd import decayed
from numpy_impl.validation import Array
from numpy_impl.validation.optimizers import momentum_beside_nesterov, nesterov_beside_momentum, rate


class Momentum(Optimizer):
    """v ← μ v + g, then p ← p − lr v, where g = ∂L/∂p and v is 0 at first.

    With `nesterov` the step is lr (g + μ v): the gradient counts once more, as if it were taken one step ahead.

    lr, weight_decay: as in SGD; momentum μ: at least 0, and above it with nesterov. `state` keeps v of each parameter.
    The book puts lr into v, v ← μ v − lr g and p ← p + v: the same as long as lr stays as it is. Complex parameters: as
    they stand. Raises TypeError, ValueError before anything changed.
    Twin: torch.optim.SGD(lr, momentum). Source: Saito, section 6.1.4.

    >>> params, grads = {"W": np.array([1.0])}, {"W": np.array([2.0])}
    >>> optimizer = Momentum(lr=0.25, momentum=0.5)
    >>> for _ in range(2):
    ...     optimizer.update(params, grads)
    ...     print(params["W"], optimizer.state["W"]["v"])
    [0.5] [2.]
    [-0.25] [3.]
    """

    momentum = Option(momentum_beside_nesterov)
    nesterov = Option(nesterov_beside_momentum)
    weight_decay = Option(rate)

    def __init__(self, lr: float, momentum: float = 0.9, *, nesterov: bool = False, weight_decay: float = 0) -> None:
        super().__init__(lr)
        self.momentum, self.nesterov, self.weight_decay = momentum, nesterov, weight_decay

    def _fresh(self, p: Array) -> dict[str, Any]:
        return {"v": np.zeros_like(p)}

    def _step(self, p: Array, g: Array, v: Array) -> tuple[Array, dict[str, Any]]:
        g = decayed(g, p, self.weight_decay)
        v = self.momentum * v + g
        return self.lr * (g + self.momentum * v if self.nesterov else v), {"v": v}
