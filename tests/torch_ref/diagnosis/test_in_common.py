"""What the wrong entries of a tensor have in common is said only where it is true of every entry."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from numpy_impl import Affine, ReLU, SoftmaxWithLoss
from numpy_impl.validation import Array
from torch_ref import PAIRS, Example
from torch_ref.diagnosis.case import Case, case_of
from torch_ref.diagnosis.explain import Observation
from torch_ref.diagnosis.in_common import in_common

RNG = np.random.default_rng(0)


def rectified(*shape: int) -> Case:
    x, dout = RNG.standard_normal(shape), RNG.standard_normal(shape)
    return case_of(PAIRS["relu"], Example(ReLU(), {"x": x}, {"dout": dout}))


def observed(case: Case, name: str, wrong: Array) -> Observation:
    got = case.right[name].centre.astype(case.dtype)
    return Observation(case, np.where(wrong, got + 1, got), case)


def said(cases: list[Case], name: str, wrong: Callable[[Case], Any]) -> str:
    return in_common(name, [observed(case, name, wrong(case)) for case in cases])


def at(*shape: int, **places: Any) -> Callable[[Case], Array]:
    """Of a tensor of this shape, one place."""

    def mask(_: Case) -> Array:
        found = np.zeros(shape, bool)
        found[places["where"]] = True
        return found

    return mask


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (lambda case: case.x < 0, "wrong where x < 0, and nowhere else"),
        (lambda case: case.x > 0, "wrong where x > 0, and nowhere else"),
        (lambda case: abs(case.x) > 1, "wrong where |x| > 1, and nowhere else"),
        (lambda case: abs(case.x) < 1, "wrong where |x| < 1, and nowhere else"),
        (lambda case: case.dout < 0, "wrong where dout < 0, and nowhere else"),
        (lambda case: case.dout > 0, "wrong where dout > 0, and nowhere else"),
        (lambda case: (case.x < 0) & (case.x > -1.5), "wrong only where x < 0"),
        (lambda _: np.arange(15).reshape(5, 3) % 2 == 0, ""),
        (lambda case: case.x > -9, ""),
        (lambda case: (case.x == case.x[0, 0]) & (case.x.shape == (5, 3)), ""),
        (at(5, 3, where=np.s_[-1]), "wrong in the last sample, and nowhere else"),
        (at(5, 3, where=np.s_[0]), "wrong in the first sample, and nowhere else"),
        (at(5, 3, where=np.s_[:, -1]), "wrong in the last column, and nowhere else"),
        (at(5, 3, where=np.s_[:, 0]), "wrong in the first column, and nowhere else"),
    ],
)
def test_entries(wrong: Any, says: str) -> None:
    case = rectified(5, 3)
    assert said([case], "dx", wrong) == says


def test_what_holds_on_one_data_set_only_is_not_said() -> None:
    one, other = rectified(40, 3), rectified(40, 3)
    assert said([one, other], "dx", lambda case: case.x < 0 if case is one else case.x > 0) == ""
    assert said([one, other], "dx", lambda case: case.x < 0) == "wrong where x < 0, and nowhere else"
    assert said([one, other], "y", lambda case: case.dout < 0) == ""


def test_images() -> None:
    edge = np.ones((2, 3, 5, 4), bool)
    edge[..., 1:-1, 1:-1] = False
    case = rectified(2, 3, 5, 4)
    assert said([case], "dx", lambda _: edge) == "wrong at the edge of the image, and nowhere else"
    last = at(2, 3, 5, 4, where=np.s_[..., -1, :])
    assert said([case], "dx", last) == "wrong in the last row, and nowhere else"


def test_labels() -> None:
    x, t = RNG.standard_normal((5, 4)), np.array([3, 0, 1, 1, 2])
    case = case_of(PAIRS["softmax_with_loss"], Example(SoftmaxWithLoss(), {"x": x, "t": t}, {"dout": 1.7}))
    label = np.eye(4, dtype=bool)[t]
    assert said([case], "dx", lambda _: label) == "wrong at the label of each row, and nowhere else"
    assert said([case], "dx", lambda _: ~label) == "wrong beside the label of each row, and nowhere else"


def test_the_greatest_of_a_row() -> None:
    case = rectified(6, 4)
    y = case.right["y"].centre
    greatest = said([case], "dx", lambda _: y == y.max(axis=1, keepdims=True))
    assert greatest == "wrong where y is greatest in its row, and nowhere else"


def test_parameters_have_no_samples() -> None:
    x, W, dout = RNG.standard_normal((5, 4)), RNG.standard_normal((4, 3)), RNG.standard_normal((5, 3))
    case = case_of(PAIRS["affine"], Example(Affine(W, np.zeros(3)), {"x": x}, {"dout": dout}))
    assert said([case], "dW", at(4, 3, where=np.s_[-1])) == "wrong in the last row, and nowhere else"
    assert said([case], "db", at(3, where=np.s_[-1])) == ""
    assert said([case], "dW", at(4, 3, where=np.s_[0, 1:])) == ""


def test_another_shape_has_no_entries_to_compare() -> None:
    case = rectified(5, 3)
    assert in_common("dx", [Observation(case, np.zeros((3, 5)), case)]) == ""
