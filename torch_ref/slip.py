"""A slip: a layer with one mistake, in the place of a pair's own. The checks must catch each of them.

Slips stand in the room of their family, in modules called `slips` or `slips_...`, and are imported on demand alone.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

Layer = TypeVar("Layer", bound=type)

BOOK = "Saito, Deep Learning from Scratch, code of chapters 4 and 5"


@dataclass(frozen=True, eq=False)
class Slip:
    """`words` say what is wrong with the layer, `unseen_in` in which dtype no bound can show it, and why.

    `cause` is what a diagnosis is to say of it, or a part of that; empty where it has no name for the slip.
    """

    name: str
    words: str
    pair: str
    layer: Callable[..., Any]
    source: str = ""
    cause: str = ""
    unseen_in: Mapping[str, str] = field(default_factory=dict)


SLIPS: list[Slip] = []


def slip(
    pair: str, *, source: str = "", cause: str = "", unseen_in: Mapping[str, str] | None = None
) -> Callable[[Layer], Layer]:
    """Marks a class as a slip, in the place of the layer of this pair. Its docstring names the mistake."""

    def add(layer: Layer) -> Layer:
        words = (layer.__doc__ or "").rstrip(".")
        SLIPS.append(Slip(layer.__name__, words, pair, layer, source, cause, unseen_in or {}))
        return layer

    return add
