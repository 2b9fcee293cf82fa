"""What a user's layer is given beside a PyTorch module: the inputs of the module, from the domain that it takes."""

from collections.abc import Callable, Sequence
from itertools import zip_longest
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import nn

from numpy_impl.validation import Array
from torch_ref.pair import Kind
from torch_ref.scenarios import Data, Scenario
from torch_ref.your_layer.maker import Maker
from torch_ref.your_layer.methods import NAMES, inputs_of, method_of
from torch_ref.your_layer.shapes import Shape, in_numbers, others_like, shapes_that_run
from torch_ref.your_layer.twins import taken_by

DOMAINS = ("normal", "unit", "shares")


class Input(NamedTuple):
    """Its numbers are "normal", in the open "unit" interval, or "shares" that sum to 1; "ids" below D; or targets."""

    name: str
    shape: Shape
    domain: str = "normal"

    @property
    def has_gradient(self) -> bool:
        return self.domain in DOMAINS and self.name != "t"

    def drawn(self, data: Data) -> Array:
        lengths = {"N": data.N, "M": data.N + 1, "D": data.D, "H": data.H, "C": data.C}
        lead = data.lead if self.shape[0] == "N" else in_numbers(self.shape[:1], lengths)
        shape = (*lead, *in_numbers(self.shape[1:], lengths))
        if self.domain in DOMAINS:
            return data.of_domain(self.domain, *shape)
        return data.ids(*shape) if self.domain == "ids" else data.targets(self.domain)


def inputs_for(module: nn.Module, maker: Maker, ordinary: Scenario) -> list[Input]:
    """The inputs, by the names that the user's class has for them, but for x and t; tried on this scenario."""
    x: Shape = ("N", *(maker.shape or ("D",)))
    if maker.kind is Kind.NETWORK:
        return [Input("x", x), Input("t", x, maker.targets or "labels")]
    if maker.kind is Kind.LOSS:
        return _of_a_loss(module, maker, x, ordinary)
    if isinstance(module, nn.Embedding | nn.EmbeddingBag):
        return [Input("x", x[:1] + tuple(maker.shape), "ids")]
    shapes = _shapes(module, x)
    first = Input("x", shapes[0], _domain(module.double(), Input("x", shapes[0]), ordinary))
    own = inputs_of(maker.cls, method_of(maker.cls, NAMES[maker.kind][0]))
    names = [mine or f"x{i}" for i, (_, mine) in enumerate(zip_longest(shapes, own[: len(shapes)]))]
    return [first if len(shapes) == 1 else Input("x", shapes[0]), *map(Input, names[1:], shapes[1:])]


def _shapes(module: nn.Module, x: Shape) -> Sequence[Shape]:
    """Of all inputs: the module says them, or they are tried."""
    told = getattr(module, "takes", None)
    if told:
        return tuple(told.values())
    names = taken_by(module)
    if len(names) < 2:
        return (x,)
    found = shapes_that_run(module.double(), [[x], *([others_like(x)] * (len(names) - 1))])
    if found is None:
        raise ValueError(f"{type(module).__name__}: the shapes of its inputs {', '.join(names)} cannot be told")
    return found


def _of_a_loss(module: nn.Module, maker: Maker, x: Shape, ordinary: Scenario) -> list[Input]:
    """With targets in the form that is asked for, or that the loss takes: values like x, or class indices."""
    of_classes = x if maker.shape or [*module.parameters()] else ("N", "C")  # logits, where it does not make them
    for targets in [maker.targets] if maker.targets else ["values", "labels"]:
        like_x = targets == "values"
        for domain in DOMAINS:
            inputs = [Input("x", x if like_x else of_classes, domain), Input("t", x, domain if like_x else targets)]
            if _gives_numbers(module.double(), inputs, ordinary):
                return inputs
    like_x = maker.targets in (None, "values")
    return [Input("x", x if like_x else of_classes), Input("t", x, "normal" if like_x else str(maker.targets))]


def _domain(run: Callable[[Any], Any], x: Input, ordinary: Scenario) -> str:
    return next((one for one in DOMAINS if _gives_numbers(run, [x._replace(domain=one)], ordinary)), x.domain)


def _gives_numbers(run: Callable[..., Any], inputs: Sequence[Input], ordinary: Scenario) -> bool:
    """Whether a module takes such data; its logarithm, say, gives NaN of those of another domain."""
    arrays = [one.drawn(Data(ordinary, np.float64)) for one in inputs]
    try:
        with torch.no_grad():
            found = run(*map(torch.from_numpy, arrays))
    except Exception:  # noqa: BLE001 - it may refuse them in any way
        return False
    first = found[0] if isinstance(found, tuple) else found
    return isinstance(first, torch.Tensor) and bool(torch.isfinite(first).all())
