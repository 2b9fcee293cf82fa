"""A user's class, ready to be checked: made in any size, its parameters known, its twin beside it."""

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from torch_ref.checks.subject import Subject
from torch_ref.pair import Kind, Pair
from torch_ref.training.weights import Names
from torch_ref.your_layer.adapt import METHODS
from torch_ref.your_layer.build import name_of
from torch_ref.your_layer.maker import Maker
from torch_ref.your_layer.measured import like_module
from torch_ref.your_layer.proven import like_pair
from torch_ref.your_layer.twins import Like, Twin, twin_like


@dataclass(frozen=True, eq=False)
class Candidate:
    """`pair` knows the right results; `factory` makes the layer in the place of the pair's own."""

    cls: Any
    like: str
    pair: Pair = field(repr=False)
    factory: Callable[..., Any] = field(repr=False)

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
    """Makes a class checkable: a layer with forward(x) and backward(dout), a loss with forward(x, t), or a network with
    loss(x, t) and gradient(x, t).

    like is the twin that it ought to equal (`twin_like`). The constructor's arguments are told by their names: sizes,
    parameters, or `options`. inputs, hidden and outputs fix sizes; shape is that of one sample, where x is not (N, D).
    targets of a loss are "labels", "one-hot", "rows" (that need not sum to 1) or "values". names say which parameter is
    which, {"W": "weight.T"}, where names and shapes do not. With leading_axes x may have any number of them, else it is
    a batch (N, ...).

    Raises ValueError, in the class's name, where it cannot be made or its parameters cannot be found.
    """
    if not isinstance(cls, type):
        raise ValueError(f"candidate: it must be a class, got {type(cls).__name__}")  # noqa: TRY004 - as all others here
    twin = twin_like(like, targets)
    inputs = shape[0] if shape and inputs is None else inputs
    sizes = {name: n for name, n in (("in", inputs), ("hidden", hidden), ("out", outputs)) if n is not None}
    passed = (*twin.pair.outputs[1:], *twin.pair.buffers) if twin.pair else ()
    maker = Maker(cls, _kind(cls, twin), sizes, tuple(shape), targets, options, names, leading_axes, passed)
    pair, factory = like_pair(maker, twin.pair) if twin.pair else like_module(maker, twin)
    return Candidate(cls, twin.name, pair, factory)


def _kind(cls: Any, twin: Twin) -> Kind:
    """As the pair says, else a layer, or a loss where forward takes targets."""
    kind = twin.pair.kind if twin.pair else Kind.LAYER
    methods = METHODS[kind]
    has = [method for method in methods if callable(getattr(cls, method, None))]
    if len(has) < len(methods):
        wanted = f"{' and '.join(methods)}, like {twin.name}"
        raise ValueError(f"{name_of(cls)}: it must have {wanted}, got {', '.join(has) or 'neither'}")
    return kind if twin.pair or _arity(cls) < 2 else Kind.LOSS


def _arity(cls: Any) -> int:
    """How many arguments forward must be given."""
    parameters = list(inspect.signature(cls.forward).parameters.values())[1:]
    return sum(p.default is p.empty and p.kind is p.POSITIONAL_OR_KEYWORD for p in parameters)
