"""`verify`: a NumPy layer and its PyTorch twin, each compared with the exact result to within the proven radius.

They are not compared with each other, so that a failure names the wrong one. Where bounds are not proven but measured,
the twin itself is the measure, and the title of the report says so.
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
from torch_ref.families import pair_of
from torch_ref.pair import Example, Kind, Pair
from torch_ref.results import dtype_of, outputs_of, params_of, results, torch_results
from torch_ref.right import bounds
from torch_ref.your_layer.instance import pair_for
from torch_ref.your_layer.twins import Like


def verify(layer: Any, *inputs: Array, dout: Any = None, like: Like | None = None) -> Report:
    """Runs a layer or network and its twin, and compares both with the exact results.

    inputs: the arguments of forward, x, or x and t; dout: the upstream gradient, of several outputs a tuple of them; by
    default an uneven one (under an even one too many wrong gradients pass). A network is verified layer by layer, each
    on the inputs and the upstream gradient that it really gets, and as a whole. A layer of your own is compared with
    the pair or module that it is `like`: a name in the registry or in PyTorch, or an nn.Module; its parameters are
    matched by name.

    Raises TypeError for a layer that is not registered, where `like` is missing, and for x of another dtype than
    float32 and float64, unless it is an array of indices; all other bad input is refused by the layer itself.

    >>> from numpy_impl import ReLU
    >>> report = verify(ReLU(), np.array([[-1.0, 0.0, 2.0]]))
    >>> report.ok
    True
    >>> [(row.name, row.at_fault, row.numpy.share) for row in report.rows]
    [('y', '', 0.0), ('dx', '', 0.0)]
    """
    x, who = inputs[0] if inputs else None, type(layer).__name__
    are_indices = isinstance(x, np.ndarray) and x.dtype.kind in "iu"
    if not are_indices:
        _check(x)
    pair, layer = (pair_of(layer), layer) if like is None else pair_for(layer, like, inputs)
    if are_indices and pair.input_names[0] in pair.input_gradients:
        _check(x)
    given = example_of(pair, layer, inputs)
    title = f"{who} and its twin, {dtype_of(given.inputs, params_of(pair, layer))}"
    title += "" if pair.is_proven else ", by measured bounds"
    if pair.kind is Kind.NETWORK and dout is not None:
        raise TypeError(f"verify: dout is for a layer or a loss, got one for {who}")
    if isinstance(layer, Network):
        whole = _part(pair, given)  # first, for the network has words of its own for bad input
        return _merged(title, [*_layer_by_layer(layer, *inputs), whole])
    if pair.kind is not Kind.NETWORK:
        douts = dout if isinstance(dout, tuple) else (dout,)
        uneven = [_uneven(y) for y in outputs_of(pair, deepcopy(given)).values()] if dout is None else douts
        if pair.kind is Kind.LOSS:
            uneven = [float(one) if np.ndim(one) == 0 else one for one in uneven]
        given = given._replace(upstream=dict(zip(pair.upstream_names, uneven, strict=True)))
    return _merged(title, [_part(pair, given)])


def _check(x: Any) -> None:
    check_array("verify", "x", x)
    if x.dtype not in (np.float32, np.float64):
        raise TypeError(f"verify: x must be float32 or float64, got {x.dtype}")


def example_of(pair: Pair, layer: Any, inputs: Sequence[Array]) -> Example:
    """The inputs by the pair's names."""
    if len(inputs) > len(pair.input_names):
        raise TypeError(f"verify: the inputs must be {', '.join(pair.input_names)}, got {len(inputs)} arrays")
    return Example(layer, dict(zip(pair.input_names, inputs, strict=False)))


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
        given = example_of(pair_of(layer), layer, [layer_input])._replace(upstream={"dout": dout})
        parts.insert(0, _part(pair_of(layer), given, f"{name}."))
        dout = layer.backward(dout)
    return parts


def _uneven(y: Array) -> Any:
    """An upstream gradient for this output: of its shape."""
    return np.asarray(1.7 if y.ndim == 0 else np.random.default_rng(0).standard_normal(y.shape), y.dtype)
