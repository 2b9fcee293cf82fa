"""`verify`: a NumPy layer and its PyTorch twin, each compared with the exact result to within the proven radius.

Not with each other: so a failure says which of the two is wrong. With a module that has no proven bounds the twin
itself is the measure, and the title of the report says so.
"""

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import replace
from typing import Any

import numpy as np

from numpy_impl import Network
from numpy_impl.validation import Array, check_array
from torch_ref.diagnosis.case import case_of
from torch_ref.diagnosis.explain import Observation, causes_of
from torch_ref.diagnosis.report import Report, compare
from torch_ref.pair import Example, Kind, Pair
from torch_ref.registry import pair_of
from torch_ref.results import results, torch_results
from torch_ref.right import bounds
from torch_ref.your_layer.instance import pair_for
from torch_ref.your_layer.twins import Like


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
    if isinstance(layer, Network):
        whole = _part(pair, Example(layer, {"x": inputs[0], "t": inputs[1]}))
        return _merged(title, [*_layer_by_layer(layer, *inputs), whole])
    given = example_of(pair, layer, inputs)
    if pair.kind is not Kind.NETWORK:
        given = given._replace(upstream={"dout": _uneven(deepcopy(given)) if dout is None else dout})
    return _merged(title, [_part(pair, given)])


def example_of(pair: Pair, layer: Any, inputs: Sequence[Array]) -> Example:
    """The inputs by name: x, and t of a loss or a network, else as the pair calls its inputs."""
    names = ("x", "t") if pair.kind in (Kind.LOSS, Kind.NETWORK) else pair.input_gradients
    return Example(layer, dict(zip(names, inputs, strict=False)))


def _part(pair: Pair, example: Example, prefix: str = "") -> Report:
    as_it_was = deepcopy(example)  # a broken layer might change its parameters or its input as it runs
    ours, right = results(pair, example), bounds(pair, as_it_was)
    rows = compare(ours, torch_results(pair, as_it_was), right)
    causes = {}
    for name in [row.name for row in rows if row.at_fault == "NumPy"]:
        observed = Observation(case_of(pair, as_it_was, right), ours[name], case_of(pair, example))
        causes[prefix + name] = causes_of(name, [observed])
    return Report("", tuple(replace(row, name=prefix + row.name) for row in rows), causes)


def _merged(title: str, parts: Sequence[Report]) -> Report:
    causes = {name: found for part in parts for name, found in part.causes.items() if found}
    return Report(title, tuple(row for part in parts for row in part.rows), causes)


def _layer_by_layer(net: Network, x: Array, t: Array) -> list[Report]:
    """Each layer where it stands, on what it really gets."""
    inputs = [x]
    for layer in net.layers.values():
        inputs.append(layer.forward(inputs[-1]))
    last = Example(net.last_layer, {"x": inputs[-1], "t": t}, {"dout": 1})
    parts = [_part(pair_of(net.last_layer), last, "last_layer.")]
    dout = net.last_layer.backward()
    for (name, layer), layer_input in reversed(list(zip(net.layers.items(), inputs, strict=False))):
        layer.forward(layer_input)  # it may stand in another place too
        parts.insert(0, _part(pair_of(layer), Example(layer, {"x": layer_input}, {"dout": dout}), f"{name}."))
        dout = layer.backward(dout)
    return parts


def _uneven(example: Example) -> Any:
    """An upstream gradient for these inputs: of the shape of y, or a number for a loss."""
    y = np.asarray(example.layer.forward(*example.inputs.values()))
    if y.ndim == 0:
        return 1.7
    return np.random.default_rng(0).standard_normal(y.shape).astype(y.dtype)
