"""A user's class and a PyTorch module, each made in any size and given the same data."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from numpy_impl.validation import Array
from torch_ref import places
from torch_ref.pair import Example, Kind
from torch_ref.scenarios import Data
from torch_ref.training.weights import Names, params_of, to_tensor
from torch_ref.your_layer.adapter import Adapter
from torch_ref.your_layer.inputs import Input
from torch_ref.your_layer.maker import Maker
from torch_ref.your_layer.match import Places
from torch_ref.your_layer.twins import Twin


@dataclass(frozen=True, eq=False)
class Beside:
    """`names` and `kept_in` are by the pair's names of the parameters."""

    maker: Maker
    twin: Twin
    inputs: Sequence[Input]
    names: Names
    kept_in: Places

    def example(self, make: Callable[..., Any], data: Data) -> Example:
        kind = self.maker.kind
        sizes = {"in": data.D, "hidden": data.H, "out": data.C if kind is Kind.NETWORK else data.H}
        module = self.twin.make(sizes)
        values = {
            name: data.weights(*value.shape) if value.ndim > 1 else data.biases(*value.shape)
            for name, value in params_of(module, self.names).items()
        }
        inputs = drawn(self.inputs, data)
        layer = make(sizes, values)
        if kind is Kind.NETWORK:
            for name, place in self.kept_in.items() if isinstance(layer, Adapter) else ():
                places.put(layer.layer, place.name, place.of_layer(values[name]))
            return Example(layer, inputs)
        if kind is Kind.LOSS:
            return Example(layer, inputs, {"dout": data.number()})
        names = ("dout", *(f"d{name}" for name in self.maker.interface.outputs[1:]))
        upstream = {name: data.dout(*y.shape) for name, y in zip(names, run(module, inputs), strict=True)}
        return Example(layer, inputs, upstream)

    def factory(self, sizes: Mapping[str, int], values: Mapping[str, Array]) -> Any:
        """The user's layer."""
        layer = self.maker.made(sizes, values, self.kept_in)
        layer.sizes = sizes
        return layer


def drawn(inputs: Sequence[Input], data: Data) -> dict[str, Array]:
    return {one.name: one.drawn(data) for one in inputs}


def run(module: Any, inputs: Mapping[str, Array]) -> tuple[torch.Tensor, ...]:
    """The outputs, in float64."""
    with torch.no_grad():
        arrays = [one.astype(np.float64) if one.dtype.kind == "f" else one for one in inputs.values()]
        y = module.double()(*map(to_tensor, arrays))
    return y if isinstance(y, tuple) else (y,)
