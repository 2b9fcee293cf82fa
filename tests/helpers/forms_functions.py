"""Functions, losses, networks and autograd.Functions in the forms in which people write them."""

from typing import Any

import numpy as np
import torch

# Functions


def affine_forward(x: Any, w: Any, b: Any) -> Any:
    return x.reshape(len(x), -1) @ w + b, (x.copy(), w, b)


def affine_backward(dout: Any, cache: Any) -> Any:
    x, w, _ = cache
    return (dout @ w.T).reshape(x.shape), x.reshape(len(x), -1).T @ dout, dout.sum(axis=0)


def halved_backward(dout: Any, cache: Any) -> Any:
    dx, dw, db = affine_backward(dout, cache)
    return dx, dw / 2, db


def relu_forward(x: Any) -> Any:
    return np.maximum(x, 0), x.copy()


def relu_backward(dout: Any, cache: Any) -> Any:
    return dout * (cache > 0)


def leaky_forward(x: Any, slope: Any) -> Any:
    return np.where(x > 0, x, x.dtype.type(slope) * x), (x.copy(), slope)


def leaky_backward(dout: Any, cache: Any) -> Any:
    x, slope = cache
    return dout * np.where(x > 0, 1, slope).astype(x.dtype)


def softmax_loss(x: Any, y: Any) -> Any:
    shifted = x - x.max(axis=1, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    rows = np.arange(len(x))
    dx = np.exp(log_p)
    dx[rows, y] -= 1
    return -log_p[rows, y].mean(), dx / len(x)


class SumLoss:
    """The sum over the batch; t comes first."""

    def loss(self, y_true: Any, y_pred: Any) -> Any:
        loss, self.dx = softmax_loss(y_pred, y_true)
        self.n = len(y_true)
        return loss * self.n

    def gradient(self) -> Any:
        return self.dx * self.n


class IgnoresDout:
    def forward(self, x: Any, t: Any) -> Any:
        loss, self.dx = softmax_loss(x, t)
        return loss

    def backward(self, dout: Any = 1) -> Any:  # noqa: ARG002
        return self.dx.copy()


class MustHaveDout(IgnoresDout):
    def backward(self, dout: Any) -> Any:  # type: ignore[override] # as people write it
        return super().backward(dout)


class ClipsP:
    def forward(self, x: Any, t: Any) -> Any:
        e = np.exp(x - x.max(axis=1, keepdims=True))
        self.p, self.t = e / e.sum(axis=1, keepdims=True), t.copy()
        return -np.log(np.maximum(self.p[np.arange(len(x)), t], x.dtype.type(1e-15))).mean()

    def backward(self, dout: Any = 1) -> Any:
        dx = self.p.copy()
        dx[np.arange(len(dx)), self.t] -= 1
        return dx * dx.dtype.type(dout) / len(dx)


# Networks


class LossAndGrads:
    """loss returns both, or the scores where there are no targets."""

    def __init__(self, input_size: int, hidden_size: int, output_size: int) -> None:
        self.params = {
            "W1": np.random.randn(input_size, hidden_size),  # noqa: NPY002
            "b1": np.zeros(hidden_size),
            "W2": np.random.randn(hidden_size, output_size),  # noqa: NPY002
            "b2": np.zeros(output_size),
        }

    def loss(self, X: Any, y: Any = None) -> Any:
        p = self.params
        h = self.hidden(X @ p["W1"] + p["b1"])
        scores = h @ p["W2"] + p["b2"]
        if y is None:
            return scores
        loss, dz = softmax_loss(scores, y)
        da = dz @ p["W2"].T * self.slope(h)
        return loss, {"W1": X.T @ da, "b1": da.sum(axis=0), "W2": h.T @ dz, "b2": dz.sum(axis=0)}

    def hidden(self, a: Any) -> Any:
        return np.maximum(a, 0)

    def slope(self, h: Any) -> Any:
        return h > 0


class OfSigmoids(LossAndGrads):
    def hidden(self, a: Any) -> Any:
        return np.exp(-np.logaddexp(0, -a))

    def slope(self, h: Any) -> Any:
        return h * (1 - h)


class OfSigmoidsWithoutSlope(OfSigmoids):
    def slope(self, h: Any) -> Any:
        return np.ones_like(h)


# autograd.Function


class Linear(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Any, weight: Any, bias: Any) -> Any:
        ctx.save_for_backward(x, weight)
        return x @ weight.T + bias

    @staticmethod
    def backward(ctx: Any, grad_output: Any) -> Any:
        x, weight = ctx.saved_tensors
        return grad_output @ weight, grad_output.T @ x, grad_output.sum(0)


class LinearOfTheMean(Linear):
    @staticmethod
    def backward(ctx: Any, grad_output: Any) -> Any:
        x, weight = ctx.saved_tensors
        return grad_output @ weight, grad_output.T @ x, grad_output.mean(0)


class Square(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Any) -> Any:
        ctx.save_for_backward(x)
        return x * x

    @staticmethod
    def backward(ctx: Any, grad_output: Any) -> Any:
        return 2 * ctx.saved_tensors[0] * grad_output


class Unused(torch.autograd.Function):
    """It says nothing of its input."""

    @staticmethod
    def forward(ctx: Any, x: Any) -> Any:  # noqa: ARG004
        return x * x

    @staticmethod
    def backward(ctx: Any, grad_output: Any) -> Any:  # noqa: ARG004
        return None
