"""Slips in putting layers together: what is left out, on the way forward or back."""

from typing import Any

from numpy_impl import Residual, Sequential
from numpy_impl.validation import Array
from torch_ref.slip import slip


@slip("residual", cause="x is not added")
class ShortcutLeftOut(Residual):
    """y = f(x), and dx is that of f: the sum is forgotten both ways."""

    def _forward(self, x: Array) -> Any:
        return super(Residual, self)._forward(x)

    def _backward(self, dout: Array, tape: Any) -> Any:
        return super(Residual, self)._backward(dout, tape)


@slip("residual", cause="x is not added")
class ShortcutLeftOutInBackward(Residual):
    """dx is that of f alone: dout does not reach x as it is."""

    def _backward(self, dout: Array, tape: Any) -> Any:
        return super(Residual, self)._backward(dout, tape)


@slip("residual", cause="dout is passed on as it is")
class OnlyTheShortcutInBackward(Residual):
    """dx = dout: what goes through the layers is not added."""

    def _backward(self, dout: Array, tape: Any) -> Any:
        return dout, super()._backward(dout, tape)[1]


@slip("residual", cause="does not pass through ReLU1")
class ResidualPassesReluBy(Residual):
    """backward goes past the ReLU."""

    def _backward(self, dout: Array, tape: Any) -> Any:
        return super()._backward(dout, [one for one in tape if one[0] is not self.layers["ReLU1"]])


@slip("residual", cause="it is half as large")
class MeanOfBoth(Residual):
    """y = (x + f(x)) / 2, the gradients those of the sum."""

    def _forward(self, x: Array) -> Any:
        y, tape = super()._forward(x)
        return y / 2, tape


@slip("residual", cause="forward changes x in place")
class AddsIntoX(Residual):
    """x += f(x): the sum is written into the caller's x, and that array is returned."""

    def forward(self, x: Array) -> Array:
        x[...] = super().forward(x)
        return x


@slip("residual", cause="it adds up over calls")
class ResidualAddsUp(Residual):
    """The gradients of the layers are added to those of the call before."""

    def _set_gradients(self, gradients: Any) -> None:
        owners = {name: self.params.owner(name) for name in gradients}
        before = {name: getattr(layer, f"d{own}") for name, (layer, own) in owners.items()}
        super()._set_gradients({n: g if before[n] is None else before[n] + g for n, g in gradients.items()})


@slip("sequential", cause="does not pass through Tanh1")
class PassesTanhBy(Sequential):
    """backward goes past the last layer."""

    def _backward(self, dout: Array, tape: Any) -> Any:
        return super()._backward(dout, tape[:-1])


@slip("sequential", cause="Tanh1 is left out on the way forward")
class LastLayerLeftOut(Sequential):
    """y is what the last layer is given; backward goes through it."""

    def _forward(self, x: Array) -> Any:
        _, tape = super()._forward(x)
        return super(Sequential, Sequential(self.layers["Affine1"]))._forward(x)[0], tape


@slip("sequential", cause="it is all 0")
class FirstBiasFrozen(Sequential):
    """The gradient of the bias is not handed on."""

    def _set_gradients(self, gradients: Any) -> None:
        super()._set_gradients(gradients | {"Affine1.b": 0 * gradients["Affine1.b"]})


@slip("sequential", cause="right for the x of the call before")
class StaleTape(Sequential):
    """The tape is that of the first forward, as long as it fits."""

    _first: Any = None

    def forward(self, x: Array) -> Array:
        y = super().forward(x)
        if self._first is None or self._first[0].shape != x.shape:
            self._first = x.copy(), self._cache
        self._cache = self._first[1]
        return y


@slip("sequential")
class RebindingIgnored(Sequential):
    """params is a dict beside the layers: params["Affine1.W"] = v changes nothing in them."""

    @property
    def params(self) -> Any:
        owners = {name: self._params.owner(name) for name in self._params}
        return {name: getattr(layer, own) for name, (layer, own) in owners.items()}

    def _set_gradients(self, gradients: Any) -> None:
        self._params.set_gradients({name: gradient.copy() for name, gradient in gradients.items()})
