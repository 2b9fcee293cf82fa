"""The check that chance plays no part: no result is random, and nobody else's random numbers are touched."""

import random
from typing import Any

import numpy as np

from torch_ref.oracle import Results
from torch_ref.state_checks import is_equal
from torch_ref.subject import Subject, require


def check_repeatable(subject: Subject) -> None:
    """Two new layers agree on the same data, and neither seeds a global random state."""
    kept = np.random.get_state(), random.getstate()  # noqa: NPY002
    try:
        first, state = _after_seed(subject, 1)
        second, other_state = _after_seed(subject, 2)
    finally:
        np.random.set_state(kept[0])  # noqa: NPY002
        random.setstate(kept[1])
    seeded = [name for name, is_seeded in state.items() if is_seeded == other_state[name]]
    require(not seeded, f"it seeds the global random state of {' and '.join(seeded)}", method="forward")
    for name, value in first.items():
        same = is_equal(second[name], value)
        require(same, f"{name} is random: the same data give another result", tensor=name)


def _after_seed(subject: Subject, seed: int) -> tuple[Results, dict[str, Any]]:
    """The results, and the global random states that the layer leaves, of NumPy and of Python."""
    np.random.seed(seed)  # noqa: NPY002
    random.seed(seed)
    results = subject.results(subject.pair.ordinary)
    return results, {"NumPy": np.random.get_state()[1].tobytes(), "Python": random.getstate()}  # type: ignore[index] # noqa: NPY002
