"""The check that chance plays no part: no result is random, and nobody else's random numbers are touched."""

import contextlib
import random
from collections.abc import Iterator
from typing import Any

import numpy as np

from torch_ref.checks.calls import is_equal
from torch_ref.checks.check_error import CheckError, raise_worst
from torch_ref.checks.subject import Subject
from torch_ref.diagnosis.severity import Severity
from torch_ref.oracles.autograd import Results
from torch_ref.results import results as results_of


@contextlib.contextmanager
def seeded(seed: int) -> Iterator[None]:
    """The global random numbers of NumPy and of Python from this seed; afterwards they go on as if nothing had been."""
    kept = np.random.get_state(), random.getstate()  # noqa: NPY002
    np.random.seed(seed)  # noqa: NPY002
    random.seed(seed)
    try:
        yield
    finally:
        np.random.set_state(kept[0])  # noqa: NPY002
        random.setstate(kept[1])


def check_repeatable(subject: Subject) -> None:
    """Two new layers agree on the same data, and neither seeds a global random state."""
    raise_worst(_chance(subject))


def _chance(subject: Subject) -> Iterator[CheckError]:
    (first, state), (second, other_state) = (_after_seed(subject, seed) for seed in (1, 2))
    for name, value in first.items():
        if not is_equal(second[name], value):
            yield CheckError(f"{name} is random: the same data give another result", tensor=name)
    is_seeded = [name for name, values in state.items() if values == other_state[name]]
    if is_seeded:
        seeds = f"it seeds the global random state of {' and '.join(is_seeded)}"
        yield CheckError(seeds, method="forward", severity=Severity.ADVICE)


def _after_seed(subject: Subject, seed: int) -> tuple[Results, dict[str, Any]]:
    """The results, and the global random states that the layer leaves, of NumPy and of Python."""
    example = subject.example(subject.pair.ordinary)
    with seeded(seed):
        results = results_of(subject.pair, example)
        state = np.random.get_state()[1].tobytes()  # type: ignore[index] # noqa: NPY002
        return results, {"NumPy": state, "Python": random.getstate()}
