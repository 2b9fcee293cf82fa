"""`verify`: a NumPy layer and its PyTorch twin, each compared with the exact result to within the proven radius.

Not with each other: so a failure says which of the two is wrong. With a module that has no proven bounds the twin
itself is the measure, and the title of the report says so.
"""

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import replace
from typing import Any

import numpy as np

from numpy_impl import TwoLayerNet
from numpy_impl.checks import Array, check_array
from torch_ref.candidates.instance import pair_for
from torch_ref.candidates.twins import Like
from torch_ref.comparison import Report, compare
from torch_ref.diagnosis import Observation, causes_of
from torch_ref.pair import Example, Pair, case_of
from torch_ref.pairs import pair_of


def verify(layer: Any, *inputs: Array, dout: Any = None, like: Like | None = None) -> Report:
    """Runs a layer or network and its twin, and compares both with the exact results.

    inputs: what forward takes, x, or x and t; dout: the upstream gradient, by default an uneven one (under an even one
    too many wrong gradients pass). A network is verified layer by layer, each on the inputs and the upstream gradient
    that it really gets, and as a whole. A layer of your own is compared with what it is `like`: a pair of the registry
    or a module of PyTorch by its name, or an nn.Module; its parameters are matched by name.

    Raises TypeError for a layer that is not registered, if it is not said what it is like, and for x of another dtype
    than float32 and float64; whatever else the layer refuses, it refuses as ever.

    >>> from numpy_impl import ReLU
    >>> report = verify(ReLU(), np.array([[-1.0, 0.0, 2.0]]))
    >>> report.ok
    True
    >>> [(row.name, row.at_fault, row.numpy.share) for row in report.rows]
    [('y', '', 0.0), ('dx', '', 0.0)]
    """
    check_array("verify", "x", inputs[0] if inputs else None)
    if inputs[0].dtype not in (np.float32, np.float64):
        raise TypeError(f"verify: x must be float32 or float64, got {inputs[0].dtype}")
    title = f"{type(layer).__name__} and its twin, {inputs[0].dtype}"
    pair, layer = (pair_of(layer), layer) if like is None else pair_for(layer, like, inputs)
    title += "" if pair.is_proven else ", by measured bounds"
    if isinstance(layer, TwoLayerNet):
        whole = _part(pair, Example(layer, inputs, 1))
        return _merged(title, [*_layer_by_layer(layer, *inputs), whole])
    if dout is None:
        dout = _uneven(deepcopy(layer), *deepcopy(inputs)) if hasattr(layer, "backward") else 1
    return _merged(title, [_part(pair, Example(layer, inputs, dout))])


def _part(pair: Pair, example: Example, prefix: str = "") -> Report:
    as_it_was = deepcopy(example)  # a broken layer might change its parameters or its input as it runs
    ours, bounds = pair.results(example), pair.bounds(as_it_was)
    rows = compare(ours, pair.torch_results(as_it_was), bounds)
    causes = {}
    for name in [row.name for row in rows if row.at_fault == "NumPy"]:
        observed = Observation(case_of(pair, as_it_was, bounds), ours[name], case_of(pair, example))
        causes[prefix + name] = causes_of(name, [observed])
    return Report("", tuple(replace(row, name=prefix + row.name) for row in rows), causes)


def _merged(title: str, parts: Sequence[Report]) -> Report:
    causes = {name: found for part in parts for name, found in part.causes.items() if found}
    return Report(title, tuple(row for part in parts for row in part.rows), causes)


def _layer_by_layer(net: TwoLayerNet, x: Array, t: Array) -> list[Report]:
    """Each layer where it stands, on what it really gets."""
    names, layers, inputs = list(net.layers), list(net.layers.values()), [x]
    for layer in layers:
        inputs.append(layer.forward(inputs[-1]))
    last = Example(net.last_layer, (inputs[-1], t), 1)
    parts = [_part(pair_of(net.last_layer), last, "last_layer.")]
    dout = net.last_layer.backward()
    for name, layer, layer_input in reversed(list(zip(names, layers, inputs, strict=False))):
        parts.insert(0, _part(pair_of(layer), Example(layer, (layer_input,), dout), f"{name}."))
        dout = layer.backward(dout)
    return parts


def _uneven(layer: Any, *inputs: Array) -> Any:
    """An upstream gradient for these inputs: of the shape of y, or a number for a loss."""
    y = np.asarray(layer.forward(*inputs))
    if y.ndim == 0:
        return 1.7
    return np.random.default_rng(0).standard_normal(y.shape).astype(y.dtype)
