"""Layers that are another function in evaluation: dropout, compared with its own mask, and batch normalization."""

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


class BatchNorm:
    def __init__(self, gamma: Any, beta: Any, momentum: float = 0.1, eps: float = 1e-5) -> None:
        self.gamma, self.beta, self.momentum, self.eps = gamma, beta, momentum, gamma.dtype.type(eps)
        self.mean, self.var = np.zeros_like(gamma), np.ones_like(gamma)
        self.is_training = True

    unbiased = True

    def forward(self, x: Any) -> Any:
        m, v = x.mean(axis=0), x.var(axis=0)
        if self.is_training:
            of_all = v * len(x) / (len(x) - 1) if self.unbiased else v
            self.mean = (1 - self.momentum) * self.mean + self.momentum * m
            self.var = (1 - self.momentum) * self.var + self.momentum * of_all
        m, v = self.used(m, v)
        self.std = np.sqrt(v + self.eps)
        self.x_hat = (x - m) / self.std
        return self.gamma * self.x_hat + self.beta

    def used(self, m: Any, v: Any) -> Any:
        return (m, v) if self.is_training else (self.mean, self.var)

    def backward(self, dout: Any) -> Any:
        self.dgamma, self.dbeta = (dout * self.x_hat).sum(axis=0), dout.sum(axis=0)
        d = dout * self.gamma
        return (d - d.mean(axis=0) - self.x_hat * (d * self.x_hat).mean(axis=0)) / self.std


class OfABiasedVariance(BatchNorm):
    unbiased = False


class OfTheBatchAlways(BatchNorm):
    def used(self, m: Any, v: Any) -> Any:
        return m, v


class CutInEvaluation(BatchNorm):
    def forward(self, x: Any) -> Any:
        y = super().forward(x)
        return y if self.is_training else np.maximum(y, 0)


OTHERWISE = "its running statistics are kept another way than PyTorch's: y in evaluation is another"
OTHER_Y = "in evaluation y is not that of PyTorch's module in eval()"


@pytest.mark.parametrize(
    ("layer", "says", "told"),
    [
        (BatchNorm, "right", ""),
        (OfABiasedVariance, CONVENTION, OTHERWISE),
        (
            OfTheBatchAlways,
            "WRONG: y",
            "y: in evaluation it is computed with the statistics of the batch, not with the running ones",
        ),
        (CutInEvaluation, "WRONG: y", OTHER_Y),
    ],
)
def test_batch_normalization_is_judged_in_both_modes(layer: Any, says: str, told: str) -> None:
    examination = examined(layer, "BatchNorm1d(5)", (np.float64,), skip=("results_are_the_callers",))
    sentences = [problem.sentence for problem in (*examination.problems, *examination.conventions)]
    assert verdict(examination).replace(", as far as checked", "") == says, sentences
    assert sentences == ([told] if told else [])


def test_the_check_of_evaluation_can_be_left_out() -> None:
    given = {"skip": ("evaluation",)}
    assert examined(InEvaluationToo, "Dropout", (np.float64,), **given).ok
    assert "evaluation" in examined(Inverted, "Dropout", (np.float64,)).checks


class Flat:
    """A normalization without parameters, that is always in training."""

    def forward(self, x: Any) -> Any:
        m, v = x.mean(axis=0), x.var(axis=0)
        self.std = np.sqrt(v + 1e-5)
        self.x_hat = (x - m) / self.std
        return self.x_hat.copy()

    def backward(self, dout: Any) -> Any:
        return (dout - dout.mean(axis=0) - self.x_hat * (dout * self.x_hat).mean(axis=0)) / self.std


def of_two_options_forward(x: Any, dropout_param: Any, p: float) -> Any:
    assert p == dropout_param["p"]
    return dropout_forward(x, dropout_param)


def test_what_has_no_modes_is_judged_in_training_alone_and_other_options_are_none() -> None:
    assert examined(Flat, "BatchNorm1d(5, affine=False)", (np.float64,), only=("evaluation",)).ok
    given = {"only": ("evaluation",)}
    assert examined((of_two_options_forward, dropout_backward), "Dropout(0.3)", (np.float64,), **given).ok
