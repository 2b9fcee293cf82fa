"""A layer with a forward or backward of its own within a chain, which calls pure functions."""

from typing import Any

import numpy as np

from numpy_impl.validation import Array, check_array, check_shape


def check_layer(chain: object, name: str, value: object) -> None:
    if isinstance(value, type):
        raise TypeError(f"{type(chain).__name__}: {name} must be a layer, got the class {value.__name__}")
    if not (callable(getattr(value, "forward", None)) and callable(getattr(value, "backward", None))):
        got = "None" if value is None else type(value).__name__
        raise TypeError(f"{type(chain).__name__}: {name} must be a layer with forward and backward, got {got}")


def is_pure(layer: Any) -> bool:
    """Whether nobody has put a forward or backward of their own in the place of the doors."""
    forward, backward = getattr(layer, "forward", None), getattr(layer, "backward", None)
    return getattr(forward, "is_door", False) and getattr(backward, "is_door", False)


def pure(layer: Any) -> Any:
    """The layer itself, or, where it has a forward or backward of its own, its OwnLayer."""
    return layer if is_pure(layer) else OwnLayer(layer)


def pure_loss(loss: Any) -> Any:
    return loss if is_pure(loss) else OwnLoss(loss)


class OwnLayer:
    """It is called by its own forward and backward, on copies, and does all the rest itself.

    What it keeps from forward is put back before backward: it may stand in several places of the chain.
    """

    has_gradients = True

    def __init__(self, layer: Any) -> None:
        self.layer = layer

    def _check(self, *_: Any) -> None: ...

    def _keep(self, *_: Any) -> None: ...

    def _forward(self, *inputs: Any) -> tuple[Any, Any]:
        y = self.layer.forward(*map(np.array, inputs))
        return y, (inputs[0].shape, inputs[0].dtype, dict(self._state))

    def _backward(self, dout: Any, cache: Any) -> tuple[Any, dict[str, Array]]:
        shape, dtype, state = cache
        dx, gradients = self._run(dout, state)
        check_array(self.layer, "dx", dx, dtype)
        check_shape(self.layer, "dx", dx, shape)
        return dx, gradients

    def _gradients(self, dout: Array, cache: Any) -> dict[str, Array]:
        return self._run(dout, cache[-1])[1]

    def _run(self, dout: Any, state: dict[str, Any]) -> tuple[Any, dict[str, Array]]:
        self._state.update(state)
        dx = self.layer.backward(np.array(dout))
        names = getattr(self.layer, "parameter_names", ())
        return dx, {name: np.array(getattr(self.layer, f"d{name}")) for name in names}

    @property
    def _state(self) -> dict[str, Any]:
        return getattr(self.layer, "__dict__", {})


class OwnLoss(OwnLayer):
    """A loss, whose backward need not take a dout."""

    _remember = OwnLayer._keep

    def _run(self, _dout: Any, _state: dict[str, Any]) -> tuple[Any, dict[str, Array]]:
        return self.layer.backward(), {}
