"""The door of a layer: all that its two pure functions need around them, written once.

A layer's own file holds mathematics, two functions of the parameters and their arguments that change nothing::

    _forward(x)            ->  y, cache               what the derivative needs besides the parameters
    _backward(dout, cache) ->  dx, {"W": dW, ...}     a gradient for each parameter

`forward` and `backward` are the door. They refuse bad input before anything has changed, copy x in, so that no edit of
the caller's reaches the cache, remember the cache from one call to the next, set the gradients `dW`, ..., and hand out
arrays of the caller's own. A network calls the pure functions and keeps the caches itself.
"""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

import numpy as np

from numpy_impl.functions import ieee_arithmetic
from numpy_impl.validation import (
    Array,
    after_forward,
    check_array,
    check_dout,
    check_flag,
    check_parameter,
    check_same_keys,
    check_scalar_dout,
)

Method = TypeVar("Method", bound=Callable[..., Any])


class Parameter:
    """A parameter of a layer, e.g. `W = Parameter()`; its gradient is `dW`, None until the first backward.

    It is the array given, and can be exchanged only for one of its shape and dtype, so that a cache always fits.
    """

    # Python calls __set_name__ as the class is made, and __set__ at `self.W = value`.

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name
        setattr(owner, f"d{name}", None)

    if TYPE_CHECKING:  # it is read from the layer's own dictionary, as any attribute

        def __get__(self, layer: object, owner: type) -> Any: ...

    def __set__(self, layer: Any, value: Array) -> None:
        if self.name in layer.__dict__:
            check_parameter(layer, self.name, value, like=layer.__dict__[self.name])
        layer.__dict__[self.name] = value


def door(method: Method) -> Method:
    """Marks a forward or backward that only leads to the pure functions, so that a network may take these instead."""
    method.is_door = True  # type: ignore[attr-defined] # a function takes any
    return method


class Layer:
    """y = f(x): a subclass declares its parameters and writes `_forward` and `_backward`.

    It may write `_gradients(dout, cache)` beside them, those of the parameters alone: all that a network needs of its
    first layer, for its x is data. What a pass leaves for later ones, such as running statistics, is set in `_keep`,
    and named in `state`.
    One that writes a `forward` or `backward` of its own is taken as it is, also within a network.
    """

    parameter_names: ClassVar[tuple[str, ...]] = ()
    has_gradients: ClassVar[bool] = False  # whether its `_gradients` is of the class that has its `_backward`
    _training: bool = True
    _cache: Any = None
    _output: tuple[tuple[int, ...], np.dtype[Any]] | None = None  # of the last forward: its shape and dtype

    def __init_subclass__(cls) -> None:
        everything = (item for base in reversed(cls.__mro__) for item in vars(base).items())
        cls.parameter_names = tuple(dict.fromkeys(name for name, value in everything if isinstance(value, Parameter)))
        if "_backward" in vars(cls):
            cls.has_gradients = "_gradients" in vars(cls)  # a base's would know nothing of this _backward

    @property
    def params(self) -> dict[str, Array]:
        """The parameters by name, the arrays themselves."""
        return {name: getattr(self, name) for name in self.parameter_names}

    @property
    def training(self) -> bool:
        """Whether forward is that of training; dropout and batch-norm do something else in evaluation."""
        return self._training

    @training.setter
    def training(self, training: bool) -> None:
        check_flag(self, "training", training)
        self._training = training

    @property
    def state(self) -> dict[str, Any]:
        """What later passes depend on besides the parameters, as copies, by name: to be saved, and put back."""
        return {}

    @state.setter
    def state(self, state: Mapping[str, Any]) -> None:
        check_same_keys(self, "state", state, self.state)
        self._restore(state)

    def _restore(self, state: Mapping[str, Any]) -> None:
        """Puts these in the place of what there is, all of them or, where one is refused, none."""

    @door
    def forward(self, x: Array) -> Array:
        """y = f(x)."""
        return self._enter(x)

    @door
    def backward(self, dout: Array) -> Any:
        """dx = ∂L/∂x from dout = ∂L/∂y; sets the gradient of each parameter."""
        return self._leave(dout)

    def _forward(self, *inputs: Any, **named: Any) -> tuple[Any, Any]:
        raise NotImplementedError(f"{type(self).__name__}: a layer must have _forward, or a forward of its own")

    def _backward(self, dout: Array, cache: Any) -> tuple[Any, dict[str, Array]]:
        raise NotImplementedError(f"{type(self).__name__}: a layer must have _backward, or a backward of its own")

    def _check(self, who: object, *inputs: Any, **_: Any) -> None:
        """Refuses what cannot be right, in the name of the layer or of the network that it stands in."""
        for x in inputs:
            check_array(who, "x", x)

    def _check_dout(self, dout: Any, shape: tuple[int, ...], dtype: np.dtype[Any]) -> None:
        check_dout(self, dout, shape, dtype)

    def _keep(self, cache: Any) -> None:
        """Sets what of a pass stays, to be read or for later passes: a mask, running statistics."""

    @ieee_arithmetic
    def _enter(self, *inputs: Array) -> Array:
        self._check(self, *inputs)
        y, cache = self._forward(*map(np.array, inputs))
        return self._remember(y, cache)

    def _remember(self, y: Any, cache: Any) -> Array:
        """From here on backward belongs to this pass."""
        self._cache, self._output = cache, (y.shape, y.dtype)
        self._keep(cache)
        return np.array(y)

    @ieee_arithmetic
    def _leave(self, dout: Any) -> Any:
        self._check_dout(dout, *after_forward(self, self._output))
        dx, gradients = self._backward(dout, self._cache)
        self._set_gradients(gradients)
        return tuple(map(np.array, dx)) if isinstance(dx, tuple) else None if dx is None else np.array(dx)

    def _set_gradients(self, gradients: Mapping[str, Array]) -> None:
        """Copies, the layer's own."""
        for name, gradient in gradients.items():
            setattr(self, f"d{name}", np.array(gradient))


class Loss(Layer):
    """L = f(x, t), a number: x as the network before it computes them, t the targets."""

    loss: Any = None  # of the last pass

    @door
    def forward(self, x: Array, t: Array) -> Any:  # type: ignore[override] # it has targets too
        """L = f(x, t)."""
        return self._enter(x, t)[()]

    @door
    def backward(self, dout: Any = 1) -> Array:
        """dx = dout ∂L/∂x, where dout is any real number."""
        return self._leave(dout)

    def _check_dout(self, dout: Any, _shape: tuple[int, ...], dtype: np.dtype[Any]) -> None:
        check_scalar_dout(self, dout, dtype)

    def _remember(self, y: Any, cache: Any) -> Array:
        kept = super()._remember(np.asarray(y), cache)
        self.loss = y
        return kept

    def _check(self, who: object, x: Array, _t: Any) -> None:
        check_array(who, "x", x)
