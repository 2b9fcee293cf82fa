"""verify on a layer of somebody else's that exists already: its parameters are found, and the pair is told."""

from typing import Any

import numpy as np
import pytest
from own_layers import (
    Affine,
    AsPyTorch,
    CrossEntropy,
    LayerNorm,
    Relu,
)
from torch import nn

from torch_ref import PAIRS, candidate, verify
from torch_ref.your_layer.instance import pair_for


def test_verify_takes_a_layer_of_your_own() -> None:
    rng = np.random.default_rng(0)
    W, b, x = rng.standard_normal((4, 3)), rng.standard_normal(3), rng.standard_normal((6, 4))
    assert verify(Affine(W, b), x, like="Linear").ok
    assert verify(AsPyTorch(W.T.copy(), b), x, like="Linear").ok
    assert verify(Relu(), x, like=nn.ReLU()).ok
    assert verify(CrossEntropy(), x, np.array([0, 1, 2, 3, 0, 1]), like="CrossEntropyLoss").ok
    norm = LayerNorm(4, 1e-5)
    measured = verify(norm, x, like=nn.LayerNorm(4))
    assert measured.ok
    assert measured.title == "LayerNorm and its twin, float64, by measured bounds"

    class Wrong(Affine):
        def backward(self, dout: Any) -> Any:
            return -super().backward(dout)

    report = verify(Wrong(W, b), x, like="Linear")
    assert report.causes == {"dx": ["the sign is flipped"]}
    assert str(report).endswith("dx: the sign is flipped")
    with pytest.raises(ValueError, match="Relu: it must keep W, got no parameters"):
        verify(Relu(), x, like="Linear")


def test_verify_takes_a_network_of_your_own() -> None:
    from lessons.book import TwoLayerNet  # noqa: PLC0415 - beside the test that needs it

    net = TwoLayerNet(4, 3, 2)
    report = verify(
        net, np.random.default_rng(0).standard_normal((5, 4)), np.array([0, 1, 1, 0, 1]), like="TwoLayerNet"
    )
    assert [row.name for row in report.failures] == ["loss"]
    assert report.causes["loss"] == ["the logarithm is that of p + 1e-7: an epsilon inside the log"]


def test_a_square_weight_is_stored_as_its_name_says() -> None:
    rng = np.random.default_rng(0)
    W, b, x = rng.standard_normal((4, 4)), rng.standard_normal(4), rng.standard_normal((6, 4))
    assert verify(Affine(W, b), x, like="Linear").ok
    assert verify(AsPyTorch(W, b), x, like="Linear").ok


def test_a_pair_for_a_single_layer_has_no_other_data() -> None:
    pair, _ = pair_for(LayerNorm(4, 1e-5), nn.LayerNorm(4), (np.ones((2, 4)),))
    with pytest.raises(NotImplementedError, match="no other data"):
        pair.example(pair.layer, None)  # type: ignore[arg-type]


def test_rows_as_targets_are_told_by_their_axes() -> None:
    x = np.random.default_rng(0).standard_normal((3, 4))
    pair, _ = pair_for(CrossEntropy(), "CrossEntropyLoss", (x, abs(x)))
    assert pair is PAIRS["softmax_with_loss_rows"]
    assert candidate(CrossEntropy, "CrossEntropyLoss", targets="rows").pair.name == "softmax_with_loss_rows"
