"""What the model of `torch_ref.bounds` calls correct, at its worst: every operation errs by all that it may.

Computed in float64 with the unit roundoff of float32, so that float64's own rounding does not count, and with signs of
the errors that are drawn: at random, or all alike.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from numpy_impl.validation import Array
from torch_ref.bounds import LIBM

U = 2.0**-24


class Noise:
    """Draws the signs of the errors; `bias` is the probability of a plus."""

    def __init__(self, seed: int, bias: float) -> None:
        self.rng, self.bias = np.random.default_rng(seed), bias

    def rounded(self, value: Any, units: float = 1) -> Any:
        """The value with a relative error of so many u."""
        return value * (1 + units * U * np.where(self.rng.uniform(size=np.shape(value)) < self.bias, 1.0, -1.0))

    def moved(self, centre: Array, radius: Array) -> Array:
        """An operand at the edge of its ball, and no further when float64 has rounded it."""
        reach = np.maximum((1 - 1e-6) * radius - abs(centre) * 2.0**-52, 0)
        return centre + reach * np.where(self.rng.uniform(size=np.shape(centre)) < self.bias, 1.0, -1.0)

    def sum(self, terms: Array) -> Array:
        """Over the last axis, in an order that is drawn, each sum rounded; adding 0 rounds nothing."""
        order = self.rng.permutation(terms.shape[-1])
        total = terms[..., order[0]]
        for i in order[1:]:
            total = np.where(total * terms[..., i] == 0, total + terms[..., i], self.rounded(total + terms[..., i]))
        return total

    def matmul(self, a: Array, b: Array) -> Array:
        return self.sum(self.rounded(a[..., :, None, :] * np.swapaxes(b, -1, -2)[..., None, :, :]))

    def library(self, f: Callable[..., Any], x: Any) -> Any:
        """A function of a mathematical library."""
        return self.rounded(f(x), LIBM)

    def exp(self, x: Array) -> Array:
        return self.library(np.exp, x)

    def log(self, x: Array) -> Array:
        return self.library(np.log, x)

    def shifted(self, z: Array) -> Array:
        """z − max z, rounded; the greatest is exactly 0."""
        return self.rounded(z - z.max(-1, keepdims=True))

    def log_softmax(self, z: Array) -> Array:
        s = self.shifted(z)
        return self.rounded(s - self.log(self.sum(self.exp(s)))[..., None])

    def softmax(self, z: Array) -> Array:
        exp = self.exp(self.shifted(z))
        return self.rounded(exp / self.sum(exp)[..., None])

    def softmax_by_logarithm(self, z: Array) -> Array:
        return self.exp(self.log_softmax(z))

    def softmax_by_reciprocal(self, z: Array) -> Array:
        exp = self.exp(self.shifted(z))
        return self.rounded(exp * self.rounded(1 / self.sum(exp))[..., None])


class Flushed(Noise):
    """No noise: the roundings are those of the arrays' own format, and what underflows is flushed to zero."""

    def __init__(self) -> None:
        super().__init__(0, 0.5)

    def rounded(self, value: Any, units: float = 1) -> Any:  # noqa: ARG002
        return np.where(abs(value) < np.finfo(value.dtype).smallest_normal, value.dtype.type(0), value)


SOFTMAXES: dict[str, Callable[[Noise, Array], Array]] = {
    "quotient": Noise.softmax,
    "reciprocal": Noise.softmax_by_reciprocal,
    "exp of log": Noise.softmax_by_logarithm,
}
