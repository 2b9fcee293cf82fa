"""The book's code of chapter 6 and of its folder common/, written anew, and as faithful as its errors need.

After the files that come with Saito, Deep Learning from Scratch (O'Reilly Japan 2016): common/functions.py,
common/layers.py, common/optimizer.py, common/multi_layer_net_extend.py.
"""

from typing import Any

import numpy as np

from lessons import book


def mean_squared_error(y: Any, t: Any) -> Any:
    return 0.5 * np.sum((y - t) ** 2)


class Sigmoid:
    def __init__(self) -> None:
        self.out: Any = None

    def forward(self, x: Any) -> Any:
        self.out = 1 / (1 + np.exp(-x))
        return self.out

    def backward(self, dout: Any) -> Any:
        return dout * (1.0 - self.out) * self.out


class Dropout:
    def __init__(self, dropout_ratio: float = 0.5) -> None:
        self.dropout_ratio = dropout_ratio
        self.mask: Any = None

    def forward(self, x: Any, train_flg: bool = True) -> Any:
        if train_flg:
            self.mask = np.random.rand(*x.shape) > self.dropout_ratio  # noqa: NPY002 - as published
            return x * self.mask
        return x * (1.0 - self.dropout_ratio)

    def backward(self, dout: Any) -> Any:
        return dout * self.mask


class BatchNormalization:
    def __init__(self, gamma: Any, beta: Any, momentum: float = 0.9) -> None:
        self.gamma, self.beta, self.momentum = gamma, beta, momentum
        self.running_mean: Any = None
        self.running_var: Any = None

    def forward(self, x: Any, train_flg: bool = True) -> Any:
        shape = x.shape
        x = x.reshape(len(x), -1)
        if self.running_mean is None:
            self.running_mean = np.zeros(x.shape[1])
            self.running_var = np.zeros(x.shape[1])
        if train_flg:
            mu = x.mean(axis=0)
            xc = x - mu
            var = np.mean(xc**2, axis=0)
            xn = xc / np.sqrt(var + 10e-7)
            self.running_mean = self.momentum * self.running_mean + (1 - self.momentum) * mu
            self.running_var = self.momentum * self.running_var + (1 - self.momentum) * var
        else:
            xn = (x - self.running_mean) / np.sqrt(self.running_var + 10e-7)
        return (self.gamma * xn + self.beta).reshape(*shape)


class Nesterov:
    """As in an edition: the velocity is updated before it is used."""

    def __init__(self, lr: float = 0.01, momentum: float = 0.9) -> None:
        self.lr, self.momentum = lr, momentum
        self.v: Any = None

    def update(self, params: Any, grads: Any) -> None:
        if self.v is None:
            self.v = {key: np.zeros_like(value) for key, value in params.items()}
        for key in params:
            self.v[key] *= self.momentum
            self.v[key] -= self.lr * grads[key]
            params[key] += self.momentum * self.momentum * self.v[key]
            params[key] -= (1 + self.momentum) * self.lr * grads[key]


class AdaGrad:
    def __init__(self, lr: float = 0.01) -> None:
        self.lr = lr
        self.h: Any = None

    def update(self, params: Any, grads: Any) -> None:
        if self.h is None:
            self.h = {key: np.zeros_like(value) for key, value in params.items()}
        for key in params:
            self.h[key] += grads[key] * grads[key]
            params[key] -= self.lr * grads[key] / (np.sqrt(self.h[key]) + 1e-7)


class Adam:
    def __init__(self, lr: float = 0.001, beta1: float = 0.9, beta2: float = 0.999) -> None:
        self.lr, self.beta1, self.beta2 = lr, beta1, beta2
        self.iter = 0
        self.m: Any = None
        self.v: Any = None

    def update(self, params: Any, grads: Any) -> None:
        if self.m is None:
            self.m, self.v = ({key: np.zeros_like(value) for key, value in params.items()} for _ in range(2))
        self.iter += 1
        lr_t = self.lr * np.sqrt(1.0 - self.beta2**self.iter) / (1.0 - self.beta1**self.iter)
        for key in params:
            self.m[key] += (1 - self.beta1) * (grads[key] - self.m[key])
            self.v[key] += (1 - self.beta2) * (grads[key] ** 2 - self.v[key])
            params[key] -= lr_t * self.m[key] / (np.sqrt(self.v[key]) + 1e-7)


class NetWithDropout:
    """MultiLayerNetExtend, as far as its numerical gradient goes: Affine, Dropout, SoftmaxWithLoss."""

    def __init__(self, W: Any, dropout_ratio: float) -> None:
        self.params = {"W": W}
        self.layers: list[Any] = [book.Affine(W, np.zeros(W.shape[1])), Dropout(dropout_ratio)]
        self.last_layer = book.SoftmaxWithLoss()

    def loss(self, x: Any, t: Any) -> Any:
        for layer in self.layers:
            x = layer.forward(x)
        return self.last_layer.forward(x, t)

    def numerical_gradient(self, x: Any, t: Any) -> Any:
        return book.numerical_gradient(lambda _: self.loss(x, t), self.params["W"])
