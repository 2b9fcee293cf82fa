"""Two trainings in step: the NumPy network and its twin, from the same weights, over the same batches."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import nn

from numpy_impl import SGD, Network
from numpy_impl.functions import ieee_arithmetic
from numpy_impl.validation import Array, check_array, check_parameter, check_same_keys
from torch_ref.families import pair_of
from torch_ref.training.optimizer_state import optimizer_states_in
from torch_ref.training.trainers import NumpyTrainer, Optimizer, TorchTrainer


@ieee_arithmetic
def drift(ours: NumpyTrainer, theirs: TorchTrainer) -> float:
    """max |ΔW|: the greatest difference of any weight or bias between the two, NaN if one of them is NaN."""
    extremes: list[Array] = []
    for name, value in theirs.views.items():
        difference = ours.net.params[name] - value
        extremes += difference.max(), difference.min()  # which spares the array that abs would make, in every step
    return float(abs(np.array(extremes)).max())


class Step(NamedTuple):
    """The losses of a batch before the update, and how many units of its ReLUs are open on one side only."""

    numpy_loss: float
    torch_loss: float
    relus_apart: int


class SideBySide:
    """Both sides in step, from the weights of `net`, which the NumPy side goes on training, by SGD of this lr.

    Or by any optimizer that has a twin; PyTorch's begins with its settings.
    """

    def __init__(self, net: Network, lr: float = 0.1, *, optimizer: Optimizer | None = None) -> None:
        self.optimizer = SGD(lr) if optimizer is None else optimizer
        self.numpy, self.torch = NumpyTrainer(net, self.optimizer), TorchTrainer(net, self.optimizer)
        self._open: dict[str, Any] = {}  # of each layer with a mask that can be read, PyTorch's
        for name, layer in net.layers.items():
            if hasattr(layer, "open"):
                self.torch.net.get_submodule(name).register_forward_hook(self._keeper(name))

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
        sides = {"numpy": self.numpy.params, "torch": self.torch.params}
        return {f"{side}.{name}": value for side, params in sides.items() for name, value in params.items()}

    def load(self, weights: Mapping[str, Array]) -> None:
        """Puts such weights in the place of those that there are. Raises TypeError, ValueError for others."""
        for name, value in self.weights.items():
            if name not in weights:
                raise ValueError(f"SideBySide: weights must hold the weights of both sides, got none for {name}")
            check_parameter("SideBySide", name, weights[name], like=value)
        self.numpy.load({name: weights[f"numpy.{name}"] for name in self.numpy.net.params})
        self.torch.load({name: weights[f"torch.{name}"] for name in self.numpy.net.params})

    @contextmanager
    def evaluation(self) -> Iterator[None]:
        """Both networks in evaluation, and afterwards as they were."""
        training = self.numpy.net.training
        self._set_training(training=False)
        try:
            yield
        finally:
            self._set_training(training=training)

    def _set_training(self, *, training: bool) -> None:
        self.numpy.net.training = training
        self.torch.net.train(training)

    @property
    def layer_states(self) -> dict[str, Any]:
        """Copies of what the layers of each side keep for later passes: running statistics, generators of dropout."""
        return {"numpy": self.numpy.net.state, "torch": self.torch.layer_state}

    def load_layer_states(self, states: Mapping[str, Any]) -> None:
        """Puts such states in the place of those that there are. Raises TypeError, ValueError for others."""
        check_same_keys("SideBySide", "states", states, self.layer_states)
        before = self.numpy.net.state
        self.numpy.net.state = states["torch"]  # which refuses what does not fit
        self.numpy.net.state = before
        self.numpy.net.state = states["numpy"]
        self.torch.load_layer_state(states["torch"])

    @property
    def optimizer_states(self) -> dict[str, Array]:
        """Copies of what both optimizers keep, "numpy.W1.m", "torch.W1.t", ..., in NumPy's shapes; a count is of ().

        Before the first step there are none, or zeros, as PyTorch's Adagrad has; and SGD keeps nothing.
        """
        sides = {"numpy": self.numpy.optimizer_state, "torch": self.torch.optimizer_state}
        return {
            f"{side}.{name}.{entry}": np.asarray(value)
            for side, state in sides.items()
            for name, kept in state.items()
            for entry, value in kept.items()
        }

    def load_optimizer_states(self, states: Mapping[str, Array]) -> None:
        """Puts such states in the place of those that there are; what is not in them begins anew.

        Raises TypeError, ValueError for those of another optimizer or network, before anything has changed.
        """
        found = optimizer_states_in(states, self.numpy.params, pair_of(self.optimizer).optimizer_state)
        self.numpy.load_optimizer_state(found["numpy"])
        self.torch.load_optimizer_state(found["torch"])

    @property
    def units(self) -> int:
        """How many units of ReLUs the last batch met."""
        return sum(y.numel() for y in self._open.values())

    def _keeper(self, name: str) -> Any:
        def keep(_module: nn.Module, _inputs: Any, y: torch.Tensor) -> None:
            self._open[name] = y.detach()

        return keep

    def _compared(self, numpy_loss: float, torch_loss: float) -> Step:
        """A unit is open where its output is not 0, or NaN."""
        layers = self.numpy.net.layers
        apart = sum(int(np.count_nonzero(layers[name].open != (y.numpy() != 0))) for name, y in self._open.items())
        return Step(numpy_loss, torch_loss, apart)


def _as_both_take_them(x: Array, t: Array) -> tuple[Array, Array]:
    """In a layout and a dtype that PyTorch takes without a copy, so that not one side steps and the other raises.

    Class indices may be integers of any kind, and rows integers; all else is refused.
    """
    check_array("SideBySide", "x", x)
    if type(t) is not np.ndarray or not ((t.dtype == x.dtype and t.ndim > 1) or t.dtype.kind in "iu"):
        raise TypeError(f"SideBySide: t must be class indices or rows of {x.dtype}, got {getattr(t, 'dtype', type(t))}")
    dtype = np.int64 if t.ndim == 1 else x.dtype
    return np.require(x, requirements=["C", "W"]), np.require(t, dtype, ["C", "W"])
