"""Slips in putting the layers together."""

from typing import Any

import numpy as np

from numpy_impl import TwoLayerNet
from numpy_impl.validation import Array
from torch_ref.slip import BOOK, slip

PAIR = "two_layer_net"


class ByHand(TwoLayerNet):
    """Layer by layer, each by its own forward and backward, for slips to change a step of it."""

    def predict(self, x: Array) -> Array:
        for layer in self.layers.values():
            x = layer.forward(x)
        return x

    def loss(self, x: Array, t: Array) -> Any:
        self._check_batch(x)
        return self.last_layer.forward(self.predict(x), t)

    def gradient(self, x: Array, t: Array) -> dict[str, Array]:
        self.loss(x, t)
        dout = self.start(self.last_layer.backward())
        for name in ("Affine2", "Relu1", "Affine1"):
            dout = self.through(name, dout)
        first, second = self.layers["Affine1"], self.layers["Affine2"]
        return {"W1": first.dW, "b1": first.db, "W2": second.dW, "b2": second.db}

    def start(self, dout: Array) -> Array:
        return dout

    def through(self, name: str, dout: Array) -> Array:
        return self.layers[name].backward(dout)


@slip(PAIR, cause="does not pass through the ReLU on its way back")
class ReluSkippedInBackward(ByHand):
    """backward goes past the ReLU."""

    def through(self, name: str, dout: Array) -> Array:
        return dout if name == "Relu1" else super().through(name, dout)


@slip(PAIR, cause="the ReLU is left out on the way forward")
class ReluSkippedInForward(ByHand):
    """predict goes past the ReLU, backward through it."""

    def predict(self, x: Array) -> Array:
        a = self.layers["Affine1"].forward(x)
        self.layers["Relu1"].forward(a)
        return self.layers["Affine2"].forward(a)


@slip(PAIR, cause="starts from ones")
class StartsFromOnes(ByHand):
    """backward starts from ones, not from the gradient of the loss."""

    def start(self, dout: Array) -> Array:
        return np.ones_like(dout)


@slip(PAIR, cause="divided by the length of the batch, once too often")
class DividesByBatchAgain(ByHand):
    """The network divides by N, as the loss has done."""

    def start(self, dout: Array) -> Array:
        return dout / dout.dtype.type(len(dout))


@slip(PAIR, source=BOOK, cause="W1, once it is assigned, has no effect")
class RebindingIgnored(ByHand):
    """params is a dict beside the layers: params["W1"] = v changes nothing in them."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._beside = dict(super().params)

    @property
    def params(self) -> Any:
        return self._beside

    def _check_batch(self, x: Array) -> None:
        """As in the book."""


@slip(PAIR, cause="under the wrong name")
class GradientsInReverse(TwoLayerNet):
    """The biases' gradients come back under each other's names."""

    def gradient(self, x: Array, t: Array) -> dict[str, Array]:
        grads = super().gradient(x, t)
        return grads | {"b1": grads["b2"], "b2": grads["b1"]}


@slip(PAIR, cause="it adds up over calls")
class AddsUpOverBatches(TwoLayerNet):
    """gradient adds to the gradients of the call before."""

    _before: dict[str, Array] | None = None

    def gradient(self, x: Array, t: Array) -> dict[str, Array]:
        grads = super().gradient(x, t)
        if self._before is not None:
            grads = {key: self._before[key] + grad for key, grad in grads.items()}
        self._before = grads
        return grads


@slip(PAIR, cause="it is all 0")
class BiasOfFirstLayerFrozen(TwoLayerNet):
    """b1 has no gradient."""

    def gradient(self, x: Array, t: Array) -> dict[str, Array]:
        grads = super().gradient(x, t)
        return grads | {"b1": np.zeros_like(grads["b1"])}


@slip(PAIR, cause="by a step of SGD, learning rate 0.1")
class UpdatesWhileGoingBack(ByHand):
    """W2 is updated before the gradient goes through it to the first layer."""

    def through(self, name: str, dout: Array) -> Array:
        dx = super().through(name, dout)
        if name != "Affine2":
            return dx
        layer = self.layers[name]
        return dout @ (layer.W - layer.W.dtype.type(0.1) * layer.dW).T


@slip(PAIR, cause="it is that of the call before")
class LossOfTheBatchBefore(TwoLayerNet):
    """After gradient, last_layer.loss is the loss of the call before."""

    _loss: Any = 0.0

    def gradient(self, x: Array, t: Array) -> dict[str, Array]:
        grads = super().gradient(x, t)
        self.last_layer.loss, self._loss = self._loss, self.last_layer.loss
        return grads


@slip(PAIR, cause="gradient changes x in place")
class NormalisesTheBatchInPlace(TwoLayerNet):
    """The mean of the batch is subtracted from the caller's x."""

    def gradient(self, x: Array, t: Array) -> dict[str, Array]:
        grads = super().gradient(x, t)
        x -= x.mean(axis=0)
        return grads
