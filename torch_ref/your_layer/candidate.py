"""A user's class, ready to be checked: made in any size, its parameters known, its twin beside it."""

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from torch import nn

from torch_ref.checks.battery import Check
from torch_ref.checks.subject import Subject
from torch_ref.diagnosis.severity import Severity
from torch_ref.pair import Kind, Pair
from torch_ref.training.weights import Names
from torch_ref.your_layer.adapter import Interface, Notes
from torch_ref.your_layer.build import name_of, sizes_in
from torch_ref.your_layer.dropout_twin import like_dropout
from torch_ref.your_layer.evaluation import check_evaluation
from torch_ref.your_layer.forms import as_class
from torch_ref.your_layer.like_recurrent import is_recurrent, like_recurrent
from torch_ref.your_layer.maker import Maker
from torch_ref.your_layer.measured import like_module
from torch_ref.your_layer.methods import BACKWARD, FORWARD, MODES, NAMES, inputs_of, method_of
from torch_ref.your_layer.proven import like_pair
from torch_ref.your_layer.surroundings import of_checks
from torch_ref.your_layer.twins import SOME, Like, Twin, twin_like


@dataclass(frozen=True, eq=False)
class Candidate:
    """`pair` knows the right results; `factory` makes the layer in the place of the pair's own."""

    cls: Any
    like: str
    pair: Pair = field(repr=False)
    factory: Callable[..., Any] = field(repr=False)
    notes: Notes = field(default_factory=dict, repr=False)
    checks: Mapping[str, Check] = field(default_factory=dict, repr=False)  # besides those of every layer

    @property
    def name(self) -> str:
        return name_of(self.cls)

    @property
    def basis(self) -> str:
        """The basis of the tolerance, in words."""
        if self.pair.is_proven:
            return "proven rounding bounds"
        return "measured, not proven: the twin in float64, and the rounding noise that it was seen to have"

    def subject(self, dtype: Any, seed: int = 0) -> Subject:
        return Subject(self.pair, dtype, self.factory, seed)


@of_checks()
def candidate(
    cls: Any,
    like: Like,
    *,
    inputs: int | None = None,
    hidden: int | None = None,
    outputs: int | None = None,
    shape: Sequence[int] = (),
    targets: str | None = None,
    options: Mapping[str, Any] | None = None,
    names: Names | None = None,
    leading_axes: bool = False,
) -> Candidate:
    """Makes a layer checkable, in the form in which it is written.

    cls is a class with forward(x) and backward(dout), a loss with forward(x, t), a network with loss(x, t) and
    gradient(x, t); a pair of functions, `y, cache = f(x, w, b)` and `dx, dw, db = g(dout, cache)`; a function that
    returns a loss and dx; or a torch.autograd.Function.

    like is the twin that it ought to equal (`twin_like`). The constructor's arguments are told by their names: sizes,
    parameters, or `options`. inputs, hidden and outputs fix sizes; shape is that of one sample, where x is not (N, D).
    targets of a loss are "labels", "one-hot", "rows" (that need not sum to 1) or "values". names say which parameter is
    which, {"W": "weight.T"}, where names and shapes do not. With leading_axes x may have any number of them, else it is
    a batch (N, ...).

    Raises ValueError, in the class's name, where it cannot be made or its parameters cannot be found.
    """
    cls = as_class(cls)
    twin = twin_like(like, targets, shape)
    if getattr(cls, "is_of_weights", False) and twin.pair and twin.pair.kind is Kind.LOSS:
        twin = Twin(twin.name, lambda sizes: nn.Linear(sizes["in"], sizes["out"], bias=False))  # which makes the logits
    inputs = shape[0] if shape and inputs is None else inputs
    given = sizes_in(options or {})
    given |= {name: n for name, n in (("in", inputs), ("hidden", hidden), ("out", outputs)) if n is not None}
    sizes = dict(twin.sizes) | given
    for name in given:
        if twin.sizes.get(name, sizes[name]) != sizes[name]:
            raise ValueError(f"{twin.name}: its size {name!r} is {twin.sizes[name]}, got {sizes[name]}")
    interface = Interface(_kind(cls, twin))
    if twin.pair:
        passed = (*twin.pair.outputs[1:], *twin.pair.buffers)
        interface = Interface(interface.kind, twin.pair.input_gradients, twin.pair.outputs, passed)
    maker = Maker(cls, interface, sizes, tuple(shape), targets, options, names, leading_axes)
    maker.notes.update(dict.fromkeys(getattr(cls, "said", ()), Severity.CONVENTION))
    if twin.pair:
        return Candidate(cls, twin.name, *like_pair(maker, twin.pair), maker.notes)
    module = twin.make(SOME | sizes)
    has_modes = isinstance(module, nn.Dropout | nn.modules.batchnorm._BatchNorm)
    own: dict[str, Check] = {"evaluation": check_evaluation} if has_modes else {}
    if isinstance(module, nn.Dropout):
        found = like_dropout(maker, None if twin.name == "nn.Dropout" else module.p)
    else:
        found = like_recurrent(maker, twin) if is_recurrent(module) else like_module(maker, twin)
    return Candidate(cls, twin.name, *found, maker.notes, own)


def _kind(cls: Any, twin: Twin) -> Kind:
    """As the pair says; else a network where there is a loss and no forward, or a loss where forward takes targets."""
    kind = twin.pair.kind if twin.pair else Kind.LOSS if twin.is_loss else Kind.LAYER
    forward = method_of(cls, NAMES[kind][0])
    if kind is Kind.NETWORK or (kind is Kind.LAYER and not twin.pair and _is_network(cls, forward)):
        if not forward and not method_of(cls, ("loss",)):
            raise ValueError(f"{name_of(cls)}: it must have loss, like {twin.name}, got {_listed(cls)}")
        return Kind.NETWORK
    if not method_of(cls, NAMES[kind][0]) or not (method_of(cls, BACKWARD) or getattr(cls, "returns_dx", False)):
        raise ValueError(f"{name_of(cls)}: it must have forward and backward, like {twin.name}, got {_listed(cls)}")
    return kind


def _is_network(cls: Any, forward: str) -> bool:
    """Beside a module that gives logits: it has a loss, or a forward that takes targets."""
    if not forward:
        return bool(method_of(cls, ("loss",)))
    return len(inputs_of(cls, forward)) == 1 and _arity(cls, forward) > 1


def _listed(cls: Any) -> str:
    return ", ".join(name for name in (*FORWARD, *BACKWARD) if method_of(cls, (name,))) or "neither"


def _arity(cls: Any, forward: str) -> int:
    """How many arguments forward must be given, but for its mode."""
    parameters = list(inspect.signature(getattr(cls, forward)).parameters.values())[1:]
    needed = [p for p in parameters if p.default is p.empty and p.kind is p.POSITIONAL_OR_KEYWORD]
    return len([p for p in needed if p.name.lower() not in MODES])
