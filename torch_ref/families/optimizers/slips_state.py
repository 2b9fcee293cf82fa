"""Slips in whose state it is that an optimizer keeps."""

from typing import Any

import numpy as np

from numpy_impl import Adam, Momentum
from numpy_impl.validation import Array
from torch_ref.slip import slip


@slip("momentum", cause="the state is one of all parameters of its shape")
class StateByShape(Momentum):
    """Two parameters of one shape share v."""

    def update(self, params: Any, grads: Any) -> None:
        first: dict[Any, str] = {}
        for key, p in params.items():
            other = first.setdefault(p.shape, key)
            if other in self._state:
                self._state[key] = self._state[other]
            super().update({key: p}, {key: grads[key]})
            self._state[other] = self._state[key]


@slip("adam", cause="the state is one of all optimizers of the class")
class StateOfTheClass(Adam):
    """The state is an attribute of the class, one dictionary for all optimizers."""

    _state: Any = {}  # noqa: RUF012 - the slip

    def __init__(self, lr: float, **options: Any) -> None:
        super().__init__(lr, **options)
        del self.__dict__["_state"]

    @property
    def state(self) -> Any:
        return super().state

    @state.setter
    def state(self, state: Any) -> None:
        Adam.state.fset(self, state)  # type: ignore[attr-defined] # a property has it
        type(self)._state = self.__dict__.pop("_state")


@slip("adam", cause="one count of steps for all parameters")
class OneCount(Adam):
    """t counts updates, not those of a parameter: one that appears later is corrected as if it had been there."""

    _t = 0

    def update(self, params: Any, grads: Any) -> None:
        self._t = max([self._t, *(kept["t"] for kept in self._state.values())])
        for key, p in params.items():
            self._state.setdefault(key, self._fresh(p))["t"] = self._t
        super().update(params, grads)


@slip("adam", cause="the state handed out is the optimizer's own")
class HandsOutItsState(Adam):
    """`state` is the very arrays."""

    @property
    def state(self) -> Any:
        return self._state

    @state.setter
    def state(self, state: Any) -> None:
        Adam.state.fset(self, state)  # type: ignore[attr-defined] # a property has it

    def _step(self, p: Array, g: Array, m: Array, v: Array, t: int) -> Any:
        step, kept = super()._step(p, g, m, v, t)
        m[...], v[...] = kept["m"], kept["v"]
        return step, {"m": m, "v": v, "t": kept["t"]}


@slip("adam", cause="the state put in place is the caller's own")
class KeepsTheCallersArrays(HandsOutItsState):
    """The arrays of a state that is assigned are taken as they are, and changed in place."""

    @property
    def state(self) -> Any:
        return Adam.state.fget(self)  # type: ignore[attr-defined] # a property has it

    @state.setter
    def state(self, state: Any) -> None:
        Adam.state.fset(self, state)  # type: ignore[attr-defined] # a property has it
        for key, kept in state.items():
            self._state[key] |= {name: value for name, value in kept.items() if isinstance(value, np.ndarray)} | {
                "t": int(kept["t"])
            }
