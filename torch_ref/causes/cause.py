"""What a cause is: one slip, and what a layer that made it would compute."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from math import prod
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import numpy as np

from numpy_impl.checks import Array
from torch_ref.bounds import Ball, format_of

if TYPE_CHECKING:
    from torch_ref.pair import Pair


@dataclass(frozen=True, eq=False)
class Case:
    """One data set: what a layer is given, and what is right for it. `layer` is only asked for its sizes."""

    pair: "Pair"
    layer: Any
    inputs: tuple[Array, ...]
    dout: Any
    params: Mapping[str, Array]
    known: dict[str, Ball] | None = None  # what is right, where it was computed before

    @cached_property
    def right(self) -> dict[str, Ball]:
        return self.given() if self.known is None else self.known

    def given(
        self,
        inputs: tuple[Array, ...] | None = None,
        dout: Any = None,
        params: Mapping[str, Array] | None = None,
        narrower: Any = None,
    ) -> dict[str, Ball]:
        """What would be right for other inputs, another dout, other values of some parameters, in a narrower dtype."""
        return self.pair.bounds_of(
            self.layer,
            self.inputs if inputs is None else inputs,
            self.dout if dout is None else dout,
            {**self.params, **(params or {})},
            format_of(np.dtype(narrower)) if narrower else None,
        )

    def arrays(self) -> dict[str, Array]:
        """All that the layer is given, by name."""
        given = dict(zip(("x", "t"), self.inputs, strict=False)) | dict(self.params)
        return given | ({"dout": self.dout} if np.ndim(self.dout) else {})

    def exact(self, values: Any) -> Ball:
        return format_of(self.x.dtype).exact(values)

    @property
    def x(self) -> Array:
        return self.inputs[0]

    @property
    def N(self) -> int:
        """The length of the batch."""
        return len(self.x) if self.x.ndim else 1

    @property
    def rows(self) -> int:
        """The samples, counted over all leading axes."""
        return prod(self.x.shape[:-1])

    @property
    def features(self) -> int:
        return self.x.shape[-1]

    @property
    def outputs(self) -> int:
        """The units or classes of the result: in a network they are as many as its last bias has."""
        if np.ndim(self.dout):
            return np.shape(self.dout)[-1]
        return len(list(self.params.values())[-1]) if self.params else self.features


# What the slip makes of a tensor; None where it changes nothing, or cannot be made.
Prediction: TypeAlias = Callable[[Case, str], Ball | None]


class Cause(NamedTuple):
    """A slip in words, and what it predicts. It is said only where its predictions are what the layer computes.

    Of one family the first is said, where they predict the same.
    """

    says: str
    predicts: Prediction
    family: str = ""


class Fitted(NamedTuple):
    """A slip with a number a in it, got = right + a · direction: a is read off the values, and goes into the words.

    `says` has a place for it, {a}, and `sign` is −1 where it is subtracted. `predicts` makes a prediction of a.
    """

    says: str
    direction: Prediction
    predicts: Callable[[float], Prediction]
    sign: int = 1
    family: str = ""


def along(direction: Prediction) -> Callable[[float], Prediction]:
    """right + a · direction, for directions that are exact."""

    def predicts(a: float) -> Prediction:
        def predict(case: Case, name: str) -> Ball | None:
            ball = direction(case, name)
            return None if ball is None else case.right[name] + a * ball

        return predict

    return predicts
