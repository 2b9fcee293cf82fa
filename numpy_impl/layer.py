"""What every layer promises, and the guard at its door, so that the layers themselves read as mathematics."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from functools import wraps
from operator import attrgetter
from typing import Any, ClassVar, TypeVar

import numpy as np

from numpy_impl.checks import Array, after_forward, check_array, check_dout, check_parameter
from numpy_impl.functions import ieee_arithmetic

Method = TypeVar("Method", bound=Callable[..., Any])


def guarded(method: Method) -> Method:
    """The guard of a layer's forward or backward: refuses bad input, and lets infinity and NaN propagate unwarned.

    The layer's `_check_forward` and `_check_backward` decide what is bad. Where its `guarded` is off neither is called.
    """
    check = f"_check_{method.__name__}"

    @ieee_arithmetic
    def at_the_door(layer: Any, *args: Any, **kwargs: Any) -> Any:
        getattr(layer, check)(*args, **kwargs)
        return method(layer, *args, **kwargs)

    @wraps(method)
    def guarded_method(layer: Any, *args: Any, **kwargs: Any) -> Any:
        return (at_the_door if layer.guarded else method)(layer, *args, **kwargs)

    return guarded_method  # type: ignore[return-value] # it takes what the method takes


class Guarded:
    """What a layer or a loss takes it checks, and what it keeps is a copy, which no edit of the caller's can reach.

    A network made of the layers of this package, whose shapes fit, switches that off while it runs its `gradient`: it
    has checked the batch at its own door, and nobody can edit anything between a forward and its backward.
    """

    guarded: bool = True

    def _own(self, array: Array) -> Array:
        return array.copy() if self.guarded else array


class Layer(Guarded, ABC):
    """What every layer y = f(x) promises: forward, backward, and each parameter p with its gradient dp."""

    parameter_names: ClassVar[tuple[str, ...]] = ()
    needs_input_grad: bool = True  # if not, backward may leave out dx: a network's data needs no gradient
    _output: tuple[tuple[int, ...], np.dtype[Any]] | None = None  # of the last forward: its shape and dtype

    @abstractmethod
    def forward(self, x: Array) -> Array:
        """y = f(x)."""

    @abstractmethod
    def backward(self, dout: Array) -> Any:
        """dx = ∂L/∂x from dout = ∂L/∂y; sets the gradients of the parameters."""

    @property
    def params(self) -> dict[str, Array]:
        """The parameters by name, the arrays themselves."""
        return {name: getattr(self, name) for name in self.parameter_names}

    def _check_forward(self, x: Array) -> None:
        check_array(self, "x", x)

    def _check_backward(self, dout: Array) -> None:
        shape, dtype = after_forward(self, self._output)
        check_dout(self, dout, shape, dtype)


def parameter(name: str) -> Any:
    """A parameter of a layer: once set it is exchanged only for one of its shape and dtype, so a cache always fits."""
    private = f"_{name}"

    def exchange(layer: Layer, value: Array) -> None:
        if hasattr(layer, private):
            check_parameter(layer, name, value, like=getattr(layer, private))
        setattr(layer, private, value)

    return property(attrgetter(private), exchange)
