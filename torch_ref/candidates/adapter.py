"""A layer of somebody else's behind the face that the checks know: the pair's names, and results that are arrays.

What the layer hands out is looked at here first: a forward that returns None is told so, by a `CheckError`.
"""

from collections.abc import Iterator, Mapping, MutableMapping
from types import MappingProxyType, SimpleNamespace
from typing import Any, NamedTuple

import numpy as np

from numpy_impl.checks import Array
from torch_ref import places
from torch_ref.subject import CheckError, require


class Place(NamedTuple):
    """Where a layer keeps a parameter of the pair: under which name of its own, and whether transposed."""

    name: str
    transposed: bool = False

    def read(self, array: Array) -> Array:
        """The pair's array, from the layer's, or the other way round."""
        return array.T if self.transposed else array


class Adapter:
    """`layer` is what was made of the class under check, `method` what computes its gradients."""

    method = "backward"
    sizes: Mapping[str, int] = MappingProxyType({})  # what it was made in

    def __init__(self, layer: Any, kept_in: Mapping[str, Place]) -> None:
        self.layer, self.kept_in = layer, kept_in
        self.params = Parameters(layer, kept_in)

    def _call(self, method: str, *args: Any) -> Any:
        try:
            return getattr(self.layer, method)(*args)
        except SystemExit as error:
            raise CheckError(f"{method} ends the program: it calls sys.exit", method=method) from error

    def _gradient(self, name: str, value: Any) -> Array:
        """A gradient of the pair's, from what the layer calls it."""
        return self.kept_in[name].read(an_array(value, self.method, f"the gradient of {name}", tensor=f"d{name}"))


class LayerAdapter(Adapter):
    """With forward and backward; the gradients are left in dW, or in a mapping `grads`."""

    _dtype: Any = None

    def forward(self, *inputs: Array) -> Array:
        self._dtype = inputs[0].dtype
        y = self._call("forward", *inputs)
        if len(inputs) > 1 and type(y) is float:  # Python has only this one
            y = np.asarray(y, self._dtype)
        return an_array(y, "forward", "its result", tensor="loss" if len(inputs) > 1 else "y")

    def backward(self, dout: Any) -> Array:
        return an_array(self._call("backward", dout), "backward", "dx", tensor="dx")

    @property
    def grads(self) -> dict[str, Array]:
        return {name: self._gradient(name, self._left(name)) for name in self.kept_in}

    def _left(self, name: str) -> Any:
        try:
            return places.gradient(self.layer, self.kept_in[name].name)
        except AttributeError as error:
            raise CheckError(str(error), tensor=f"d{name}") from error


class NetworkAdapter(Adapter):
    """With loss(x, t) and gradient(x, t), which returns the gradients by name."""

    method = "gradient"

    def loss(self, x: Array, t: Array) -> Array:
        loss = self._call("loss", x, t)
        return an_array(np.asarray(loss, x.dtype) if type(loss) is float else loss, "loss", "its result", tensor="loss")

    def gradient(self, x: Array, t: Array) -> dict[str, Array]:
        grads = self._call("gradient", x, t)
        require(isinstance(grads, Mapping), f"gradient must return a dict, got {_kind(grads)}", method="gradient")
        missing = [place.name for place in self.kept_in.values() if place.name not in grads]
        require(not missing, f"gradient must have {', '.join(missing)}, got {', '.join(grads)}", method="gradient")
        found = {name: self._gradient(name, grads[place.name]) for name, place in self.kept_in.items()}
        self.last_layer = SimpleNamespace(loss=self._loss_of(x, t))
        return found

    def _loss_of(self, x: Array, t: Array) -> Array:
        """That of the pass just made, where the network keeps it; else it is asked for."""
        kept = getattr(getattr(self.layer, "last_layer", None), "loss", None)
        if kept is None or callable(kept):
            return self.loss(x, t)
        return an_array(kept, "gradient", "the loss", tensor="loss")


def face(layer: Any, kept_in: Mapping[str, Place]) -> LayerAdapter | NetworkAdapter:
    """The one that fits: a layer has a backward."""
    return LayerAdapter(layer, kept_in) if hasattr(layer, "backward") else NetworkAdapter(layer, kept_in)


class Parameters(MutableMapping[str, Array]):
    """The layer's parameters under the pair's names: its own arrays, or views of them."""

    def __init__(self, layer: Any, kept_in: Mapping[str, Place]) -> None:
        self._layer, self._kept_in = layer, kept_in

    def __getitem__(self, name: str) -> Array:
        place = self._kept_in[name]
        return place.read(places.parameter(self._layer, place.name))

    def __setitem__(self, name: str, value: Array) -> None:
        place = self._kept_in[name]
        places.assign(self._layer, place.name, place.read(value))

    def __delitem__(self, name: str) -> None:
        raise TypeError(f"parameters: they can be exchanged but not removed, got {name!r}")

    def __iter__(self) -> Iterator[str]:
        return iter(self._kept_in)

    def __len__(self) -> int:
        return len(self._kept_in)


def an_array(value: Any, method: str, what: str, *, tensor: str) -> Array:
    """The value, if it is a plain array, or a number of NumPy's."""
    plain = type(value) is np.ndarray or isinstance(value, np.generic)
    require(plain, f"{what} must be an array, got {_kind(value)}", tensor=tensor, method=method)
    array = np.asarray(value)
    require(array.dtype.kind in "fc", f"{what} must hold numbers, got {array.dtype}", tensor=tensor, method=method)
    return array


def _kind(value: Any) -> str:
    return "None" if value is None else f"a {type(value).__name__}"
