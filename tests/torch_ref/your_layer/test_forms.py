"""Layers in the forms in which people write them: checked as they are, and judged by their values."""

from typing import Any

import forms
import forms_functions as functions
import forms_with_state
import hostile_layers
import numpy as np
import own_layers
import pytest
from examining import examined
from forms_functions import affine_backward, affine_forward, leaky_backward, leaky_forward, relu_backward, relu_forward
from torch import nn

from torch_ref import candidate, html_of, load, parametrize_with_checks, text_of
from torch_ref.checks.check_error import CheckError
from torch_ref.checks.subject import Subject
from torch_ref.families import PAIRS
from torch_ref.your_layer.methods import arguments_of
from torch_ref.your_layer.text import verdict


class Squared(nn.Module):
    def forward(self, x: Any) -> Any:
        return x * x


def sigmoid_net(n_in: int, n_hidden: int, n_out: int) -> nn.Module:
    return nn.Sequential(nn.Linear(n_in, n_hidden), nn.Sigmoid(), nn.Linear(n_hidden, n_out))


def sequential(n_in: int, n_out: int) -> nn.Module:
    return nn.Sequential(nn.Linear(n_in, n_out))


RIGHT = [
    *((one, "Linear") for one in (
        forms.Dense, forms.OutIn, forms.Lists, forms.Objects, forms.ObjectsInAList, forms.Pairs, forms.GradsByOrder,
        forms.GradsByName, forms.WithAMode, forms.WithAModeOfItsOwn, forms.Inside, forms.ReturnsAll,
        forms.ReturnsADict, forms.WithACache, forms.OfInputAndDout, forms.StepsByAnArgument, forms.StepsByItsOwn,
        forms.MeanInside, forms_with_state.AddsUp, forms_with_state.EndsItself, functions.Linear,
        (affine_forward, affine_backward),
    )),
    *((one, sequential) for one in (forms.Dense, forms.OutIn, forms.Lists, forms.GradsByOrder, functions.Linear)),
    ((relu_forward, relu_backward), "ReLU"),
    ((leaky_forward, leaky_backward), "LeakyReLU"),
    ((leaky_forward, leaky_backward), "LeakyReLU(0.3)"),
    (functions.Square, Squared),
    *((one, "CrossEntropyLoss") for one in (
        functions.softmax_loss, functions.SumLoss, functions.IgnoresDout, functions.ClipsP,
    )),
    (functions.LossAndGrads, "TwoLayerNet"),
    (functions.OfSigmoids, sigmoid_net),
]  # fmt: skip

# What the report says of them beside their verdict.
SAID = {
    forms.Lists: "once returned, is overwritten by a later call",
    forms.StepsByAnArgument: "convention: backward takes its own step",
    forms.StepsByItsOwn: "convention: backward takes its own step",
    forms.MeanInside: "convention: dW, db: it is divided by the length of the batch, as by a 1/m inside",
    forms_with_state.AddsUp: "convention: dW in a second call: it adds up over calls",
    forms_with_state.EndsItself: "advice: it raises AttributeError: 'EndsItself' object has no attribute '_x'",
    functions.SumLoss: "convention: loss, dx: it is the sum, where PyTorch's default is the mean",
    functions.IgnoresDout: "advice: dx: dout is ignored: it is the gradient for a dout of 1",
    functions.softmax_loss: "advice: backward takes no dout",
    functions.ClipsP: "convention: loss: p is clipped to 1e-15 before the logarithm",
}

WRONG = [
    (forms.DenseOfTheMean, "Linear", "WRONG: db", "divided by the length of the batch, once too often"),
    (functions.LinearOfTheMean, "Linear", "WRONG: db", "divided by the length of the batch, once too often"),
    ((affine_forward, functions.halved_backward), "Linear", "WRONG: dW", "it is half as large as it must be"),
    (forms.StepsFirstWrong, "Linear", "WRONG: dx", "dx: "),
    (forms_with_state.KeepsTheFirstDout, "Linear", "WRONG: dx", "dx of a second backward is that of the first"),
    (forms_with_state.AddsUpInPart, "Linear", "WRONG: db", "it adds up over calls, and dW does not"),
    (forms_with_state.KeepsTheFirstW, "Linear", "WRONG: dx", "dx is not that of W once that is assigned"),
    (functions.MustHaveDout, "CrossEntropyLoss", "WRONG: dx", "dout is ignored: it is the gradient for a dout of 1"),
    (functions.OfSigmoidsWithoutSlope, sigmoid_net, "WRONG: dW1, db1", "no known slip explains it"),
    (functions.Unused, Squared, "WRONG: dx", "it is all 0: never computed, or multiplied by 0"),
]  # fmt: skip


def name_of(one: Any) -> str:
    return "-".join(map(name_of, one)) if isinstance(one, tuple) else getattr(one, "__name__", str(one))


@pytest.mark.parametrize(("layer", "like"), RIGHT, ids=name_of)
def test_a_right_layer_is_right_as_it_is_written(layer: Any, like: Any) -> None:
    found = examined(layer, like)
    assert verdict(found).startswith("right"), text_of(found)
    assert found.ok
    assert SAID.get(layer, "") in text_of(found)
    if layer not in SAID and layer is not forms.Pairs:
        assert verdict(found) == "right"


@pytest.mark.parametrize(("layer", "like", "said", "cause"), WRONG, ids=name_of)
def test_a_wrong_one_is_told_what_is_wrong(layer: Any, like: Any, said: str, cause: str) -> None:
    found = examined(layer, like)
    assert verdict(found).startswith(said), text_of(found)
    assert cause in text_of(found)
    assert not found.ok


def test_advice_is_on_the_page_too() -> None:
    assert "<p>advice: after the caller has edited x backward gives another dW" in html_of(examined("KeepsX"))
    assert "<p>convention: backward takes its own step" in html_of(examined(forms.StepsByItsOwn))


def test_what_shows_outside_the_process_alone_is_advice_or_counts() -> None:
    found = examined(forms.GradsByOrder)
    advised, counted = (found.advised("silence", "it writes", strict=strict) for strict in (False, True))
    assert (advised.ok, [one.sentence for one in advised.advice]) == (True, ["it writes"])
    assert (counted.ok, [one.sentence for one in counted.problems]) == (False, ["it writes"])


def test_functions_are_loaded_by_the_name_of_their_pair() -> None:
    file = functions.__file__
    assert [one.__name__ for one in load(f"{file}:affine")] == ["affine_forward", "affine_backward"]
    assert [one.__name__ for one in load(f"{file}:relu_forward,leaky_backward")] == ["relu_forward", "leaky_backward"]


def test_in_a_test_suite_advice_fails_nothing_unless_it_is_asked_for() -> None:
    kept, wrong = candidate(hostile_layers.KeepsX, "Linear"), candidate(forms.DenseOfTheMean, "Linear")
    for layer, strict, failing in ((kept, False, 0), (kept, True, 1), (wrong, False, 1)):
        mark = parametrize_with_checks([layer], [np.float64], strict=strict)
        failed = 0
        for case in mark.args[1]:  # type: ignore[attr-defined] # a mark of pytest's
            subject, check = case.values
            try:
                check(subject)
            except CheckError:
                failed += 1
        assert failed == failing


def test_a_parameter_that_is_gone_is_told_of_any_layer() -> None:
    class RemovesW(own_layers.Affine):
        def backward(self, dout: Any) -> Any:
            dx = super().backward(dout)
            del self.W
            return dx

    subject = Subject(PAIRS["affine"], np.float64, RemovesW)
    with pytest.raises(CheckError, match="it removes its parameter W"):
        subject.observed(subject.pair.ordinary, "y")


def test_what_has_no_arguments_that_can_be_known_has_none() -> None:
    assert arguments_of(type) == []


def test_a_softplus_within_a_twin_has_room_for_the_exact_one() -> None:
    class TwiceSoftplus:
        def forward(self, x: Any) -> Any:
            self.x = x.copy()
            return 2 * np.logaddexp(x, 0)

        def backward(self, dout: Any) -> Any:
            return 2 * dout / (1 + np.exp(-self.x))

    def twin() -> nn.Module:
        return nn.Sequential(nn.Softplus(), Twice())

    assert verdict(examined(TwiceSoftplus, twin, (np.float64,))).startswith("right")


class Twice(nn.Module):
    def forward(self, x: Any) -> Any:
        return 2 * x
