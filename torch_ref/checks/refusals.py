"""The bad input that every layer must refuse: no array, or one of the wrong kind, dtype or shape."""

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
    "a matrix": lambda a: a.reshape(-1, a.shape[-1]).view(np.matrix),  # of images too
    "objects": lambda a: a.astype(object),
    "integers": lambda a: a.astype(int),
    "truth values": lambda a: a > 0,
    "half precision": lambda a: a.astype(np.float16),
    "the foreign byte order": lambda a: a.astype(a.dtype.newbyteorder()),
}
OF_INDICES = {what: JUNK[what] for what in JUNK if what not in ("integers", "the foreign byte order")} | {
    "numbers": lambda a: a.astype(float)
}


def all_refusals(pair: Pair, example: Example) -> list[Refusal]:
    """Those of every layer and those of the pair. The example is one of the layer's, of which each is a change."""
    of_all = [] if pair.kind is Kind.OPTIMIZER else [*_of_inputs(pair, example), *_of_upstream(pair, example)]
    may_be_none = {f"{name}: None" for name in pair.optional}
    return [*(one for one in of_all if one.what not in may_be_none), *pair.refusals]


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
    """With parameters, an input may have their dtype alone; what a loss is compared with is left to the pair."""
    found = []
    for name in pair.varied_inputs:
        is_float = example.inputs[name].dtype.kind == "f"
        junk = JUNK if is_float else OF_INDICES
        found += [Refusal(f"{name}: {what}", _with(name, f, pair), TypeError) for what, f in junk.items()]
        if pair.parameters and is_float:
            found.append(Refusal(f"{name} of another dtype", _with(name, _in_another_dtype, pair), TypeError))
    return found


def _of_upstream(pair: Pair, example: Example) -> list[Refusal]:
    """A number, as a loss takes it, is left to the pair."""
    found = []
    for name, value in example.upstream.items():
        if isinstance(value, np.ndarray):
            found += [Refusal(f"{name}: {what}", _with(name, f, pair), TypeError) for what, f in JUNK.items()]
            found.append(Refusal(f"{name} of another dtype", _with(name, _in_another_dtype, pair), TypeError))
            found.append(Refusal(f"{name} that would broadcast", _with(name, lambda a: a[:1], pair), ValueError))
    return found


def _in_another_dtype(array: Array) -> Array:
    return array.astype(np.float32 if array.dtype == np.float64 else np.float64)
