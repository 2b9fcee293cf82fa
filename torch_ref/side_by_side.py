"""Two trainings in step: the NumPy network and its twin, from the same weights, over the same batches."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import nn

from numpy_impl import SGD, TwoLayerNet
from numpy_impl.checks import Array, check_parameter
from numpy_impl.functions import ieee_arithmetic
from torch_ref.pairs import twin
from torch_ref.weights import copy_to_torch, params_of


class NumpyTrainer:
    """One side: a step of stochastic gradient descent on the NumPy network."""

    def __init__(self, net: TwoLayerNet, lr: float) -> None:
        self.net, self.optimizer = net, SGD(lr)

    def step(self, x: Array, t: Array) -> float:
        """The loss of the batch before the update."""
        self.optimizer.update(self.net.params, self.net.gradient(x, t))
        return float(self.net.last_layer.loss)

    def loss(self, x: Array, t: Array) -> float:
        """The loss of the batch, without a step."""
        return float(self.net.loss(x, t))

    def predict(self, x: Array) -> Array:
        """The logits (N, C)."""
        return self.net.predict(x)


class TorchTrainer:
    """The other side: the same step on the twin, as PyTorch's users write it. The tensors share x and t, uncopied."""

    def __init__(self, net: TwoLayerNet, lr: float) -> None:
        self.net = twin(net)
        self.last_layer = nn.CrossEntropyLoss()
        self.optimizer = torch.optim.SGD(self.net.parameters(), lr)

    def step(self, x: Array, t: Array) -> float:
        """The loss of the batch before the update."""
        self.optimizer.zero_grad()
        loss = self._loss(x, t)
        loss.backward()
        self.optimizer.step()
        return float(loss.item())

    @torch.no_grad()
    def loss(self, x: Array, t: Array) -> float:
        """The loss of the batch, without a step."""
        return float(self._loss(x, t).item())

    @torch.no_grad()
    def predict(self, x: Array) -> Array:
        """The logits (N, C)."""
        logits: torch.Tensor = self.net(torch.from_numpy(x))
        return logits.numpy()

    def _loss(self, x: Array, t: Array) -> Any:
        return self.last_layer(self.net(torch.from_numpy(x)), torch.from_numpy(t))


@ieee_arithmetic
def drift(ours: NumpyTrainer, theirs: TorchTrainer) -> float:
    """max |ΔW|: the greatest difference of any weight or bias between the two, NaN if one of them is NaN."""
    return float(np.max([abs(ours.net.params[name] - p).max() for name, p in params_of(theirs.net).items()]))


class Step(NamedTuple):
    """The losses of a batch before the update, and how many of its N · H ReLUs are open on one side only."""

    numpy_loss: float
    torch_loss: float
    relus_apart: int


class SideBySide:
    """Both sides in step, from the weights of `net`, which the NumPy side goes on training."""

    def __init__(self, net: TwoLayerNet, lr: float) -> None:
        self.numpy, self.torch = NumpyTrainer(net, lr), TorchTrainer(net, lr)
        self.torch.net.Relu1.register_forward_hook(self._keep)
        self._hidden: Any = None

    def step(self, x: Array, t: Array) -> Step:
        """One update of each."""
        x, t = _as_both_take_them(x, t)
        return self._compared(self.numpy.step(x, t), self.torch.step(x, t))

    def look(self, x: Array, t: Array) -> Step:
        """The same without an update."""
        x, t = _as_both_take_them(x, t)
        return self._compared(self.numpy.loss(x, t), self.torch.loss(x, t))

    def drift(self) -> float:
        """max |ΔW|: the greatest difference of any weight or bias between the two."""
        return drift(self.numpy, self.torch)

    @property
    def weights(self) -> dict[str, Array]:
        """Copies of all weights of both: "numpy.W1", ..., "torch.W1", ..., the latter in NumPy's shapes too."""
        sides = {"numpy": self.numpy.net.params, "torch": params_of(self.torch.net)}
        return {f"{side}.{name}": value.copy() for side, params in sides.items() for name, value in params.items()}

    def load(self, weights: Mapping[str, Array]) -> None:
        """Puts such weights in the place of those that there are. Raises TypeError, ValueError for others."""
        for name, value in self.weights.items():
            if name not in weights:
                raise ValueError(f"SideBySide: weights must hold the weights of both sides, got none for {name}")
            check_parameter("SideBySide", name, weights[name], like=value)
        for name, value in self.numpy.net.params.items():
            value[...] = weights[f"numpy.{name}"]
        copy_to_torch({name: weights[f"torch.{name}"] for name in self.numpy.net.params}, self.torch.net)

    def _keep(self, _module: nn.Module, _inputs: Any, hidden: torch.Tensor) -> None:
        self._hidden = hidden.detach()

    def _compared(self, numpy_loss: float, torch_loss: float) -> Step:
        """A unit is open where its output is not 0, or NaN."""
        apart = self.numpy.net.layers["Relu1"].open != (self._hidden.numpy() != 0)
        return Step(numpy_loss, torch_loss, int(np.count_nonzero(apart)))


def _as_both_take_them(x: Array, t: Array) -> tuple[Array, Array]:
    """In a layout and a dtype that PyTorch takes without a copy, so that not one side steps and the other raises."""
    dtype = np.int64 if t.ndim == 1 else x.dtype
    return np.require(x, requirements=["C", "W"]), np.require(t, dtype, ["C", "W"])
