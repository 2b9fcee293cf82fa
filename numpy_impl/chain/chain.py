"""A chain: its layers forward, and back along the tape. No mathematics of its own."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeAlias

from numpy_impl.chain.own_layer import check_layer, pure
from numpy_impl.chain.parameters import Gradients, Parameters
from numpy_impl.layer import Loss
from numpy_impl.validation import Array, check_flag, check_same_keys

Tape: TypeAlias = list[tuple[Any, Any, Any]]  # (the layer, it or its OwnLayer, its cache), in the order of forward


class Chain:
    """Layers one after another, with the pure functions of a layer: the cache of the whole is the tape.

    `layers` maps names to layers, in the order of forward; one layer may stand in several places, and its gradients add
    up. A layer may be a chain itself. `params` maps names to the layers' own arrays, "Affine1.W", each once.
    """

    has_gradients = True
    _training = True

    def __init__(self, layers: Mapping[str, Any], names: Mapping[str, str] | None = None) -> None:
        for name, layer in layers.items():
            check_layer(self, name, layer)
            if isinstance(layer, Loss):
                raise TypeError(f"{type(self).__name__}: {name} must be a layer of x alone, got {type(layer).__name__}")
        if not layers:
            raise ValueError(f"{type(self).__name__}: layers must hold one layer or more, got none")
        self.layers = dict(layers)
        self._params = Parameters(self, names)

    @property
    def params(self) -> Parameters:
        """The parameters by name: the layers' own arrays."""
        return self._params

    @property
    def training(self) -> bool:
        """Whether a pass is one of training; dropout and batch-norm do something else in evaluation."""
        return self._training and all(getattr(layer, "training", True) for layer in self.layers.values())

    @training.setter
    def training(self, training: bool) -> None:
        check_flag(self, "training", training)
        self._training = training
        for layer in self.layers.values():
            if hasattr(layer, "training"):
                layer.training = training

    @property
    def state(self) -> dict[str, Any]:
        """The state of each layer that has one, by its name: running statistics, generators. Copies, to be put back."""
        return {name: layer.state for name, layer in self.layers.items() if getattr(layer, "state", None)}

    @state.setter
    def state(self, state: Mapping[str, Any]) -> None:
        before = self.state
        check_same_keys(self, "state", state, before)
        try:
            for name, of_layer in state.items():
                self.layers[name].state = of_layer
        except Exception:
            for name, of_layer in before.items():
                self.layers[name].state = of_layer
            raise

    @contextmanager
    def _unless_refused(self) -> Iterator[None]:
        """Where a layer further on refuses what it is given, generators of those before it have not drawn."""
        state = self.state
        try:
            yield
        except BaseException:
            if state:
                self.state = state
            raise

    def _check(self, who: object, x: Array) -> None:
        """Refuses what the first layer does, in this name; each other layer checks what it is given, in its own."""
        pure(next(iter(self.layers.values())))._check(who, x)

    def _forward(self, x: Array) -> tuple[Array, Tape]:
        tape: Tape = []
        for layer in self.layers.values():
            pure_layer = pure(layer)
            if tape:
                pure_layer._check(pure_layer, x)
            x, cache = pure_layer._forward(x)
            tape.append((layer, pure_layer, cache))
        return x, tape

    def _backward(self, dout: Array, tape: Tape) -> tuple[Any, dict[str, Array]]:
        dx, gradients = self._back(dout, tape)
        return dx, self._params.named(gradients)

    def _gradients(self, dout: Array, tape: Tape) -> dict[str, Array]:
        """Without dx, where the first layer can do without it: its x is data."""
        dout, gradients = self._back(dout, tape[1:])
        first, pure_layer, cache = tape[0]
        is_able = pure_layer.has_gradients
        gradients.add(first, pure_layer._gradients(dout, cache) if is_able else pure_layer._backward(dout, cache)[1])
        return self._params.named(gradients)

    def _back(self, dout: Array, tape: Tape) -> tuple[Any, Gradients]:
        gradients = Gradients()
        for layer, pure_layer, cache in reversed(tape):
            dout, of_layer = pure_layer._backward(dout, cache)
            gradients.add(layer, of_layer)
        return dout, gradients

    def _keep(self, tape: Tape) -> None:
        for _, pure_layer, cache in tape:
            pure_layer._keep(cache)
