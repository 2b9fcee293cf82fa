"""The checks are general: the layers of others pass them, and their slips are found and named."""

from typing import Any

import numpy as np
import pytest
from outside_layers import OUTSIDE, SLIPS, Slip

from torch_ref import Candidate, Pair, examine, parametrize_with_checks
from torch_ref.checks.battery import Subject, checks_of


@parametrize_with_checks(OUTSIDE)
def test_outside(subject: Any, check: Any) -> None:
    check(subject)


@pytest.mark.parametrize("pair", OUTSIDE, ids=lambda pair: pair.name)
def test_right_layers_raise_no_alarm_on_other_data(pair: Pair) -> None:
    for name, check in checks_of(pair, ours=False).items():
        if name == "forward" or name.endswith("_gradient"):
            for dtype in (np.float32, np.float64):
                check(Subject(pair, dtype, seed=1))


@pytest.mark.parametrize("slip", SLIPS, ids=lambda slip: slip.layer.__name__)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_slip_is_found_and_named(slip: Slip, dtype: Any) -> None:
    found = examine(Candidate(slip.layer, slip.pair.name, slip.pair, slip.layer), [dtype])
    assert not found.ok
    (sentence,) = (problem.sentence for problem in found.problems)
    assert sentence.startswith(slip.says)
    assert found.basis.startswith("measured, not proven")
