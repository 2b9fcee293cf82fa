"""The registry: one entry for each pair. Every check of `battery` runs on every entry, on every scenario."""

from collections.abc import Callable
from typing import Any

import numpy as np
from torch import nn

import numpy_impl
from torch_ref import layer_bounds, many_digits, modules, oracle, places
from torch_ref.causes.affine import AFFINE
from torch_ref.causes.relu import RELU
from torch_ref.causes.softmax_with_loss import SOFTMAX_WITH_LOSS
from torch_ref.causes.two_layer_net import TWO_LAYER_NET
from torch_ref.pair import Example, Pair, Refusal
from torch_ref.scenarios import Data
from torch_ref.weights import LINEAR

PAIRS: dict[str, Pair] = {}


def register(pair: Pair) -> Pair:
    """Adds an entry. Raises ValueError for a name that is taken."""
    if pair.name in PAIRS:
        raise ValueError(f"register: a pair must have a name of its own, got {pair.name!r} once more")
    PAIRS[pair.name] = pair
    return pair


def pair_of(layer: object) -> Pair:
    """The entry of a layer's class or of the class that it extends. Raises TypeError where there is none."""
    for pair in PAIRS.values():
        if isinstance(pair.layer, type) and isinstance(layer, pair.layer):
            return pair
    raise TypeError(f"pairs: the layer must be registered, with its PyTorch twin, got {type(layer).__name__}")


def twin(layer: Any, dtype: Any = np.float32) -> Any:
    """The PyTorch module that does what this layer or network does, in its dtype, with copies of its weights.

    A layer without parameters has no dtype of its own. Raises TypeError for a layer that is not registered.
    """
    return pair_of(layer).twin(layer, dtype)


# Affine


def affine(cls: Callable[..., Any], data: Data) -> Example:
    x = data.x()
    return Example(cls(data.weights(data.D, data.H), data.biases(data.H)), (x,), data.dout(*data.lead, data.H))


register(
    Pair(
        "affine",
        numpy_impl.Affine,
        lambda layer: nn.Linear(*places.parameter(layer, "W").shape),
        affine,
        layer_bounds.affine,
        layer_bounds.affine_backward,
        many_digits.affine,
        parameters=LINEAR,
        causes=AFFINE,
        refusals=(
            Refusal("x with a feature less", lambda e: e.layer.forward(e.inputs[0][..., 1:]), ValueError),
            Refusal("W of another shape", lambda e: setattr(e.layer, "W", e.layer.W[1:]), ValueError),
            Refusal("b that would broadcast", lambda e: setattr(e.layer, "b", e.layer.b[:1]), ValueError),
            Refusal("b that is a list", lambda e: setattr(e.layer, "b", e.layer.b.tolist()), TypeError),
        ),
    )
)

# ReLU

register(
    Pair(
        "relu",
        numpy_impl.ReLU,
        lambda _: nn.ReLU(),
        lambda cls, data: Example(cls(), (data.x(),), data.dout(*data.lead, data.D)),
        layer_bounds.relu,
        layer_bounds.relu_backward,
        many_digits.relu,
        causes=RELU,
    )
)

# SoftmaxWithLoss, of class indices and of rows


def loss_of(targets: str) -> Callable[..., Example]:
    return lambda cls, data: Example(cls(), (data.logits(), data.targets(targets)), data.number())


def with_targets(what: str, change: Callable[[Any], Any], error: type[Exception]) -> Refusal:
    return Refusal(what, lambda e: e.layer.forward(e.inputs[0], change(e.inputs[1])), error)


def with_logits(what: str, change: Callable[[Any], Any], error: type[Exception]) -> Refusal:
    return Refusal(what, lambda e: e.layer.forward(change(e.inputs[0]), e.inputs[1]), error)


TARGETS = (
    with_targets("t of another batch", lambda t: t[1:], ValueError),
    with_targets("t that is a list", lambda t: t.tolist(), TypeError),
    with_targets("t of objects", lambda t: t.astype(object), TypeError),
    Refusal("a sample without a batch", lambda e: e.layer.forward(*(np.asarray(a[0]) for a in e.inputs)), ValueError),
    with_logits("an empty batch", lambda x: x[:0], ValueError),
    *(
        Refusal(f"dout {dout!r}", lambda e, dout=dout: e.layer.backward(dout), error)  # type: ignore[misc]
        for dout, error in ((None, TypeError), ("1", TypeError), (1j, TypeError))
    ),
    Refusal("dout of shape (1,)", lambda e: e.layer.backward(e.inputs[0][0, :1]), ValueError),
)
LABELS = (
    *TARGETS,
    with_targets("a label of -1", lambda t: t * 0 - 1, ValueError),
    with_targets("a label of -100", lambda t: t * 0 - 100, ValueError),
    with_targets("a label of C", lambda t: t * 0 + 4, ValueError),
    with_targets("labels as a column", lambda t: t[:, None], ValueError),
    with_targets("labels as numbers", lambda t: t.astype(float), TypeError),
    with_targets("labels as truth values", lambda t: t > 0, TypeError),
)
ROWS = (
    *TARGETS,
    with_targets("rows with a class less", lambda t: t[:, 1:], ValueError),
    with_targets("rows of another float dtype", lambda t: t.astype(np.longdouble), TypeError),
)

for name, example, refusals in (
    ("softmax_with_loss", loss_of("labels"), LABELS),
    ("softmax_with_loss_rows", loss_of("rows"), ROWS),
):
    register(
        Pair(
            name,
            numpy_impl.SoftmaxWithLoss,
            lambda _: nn.CrossEntropyLoss(),
            example,
            layer_bounds.softmax_with_loss,
            layer_bounds.softmax_with_loss_backward,
            many_digits.softmax_with_loss,
            refusals=refusals,
            causes=SOFTMAX_WITH_LOSS,
            batches_only=True,
        )
    )

# TwoLayerNet


def two_layer_net(cls: Callable[..., Any], data: Data) -> Example:
    net = cls(data.D, data.H, data.C, rng=0, dtype=data.wide)
    x, t = data.x(), data.labels()
    for name, values in {
        "W1": data.weights(data.D, data.H),
        "b1": data.biases(data.H),
        "W2": data.weights(data.H, data.C),
        "b2": data.biases(data.C),
    }.items():
        places.put(net, name, values)
    return Example(net, (x, t), 1)


register(
    Pair(
        "two_layer_net",
        numpy_impl.TwoLayerNet,
        lambda net: modules.TwoLayerNet(len(net.params["W1"]), len(net.params["b1"]), len(net.params["b2"])),
        two_layer_net,
        layer_bounds.two_layer_net,
        layer_bounds.two_layer_net_backward,
        many_digits.two_layer_net,
        parameters={f"{p}{i}": f"Affine{i}.{theirs}" for i in (1, 2) for p, theirs in LINEAR.items()},
        refusals=(
            Refusal("x with a feature less", lambda e: e.layer.gradient(e.inputs[0][:, 1:], e.inputs[1]), ValueError),
            Refusal("a label of C", lambda e: e.layer.gradient(e.inputs[0], e.inputs[1] + 4), ValueError),
            Refusal("t of another batch", lambda e: e.layer.gradient(e.inputs[0], e.inputs[1][1:]), ValueError),
            Refusal("W1 of another shape", lambda e: e.layer.params.__setitem__("W1", e.inputs[0]), ValueError),
            Refusal("b2 that is a list", lambda e: e.layer.params.__setitem__("b2", [0.0] * 4), TypeError),
        ),
        causes=TWO_LAYER_NET,
        batches_only=True,
        run=lambda net, x, t, **_: oracle.backprop_network(net, x, t),
        run_twin=lambda module, x, t, **_: oracle.autograd_network(module, x, t),
    )
)
