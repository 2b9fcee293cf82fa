"""Two trainings in step: the NumPy network and its twin, from the same weights, over the same batches."""

from typing import Any

import numpy as np
import torch
from torch import nn

from numpy_impl import SGD, TwoLayerNet
from numpy_impl.checks import Array
from numpy_impl.functions import ieee_arithmetic
from torch_ref.pairs import twin
from torch_ref.weights import params_of


class NumpyTrainer:
    """One side: a step of stochastic gradient descent on the NumPy network."""

    def __init__(self, net: TwoLayerNet, lr: float) -> None:
        self.net, self.optimizer = net, SGD(lr)
        self._params = dict(net.params)  # the arrays, as PyTorch's optimizers take them: once

    def step(self, x: Array, t: Array) -> float:
        """The loss of the batch before the update."""
        self.optimizer.update(self._params, self.net.gradient(x, t))
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
