"""The parameters of a chain under its names, and their gradients as a pass adds them up."""

from collections.abc import Iterator, Mapping
from typing import Any

from numpy_impl.chain.own_layer import is_pure
from numpy_impl.validation import Array, check_parameter, refuse_key


class Parameters(Mapping[str, Array]):
    """The arrays of the layers under the chain's names, looked up in the layers each time.

    So there is one array for each name, and all of these take effect in the chain::

        net.params["W1"][...] = v       writes into the array
        net.params["W1"] -= v           changes the array
        net.params["W1"] = v            makes v the layer's array, as an assignment to a dict does

    v has the shape and dtype of the parameter: ValueError, TypeError otherwise. `places` says which layer of the chain
    has which, and what it calls it: where that is a chain itself, "Affine1.W".
    """

    def __init__(self, chain: Any, names: Mapping[str, str] | None) -> None:
        self._chain = chain
        found: dict[str, tuple[str, str]] = {}
        seen = set()
        for place, layer in chain.layers.items():
            for name in getattr(layer, "parameter_names", ()):
                owner, own = owner_of(layer, name)
                if (id(owner), own) not in seen:  # it may stand in several places
                    seen.add((id(owner), own))
                    key = f"{place}.{name}"
                    if key in found:
                        raise ValueError(
                            f"{type(chain).__name__}: each parameter must have a name of its own, got {key} twice"
                        )
                    found[key] = place, name
        for where in (names or {}).values():
            if where not in found:
                refuse_key(chain, where, found)
        self.places = {key: found[where] for key, where in names.items()} if names else found

    def __getitem__(self, key: str) -> Array:
        try:
            owner, own = self.owner(key)
        except (KeyError, TypeError):
            refuse_key(self._chain, key, self.places)
        return getattr(owner, own)

    def __setitem__(self, key: str, value: Array) -> None:
        check_parameter(self._chain, f"params[{key!r}]", value, like=self[key])
        owner, own = self.owner(key)
        setattr(owner, own, value)

    def __iter__(self) -> Iterator[str]:
        return iter(self.places)

    def __len__(self) -> int:
        return len(self.places)

    def __repr__(self) -> str:
        return repr(dict(self))

    def owner(self, key: str) -> tuple[Any, str]:
        """The layer that has the parameter, be it within a layer of the chain, and its name there."""
        place, name = self.places[key]
        return owner_of(self._chain.layers[place], name)

    def owners(self) -> dict[str, tuple[Any, str]]:
        """Of each parameter. A call less for one that is in no layer of a layer: this is asked for in every step."""
        layers, places = self._chain.layers, self.places.items()
        return {k: owner_of(layers[p], name) if "." in name else (layers[p], name) for k, (p, name) in places}

    def named(self, gradients: "Gradients") -> dict[str, Array]:
        """The gradients under the chain's names."""
        return {key: gradients[id(owner), own] for key, (owner, own) in self.owners().items()}

    def set_gradients(self, gradients: Mapping[str, Array]) -> None:
        """Sets them in the layers, as a backward of each would."""
        for key, (owner, own) in self.owners().items():
            is_ours = is_pure(owner)  # a later call of any other may write into it
            setattr(owner, f"d{own}", gradients[key] if is_ours else gradients[key].copy())


def owner_of(layer: Any, name: str) -> tuple[Any, str]:
    """Of a parameter that a chain calls "Affine1.W": the layer that has it, and "W". Of any other layer, itself."""
    while "." in name:
        place, _, name = name.partition(".")
        layer = layer.layers[place]
    return layer, name


class Gradients(dict[tuple[int, str], Array]):
    """∂L/∂p by the id of the layer that has p, and its name there: the sum over all places of that layer."""

    def add(self, layer: object, gradients: Mapping[str, Array]) -> None:
        for name, gradient in gradients.items():
            owner, own = owner_of(layer, name) if "." in name else (layer, name)  # a call less
            key = id(owner), own
            self[key] = self[key] + gradient if key in self else gradient
