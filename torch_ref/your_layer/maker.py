"""Makes a user's class in the place of a pair's layer, whatever the pair is."""

import contextlib
from collections.abc import Callable, Mapping, Sequence
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
from torch_ref.your_layer.adapter import CHANNELS_LAST, FEATURES_FIRST, Adapter, Interface, Notes
from torch_ref.your_layer.build import make, name_of, takes
from torch_ref.your_layer.match import Place, Places, match, parameters_of, settled
from torch_ref.your_layer.methods import NAMES, method_of


@dataclass(frozen=True)
class Maker:
    """The class, how it is called, and all that its user says of it: `options` are arguments of its constructor."""

    cls: Any
    interface: Interface
    sizes: Mapping[str, int]
    shape: tuple[int, ...] = ()  # of one sample, where x is not (N, D)
    targets: str | None = None
    options: Mapping[str, Any] | None = None
    names: Names | None = None
    leading_axes: bool = False
    notes: Notes = field(default_factory=dict)  # what the layers that it makes are found to do

    @property
    def kind(self) -> Kind:
        return self.interface.kind

    def first(self, sizes: Mapping[str, int], values: Mapping[str, Array]) -> Any:
        """An object from the arrays as they are, or from their transposes, where the class wants these."""
        try:
            layer = make(self.cls, sizes, values, self.options)
        except ValueError:
            with contextlib.suppress(ValueError):
                turned = {name: value.T for name, value in values.items()}
                return make(self.cls, sizes, turned, self.options)
            raise
        return self._with_parameters(layer, sizes, values)

    def _with_parameters(self, layer: Any, sizes: Mapping[str, int], values: Mapping[str, Array]) -> Any:
        """Run once, if it makes them in its first forward."""
        if values and self.kind is Kind.LAYER and not parameters_of(layer):
            with contextlib.suppress(Exception):  # a user's code may raise anything: the checks tell it
                x = np.ones((2, *(self.shape or (sizes["in"],))), next(iter(values.values())).dtype)
                getattr(layer, method_of(type(layer), NAMES[self.kind][0]))(x)
        return layer

    def made(self, sizes: Mapping[str, int], values: Mapping[str, Array], kept_in: Places) -> Adapter:
        """With these values as its parameters, by the pair's names; a network is given them later, by its example."""
        own = {place.name: place.of_layer(values[name]) for name, place in kept_in.items()}
        arguments = {name: own[place.name] for name, place in kept_in.items()} | own  # by either name
        layer = self._with_parameters(make(self.cls, sizes, arguments, self.options), sizes, values)
        if self.kind is not Kind.NETWORK:
            for name, value in own.items():
                places.put(layer, name, value)
        return adapted(layer, kept_in, self.interface, self.notes)

    def is_rigid(self, sizes: Mapping[str, int], values: Mapping[str, Array]) -> bool:
        """Whether it makes its parameters in one size, which no argument changes."""
        return not takes(self.cls, sizes, values) and bool(parameters_of(self.first(sizes, values)))

    def places(
        self,
        sizes: Mapping[str, int],
        values: Mapping[str, Array],
        rules: Names,
        inputs: Mapping[str, Array],
        shape_of_y: tuple[int, ...] | None = None,
    ) -> Places:
        """Where the class keeps its parameters, and in which layout it takes its data, given an example of the pair's.

        The layout is PyTorch's, if the class runs on it, and gives a y of this shape.
        """

        def runs(kept_in: Places) -> bool:
            layer: Any = self.made(sizes, values, kept_in)
            forward = layer.loss if self.kind is Kind.NETWORK else layer.forward
            try:
                y = forward(*map(np.array, inputs.values()))
            except Exception:  # noqa: BLE001 - a user's code may raise anything
                return False
            return shape_of_y in (None, np.shape(y))

        own = parameters_of(self.first(sizes, values))
        shapes, of_arrays = {name: value.shape for name, value in values.items()}, takes(self.cls, {}, values)
        answers = match(name_of(self.cls), own, rules, shapes, self.names, of_arrays=of_arrays)
        if self.kind is not Kind.LAYER or any(map(runs, answers)):
            return settled(answers, runs)
        x = next(iter(inputs.values()))
        for layout, change in LAYOUTS.get(x.ndim, ()) if values or shape_of_y else ():
            self.notes[layout] = Severity.CONVENTION
            others = [*answers, *({name: change(place, values[name]) for name, place in a.items()} for a in answers)]
            if any(map(runs, others)):
                return settled(others, runs)
            del self.notes[layout]
        return settled(answers, runs)


def _column(place: Place, value: Array) -> Place:
    return place._replace(line=(-1, 1)) if value.ndim == 1 else place


def _kernel_last(place: Place, value: Array) -> Place:
    return place._replace(is_channels_last=value.ndim == 4)


def _kernel_last_and_bias_of_four_axes(place: Place, value: Array) -> Place:
    return place._replace(line=(1, 1, 1, -1)) if value.ndim == 1 else _kernel_last(place, value)


# Other layouts than PyTorch's, by the axes of x, and how parameters may lie there besides.
LAYOUTS: Mapping[int, Sequence[tuple[str, Callable[[Place, Array], Place]]]] = {
    2: [(FEATURES_FIRST, _column)],
    4: [(CHANNELS_LAST, _kernel_last_and_bias_of_four_axes), (CHANNELS_LAST, _kernel_last)],
}


def resized(scenarios: Sequence[Scenario], sizes: Mapping[str, int], *, rigid: bool) -> Sequence[Scenario]:
    """With the sizes that are given; a scenario about sizes keeps its own, unless the layer has but one size."""
    if not sizes:
        return scenarios
    lengths = {"D": sizes.get("in"), "H": sizes.get("hidden", sizes.get("out")), "C": sizes.get("out", sizes.get("in"))}
    given = {axis: n for axis, n in lengths.items() if n is not None}
    changed = [replace(one, sizes=one.sizes._replace(**given), is_resized=True) for one in scenarios]
    return [new if rigid or old.sizes.D == USUAL.D else old for old, new in zip(scenarios, changed, strict=True)]


def of_images(scenario: Scenario) -> Scenario:
    """With few samples: each has as many places as an image, and layers of images are written as loops over these."""
    n = scenario.sizes.N
    most = FEW if scenario.name != "long-batch" else 4 * FEW
    return replace(scenario, sizes=scenario.sizes._replace(N=min(n, most))) if isinstance(n, int) else scenario


FEW = 12  # images
