"""Slips in putting the layers together."""

from typing import Any

import numpy as np

from mutants.catalogue import BOOK, mutant
from numpy_impl import TwoLayerNet
from numpy_impl.validation import Array

PAIR = "two_layer_net"


class Backwards(TwoLayerNet):
    """The gradient step by step, for mutants to change a step of it."""

    def gradient(self, x: Array, t: Array) -> dict[str, Array]:
        self.loss(x, t)
        dout = self.start(self.last_layer.backward())
        for name in ("Affine2", "Relu1", "Affine1"):
            dout = self.through(name, dout)
        return self._params.gradients()

    def start(self, dout: Array) -> Array:
        return dout

    def through(self, name: str, dout: Array) -> Array:
        return self.layers[name].backward(dout)


@mutant(PAIR, cause="does not pass through the ReLU on its way back")
class ReluSkippedInBackward(Backwards):
    """backward goes past the ReLU."""

    def through(self, name: str, dout: Array) -> Array:
        return dout if name == "Relu1" else super().through(name, dout)


@mutant(PAIR, cause="the ReLU is left out on the way forward")
class ReluSkippedInForward(TwoLayerNet):
    """predict goes past the ReLU, backward through it."""

    def predict(self, x: Array) -> Array:
        a = self.layers["Affine1"].forward(x)
        self.layers["Relu1"].forward(a)
        return self.layers["Affine2"].forward(a)


@mutant(PAIR, cause="starts from ones")
class StartsFromOnes(Backwards):
    """backward starts from ones, not from the gradient of the loss."""

    def start(self, dout: Array) -> Array:
        return np.ones_like(dout)


@mutant(PAIR, cause="divided by the length of the batch, once too often")
class DividesByBatchAgain(Backwards):
    """The network divides by N, as the loss has done."""

    def start(self, dout: Array) -> Array:
        return dout / dout.dtype.type(len(dout))


@mutant(PAIR, source=BOOK, cause="W1, once it is assigned, has no effect")
class RebindingIgnored(Backwards):
    """params is a dict beside the layers: params["W1"] = v changes nothing in them."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._beside = dict(super().params)

    @property
    def params(self) -> Any:
        return self._beside

    def _check(self, x: Array, t: Array) -> None:
        """As in the book."""


@mutant(PAIR, cause="under the wrong name")
class GradientsInReverse(TwoLayerNet):
    """The biases' gradients come back under each other's names."""

    def gradient(self, x: Array, t: Array) -> dict[str, Array]:
        grads = super().gradient(x, t)
        return grads | {"b1": grads["b2"], "b2": grads["b1"]}


@mutant(PAIR, cause="it adds up over calls")
class AddsUpOverBatches(TwoLayerNet):
    """gradient adds to the gradients of the call before."""

    _before: dict[str, Array] | None = None

    def gradient(self, x: Array, t: Array) -> dict[str, Array]:
        grads = super().gradient(x, t)
        if self._before is not None:
            grads = {key: self._before[key] + grad for key, grad in grads.items()}
        self._before = grads
        return grads


@mutant(PAIR, cause="it is all 0")
class BiasOfFirstLayerFrozen(TwoLayerNet):
    """b1 has no gradient."""

    def gradient(self, x: Array, t: Array) -> dict[str, Array]:
        grads = super().gradient(x, t)
        return grads | {"b1": np.zeros_like(grads["b1"])}


@mutant(PAIR, cause="by a step of SGD, learning rate 0.1")
class UpdatesWhileGoingBack(Backwards):
    """W2 is updated before the gradient goes through it to the first layer."""

    def through(self, name: str, dout: Array) -> Array:
        if name != "Affine2":
            return super().through(name, dout)
        layer: Any = self.layers[name]
        layer.backward(dout)
        return dout @ (layer.W - layer.W.dtype.type(0.1) * layer.dW).T


@mutant(PAIR, cause="it is that of the call before")
class LossOfTheBatchBefore(TwoLayerNet):
    """After gradient, last_layer.loss is the loss of the call before."""

    _loss: Any = 0.0

    def gradient(self, x: Array, t: Array) -> dict[str, Array]:
        grads = super().gradient(x, t)
        self.last_layer.loss, self._loss = self._loss, self.last_layer.loss
        return grads


@mutant(PAIR, cause="gradient changes x in place")
class NormalisesTheBatchInPlace(TwoLayerNet):
    """The mean of the batch is subtracted from the caller's x."""

    def gradient(self, x: Array, t: Array) -> dict[str, Array]:
        grads = super().gradient(x, t)
        x -= x.mean(axis=0)
        return grads
