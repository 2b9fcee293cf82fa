"""A layer of somebody else's behind the face that the checks know: the pair's names, and results that are arrays.

What the layer hands out is looked at here first: a forward that returns None is told so, by a `CheckError`.
"""

import inspect
from collections.abc import Iterator, Mapping, MutableMapping
from types import MappingProxyType, SimpleNamespace
from typing import Any, NamedTuple

import numpy as np

from numpy_impl.validation import Array
from torch_ref import places
from torch_ref.checks.subject import CheckError, require


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
        except Exception as error:
            raise CheckError(f"it raises {in_words(error)}", method=method) from error

    def _gradient(self, name: str, value: Any) -> Array:
        """A gradient of the pair's, from what the layer calls it."""
        return self.kept_in[name].read(an_array(value, self.method, f"the gradient of {name}", tensor=f"d{name}"))


class LayerAdapter(Adapter):
    """With forward and backward; the gradients are left in dW, or in a mapping `grads`."""

    def forward(self, *inputs: Array) -> Array:
        y = self._call("forward", *inputs)
        if len(inputs) > 1:
            return a_loss(y, "forward", inputs[0].dtype)
        return an_array(y, "forward", "its result", tensor="y")

    def backward(self, dout: Any) -> Array:
        """A loss may have a backward that takes no dout: it is that of a dout of 1."""
        given = [dout] if np.ndim(dout) or _takes_arguments(self.layer.backward) else []
        return an_array(self._call("backward", *given), "backward", "dx", tensor="dx")

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
        return a_loss(self._call("loss", x, t), "loss", x.dtype)

    def gradient(self, x: Array, t: Array) -> dict[str, Array]:
        grads = self._call("gradient", x, t)
        require(isinstance(grads, Mapping), f"gradient must return a dict, got {_kind(grads)}", method="gradient")
        missing = [place.name for place in self.kept_in.values() if place.name not in grads]
        require(not missing, f"gradient must have {', '.join(missing)}, got {', '.join(grads)}", method="gradient")
        found = {name: self._gradient(name, grads[place.name]) for name, place in self.kept_in.items()}
        self.last_layer = SimpleNamespace(loss=self._loss_after_gradient(x, t))
        return found

    def _loss_after_gradient(self, x: Array, t: Array) -> Array:
        """That of loss(x, t); where the network keeps the loss of the pass just made, it must be the same."""
        kept = getattr(getattr(self.layer, "last_layer", None), "loss", None)
        loss = self.loss(x, t)
        if kept is not None and not callable(kept):
            same = np.array_equal(a_loss(kept, "gradient", x.dtype), loss, equal_nan=True)
            require(same, "after gradient last_layer.loss is another than loss(x, t)", tensor="loss", method="gradient")
        return loss


def _takes_arguments(method: Any) -> bool:
    return bool(inspect.signature(method).parameters)


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
        try:
            places.assign(self._layer, place.name, place.read(value))
        except Exception as error:
            refused = f"it refuses a {value.dtype} array of shape {value.shape} as its parameter {place.name}"
            raise CheckError(f"{refused}: {in_words(error)}", method="forward") from error

    def __delitem__(self, name: str) -> None:
        raise TypeError(f"parameters: they can be exchanged but not removed, got {name!r}")

    def __iter__(self) -> Iterator[str]:
        return iter(self._kept_in)

    def __len__(self) -> int:
        return len(self._kept_in)


def a_loss(value: Any, method: str, dtype: Any) -> Array:
    """A number of NumPy's; or one of Python's, which has only one kind of it."""
    return an_array(np.asarray(value, dtype) if type(value) is float else value, method, "the loss", tensor="loss")


def in_words(error: BaseException) -> str:
    """Its kind and the first line of its message."""
    message = str(error).split("\n", 1)[0]
    return f"{type(error).__name__}: {message}" if message else type(error).__name__


def an_array(value: Any, method: str, what: str, *, tensor: str) -> Array:
    """The value, if it is a plain array, or a number of NumPy's."""
    plain = type(value) is np.ndarray or isinstance(value, np.generic)
    require(plain, f"{what} must be an array, got {_kind(value)}", tensor=tensor, method=method)
    array = np.asarray(value)
    require(
        array.dtype.kind in "fc",
        f"{what} must hold floating-point numbers, got {array.dtype}",
        tensor=tensor,
        method=method,
    )
    return array


def _kind(value: Any) -> str:
    return "None" if value is None else f"a {type(value).__name__}"
