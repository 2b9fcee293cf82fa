"""Makes a user's class in the place of a pair's layer, whatever the pair is."""

import contextlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from numpy_impl.validation import Array
from torch_ref import places
from torch_ref.pair import Kind
from torch_ref.scenarios import USUAL, Scenario
from torch_ref.training.weights import Names
from torch_ref.your_layer.adapt import METHODS, Adapter, adapted
from torch_ref.your_layer.build import make, name_of, takes
from torch_ref.your_layer.match import Places, Wanted, match, parameters_of, settled


@dataclass(frozen=True)
class Given:
    """All that the user says of a class: `options` are arguments of its constructor, `names` map W to weight.T."""

    sizes: Mapping[str, int]
    shape: tuple[int, ...] = ()
    targets: str | None = None
    options: Mapping[str, Any] | None = None
    names: Names | None = None
    leading_axes: bool = False


@dataclass(frozen=True)
class Maker:
    """`kind` says how the class is called; attributes in `passed` are read from its objects as they are."""

    cls: Any
    kind: Kind
    given: Given
    passed: Collection[str] = ()

    def first(self, sizes: Mapping[str, int], values: Mapping[str, Array]) -> Any:
        """An object from the arrays as they are, or from their transposes, where the class wants these."""
        try:
            return make(self.cls, sizes, values, self.given.options)
        except ValueError:
            with contextlib.suppress(ValueError):
                turned = {name: value.T for name, value in values.items()}
                return make(self.cls, sizes, turned, self.given.options)
            raise

    def made(self, sizes: Mapping[str, int], values: Mapping[str, Array], kept_in: Places) -> Adapter:
        """With these values, by the pair's names, as its parameters: but a network is given them later, by its example."""
        own = {name: place.read(values[name]) for name, place in kept_in.items()}
        under_its_names = {place.name: own[name] for name, place in kept_in.items()}
        layer = make(self.cls, sizes, own | under_its_names, self.given.options)
        if self.kind is not Kind.NETWORK:
            for name, value in under_its_names.items():
                places.put(layer, name, value)
        return adapted(layer, self.kind, kept_in, self.passed)

    def is_rigid(self, sizes: Mapping[str, int], values: Mapping[str, Array]) -> bool:
        """Whether it makes its parameters in one size, which no argument changes."""
        return not takes(self.cls, sizes, values) and bool(parameters_of(self.first(sizes, values)))

    def places(
        self, sizes: Mapping[str, int], values: Mapping[str, Array], wanted: Sequence[Wanted], inputs: Sequence[Array]
    ) -> Places:
        """Where the class keeps its parameters; where it is open whether transposed, the way in which it runs."""

        def runs(kept_in: Places) -> bool:
            forward = METHODS[self.kind][0]
            try:
                getattr(self.made(sizes, values, kept_in), forward)(*map(np.array, inputs))
            except Exception:  # noqa: BLE001 - a user's code may raise anything
                return False
            return True

        own, told = parameters_of(self.first(sizes, values)), self.given.names or {}
        answers = match(name_of(self.cls), own, wanted, told, of_arrays=takes(self.cls, {}, values))
        return settled(answers, runs)


def resized(scenarios: Sequence[Scenario], sizes: Mapping[str, int], *, rigid: bool) -> Sequence[Scenario]:
    """With the sizes that are given; a scenario about sizes keeps its own, unless the layer has but one size."""
    if not sizes:
        return scenarios
    return [_resized(one, sizes) if rigid or one.sizes.D == USUAL.D else one for one in scenarios]


def _resized(scenario: Scenario, sizes: Mapping[str, int]) -> Scenario:
    D = sizes.get("in", scenario.sizes.D)
    H = sizes.get("hidden", sizes.get("out", scenario.sizes.H))
    C = sizes.get("out", sizes.get("in", scenario.sizes.C))
    return replace(scenario, sizes=scenario.sizes._replace(D=D, H=H, C=C))
