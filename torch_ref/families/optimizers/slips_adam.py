"""Slips in Adam and AdamW, in the step and in what is kept."""

from typing import Any

import numpy as np

from numpy_impl import Adam, AdamW
from numpy_impl.validation import Array
from torch_ref.slip import slip

# Adam


class AdamBy(Adam):
    """Its step in parts, for slips to change one of."""

    def _step(self, _p: Array, g: Array, m: Array, v: Array, t: int) -> Any:
        m, v, t = *self.means(g, m, v), t + 1
        first, second = self.corrections(t)
        return self.quotient(self.lr * m / first, v / second), {"m": m, "v": v, "t": t}

    def means(self, g: Array, m: Array, v: Array) -> tuple[Array, Array]:
        beta1, beta2 = self.betas
        return beta1 * m + (1 - beta1) * g, beta2 * v + (1 - beta2) * g * g

    def corrections(self, t: int) -> tuple[Any, Any]:
        beta1, beta2 = self.betas
        return 1 - beta1**t, 1 - beta2**t

    def quotient(self, m: Array, v: Array) -> Array:
        return m / (np.sqrt(v) + self.eps)


@slip("adam", source="ML-From-Scratch", cause="the bias correction is left out")
class NoCorrection(AdamBy):
    """m and v as they are, small in the first steps."""

    def corrections(self, _t: int) -> tuple[Any, Any]:
        return 1, 1


@slip("adam", source="ML-From-Scratch", cause="the bias correction does not count: 1 - beta")
class CorrectionWithoutT(AdamBy):
    """m̂ = m / (1 − β₁), v̂ = v / (1 − β₂), in every step."""

    def corrections(self, _t: int) -> tuple[Any, Any]:
        return super().corrections(1)


@slip("adam", cause="the bias correction counts from t = 0")
class CountsFromZero(AdamBy):
    """The correction of the first step is 1 − β⁰ = 0."""

    def corrections(self, t: int) -> tuple[Any, Any]:
        return tuple(map(np.float64, super().corrections(t - 1)))  # type: ignore[return-value] # two of them

    def quotient(self, m: Array, v: Array) -> Array:
        return super().quotient(m, v).astype(m.dtype)


@slip("adam", cause="t is as it was")
class NeverCounts(AdamBy):
    """t is not kept: each step is a first one."""

    def _step(self, p: Array, g: Array, m: Array, v: Array, t: int) -> Any:
        step, kept = super()._step(p, g, m, v, t)
        return step, kept | {"t": t}


@slip("adam", cause="the bias correction of v is left out")
class OnlyMCorrected(AdamBy):
    """v̂ = v."""

    def corrections(self, t: int) -> tuple[Any, Any]:
        return super().corrections(t)[0], 1


@slip("adam", cause="the bias correction of m is left out")
class OnlyVCorrected(AdamBy):
    """m̂ = m."""

    def corrections(self, t: int) -> tuple[Any, Any]:
        return 1, super().corrections(t)[1]


@slip("adam", cause="eps is inside the root")
class AdamEpsInside(AdamBy):
    """p ← p − lr m̂ / √(v̂ + eps)."""

    def quotient(self, m: Array, v: Array) -> Array:
        return m / np.sqrt(v + self.eps)


@slip("adam", cause="eps is added before the bias correction, as in TensorFlow")
class EpsBeforeTheCorrection(AdamBy):
    """p ← p − lr √(1 − β₂ᵗ) / (1 − β₁ᵗ) m / (√v + eps), the form of Kingma & Ba's remark."""

    def _step(self, _p: Array, g: Array, m: Array, v: Array, t: int) -> Any:
        m, v, t = *self.means(g, m, v), t + 1
        first, second = self.corrections(t)
        return self.quotient(self.lr * second**0.5 / first * m, v), {"m": m, "v": v, "t": t}


@slip("adam", cause="the root is left out")
class AdamNoRoot(AdamBy):
    """p ← p − lr m̂ / (v̂ + eps)."""

    def quotient(self, m: Array, v: Array) -> Array:
        return m / (v + self.eps)


@slip("adam", cause="the betas are exchanged")
class BetasExchanged(AdamBy):
    """β₂ moves m, β₁ moves v."""

    def __init__(self, lr: float, **options: Any) -> None:
        super().__init__(lr, **options)
        self.betas = self.betas[::-1]


@slip("adam", cause="beta and 1 - beta are exchanged")
class BetasTurned(AdamBy):
    """m ← (1 − β₁) m + β₁ g, and v alike; the correction is of 1 − β too."""

    def __init__(self, lr: float, **options: Any) -> None:
        super().__init__(lr, **options)
        self.betas = tuple(1 - beta for beta in self.betas)


@slip("adam", cause="v is the mean of the gradient, where it must be that of its square")
class SquareForgotten(AdamBy):
    """v ← β₂ v + (1 − β₂) g."""

    def means(self, g: Array, m: Array, v: Array) -> tuple[Array, Array]:
        beta2 = self.betas[1]
        return super().means(g, m, v)[0], beta2 * v + (1 - beta2) * g


# AdamW


@slip("adamw", cause="the weight decay is added to the gradient (L2)")
class L2InPlaceOfDecay(AdamW):
    """g ← g + λ p, which the root then divides: Adam with weight decay, before AdamW."""

    def _step(self, p: Array, g: Array, m: Array, v: Array, t: int) -> Any:
        return Adam._step(self, p, g + self.weight_decay * p, m, v, t)


@slip("adamw", cause="the weight decay is left out")
class NoDecay(AdamW):
    """The step of Adam alone."""

    def _step(self, p: Array, g: Array, m: Array, v: Array, t: int) -> Any:
        return Adam._step(self, p, g, m, v, t)


@slip("adamw", cause="the weight decay is taken without lr")
class DecayWithoutLr(AdamW):
    """p ← p (1 − λ)."""

    def _step(self, p: Array, g: Array, m: Array, v: Array, t: int) -> Any:
        step, kept = Adam._step(self, p, g, m, v, t)
        p *= 1 - self.weight_decay
        return step, kept


@slip("adamw", cause="the weight decay is taken of p after the step")
class DecayAfterTheStep(AdamW):
    """p ← (p − step)(1 − lr λ)."""

    def _step(self, p: Array, g: Array, m: Array, v: Array, t: int) -> Any:
        step, kept = Adam._step(self, p, g, m, v, t)
        p -= step
        p *= 1 - self.lr * self.weight_decay
        return np.zeros_like(p), kept
