"""A user's class beside any PyTorch module: its bounds are measured, unless the module's formulas are known."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import torch

from numpy_impl.validation import Array
from torch_ref.bounds import Ball
from torch_ref.diagnosis.case import Case
from torch_ref.diagnosis.cause import Suspect
from torch_ref.diagnosis.twins import causes_of_twin
from torch_ref.families.losses.causes import by_epsilon
from torch_ref.pair import Example, Kind, Pair
from torch_ref.registry import pair_like
from torch_ref.results import module_of, scenarios_of, torch_results
from torch_ref.right import bounds_of
from torch_ref.scenarios import SCENARIOS, USUAL, Data, Scenario
from torch_ref.training.weights import Names
from torch_ref.your_layer.beside import Beside, drawn, run
from torch_ref.your_layer.inputs import Input, inputs_for
from torch_ref.your_layer.known_formulas import with_formulas
from torch_ref.your_layer.maker import Maker, of_images, resized
from torch_ref.your_layer.match import Place, Places
from torch_ref.your_layer.options import options_from
from torch_ref.your_layer.twins import Twin, shape_for


def like_module(maker: Maker, twin: Twin, causes: Sequence[Suspect] = ()) -> tuple[Pair, Callable[..., Any]]:
    """A pair for the module, and the function that makes the class for it. The pair's names are those of the class."""
    sizes = {"in": USUAL.D, "hidden": USUAL.H, "out": USUAL.C if maker.kind is Kind.NETWORK else USUAL.H}
    sizes |= dict(maker.sizes)
    module = twin.make(sizes)
    shape = maker.shape or shape_for(module)
    own = dict(maker.sizes) | ({"in": shape[0]} if shape else {})
    maker = replace(maker, shape=shape, sizes=own, options=options_from(module, maker.cls) | dict(maker.options or {}))
    theirs = {path: p.detach().double().numpy() for path, p in module.named_parameters()}
    data_sets = resized(SCENARIOS, maker.sizes, rigid=maker.is_rigid(sizes, theirs))
    inputs = inputs_for(module, maker, data_sets[0])
    ordinary = drawn(inputs, Data(data_sets[0], np.float64))
    ys = _first_run(module, ordinary, twin.name) if maker.kind is Kind.LAYER else ()
    outputs = ("y", *(["c"] if len(ys) == 2 else [f"y{i}" for i in range(1, len(ys))])) if ys else ("loss",)
    floating = tuple(one.name for one in inputs if one.has_gradient) if maker.kind is not Kind.NETWORK else ()
    maker = replace(maker, interface=maker.interface._replace(input_gradients=floating, outputs=outputs))
    found = maker.places(sizes, theirs, {path: path for path in theirs}, ordinary, tuple(ys[0].shape) if ys else None)
    kept_in = {_label(place, path): place._replace(transposed=False) for path, place in found.items()}
    both = Beside(maker, twin, inputs, names_of(found), kept_in)
    pair = Pair(
        maker.cls.__name__,
        lambda sizes, values: SimpleNamespace(sizes=sizes, params=values),
        lambda layer: twin.make(layer.sizes),
        both.example,
        kind=maker.kind,
        inputs=tuple(one.name for one in inputs),
        outputs=outputs,
        input_gradients=floating,
        parameters=both.names,
        causes=(*causes, *_causes_of(module, maker.kind)),
        batches_only=bool(shape) or len(inputs) > 1 or not maker.leading_axes,
        data_sets=_in_size(data_sets, inputs),
    )
    _require_usable(pair, twin.name, shape)
    return with_formulas(pair, module), both.factory


def _in_size(data_sets: Sequence[Scenario], inputs: Sequence[Input]) -> Sequence[Scenario]:
    """With few images; and without the long batch, where each sample meets each other one."""
    if len(inputs[0].shape) > 2:
        data_sets = [of_images(one) for one in data_sets]
    meet = any(one.shape[0] == "M" for one in inputs)
    return [one for one in data_sets if not meet or one.name != "long-batch"]


def _causes_of(module: Any, kind: Kind) -> Sequence[Suspect]:
    """Of the module's kind; also those of a pair, of which it is an activation with other options."""
    pair = pair_like(type(module).__name__)
    of_pair: Sequence[Suspect] = ()
    if pair and pair.kind is Kind.LAYER and not (pair.parameters or pair.like):
        own = module_of(pair, pair.example(pair.layer, Data(pair.ordinary, np.float64)).layer)
        of_its_options = {cause.says for cause in causes_of_twin(own)}  # the module has its own
        of_pair = [cause for cause in pair.causes if cause.says not in of_its_options]
    return (*of_pair, *causes_of_twin(module), *(by_epsilon(_logits) if kind is Kind.NETWORK else ()))


def _logits(case: Case) -> Ball:
    """Of a network's twin, which makes them of x."""
    layer = replace(case.pair, kind=Kind.LAYER, inputs=("x",), outputs=("y",), input_gradients=("x",))
    x = {"x": case.inputs["x"]}
    (logits,) = run(module_of(case.pair, case.layer), x)
    dout = np.ones(logits.shape, case.dtype)
    return bounds_of(layer, Example(case.layer, x, {"dout": dout}), case.params)["y"]


def _first_run(module: Any, inputs: Mapping[str, Array], name: str) -> tuple[torch.Tensor, ...]:
    try:
        return run(module, inputs)
    except (RuntimeError, ValueError, IndexError, TypeError) as error:
        shapes = " and ".join(f"{one} of shape {value.shape}" for one, value in inputs.items())
        raise ValueError(f"{name}: PyTorch's own must take the data, got {shapes}") from error


def names_of(kept_in: Places) -> Names:
    """The rules for a pair in the names of the layer."""
    return {_label(place, path): path + ".T" * place.transposed for path, place in kept_in.items()}


def _label(place: Place, path: str) -> str:
    """The layer's name for a parameter; PyTorch's for one in a list, which has no name."""
    return path if "[" in place.name else place.name


def _require_usable(pair: Pair, name: str, shape: tuple[int, ...]) -> None:
    """The module must take the data, and give the same each time."""
    if pair.ordinary not in scenarios_of(pair):
        n, d = pair.ordinary.sizes[:2]
        raise ValueError(f"{name}: PyTorch's own must take the data, got x of shape {(n, *(shape or (d,)))}")
    data = pair.example(pair.layer, Data(pair.ordinary, np.float64))
    once, again = torch_results(pair, data), torch_results(pair, data)
    if any(not np.array_equal(value, again[name], equal_nan=True) for name, value in once.items()):
        raise ValueError(f"{name}: PyTorch's own must give the same result each time, but it is random")
