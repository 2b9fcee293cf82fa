"""What is said of a layer that is right but for one thing: one sentence, and where."""

import re

import hostile_layers
import pytest
from examining import examined

from torch_ref import text_of

# What is said of each of them, in a piece of advice where its values are right.
ADVISED = {
    "WrongDtype", "Prints", "Doubles", "KeepsX", "SeedsNumPy", "SeedsPython", "OnlyContiguous", "ReusesItsBuffer",
    "ReshapesX", "FreezesX",
}  # fmt: skip
HOSTILE = {
    "Raises": "it raises RuntimeError: no gradient yet",
    "RaisesForOneSample": "it raises ValueError: a batch of one",
    "ReturnsNone": "dx must be an array, got None",
    "ReturnsList": "its result must be an array, got a list",
    "ReturnsObjects": "its result must hold floating-point numbers, got object",
    "WrongShape": "y: it is transposed",
    "WrongDtype": "dx must be float32, got float64",
    "GivesNan": "y: no known slip explains it; wrong on every scenario; NaN on each of them",
    "Prints": "it prints 'forward'",
    "Doubles": "forward changes x in place, on ordinary",
    "KeepsX": "after the caller has edited x backward gives another dW: the layer keeps x itself, where it must keep a",
    "Exits": "backward ends the program: it calls sys.exit",
    "EditsWeights": "forward changes W, on ordinary",
    "SeedsNumPy": "it seeds the global random state of NumPy",
    "SeedsPython": "it seeds the global random state of Python",
    "IsRandom": "y is random: the same data give another result",
    "NoGradient": "backward must leave a gradient of W, as dW or in grads['W'], got none",
    "GradientIsAList": "the gradient of b must be an array, got a list",
    "OnlyContiguous": "for arrays in Fortran order it raises ValueError: x must be contiguous",
    "KeepsACopyOfW": "dx is not that of W once that is assigned: it is still that of W as it was",
    "ReusesItsBuffer": "y, once returned, is overwritten by a later call: it must be a new array",
    "SharesItsCache": "dW while another layer of the class is used: it is right for the x of the call before",
    "KeepsTheFirstUntilBackward": "dW after a forward without a backward: it is right for the x of the call before",
    "StaleAfterAnotherSize": "dW in a second call: it is another than in a first call: something is left from the",
    "RemembersTheArray": "y with other data in the same array: it is that of the call before",
    "ReshapesX": "forward changes x in place, on ordinary",
    "FreezesX": "forward makes x read-only, on ordinary",
    "TurnsW": "it raises ValueError: matmul: Input operand 1 has a mismatch",
    "RemovesW": "it removes its parameter W",
    "ReturnsIntegers": "dx must hold floating-point numbers, got int64",
    "WrongForFortran": "y is wrong for arrays in Fortran order, on ordinary: OUTSIDE in 18 of 18",
}


@pytest.mark.parametrize(("name", "sentence"), HOSTILE.items(), ids=HOSTILE)
def test_a_hostile_layer_gets_one_sentence_with_file_and_line(name: str, sentence: str) -> None:
    found = examined(name)
    assert found.ok is (name in ADVISED)
    (problem,) = (*found.problems, *found.advice)
    assert problem.sentence.startswith(sentence)
    assert re.fullmatch(r"(own|hostile)_layers\.py:\d+, in (forward|backward)", problem.where)
    said = "right, with 1 piece of advice" if found.ok else f"WRONG: {problem.tensor}" if problem.tensor else "WRONG"
    assert text_of(found).startswith(f"hostile_layers.py:{name}, compared with Linear: {said}\n")
    assert "Traceback" not in text_of(found)


@pytest.mark.parametrize("name", sorted(ADVISED))
def test_where_it_is_asked_for_advice_counts(name: str) -> None:
    found = examined(name, strict=True)
    assert (found.ok, found.advice) == (False, ())


def test_each_of_them_is_examined() -> None:
    classes = [value for value in vars(hostile_layers).values() if isinstance(value, type)]
    assert set(HOSTILE) == {cls.__name__ for cls in classes if cls.__module__ == "hostile_layers"}
