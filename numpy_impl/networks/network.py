"""A network: the chain of its layers forward, and back along the tape. No mathematics of its own."""

from collections.abc import Mapping
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from numpy_impl.differences import numerical_gradient
from numpy_impl.functions import ieee_arithmetic
from numpy_impl.layer import is_pure
from numpy_impl.networks.parameters import Gradients, Parameters
from numpy_impl.validation import Array


class Step(NamedTuple):
    """A layer in one pass: its result, and what its `_backward` needs. A layer that is not pure keeps that itself."""

    layer: Any
    is_pure: bool
    y: Any
    cache: Any = None

    def back(self, dout: Array) -> tuple[Any, dict[str, Array]]:
        """dx, and the gradients of the parameters."""
        if self.is_pure:
            return self.layer._backward(dout, self.cache)
        dx = self.layer.backward(dout)
        return dx, {name: getattr(self.layer, f"d{name}") for name in getattr(self.layer, "parameter_names", ())}

    def gradients(self, dout: Array) -> dict[str, Array]:
        """The latter alone."""
        return self.layer._gradients(dout, self.cache) if self.is_pure else self.back(dout)[1]


class Network:
    """Layers one after another, and a loss at the end: a function of x, of the targets t and of all parameters.

    `layers` maps names to layers, in the order of forward; one layer may stand in several places, and its gradients add
    up. `params` maps names to the layers' own arrays: "Affine1.W", each once, or as `names` says,
    {"W1": "Affine1.W", ...}.

    A pass calls the pure functions of the layers and keeps their caches on a tape, which ends with it: kept alive, the
    arrays would cost a tenth of a step. What it leaves behind are the gradients, in the layers too, the loss, and what
    layers keep to be read, such as a mask. A layer with a forward or backward of its own is called by these.
    x is never copied. Input that a layer refuses is refused in the network's name, before anything has changed.
    """

    def __init__(self, layers: Mapping[str, Any], last_layer: Any, names: Mapping[str, str] | None = None) -> None:
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
        self._check_batch(x)
        y, tape = self._forward(x)
        end = self._end(y, t)
        self._keep(tape, end)
        return end.y

    @ieee_arithmetic
    def accuracy(self, x: Array, t: Array) -> float:
        """The share of samples whose largest logit is at the label (in rows of t: at the largest entry)."""
        self._check_batch(x)
        y, _ = self._forward(x)
        if is_pure(self.last_layer):
            self.last_layer._check(self, y, t)
        labels = t if t.ndim < y.ndim else t.argmax(axis=-1)
        return float((y.argmax(axis=-1) == labels).mean())

    @ieee_arithmetic
    def gradient(self, x: Array, t: Array) -> dict[str, Array]:
        """∂L/∂p for each parameter p, by back-propagation; the loss of this pass is then in `last_layer.loss`."""
        self._check_batch(x)
        y, tape = self._forward(x)
        end = self._end(y, t)
        gradients = self._backward(tape, end)
        self._keep(tape, end)
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

    def _forward(self, x: Array) -> tuple[Array, list[Step]]:
        tape: list[Step] = []
        for layer in self.layers.values():
            if is_pure(layer):
                layer._check(layer if tape else self, x)
                step = Step(layer, True, *layer._forward(x))
            else:
                step = Step(layer, False, layer.forward(x))
            tape.append(step)
            x = step.y
        return x, tape

    def _end(self, y: Array, t: Array) -> Step:
        """The loss of what the layers give."""
        if not is_pure(self.last_layer):
            return Step(self.last_layer, False, self.last_layer.forward(y, t))
        self.last_layer._check(self, y, t)
        return Step(self.last_layer, True, *self.last_layer._forward(y, t.copy()))

    def _backward(self, tape: list[Step], end: Step) -> Gradients:
        gradients = Gradients()
        dout: Any = end.layer._backward(1, end.cache)[0] if end.is_pure else end.layer.backward()
        first, *others = tape
        for step in reversed(others):
            dout, of_layer = step.back(dout)
            gradients.add(step.layer, of_layer)
        gradients.add(first.layer, first.gradients(dout))
        return gradients

    def _keep(self, tape: list[Step], end: Step | None = None) -> None:
        """The loss layer keeps the pass as it would one of its own: its probabilities and targets are small."""
        for step in tape:
            if step.is_pure:
                step.layer._keep(step.y, step.cache)
        if end and end.is_pure:
            end.layer._remember(end.y, end.cache)

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
