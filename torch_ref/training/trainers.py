"""One step of training in each framework, of any network with any optimizer."""

from collections.abc import Mapping
from typing import Any, Protocol

import torch

from numpy_impl import Network
from numpy_impl.validation import Array, check_parameter, check_same_keys, check_writeable
from torch_ref.families import pair_of, twin
from torch_ref.training.weights import copy_to_torch, params_of, paths_of, read


class Optimizer(Protocol):
    """What changes parameters by their gradients, in place."""

    def update(self, params: Mapping[str, Array], grads: Mapping[str, Array]) -> None: ...


class NumpyTrainer:
    """One side: a step of the optimizer on the NumPy network."""

    def __init__(self, net: Network, optimizer: Optimizer) -> None:
        self.net, self.optimizer = net, optimizer

    def step(self, x: Array, t: Array) -> float:
        """The loss of the batch before the update."""
        self.optimizer.update(self.net.params, self.net.gradient(x, t))
        return float(self.net.last_layer.loss)

    def loss(self, x: Array, t: Array) -> float:
        """The loss of the batch, without a step."""
        return float(self.net.loss(x, t))

    def predict(self, x: Array) -> Array:
        """What comes before the loss: the logits (N, C)."""
        return self.net.predict(x)

    @property
    def params(self) -> dict[str, Array]:
        """Copies of the weights."""
        return {name: value.copy() for name, value in self.net.params.items()}

    def load(self, params: Mapping[str, Array]) -> None:
        check_same_keys("NumpyTrainer", "params", params, self.net.params)
        for name, value in self.net.params.items():
            check_parameter("NumpyTrainer", name, params[name], like=value)
            check_writeable("NumpyTrainer", name, value)
        for name, value in self.net.params.items():
            value[...] = params[name]


class TorchTrainer:
    """The other side: the same step on the twin, as PyTorch's users write it. The tensors share x and t, uncopied."""

    def __init__(self, net: Network, optimizer: Optimizer) -> None:
        self.net, self.last_layer = twin(net), twin(net.last_layer)
        self.names = pair_of(net).parameters
        self._tensors = {path: p.detach() for path, p in self.net.named_parameters()}
        self._views = {name: read(rule, self._tensors).numpy() for name, rule in self.names.items()}
        self._made_anew = {name: rule for name, rule in self.names.items() if len(paths_of(rule)) > 1}
        self.optimizer = twin(optimizer)(self.net.parameters())

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
        """What comes before the loss: the logits (N, C)."""
        logits: torch.Tensor = self.net(torch.from_numpy(x))
        return logits.numpy()

    @property
    def params(self) -> dict[str, Array]:
        """Copies of the weights, in NumPy's names and shapes."""
        return params_of(self.net, self.names)

    @property
    def views(self) -> dict[str, Array]:
        """The weights to be read: where PyTorch stores them as they are or transposed, these themselves, uncopied."""
        return self._views | {name: read(rule, self._tensors).numpy() for name, rule in self._made_anew.items()}

    def load(self, params: Mapping[str, Array]) -> None:
        copy_to_torch(params, self.net, self.names)

    def _loss(self, x: Array, t: Array) -> Any:
        return self.last_layer(self.net(torch.from_numpy(x)), torch.from_numpy(t))
