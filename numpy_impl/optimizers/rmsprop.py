"""RMSprop: AdaGrad that forgets."""

from typing import Any

import numpy as np

from numpy_impl.optimizers.optimizer import Optimizer, Option
from numpy_impl.validation import Array
from numpy_impl.validation.optimizers import rate, share


class RMSprop(Optimizer):
    """h ← α h + (1 − α) g², then p ← p − lr g / (√h + eps), entry by entry, where g = ∂L/∂p and h is 0 at first.

    lr: as in SGD; alpha α: what h keeps of what it was, from 0 to below 1; eps: at least 0, outside the root. `state`
    keeps h of each parameter. Complex parameters: as in AdaGrad. Raises TypeError, ValueError before anything changed.
    Twin: torch.optim.RMSprop. Source: Saito, section 6.1.5, at its end; Tieleman & Hinton, Coursera, lecture 6.5, 2012.

    >>> params = {"W": np.array([1.0, 1.0])}
    >>> RMSprop(lr=0.5, alpha=0.75).update(params, {"W": np.array([100.0, -0.01])})  # lr / √(1 − α), at first
    >>> params["W"].round(5)
    array([0., 2.])
    """

    alpha = Option(share)
    eps = Option(rate)

    def __init__(self, lr: float, *, alpha: float = 0.99, eps: float = 1e-8) -> None:
        super().__init__(lr)
        self.alpha, self.eps = alpha, eps

    def _fresh(self, p: Array) -> dict[str, Any]:
        return {"h": np.zeros_like(p)}

    def _step(self, _p: Array, g: Array, h: Array) -> tuple[Array, dict[str, Any]]:
        h = self.alpha * h + (1 - self.alpha) * g * g
        return self.lr * g / (np.sqrt(h) + self.eps), {"h": h}
