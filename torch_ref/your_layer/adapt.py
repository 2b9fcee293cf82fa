"""A user's layer, loss or network, adapted to the interface that the checks expect: the pair's names, and arrays."""

from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from types import SimpleNamespace
from typing import Any

import numpy as np

from numpy_impl.validation import Array
from torch_ref import places
from torch_ref.checks.check_error import CheckError, require
from torch_ref.diagnosis.severity import Severity
from torch_ref.diagnosis.steps import STEP
from torch_ref.pair import Kind
from torch_ref.your_layer.adapter import OWN_STEP, Adapter, Interface, Notes, a_loss, kind_of, turned
from torch_ref.your_layer.draws import same_draws
from torch_ref.your_layer.match import Places
from torch_ref.your_layer.methods import (
    CACHES,
    EVALUATION,
    INPUTS,
    MODES,
    RATES,
    TARGETS,
    arguments,
    arguments_of,
    is_derivative,
    targets_come_first,
)
from torch_ref.your_layer.own_parameters import LongStep

# Where a forward that returns nothing leaves its result, and where a backward does.
LEFT = ("output", "out", "y", "outputs", "result")
LEFT_BACK = ("dinputs", "dinput", "dx", "dX", "grad_input", "input_grad", "dA_prev")


class LayerAdapter(Adapter):
    """With forward and backward; the gradients are left in the layer, or returned after those of the inputs."""

    _cache: Any = None

    def forward(self, *inputs: Array) -> Array:
        self._given(inputs)
        getattr(self.layer, "flush_gradients", lambda: None)()  # of numpy-ml's layers, which keep all inputs till then
        modes = {MODES: self.is_training, EVALUATION: not self.is_training}
        with same_draws(self.layer) if self.interface.draws else nullcontext():
            result = self._call(self._forward, *arguments(self.forward_of_layer, self._turned(inputs), modes))
        if result is None:
            result = self._left(LEFT)
        if isinstance(result, tuple) and result:
            outputs, cache = result[: len(self.interface.outputs)], result[len(self.interface.outputs) :]
            self._cache = cache[0] if len(cache) == 1 else cache
            for name, value in zip(self.interface.outputs[1:], outputs[1:], strict=False):
                setattr(self, name, self._turned_back(self._array(value, "forward", f"its result {name}", name)))
            result = outputs[0]
        return self._output(result)

    @property
    def forward_of_layer(self) -> Any:
        return getattr(self.layer, self._forward)

    def _turned(self, arrays: Sequence[Any]) -> list[Any]:
        return [turned(one, self.notes) for one in arrays]

    def _turned_back(self, array: Array) -> Array:
        back: Array = turned(array, self.notes, back=True)
        return back

    def _output(self, result: Any) -> Array:
        return self._turned_back(self._array(result, "forward", "its result", "y"))

    def _left(self, names: Sequence[str]) -> Any:
        return next((getattr(self.layer, name) for name in names if hasattr(self.layer, name)), None)

    def backward(self, *upstream: Any) -> Any:
        before = {name: np.array(value) for name, value in self.params.items()}
        self._returned: dict[str, Any] = {}
        with LongStep(self.layer) as step:
            returned = self._run_backward(upstream)
        self._steps = self._taken_back(before, step.rate) if before else {}
        of_inputs = self.interface.input_gradients
        if returned is None and of_inputs:
            returned = self._left(LEFT_BACK)
        if isinstance(returned, Mapping):
            return self._from_mapping(returned)
        found = list(returned) if isinstance(returned, tuple | list) and len(returned) else [returned]
        if not of_inputs and found[0] is None:  # ids have no gradient
            found = found[1:]
        self._returned = dict(zip(self.kept_in, found[len(of_inputs) :], strict=False))
        return self._of_inputs(dict(zip(of_inputs, found, strict=False)))

    def _of_inputs(self, found: Mapping[str, Any]) -> Any:
        """dx, or the gradients of all inputs; one that is not returned may be left in the layer."""
        gradients = [self._dx(found.get(name), f"d{name}") for name in self.interface.input_gradients]
        return gradients[0] if len(gradients) == 1 else tuple(gradients)

    def _dx(self, dx: Any, name: str = "dx") -> Array:
        dx = getattr(self.layer, name, None) if dx is None and name != "dx" else dx
        return self._turned_back(self._array(dx, "backward", name, name))

    def _run_backward(self, upstream: Sequence[Any]) -> Any:
        function = getattr(self.layer, self._backward)
        if is_derivative(function):  # a function of x, which the caller multiplies with dout
            return upstream[0] * self._call(self._backward, self._turned(self.inputs)[0])
        known = {RATES: STEP, CACHES: self._cache, INPUTS: self._turned(self.inputs)[0]}
        if self.interface.kind is Kind.LOSS:
            known[TARGETS] = self.inputs[1]
        return self._call(self._backward, *arguments(function, self._turned(upstream), known))

    def _from_mapping(self, returned: Mapping[str, Any]) -> Any:
        """The gradients of the inputs and of the parameters, by their names."""
        dx = [value for name, value in returned.items() if any(places.is_gradient_of(str(name), one) for one in INPUTS)]
        others = {name: returned[f"d{name}"] for name in self.interface.input_gradients if f"d{name}" in returned}
        names = {name: place.name for name, place in self.kept_in.items()}
        self._returned = {
            name: value for name, its in names.items() for key, value in returned.items()
            if str(key) == its or places.is_gradient_of(str(key), its)
        }  # fmt: skip
        return self._of_inputs(dict(zip(self.interface.input_gradients[:1], dx[:1], strict=False)) | others)

    def _taken_back(self, before: Mapping[str, Array], rate: float) -> dict[str, Array]:
        """The gradients that a step was taken by, of a backward that takes its own; the parameters are as before."""
        changed = [name for name, old in before.items() if self._is_new(name, old)]
        takes_steps = rate != 1 or OWN_STEP in self.notes
        stepped = before if takes_steps else changed  # a gradient of 0 changes nothing
        steps = {name: (before[name] - self.params[name]) / before[name].dtype.type(rate) for name in stepped}
        for name in changed:
            places.put(self.layer, self.kept_in[name].name, self.kept_in[name].of_layer(before[name]))
        if changed:
            self.notes[OWN_STEP] = Severity.CONVENTION
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

    def forward(self, *inputs: Array) -> Array:
        swapped = targets_come_first(getattr(self.layer, self._forward))
        loss = super().forward(*(inputs[::-1] if swapped else inputs))
        self._given(inputs)
        return loss

    def _output(self, result: Any) -> Array:
        return a_loss(self, result)

    @property
    def needs_dout(self) -> bool:
        """Whether it cannot be called without one."""
        takes = arguments_of(getattr(self.layer, self._backward)) if self._backward else []
        return any(one.default is one.empty for one in takes)

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
        x, t = self.inputs
        made = getattr(self.layer, "output", None)
        x = made if isinstance(made, np.ndarray) and made.shape == x.shape else x
        return (t, x) if targets_come_first(function) else (x, t)


class NetworkAdapter(Adapter):
    """With loss(x, t) and gradient(x, t), which returns the gradients by name; or loss(x, t) returns both.

    Or forward(x, t) is the loss, and a backward without arguments leaves the gradients.
    """

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


_ADAPTERS = {Kind.LAYER: LayerAdapter, Kind.LOSS: LossAdapter, Kind.NETWORK: NetworkAdapter}


def adapted(layer: Any, kept_in: Places, interface: Interface, notes: Notes | None = None) -> Adapter:
    return _ADAPTERS[interface.kind](layer, kept_in, interface, notes)
