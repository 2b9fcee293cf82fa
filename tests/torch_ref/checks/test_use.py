"""Layers that are right in a first call, and wrong in use: each is caught, by its check, in words that hold."""

from collections.abc import Iterator
from typing import Any

import layers_by_dout
import layers_that_remember
import numpy as np
import pytest
import stateful_layers
from own_layers import Affine, Relu

from torch_ref import Candidate, candidate, examine
from torch_ref.checks.battery import checks_of
from torch_ref.checks.check_error import CheckError
from torch_ref.diagnosis.severity import Severity

MODULES = (layers_by_dout, layers_that_remember, stateful_layers)
STILL = "it is still that of W as it was"
WRONG = {
    "TurnsWUntilBackward": ("parameters_take_effect", f"dx is not that of W once that is assigned: {STILL}"),
    "RemembersTheArrayOnly": ("parameters_take_effect", f"y is not that of W once that is assigned: {STILL}"),
    "RemembersForTheClass": ("parameters_take_effect", f"y is not that of W once that is assigned: {STILL}"),
    "RemembersHalf": ("parameters_take_effect", "y is not that of W once that is assigned"),
    "RemembersLogits": ("second_call", "loss in a second call: it is that of the call before"),
    "SharesItsGradients": (
        "second_call",
        "dW after another layer of the class is used: it is that of the call before",
    ),
    "ForgetsForAll": ("second_call", "dW while another layer of the class is used: it is another than in a first call"),
    "AddsUpAndShares": (
        "second_call",
        "dW while another layer of the class is used: it is right for the x of the call before: a stale cache",
    ),
    "DividesUnlessOne": ("any_dout", "dx of backward() is not that of a dout of 1"),
    "DoublesByDefault": ("any_dout", "dx of backward() is not that of a dout of 1"),
    "NeedsItsDefault": ("any_dout", "backward() fails: it raises TypeError: unsupported operand type(s)"),
    "TruthOfDout": ("any_dout", "dx of a dout of zeros is not 0"),
    "DividesByTheSize": ("any_dout", "dx of a dout of zeros is NaN"),
    "SkipsZeros": ("any_dout", "dW of a dout of zeros is not 0, after another call"),
    "TenClasses": ("input_gradient", "dx: no known slip explains it; wrong on remainders only, of 18 scenarios"),
    "DropsTheLastBlock": ("forward", "y: no known slip explains it; wrong on remainders only, of 18 scenarios"),
    "RemembersDout": ("backward_twice", "dx of a second backward is that of the first, though dout is another"),
}
FRAGILE = {
    "FreezesW": ("parameters_take_effect", "its parameter W cannot be changed in place: assignment destination is"),
    "FloatsOnly": ("any_dout", "backward(1) fails: it raises TypeError: dout must be a float"),
}
RIGHT = ("KeepsWOfForward", "RemembersLogitsAndLabels", "NoneIsOne", "RoundsOtherwise", "OfOneShape", "InBlocks")


def made(name: str) -> Candidate:
    cls: Any = next(getattr(module, name) for module in MODULES if hasattr(module, name))
    return candidate(
        cls, "Linear" if issubclass(cls, Affine) else "ReLU" if issubclass(cls, Relu) else "CrossEntropyLoss"
    )


def said(name: str, dtype: Any) -> Iterator[tuple[str, CheckError]]:
    layer = made(name)
    for check, run in checks_of(layer.pair, ours=False).items():
        try:
            run(layer.subject(dtype))
        except CheckError as error:
            yield check, error


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("name", WRONG)
def test_a_layer_that_is_wrong_in_use_is_caught(name: str, dtype: Any) -> None:
    check, sentence = WRONG[name]
    layer = made(name)
    with pytest.raises(CheckError) as error:
        checks_of(layer.pair, ours=False)[check](layer.subject(dtype))
    assert error.value.sentence.startswith(sentence)
    assert error.value.severity is Severity.WRONG


@pytest.mark.parametrize("name", FRAGILE)
def test_a_layer_that_is_fragile_in_use_is_told_so(name: str) -> None:
    ((check, error),) = said(name, np.float64)
    assert (check, error.severity) == (FRAGILE[name][0], Severity.ADVICE)
    assert error.sentence.startswith(FRAGILE[name][1])


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("name", RIGHT)
def test_a_layer_that_is_right_in_use_is_left_alone(name: str, dtype: Any) -> None:
    assert not list(said(name, dtype))


def test_the_same_bytes_in_another_shape_are_another_batch() -> None:
    layer = made("RemembersBytes")
    with pytest.raises(CheckError, match="it raises ValueError: operands could not be broadcast"):
        checks_of(layer.pair, ours=False)["second_call"](layer.subject(np.float64))
    layer = made("RemembersBytesForBoth")
    with pytest.raises(CheckError, match="y after the same numbers in another shape: it is that of the call before"):
        checks_of(layer.pair, ours=False)["second_call"](layer.subject(np.float64))


def test_a_finding_is_not_hidden_by_another_that_is_no_cause_of_it() -> None:
    def sentences(name: str) -> list[str]:
        return [problem.sentence for problem in examine(made(name), (np.float64,)).problems]

    dW, stale = sentences("StaleAndSaturated")
    assert dW.startswith("dW: no known slip explains it; wrong on huge, integers only")
    assert stale == "dW in a second call: it is right for the x of the call before: a stale cache"
    assert sentences("StaleAndWithoutB") == ["y: b is left out", f"dx is not that of W once that is assigned: {STILL}"]


def test_each_of_them_is_checked() -> None:
    classes = [value for module in MODULES for value in vars(module).values() if isinstance(value, type)]
    names = {cls.__name__ for cls in classes if cls.__module__ in {module.__name__ for module in MODULES}}
    assert names == {
        *WRONG,
        *FRAGILE,
        *RIGHT,
        "RemembersBytes",
        "RemembersBytesForBoth",
        "StaleAndSaturated",
        "StaleAndWithoutB",
    }
