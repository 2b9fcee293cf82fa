"""Forms that are less usual: features first, a loss given its data once more, a network that is a loss, loops."""

import time
from typing import Any

import numpy as np
from forms_functions import softmax_loss

# Features first, and the mean over the batch in dW and db


def linear_forward(A: Any, W: Any, b: Any) -> Any:
    return W @ A + b, (A.copy(), W)


def linear_backward(dZ: Any, cache: Any) -> Any:
    A, W = cache
    m = A.shape[1]
    return W.T @ dZ, dZ @ A.T / m, dZ.sum(axis=1, keepdims=True) / m


def rectified(x: Any) -> Any:
    return np.maximum(x, 0), x.copy()


def rectified_backward(dA: Any, cache: Any) -> Any:
    return dA * (cache > 0)


# Losses


def mse(y_true: Any, y_pred: Any) -> Any:
    return np.mean((y_true - y_pred) ** 2)


def mse_prime(y_true: Any, y_pred: Any) -> Any:
    return 2 * (y_pred - y_true) / y_true.size


class SquaredDistance:
    """The sum; its gradient is asked with the data."""

    def loss(self, predicted: Any, actual: Any) -> Any:
        return np.sum((predicted - actual) ** 2)

    def grad(self, predicted: Any, actual: Any) -> Any:
        return 2 * (predicted - actual)


class SoftmaxAndLoss:
    """backward is given its output, and the targets."""

    def forward(self, inputs: Any, y_true: Any) -> Any:
        e = np.exp(inputs - inputs.max(axis=1, keepdims=True))
        self.output = e / e.sum(axis=1, keepdims=True)
        return softmax_loss(inputs, y_true)[0]

    def backward(self, dvalues: Any, y_true: Any) -> None:
        self.dinputs = dvalues.copy()
        self.dinputs[range(len(dvalues)), y_true] -= 1
        self.dinputs = self.dinputs / len(dvalues)


class LossInAnArray(SquaredDistance):
    def loss(self, predicted: Any, actual: Any) -> Any:
        return super().loss(predicted, actual).reshape(1, 1)


# A network whose forward is the loss, and whose gradients are in a list


class NetworkOfLists:
    def __init__(self, input_size: int, hidden_size: int, output_size: int) -> None:
        W1, W2 = np.random.randn(input_size, hidden_size), np.random.randn(hidden_size, output_size)  # noqa: NPY002
        self.params = [W1, np.zeros(hidden_size), W2, np.zeros(output_size)]
        self.grads: list[Any] = []

    def forward(self, x: Any, t: Any) -> Any:
        W1, b1, W2, b2 = self.params
        self.x, self.h = x.copy(), np.maximum(x @ W1 + b1, 0)
        loss, self.dz = softmax_loss(self.h @ W2 + b2, t)
        return loss

    def backward(self, dout: Any = 1) -> None:
        da = dout * self.dz @ self.params[2].T * (self.h > 0)
        self.grads = [self.x.T @ da, da.sum(axis=0), self.h.T @ self.dz, self.dz.sum(axis=0)]


# Slow, or with another eps


class Slow:
    """On large data."""

    def forward(self, x: Any) -> Any:
        if x.size > 1000:
            time.sleep(0.5)
        self.x = x.copy()
        return np.maximum(x, 0)

    def backward(self, dout: Any) -> Any:
        return dout * (self.x > 0)


class NormOfAnotherEps:
    eps = 1e-8

    def __init__(self, gamma: Any, beta: Any) -> None:
        self.gamma, self.beta = gamma, beta

    def forward(self, x: Any) -> Any:
        centred = x - x.mean(axis=1, keepdims=True)
        self.std = np.sqrt((centred**2).mean(axis=1, keepdims=True) + x.dtype.type(self.eps))
        self.normal = centred / self.std
        return self.gamma * self.normal + self.beta

    def backward(self, dout: Any) -> Any:
        self.dgamma, self.dbeta = (dout * self.normal).sum(axis=0), dout.sum(axis=0)
        d = dout * self.gamma
        along = (d * self.normal).mean(axis=1, keepdims=True)
        return (d - d.mean(axis=1, keepdims=True) - self.normal * along) / self.std


class LeakyFromTheRight:
    def forward(self, x: Any) -> Any:
        self.slope = np.where(x >= 0, 1, x.dtype.type(0.2)).astype(x.dtype)
        return self.slope * x

    def backward(self, dout: Any) -> Any:
        return self.slope * dout


class LogOfP:
    """Of one-hot rows: where a p underflows, 0 · log 0 is NaN."""

    def forward(self, x: Any, t: Any) -> Any:
        e = np.exp(x - x.max(axis=1, keepdims=True))
        self.p, self.t = e / e.sum(axis=1, keepdims=True), t.copy()
        return -(self.t * np.log(self.p)).sum() / len(x)

    def backward(self, dout: Any = 1) -> Any:
        return (self.p - self.t) * self.p.dtype.type(dout) / len(self.t)


class InSinglePrecision:
    def forward(self, x: Any) -> Any:
        self.y = 1 / (1 + np.exp(-x.astype(np.float32)))
        return self.y.copy()

    def backward(self, dout: Any) -> Any:
        return (dout * self.y * (1 - self.y)).astype(np.float32)


class HingeLoss:
    """Of class indices: by how much another class comes within 1 of the label."""

    def forward(self, x: Any, t: Any) -> Any:
        rows = np.arange(len(x))
        margins = np.maximum(0, x - x[rows, t][:, np.newaxis] + 1)
        margins[rows, t] = 0
        self.open, self.t = (margins > 0).astype(x.dtype), t.copy()
        return margins.sum() / x.size

    def backward(self) -> Any:
        dx = self.open.copy()
        dx[np.arange(len(dx)), self.t] = -dx.sum(axis=1)
        return dx / dx.size


class BackwardOnly:
    def backward(self, dout: Any) -> Any:
        return dout
