"""The door of an optimizer: all that the mathematics of one step needs around it, written once.

An optimizer's own file says what it keeps of a parameter p, and what one step is::

    _fresh(p)              ->  {"v": ...}           what is kept of p before its first step
    _step(p, g, v=...)     ->  step, {"v": ...}     what is subtracted from p, by its gradient g; and what is kept now

`update` is the door. It refuses bad input before anything has changed, finds the state of each parameter by its key,
and changes the parameter's own array.
"""

from collections.abc import Callable, Collection, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from numpy_impl.functions import ieee_arithmetic
from numpy_impl.validation import Array, check_mapping, check_update, refuse
from numpy_impl.validation.optimizers import check_state, check_state_fits, rate


class Option:
    """An option that a schedule may change, e.g. `lr = Option(rate)`: whenever it is set, a wrong one is refused.

    `checked(who, name, value)` is a function of `validation.optimizers`, which returns the value as it is kept.
    """

    def __init__(self, checked: Callable[[Any, str, Any], Any]) -> None:
        self.checked = checked

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    if TYPE_CHECKING:  # it is read from the optimizer's own dictionary, as any attribute

        def __get__(self, optimizer: object, owner: type) -> Any: ...

    def __set__(self, optimizer: Any, value: Any) -> None:
        optimizer.__dict__[self.name] = self.checked(optimizer, self.name, value)


class Optimizer:
    """p ← p − step, in place, for every parameter p: a subclass writes `_fresh` and `_step`."""

    lr = Option(rate)

    def __init__(self, lr: float) -> None:
        self.lr = lr
        self._state: dict[str, dict[str, Any]] = {}
        self._restored: Collection[str] = ()  # the keys of a state that no update has met yet

    def _fresh(self, _p: Array) -> dict[str, Any]:
        return {}

    def _step(self, *_p_and_g: Any, **_state: Any) -> tuple[Array, dict[str, Any]]:
        raise NotImplementedError(f"{type(self).__name__}: an optimizer must have _step, or an update of its own")

    @ieee_arithmetic
    def update(self, params: Mapping[str, Array], grads: Mapping[str, Array]) -> None:
        """One step: changes the arrays of `params` by those of `grads`, which has the same keys."""
        check_mapping(self, "params", params)
        check_mapping(self, "grads", grads)
        # Looked up once: what was checked is what is used, and all gradients are those of the parameters before.
        params, grads = {key: params[key] for key in params}, dict(grads)
        check_update(self, params, grads)
        self._check_restored(params)
        for key, p in params.items():
            step, kept = self._step(p, grads[key], **(self._state.get(key) or self._fresh(p)))
            p -= step
            if kept:
                self._state[key] = kept

    def _check_restored(self, params: Mapping[str, Array]) -> None:
        for key in self._restored:
            if key not in params:
                refuse(ValueError, self, f"state must be of {', '.join(map(str, params)) or 'no parameter'}", key)
        if self._state:
            for key, p in params.items():
                check_state_fits(self, key, self._state.get(key, {}), p)
        self._restored = ()

    @property
    def state(self) -> dict[str, dict[str, Any]]:
        """What later steps depend on, as copies, by the parameter's key: to be saved, and put back.

        It is empty at first, and made empty again the optimizer forgets all. The update that follows upon a state that
        was put back must be of all parameters that are in it.
        """
        return _copied(self._state)

    @state.setter
    def state(self, state: Mapping[str, Mapping[str, Any]]) -> None:
        check_state(self, state, self._fresh(np.empty(0)), self._state)
        self._state = _copied({key: entries for key, entries in state.items() if entries})
        self._restored = tuple(self._state)


def _copied(state: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    return {key: {name: _copy(value) for name, value in kept.items()} for key, kept in state.items()}


def _copy(value: Any) -> Any:
    """Of an array a copy, of a number of steps an integer of Python's."""
    return np.array(value) if np.asarray(value).dtype.kind in "fc" else int(value)
