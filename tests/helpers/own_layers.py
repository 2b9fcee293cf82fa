"""Layers as people write them, all of them right. None knows of this package."""

from typing import Any

import numpy as np
from torch import nn


class Affine:
    """Made of arrays, W (in, out)."""

    def __init__(self, W: Any, b: Any) -> None:
        self.W, self.b = W, b

    def forward(self, x: Any) -> Any:
        self.x = x.copy()
        return x @ self.W + self.b

    def backward(self, dout: Any) -> Any:
        self.dW, self.db = self.x.T @ dout, dout.sum(axis=0)
        return dout @ self.W.T


class Sized(Affine):
    """Made of sizes, with weights of its own."""

    def __init__(self, n_in: int, n_out: int) -> None:
        super().__init__(0.01 * np.random.default_rng(0).standard_normal((n_in, n_out)), np.zeros(n_out))


class OneSize(Affine):
    """Made of nothing, in one size."""

    def __init__(self) -> None:
        super().__init__(np.zeros((8, 5)), np.zeros(5))


class AsPyTorch:
    """Made of arrays, weight (out, in); the gradients in a dict."""

    def __init__(self, weight: Any, bias: Any) -> None:
        self.weight, self.bias = weight, bias
        self.grads: dict[str, Any] = {}

    def forward(self, x: Any) -> Any:
        self._x = x.copy()
        return x @ self.weight.T + self.bias

    def backward(self, dout: Any) -> Any:
        self.grads = {"weight": dout.T @ self._x, "dbias": dout.sum(axis=0)}
        return dout @ self.weight


class Misnamed(Affine):
    """Made of arrays, but its W is (out, in)."""

    def forward(self, x: Any) -> Any:
        self.x = x.copy()
        return x @ self.W.T + self.b

    def backward(self, dout: Any) -> Any:
        self.dW, self.db = dout.T @ self.x, dout.sum(axis=0)
        return dout @ self.W


class InDicts:
    """Made of sizes, parameters and gradients in dicts, under names that say nothing."""

    def __init__(self, in_features: int, out_features: int) -> None:
        self.params = {"kappa": np.zeros((in_features, out_features)), "lam": np.zeros(out_features)}
        self.grads: dict[str, Any] = {}

    def forward(self, x: Any) -> Any:
        self._x = x.copy()
        return x @ self.params["kappa"] + self.params["lam"]

    def backward(self, dout: Any) -> Any:
        self.grads = {"kappa": self._x.T @ dout, "lam": dout.sum(axis=0)}
        return dout @ self.params["kappa"].T


class Relu:
    def forward(self, x: Any) -> Any:
        self._mask = x > 0
        return np.where(self._mask, x, 0)

    def backward(self, dout: Any) -> Any:
        return np.where(self._mask, dout, 0)


class ReluByProduct(Relu):
    """Right, but for an infinite dout."""

    def backward(self, dout: Any) -> Any:
        return dout * self._mask


class CrossEntropy:
    """Gives its loss as a number of Python's."""

    def forward(self, x: Any, t: Any) -> Any:
        s = x - x.max(axis=1, keepdims=True)
        log_p = s - np.log(np.exp(s).sum(axis=1, keepdims=True))
        self._p, self._t = np.exp(log_p), t.copy()
        return float(-log_p[np.arange(len(t)), t].mean())

    def backward(self, dout: Any = 1) -> Any:
        dx = self._p.copy()
        dx[np.arange(len(dx)), self._t] -= 1
        return dx * dx.dtype.type(dout / len(dx))


class SquaredError:
    """The mean over all entries, as nn.MSELoss."""

    def forward(self, x: Any, t: Any) -> Any:
        self._difference = x - t
        return (self._difference**2).mean()

    def backward(self, dout: Any) -> Any:
        return self._difference * self._difference.dtype.type(2 * dout / self._difference.size)


class LayerNorm:
    def __init__(self, features: int, eps: float) -> None:
        self.gamma, self.beta, self.eps = np.ones(features), np.zeros(features), eps

    def forward(self, x: Any) -> Any:
        centred = x - x.mean(axis=-1, keepdims=True)
        self._scale = 1 / np.sqrt((centred**2).mean(axis=-1, keepdims=True) + x.dtype.type(self.eps))
        self._normal = centred * self._scale
        return self.gamma * self._normal + self.beta

    def backward(self, dout: Any) -> Any:
        self.dgamma, self.dbeta = (dout * self._normal).sum(axis=0), dout.sum(axis=0)
        d = dout * self.gamma
        h = self._normal
        return (d - d.mean(axis=-1, keepdims=True) - h * (d * h).mean(axis=-1, keepdims=True)) * self._scale


class Flatten:
    """(N, C, H, W) to (N, C H W)."""

    def forward(self, x: Any) -> Any:
        self._shape = x.shape
        return x.reshape(len(x), -1).copy()

    def backward(self, dout: Any) -> Any:
        return dout.reshape(self._shape).copy()


def make_flatten() -> nn.Module:
    return nn.Flatten()


def make_norm(features: int) -> nn.Module:
    return nn.LayerNorm(features)


def make_linear(n_in: int, n_out: int) -> nn.Module:
    return nn.Linear(n_in, n_out)
