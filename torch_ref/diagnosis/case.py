"""One data set of a pair: all that a layer is given, and the right results for it and for other data."""

from collections.abc import Callable, Mapping
from copy import copy, deepcopy
from dataclasses import dataclass
from functools import cached_property
from math import prod
from typing import Any

import numpy as np

from numpy_impl.validation import Array
from torch_ref.bounds import Ball, format_of
from torch_ref.pair import Example, Pair
from torch_ref.results import buffers_of, dtype_of, params_of
from torch_ref.right import bounds_of

SMALL, MOST = 500, 4000  # numbers in the results that are kept, and how many of these
_KEPT: dict[Any, tuple[Any, dict[str, Ball]]] = {}


def _identity(value: Any) -> Any:
    array = np.asarray(value)
    return array.shape, array.dtype, array.tobytes()


@dataclass(frozen=True, eq=False)
class Case:
    """All that a layer is given, by name. `layer` itself is asked for its sizes, options and buffers alone."""

    pair: Pair
    layer: Any
    inputs: Mapping[str, Array]
    upstream: Mapping[str, Any]
    params: Mapping[str, Array]
    known: dict[str, Ball] | None = None  # the right results, where they were computed before

    @cached_property
    def right(self) -> dict[str, Ball]:
        return self.given() if self.known is None else self.known

    def given(
        self,
        inputs: Mapping[str, Array] | None = None,
        upstream: Mapping[str, Any] | None = None,
        params: Mapping[str, Array] | None = None,
        narrower: Any = None,
    ) -> dict[str, Ball]:
        """The right results for other values of some inputs, upstream gradients or parameters, in a narrower dtype.

        They are kept, where they are small: a diagnosis asks for the same once for each wrong tensor.
        """
        changed = (inputs or {}, upstream or {}, params or {})
        key = id(self), narrower, *(tuple((name, _identity(one)) for name, one in some.items()) for some in changed)
        if key in _KEPT and _KEPT[key][0] is self:
            return _KEPT[key][1]
        found = bounds_of(
            self.pair,
            Example(self.layer, {**self.inputs, **changed[0]}, {**self.upstream, **changed[1]}),
            {**self.params, **changed[2]},
            format_of(np.dtype(narrower)) if narrower else None,
        )
        if sum(ball.size for ball in found.values()) <= SMALL:
            if len(_KEPT) >= MOST:
                del _KEPT[next(iter(_KEPT))]
            _KEPT[key] = self, found
        return found

    def upstream_by(self, change: Callable[[Any], Any]) -> dict[str, Ball]:
        """The right results where each upstream gradient is changed in this way."""
        return self.given(upstream={name: change(value) for name, value in self.upstream.items()})

    def arrays(self) -> dict[str, Array]:
        """The arrays that the layer is given, by name."""
        upstream = {name: value for name, value in self.upstream.items() if np.ndim(value)}
        return {**self.inputs, **self.params, **upstream}

    def exact(self, values: Any) -> Ball:
        return format_of(self.dtype).exact(values)

    @property
    def dtype(self) -> np.dtype[Any]:
        """That of the right results."""
        return dtype_of(self.inputs, self.params)

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
    def lead(self) -> int:
        """The leading axes: all but that of the features, which indices do not have."""
        return max(self.x.ndim - (self.x.dtype.kind == "f"), 0)

    @property
    def rows(self) -> int:
        """The samples, counted over all leading axes."""
        return prod(self.x.shape[: self.lead])

    @property
    def features(self) -> int:
        return prod(self.x.shape[self.lead :])

    @property
    def outputs(self) -> int:
        """The units or classes of the result: in a network they are as many as its last bias has."""
        if np.ndim(self.dout):
            return np.shape(self.dout)[-1]
        return len(list(self.params.values())[-1]) if self.params else self.features


def case_of(pair: Pair, example: Example, known: dict[str, Ball] | None = None) -> Case:
    """The example as it is now: copies, which no layer can change. `known` are its right results, if there are any."""
    layer = example.layer
    if pair.buffers:
        layer = copy(layer)
        for name, value in buffers_of(pair, layer).items():
            setattr(layer, name, value.copy())
    params = {name: np.array(value) for name, value in params_of(pair, example.layer).items()}
    inputs = {name: np.array(value) for name, value in example.inputs.items()}
    return Case(pair, layer, inputs, deepcopy(example.upstream), params, known)
