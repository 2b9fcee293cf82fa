"""What the adapters of a user's layer, loss and network have in common.

All that the layer hands out passes here first: a forward that returns None is a `CheckError` that says so. Results of
another floating-point dtype are rounded to that of the input, and the dtype is noted.
"""

from collections.abc import Collection, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np

from numpy_impl.validation import Array
from torch_ref.checks.check_error import RaisedError, require
from torch_ref.diagnosis.severity import Severity
from torch_ref.pair import Kind
from torch_ref.your_layer.locate import in_words
from torch_ref.your_layer.match import Places
from torch_ref.your_layer.methods import NAMES, method_of
from torch_ref.your_layer.own_parameters import Parameters
from torch_ref.your_layer.surroundings import put_back

Notes = dict[str, Severity]  # what is to be said of a layer, in sentences
FEATURES_FIRST = "features come first: x is (D, N), where PyTorch's is (N, D)"
CHANNELS_LAST = "channels come last: x is (N, H, W, C), where PyTorch's is (N, C, H, W)"
ONE_SAMPLE = "it takes one sample at a time: a batch of one is all that it is tried on"
OWN_STEP = "backward takes its own step: the gradients are read off it"
OF_EACH = "forward returns the loss of each sample: it is their mean that is compared"


class Interface(NamedTuple):
    """How a layer is called, in the pair's names. Attributes in `passed` are read from the layer as they are.

    One that `draws` gets the same random numbers in each forward.
    """

    kind: Kind
    input_gradients: Sequence[str] = ("x",)
    outputs: Sequence[str] = ("y",)
    passed: Collection[str] = ()
    draws: bool = False


class Adapter:
    """`layer` is the object of the class under check. `returned` has the dtype of each result."""

    sizes: Mapping[str, int] = MappingProxyType({})  # that the layer was made in
    is_training = True

    def __init__(self, layer: Any, kept_in: Places, interface: Interface, notes: Notes | None = None) -> None:
        self.layer, self.kept_in, self.interface = layer, kept_in, interface
        self.params = Parameters(layer, kept_in)
        self.returned: dict[str, Any] = {}
        self.inputs: list[Array] = []
        self.dtype: Any = np.dtype(float)
        self.notes = {} if notes is None else notes
        self._forward, self._backward = (method_of(type(layer), names) for names in NAMES[interface.kind])

    def __getattr__(self, name: str) -> Any:
        if "interface" in self.__dict__ and name in self.interface.passed:
            return getattr(self.layer, name)
        raise AttributeError(name)

    def _given(self, inputs: Sequence[Any]) -> None:
        self.inputs = [np.array(one) for one in inputs]  # for a backward that is given them once more
        numbers = (*inputs, *(self.params.values() if self.kept_in else ()))  # ids say nothing of it
        self.dtype = next(
            (one.dtype for one in numbers if getattr(one, "dtype", np.dtype(int)).kind in "fc"), self.dtype
        )

    def _call(self, method: str, *args: Any, says: str = "") -> Any:
        says = says or ("backward" if method == self._backward else "forward")
        try:
            with put_back(self.notes):
                return getattr(self.layer, method)(*args)
        except SystemExit as error:
            raise RaisedError(f"{method} ends the program: it calls sys.exit", method=says) from error
        except Exception as error:
            raise RaisedError(f"it raises {in_words(error)}", method=says) from error

    def _array(self, value: Any, method: str, what: str, tensor: str) -> Array:
        """The value in the dtype of the input, if it is an array, or a number."""
        plain = type(value) is np.ndarray or isinstance(value, np.generic)
        require(plain, f"{what} must be an array, got {kind_of(value)}", tensor=tensor, method=method)
        array = np.asarray(value)
        floating = f"{what} must hold floating-point numbers, got {array.dtype}"
        require(array.dtype.kind in "fc", floating, tensor=tensor, method=method)
        self.returned[tensor] = array.dtype
        return array if array.dtype == self.dtype else array.astype(self.dtype)

    def _gradient(self, name: str, value: Any) -> Array:
        """The pair's gradient, from the layer's."""
        array = self._array(value, self._backward or "loss", f"the gradient of {name}", f"d{name}")
        return self.kept_in[name].of_pair(array)


def turned(array: Any, notes: Collection[str], *, back: bool = False) -> Any:
    """An array of data from PyTorch's order of axes into that of the layer, or back; the same one where they agree."""
    if FEATURES_FIRST in notes and np.ndim(array) == 2:
        return array.T.copy()
    if CHANNELS_LAST in notes and np.ndim(array) == 4:
        return np.moveaxis(array, -1, 1).copy() if back else np.moveaxis(array, 1, -1).copy()
    return array


def a_loss(adapter: Adapter, value: Any, method: str = "forward") -> Array:
    """A number of NumPy's, or an array of one; or Python's float, which has but one dtype; or one of each sample."""
    samples = len(adapter.inputs[0]) if adapter.inputs and np.ndim(adapter.inputs[0]) else 0
    if isinstance(value, np.ndarray) and value.size == 1:
        value = value.reshape(())
    elif isinstance(value, np.ndarray) and value.shape in ((samples,), (samples, 1)) and value.dtype.kind == "f":
        adapter.notes[OF_EACH] = Severity.CONVENTION
        value = value.mean()
    return adapter._array(
        np.asarray(value, adapter.dtype) if type(value) is float else value, method, "the loss", "loss"
    )


def kind_of(value: Any) -> str:
    return "None" if value is None else f"a {type(value).__name__}"
