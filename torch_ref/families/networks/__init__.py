"""Networks beside an nn.Sequential of their layers' twins, under the layers' names."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from torch import nn

import numpy_impl
from torch_ref import places
from torch_ref.families.composites.twins import links_of, module_of, no_example, rules_of
from torch_ref.families.networks.causes import causes_of
from torch_ref.families.networks.formulas import Chain
from torch_ref.pair import Example, Kind, Pair, Refusal
from torch_ref.registry import pair_of, register, register_maker
from torch_ref.results import twin_of
from torch_ref.right import options_of
from torch_ref.scenarios import Data


def pair_of_network(net: numpy_impl.Network) -> Pair:
    """The pair of a network, put together from the pairs of its layers. Raises TypeError where one has none.

    Its bounds are proven where those of all its layers are.
    """
    last = pair_of(net.last_layer)
    chain = Chain(links_of(net), last, options_of(last, net.last_layer))
    return Pair(
        type(net).__name__,
        type(net),
        module_of,
        no_example,
        kind=Kind.NETWORK,
        outputs=("loss",),
        input_gradients=(),
        parameters=rules_of(net),
        criterion=criterion_of,
        forward=chain.forward if chain.is_proven else None,
        backward=chain.backward if chain.is_proven else None,
        causes=causes_of(chain) if chain.is_proven else (),
        batches_only=True,
    )


def criterion_of(net: Any) -> nn.Module:
    """The twin of its loss."""
    return twin_of(pair_of(net.last_layer), net.last_layer)


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
        criterion=lambda _: nn.CrossEntropyLoss(),  # also of a user's network, which has no such last_layer
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
