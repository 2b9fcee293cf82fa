"""The suite can fail: each slip of the catalogue turns a check of ours red. (test_battery: right layers turn none.)"""

from collections import Counter
from typing import Any

import kill_matrix
import numpy as np
import pytest
from mutants import CATALOGUE, Mutant
from mutants.matrix import DTYPES, Line, catches, diagnoses, diagnosis, false_alarms, line, problems
from mutants.rivals import RIVALS

from torch_ref import PAIRS
from torch_ref.battery import Subject


def all_lines() -> list[Line]:
    return [line(mutant) for mutant in CATALOGUE]


@pytest.mark.parametrize("mutant", CATALOGUE, ids=lambda mutant: f"{mutant.pair}-{mutant.name}")
def test_every_slip_is_caught(mutant: Mutant) -> None:
    found = line(mutant)
    assert not found.missed, f"not caught in {found.missed}: {mutant.slip}"
    for dtype in mutant.unseen_in:
        assert not found.ours[dtype], f"said to be right in {dtype}, yet caught by {found.ours[dtype]}"


def test_the_catalogue_is_large_and_says_what_is_wrong() -> None:
    assert len(CATALOGUE) >= 45
    assert all(mutant.slip for mutant in CATALOGUE)
    names = Counter((mutant.pair, mutant.name) for mutant in CATALOGUE)
    assert set(names.values()) == {1}
    assert {mutant.pair for mutant in CATALOGUE} == set(PAIRS)
    assert sum(bool(mutant.source) for mutant in CATALOGUE) >= 8


def test_each_check_of_the_battery_catches_something() -> None:
    """A check that no slip needs might be one that cannot fail."""
    first = {check for found in all_lines() for check in found.ours.values() if check}
    assert {
        *("forward", "input_gradient", "W_gradient", "b_gradient", "W1_gradient", "b1_gradient"),
        *("second_call", "backward_twice", "results_are_the_callers", "infinity_and_nan", "bad_inputs"),
    } <= first


def test_every_rival_misses_slips_that_ours_catches() -> None:
    for rival in RIVALS:
        caught = sum(bool(found.rivals[rival]) for found in all_lines())
        assert 0 < caught < len(CATALOGUE), rival


def test_false_alarms_of_the_rivals_are_counted() -> None:
    alarms, count = false_alarms(PAIRS.values(), [0])
    assert count == sum(2 * len(pair.scenarios) for pair in PAIRS.values())
    assert alarms["ones"] == alarms["book"] == 0  # our bounds, on other data
    for rival in ("assert_close", "allclose", "gradcheck", "1e-3", "1e-2"):
        assert alarms[rival] > 0, rival


def test_an_alarm_that_the_right_layer_raises_too_is_no_catch() -> None:
    relu = PAIRS["relu"]
    assert not any(catches(rival, Subject(relu, np.float64)) for rival in RIVALS)


def test_the_script_prints_the_matrix(capsys: pytest.CaptureFixture[str]) -> None:
    assert kill_matrix.main(["--only", "relu", "--seeds", "1"]) == 0
    out = capsys.readouterr().out
    assert "The derivative at 0 is 1: the mask is x < 0 for x ≤ 0" in out
    assert f"caught, of {sum(mutant.pair == 'relu' for mutant in CATALOGUE)}" in out
    assert "ours 0, assert_close" in out
    assert "ours catches all" in out


def test_the_script_fails_when_something_is_missed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    class Right(PAIRS["relu"].layer):  # type: ignore[misc]
        pass

    monkeypatch.setattr("mutants.matrix.CATALOGUE", [Mutant("Right", "no slip at all", "relu", Right)])
    assert kill_matrix.main(["--only", "relu", "--seeds", "1"]) == 1
    assert "ours misses: Right in float64 and float32; false alarms: none" in capsys.readouterr().err


def test_an_unknown_pair_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert kill_matrix.main(["--only", "nothing"]) == 2
    message = f"--only: there is no pair 'nothing', but {', '.join(PAIRS)}"
    assert message in capsys.readouterr().err


@pytest.mark.parametrize("dtype", DTYPES, ids=lambda dtype: np.dtype(dtype).name)
@pytest.mark.parametrize("mutant", CATALOGUE, ids=lambda mutant: f"{mutant.pair}-{mutant.name}")
def test_a_diagnosis_names_the_slip_or_nothing(mutant: Mutant, dtype: Any) -> None:
    said = diagnosis(mutant, dtype)
    sentences = [problem.sentence for problem in problems(mutant, dtype)]
    assert said.wrong == [], sentences
    assert said.right == (bool(mutant.cause) and np.dtype(dtype).name not in mutant.unseen_in), sentences


def test_most_slips_have_a_name() -> None:
    right, named, wrong = diagnoses(CATALOGUE)
    assert (right, wrong) == (named, [])
    assert sum(bool(mutant.cause) for mutant in CATALOGUE) >= 75
