"""Tiny pairs that have more than x, y, W and b: all that a layer to come may have. Each has a slip beside it."""

from collections.abc import Callable
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
        self.mask, self.keep, self.training = mask, 1 - p, training

    def _forward(self, x: Array) -> tuple[Any, Any]:
        return self._kept(x), None

    def _backward(self, dout: Array, cache: None) -> tuple[Any, dict[str, Array]]:
        return self._kept(dout), {}

    def _kept(self, a: Array) -> Any:
        return np.where(self.mask, a / a.dtype.type(self.keep), 0) if self.training else a


class DropoutInEvaluation(Dropout):
    def _forward(self, x: Array) -> tuple[Any, Any]:
        self.training = True
        return super()._forward(x)


class TorchDropout(nn.Module):
    """PyTorch's dropout draws its own mask; for a given one this is its formula."""

    def __init__(self, mask: Array, keep: float, training: bool) -> None:
        super().__init__()
        self.mask, self.keep = torch.from_numpy(mask), keep
        self.train(training)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.where(self.mask, x / self.keep, 0) if self.training else x


def dropout(training: bool) -> Pair:
    def example(cls: Callable[..., Any], data: Data) -> Example:
        mask = np.arange(data.D) % 3 > 0
        return Example(cls(mask, 0.3, training=training), {"x": data.x()}, {"dout": of_x(data)})

    def formula(x: Any, mask: Array, keep: float, training: bool) -> Any:
        return where(mask, x / keep, 0) if training else x

    return Pair(
        f"dropout_in_{'training' if training else 'evaluation'}",
        Dropout,
        lambda layer: TorchDropout(layer.mask, layer.keep, layer.training),
        example,
        options=("mask", "keep", "training"),
        forward=formula,
        backward=lambda x, dout, **options: {"dx": formula(dout, **options)},
        flat_on=("narrow",) if training else (),  # its one feature is dropped
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
