"""Adam, moving means of the gradient and of its square; and AdamW, with a weight decay beside them."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from numpy_impl.optimizers.optimizer import Optimizer, Option
from numpy_impl.validation import Array
from numpy_impl.validation.optimizers import rate, two_shares


class Adam(Optimizer):
    """m ← β₁ m + (1 − β₁) g and v ← β₂ v + (1 − β₂) g², both 0 at first; then p ← p − lr m̂ / (√v̂ + eps).

    m̂ = m / (1 − β₁ᵗ) and v̂ = v / (1 − β₂ᵗ), in the t-th step of this parameter, which counts from 1: the means began
    at 0, and this corrects them for it.

    lr, eps: as in AdaGrad; betas (β₁, β₂): each from 0 to below 1. `state` keeps m, v and t of each parameter, so one
    that appears later begins with t = 0. Complex parameters: as in AdaGrad. Raises TypeError, ValueError before
    anything changed. Twin: torch.optim.Adam. Source: Saito, section 6.1.6; Kingma & Ba, Adam, ICLR 2015, algorithm 1.

    >>> params = {"W": np.array([1.0, 1.0])}
    >>> adam = Adam(lr=0.5)
    >>> adam.update(params, {"W": np.array([100.0, -0.01])})  # the first step is lr, whatever the gradient
    >>> params["W"].round(5)
    array([0.5, 1.5])
    >>> saved = adam.state
    >>> adam.state = saved
    >>> saved["W"]["t"], saved["W"]["m"]
    (1, array([ 1.e+01, -1.e-03]))
    """

    betas = Option(two_shares)
    eps = Option(rate)

    def __init__(self, lr: float = 1e-3, *, betas: Sequence[float] = (0.9, 0.999), eps: float = 1e-8) -> None:
        super().__init__(lr)
        self.betas, self.eps = betas, eps

    def _fresh(self, p: Array) -> dict[str, Any]:
        return {"m": np.zeros_like(p), "v": np.zeros_like(p), "t": 0}

    def _step(self, _p: Array, g: Array, m: Array, v: Array, t: int) -> tuple[Array, dict[str, Any]]:
        beta1, beta2 = self.betas
        t = t + 1
        m = m + (1 - beta1) * (g - m)  # the same, and nearer by a rounding
        v = beta2 * v + (1 - beta2) * g * g
        # lr m̂ with the numbers first: one pass over the array less.
        step = self.lr / (1 - beta1**t) * m / (np.sqrt(v / (1 - beta2**t)) + self.eps)
        return step, {"m": m, "v": v, "t": t}


class AdamW(Adam):
    """p ← p (1 − lr λ), and then the step of Adam: a weight decay that no gradient has a part in.

    Added to the gradient, as in SGD, λ p would be divided by √v̂ as well, and weights with large gradients would decay
    least. All else is as in Adam. weight_decay λ: at least 0.
    Twin: torch.optim.AdamW. Source: Loshchilov & Hutter, Decoupled weight decay regularization, ICLR 2019.

    >>> params = {"W": np.array([1.0])}
    >>> AdamW(lr=0.5, weight_decay=0.5).update(params, {"W": np.array([0.0])})
    >>> params["W"]
    array([0.75])
    """

    weight_decay = Option(rate)

    def __init__(
        self, lr: float = 1e-3, *, betas: Sequence[float] = (0.9, 0.999), eps: float = 1e-8, weight_decay: float = 0.01
    ) -> None:
        super().__init__(lr, betas=betas, eps=eps)
        self.weight_decay = weight_decay

    def _step(self, p: Array, g: Array, m: Array, v: Array, t: int) -> tuple[Array, dict[str, Any]]:
        step, kept = super()._step(p, g, m, v, t)  # first, for g may be the array of p
        p *= 1 - self.lr * self.weight_decay
        return step, kept
