"""Tiny pairs that keep a state: running statistics, and a hidden state over time. Each has a slip beside it."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from general_pairs import of_x
from torch import nn

from numpy_impl import Layer
from numpy_impl.validation import Array
from torch_ref import Data, Example, Pair


class Centred(Layer):
    """y = x − mean, and a running mean beside it."""

    def __init__(self, running: Array) -> None:
        self.running = running

    def _forward(self, x: Array) -> tuple[Any, Any]:
        mean = x.mean(0)
        return x - mean, mean

    def _backward(self, dout: Array, cache: Array) -> tuple[Any, dict[str, Array]]:
        return dout - dout.mean(0), {}

    def _keep(self, mean: Array) -> None:
        self.running = self.running / 2 + mean / 2


class CentredOnTheOldMean(Centred):
    def _keep(self, mean: Array) -> None:
        self.running = mean


class TorchCentred(nn.Module):
    running: torch.Tensor

    def __init__(self, size: int) -> None:
        super().__init__()
        self.register_buffer("running", torch.zeros(size))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.running = (self.running + x.detach().mean(0)) / 2
        return x - x.mean(0)


CENTRED = Pair(
    "centred",
    Centred,
    lambda layer: TorchCentred(len(layer.running)),
    lambda cls, data: Example(cls(data.biases(data.D)), {"x": data.x()}, {"dout": of_x(data)}),
    buffers={"running": "running"},
    forward=lambda x, running: (x - x.mean(0), (running + x.mean(0)) / 2),
    backward=lambda x, dout, running: {"dx": dout - dout.mean(0)},
    batches_only=True,
    flat_on=("one-sample",),
)


class BatchNorm:
    """Without γ and β, in training or evaluation, with PyTorch's running statistics."""

    training = True

    def __init__(self, mean: Array, var: Array) -> None:
        self.mean, self.var = mean, var

    def forward(self, x: Array) -> Array:
        mean, var = (x.mean(0), x.var(0)) if self.training else (self.mean, self.var)
        self._scale = 1 / np.sqrt(var + var.dtype.type(1e-5))
        self._y = (x - mean) * self._scale
        if self.training:
            self.mean, self.var = (9 * self.mean + mean) / 10, (9 * self.var + self.unbiased(x)) / 10
        return self._y.copy()

    def unbiased(self, x: Array) -> Array:
        return x.var(0, ddof=1)

    def backward(self, dout: Array) -> Array:
        if self.training:
            dout = dout - dout.mean(0) - self._y * (dout * self._y).mean(0)
        return dout * self._scale


class BiasedBatchNorm(BatchNorm):
    def unbiased(self, x: Array) -> Array:
        return x.var(0)


class Evaluated(BatchNorm):
    training = False


class TrainedInEvaluation(Evaluated):
    def forward(self, x: Array) -> Array:
        self.mean, self.var = x.mean(0), x.var(0)
        return super().forward(x)


BATCH_NORM = Pair(
    "batch_norm",
    BatchNorm,
    lambda layer: nn.BatchNorm1d(len(layer.mean), affine=False).train(layer.training),
    lambda cls, data: Example(
        cls(data.biases(data.D), abs(data.biases(data.D))), {"x": data.x()}, {"dout": of_x(data)}
    ),
    buffers={"mean": "running_mean", "var": "running_var"},
    batches_only=True,
)
EVALUATED = replace(BATCH_NORM, name="batch_norm_in_evaluation", layer=Evaluated)


class Cell:
    """h ← tanh(x Wx + h Wh + b) over time: a first state comes in, and the last one stays in h; its gradient is dh0."""

    def __init__(self, Wx: Array, Wh: Array, b: Array) -> None:
        self.Wx, self.Wh, self.b = Wx, Wh, b

    def forward(self, x: Array, h0: Array) -> Array:
        self._x, states = x.copy(), [h0.copy()]
        for t in range(x.shape[1]):
            states.append(np.tanh(x[:, t] @ self.Wx + states[-1] @ self.Wh + self.b))
        self._states, self.h = states, states[-1].copy()
        return np.stack(states[1:], axis=1)

    def backward(self, dout: Array, dh: Array) -> Array:
        dx = np.zeros_like(self._x)
        self.dWx, self.dWh, self.db = (np.zeros_like(p) for p in (self.Wx, self.Wh, self.b))
        for t in reversed(range(dx.shape[1])):
            before, h = self._states[t : t + 2]
            da = (dout[:, t] + dh) * (1 - h**2)
            dx[:, t], dh = da @ self.Wx.T, da @ self.Wh.T
            self.dWx += self._x[:, t].T @ da
            self.dWh += before.T @ da
            self.db += da.sum(0)
        self.dh0 = dh
        return dx


class CellWithoutLastState(Cell):
    def backward(self, dout: Array, dh: Array) -> Array:
        return super().backward(dout, 0 * dh)


class TorchCell(nn.RNN):
    def forward(self, x: torch.Tensor, h0: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:  # type: ignore[override]
        y, h = super().forward(x, h0[None])
        return y, h[0]


def cell_example(cls: Callable[..., Any], data: Data) -> Example:
    n, d, h, steps = min(data.N, 10), min(data.D, 5), data.H, 3
    layer = cls(data.weights(d, h), data.weights(h, h), data.biases(h))
    inputs = {"x": data.x(n, steps, d), "h0": data.biases(n * h).reshape(n, h)}
    return Example(layer, inputs, {"dout": data.dout(n, steps, h), "dh": data.dout(n, h)})


CELL = Pair(
    "cell",
    Cell,
    lambda layer: TorchCell(*layer.Wx.shape, batch_first=True),
    cell_example,
    inputs=("x", "h0"),
    outputs=("y", "h"),
    input_gradients=("x", "h0"),
    parameters={"Wx": "weight_ih_l0.T", "Wh": "weight_hh_l0.T", "b": "bias_ih_l0+bias_hh_l0"},
    batches_only=True,
)
