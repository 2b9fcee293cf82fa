"""The parameters of a network under its names, and their gradients as a pass adds them up."""

from collections.abc import Iterator, Mapping
from typing import Any

from numpy_impl.networks.own_layer import is_pure
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
        found: dict[str, tuple[str, str]] = {}
        seen = set()
        for place, layer in network.layers.items():
            if id(layer) not in seen:  # it may stand in several places
                seen.add(id(layer))
                found |= {f"{place}.{name}": (place, name) for name in getattr(layer, "parameter_names", ())}
        for where in (names or {}).values():
            if where not in found:
                refuse_key(network, where, found)
        self.places = {key: found[where] for key, where in names.items()} if names else found

    def __getitem__(self, key: str) -> Array:
        try:
            place, name = self.places[key]
        except (KeyError, TypeError):
            refuse_key(self._network, key, self.places)
        return getattr(self._network.layers[place], name)

    def __setitem__(self, key: str, value: Array) -> None:
        check_parameter(self._network, f"params[{key!r}]", value, like=self[key])
        place, name = self.places[key]
        setattr(self._network.layers[place], name, value)

    def __iter__(self) -> Iterator[str]:
        return iter(self.places)

    def __len__(self) -> int:
        return len(self.places)

    def __repr__(self) -> str:
        return repr(dict(self))

    def set_gradients(self, gradients: "Gradients") -> dict[str, Array]:
        """Sets them in the layers, as a backward of each would, and returns them under the network's names."""
        layers = self._network.layers
        found = {key: gradients[id(layers[place])][name] for key, (place, name) in self.places.items()}
        for (place, name), gradient in zip(self.places.values(), found.values(), strict=True):
            is_ours = is_pure(layers[place])  # a later call of any other may write into it
            setattr(layers[place], f"d{name}", gradient if is_ours else gradient.copy())
        return found


class Gradients(dict[int, dict[str, Array]]):
    """∂L/∂p for each parameter p of each layer, by its id: the sum over all places that the layer has in the chain."""

    def add(self, layer: object, gradients: dict[str, Array]) -> None:
        before = self.get(id(layer))
        self[id(layer)] = {p: before[p] + g for p, g in gradients.items()} if before else gradients
