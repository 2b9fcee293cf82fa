"""What an entry of the registry is: a NumPy layer, its twin, and all that is needed to check one against the other."""

from collections.abc import Callable, Collection, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field
from functools import cache
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import nn

from numpy_impl.checks import Array
from torch_ref import places
from torch_ref.bounds import Ball, Format, format_of
from torch_ref.causes.cause import Case, Cause, Fitted
from torch_ref.many_digits import exact_results
from torch_ref.measured_bounds import measured_bounds
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
    formula(*inputs, **params) is forward for arrays of mpmath's numbers. Without the three the bounds are measured, on
    the twin, and no longer proven. `parameters` maps NumPy's names to PyTorch's. `causes` are slips that this layer is
    known for, which a diagnosis tries before those of every layer. `flat_on` names the scenarios on which the layer may
    be flat, as a sigmoid far from 0: a gradient of zeros shows nothing there. On any other that is a failure.
    """

    name: str
    layer: Callable[..., Any]
    module: Callable[[Any], nn.Module]
    example: Callable[[Callable[..., Any], Data], Example]
    forward: Callable[..., Ball] | None = None
    backward: Callable[..., dict[str, Ball]] | None = None
    formula: Callable[..., Any] | None = None
    parameters: Names = field(default_factory=dict)
    refusals: Sequence[Refusal] = ()
    causes: Sequence[Cause | Fitted] = ()
    flat_on: Collection[str] = ()
    batches_only: bool = False  # x is (N, D) and of no other rank
    data_sets: Sequence[Scenario] = SCENARIOS
    run: Callable[..., Results] = backprop
    run_twin: Callable[..., Results] = autograd

    def __post_init__(self) -> None:
        unknown = set(self.flat_on) - {scenario.name for scenario in SCENARIOS}
        if unknown:
            raise ValueError(f"{self.name}: flat_on must name scenarios, got {', '.join(sorted(unknown))}")

    @property
    def scenarios(self) -> list[Scenario]:
        """Those that the layer can be given: where nothing is proven, the twin says which."""
        found = [s for s in self.data_sets if not (self.batches_only and isinstance(s.sizes.N, tuple))]
        return found if self.is_proven else [s for s in found if _runs(self, s)]

    @property
    def ordinary(self) -> Scenario:
        """The scenario for checks that need one data set only."""
        return self._named("ordinary")

    @property
    def another(self) -> Scenario:
        """One of another size."""
        return self._named("odd-batch")

    def _named(self, name: str) -> Scenario:
        return next(scenario for scenario in self.data_sets if scenario.name == name)

    @property
    def is_proven(self) -> bool:
        """Whether the bounds are derived from the formulas, not measured."""
        return self.forward is not None and self.backward is not None

    def params(self, layer: Any) -> dict[str, Array]:
        """The layer's parameters by NumPy's names: the arrays themselves."""
        return {name: places.parameter(layer, name) for name in self.parameters}

    def twin(self, layer: Any, dtype: Any = np.float32, params: Mapping[str, Array] | None = None) -> nn.Module:
        """PyTorch's module with copies of the layer's parameters and in their dtype; in this one, if it has none.

        Copies, never the same memory: a pair that shares its weights would agree even where one side went wrong.
        `params` are other values in the place of the layer's.
        """
        params = self.params(layer) if params is None else params
        for value in params.values():
            dtype = value.dtype
        with torch.random.fork_rng(devices=[]):  # PyTorch draws first weights; its global state shall not notice
            module = self.module(layer).to(to_tensor(np.empty(0, dtype)).dtype)
        copy_to_torch(params, module, self.parameters)
        return module

    def results(self, example: Example) -> Results:
        """What the NumPy layer computes, as copies."""
        results = self.run_raw(example)
        return {name: copy(value) for name, value in results.items()}

    def run_raw(self, example: Example) -> Results:
        """The arrays themselves that the NumPy layer hands out."""
        return self.run(example.layer, *example.inputs, dout=example.dout, names=self.parameters)

    def torch_results(self, example: Example) -> Results:
        """What PyTorch computes."""
        module = self.twin(example.layer, example.inputs[0].dtype)
        return self.run_twin(module, *example.inputs, dout=example.dout, names=self.parameters)

    def bounds(self, example: Example) -> dict[str, Ball]:
        """How far each correct result may lie from the exact one, for inputs that are exact."""
        return self.bounds_of(*example, self.params(example.layer))

    def bounds_of(
        self,
        layer: Any,
        inputs: tuple[Array, ...],
        dout: Any,
        params: Mapping[str, Array],
        narrower: Format | None = None,
    ) -> dict[str, Ball]:
        """The same for these values of the parameters, or for a computation that rounds all to a narrower format.

        The layer is only asked for what else its twin needs to know.
        """
        form = narrower or format_of(inputs[0].dtype)
        if self.forward is None or self.backward is None:
            return measured_bounds(self, Example(layer, inputs, dout), params, form)
        given = form.rounded if narrower else form.exact
        x, *others = given(inputs[0]), *inputs[1:]
        balls = {name: given(value) for name, value in params.items()}
        y = self.forward(x, *others, **balls)
        dout = given(dout) if isinstance(dout, np.ndarray) else dout
        return {"loss" if others else "y": y} | self.backward(x, *others, dout, **balls)

    def exact(self, example: Example) -> Results:
        """The exact results, to many digits."""
        if self.formula is None:
            raise ValueError(f"{self.name}: a pair must have its formula for many digits, got none")
        names = list(self.bounds(example))
        return exact_results(self.formula, example.inputs, example.dout, self.params(example.layer), names)


@cache
def _runs(pair: Pair, scenario: Scenario) -> bool:
    """Whether PyTorch's module takes data of this kind: a batch-norm, say, refuses a single sample."""
    try:
        pair.torch_results(pair.example(pair.layer, Data(scenario, np.float64)))
    except (RuntimeError, ValueError, IndexError):
        return False
    return True


def case_of(pair: Pair, example: Example, known: dict[str, Ball] | None = None) -> Case:
    """The example as it is now: copies, which no layer can change. `known` is what is right, if it was computed."""
    params = {name: np.array(value) for name, value in pair.params(example.layer).items()}
    return Case(pair, example.layer, tuple(map(np.array, example.inputs)), copy(example.dout), params, known)
