"""`verify`: a NumPy layer and its PyTorch twin, each compared with the exact result to within the proven radius.

They are not compared with each other, so that a failure names the wrong one. Where bounds are not proven but measured,
the twin itself is the measure, and the title of the report says so.
"""

from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from numpy_impl import Layer, Network
from numpy_impl.chain import Chain
from numpy_impl.validation import Array, check_array
from torch_ref.bounds import Ball
from torch_ref.diagnosis.case import case_of
from torch_ref.diagnosis.explain import Observation, causes_of
from torch_ref.diagnosis.finding import finding
from torch_ref.diagnosis.report import Report, compare
from torch_ref.families import pair_of
from torch_ref.oracles.autograd import Results
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
    pair, layer = (pair_of(layer, len(inputs)), layer) if like is None else pair_for(layer, like, inputs)
    if are_indices and pair.input_names[0] in pair.input_gradients:
        _check(x)
    given = example_of(pair, layer, inputs)
    title = f"{who} and its twin, {dtype_of(given.inputs, params_of(pair, layer))}"
    title += "" if pair.is_proven else ", by measured bounds"
    if pair.kind is Kind.NETWORK and dout is not None:
        raise TypeError(f"verify: dout is for a layer or a loss, got one for {who}")
    state = state_of(layer)
    try:
        return _merged(title, _parts(pair, given, dout))
    finally:
        with_state(layer, state)


def _parts(pair: Pair, given: Example, dout: Any) -> list[Report]:
    if isinstance(given.layer, Network):
        return _of_network(pair, given)
    if pair.kind is not Kind.NETWORK:
        douts = dout if isinstance(dout, tuple) else (dout,)
        uneven = [_uneven(y) for y in outputs_of(pair, deepcopy(given)).values()] if dout is None else douts
        if pair.kind is Kind.LOSS:
            uneven = [float(one) if np.ndim(one) == 0 else one for one in uneven]
        given = given._replace(upstream=dict(zip(pair.upstream_names, uneven, strict=True)))
    return [_part(pair, given).report]


def _check(x: Any) -> None:
    check_array("verify", "x", x)
    if x.dtype not in (np.float32, np.float64):
        raise TypeError(f"verify: x must be float32 or float64, got {x.dtype}")


def example_of(pair: Pair, layer: Any, inputs: Sequence[Array]) -> Example:
    """The inputs by the pair's names."""
    if len(inputs) > len(pair.input_names):
        raise TypeError(f"verify: the inputs must be {', '.join(pair.input_names)}, got {len(inputs)} arrays")
    return Example(layer, dict(zip(pair.input_names, inputs, strict=False)))


class Part(NamedTuple):
    """The report on a layer, what NumPy computed and what is right."""

    report: Report
    ours: Results
    right: Mapping[str, Ball]


def _part(pair: Pair, example: Example, prefix: str = "") -> Part:
    as_it_was = deepcopy(example)  # a pass may change the layer's state, and a broken one its parameters or its input
    if isinstance(example.layer, Chain):
        pair = pair_of(as_it_was.layer)  # it is put together from the layers, with their states
    ours, right = results(pair, example), bounds(pair, as_it_was)
    rows = compare(ours, torch_results(pair, as_it_was), right)
    causes = {}
    for name in [row.name for row in rows if row.at_fault == "NumPy"]:
        observed = Observation(case_of(pair, as_it_was, right), ours[name], case_of(pair, example))
        causes[prefix + name] = causes_of(name, [observed])
    rows = tuple(replace(row, name=prefix + row.name) for row in rows)
    return Part(Report("", rows, causes), ours, right)


def _merged(title: str, parts: Sequence[Report]) -> Report:
    causes = {name: found for part in parts for name, found in part.causes.items() if found}
    return Report(title, tuple(row for part in parts for row in part.rows), causes)


def _of_network(pair: Pair, given: Example) -> list[Report]:
    """Each layer where it stands, and the whole.

    The bounds of the whole are composed, and grow with its depth: through batch-norm in float32 they may be wider than
    the values themselves. There NumPy's result must be within the bound of the layer that it belongs to, for what that
    layer really got.
    """
    net, state = given.layer, given.layer.state
    whole = _part(pair, given)  # first, for the network has words of its own for bad input
    with_state(net, state)
    parts = _layer_by_layer(net, *given.inputs.values())
    local = {"loss": parts["last_layer"].right["loss"]}
    for key, (place, own) in net.params.places.items():
        if [*map(id, net.layers.values())].count(id(net.layers[place])) == 1:  # or its gradients are added up
            local[f"d{key}"] = parts[place].right[f"d{own}"]
    rows = tuple(
        replace(row, numpy=finding(whole.ours[row.name], local[row.name], row.name))
        if row.name in local and _is_idle(whole.right[row.name])
        else row
        for row in whole.report.rows
    )
    return [*(part.report for part in parts.values()), replace(whole.report, rows=rows)]


def _is_idle(ball: Ball) -> bool:
    """Whether 0 would be as right as anything."""
    return not ball.radius.max(initial=0) < abs(ball.centre).max(initial=0)


def _layer_by_layer(net: Network, x: Array, t: Array) -> dict[str, Part]:
    """Each layer where it stands, on what it really gets, and from the state that it really is in."""
    state = net.state
    logits = _inputs(net, x)[0][-1]
    with_state(net, state)
    last = Example(net.last_layer, {"x": logits, "t": t}, {"dout": 1})
    loss = _part(pair_of(net.last_layer), last, "last_layer.")
    return {**_layers(net, x, net.last_layer.backward(), ""), "last_layer": loss}


def _layers(chain: Any, x: Array, dout: Array, prefix: str) -> dict[str, Part]:
    """Those of a chain, and before each that is made of layers itself these."""
    inputs, states = _inputs(chain, x)
    parts: dict[str, Part] = {}
    for (name, layer), layer_input, state in reversed(
        list(zip(chain.layers.items(), inputs[:-1], states, strict=True))
    ):
        place, inner = f"{prefix}{name}", {}
        if isinstance(layer, Chain):
            with_state(layer, state)
            inner = _layers(layer, layer_input, dout, f"{place}.")
        with_state(layer, state)
        given = example_of(pair_of(layer), layer, [layer_input])._replace(upstream={"dout": dout})
        part = _part(pair_of(layer), given, f"{place}.")  # it may stand in another place too
        parts = {**inner, place: part, **parts}
        dout = layer.backward(dout)
    return parts


def _inputs(chain: Any, x: Array) -> tuple[list[Array], list[Any]]:
    """What each layer is given, and at the end what the last one gives; and in what state each is before it."""
    found, states = [x], []
    for layer in chain.layers.values():
        states.append(state_of(layer))
        found.append(layer.forward(found[-1]))
    return found, states


def state_of(layer: Any) -> Any:
    """What its passes depend on besides its parameters; a layer of a user's has none that is known."""
    return layer.state if isinstance(layer, Layer | Network) else {}


def with_state(layer: Any, state: Any) -> None:
    if state:
        layer.state = state


def _uneven(y: Array) -> Any:
    """An upstream gradient for this output: of its shape."""
    return np.asarray(1.7 if y.ndim == 0 else np.random.default_rng(0).standard_normal(y.shape), y.dtype)
