"""The parameters of a network under its names, and their gradients as a pass adds them up."""

from collections.abc import Iterator, Mapping
from typing import Any

from numpy_impl.validation import Array, check_parameter, refuse_key


class Parameters(Mapping[str, Array]):
    """The arrays of the layers under the network's names, looked up in the layers each time.

    So there is one array for each name, and all of these take effect in the network::

        net.params["W1"][...] = v       writes into the array
        net.params["W1"] -= v           changes the array
        net.params["W1"] = v            makes v the layer's array, as an assignment to a dict does

    v has the shape and dtype of the parameter: ValueError, TypeError otherwise. `places` says which layer has which.
    """

    def __init__(self, network: Any, names: Mapping[str, str] | None) -> None:
        self._network = network
        first = {id(layer): place for place, layer in reversed(network.layers.items())}  # where it stands first
        own = {place: getattr(network.layers[place], "parameter_names", ()) for place in reversed(first.values())}
        found = {f"{place}.{name}": (place, name) for place, its_names in own.items() for name in its_names}
        self.places = {key: found[where] for key, where in names.items()} if names else found

    def __getitem__(self, key: str) -> Array:
        layer, name = self._place(key)
        return getattr(layer, name)

    def __setitem__(self, key: str, value: Array) -> None:
        layer, name = self._place(key)
        check_parameter(self._network, f"params[{key!r}]", value, getattr(layer, name))
        setattr(layer, name, value)

    def _place(self, key: str) -> tuple[Any, str]:
        try:
            layer, name = self.places[key]
        except (KeyError, TypeError):
            refuse_key(self._network, key, self.places)
        return self._network.layers[layer], name

    def __iter__(self) -> Iterator[str]:
        return iter(self.places)

    def __len__(self) -> int:
        return len(self.places)

    def __repr__(self) -> str:
        return repr(dict(self))

    def set_gradients(self, gradients: "Gradients") -> dict[str, Array]:
        """Sets them in the layers, as a backward of each would, and returns them under the network's names."""
        gradients.set()
        layers = self._network.layers
        return {key: getattr(layers[place], f"d{name}") for key, (place, name) in self.places.items()}


class Gradients:
    """∂L/∂p for each parameter p of each layer: the sum over all places that the layer has in the chain."""

    def __init__(self) -> None:
        self._of: dict[int, tuple[Any, dict[str, Array]]] = {}

    def add(self, layer: Any, gradients: dict[str, Array]) -> None:
        if id(layer) in self._of:
            _, before = self._of[id(layer)]
            gradients = {p: before[p] + g for p, g in gradients.items()}
        self._of[id(layer)] = layer, gradients

    def set(self) -> None:
        for layer, gradients in self._of.values():
            for name, gradient in gradients.items():
                setattr(layer, f"d{name}", gradient)
