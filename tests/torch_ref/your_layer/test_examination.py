"""What is said of a layer that is wrong: once, where, and nothing that is not so."""

import re
from dataclasses import replace
from typing import Any

import numpy as np
import odd_layers
import overwriting_layers
import own_layers
import pytest
from examining import examined
from torch import nn

from numpy_impl import ReLU
from numpy_impl import TwoLayerNet as Network
from torch_ref import PAIRS, Candidate, candidate, examine, html_of, text_of
from torch_ref.checks.battery import checks_of
from torch_ref.checks.check_error import CheckError
from torch_ref.checks.subject import Subject
from torch_ref.diagnosis.severity import Severity
from torch_ref.your_layer.examine import SILENCE
from torch_ref.your_layer.problems import Problem, as_one

BOTH, DOUBLE = (np.float64, np.float32), (np.float64,)


def test_where_it_is_wrong_in_one_dtype_only_the_report_says_so() -> None:
    text = text_of(examined("WrongDtype", dtypes=BOTH))
    assert "check dtype_and_shape; in float32 only" in text
    assert "right: y, dx, dW, db" in text


def test_the_report_of_a_right_layer_says_what_was_checked() -> None:
    text = text_of(examined("Affine", dtypes=BOTH))
    assert text.splitlines()[0] == "own_layers.py:Affine, compared with Linear: right"
    for part in ("right: y, dx, dW, db", "tolerance: proven rounding bounds", "W_gradient", "in float64 and float32"):
        assert part in text
    assert "not checked, for they have no batch axis, or the twin does not take them: three-axes, one-axis" in text


def test_with_leading_axes_every_scenario_is_for_the_layer() -> None:
    found = examined(own_layers.Relu, "ReLU", leading_axes=True)
    assert found.scenarios == tuple(scenario.name for scenario in PAIRS["relu"].data_sets)
    assert "not checked" not in text_of(found)


def test_a_check_can_be_left_out_and_the_report_says_so() -> None:
    found = examined("KeepsX", skip=("results_are_the_callers",))
    assert (found.ok, found.advice) == (True, ())
    assert "NOT checked, as asked: results_are_the_callers" in text_of(found)
    assert not examined("Prints", skip=(SILENCE,)).advice
    with pytest.raises(ValueError, match=r"skip: it must name one of forward, .*, silence, got speed"):
        examined("Affine", skip=("speed",))


def test_what_is_left_out_is_neither_right_nor_shown() -> None:
    found = examined("WrongShape", skip=("forward", "dtype_and_shape"))
    assert "right, as far as checked" in text_of(found).splitlines()[0]
    assert [picture.tensor for picture in found.pictures] == ["dx", "dW", "db"]
    assert 'class="verdict right"' in html_of(found)


class FailsAtNan(own_layers.Affine):
    def forward(self, x: Any) -> Any:
        if np.isnan(x).any():
            raise ValueError("no number")
        return super().forward(x)


def test_what_is_not_held_against_a_layer_is_a_remark() -> None:
    by_product = examined(own_layers.ReluByProduct, "ReLU")
    assert by_product.ok
    assert by_product.remarks[0].startswith("at infinity and NaN it differs from PyTorch: y with nan in x")
    (warned,) = examined("WarnsAndIsRight").remarks
    assert re.fullmatch(r"RuntimeWarning: divide by zero encountered in log \(odd_layers\.py:\d+\)", warned)
    (differs,) = examined(FailsAtNan).remarks
    assert differs == "at infinity and NaN it differs from PyTorch: it raises ValueError: no number"
    more = examined("HasMore")
    assert (more.ok, more.remarks) == (True, ("not compared, for the twin has no such parameter: gain",))


def test_a_gradient_that_is_all_alike_counts_for_nothing_unless_it_is_wrong() -> None:
    right = examined(own_layers.Affine, inputs=3, outputs=1)
    assert right.ok
    assert "dW is all alike, which shows little, on tied" in right.remarks

    class OneTooMany(own_layers.Affine):
        def backward(self, dout: Any) -> Any:
            dx = super().backward(dout)
            self.dW = self.dW + (self.dW == self.dW[0]).all()
            return dx

    wrong = examined(OneTooMany, dtypes=DOUBLE, inputs=3, outputs=1)
    assert wrong.problems[0].sentence.startswith("dW: no known slip explains it; wrong on narrow, tied only")


def test_where_the_twin_gives_nan_the_rest_is_compared() -> None:
    found = examined(odd_layers.OtherLog, odd_layers.LogModule)
    assert found.problems[0].sentence.startswith("y: no known slip explains it")


def test_a_loss_whose_backward_takes_no_dout_is_told_so() -> None:
    found = examined(odd_layers.LossWithoutDout, "CrossEntropyLoss")
    assert found.ok
    assert [advice.sentence for advice in found.advice] == [
        "backward takes no dout: it is taken for that of a last layer, whose dout is 1"
    ]


def test_a_loss_that_ignores_a_dout_with_a_default_is_right() -> None:
    text = text_of(examined(odd_layers.LossIgnoresDout, "CrossEntropyLoss"))
    assert "advice: dx: dout is ignored: it is the gradient for a dout of 1" in text
    assert "right: loss, dx\n" in text
    assert "expected" not in text  # no table of entries


def test_where_x_is_changed_in_place_no_slip_is_named_that_it_may_only_look_like() -> None:
    def sentences(cls: Any, like: str = "Linear") -> list[str]:
        found = examined(cls, like, dtypes=DOUBLE)
        assert [one.sentence for one in found.advice] == ["forward changes x in place, on ordinary"]
        return [one.sentence for one in found.problems]

    (dx,) = sentences(overwriting_layers.OverwritesX, "ReLU")
    assert dx.startswith("dx: x changed in place: no cause is told before that is mended; right on tied, common-offset")
    assert not sentences(overwriting_layers.OverwritesXAndIsRight, "ReLU")
    assert sentences(overwriting_layers.ScalesX) == [f"{name}: x changed before it is used" for name in ("y", "dW")]
    assert sentences(overwriting_layers.EditsXAndDoublesDb) == ["db: it is twice as large as it must be"]


def test_a_loss_for_one_hot_rows_alone_is_right_for_them() -> None:
    assert examined(odd_layers.OneHotLoss, "CrossEntropyLoss", targets="one-hot").ok
    assert not examined(odd_layers.OneHotLoss, "CrossEntropyLoss", targets="rows").ok


# Errors


class DoubleOnly:
    def __setattr__(self, name: str, value: Any) -> None:
        if name == "W" and value.dtype == np.float32:
            raise TypeError("double precision only")
        super().__setattr__(name, value)


class Strict(DoubleOnly, own_layers.Affine):
    pass


class FixedInside(DoubleOnly, own_layers.Sized):
    pass


class Single(Network):
    def __init__(self, input_size: int, hidden_size: int, output_size: int) -> None:
        super().__init__(input_size, hidden_size, output_size, rng=0)


def test_a_parameter_that_is_refused_is_told() -> None:
    assert examined(Strict, dtypes=DOUBLE).ok
    for cls, like, dtypes, says in (
        (
            Strict,
            "Linear",
            (np.float32,),
            "it raises ValueError: Strict: it cannot be made: TypeError: double precisio",
        ),
        (FixedInside, "Linear", (np.float32,), "it raises TypeError: double precision only"),
        (Single, "TwoLayerNet", DOUBLE, "it refuses a float64 array of shape (5, 3) as its parameter W1: TypeError: "),
    ):
        (problem,) = examined(cls, like, dtypes).problems
        assert problem.sentence.startswith(says)


def test_an_error_of_ours_is_not_blamed_on_the_layer() -> None:
    made = candidate(own_layers.Affine, "Linear")
    with pytest.raises(ZeroDivisionError):
        examine(Candidate(made.cls, made.like, made.pair, lambda *_: 1 / 0))


def test_a_class_in_the_place_of_a_pairs_own_is_told_its_errors_too() -> None:
    class Fails(ReLU):
        def backward(self, dout: Any) -> Any:  # noqa: ARG002
            raise OverflowError

    (problem,) = examine(Candidate(Fails, "ReLU", PAIRS["relu"], Fails)).problems
    assert problem.sentence == "it raises OverflowError"
    assert problem.where.startswith("test_examination.py:")


def test_there_must_be_a_dtype() -> None:
    with pytest.raises(ValueError, match="examine: there must be a dtype, got none"):
        examined("Affine", dtypes=())


def test_progress_is_told() -> None:
    told: list[Any] = []
    examine(candidate(own_layers.Relu, "ReLU"), [np.float32], tell=lambda *what: told.append(what))
    assert told[0] == (0, len(told), "forward, float32")
    assert [done for done, *_ in told] == list(range(len(told)))


def test_findings_of_two_dtypes_are_one_where_they_can_be() -> None:
    def problem(dtype: str, *causes: str, where: str = "here") -> Problem:
        return Problem("forward", "y", f"y: {' – or '.join(causes) or 'unknown'}", where, (dtype,), causes)

    dtypes = ("float64", "float32")
    one, other = problem("float64", "a"), problem("float32", "b", "a")
    assert as_one(one, other) == Problem("forward", "y", "y: a", "here", dtypes, ("a",))
    assert as_one(one, problem("float32", "b")) is None
    assert as_one(one, problem("float32", "a", where="there")) is None
    assert as_one(one, replace(problem("float32", "a", "b"), severity=Severity.CONVENTION)) is None
    ruled_out = Problem("forward", "y", "y: unknown", "here", dtypes)
    assert as_one(problem("float64"), problem("float32", "a")) == ruled_out
    assert as_one(problem("float64", "a"), problem("float32")) == replace(ruled_out, dtypes=dtypes)
    assert as_one(problem("float64", "a"), replace(problem("float32"), severity=Severity.INACCURATE)) is None
    neither = as_one(problem("float64"), replace(problem("float32"), sentence="y: unknown too"))
    assert neither is not None
    assert (neither.sentence, neither.dtypes) == ("y: unknown", dtypes)


def test_pytorch_at_fault_is_no_slip_of_the_layer() -> None:
    """Here by a twin that is another function."""
    pair = replace(PAIRS["relu"], module=lambda _: nn.LeakyReLU())
    with pytest.raises(CheckError, match="y: no known slip explains it") as error:
        checks_of(pair)["forward"](Subject(pair, np.float64))
    assert "At fault, y: PyTorch" in error.value.details


# Networks
