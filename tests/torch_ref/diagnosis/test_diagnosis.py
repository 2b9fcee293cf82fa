"""A diagnosis says what reproduces the numbers, all that does, and otherwise nothing."""

from typing import Any

import numpy as np
import pytest

from numpy_impl import Affine, ReLU
from numpy_impl.validation import Array
from torch_ref import PAIRS, Example, verify
from torch_ref.diagnosis.case import Case, case_of
from torch_ref.diagnosis.explain import Observation, causes_of, reproduces

RNG = np.random.default_rng(0)


def said_of(dW: Array, x: Array, W: Array, b: Array, dout: Array) -> list[str]:
    """Of an Affine that is right but for this dW."""

    class Wrong(Affine):
        def backward(self, dout: Array) -> Any:
            dx = super().backward(dout)
            self.dW = dW
            return dx

    return list(verify(Wrong(W, b), x, dout=dout).causes.get("dW", ()))


def data(n: int = 5, d: int = 4, m: int = 3) -> tuple[Array, Array, Array, Array]:
    return (
        RNG.standard_normal((n, d)),
        RNG.standard_normal((d, m)),
        RNG.standard_normal(m),
        RNG.standard_normal((n, m)),
    )


def test_what_one_data_set_cannot_tell_apart_is_all_said() -> None:
    x, W, b, dout = data(n=1)
    assert said_of(np.zeros_like(W), x, W, b, dout) == [
        "the last sample is missing",
        "it is all 0: never computed, or multiplied by 0",
    ]
    x, W, b, dout = data(n=2)
    assert said_of(x.T @ dout / 2, x, W, b, dout) == [
        "it is half as large as it must be",
        "it is divided by the length of the batch, once too often",
    ]


def test_a_factor_that_stands_for_nothing_is_not_said() -> None:
    x, W, b, dout = data(n=5, m=4)
    assert said_of(x.T @ dout * 1.25, x, W, b, dout) == ["it is 1.25 times what it must be"]  # N / H, no classes


def test_a_transpose_of_a_square_is_no_other_order_besides() -> None:
    x, W, b, dout = data(d=4, m=4)
    assert said_of((x.T @ dout).T, x, W, b, dout) == ["it is transposed"]
    assert said_of((x.T @ dout)[::-1].copy(), x, W, b, dout) == []


def test_one_entry_fits_no_number() -> None:
    """A weight decay, a leak: read off a single entry, any number would do."""
    x, W, b, dout = data(d=1, m=1)
    assert said_of(x.T @ dout - 2.5 * W, x, W, b, dout) == []
    x, W, b, dout = data()
    assert said_of(x.T @ dout - 2.5 * W, x, W, b, dout) == [
        "it has -2.5 W added to it, the gradient of a weight decay that the loss does not have"
    ]


def test_numbers_that_are_representable_are_not_enough_for_half_precision() -> None:
    """γ is infinite for so many terms, and a column of zeros is right in any case."""
    x, W, b, dout = data(n=4096)
    x[:, 1] = 0
    assert said_of(7 * np.sign(x.T @ dout), x, W, b, dout) == []


def test_a_wrong_entry_here_and_there_has_no_cause() -> None:
    x, W, b, dout = data()
    dW = x.T @ dout
    dW[1, 1] *= 1 + 1e-9
    assert said_of(dW, x, W, b, dout) == []


def test_a_dtype_and_a_slip_are_both_said() -> None:
    x, W, b, dout = (array.astype(np.float32) for array in data())
    right = x.T @ dout
    assert said_of(right.astype(float), x, W, b, dout) == ["it is returned in float64, not in float32"]
    assert said_of(-right.astype(float), x, W, b, dout) == [
        "the sign is flipped; and it is returned in float64, not in float32"
    ]


def observed(case: Case, got: Array) -> Observation:
    return Observation(case, got, case)


def test_nothing_is_said_where_all_is_right_or_dtypes_differ() -> None:
    x, dout = np.random.default_rng(0).standard_normal((2, 3, 2))  # some of x above 0
    case = case_of(PAIRS["relu"], Example(ReLU(), {"x": x}, {"dout": dout}))
    right = np.where(x > 0, dout, 0)
    assert causes_of("dx", [observed(case, right)]) == []
    assert causes_of("dx", [observed(case, -right), observed(case, (-right).astype(np.float32))]) == []
    assert causes_of("dx", [observed(case, -right)]) == ["the sign is flipped"]


def test_a_cause_must_not_contradict_what_is_right() -> None:
    """Right on one data set and flipped on another is no flipped sign."""
    cases = []
    rng = np.random.default_rng(0)
    for _ in range(2):
        x, dout = rng.uniform(-1, 2, (3, 2)), rng.standard_normal((3, 2))
        cases.append((case_of(PAIRS["relu"], Example(ReLU(), {"x": x}, {"dout": dout})), np.where(x > 0, dout, 0)))
    (one, right), (other, also_right) = cases
    assert causes_of("dx", [observed(one, -right), observed(other, also_right)]) == []


@pytest.mark.parametrize("got", [None, [1.0], np.ones(3), np.ones((3, 2), np.float32), np.full((3, 2), np.nan)])
def test_what_is_no_such_array_is_not_reproduced(got: Any) -> None:
    x = RNG.standard_normal((3, 2))
    case = case_of(PAIRS["relu"], Example(ReLU(), {"x": x}, {"dout": x}))
    assert not reproduces(got, case.right["dx"], case)


def test_what_is_right_for_changed_data_is_kept_but_not_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("torch_ref.diagnosis.case._KEPT", {})
    monkeypatch.setattr("torch_ref.diagnosis.case.MOST", 2)
    case = case_of(PAIRS["relu"], Example(ReLU(), {"x": np.ones((2, 3))}, {"dout": np.ones((2, 3))}))
    first = case.given({"x": np.zeros((2, 3))})
    assert case.given({"x": np.zeros((2, 3))}) is first
    for n in (1.0, 2.0):
        case.given({"x": np.full((2, 3), n)})
    assert case.given({"x": np.zeros((2, 3))}) is not first
