"""One step of training in each framework, of any network with any optimizer."""

from collections.abc import Mapping
from typing import Any, Protocol

import torch

from numpy_impl import Network
from numpy_impl.validation import Array, check_parameter, check_same_keys, check_writeable
from torch_ref.families import pair_of, twin
from torch_ref.training.layer_state import read_layer_state, write_layer_state
from torch_ref.training.optimizer_state import read_state, write_state
from torch_ref.training.weights import copy_to_torch, grads_of, params_of, paths_of, read


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
    def gradients(self) -> dict[str, Array]:
        """Those of the last step, the arrays themselves."""
        owners = {name: self.net.params.owner(name) for name in self.net.params}
        return {name: getattr(layer, f"d{own}") for name, (layer, own) in owners.items()}

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

    @property
    def optimizer_state(self) -> dict[str, dict[str, Any]]:
        """A copy of what the optimizer keeps of each parameter; one that has no `state` keeps nothing."""
        state: dict[str, dict[str, Any]] = getattr(self.optimizer, "state", {})
        return state

    def load_optimizer_state(self, state: Mapping[str, Mapping[str, Any]]) -> None:
        """Puts it in the place of what there is. Raises TypeError, ValueError for one of another optimizer."""
        if state or self.optimizer_state:
            self.optimizer.state = state  # type: ignore[attr-defined] # one that keeps nothing refuses any


class TorchTrainer:
    """The other side: the same step on the twin, as PyTorch's users write it. The tensors share x and t, uncopied."""

    def __init__(self, net: Network, optimizer: Optimizer) -> None:
        self.net, self.last_layer, self._numpys = twin(net), twin(net.last_layer), net
        self.names = pair_of(net).parameters
        self._tensors = {path: p.detach() for path, p in self.net.named_parameters()}
        self._views = {name: read(rule, self._tensors).numpy() for name, rule in self.names.items()}
        self._made_anew = {name: rule for name, rule in self.names.items() if len(paths_of(rule)) > 1}
        self.state_names = pair_of(optimizer).optimizer_state
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
    def gradients(self) -> dict[str, Array]:
        """Those of the last step, copies in NumPy's names and shapes."""
        return grads_of(self.net, self.names)

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

    @property
    def layer_state(self) -> dict[str, Any]:
        """What the twins of layers keep, as `Network.state` has it of the layers."""
        return read_layer_state(self.net, self._numpys)

    def load_layer_state(self, state: Mapping[str, Any]) -> None:
        """Puts such a state in the place of what there is, of which the shapes must be the same."""
        write_layer_state(self.net, self._numpys, state)

    @property
    def optimizer_state(self) -> dict[str, dict[str, Any]]:
        """A copy of what PyTorch's optimizer keeps, under NumPy's names and in NumPy's shapes."""
        tensors = dict(self.net.named_parameters())
        found = {n: read_state(self.optimizer, tensors, rule, self.state_names) for n, rule in self.names.items()}
        return {name: kept for name, kept in found.items() if kept}

    def load_optimizer_state(self, state: Mapping[str, Mapping[str, Any]]) -> None:
        """Puts it in the place of what there is; a parameter that has none in it begins anew."""
        tensors = dict(self.net.named_parameters())
        for name, rule in self.names.items():
            write_state(self.optimizer, tensors, rule, self.state_names, state.get(name, {}))

    def _loss(self, x: Array, t: Array) -> Any:
        return self.last_layer(self.net(torch.from_numpy(x)), torch.from_numpy(t))
