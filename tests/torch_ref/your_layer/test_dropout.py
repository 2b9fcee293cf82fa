"""Dropout, compared with the mask that it draws, and in evaluation."""

from typing import Any

import numpy as np
import pytest
from examining import examined
from torch import nn

from torch_ref import candidate
from torch_ref.your_layer.text import verdict

rng_of_the_module = np.random.default_rng()


class Inverted:
    """With a generator of its own, and an attribute for the mode."""

    def __init__(self, p: float = 0.5) -> None:
        self.p, self.rng, self.training = p, np.random.default_rng(), True

    def drawn(self, shape: Any) -> Any:
        return self.rng.random(shape) >= self.p

    def forward(self, x: Any) -> Any:
        if not self.training:
            return x.copy()
        self.factor = (self.drawn(x.shape) / (1 - self.p)).astype(x.dtype)
        return x * self.factor

    def backward(self, dout: Any) -> Any:
        return dout * self.factor


class DrawnByTheModule(Inverted):
    def drawn(self, shape: Any) -> Any:
        return rng_of_the_module.random(shape) >= self.p


class NotInverted:
    """As in Saito's book: train_flg is an argument."""

    def __init__(self, dropout_ratio: float = 0.5) -> None:
        self.dropout_ratio = dropout_ratio

    def forward(self, x: Any, train_flg: bool = True) -> Any:
        if not train_flg:
            return x * x.dtype.type(1 - self.dropout_ratio)
        self.mask = np.random.rand(*x.shape) > self.dropout_ratio  # noqa: NPY002
        return x * self.mask

    def backward(self, dout: Any) -> Any:
        return dout * self.mask


class Kept:
    """It is told which share it keeps, and has eval()."""

    def __init__(self, keep_prob: float) -> None:
        self.keep_prob, self.is_on = keep_prob, True

    def eval(self) -> None:
        self.is_on = False

    def forward(self, x: Any) -> Any:
        mask = np.random.binomial(1, self.keep_prob, size=x.shape) / self.keep_prob  # noqa: NPY002
        self.mask = mask.astype(x.dtype)
        return x * self.mask if self.is_on else x.copy()

    def backward(self, dout: Any) -> Any:
        return dout * self.mask


def dropout_forward(x: Any, dropout_param: Any) -> Any:
    """p is the share that is kept."""
    p = dropout_param["p"]
    mask = ((np.random.rand(*x.shape) < p) / p).astype(x.dtype)  # noqa: NPY002
    return (x * mask if dropout_param["mode"] == "train" else x.copy()), mask


def dropout_backward(dout: Any, cache: Any) -> Any:
    return dout * cache


class DividedByP(Inverted):
    def forward(self, x: Any) -> Any:
        self.factor = (self.drawn(x.shape) / self.p).astype(x.dtype)
        return x * self.factor if self.training else x.copy()


class WithoutMask(Inverted):
    def backward(self, dout: Any) -> Any:
        return dout * dout.dtype.type(1 / (1 - self.p))


class AnotherMask(Inverted):
    def backward(self, dout: Any) -> Any:
        return (dout * self.drawn(dout.shape) / (1 - self.p)).astype(dout.dtype)


class InEvaluationToo(Inverted):
    def forward(self, x: Any) -> Any:
        self.factor = (self.drawn(x.shape) / (1 - self.p)).astype(x.dtype)
        return x * self.factor


class DoubledInEvaluation(Inverted):
    def forward(self, x: Any) -> Any:
        return super().forward(x) if self.training else 2 * x


class OfAThird(Inverted):
    def drawn(self, shape: Any) -> Any:
        return self.rng.random(shape) >= 2 / 3


CONVENTION = "right, with 1 convention"


@pytest.mark.parametrize(
    ("layer", "says", "told"),
    [
        (Inverted, "right", ""),
        (DrawnByTheModule, "right", ""),
        (NotInverted, CONVENTION, "it is not inverted: it multiplies in evaluation, where PyTorch divides in training"),
        (Kept, "right", ""),
        (
            (dropout_forward, dropout_backward),
            CONVENTION,
            "its p is the share that is kept, where PyTorch's is the one that is dropped",
        ),
        (DividedByP, "WRONG: y, dx", "dx: it is divided by p, where it must be by 1 - p"),
        (WithoutMask, "WRONG: dx", "dx: the mask is left out"),
        (AnotherMask, "WRONG: dx", "dx: no known slip explains it; wrong on every scenario"),
        (InEvaluationToo, "WRONG: y", "y: the mask is used in evaluation too"),
        (DoubledInEvaluation, "WRONG: y", "in evaluation y is not that of PyTorch's module in eval()"),
        (OfAThird, "WRONG", "it keeps 33.5% of the entries for a p of 0.3, where it must be 70.0%"),
    ],
)
def test_dropout_is_judged_by_its_own_mask(layer: Any, says: str, told: str) -> None:
    examination = examined(layer, "Dropout", (np.float64,))
    found = [*examination.problems, *examination.conventions]
    sentences = [problem.sentence for problem in found if problem.check != "second_call"]
    assert verdict(examination) == says, sentences
    assert told in (sentences or [""]), sentences


def test_p_is_that_of_the_twin_where_it_is_given() -> None:
    for like in ("Dropout(0.2)", nn.Dropout(0.2)):
        made = candidate(Inverted, like)
        layer: Any = made.subject(np.float64).example(made.pair.ordinary).layer
        assert layer.layer.p == 0.2


def test_the_check_of_evaluation_can_be_left_out() -> None:
    given = {"skip": ("evaluation",)}
    assert examined(InEvaluationToo, "Dropout", (np.float64,), **given).ok
    assert "evaluation" in examined(Inverted, "Dropout", (np.float64,)).checks


def of_two_options_forward(x: Any, dropout_param: Any, p: float) -> Any:
    assert p == dropout_param["p"]
    return dropout_forward(x, dropout_param)


def test_options_that_are_no_dict_have_no_mode() -> None:
    given = {"only": ("evaluation",)}
    assert examined((of_two_options_forward, dropout_backward), "Dropout(0.3)", (np.float64,), **given).ok


class FailsOnWide(Inverted):
    def forward(self, x: Any) -> Any:
        raise ValueError(f"no {x.shape}")


class InSlots:
    """Its mode and its generator are in slots."""

    __slots__ = ("factor", "p", "rng", "training")
    __init__, drawn, backward = Inverted.__init__, Inverted.drawn, Inverted.backward
    forward = Inverted.forward


def test_a_mask_is_read_off_slots_too_and_what_gives_none_is_told() -> None:
    assert examined(InSlots, "Dropout(0.3)", (np.float64,), only=("forward", "evaluation")).ok
    with pytest.raises(ValueError, match="FailsOnWide: its mask cannot be read off: it raises ValueError: no "):
        candidate(FailsOnWide, "Dropout")
