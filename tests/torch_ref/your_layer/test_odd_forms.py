"""Forms that are less usual, each right, and told its convention; and what is not checked because it is too slow."""

import threading
import time
from typing import Any

import forms_odd
import numpy as np
import pytest
from examining import examined

from numpy_impl import ReLU
from torch_ref import candidate, load, text_of
from torch_ref.checks.subject import Subject
from torch_ref.diagnosis.severity import Severity
from torch_ref.your_layer import good_time
from torch_ref.your_layer.text import verdict

FILE = forms_odd.__file__


@pytest.mark.parametrize(
    ("layer", "like", "said"),
    [
        ((forms_odd.linear_forward, forms_odd.linear_backward), "Linear", "features come first: x is (D, N)"),
        ((forms_odd.linear_forward, forms_odd.linear_backward), "Linear", "as by a 1/m inside"),
        ((forms_odd.rectified, forms_odd.rectified_backward), "ReLU", "right: y, dx"),
        ((forms_odd.mse, forms_odd.mse_prime), "MSELoss", "right: loss, dx"),
        (forms_odd.SquaredDistance, "MSELoss", "loss, dx: it is the sum, where PyTorch's default is the mean"),
        (forms_odd.SquaredDistance, "MSELoss(reduction='sum')", "right: loss, dx"),
        (forms_odd.LossInAnArray, "MSELoss(reduction='sum')", "right: loss, dx"),
        (forms_odd.SoftmaxAndLoss, "CrossEntropyLoss", "right: loss, dx"),
        (forms_odd.NetworkOfLists, "TwoLayerNet", "right: loss, dW1, db1, dW2, db2"),
        (forms_odd.NormOfAnotherEps, "LayerNorm(5)", "its eps is 1e-08, where the twin's is 1e-05"),
        (forms_odd.HingeLoss, "MultiMarginLoss", "right: loss, dx"),
        (forms_odd.LeakyFromTheRight, "LeakyReLU(0.2)", "right: y, dx"),
    ],
)
def test_it_is_right_and_told_its_convention(layer: Any, like: str, said: str) -> None:
    found = examined(layer, like, (np.float64,))
    assert found.ok, text_of(found)
    assert said in text_of(found)


def test_a_function_is_loaded_with_its_derivative() -> None:
    for name, forward, backward in (
        ("rectified", "rectified", "rectified_backward"),
        ("rectified_backward", "rectified", "rectified_backward"),
        ("mse", "mse", "mse_prime"),
        ("linear_forward", "linear_forward", "linear_backward"),
    ):
        assert [one.__name__ for one in load(f"{FILE}:{name}")] == [forward, backward]


def test_a_function_without_its_derivative_is_told_so() -> None:
    with pytest.raises(ValueError, match="rectified: a function must come with its derivative, as f,g or f_forward"):
        examined(forms_odd.rectified, "ReLU")


def test_a_right_formula_that_loses_digits_is_told_apart_from_a_wrong_one() -> None:
    lost = examined(forms_odd.LogOfP, "CrossEntropyLoss", targets="one-hot")
    assert verdict(lost) == "right but inaccurate on confident, huge, decades, integers"
    assert [problem.sentence for problem in lost.problems] == [
        "loss: the logarithm is that of p, which underflows to 0"
    ]
    assert not lost.ok
    rounded = examined(forms_odd.InSinglePrecision, "Sigmoid", (np.float64,))
    assert verdict(rounded).startswith("right but inaccurate on ")
    assert {problem.severity for problem in rounded.problems} == {Severity.INACCURATE}


def test_a_network_must_have_a_loss() -> None:
    with pytest.raises(ValueError, match="BackwardOnly: it must have loss, like TwoLayerNet, got backward"):
        examined(forms_odd.BackwardOnly, "TwoLayerNet")


def test_what_is_too_slow_is_left_out_and_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(good_time, "LIMIT", 0.2)
    found = examined(forms_odd.Slow, "ReLU", (np.float64,))
    assert verdict(found).startswith("right, with")
    assert [advice.sentence for advice in found.advice] == [
        "it is too slow to be tried on remainders, long-batch, book, mnist"
    ]
    assert not {"book", "mnist"} & set(found.scenarios)


def test_in_another_thread_nothing_is_ended() -> None:
    done = []

    def run() -> None:
        with good_time.at_most(0.01):
            time.sleep(0.05)
            done.append(True)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    assert done == [True]
    with pytest.raises(good_time.TookTooLong), good_time.at_most(0.01):
        time.sleep(1)


def test_the_time_to_make_the_data_is_none_of_the_layers(monkeypatch: pytest.MonkeyPatch) -> None:
    make = Subject.example

    def slowly(subject: Subject, scenario: Any, **options: Any) -> Any:
        time.sleep(0.06 if scenario.name == "mnist" else 0)
        return make(subject, scenario, **options)

    monkeypatch.setattr(good_time, "LIMIT", 0.05)
    monkeypatch.setattr(Subject, "example", slowly)
    assert good_time.in_good_time(candidate(ReLU, like="ReLU")).notes == {}
