"""Makes a user's class in the place of a pair's layer, whatever the pair is."""

import contextlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from numpy_impl.validation import Array
from torch_ref import places
from torch_ref.diagnosis.severity import Severity
from torch_ref.pair import Kind
from torch_ref.scenarios import USUAL, Scenario
from torch_ref.training.weights import Names
from torch_ref.your_layer.adapt import adapted
from torch_ref.your_layer.adapter import FEATURES_FIRST, Adapter, Notes
from torch_ref.your_layer.build import make, name_of, takes
from torch_ref.your_layer.match import Place, Places, match, parameters_of, settled


@dataclass(frozen=True)
class Maker:
    """The class, and all that its user says of it: `options` are arguments of its constructor.

    `kind` says how it is called; attributes in `passed` are read from its objects as they are.
    """

    cls: Any
    kind: Kind
    sizes: Mapping[str, int]
    shape: tuple[int, ...] = ()  # of one sample, where x is not (N, D)
    targets: str | None = None
    options: Mapping[str, Any] | None = None
    names: Names | None = None
    leading_axes: bool = False
    passed: Collection[str] = ()
    notes: Notes = field(default_factory=dict)  # what the layers that it makes are found to do

    def first(self, sizes: Mapping[str, int], values: Mapping[str, Array]) -> Any:
        """An object from the arrays as they are, or from their transposes, where the class wants these."""
        try:
            return make(self.cls, sizes, values, self.options)
        except ValueError:
            with contextlib.suppress(ValueError):
                turned = {name: value.T for name, value in values.items()}
                return make(self.cls, sizes, turned, self.options)
            raise

    def made(self, sizes: Mapping[str, int], values: Mapping[str, Array], kept_in: Places) -> Adapter:
        """With these values as its parameters, by the pair's names; a network is given them later, by its example."""
        own = {place.name: place.of_layer(values[name]) for name, place in kept_in.items()}
        arguments = {name: own[place.name] for name, place in kept_in.items()} | own  # by either name
        layer = make(self.cls, sizes, arguments, self.options)
        if self.kind is not Kind.NETWORK:
            for name, value in own.items():
                places.put(layer, name, value)
        return adapted(layer, self.kind, kept_in, self.passed, self.notes)

    def is_rigid(self, sizes: Mapping[str, int], values: Mapping[str, Array]) -> bool:
        """Whether it makes its parameters in one size, which no argument changes."""
        return not takes(self.cls, sizes, values) and bool(parameters_of(self.first(sizes, values)))

    def places(
        self, sizes: Mapping[str, int], values: Mapping[str, Array], rules: Names, inputs: Mapping[str, Array]
    ) -> Places:
        """Where the class keeps its parameters, given an example of the pair's."""

        def runs(kept_in: Places) -> bool:
            layer: Any = self.made(sizes, values, kept_in)
            forward = layer.loss if self.kind is Kind.NETWORK else layer.forward
            try:
                forward(*map(np.array, inputs.values()))
            except Exception:  # noqa: BLE001 - a user's code may raise anything
                return False
            return True

        own = parameters_of(self.first(sizes, values))
        shapes, of_arrays = {name: value.shape for name, value in values.items()}, takes(self.cls, {}, values)
        answers = match(name_of(self.cls), own, rules, shapes, self.names, of_arrays=of_arrays)
        if self.kind is Kind.LAYER and values and not any(map(runs, answers)):
            self.notes[FEATURES_FIRST] = Severity.CONVENTION
            turned = [*answers, *({name: _column(place, values[name]) for name, place in a.items()} for a in answers)]
            if any(map(runs, turned)):
                return settled(turned, runs)
            del self.notes[FEATURES_FIRST]
        return settled(answers, runs)


def _column(place: Place, value: Array) -> Place:
    return place._replace(line=(-1, 1)) if value.ndim == 1 else place


def resized(scenarios: Sequence[Scenario], sizes: Mapping[str, int], *, rigid: bool) -> Sequence[Scenario]:
    """With the sizes that are given; a scenario about sizes keeps its own, unless the layer has but one size."""
    if not sizes:
        return scenarios
    lengths = {"D": sizes.get("in"), "H": sizes.get("hidden", sizes.get("out")), "C": sizes.get("out", sizes.get("in"))}
    given = {axis: n for axis, n in lengths.items() if n is not None}
    changed = [replace(one, sizes=one.sizes._replace(**given), is_resized=True) for one in scenarios]
    return [new if rigid or old.sizes.D == USUAL.D else old for old, new in zip(scenarios, changed, strict=True)]
