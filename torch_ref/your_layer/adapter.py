"""What the adapters of a user's layer, loss and network have in common.

All that the layer hands out passes here first: a forward that returns None is a `CheckError` that says so. Results of
another floating-point dtype are rounded to that of the input, and the dtype is noted.
"""

from collections.abc import Collection, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np

from numpy_impl.validation import Array
from torch_ref.checks.check_error import RaisedError, require
from torch_ref.diagnosis.severity import Severity
from torch_ref.pair import Kind
from torch_ref.your_layer.locate import in_words
from torch_ref.your_layer.match import Places
from torch_ref.your_layer.methods import NAMES, method_of
from torch_ref.your_layer.own_parameters import Parameters

Notes = dict[str, Severity]  # what is to be said of a layer, in sentences
FEATURES_FIRST = "features come first: x is (D, N), where PyTorch's is (N, D)"


class Adapter:
    """`layer` is the object of the class under check.

    Attributes in `passed` are read from the layer as they are. `returned` has the dtype of each result.
    """

    kind: Kind
    sizes: Mapping[str, int] = MappingProxyType({})  # that the layer was made in

    def __init__(self, layer: Any, kept_in: Places, passed: Collection[str] = (), notes: Notes | None = None) -> None:
        self.layer, self.kept_in, self.passed = layer, kept_in, passed
        self.params = Parameters(layer, kept_in)
        self.returned: dict[str, Any] = {}
        self.dtype: Any = np.dtype(float)
        self.notes = {} if notes is None else notes
        self.is_turned = FEATURES_FIRST in self.notes
        self._forward, self._backward = (method_of(type(layer), names) for names in NAMES[self.kind])

    def __getattr__(self, name: str) -> Any:
        if name in self.__dict__.get("passed", ()):
            return getattr(self.layer, name)
        raise AttributeError(name)

    def _given(self, inputs: Sequence[Any]) -> None:
        self._inputs = [np.array(one) for one in inputs]  # for a backward that is given them once more
        self.dtype = next(
            (one.dtype for one in inputs if getattr(one, "dtype", np.dtype(int)).kind in "fc"), self.dtype
        )

    def _call(self, method: str, *args: Any, says: str = "") -> Any:
        says = says or ("backward" if method == self._backward else "forward")
        try:
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


def a_loss(adapter: Adapter, value: Any, method: str = "forward") -> Array:
    """A number of NumPy's, or an array of one; or Python's float, which has but one dtype."""
    if isinstance(value, np.ndarray) and value.size == 1:
        value = value.reshape(())
    return adapter._array(
        np.asarray(value, adapter.dtype) if type(value) is float else value, method, "the loss", "loss"
    )


def kind_of(value: Any) -> str:
    return "None" if value is None else f"a {type(value).__name__}"
