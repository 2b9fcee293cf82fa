"""The subject of a check: a layer of a pair, or a class in its place, in one dtype; and the results expected of it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import numpy as np

from torch_ref import places, results, right
from torch_ref.bounds import Ball
from torch_ref.checks.check_error import CheckError, require
from torch_ref.diagnosis.case import Case, case_of
from torch_ref.diagnosis.explain import Observation
from torch_ref.diagnosis.finding import Finding, finding
from torch_ref.oracles.autograd import Results
from torch_ref.pair import Example, Pair
from torch_ref.scenarios import Data, Scenario


@dataclass(frozen=True)
class Subject:
    """`layer` makes the layer under check: the pair's own, if None."""

    pair: Pair
    dtype: Any
    layer: Callable[..., Any] | None = None
    seed: int = 0
    _runs: dict[Scenario, tuple[Case, Results, Case]] = field(default_factory=dict, compare=False, repr=False)

    def example(self, scenario: Scenario, **options: Any) -> Example:
        """A new layer and new arrays, the same ones each time; options are those of `Data`."""
        data = Data(scenario, self.dtype, self.seed, **options)
        return self.pair.example(self.layer or self.pair.layer, data)

    def case(self, scenario: Scenario) -> Case:
        """The data of a scenario and the right results for it: those of the pair's own layer."""
        return _case(self.pair, scenario, np.dtype(self.dtype), self.seed)

    def observed(self, scenario: Scenario, name: str) -> Observation:
        """One tensor that the layer computes."""
        if scenario not in self._runs:
            case, example = self.case(scenario), self.example(scenario)
            found = results.results(self.pair, example)
            self._runs[scenario] = case, found, left_by(case, example)
        case, found, left = self._runs[scenario]
        return Observation(case, found[name], left)

    def results(self, scenario: Scenario, **options: Any) -> Results:
        """The layer's results."""
        return results.results(self.pair, self.example(scenario, **options))

    def other_batch(self) -> Example:
        """As ordinary as the ordinary data, and of the same size, but other numbers."""
        return Subject(self.pair, self.dtype, self.layer, self.seed + 1).example(self.pair.ordinary)

    @property
    def scenarios(self) -> list[Scenario]:
        """The scenarios that the layer can be given."""
        return results.scenarios_of(self.pair)

    @property
    def small_scenarios(self) -> list[Scenario]:
        return [scenario for scenario in self.scenarios if scenario.is_small]

    def bounds(self, scenario: Scenario) -> dict[str, Ball]:
        """Those of the pair's own layer: a class in its place must keep them too."""
        return _bounds(self.pair, scenario, np.dtype(self.dtype), self.seed)

    def torch_results(self, scenario: Scenario) -> Results:
        """PyTorch's results."""
        return _torch_results(self.pair, scenario, np.dtype(self.dtype), self.seed)

    def torch_finding(self, scenario: Scenario, name: str) -> Finding:
        """One tensor of PyTorch's beside its bound."""
        return _torch_finding(self.pair, scenario, np.dtype(self.dtype), self.seed, name)

    def exact(self, scenario: Scenario) -> Results:
        """The results to many digits."""
        return _exact(self.pair, scenario, np.dtype(self.dtype), self.seed)


KEPT = 400  # of data sets: enough for all pairs of the registry in two dtypes

# Kept, for every check and every class in the place of the layer asks for the same.


@lru_cache(maxsize=KEPT)
def _bounds(pair: Pair, scenario: Scenario, dtype: Any, seed: int) -> dict[str, Ball]:
    return right.bounds(pair, Subject(pair, dtype, seed=seed).example(scenario))


@lru_cache(maxsize=KEPT)
def _case(pair: Pair, scenario: Scenario, dtype: Any, seed: int) -> Case:
    example = Subject(pair, dtype, seed=seed).example(scenario)
    return case_of(pair, example, _bounds(pair, scenario, dtype, seed))


@lru_cache(maxsize=KEPT)
def _torch_results(pair: Pair, scenario: Scenario, dtype: Any, seed: int) -> Results:
    return results.torch_results(pair, Subject(pair, dtype, seed=seed).example(scenario))


@lru_cache(maxsize=8 * KEPT)  # of each tensor
def _torch_finding(pair: Pair, scenario: Scenario, dtype: Any, seed: int, name: str) -> Finding:
    theirs, ball = _torch_results(pair, scenario, dtype, seed), _bounds(pair, scenario, dtype, seed)[name]
    return finding(theirs.get(name), ball, name)


@lru_cache(maxsize=KEPT)
def _exact(pair: Pair, scenario: Scenario, dtype: Any, seed: int) -> Results:
    return right.exact(pair, Subject(pair, dtype, seed=seed).example(scenario))


def left_by(case: Case, example: Example, method: str = "") -> Case:
    """The data as the layer leaves them. Raises CheckError where a parameter is gone, or has become another thing."""
    for name, value in case.params.items():
        try:
            now: Any = places.parameter(example.layer, name)
        except (AttributeError, KeyError, TypeError):
            raise CheckError(f"it removes its parameter {name}", method=method or "forward") from None
        what = f"it makes another thing of its parameter {name}: {type(now).__name__} {np.shape(now)}"
        require(isinstance(now, np.ndarray) and now.shape == value.shape, what, method=method or "forward")
    return case_of(case.pair, example)
