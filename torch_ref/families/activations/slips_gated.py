"""Slips in x times a gate: SiLU and GELU."""

import math
from typing import Any

import numpy as np

from numpy_impl import GELU, SiLU
from numpy_impl.layers.activations_smooth import CUBE, SCALE, sigmoid, twice_z
from numpy_impl.validation import Array
from torch_ref.slip import slip

erf = np.vectorize(math.erf, otypes=[float])


@slip("silu", cause="only that of x is differentiated")
class SiLUGateAlone(SiLU):
    """dx = dout σ(x): the gate is not differentiated."""

    def _backward(self, dout: Array, cache: Any) -> Any:
        return dout * cache[1], {}


@slip("silu", cause="x is left out of the second term")
class SiLUWithoutX(SiLU):
    """dx = dout (σ + σ (1 − σ))."""

    def _backward(self, dout: Array, cache: Any) -> Any:
        _, s, one_less_s = cache
        return dout * (s + s * one_less_s), {}


@slip("silu", cause="the derivative of sigmoid(x) alone")
class SiLUOfTheSigmoid(SiLU):
    """dx = dout σ (1 − σ)."""

    def _backward(self, dout: Array, cache: Any) -> Any:
        _, s, one_less_s = cache
        return dout * (s * one_less_s), {}


@slip("silu", cause="the derivative is taken at y")
class SiLUOfY(SiLU):
    """The derivative is that at y: the cache holds y for x."""

    def _forward(self, x: Array) -> Any:
        y, _ = super()._forward(x)
        return y, super()._forward(y)[1]


@slip("silu", cause="dout is passed on as it is")
class SiLUStraightThrough(SiLU):
    """dx = dout."""

    def _backward(self, dout: Array, _cache: Any) -> Any:
        return dout, {}


@slip("silu")
class SiLUThatOverflows(SiLU):
    """σ(x) = eˣ / (eˣ + 1), which is NaN where eˣ overflows."""

    def _forward(self, x: Array) -> Any:
        e = np.exp(x)
        s = e / (e + 1)
        return x * s, (x, s, 1 - s)


class ByItsErf(GELU):
    """Φ by erf, for slips that take it in one direction."""

    def of_erf(self, x: Array) -> Any:
        return ((1 + erf(x.real / math.sqrt(2))) / 2).astype(x.dtype)

    def slope_of_erf(self, x: Array) -> Any:
        return self.of_erf(x) + x * np.exp(-x * x / 2) / math.sqrt(2 * math.pi)


@slip("gelu", cause="the erf form of GELU, where the twin's is the tanh form")
class DerivativeOfErf(ByItsErf):
    """The derivative is that of the erf form, beside a forward by tanh."""

    def _backward(self, dout: Array, x: Array) -> Any:
        return dout * self.slope_of_erf(x), {}


@slip("gelu", cause="the erf form of GELU, where the twin's is the tanh form")
class ForwardByErf(ByItsErf):
    """y is that of the erf form, beside the derivative of the tanh form."""

    def _forward(self, x: Array) -> Any:
        return x * self.of_erf(x), x


@slip("gelu", cause="the cubed term is left out")
class WithoutItsCube(GELU):
    """z = √(2/π) x, in both directions."""

    def _forward(self, x: Array) -> Any:
        return x * sigmoid(SCALE * x), x

    def _backward(self, dout: Array, x: Array) -> Any:
        s, rest = sigmoid(SCALE * x), sigmoid(-SCALE * x)
        return dout * (s + SCALE * x * s * rest), {}


@slip("gelu", cause="the cubed term of z is not differentiated")
class CubeNotDifferentiated(GELU):
    """z′ = √(2/π)."""

    def _backward(self, dout: Array, x: Array) -> Any:
        s, rest = sigmoid(twice_z(x)), sigmoid(-twice_z(x))
        return dout * (s + SCALE * x * (s * rest)), {}


@slip("gelu")
class ThirdOfTheCube(GELU):
    """z′ has the square of the cubed term, without the 3 that it is to be multiplied by."""

    def _backward(self, dout: Array, x: Array) -> Any:
        s, rest = sigmoid(twice_z(x)), sigmoid(-twice_z(x))
        return dout * (s + SCALE * x * (s * rest) * (1 + CUBE * x * x)), {}


@slip("gelu", cause="only that of x is differentiated")
class GELUGateAlone(GELU):
    """dx = dout Φ(x): the gate is not differentiated."""

    def _backward(self, dout: Array, x: Array) -> Any:
        return dout * sigmoid(twice_z(x)), {}


@slip("gelu", cause="x sigmoid(1.702 x)")
class BySigmoid(GELU):
    """y = x σ(1.702 x), the other approximation of the paper, in both directions."""

    def _forward(self, x: Array) -> Any:
        return x * sigmoid(1.702 * x), x

    def _backward(self, dout: Array, x: Array) -> Any:
        s, rest = sigmoid(1.702 * x), sigmoid(-1.702 * x)
        return dout * (s + 1.702 * x * (s * rest)), {}


@slip("gelu", cause="dout is passed on as it is")
class GELUStraightThrough(GELU):
    """dx = dout."""

    def _backward(self, dout: Array, _x: Array) -> Any:
        return dout, {}
