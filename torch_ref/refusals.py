"""What every layer must refuse, whatever it computes: what is no array of the right kind, dtype and shape."""

from collections.abc import Callable
from typing import Any

import numpy as np

from numpy_impl.checks import Array
from torch_ref.pair import Example, Pair, Refusal, forward_of

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
    return [*_of_x(pair), *_of_dout(example), *pair.refusals]


def _forward(example: Example, x: Any) -> object:
    return forward_of(example.layer)(x, *example.inputs[1:])


def _of_x(pair: Pair) -> list[Refusal]:
    """With parameters, their dtype is the only one that x may have."""
    found = [Refusal(f"x: {what}", lambda e, f=f: _forward(e, f(e.inputs[0])), TypeError) for what, f in JUNK.items()]  # type: ignore[misc]
    if pair.parameters:
        found.append(Refusal("x of another dtype", lambda e: _forward(e, _in_another_dtype(e.inputs[0])), TypeError))
    return found


def _of_dout(example: Example) -> list[Refusal]:
    """A number, as a loss takes it, is left to the pair."""
    if not hasattr(example.layer, "backward"):
        return []
    early = Refusal("backward before forward", lambda e: _fresh(e).backward(e.dout), RuntimeError)
    if not isinstance(example.dout, np.ndarray):
        return [early]
    return [
        early,
        *(Refusal(f"dout: {what}", lambda e, f=f: e.layer.backward(f(e.dout)), TypeError) for what, f in JUNK.items()),  # type: ignore[misc]
        Refusal("dout of another dtype", lambda e: e.layer.backward(_in_another_dtype(e.dout)), TypeError),
        Refusal("dout that would broadcast", lambda e: e.layer.backward(e.dout[:1]), ValueError),
    ]


def _in_another_dtype(array: Array) -> Array:
    return array.astype(np.float32 if array.dtype == np.float64 else np.float64)


def _fresh(example: Example) -> Any:
    """A layer like the example's, before its first forward."""
    return type(example.layer)(*getattr(example.layer, "params", {}).values())
