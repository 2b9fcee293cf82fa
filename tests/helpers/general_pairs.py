"""Tiny pairs that have more than x, y, W and b: all that a layer to come may have. Each has a slip beside it."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch import nn

import numpy_impl
from numpy_impl import Layer
from numpy_impl.validation import Array, after_forward, check_array, check_dout, check_shape
from torch_ref import Data, Example, Pair
from torch_ref.bounds import scatter_add, where
from torch_ref.families.affine.formulas import affine, affine_backward


class Fork:
    """y = scale · a b and s = a + b: two inputs, two outputs, an option."""

    scale = 0.75
    _kept: Any = None

    def forward(self, a: Array, b: Array) -> Array:
        check_array(self, "a", a)
        check_array(self, "b", b, a.dtype)
        check_shape(self, "b", b, a.shape)
        self._kept = a.copy(), b.copy()
        with np.errstate(invalid="ignore"):  # ∞ − ∞
            self.s = a + b
        return self.scale * a * b

    def backward(self, dout: Array, ds: Array) -> tuple[Array, Array]:
        a, b = after_forward(self, self._kept)
        check_dout(self, dout, a.shape, a.dtype)
        check_dout(self, ds, a.shape, a.dtype)
        with np.errstate(invalid="ignore"):
            return self.gradients(a, b, dout, ds)

    def gradients(self, a: Array, b: Array, dout: Array, ds: Array) -> tuple[Array, Array]:
        return self.scale * dout * b + ds, self.scale * dout * a + ds


class ForkWithoutDs(Fork):
    def gradients(self, a: Array, b: Array, dout: Array, ds: Array) -> tuple[Array, Array]:
        return super().gradients(a, b, dout, ds)[0], self.scale * dout * a


class TorchFork(nn.Module):
    def __init__(self, scale: float) -> None:
        super().__init__()
        self.scale = scale

    def forward(self, a: torch.Tensor, b: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        return self.scale * a * b, a + b


def of_x(data: Data) -> Array:
    """An upstream gradient in the shape of x."""
    return data.dout(*data.lead, data.D)


FORK = Pair(
    "fork",
    Fork,
    lambda layer: TorchFork(layer.scale),
    lambda cls, data: Example(cls(), {"a": data.x(), "b": data.x()}, {"dout": of_x(data), "ds": of_x(data)}),
    inputs=("a", "b"),
    outputs=("y", "s"),
    input_gradients=("a", "b"),
    options=("scale",),
    forward=lambda a, b, scale: (a * scale * b, a + b),
    backward=lambda a, b, dout, ds, scale: {"da": dout * scale * b + ds, "db": dout * scale * a + ds},
)


class Rows:
    """The rows of W at whole numbers: these have no gradient, and backward returns None."""

    _ids: Any = None

    def __init__(self, W: Array) -> None:
        self.W = W

    def forward(self, ids: Array) -> Array:
        if type(ids) is not np.ndarray or ids.dtype.kind not in "iu":
            raise TypeError(f"Rows: ids must be an array of integers, got {type(ids).__name__}")
        self._ids = ids.copy()
        return self.W[ids]

    def backward(self, dout: Array) -> None:
        ids = after_forward(self, self._ids)
        check_dout(self, dout, (*ids.shape, self.W.shape[1]), self.W.dtype)
        self.dW = np.zeros_like(self.W)
        self.add(ids, dout)

    def add(self, ids: Array, dout: Array) -> None:
        np.add.at(self.dW, ids, dout)


class RowsWithoutRepeats(Rows):
    def add(self, ids: Array, dout: Array) -> None:
        self.dW[ids] += dout


ROWS = Pair(
    "rows",
    Rows,
    lambda layer: nn.Embedding(*layer.W.shape),
    lambda cls, data: Example(
        cls(data.weights(data.C, data.D)), {"ids": data.labels().reshape(data.lead)}, {"dout": of_x(data)}
    ),
    inputs=("ids",),
    input_gradients=(),
    parameters={"W": "weight"},
    forward=lambda ids, W: W[ids],
    backward=lambda ids, dout, W: {"dW": scatter_add(dout, ids, W.shape)},
)


class Dropout(Layer):
    """An inverted dropout with a given mask of features: x · mask / (1 − p) in training, x in evaluation."""

    def __init__(self, mask: Array, p: float, *, training: bool) -> None:
        self.mask, self.p, self.training = mask, p, training

    def _forward(self, x: Array) -> tuple[Any, Any]:
        return self._kept(x), None

    def _backward(self, dout: Array, cache: None) -> tuple[Any, dict[str, Array]]:
        return self._kept(dout), {}

    def _kept(self, a: Array) -> Any:
        return np.where(self.mask, a / a.dtype.type(1 - self.p), 0) if self.training else a


class DropoutInEvaluation(Dropout):
    def _forward(self, x: Array) -> tuple[Any, Any]:
        self.training = True
        return super()._forward(x)


class TorchDropout(nn.Module):
    """PyTorch's dropout draws its own mask; for a given one this is its formula."""

    def __init__(self, mask: Array, p: float, training: bool) -> None:
        super().__init__()
        self.mask, self.p = torch.from_numpy(mask), p
        self.train(training)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.where(self.mask, x / (1 - self.p), 0) if self.training else x


def dropout(training: bool) -> Pair:
    def example(cls: Callable[..., Any], data: Data) -> Example:
        mask = np.arange(data.D) % 3 > 0
        return Example(cls(mask, 0.3, training=training), {"x": data.x()}, {"dout": of_x(data)})

    def formula(x: Any, mask: Array, p: float, training: bool) -> Any:
        return where(mask, x / (1 - p), 0) if training else x

    return Pair(
        f"dropout_in_{'training' if training else 'evaluation'}",
        Dropout,
        lambda layer: TorchDropout(layer.mask, layer.p, layer.training),
        example,
        options=("mask", "p", "training"),
        forward=formula,
        backward=lambda x, dout, **options: {"dx": formula(dout, **options)},
    )


class Centred(Layer):
    """y = x − mean, and a running mean beside it."""

    def __init__(self, running: Array) -> None:
        self.running = running

    def _forward(self, x: Array) -> tuple[Any, Any]:
        mean = x.mean(0)
        return x - mean, mean

    def _backward(self, dout: Array, cache: Array) -> tuple[Any, dict[str, Array]]:
        return dout - dout.mean(0), {}

    def _keep(self, y: Array, mean: Array) -> None:
        self.running = self.running / 2 + mean / 2


class CentredOnTheOldMean(Centred):
    def _keep(self, y: Array, mean: Array) -> None:
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
    lambda cls, data: Example(cls(data.biases(data.D), abs(data.biases(data.D))), {"x": data.x()}, {"dout": of_x(data)}),
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


class TorchStack(nn.Module):
    def __init__(self, size: int, h: int) -> None:
        super().__init__()
        self.q, self.k = nn.Linear(size, 1), nn.Linear(size, h - 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.cat([self.q(x), self.k(x)], -1)


class StackedTheOtherWay(numpy_impl.Affine):
    def _forward(self, x: Array) -> tuple[Any, Any]:
        y, cache = super()._forward(x)
        return np.roll(y, 1, -1), cache


def stack_example(cls: Callable[..., Any], data: Data) -> Example:
    layer = cls(data.weights(data.D, 3), data.biases(3))
    return Example(layer, {"x": data.x()}, {"dout": data.dout(*data.lead, 3)})


STACK = Pair(
    "stack",
    numpy_impl.Affine,
    lambda layer: TorchStack(*layer.W.shape),
    stack_example,
    parameters={"W": "q.weight.T|k.weight.T", "b": "q.bias|k.bias"},
    forward=affine,
    backward=affine_backward,
)
