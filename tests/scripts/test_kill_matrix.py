"""The suite can fail: each slip turns a check of ours red. (test_battery: right layers turn none.)"""

from collections import Counter
from typing import Any

import kill_matrix
import numpy as np
import pytest
from matrix.matrix import alarms, catches, diagnosis, false_alarms, found_by, problems
from matrix.rivals import RIVALS

from numpy_impl import SGD
from torch_ref import PAIRS
from torch_ref.checks.subject import Subject
from torch_ref.checks.values import check_values
from torch_ref.families.slips import slips
from torch_ref.slip import Slip

SLIPS = tuple(slips())
FIRST = {slip.pair: slip for slip in reversed(SLIPS)}  # one of each pair is a test of every day, all are exhaustive


def in_a_dtype(slip: Slip) -> Any:
    """In float64, or where it can be seen. Tests of one pair run in one process, which keeps what they need."""
    dtype = np.float32 if "float64" in slip.unseen_in else np.float64
    marks = [pytest.mark.xdist_group(f"slips-{slip.pair}")]
    marks += [] if slip is FIRST[slip.pair] else [pytest.mark.exhaustive]
    return pytest.param(slip, dtype, id=f"{slip.pair}-{slip.name}", marks=marks)


@pytest.mark.parametrize(("slip", "dtype"), map(in_a_dtype, SLIPS))
def test_every_slip_is_caught_and_is_named_or_nothing_is(slip: Slip, dtype: Any) -> None:
    sentences = [problem.sentence for problem in problems(slip, dtype)]
    assert found_by(slip, dtype), slip.words
    said = diagnosis(slip, dtype)
    assert said.wrong == [], sentences
    assert said.right == bool(slip.cause), sentences


def test_every_pair_has_slips_and_they_say_what_is_wrong() -> None:
    assert {slip.pair for slip in SLIPS} == set(PAIRS)
    assert all(slip.words for slip in SLIPS)
    assert set(Counter((slip.pair, slip.name) for slip in SLIPS).values()) == {1}


@pytest.mark.exhaustive
def test_each_check_of_the_battery_catches_something() -> None:
    """A check that no slip needs might be one that cannot fail. Here those of the book's layers are enough."""
    book = ("affine", "relu", "softmax_with_loss", "two_layer_net", "sgd")
    first = {found_by(slip, np.float64) for slip in SLIPS if slip.pair in book}
    assert {
        *("forward", "update", "input_gradient", "W_gradient", "b_gradient", "W1_gradient", "b1_gradient"),
        *("second_call", "backward_twice", "results_are_the_callers", "infinity_and_nan", "bad_inputs"),
        *("arguments_unmodified", "parameters_take_effect"),
    } <= first


def test_every_rival_catches_slips_and_misses_others_that_ours_catches() -> None:
    by_name = {slip.name: alarms(slip) for slip in SLIPS if slip.name in ("MaskOfDout", "StopsNan")}
    for rival in RIVALS:
        assert by_name["MaskOfDout"][rival]
        assert not by_name["StopsNan"][rival]


def test_false_alarms_of_the_rivals_are_counted() -> None:
    of_rivals, count = false_alarms([PAIRS["affine"], PAIRS["two_layer_net"]], [0])
    assert count == 2 * (20 + 18)  # a network takes batches only
    assert of_rivals["ones"] == of_rivals["book"] == 0  # our bounds, on other data
    for rival in ("assert_close", "allclose", "gradcheck", "1e-3", "1e-2"):
        assert of_rivals[rival] > 0, rival


def test_an_alarm_that_the_right_layer_raises_too_is_no_catch() -> None:
    assert not any(catches(rival, Subject(PAIRS["relu"], np.float64)) for rival in RIVALS)


def test_the_script_prints_the_matrix(capsys: pytest.CaptureFixture[str]) -> None:
    assert kill_matrix.main(["--only", "sgd", "--seeds", "1"]) == 0
    out = capsys.readouterr().out
    assert "p ← p + lr g, uphill" in out
    assert f"caught, of {sum(slip.pair == 'sgd' for slip in SLIPS)}" in out
    assert "ours 0, assert_close" in out
    assert "ours catches all" in out


def test_other_data_that_show_nothing_are_no_false_alarm() -> None:
    """Seed 5 closes every ReLU of a network on `common-offset`: the gradients of its first layer are 0."""
    subject = Subject(PAIRS["two_layer_net"], np.float64, seed=5)
    scenario = next(one for one in subject.scenarios if one.name == "common-offset")
    assert not subject.bounds(scenario)["dW1"].centre.any()
    check_values(subject, "dW1")


def test_the_script_fails_when_something_is_missed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("matrix.of_pair.slips", lambda: [Slip("Right", "no slip at all", "sgd", SGD)])
    assert kill_matrix.main(["--only", "sgd", "--seeds", "1"]) == 1
    assert "ours misses: Right in float64 and float32; false alarms: none" in capsys.readouterr().err


def test_an_unknown_pair_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert kill_matrix.main(["--only", "nothing"]) == 2
    message = f"--only: there is no pair 'nothing', but {', '.join(PAIRS)}"
    assert message in capsys.readouterr().err
