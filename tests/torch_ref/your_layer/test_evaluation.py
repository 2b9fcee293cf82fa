"""Batch normalization, which is another function in evaluation."""

from typing import Any

import numpy as np
import pytest
from examining import examined

from torch_ref.your_layer.text import verdict

CONVENTION = "right, with 1 convention"


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


class Flat:
    """A normalization without parameters, that is always in training."""

    def forward(self, x: Any) -> Any:
        m, v = x.mean(axis=0), x.var(axis=0)
        self.std = np.sqrt(v + 1e-5)
        self.x_hat = (x - m) / self.std
        return self.x_hat.copy()

    def backward(self, dout: Any) -> Any:
        return (dout - dout.mean(axis=0) - self.x_hat * (dout * self.x_hat).mean(axis=0)) / self.std


def test_what_has_no_modes_is_judged_in_training_alone() -> None:
    assert examined(Flat, "BatchNorm1d(5, affine=False)", (np.float64,), only=("evaluation",)).ok
