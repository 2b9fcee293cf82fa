"""What every layer must refuse, whatever it computes: what is no array of the right kind, dtype and shape."""

from collections.abc import Callable
from typing import Any

import numpy as np

from numpy_impl.validation import Array
from torch_ref.pair import Example, Kind, Pair, Refusal
from torch_ref.results import forward_of

JUNK: dict[str, Callable[[Array], Any]] = {
    "None": lambda _: None,
    "a string": lambda _: "junk",
    "a number": lambda _: 3.0,
    "a list": lambda a: a.tolist(),
    "a masked array": np.ma.masked_array,
    "a matrix": lambda a: a.view(np.matrix),
    "objects": lambda a: a.astype(object),
    "integers": lambda a: a.astype(int),
    "truth values": lambda a: a > 0,
    "half precision": lambda a: a.astype(np.float16),
    "the foreign byte order": lambda a: a.astype(a.dtype.newbyteorder()),
}


def all_refusals(pair: Pair, example: Example) -> list[Refusal]:
    """Those of every layer and those of the pair; the example is one of the layer's."""
    of_all = [] if pair.kind is Kind.OPTIMIZER else [*_of_inputs(pair, example), *_of_upstream(pair, example)]
    return [*of_all, *pair.refusals]


def _with(name: str, change: Callable[[Any], Any], pair: Pair) -> Callable[[Example], object]:
    """Forward, or backward, with one argument changed."""

    def call(example: Example) -> object:
        if name in example.upstream:
            upstream = {**example.upstream, name: change(example.upstream[name])}
            return example.layer.backward(*upstream.values())
        inputs = {**example.inputs, name: change(example.inputs[name])}
        return forward_of(example.layer, pair)(*inputs.values())

    return call


def _of_inputs(pair: Pair, example: Example) -> list[Refusal]:
    """With parameters, their dtype is the only one that an input may have; what a loss is compared with is the pair's."""
    found = []
    for name in pair.input_gradients or list(example.inputs)[:1]:
        found += [Refusal(f"{name}: {what}", _with(name, f, pair), TypeError) for what, f in JUNK.items()]
        if pair.parameters:
            found.append(Refusal(f"{name} of another dtype", _with(name, _in_another_dtype, pair), TypeError))
    return found


def _of_upstream(pair: Pair, example: Example) -> list[Refusal]:
    """A number, as a loss takes it, is left to the pair."""
    if not example.upstream:
        return []
    early = lambda e: _fresh(e).backward(*e.upstream.values())  # noqa: E731
    found = [Refusal("backward before forward", early, RuntimeError)]
    for name, value in example.upstream.items():
        if isinstance(value, np.ndarray):
            found += [Refusal(f"{name}: {what}", _with(name, f, pair), TypeError) for what, f in JUNK.items()]
            found.append(Refusal(f"{name} of another dtype", _with(name, _in_another_dtype, pair), TypeError))
            found.append(Refusal(f"{name} that would broadcast", _with(name, lambda a: a[:1], pair), ValueError))
    return found


def _in_another_dtype(array: Array) -> Array:
    return array.astype(np.float32 if array.dtype == np.float64 else np.float64)


def _fresh(example: Example) -> Any:
    """A layer like the example's, before its first forward."""
    return type(example.layer)(*getattr(example.layer, "params", {}).values())
