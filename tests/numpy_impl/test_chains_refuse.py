"""What a network, or a layer made of layers, is made of: what cannot be a layer of it is refused at once."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from numpy_impl import Affine, Dropout, Network, ReLU, Sequential, SoftmaxWithLoss


def affine() -> Affine:
    return Affine(np.ones((2, 2)), np.zeros(2))


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: Sequential(ReLU), TypeError, "Sequential: type1 must be a layer, got the class ReLU"),
        (lambda: Network({"a": ReLU}, SoftmaxWithLoss()), TypeError, "Network: a must be a layer, got the class ReLU"),
        (
            lambda: Network({"a": ReLU()}, SoftmaxWithLoss),
            TypeError,
            "Network: last_layer must be a layer, got the class",
        ),
        (lambda: Network({"a": ReLU()}, ReLU()), TypeError, "Network: last_layer must be a loss, got ReLU"),
        (
            lambda: Sequential(ReLU(), SoftmaxWithLoss()),
            TypeError,
            "Sequential: SoftmaxWithLoss1 must be a layer of x alone, got SoftmaxWithLoss",
        ),
        (
            lambda: Network({"A": Sequential(affine()), "A.Affine1": affine()}, SoftmaxWithLoss()),
            ValueError,
            r"Network: each parameter must have a name of its own, got A.Affine1.W twice",
        ),
    ],
)
def test_what_is_no_layer_of_a_chain_is_refused(make: Callable[[], Any], error: Any, message: str) -> None:
    with pytest.raises(error, match=message):
        make()


def test_the_mode_of_a_chain_is_that_of_its_layers() -> None:
    dropout = Dropout(0.5, rng=0)
    dropout.training = False
    block = Sequential(ReLU(), dropout)
    net = Network({"block": block}, SoftmaxWithLoss())
    assert not block.training
    assert not net.training
    net.training = True
    assert dropout.training
    assert net.training
