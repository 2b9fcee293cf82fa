"""The parameters of a user's layer under the pair's names, and the step that a backward may take with them."""

from collections.abc import Iterator, Mapping
from typing import Any

from numpy_impl.validation import Array
from torch_ref import places
from torch_ref.checks.check_error import CheckError
from torch_ref.diagnosis.steps import STEP
from torch_ref.pair import Kind
from torch_ref.your_layer.locate import in_words
from torch_ref.your_layer.match import Places
from torch_ref.your_layer.methods import NAMES, RATES, arguments_of, method_of


class Parameters(Mapping[str, Array]):
    """The layer's parameters under the pair's names: its own arrays, or views of them. They can be exchanged."""

    def __init__(self, layer: Any, kept_in: Places) -> None:
        self._layer, self._kept_in = layer, kept_in

    def __getitem__(self, name: str) -> Array:
        place = self._kept_in[name]
        try:
            return place.of_pair(places.parameter(self._layer, place.name))
        except (AttributeError, LookupError, TypeError):
            raise CheckError(f"it removes its parameter {place.name}", method="forward") from None

    def __setitem__(self, name: str, value: Array) -> None:
        place = self._kept_in[name]
        try:
            places.assign(self._layer, place.name, place.of_layer(value))
        except Exception as error:
            refused = f"it refuses a {value.dtype} array of shape {value.shape} as its parameter {place.name}"
            raise CheckError(f"{refused}: {in_words(error)}", method="forward") from error

    def __iter__(self) -> Iterator[str]:
        return iter(self._kept_in)

    def __len__(self) -> int:
        return len(self._kept_in)


class LongStep:
    """The learning rate that a layer keeps, replaced for a backward, which may take a step; `rate` is in force."""

    def __init__(self, layer: Any) -> None:
        self.layer = layer
        own = places.attributes(layer)
        self.kept = {name: own[name] for name in RATES if isinstance(own.get(name), float)}
        backward = method_of(type(layer), NAMES[Kind.LAYER][1])
        takes = {one.name.lower() for one in arguments_of(getattr(layer, backward))} if backward else set()
        self.rate = STEP if self.kept or takes & set(RATES) else 1.0

    def __enter__(self) -> "LongStep":
        self._set(dict.fromkeys(self.kept, STEP))
        return self

    def __exit__(self, *_: object) -> None:
        self._set(self.kept)

    def _set(self, rates: Mapping[str, float]) -> None:
        for name, rate in rates.items():
            object.__setattr__(self.layer, name, rate)  # also of a frozen dataclass
