"""What is checked: a layer of a pair, or a class in its place, in one dtype; and what is expected of it."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from torch_ref.bounds import Ball
from torch_ref.oracle import Results
from torch_ref.pair import Example, Pair
from torch_ref.scenarios import SCENARIOS, Data, Scenario

ORDINARY, ANOTHER = (next(s for s in SCENARIOS if s.name == name) for name in ("ordinary", "odd-batch"))


@dataclass(frozen=True)
class Subject:
    """`layer` makes what is checked: the pair's own layer, if None."""

    pair: Pair
    dtype: Any
    layer: Callable[..., Any] | None = None
    seed: int = 0

    def example(self, scenario: Scenario, **options: Any) -> Example:
        """A new layer and new arrays, the same ones each time; options are those of `Data`."""
        data = Data(scenario, self.dtype, self.seed, **options)
        return self.pair.example(self.layer or self.pair.layer, data)

    def results(self, scenario: Scenario, **options: Any) -> Results:
        """What the layer computes."""
        return self.pair.results(self.example(scenario, **options))

    @property
    def small_scenarios(self) -> list[Scenario]:
        return [scenario for scenario in self.pair.scenarios if scenario.is_small]

    def bounds(self, scenario: Scenario) -> dict[str, Ball]:
        """Of the pair's own layer: whatever is checked in its place must keep them too."""
        return _bounds(self.pair, scenario, np.dtype(self.dtype), self.seed)

    def torch_results(self, scenario: Scenario) -> Results:
        """What PyTorch computes."""
        return _torch_results(self.pair, scenario, np.dtype(self.dtype), self.seed)

    def exact(self, scenario: Scenario) -> Results:
        """The results to many digits."""
        return _exact(self.pair, scenario, np.dtype(self.dtype), self.seed)


# Kept, for every check and every class in the place of the layer asks for the same.


@cache
def _bounds(pair: Pair, scenario: Scenario, dtype: Any, seed: int) -> dict[str, Ball]:
    return pair.bounds(Subject(pair, dtype, seed=seed).example(scenario))


@cache
def _torch_results(pair: Pair, scenario: Scenario, dtype: Any, seed: int) -> Results:
    return pair.torch_results(Subject(pair, dtype, seed=seed).example(scenario))


@cache
def _exact(pair: Pair, scenario: Scenario, dtype: Any, seed: int) -> Results:
    return pair.exact(Subject(pair, dtype, seed=seed).example(scenario))


def require(condition: object, otherwise: str) -> None:
    """Raises AssertionError; also where Python runs without assert statements."""
    if not condition:
        raise AssertionError(otherwise)
