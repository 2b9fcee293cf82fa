"""A network: the chain of its layers forward, and back along the tape. No mathematics of its own."""

from collections.abc import Mapping
from functools import partial
from typing import Any, TypeAlias

import numpy as np

from numpy_impl.differences import numerical_gradient
from numpy_impl.functions import ieee_arithmetic
from numpy_impl.networks.own_layer import check_layer, pure, pure_loss
from numpy_impl.networks.parameters import Gradients, Parameters
from numpy_impl.validation import Array, check_batch, check_mapping, check_targets

Tape: TypeAlias = list[tuple[Any, Any, Any]]  # (the layer, it or its OwnLayer, its cache), in the order of forward


class Network:
    """Layers one after another, and a loss at the end: a function of x, of the targets t and of all parameters.

    `layers` maps names to layers, in the order of forward; one layer may stand in several places, and its gradients add
    up. `params` maps names to the layers' own arrays: "Affine1.W", each once, or as `names` says,
    {"W1": "Affine1.W", ...}.

    A pass calls the pure functions of the layers and keeps their caches in a list, the tape, which it drops at its
    end: kept alive, the arrays would cost a tenth of a step. So, unlike in the book, `backward` of a layer cannot
    follow `loss` of the network. A pass leaves behind the gradients, in the layers too, the loss, and what layers keep
    to be read, such as a mask. A layer with a forward or backward of its own is called by these. x is never copied.
    Bad x and t are refused in the network's name, before anything has changed.
    """

    def __init__(self, layers: Mapping[str, Any], last_layer: Any, names: Mapping[str, str] | None = None) -> None:
        check_mapping(self, "layers", layers)
        for name, layer in (*layers.items(), ("last_layer", last_layer)):
            check_layer(self, name, layer)
        if not layers:
            raise ValueError(f"{type(self).__name__}: layers must hold one layer or more, got none")
        self.layers, self.last_layer = dict(layers), last_layer
        self._params = Parameters(self, names)

    @property
    def params(self) -> Parameters:
        """The parameters by name: the layers' own arrays."""
        return self._params

    @ieee_arithmetic
    def predict(self, x: Array) -> Array:
        """What the last layer before the loss gives: of a classifier the logits, before softmax."""
        y, tape = self._forward(x)
        self._keep(tape)
        return np.array(y)

    @ieee_arithmetic
    def loss(self, x: Array, t: Array) -> Any:
        """The mean loss of the batch."""
        loss, tape, (end, cache) = self._pass(x, t)
        self._keep(tape)
        end._remember(loss, cache)
        return loss

    @ieee_arithmetic
    def accuracy(self, x: Array, t: Array) -> float:
        """The share of samples whose largest logit is at the label (in rows of t: at the largest entry)."""
        self._check_batch(x)
        y, _ = self._forward(x)
        check_batch(self, "the logits", y)
        check_targets(self, t, y.shape, y.dtype)
        labels = t if t.ndim < y.ndim else t.argmax(axis=-1)
        return float((y.argmax(axis=-1) == labels).mean())

    @ieee_arithmetic
    def gradient(self, x: Array, t: Array) -> dict[str, Array]:
        """∂L/∂W, ∂L/∂b, ... of each layer, by back-propagation; the loss of this pass is then in `last_layer.loss`."""
        loss, tape, (end, cache) = self._pass(x, t)
        dout, _ = end._backward(1, cache)
        gradients = self._backward(tape, dout)
        self._keep(tape)
        end._remember(loss, cache)
        return self._params.set_gradients(gradients)

    @ieee_arithmetic
    def numerical_gradient(self, x: Array, t: Array) -> dict[str, Array]:
        """∂L/∂p for each parameter p, by central differences: two forward passes an entry, no backward.

        To check `gradient` with it, take a float64 network: in float32 the step is as large as the pre-activations of
        small weights, and a difference across the kink of a ReLU is no derivative.
        """
        losses = {key: partial(self._loss_at, key, x, t) for key in self.params}
        self.loss(x, t)
        gradients = {key: numerical_gradient(losses[key], p) for key, p in self.params.items()}
        self.loss(x, t)  # what it leaves behind is that of these parameters
        return gradients

    def _pass(self, x: Array, t: Array) -> tuple[Any, Tape, tuple[Any, Any]]:
        """The loss, the tape of the layers, and the layer of the loss with its cache."""
        self._check_batch(x)
        y, tape = self._forward(x)
        end = pure_loss(self.last_layer)
        end._check(self, y, t)
        loss, cache = end._forward(y, np.array(t))
        return loss, tape, (end, cache)

    def _forward(self, x: Array) -> tuple[Array, Tape]:
        tape: Tape = []
        for layer in self.layers.values():
            pure_layer = pure(layer)
            pure_layer._check(pure_layer if tape else self, x)
            x, cache = pure_layer._forward(x)
            tape.append((layer, pure_layer, cache))
        return x, tape

    def _backward(self, tape: Tape, dout: Array) -> Gradients:
        gradients = Gradients()
        for layer, pure_layer, cache in reversed(tape[1:]):
            dout, of_layer = pure_layer._backward(dout, cache)
            gradients.add(layer, of_layer)
        first, pure_layer, cache = tape[0]  # whose x is data
        if pure_layer.has_gradients:
            gradients.add(first, pure_layer._gradients(dout, cache))
        else:
            gradients.add(first, pure_layer._backward(dout, cache)[1])
        return gradients

    def _keep(self, tape: Tape) -> None:
        for _, pure_layer, cache in tape:
            pure_layer._keep(cache)

    def _loss_at(self, key: str, x: Array, t: Array, value: Array) -> Any:
        """The loss with this value of one parameter, which may be a copy of it where the parameter is read-only."""
        kept = self.params[key]
        self.params[key] = value
        try:
            return self.loss(x, t)
        finally:
            self.params[key] = kept

    def _check_batch(self, x: Array) -> None:
        """Refuses what no layer would."""
