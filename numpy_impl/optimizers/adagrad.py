"""AdaGrad: steps that grow shorter where gradients have been large."""

from typing import Any

import numpy as np

from numpy_impl.optimizers.optimizer import Optimizer, Option
from numpy_impl.validation import Array
from numpy_impl.validation.optimizers import rate


class AdaGrad(Optimizer):
    """h ← h + g², then p ← p − lr g / (√h + eps), entry by entry, where g = ∂L/∂p and h is 0 at first.

    lr: as in SGD; eps: at least 0; it stands outside the root. `state` keeps h of each parameter.
    Complex parameters: the formula as it stands, which the complex step can differentiate; PyTorch takes real and
    imaginary parts for two parameters. Raises TypeError, ValueError before anything changed.
    Twin: torch.optim.Adagrad. Source: Saito, section 6.1.5, where eps is 1e-7; Duchi, Hazan & Singer, JMLR 12, 2011.

    >>> params = {"W": np.array([1.0, 1.0])}
    >>> AdaGrad(lr=0.5).update(params, {"W": np.array([100.0, -0.01])})  # the first step is lr, whatever the gradient
    >>> params["W"].round(6)
    array([0.5, 1.5])
    """

    eps = Option(rate)

    def __init__(self, lr: float, *, eps: float = 1e-10) -> None:
        super().__init__(lr)
        self.eps = eps

    def _fresh(self, p: Array) -> dict[str, Any]:
        return {"h": np.zeros_like(p)}

    def _step(self, _p: Array, g: Array, h: Array) -> tuple[Array, dict[str, Any]]:
        h = h + g * g
        return self.lr * g / (np.sqrt(h) + self.eps), {"h": h}
