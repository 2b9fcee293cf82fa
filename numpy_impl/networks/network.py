"""A network: a chain of layers, and a loss at its end. No mathematics of its own."""

from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np

from numpy_impl.chain.chain import Chain, Tape
from numpy_impl.chain.own_layer import check_layer, is_pure, pure_loss
from numpy_impl.differences import numerical_gradient
from numpy_impl.functions import ieee_arithmetic
from numpy_impl.layer import Loss
from numpy_impl.validation import Array, check_batch, check_mapping, check_targets


class Network(Chain):
    """Layers one after another, and a loss at the end: a function of x, of the targets t and of all parameters.

    `layers` maps names to layers, in the order of forward; one layer may stand in several places, and its gradients add
    up. A layer may be made of layers itself, a Sequential or Residual. `params` maps names to the layers' own arrays,
    each once: "Affine1.W", "Block1.Affine1.W", or as `names` says, {"W1": "Affine1.W", ...}.

    A pass calls the pure functions of the layers and keeps their caches in a list, the tape, which it drops at its
    end: kept alive, the arrays would cost a tenth of a step. So, unlike in the book, `backward` of a layer cannot
    follow `loss` of the network. A pass leaves behind the gradients, in the layers too, the loss, and what layers keep
    to be read or for later passes: masks, running statistics. A layer with a forward or backward of its own is called
    by these. x is never copied. Bad x and t are refused in the network's name, before anything has changed.

    predict, loss, accuracy and gradient follow `training`, which is that of all layers, True at first.
    """

    def __init__(self, layers: Mapping[str, Any], last_layer: Any, names: Mapping[str, str] | None = None) -> None:
        check_mapping(self, "layers", layers)
        super().__init__(layers, names)
        check_layer(self, "last_layer", last_layer)
        if is_pure(last_layer) and not isinstance(last_layer, Loss):
            raise TypeError(f"{type(self).__name__}: last_layer must be a loss, got {type(last_layer).__name__}")
        self.last_layer = last_layer

    @ieee_arithmetic
    def predict(self, x: Array) -> Array:
        """What the last layer before the loss gives: of a classifier the logits, before softmax."""
        self._check(self, x)
        with self._unless_refused():
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
        """The share of samples whose largest logit is at the label (in rows of t: at the largest entry).

        Labels that the loss ignores do not count.
        """
        self._check_batch(x)
        self._check(self, x)
        ignored = getattr(self.last_layer, "ignore_index", None)
        with self._unless_refused():
            y, tape = self._forward(x)
            check_batch(self, "the logits", y)
            check_targets(self, t, y.shape, y.dtype, ignored)
        self._keep(tape)
        is_index = t.ndim < y.ndim
        hits = y.argmax(axis=-1) == (t if is_index else t.argmax(axis=-1))
        return float(hits[t != ignored].mean() if is_index and ignored is not None else hits.mean())

    @ieee_arithmetic
    def gradient(self, x: Array, t: Array) -> dict[str, Array]:
        """∂L/∂W, ∂L/∂b, ... of each layer, by back-propagation; the loss of this pass is then in `last_layer.loss`."""
        loss, tape, (end, cache) = self._pass(x, t)
        dout, _ = end._backward(1, cache)
        gradients = self._gradients(dout, tape)
        self._keep(tape)
        end._remember(loss, cache)
        self._params.set_gradients(gradients)
        return gradients

    @ieee_arithmetic
    def numerical_gradient(self, x: Array, t: Array) -> dict[str, Array]:
        """∂L/∂p for each parameter p, by central differences: two forward passes an entry, no backward.

        To check `gradient` with it, take a float64 network: in float32 the step is as large as the pre-activations of
        small weights, and a difference across the kink of a ReLU is no derivative.
        """
        state = self.state
        losses = {key: partial(self._loss_at, state, key, x, t) for key in self.params}
        self.loss(x, t)
        gradients = {key: numerical_gradient(losses[key], p) for key, p in self.params.items()}
        self.state = state
        self.loss(x, t)  # what it leaves behind is that of these parameters
        return gradients

    def _pass(self, x: Array, t: Array) -> tuple[Any, Tape, tuple[Any, Any]]:
        """The loss, the tape of the layers, and the layer of the loss with its cache."""
        self._check_batch(x)
        self._check(self, x)
        end = pure_loss(self.last_layer)
        with self._unless_refused():
            y, tape = self._forward(x)
            end._check(self, y, t)
            loss, cache = end._forward(y, np.array(t))
        return loss, tape, (end, cache)

    def _loss_at(self, state: dict[str, Any], key: str, x: Array, t: Array, value: Array) -> Any:
        """The loss with this value of one parameter, which may be a copy of it where the parameter is read-only.

        From the same state each time: all passes must have the same masks of dropout.
        """
        self.state = state
        kept = self.params[key]
        self.params[key] = value
        try:
            return self.loss(x, t)
        finally:
            self.params[key] = kept

    def _check_batch(self, x: Array) -> None:
        """Refuses what no layer would."""
