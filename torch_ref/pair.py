"""What a pair is: a NumPy layer and PyTorch's own module, and all that is needed to check one against the other. Data.

What is done with pairs stands above it: `results` runs the two sides, `right` says what is right, `checks` checks.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, NamedTuple

from numpy_impl.validation import Array
from torch_ref.bounds import Ball
from torch_ref.diagnosis.cause import Cause, Fitted
from torch_ref.scenarios import SCENARIOS, Data, Scenario
from torch_ref.training.weights import Names


class Kind(Enum):
    """How the NumPy side is called."""

    LAYER = "forward(*inputs), backward(dout, ...)"
    LOSS = "forward(x, t), backward(dout)"
    NETWORK = "loss(x, t), gradient(x, t)"
    OPTIMIZER = "update(params, grads)"


class Example(NamedTuple):
    """A layer, what its forward takes, by name and in order, and the upstream gradients that its backward takes."""

    layer: Any
    inputs: Mapping[str, Array]
    upstream: Mapping[str, Any] = {}


class Refusal(NamedTuple):
    """A call on an example that must raise this error; forward has run on it before."""

    what: str
    call: Callable[[Example], object]
    error: type[Exception]


@dataclass(frozen=True, eq=False)
class Pair:
    """A NumPy layer and PyTorch's own module, with an example on any data, and the formulas once more.

    `module(layer)` makes the twin, of the class `twin_name`: it takes the inputs and returns the outputs, one tensor or
    a tuple of them. (Of an optimizer it is what makes PyTorch's for a list of parameters.)
    `example(cls, data)` makes a layer of the class, which may be another that is checked in its place, on a scenario's
    data. `parameters` and `buffers` map NumPy's names to the rules of `training.weights`; `options` are attributes of
    the layer that the formulas need, such as a slope or a stride.

    forward(*inputs, **params, **options) is the layer's formula, for balls and for mpmath's numbers alike; it returns
    the outputs, backward(*inputs, *upstream, **params, **options) the gradients by name, "dx", "dW", for balls. Inputs
    of integers or truth values are given as arrays. Without the two the bounds are measured on the twin, not proven.

    `causes` are slips that this layer is known for, which a diagnosis tries before those of every layer. `flat_on`
    names the scenarios on which the layer may be flat, as a sigmoid far from 0: a gradient of zeros shows nothing
    there. On any other that is a failure.
    """

    name: str
    layer: Callable[..., Any]
    module: Callable[[Any], Any]
    example: Callable[[Callable[..., Any], Data], Example]
    twin_name: str = ""
    kind: Kind = Kind.LAYER
    outputs: Sequence[str] = ("y",)
    input_gradients: Sequence[str] = ("x",)
    parameters: Names = field(default_factory=dict)
    buffers: Names = field(default_factory=dict)
    options: Sequence[str] = ()
    forward: Callable[..., Any] | None = None
    backward: Callable[..., dict[str, Ball]] | None = None
    refusals: Sequence[Refusal] = ()
    causes: Sequence[Cause | Fitted] = ()
    flat_on: Collection[str] = ()
    batches_only: bool = False  # x is (N, D) and of no other rank
    data_sets: Sequence[Scenario] = SCENARIOS

    def __post_init__(self) -> None:
        unknown = set(self.flat_on) - {scenario.name for scenario in SCENARIOS}
        if unknown:
            raise ValueError(f"{self.name}: flat_on must name scenarios, got {', '.join(sorted(unknown))}")

    @property
    def is_proven(self) -> bool:
        """Whether the bounds are derived from the formulas, not measured."""
        return self.forward is not None and (self.backward is not None or self.kind is Kind.OPTIMIZER)

    @property
    def gradients(self) -> tuple[str, ...]:
        """Of the inputs, then of the parameters, as the contract names them."""
        return tuple(f"d{name}" for name in (*self.input_gradients, *self.parameters))

    @property
    def tensors(self) -> tuple[str, ...]:
        """All that is compared."""
        return (*self.outputs, *self.gradients, *self.buffers)

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
