"""What a mutant is, and how it gets into the catalogue."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

Layer = TypeVar("Layer", bound=type)

BOOK = "Saito, Deep Learning from Scratch, code of chapters 4 and 5"


@dataclass(frozen=True, eq=False)
class Mutant:
    """A layer with one slip. `unseen_in` says in which dtype no bound can show it, and why.

    `cause` is what a diagnosis is to say of it, or a part of that; empty where it has no name for the slip.
    """

    name: str
    slip: str
    pair: str
    layer: Callable[..., Any]
    source: str = ""
    cause: str = ""
    unseen_in: Mapping[str, str] = field(default_factory=dict)


CATALOGUE: list[Mutant] = []


def mutant(
    pair: str, *, source: str = "", cause: str = "", unseen_in: Mapping[str, str] | None = None
) -> Callable[[Layer], Layer]:
    """Puts a class into the catalogue, in the place of the layer of this pair. The docstring names the slip."""

    def add(layer: Layer) -> Layer:
        slip = (layer.__doc__ or "").rstrip(".")
        CATALOGUE.append(Mutant(layer.__name__, slip, pair, layer, source, cause, unseen_in or {}))
        return layer

    return add
