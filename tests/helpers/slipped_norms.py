"""Normalizations with a slip each."""

from typing import Any

import numpy as np

from numpy_impl.validation import Array


class Norm:
    """(x - mean) / sqrt(variance + eps) over an axis, times gamma, plus beta."""

    axis, ddof, eps = -1, 0, 1e-5

    def __init__(self, gamma: Array, beta: Array) -> None:
        self.gamma, self.beta = gamma, beta

    def forward(self, x: Array) -> Array:
        self.x, self.centred = x.copy(), x - x.mean(axis=self.axis, keepdims=True)
        self.std = self.root(x.var(axis=self.axis, keepdims=True, ddof=self.ddof))
        self.hat = self.centred / self.std
        self.y = self.gamma * self.hat + self.beta
        return self.y.copy()

    def root(self, variance: Array) -> Array:
        return np.sqrt(variance + variance.dtype.type(self.eps))

    def backward(self, dout: Array) -> Array:
        self.dgamma, self.dbeta = self.of_gamma(dout).sum(axis=0), dout.sum(axis=0)
        return self.dx(dout)

    def of_gamma(self, dout: Array) -> Array:
        return dout * self.hat

    def mean(self, values: Array) -> Any:
        return values.mean(axis=self.axis, keepdims=True)

    def dx(self, dout: Array) -> Array:
        return self.of_hat(dout * self.gamma)

    def of_hat(self, d: Array) -> Array:
        return (d - self.mean(d) - self.hat * self.mean(d * self.hat)) / self.std


class BatchNorm(Norm):
    axis = 0


class ConstantStatistics(BatchNorm):
    def of_hat(self, d: Array) -> Array:
        return d / self.std


class ConstantMean(BatchNorm):
    def of_hat(self, d: Array) -> Array:
        return (d - self.hat * self.mean(d * self.hat)) / self.std


class ConstantVariance(Norm):
    def of_hat(self, d: Array) -> Array:
        return (d - self.mean(d)) / self.std


class WithoutGamma(BatchNorm):
    def dx(self, dout: Array) -> Array:
        return self.of_hat(dout)


class GammaOutside(Norm):
    def dx(self, dout: Array) -> Array:
        return self.gamma * self.of_hat(dout)


class DividedByN(Norm):
    def mean(self, values: Array) -> Any:
        return values.sum(axis=self.axis, keepdims=True) / len(values)


class DividedByFeatures(BatchNorm):
    def mean(self, values: Array) -> Any:
        return values.sum(axis=self.axis, keepdims=True) / values.shape[1]


class NotDivided(BatchNorm):
    def mean(self, values: Array) -> Any:
        return values.sum(axis=self.axis, keepdims=True)


class GammaAlone(Norm):
    def of_hat(self, d: Array) -> Array:
        return d


class Unbiased(BatchNorm):
    ddof = 1


class UnbiasedThroughout(Unbiased):
    def of_hat(self, d: Array) -> Array:
        return (d - self.mean(d) - self.hat * (d * self.hat).sum(axis=0) / (len(d) - 1)) / self.std


class EpsOutside(Norm):
    eps = 1e-5

    def root(self, variance: Array) -> Array:
        return np.sqrt(variance) + variance.dtype.type(self.eps)


class OverTheBatch(Norm):
    axis = 0


class OverEachSample(BatchNorm):
    axis = -1


class OverAll(Norm):
    axis: Any = None


class GammaOfX(Norm):
    def of_gamma(self, dout: Array) -> Array:
        return dout * self.x


class GammaOfCentred(BatchNorm):
    def of_gamma(self, dout: Array) -> Array:
        return dout * self.centred


class GammaOfY(Norm):
    def of_gamma(self, dout: Array) -> Array:
        return dout * self.y


class DividedByVariance(BatchNorm):
    """No slip of the list, but near to several."""

    def of_hat(self, d: Array) -> Array:
        return super().of_hat(d) / self.std


class TermTwice(Norm):
    """No slip of the list either."""

    def of_hat(self, d: Array) -> Array:
        return super().of_hat(d) - self.mean(d) / self.std


class RMSNorm:
    def __init__(self, gamma: Array) -> None:
        self.gamma = gamma

    def forward(self, x: Array) -> Array:
        self.std = np.sqrt((x * x).mean(axis=-1, keepdims=True) + x.dtype.type(1e-5))
        self.hat = x / self.std
        return self.gamma * self.hat

    def backward(self, dout: Array) -> Array:
        self.dgamma = (dout * self.hat).sum(axis=0)
        return dout * self.gamma / self.std


class GroupNorm:
    """Of two groups; a dx of constant statistics where it is a slip."""

    def __init__(self, gamma: Array, beta: Array) -> None:
        self.gamma, self.beta = gamma.reshape(1, -1, 1), beta.reshape(1, -1, 1)
        self.params = {"gamma": gamma, "beta": beta}

    def forward(self, x: Array) -> Array:
        rows = x.reshape(len(x), 2, -1)
        self.std = np.sqrt(rows.var(axis=2, keepdims=True) + x.dtype.type(1e-5))
        self.hat = ((rows - rows.mean(axis=2, keepdims=True)) / self.std).reshape(x.shape)
        gamma, beta = (self.params[name].reshape(1, -1, 1) for name in ("gamma", "beta"))
        return gamma * self.hat + beta

    def backward(self, dout: Array) -> Array:
        self.grads = {"gamma": (dout * self.hat).sum(axis=(0, 2)), "beta": dout.sum(axis=(0, 2))}
        d = dout * self.params["gamma"].reshape(1, -1, 1)
        return (d.reshape(len(d), 2, -1) / self.std).reshape(d.shape)


class Plain(ConstantStatistics):
    """Without gamma and beta."""

    def __init__(self) -> None:
        super().__init__(np.ones(1), np.zeros(1))

    def forward(self, x: Array) -> Array:
        return super().forward(x).astype(x.dtype)
