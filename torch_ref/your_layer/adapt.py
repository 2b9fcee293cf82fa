"""A user's layer, loss or network, adapted to the interface that the checks expect: the pair's names, and arrays."""

from collections.abc import Collection, Mapping, Sequence
from types import SimpleNamespace
from typing import Any

import numpy as np

from numpy_impl.validation import Array
from torch_ref import places
from torch_ref.checks.check_error import CheckError, require
from torch_ref.diagnosis.severity import Severity
from torch_ref.pair import Kind
from torch_ref.your_layer.adapter import Adapter, Notes, a_loss, kind_of
from torch_ref.your_layer.match import Places
from torch_ref.your_layer.methods import (
    CACHES,
    INPUTS,
    MODES,
    RATES,
    TARGETS,
    arguments,
    arguments_of,
    targets_come_first,
)
from torch_ref.your_layer.own_parameters import STEP, LongStep

# Where a forward that returns nothing leaves its result, and where a backward does.
LEFT = ("output", "out", "y", "outputs", "result")
LEFT_BACK = ("dinputs", "dinput", "dx", "dX", "grad_input", "input_grad", "dA_prev")


class LayerAdapter(Adapter):
    """With forward and backward; the gradients are left in the layer, or returned after dx."""

    kind = Kind.LAYER
    _cache: Any = None

    def forward(self, *inputs: Array) -> Array:
        self._given(inputs)
        function = getattr(self.layer, self._forward)
        result = self._call(self._forward, *arguments(function, self._turned(inputs), {MODES: True}))
        if result is None:
            result = self._left(LEFT)
        if isinstance(result, tuple) and result:
            result, *cache = result
            self._cache = cache[0] if len(cache) == 1 else tuple(cache)
        return self._output(result)

    def _turned(self, arrays: Sequence[Any]) -> list[Any]:
        """Transposed, where the features come first."""
        return [one.T.copy() if self.is_turned and np.ndim(one) == 2 else one for one in arrays]

    def _output(self, result: Any) -> Array:
        (y,) = self._turned([self._array(result, "forward", "its result", "y")])
        return y

    def _left(self, names: Sequence[str]) -> Any:
        return next((getattr(self.layer, name) for name in names if hasattr(self.layer, name)), None)

    def backward(self, *upstream: Any) -> Array:
        before = {name: np.array(value) for name, value in self.params.items()}
        self._returned: dict[str, Any] = {}
        with LongStep(self.layer) as step:
            returned = self._run_backward(upstream)
        self._steps = self._taken_back(before, step.rate) if before else {}
        if returned is None:
            returned = self._left(LEFT_BACK)
        if isinstance(returned, Mapping):
            return self._from_mapping(returned)
        if isinstance(returned, tuple | list) and returned:
            returned, *gradients = returned
            self._returned = dict(zip(self.kept_in, gradients, strict=False))
        return self._dx(returned)

    def _dx(self, dx: Any) -> Array:
        (dx,) = self._turned([self._array(dx, "backward", "dx", "dx")])
        return dx

    def _run_backward(self, upstream: Sequence[Any]) -> Any:
        function = getattr(self.layer, self._backward)
        known = {RATES: STEP, CACHES: self._cache, INPUTS: self._turned(self._inputs)[0]}
        if len(self._inputs) > 1:
            known[TARGETS] = self._inputs[1]
        return self._call(self._backward, *arguments(function, self._turned(upstream), known))

    def _from_mapping(self, returned: Mapping[str, Any]) -> Array:
        """dx and the gradients of the parameters, by their names."""
        dx = [value for name, value in returned.items() if any(places.is_gradient_of(str(name), one) for one in INPUTS)]
        names = {name: place.name for name, place in self.kept_in.items()}
        self._returned = {
            name: value for name, its in names.items() for key, value in returned.items()
            if str(key) == its or places.is_gradient_of(str(key), its)
        }  # fmt: skip
        return self._dx(dx[0] if dx else None)

    def _taken_back(self, before: Mapping[str, Array], rate: float) -> dict[str, Array]:
        """The gradients that a step was taken by, of a backward that takes its own; the parameters are as before."""
        changed = [name for name, old in before.items() if self._is_new(name, old)]
        stepped = before if rate != 1 else changed  # a gradient of 0 changes nothing
        steps = {name: (before[name] - self.params[name]) / before[name].dtype.type(rate) for name in stepped}
        for name in changed:
            places.put(self.layer, self.kept_in[name].name, self.kept_in[name].of_layer(before[name]))
        if changed:
            self.notes["backward takes its own step: the gradients are read off it"] = Severity.CONVENTION
        return steps

    def _is_new(self, name: str, old: Array) -> bool:
        now = self.params[name]
        return now.shape == old.shape and now.tobytes() != old.tobytes()

    @property
    def grads(self) -> dict[str, Array]:
        return {name: self._gradient(name, self._found(name)) for name in self.kept_in}

    def _found(self, name: str) -> Any:
        if name in self._returned:
            return self._returned[name]
        try:
            return places.gradient(self.layer, self.kept_in[name].name)
        except AttributeError as error:
            if name in self._steps:
                return self.kept_in[name].of_layer(self._steps[name])
            raise CheckError(str(error), tensor=f"d{name}") from error


class LossAdapter(LayerAdapter):
    """With forward(x, t), whose result is a number, or a number and dx; a backward without dout is that of dout = 1."""

    kind = Kind.LOSS

    def forward(self, *inputs: Array) -> Array:
        swapped = targets_come_first(getattr(self.layer, self._forward))
        loss = super().forward(*(inputs[::-1] if swapped else inputs))
        self._given(inputs)
        return loss

    def _output(self, result: Any) -> Array:
        return a_loss(self, result)

    def backward(self, *upstream: Any) -> Array:
        function = getattr(self.layer, self._backward) if self._backward else None
        takes = [one.name.lower() for one in arguments_of(function)] if function else []
        self._takes_data = any(name in TARGETS for name in takes)  # of the loss once more, in the place of dout
        if takes and not self._takes_data:
            return super().backward(*upstream)
        self.notes["backward takes no dout: it is taken for that of a last layer, whose dout is 1"] = Severity.ADVICE
        dx = super().backward(*self._data(function)) if self._backward else self._dx(self._cache)
        return dx * dx.dtype.type(upstream[0] if upstream else 1)

    def _data(self, function: Any) -> Sequence[Any]:
        """What such a backward is given: the prediction, or what the layer made of it, and the targets."""
        if not self._takes_data:
            return ()
        x, t = self._inputs
        made = getattr(self.layer, "output", None)
        x = made if isinstance(made, np.ndarray) and made.shape == x.shape else x
        return (t, x) if targets_come_first(function) else (x, t)


class NetworkAdapter(Adapter):
    """With loss(x, t) and gradient(x, t), which returns the gradients by name; or loss(x, t) returns both.

    Or forward(x, t) is the loss, and a backward without arguments leaves the gradients.
    """

    kind = Kind.NETWORK

    @property
    def _takes_data(self) -> bool:
        needed = [one for one in arguments_of(getattr(self.layer, self._backward)) if one.default is one.empty]
        return len(needed) == 2

    def loss(self, x: Array, t: Array) -> Array:
        return self._both(x, t)[0]

    def _both(self, x: Array, t: Array) -> tuple[Array, Any]:
        self._given((x,))
        result = self._call(self._forward, x, t)
        loss, grads = result if isinstance(result, tuple) and len(result) == 2 else (result, None)
        return a_loss(self, loss, "loss"), grads

    def gradient(self, x: Array, t: Array) -> dict[str, Array]:
        loss: Any = None
        grads: Any = None
        if self._backward and self._takes_data:
            self._given((x,))
            grads = self._call(self._backward, x, t, says="gradient")
        else:
            loss, grads = self._both(x, t)
        if self._backward and not self._takes_data:
            self._call(self._backward, says="gradient")
            own = {place.name: places.gradient(self.layer, place.name) for place in self.kept_in.values()}
            grads = {name: np.array(gradient) for name, gradient in own.items()}
        what = self._backward or "loss"
        require(isinstance(grads, Mapping), f"{what} must return a dict, got {kind_of(grads)}", method="gradient")
        missing = [place.name for place in self.kept_in.values() if place.name not in grads]
        require(not missing, f"gradient must have {', '.join(missing)}, got {', '.join(grads)}", method="gradient")
        found = {name: self._gradient(name, grads[place.name]) for name, place in self.kept_in.items()}
        self.last_layer = SimpleNamespace(loss=self._loss_after_gradient(x, t) if loss is None else loss)
        return found

    def _loss_after_gradient(self, x: Array, t: Array) -> Array:
        """That of loss(x, t); a network that keeps the loss of the pass just made must have kept the same."""
        kept = getattr(getattr(self.layer, "last_layer", None), "loss", None)
        loss = self.loss(x, t)
        if kept is not None and not callable(kept):
            same = np.array_equal(a_loss(self, kept, "gradient"), loss, equal_nan=True)
            require(same, "after gradient last_layer.loss is another than loss(x, t)", tensor="loss", method="gradient")
        return loss


_ADAPTERS = {one.kind: one for one in (LayerAdapter, LossAdapter, NetworkAdapter)}


def adapted(
    layer: Any, kind: Kind, kept_in: Places, passed: Collection[str] = (), notes: Notes | None = None
) -> Adapter:
    return _ADAPTERS[kind](layer, kept_in, passed, notes)
