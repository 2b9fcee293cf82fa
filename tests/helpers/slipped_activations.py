"""Activations with a slip each."""

import math
from typing import Any

import numpy as np

from numpy_impl.validation import Array


def sigmoid(x: Array) -> Array:
    e = np.exp(-abs(x))
    return np.where(x >= 0, 1, e) / (1 + e)


class OfX:
    """Keeps x."""

    def forward(self, x: Array) -> Array:
        self.x = x.copy()
        return self.f(x)

    def f(self, x: Array) -> Array:
        raise NotImplementedError

    def derivative(self, x: Array) -> Array:
        raise NotImplementedError

    def backward(self, dout: Array) -> Array:
        return dout * self.derivative(self.x)


class SiLU(OfX):
    def f(self, x: Array) -> Array:
        return x * sigmoid(x)

    def derivative(self, x: Array) -> Array:
        s = sigmoid(x)
        return s + x * s * (1 - s)


class SiLUAtY(SiLU):
    def backward(self, dout: Array) -> Array:
        return dout * self.derivative(self.f(self.x))


class SiLUAtMinusX(SiLU):
    def backward(self, dout: Array) -> Array:
        return dout * self.derivative(-self.x)


class SiLUByY(SiLU):
    def derivative(self, x: Array) -> Array:
        return self.f(x)


class SiLUGateAlone(SiLU):
    def derivative(self, x: Array) -> Array:
        return sigmoid(x)


class SiLUSlopeOfGate(SiLU):
    def derivative(self, x: Array) -> Array:
        return x * sigmoid(x) * (1 - sigmoid(x))


class SiLUWithoutX(SiLU):
    def derivative(self, x: Array) -> Array:
        return sigmoid(x) + sigmoid(x) * (1 - sigmoid(x))


class SiLUOfSigmoid(SiLU):
    def derivative(self, x: Array) -> Array:
        return sigmoid(x) * (1 - sigmoid(x))


class SiLUSquared(SiLU):
    """No slip of the list."""

    def derivative(self, x: Array) -> Array:
        return sigmoid(x) ** 2


class GELUByTanh(OfX):
    """The form by tanh, where the twin's is that by erf."""

    def u(self, x: Array) -> Any:
        return np.tanh(x.dtype.type(np.sqrt(2 / np.pi)) * (x + x.dtype.type(0.044715) * x**3))

    def f(self, x: Array) -> Array:
        return x * (1 + self.u(x)) / 2

    def derivative(self, x: Array) -> Array:
        u, k = self.u(x), x.dtype.type(np.sqrt(2 / np.pi))
        return (1 + u) / 2 + x * (1 - u * u) / 2 * k * (1 + 3 * x.dtype.type(0.044715) * x * x)


class GELUByTanhGateAlone(GELUByTanh):
    def derivative(self, x: Array) -> Array:
        return (1 + self.u(x)) / 2


class GELUGateAlone(OfX):
    def f(self, x: Array) -> Array:
        return x * self.derivative(x)

    def derivative(self, x: Array) -> Array:
        return np.vectorize(lambda one: math.erfc(-one / math.sqrt(2)) / 2)(x).astype(x.dtype)


class ELU(OfX):
    def f(self, x: Array) -> Array:
        return np.where(x > 0, x, np.expm1(np.minimum(x, 0)))


class ELUOfX(ELU):
    def derivative(self, x: Array) -> Array:
        return np.where(x > 0, 1, x + 1).astype(x.dtype)


class CELUOfX(OfX):
    """alpha 2, its derivative of x."""

    def f(self, x: Array) -> Array:
        return np.where(x > 0, x, 2 * np.expm1(np.minimum(x, 0) / 2))

    def derivative(self, x: Array) -> Array:
        return np.where(x > 0, 1, x / 2 + 1).astype(x.dtype)


class ELUWithoutDout(ELU):
    def backward(self, dout: Array) -> Array:
        return np.where(self.x < 0, np.exp(np.minimum(self.x, 0)), dout)


class ELUWithoutDoutAbove(ELU):
    def backward(self, dout: Array) -> Array:
        return np.where(self.x > 0, 1, dout * np.exp(np.minimum(self.x, 0))).astype(dout.dtype)


class SoftplusOfX(OfX):
    def f(self, x: Array) -> Array:
        return np.logaddexp(x, x.dtype.type(0))

    def derivative(self, x: Array) -> Array:
        return -np.expm1(-x)


class LeakyOffBelow(OfX):
    """Below 0 a tenth is added, which no slip does."""

    def f(self, x: Array) -> Array:
        return np.where(x > 0, x, x * x.dtype.type(0.2))

    def backward(self, dout: Array) -> Array:
        return (dout * np.where(self.x > 0, 1, 0.2) + 0.1 * (self.x < 0)).astype(dout.dtype)
