"""The pair, a record: a NumPy layer, PyTorch's own module, and all that a comparison of the two needs.

The functions of pairs stand above it: `results` runs the two sides, `right` gives the exact results with their bounds,
`checks` are the checks.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, NamedTuple

from torch import nn

from numpy_impl.validation import Array
from torch_ref.bounds import Ball
from torch_ref.diagnosis.cause import Suspect
from torch_ref.scenarios import SCENARIOS, Data, Scenario
from torch_ref.training.weights import Names


class Kind(Enum):
    """How the NumPy side is called."""

    LAYER = "forward(*inputs), backward(dout, ...)"
    LOSS = "forward(x, t), backward(dout)"
    NETWORK = "loss(x, t), gradient(x, t)"
    OPTIMIZER = "update(params, grads)"


class Example(NamedTuple):
    """A layer, the inputs of its forward by name and in order, and the upstream gradients of its backward alike."""

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
    """A NumPy layer and PyTorch's own module, with an example on any data, and the layer's formulas.

    `module(layer)` makes the twin, of the class `twin_name`: a module that takes the inputs and returns the outputs,
    one tensor or a tuple of them. The twin of a network returns the logits, and `criterion(layer)` makes the module of
    its loss. Of an optimizer `module(layer)` is a function that makes PyTorch's optimizer of a list of parameters, and
    `optimizer_state` maps what NumPy's keeps of a parameter to PyTorch's names of it: {"m": "exp_avg", "t": "step"}.
    Its inputs are p, g and then these, its outputs p and these; forward(p, g, m, t, **options) is one step.

    `example(cls, data)` makes a layer of the class, or of another class under check, with a scenario's data. It makes
    the layer in its mode (training or evaluation), with its generator or a given mask: `module` sees that very layer
    and can read `layer.training` and `layer.mask`.

    The first of the `outputs` is the value of forward; forward leaves the others as attributes. Backward takes an
    upstream gradient for each output, and returns the gradients of the inputs named in `input_gradients`, or leaves
    them as attributes ("dh0"). Results whose names begin with d are gradients. `parameters` and `buffers` map NumPy's
    names to the rules of `training.weights`; buffers, such as a running mean, are compared as forward leaves them.
    `optional` names the inputs and upstream gradients that may be left out, as None: a first state, which is zero then.
    `options` are attributes of the layer that its formulas need, such as a slope or a stride.

    forward(*inputs, **params, **buffers, **options) is the layer's formula, for balls and for mpmath's numbers alike:
    it returns the outputs and then the new buffers. backward(*inputs, *upstream, **params, **buffers, **options)
    returns the gradients by name, {"dx": ..., "dW": ...}, for balls. Integers and truth values reach both as arrays.
    A pair without these formulas has measured bounds, taken from the twin, in the place of proven ones.

    `causes` are slips that this layer is known for; a diagnosis tries them before those of every layer. `flat_on` names
    the scenarios on which the layer may be flat, as a sigmoid is far from 0: there an even gradient is no failure.
    `infinite_or_nan` names gradients of which PyTorch's formula makes NaN where a sum of infinities has one sign.
    Among the `data_sets` must be scenarios called "ordinary" and "odd-batch".

    `like(module, shape, scenario)` is for a pair whose twin has options of its own: the settings of the scenario for a
    layer like this module, given samples of this shape, if one is told; None where such a layer is not to see the
    scenario, on "ordinary" that the pair is not for this module.
    """

    name: str
    layer: Callable[..., Any]
    module: Callable[[Any], Any]
    example: Callable[[Callable[..., Any], Data], Example]
    twin_name: str = ""
    kind: Kind = Kind.LAYER
    inputs: Sequence[str] = ()  # by default x, and of a loss or a network x and t
    outputs: Sequence[str] = ("y",)
    input_gradients: Sequence[str] = ("x",)
    parameters: Names = field(default_factory=dict)
    buffers: Names = field(default_factory=dict)
    optimizer_state: Names = field(default_factory=dict)
    optional: Collection[str] = ()
    options: Sequence[str] = ()
    criterion: Callable[[Any], nn.Module] = lambda _: nn.CrossEntropyLoss()
    forward: Callable[..., Any] | None = None
    backward: Callable[..., dict[str, Ball]] | None = None
    refusals: Sequence[Refusal] = ()
    causes: Sequence[Suspect] = ()
    flat_on: Collection[str] = ()
    infinite_or_nan: Collection[str] = ()
    batches_only: bool = False  # x is (N, D) and of no other rank
    data_sets: Sequence[Scenario] = SCENARIOS
    like: Callable[[Any, Sequence[int], Scenario], Mapping[str, Any] | None] | None = None

    def __post_init__(self) -> None:
        unknown = set(self.flat_on) - {scenario.name for scenario in self.data_sets}
        if unknown:
            raise ValueError(f"{self.name}: flat_on must name scenarios, got {', '.join(sorted(unknown))}")

    @property
    def is_proven(self) -> bool:
        """Whether the bounds are derived from the formulas."""
        return self.forward is not None and (self.backward is not None or self.kind is Kind.OPTIMIZER)

    @property
    def input_names(self) -> Sequence[str]:
        return self.inputs or (("x", "t") if self.kind in (Kind.LOSS, Kind.NETWORK) else self.input_gradients)

    @property
    def varied_inputs(self) -> Sequence[str]:
        """The inputs that have a gradient, or else the first: a target is no variable."""
        return self.input_gradients or self.input_names[:1]

    @property
    def upstream_names(self) -> tuple[str, ...]:
        return ("dout", *(f"d{name}" for name in self.outputs[1:]))

    @property
    def gradients(self) -> tuple[str, ...]:
        """Of the inputs, then of the parameters, as the contract names them."""
        return tuple(f"d{name}" for name in (*self.input_gradients, *self.parameters))

    @property
    def ordinary(self) -> Scenario:
        """The scenario for checks that need one data set only."""
        return self._named("ordinary")

    @property
    def another(self) -> Scenario:
        """A scenario of another size."""
        return self._named("odd-batch")

    def _named(self, name: str) -> Scenario:
        return next(scenario for scenario in self.data_sets if scenario.name == name)
