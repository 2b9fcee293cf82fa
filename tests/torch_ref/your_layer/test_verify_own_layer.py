"""verify on a user's layer that exists already: its parameters are found, and its pair."""

from typing import Any

import numpy as np
import pytest
from lessons.book import TwoLayerNet
from own_layers import Affine, AsPyTorch, CrossEntropy, InDicts, LayerNorm, Misnamed, Relu
from torch import nn

from torch_ref import PAIRS, candidate, verify
from torch_ref.checks.check_error import CheckError
from torch_ref.your_layer.instance import pair_for

RNG = np.random.default_rng(0)
W, SQUARE, b, x = RNG.standard_normal((4, 3)), RNG.standard_normal((4, 4)), RNG.standard_normal(3), RNG.random((6, 4))


class Wrong(Affine):
    def backward(self, dout: Any) -> Any:
        return -super().backward(dout)


class Leaky(Relu):
    negative_slope = 0.1

    def forward(self, x: Any) -> Any:
        return super().forward(x) + self.negative_slope * np.where(self._mask, 0, x)

    def backward(self, dout: Any) -> Any:
        return np.where(self._mask, dout, self.negative_slope * dout)


def in_dicts() -> InDicts:
    layer = InDicts(4, 3)
    layer.params = {"kappa": W, "lam": b}
    return layer


RIGHT: dict[str, tuple[Any, Any]] = {
    "(in, out)": (Affine(W, b), "Linear"),
    "(out, in)": (AsPyTorch(W.T.copy(), b), "Linear"),
    "(out, in), called W": (Misnamed(W.T.copy(), b), "Linear"),
    "names that say nothing": (in_dicts(), "Linear"),
    "a square, called W": (Affine(SQUARE, b.repeat(2)[:4]), "Linear"),
    "a square, called weight": (AsPyTorch(SQUARE, b.repeat(2)[:4]), "Linear"),
    "a square beside a module": (Affine(SQUARE, b.repeat(2)[:4]), nn.Linear(4, 4)),
    "a module": (Relu(), nn.ReLU()),
    "an option": (Leaky(), "LeakyReLU"),
}


@pytest.mark.parametrize(("layer", "like"), RIGHT.values(), ids=RIGHT)
def test_verify_takes_a_layer_of_your_own(layer: Any, like: Any) -> None:
    assert verify(layer, x - 0.5, like=like).ok


def test_the_title_and_the_causes_are_those_of_any_report() -> None:
    report = verify(LayerNorm(4, 1e-5), x, like=nn.LayerNorm(4))
    assert (report.ok, report.title) == (True, "LayerNorm and its twin, float64, by measured bounds")
    report = verify(Wrong(W, b), x, like="Linear")
    assert report.causes == {"dx": ["the sign is flipped"]}
    assert str(report).endswith("dx: the sign is flipped")


def test_what_is_missing_is_told() -> None:
    with pytest.raises(ValueError, match=r"Relu: the twin's parameter weight.T of 2 axes must .* parameters are none"):
        verify(Relu(), x, like="Linear")
    with pytest.raises(ValueError, match="Relu: it must have negative_slope as attributes, as LeakyReLU has"):
        verify(Relu(), x, like="LeakyReLU")
    with pytest.raises(CheckError, match=r"it raises ValueError: .* mismatch"):
        verify(Affine(W[1:], b), x, like="Linear")


def test_verify_takes_a_network_of_your_own() -> None:
    report = verify(TwoLayerNet(4, 3, 2), x, np.array([0, 1, 1, 0, 1, 0]), like="TwoLayerNet")
    assert [row.name for row in report.failures] == ["loss"]
    assert report.causes["loss"] == ["the logarithm is that of p + 1e-7: an epsilon inside the log"]


def test_targets_are_told_by_their_axes() -> None:
    labels = np.array([0, 1, 2, 3, 0, 1])
    assert verify(CrossEntropy(), x, labels, like="CrossEntropyLoss").ok
    assert verify(CrossEntropy(), x, labels, like=nn.CrossEntropyLoss()).ok
    pair, _ = pair_for(CrossEntropy(), "CrossEntropyLoss", (x, abs(x)))
    assert pair is PAIRS["softmax_with_loss_rows"]
    assert candidate(CrossEntropy, "CrossEntropyLoss", targets="rows").pair.name == "softmax_with_loss_rows"
