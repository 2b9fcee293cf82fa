"""Networks beside an nn.Sequential of their layers' twins, under the layers' names."""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from torch import nn

import numpy_impl
from torch_ref import places
from torch_ref.families.networks.causes import causes_of
from torch_ref.families.networks.formulas import Chain, Link
from torch_ref.pair import Example, Kind, Pair, Refusal
from torch_ref.registry import pair_of, register, register_maker
from torch_ref.results import twin_of
from torch_ref.right import options_of
from torch_ref.scenarios import Data


def pair_of_network(net: numpy_impl.Network) -> Pair:
    """The pair of a network, put together from the pairs of its layers. Raises TypeError where one has none.

    Its bounds are proven where those of all its layers are.
    """
    pairs = {place: pair_of(layer) for place, layer in net.layers.items()}
    names: dict[int, dict[str, str]] = {}  # of each layer, which may stand in two places
    rules = {}
    for key, (place, own) in net.params.places.items():
        names.setdefault(id(net.layers[place]), {})[own] = key
        rules[key] = within(place, pairs[place].parameters[own])
    links = [
        Link(place, pairs[place], names.get(id(layer), {}), options_of(pairs[place], layer))
        for place, layer in net.layers.items()
    ]
    chain = Chain(links, pair_of(net.last_layer))
    is_proven = all(pair.is_proven for pair in (*pairs.values(), chain.last))
    return Pair(
        type(net).__name__,
        type(net),
        module_of,
        no_example,
        kind=Kind.NETWORK,
        outputs=("loss",),
        input_gradients=(),
        parameters=rules,
        forward=chain.forward if is_proven else None,
        backward=chain.backward if is_proven else None,
        causes=causes_of(chain) if is_proven else (),
        batches_only=True,
    )


def module_of(net: Any) -> nn.Module:
    """A layer that stands in two places has one twin, in both."""
    twins = {id(layer): twin_of(pair_of(layer), layer) for layer in net.layers.values()}
    return nn.Sequential(OrderedDict((name, twins[id(layer)]) for name, layer in net.layers.items()))


def within(place: str, rule: str) -> str:
    """The rule of a layer's parameter, as one of the network's."""
    for sign in "+|":
        rule = f"{sign}{place}.".join(rule.split(sign))
    return f"{place}.{rule}"


def no_example(*_: Any) -> Any:
    raise NotImplementedError("a network that exists has no other data than it is given")


def example(cls: Callable[..., Any], data: Data) -> Example:
    net = cls(data.D, data.H, data.C, rng=0, dtype=data.wide)
    x, t = data.x(), data.labels()
    for name, values in {
        "W1": data.weights(data.D, data.H),
        "b1": data.biases(data.H),
        "W2": data.weights(data.H, data.C),
        "b2": data.biases(data.C),
    }.items():
        places.put(net, name, values)
    return Example(net, {"x": x, "t": t})


def _of_batch(what: str, change: Callable[[Any, Any], tuple[Any, Any]], error: type[Exception]) -> Refusal:
    return Refusal(what, lambda e: e.layer.gradient(*change(*e.inputs.values())), error)


register_maker(numpy_impl.Network, pair_of_network)
TWO_LAYER_NET = register(
    replace(
        pair_of_network(numpy_impl.TwoLayerNet(5, 3, 4)),
        name="two_layer_net",
        twin_name="TwoLayerNet",
        module=lambda net: module_of(numpy_impl.TwoLayerNet(*(len(net.params[name]) for name in ("W1", "b1", "b2")))),
        example=example,
        refusals=(
            _of_batch("x with a feature less", lambda x, t: (x[:, 1:], t), ValueError),
            _of_batch("a label of C", lambda x, t: (x, t + 4), ValueError),
            _of_batch("t of another batch", lambda x, t: (x, t[1:]), ValueError),
            Refusal("W1 of another shape", lambda e: e.layer.params.__setitem__("W1", e.inputs["x"]), ValueError),
            Refusal("b2 that is a list", lambda e: e.layer.params.__setitem__("b2", [0.0] * 4), TypeError),
        ),
    )
)
