"""Two trainings in step: the NumPy network and its twin, from the same weights, over the same batches."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import nn

from numpy_impl import SGD, Network
from numpy_impl.functions import ieee_arithmetic
from numpy_impl.validation import Array, check_array, check_parameter
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
