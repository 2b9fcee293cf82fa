"""One tensor beside its bound: shape, dtype, every entry."""

from typing import Any

import numpy as np
import pytest

from torch_ref.bounds import Ball, format_of
from torch_ref.diagnosis.finding import Verdict, finding

BALL = Ball(np.array([1.0, 2.0]), np.array([0.5, 0.25]), format_of(np.dtype(np.float32)))


@pytest.mark.parametrize(
    ("got", "verdict"),
    [
        (np.array([1.5, 1.75], np.float32), "within"),
        (np.array([1.5, 2.2500002], np.float32), "OUTSIDE in 1 of 2"),
        (np.array([0.25, 3.0], np.float32), "OUTSIDE in 2 of 2"),
        (np.array([1.0, np.nan], np.float32), "OUTSIDE in 1 of 2"),
        (np.array([np.inf, 2.0], np.float32), "OUTSIDE in 1 of 2"),
        (np.array([1.0, 2.0]), "float64, not float32"),
        (np.array([[1.0, 2.0]], np.float32), "shape (1, 2), not (2,)"),
        (np.array([1.0], np.float32), "shape (1,), not (2,)"),
        (None, "no array, NoneType"),
        ([1.0, 2.0], "no array, list"),
    ],
)
def test_findings(got: Any, verdict: str) -> None:
    found = finding(got, BALL)
    assert str(found) == verdict
    assert found.ok == (found.verdict is Verdict.WITHIN) == (verdict == "within")
    assert found.is_wrong == (not found.ok)


def test_the_worst_entry_is_that_of_the_greatest_share() -> None:
    assert finding(np.array([1.25, 2.2], np.float32), BALL).entry == (1,)  # 0.25 of 0.5, 0.2 of 0.25
    assert finding(np.array([np.nan, 9.0], np.float32), BALL).entry == (0,)


def test_nothing_but_the_exact_value_is_within_a_radius_of_0() -> None:
    exact = format_of(np.dtype(float)).exact(np.array([1.0, 0.0]))
    assert finding(np.array([1.0, -0.0]), exact).share == 0
    assert finding(np.array([1.0, 5e-324]), exact).share == np.inf
    assert finding(np.array([1.0, 5e-324]), exact).verdict is Verdict.OUTSIDE


@pytest.mark.parametrize("name", ["y", "dx"])
def test_only_gradients_must_be_uneven(name: str) -> None:
    even = format_of(np.dtype(float)).exact(np.ones(3))
    assert finding(np.ones(3), even, name).verdict is (Verdict.WITHIN if name == "y" else Verdict.EVEN)
    assert finding(np.ones(1), format_of(np.dtype(float)).exact(np.ones(1)), name).ok


def test_a_radius_that_is_infinite_or_no_number_is_vacuous() -> None:
    for radius in (np.inf, np.nan):
        ball = Ball(np.ones(2), np.array([1.0, radius]), format_of(np.dtype(float)))
        assert finding(np.ones(2), ball).verdict is Verdict.VACUOUS


def test_empty_tensors_are_within() -> None:
    assert finding(np.ones((0, 3)), format_of(np.dtype(float)).exact(np.ones((0, 3)))).ok
