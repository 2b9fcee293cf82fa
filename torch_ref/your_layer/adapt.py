"""A user's layer behind the face that the checks know: the pair's names, and results that are arrays.

All that the layer hands out passes here first: a forward that returns None is a `CheckError` that says so.
"""

import inspect
from collections.abc import Collection, Iterator, Mapping
from types import MappingProxyType, SimpleNamespace
from typing import Any

import numpy as np

from numpy_impl.validation import Array
from torch_ref import places
from torch_ref.checks.subject import CheckError, require
from torch_ref.pair import Kind
from torch_ref.your_layer.match import Places


class Adapter:
    """`layer` is the object of the class under check, `method` the one that computes its gradients.

    Attributes in `passed` are read from the layer as they are.
    """

    method = "backward"
    sizes: Mapping[str, int] = MappingProxyType({})  # that the layer was made in

    def __init__(self, layer: Any, kept_in: Places, passed: Collection[str] = ()) -> None:
        self.layer, self.kept_in, self.passed = layer, kept_in, passed
        self.params = Parameters(layer, kept_in)

    def __getattr__(self, name: str) -> Any:
        if name in self.__dict__.get("passed", ()):
            return getattr(self.layer, name)
        raise AttributeError(name)

    def _call(self, method: str, *args: Any) -> Any:
        try:
            return getattr(self.layer, method)(*args)
        except SystemExit as error:
            raise CheckError(f"{method} ends the program: it calls sys.exit", method=method) from error
        except Exception as error:
            raise CheckError(f"it raises {in_words(error)}", method=method) from error

    def _gradient(self, name: str, value: Any) -> Array:
        """The pair's gradient, from the layer's."""
        return self.kept_in[name].read(an_array(value, self.method, f"the gradient of {name}", tensor=f"d{name}"))


class LayerAdapter(Adapter):
    """With forward and backward; the gradients are left in dW, or in a mapping `grads`."""

    def forward(self, *inputs: Array) -> Array:
        return an_array(self._call("forward", *inputs), "forward", "its result", tensor="y")

    def backward(self, *upstream: Any) -> Array:
        return an_array(self._call("backward", *upstream), "backward", "dx", tensor="dx")

    @property
    def grads(self) -> dict[str, Array]:
        return {name: self._gradient(name, self._left(name)) for name in self.kept_in}

    def _left(self, name: str) -> Any:
        try:
            return places.gradient(self.layer, self.kept_in[name].name)
        except AttributeError as error:
            raise CheckError(str(error), tensor=f"d{name}") from error


class LossAdapter(LayerAdapter):
    """With forward(x, t), whose result is a number; a backward without arguments is that of a dout of 1."""

    def forward(self, *inputs: Array) -> Array:
        return a_loss(self._call("forward", *inputs), "forward", inputs[0].dtype)

    def backward(self, *upstream: Any) -> Array:
        return super().backward(*(upstream if inspect.signature(self.layer.backward).parameters else ()))


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
        """That of loss(x, t); a network that keeps the loss of the pass just made must have kept the same."""
        kept = getattr(getattr(self.layer, "last_layer", None), "loss", None)
        loss = self.loss(x, t)
        if kept is not None and not callable(kept):
            same = np.array_equal(a_loss(kept, "gradient", x.dtype), loss, equal_nan=True)
            require(same, "after gradient last_layer.loss is another than loss(x, t)", tensor="loss", method="gradient")
        return loss


METHODS = {
    Kind.LAYER: ("forward", "backward"),
    Kind.LOSS: ("forward", "backward"),
    Kind.NETWORK: ("loss", "gradient"),
}
_ADAPTERS = {Kind.LAYER: LayerAdapter, Kind.LOSS: LossAdapter, Kind.NETWORK: NetworkAdapter}


def adapted(layer: Any, kind: Kind, kept_in: Places, passed: Collection[str] = ()) -> Adapter:
    return _ADAPTERS[kind](layer, kept_in, passed)


class Parameters(Mapping[str, Array]):
    """The layer's parameters under the pair's names: its own arrays, or views of them. They can be exchanged."""

    def __init__(self, layer: Any, kept_in: Places) -> None:
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

    def __iter__(self) -> Iterator[str]:
        return iter(self._kept_in)

    def __len__(self) -> int:
        return len(self._kept_in)


def a_loss(value: Any, method: str, dtype: Any) -> Array:
    """A number of NumPy's; or Python's float, which has but one dtype."""
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
    floating = f"{what} must hold floating-point numbers, got {array.dtype}"
    require(array.dtype.kind in "fc", floating, tensor=tensor, method=method)
    return array


def _kind(value: Any) -> str:
    return "None" if value is None else f"a {type(value).__name__}"
