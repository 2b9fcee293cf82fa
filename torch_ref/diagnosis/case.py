"""One data set of a pair: what a layer is given, what is right for it, and what would be right for other data."""

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass
from functools import cached_property
from math import prod
from typing import Any

import numpy as np

from numpy_impl.validation import Array
from torch_ref.bounds import Ball, format_of
from torch_ref.pair import Example, Pair
from torch_ref.results import params_of
from torch_ref.right import bounds_of


@dataclass(frozen=True, eq=False)
class Case:
    """What a layer is given, by name. `layer` is only asked for its sizes and options."""

    pair: Pair
    layer: Any
    inputs: Mapping[str, Array]
    upstream: Mapping[str, Any]
    params: Mapping[str, Array]
    known: dict[str, Ball] | None = None  # what is right, where it was computed before

    @cached_property
    def right(self) -> dict[str, Ball]:
        return self.given() if self.known is None else self.known

    def given(
        self,
        inputs: Mapping[str, Array] | None = None,
        dout: Any = None,
        params: Mapping[str, Array] | None = None,
        narrower: Any = None,
    ) -> dict[str, Ball]:
        """What would be right for other values of some inputs or parameters, another dout, in a narrower dtype."""
        return bounds_of(
            self.pair,
            Example(self.layer, {**self.inputs, **(inputs or {})}, self._upstream(dout)),
            {**self.params, **(params or {})},
            format_of(np.dtype(narrower)) if narrower else None,
        )

    def _upstream(self, dout: Any) -> dict[str, Any]:
        changed = {} if dout is None else dict.fromkeys([*self.upstream][:1], dout)  # a network has none
        return {**self.upstream, **changed}

    def arrays(self) -> dict[str, Array]:
        """All that the layer is given, by name."""
        upstream = {name: value for name, value in self.upstream.items() if np.ndim(value)}
        return {**self.inputs, **self.params, **upstream}

    def exact(self, values: Any) -> Ball:
        return format_of(self.x.dtype).exact(values)

    @property
    def x(self) -> Array:
        """The first input."""
        return next(iter(self.inputs.values()))

    @property
    def dout(self) -> Any:
        """The upstream gradient of the first output; of one that has none, 1."""
        return next(iter(self.upstream.values()), 1)

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


def case_of(pair: Pair, example: Example, known: dict[str, Ball] | None = None) -> Case:
    """The example as it is now: copies, which no layer can change. `known` is what is right, if it was computed."""
    params = {name: np.array(value) for name, value in params_of(pair, example.layer).items()}
    inputs = {name: np.array(value) for name, value in example.inputs.items()}
    return Case(pair, example.layer, inputs, deepcopy(example.upstream), params, known)
