"""What an entry of the registry is: a NumPy layer, its twin, and all that is needed to check one against the other."""

from collections.abc import Callable, Sequence
from copy import copy
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import nn

from numpy_impl.checks import Array
from torch_ref.bounds import Ball, format_of
from torch_ref.many_digits import exact_results
from torch_ref.oracle import Results, autograd, backprop
from torch_ref.scenarios import SCENARIOS, Data, Scenario
from torch_ref.weights import Names, copy_to_torch, to_tensor


class Example(NamedTuple):
    """A layer, what its forward takes, and the upstream gradient that its backward takes."""

    layer: Any
    inputs: tuple[Array, ...]
    dout: Any


class Refusal(NamedTuple):
    """A call on an example that must raise this error; forward has run on it before."""

    what: str
    call: Callable[[Example], object]
    error: type[Exception]


def forward_of(layer: Any) -> Callable[..., Any]:
    """What computes its output: forward, or the loss of a network."""
    return layer.forward if hasattr(layer, "forward") else layer.loss


@dataclass(frozen=True, eq=False)
class Pair:
    """A NumPy layer and PyTorch's own module, with an example on any data, bounds, and the formula once more.

    example(cls, data) makes a layer of the class, which may be another that is checked in its place, on a scenario's
    data. forward(*inputs, **params) and backward(*inputs, dout, **params) are the layer's formulas written with balls:
    x, dout and the parameters are balls; forward returns one, backward those of dx and of dp for each parameter p.
    formula(*inputs, **params) is forward for arrays of mpmath's numbers. `parameters` maps NumPy's names to PyTorch's.
    """

    name: str
    layer: Callable[..., Any]
    module: Callable[[Any], nn.Module]
    example: Callable[[Callable[..., Any], Data], Example]
    forward: Callable[..., Ball]
    backward: Callable[..., dict[str, Ball]]
    formula: Callable[..., Any]
    parameters: Names = field(default_factory=dict)
    refusals: Sequence[Refusal] = ()
    batches_only: bool = False  # x is (N, D) and of no other rank
    run: Callable[..., Results] = backprop
    run_twin: Callable[..., Results] = autograd

    @property
    def scenarios(self) -> list[Scenario]:
        return [s for s in SCENARIOS if not (self.batches_only and isinstance(s.sizes.N, tuple))]

    def params(self, layer: Any) -> dict[str, Array]:
        """The layer's parameters by NumPy's names: the arrays themselves."""
        return {name: layer.params[name] for name in self.parameters}

    def twin(self, layer: Any, dtype: Any = np.float32) -> nn.Module:
        """PyTorch's module with copies of the layer's parameters and in their dtype; in this one, if it has none.

        Copies, never the same memory: a pair that shares its weights would agree even where one side went wrong.
        """
        params = self.params(layer)
        for value in params.values():
            dtype = value.dtype
        with torch.random.fork_rng(devices=[]):  # PyTorch draws first weights; its global state shall not notice
            module = self.module(layer).to(to_tensor(np.empty(0, dtype)).dtype)
        copy_to_torch(params, module, self.parameters)
        return module

    def results(self, example: Example) -> Results:
        """What the NumPy layer computes, as copies."""
        results = self.run(example.layer, *example.inputs, dout=example.dout)
        return {name: copy(value) for name, value in results.items()}

    def torch_results(self, example: Example) -> Results:
        """What PyTorch computes."""
        module = self.twin(example.layer, example.inputs[0].dtype)
        return self.run_twin(module, *example.inputs, dout=example.dout, names=self.parameters)

    def bounds(self, example: Example) -> dict[str, Ball]:
        """How far each correct result may lie from the exact one, for inputs that are exact."""
        exact = format_of(example.inputs[0].dtype).exact
        x, *others = exact(example.inputs[0]), *example.inputs[1:]
        params = {name: exact(value) for name, value in self.params(example.layer).items()}
        dout = exact(example.dout) if isinstance(example.dout, np.ndarray) else example.dout
        y = self.forward(x, *others, **params)
        return {"loss" if others else "y": y} | self.backward(x, *others, dout, **params)

    def exact(self, example: Example) -> Results:
        """The exact results, to many digits."""
        names = list(self.bounds(example))
        return exact_results(self.formula, example.inputs, example.dout, self.params(example.layer), names)
