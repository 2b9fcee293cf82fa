"""How a layer of somebody else's is made, whatever it is compared with."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from numpy_impl.validation import Array
from torch_ref import places
from torch_ref.your_layer.adapt import LayerAdapter, NetworkAdapter, Place, face
from torch_ref.your_layer.build import build
from torch_ref.your_layer.locate import file_of, line_of_error
from torch_ref.checks.chance import seeded
from torch_ref.scenarios import USUAL, Scenario
from torch_ref.training.weights import Names


@dataclass(frozen=True)
class Given:
    """What is known of a class beforehand: `options` are arguments of its constructor, `names` map W to weight.T."""

    sizes: Mapping[str, int]
    shape: tuple[int, ...] = ()
    targets: str | None = None
    options: Mapping[str, Any] | None = None
    names: Names | None = None
    leading_axes: bool = False


def make(cls: Any, sizes: Mapping[str, int], params: Mapping[str, Array], options: Mapping[str, Any] | None) -> Any:
    try:
        with seeded(0):  # its first weights are the same each time
            return build(cls, sizes, {name: value.copy() for name, value in params.items()}, options)
    except SystemExit as error:
        raise ValueError(_not_made(cls, "it calls sys.exit", error)) from error
    except Exception as error:
        if str(error).startswith(f"{name_of(cls)}: "):
            raise
        raise ValueError(_not_made(cls, f"{type(error).__name__}: {error}", error)) from error


def _not_made(cls: Any, why: str, error: BaseException) -> str:
    where = line_of_error(error, file_of(cls))
    return f"{name_of(cls)}: it cannot be made: {why}{f' ({where})' if where else ''}"


def adapted(layer: Any, kept_in: Mapping[str, Place], values: Mapping[str, Array]) -> LayerAdapter | NetworkAdapter:
    """Behind its face, with these values as its parameters: none for a network, which is given them later, once."""
    for name, value in values.items():
        places.put(layer, kept_in[name].name, value)
    return face(layer, kept_in)


def resized(scenarios: Sequence[Scenario], sizes: Mapping[str, int], *, rigid: bool) -> Sequence[Scenario]:
    """With the sizes that are given; those that are about sizes keep theirs, unless the layer has but one size."""
    if not sizes:
        return scenarios
    found = []
    for scenario in scenarios:
        is_about_sizes = scenario.sizes.D != USUAL.D
        if not is_about_sizes or rigid:
            scenario = _resize(scenario, sizes)
        found.append(scenario)
    return found


def _resize(scenario: Scenario, sizes: Mapping[str, int]) -> Scenario:
    D = sizes.get("in", scenario.sizes.D)
    H = sizes.get("hidden", sizes.get("out", scenario.sizes.H))
    C = sizes.get("out", sizes.get("in", scenario.sizes.C))
    return replace(scenario, sizes=scenario.sizes._replace(D=D, H=H, C=C))


def name_of(cls: Any) -> str:
    return str(getattr(cls, "__name__", cls))
